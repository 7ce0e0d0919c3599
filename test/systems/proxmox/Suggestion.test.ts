import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Suggestion from "../../../src/systems/proxmox/fleet/Suggestion.ts"

const known = ["name", "memory", "cloudInit", "networks", "nodes", "node", "vlan", "onBoot"]

describe("Suggestion", () => {
  it("finds another spelling, another tool's word, and a slip of the fingers", () => {
    expect(
      ["cloud_init", "ONBOOT", "ram", "hostname", "memroy", "network", "noeds"].map((word) =>
        Suggestion.nearest(word, known)
      )
    ).toStrictEqual(["cloudInit", "onBoot", "memory", "name", "memory", "networks", "nodes"])
  })

  it("suggests nothing that is far off, and only what is known", () => {
    expect(Suggestion.nearest("zzz", known)).toBe(undefined)
    expect(Suggestion.nearest("ram", ["cores"])).toBe(undefined)
    expect(Suggestion.nearest("x", [])).toBe(undefined)
    FastCheck.assert(FastCheck.property(FastCheck.string(), (word) => {
      expect([undefined, ...known]).toContain(Suggestion.nearest(word, known))
    }))
  })

  it("finds each known word in itself with two letters swapped", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.constantFrom("memory", "networks", "cloudInit"), FastCheck.nat(), (word, n) => {
        const at = n % (word.length - 1)
        const swapped = `${word.slice(0, at)}${word[at + 1]}${word[at]}${word.slice(at + 2)}`
        expect(Suggestion.nearest(swapped, known)).toBe(word)
      })
    )
  })

  it("draws numbered words together", () => {
    expect(Suggestion.enumerate(["ide0", "ide1", "name", "ip", "ip6", "gateway6"])).toBe(
      "ide0-1, name, ip, ip6, gateway6"
    )
  })
})
