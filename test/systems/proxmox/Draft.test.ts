import { describe, expect, it } from "@effect/vitest"
import * as CloudInit from "../../../src/systems/proxmox/grammar/CloudInit.ts"
import * as Draft from "../../../src/systems/proxmox/difference/Draft.ts"

describe("Draft", () => {
  it("deletes a key of which no property is left, and never sends an empty one", () => {
    const draft = Draft.make("a", { ipconfig0: "ip=dhcp" })
    Draft.properties(draft, "ipconfig0", new Map([["ip", undefined]]), CloudInit.addressGrammar)
    expect([draft.delete, draft.set]).toStrictEqual([["ipconfig0"], {}])
    expect(draft.changes).toStrictEqual([{ key: "ipconfig0.ip", from: "dhcp", to: undefined }])
  })

  it("makes nothing of a key that is not there and is not wanted", () => {
    const draft = Draft.make("a", {})
    Draft.properties(draft, "ipconfig0", new Map([["ip", undefined]]), CloudInit.addressGrammar)
    Draft.numeric(draft, "cores", 1, 1)
    Draft.flag(draft, "onboot", false, false)
    expect([draft.changes, draft.set, draft.delete]).toStrictEqual([[], {}, []])
  })
})
