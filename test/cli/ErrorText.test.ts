import { describe, expect, it } from "@effect/vitest"
import { faultJson, faultLines } from "../../src/cli/ErrorText.ts"
import * as ExitCode from "../../src/cli/ExitCode.ts"
import { paint } from "../../src/cli/Paint.ts"
import * as Fault from "../../src/kernel/Fault.ts"

const fault = (more: Partial<Fault.Options> = {}) =>
  Fault.make({ kind: "locked", system: "proxmox", operation: "Proxmox.clone", detail: "VM is locked (clone)", ...more })

const lines = (more: Partial<Fault.Options> = {}, debug = false) => faultLines(fault(more), paint(false), debug)

describe("faultLines", () => {
  it("what happened, to which object, what is known of the remote state, what to do next", () => {
    expect(lines({ subject: "VM 401 on pve1", remote: "VM 401 exists", hint: "wait for the clone" })).toEqual([
      "error: VM 401 on pve1: VM is locked (clone)",
      "  state: VM 401 exists",
      "  next:  Wait for the clone"
    ])
  })

  it("claims nothing of the remote state that is not known", () => {
    expect(lines({ kind: "transient", sent: "maybe" }).join("\n")).not.toContain("state:")
    expect(lines({ kind: "invalid", status: 200 }).join("\n")).not.toContain("changed nothing")
    expect(lines({ kind: "denied", status: 403 })).toContain("  state: the server refused and changed nothing")
    expect(lines({ kind: "unknown" })).toContain("  state: not known: the request may have taken effect")
    expect(lines({ kind: "invalid", sent: "no" })).toContain("  state: nothing was done")
  })

  it("a task's name keeps one colon, and further lines of a detail are set in", () => {
    expect(lines({ subject: "task UPID:pve1:", detail: "failed\nat 12 %" }).slice(0, 2)).toEqual([
      "error: task UPID:pve1: failed",
      "  at 12 %"
    ])
  })

  it("the origin and the stack only for --debug", () => {
    const more = { code: "vm-locked", status: 500, requestId: "r-1", cause: new Error("below", { cause: "deeper" }) }
    expect(lines(more).join("\n")).not.toMatch(/Proxmox.clone|below/)
    const text = lines(more, true).join("\n")
    expect(text).toContain("at:    Proxmox.clone, vm-locked, HTTP 500, request r-1")
    expect(text).toContain("Error: below")
    expect(text).toContain("caused by deeper")
  })

  it("a document has everything but the cause", () => {
    const document = faultJson(fault({ cause: new Error("below"), hint: "wait" }))
    expect(document).toMatchObject({ kind: "locked", message: "VM is locked (clone). Wait", next: "Wait" })
    expect(JSON.stringify(document)).not.toContain("below")
  })
})

describe("ExitCode", () => {
  it.each(
    [
      [{ kind: "transient", sent: "no" }, 1],
      [{ kind: "unauthenticated", sent: "yes" }, 1],
      [{ kind: "invalid", sent: "yes" }, 1],
      [{ kind: "invalid", sent: "no" }, 3],
      [{ kind: "conflict", sent: "no" }, 3],
      [{ kind: "invalid", sent: "no", code: "usage" }, 64]
    ] as const
  )("of %o", (more, expected) => {
    expect(ExitCode.ofFault(fault(more))).toBe(expected)
  })

  it.each([[5, 0, 0], [0, 0, 0], [3, 2, 2], [0, 5, 1]])("%i done and %i failed", (done, failed, expected) => {
    expect(ExitCode.ofItems({ done, failed })).toBe(expected)
  })
})
