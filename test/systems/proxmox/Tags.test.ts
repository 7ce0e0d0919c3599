import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Tags from "../../../src/systems/proxmox/grammar/Tags.ts"

describe("Tags", () => {
  it("keeps them as the server does", () => {
    expect(Tags.print(["Rancher", "apps", "rancher"])).toBe("apps;rancher")
    expect(Tags.parse("b;A, a  c")).toStrictEqual(["a", "b", "c"])
    expect(Tags.parse("")).toStrictEqual([])
    expect(Tags.print([])).toBe("")
  })

  it("knows what a tag is", () => {
    expect(["apps", "k8s_1", "a-b+c.d", "9", "_x", "UP"].every(Tags.isTag)).toBe(true)
    expect(["", "-a", "a b", "a;b", ".a", "ä", "a/b"].some(Tags.isTag)).toBe(false)
  })

  it("reads back what it prints, and printing settles at once", () => {
    const tag = FastCheck.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9_\-+.]{0,8}$/)
    FastCheck.assert(FastCheck.property(FastCheck.array(tag), (tags) => {
      expect(tags.every(Tags.isTag)).toBe(true)
      expect(Tags.parse(Tags.print(tags))).toStrictEqual(Tags.normalize(tags))
      expect(Tags.print(Tags.parse(Tags.print(tags.toReversed())))).toBe(Tags.print(tags))
    }))
  })
})
