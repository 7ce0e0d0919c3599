import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Suggestion from "../../src/kernel/Suggestion.ts"

const verbs = ["plan", "apply", "destroy", "drift", "list", "task", "doctor"]

const short = FastCheck.string({ unit: FastCheck.constantFrom("a", "b", "c"), maxLength: 6 })

describe("Suggestion.nearest", () => {
  it.each([
    ["aplly", "apply"],
    ["lsit", "list"],
    ["dest", "destroy"],
    ["PLAN", "plan"],
    ["doctro", "doctor"],
    ["xyz", undefined],
    ["a", undefined],
    ["", undefined]
  ])("%s", (word, expected) => {
    expect(Suggestion.nearest(word, verbs)).toBe(expected)
  })

  it("knows other spellings and, where it is told, other words", () => {
    const known = ["cloudInit", "memory", "vlan"]
    const synonyms = new Map([["ram", "memory"], ["tag", "vlan"], ["disk", "disks"]])
    expect(
      ["cloud_init", "Cloud-Init", "RAM", "t-a-g", "disk"].map((word) => Suggestion.nearest(word, known, { synonyms }))
    ).toEqual(["cloudInit", "cloudInit", "memory", "vlan", undefined])
    expect(Suggestion.nearest("ram", known)).toBe(undefined)
  })

  it("is quick whatever it is given, and gives only what is known", () => {
    expect(Suggestion.nearest("x".repeat(1_000_000), verbs)).toBe(undefined)
    FastCheck.assert(FastCheck.property(FastCheck.string(), (word) => {
      expect([undefined, ...verbs]).toContain(Suggestion.nearest(word, verbs))
    }))
  })
})

describe("Suggestion.distance", () => {
  it("counts what a hand does wrong", () => {
    const pairs = [["", "abc"], ["abc", "abc"], ["abc", "acb"], ["abc", "ab"], ["abc", "adc"], ["ca", "abc"]] as const
    expect(pairs.map(([from, to]) => Suggestion.distance(from, to))).toEqual([3, 0, 1, 1, 1, 3])
  })

  it("is the same both ways, none only between the same, and at most the length of the longer", () => {
    FastCheck.assert(FastCheck.property(short, short, (left, right) => {
      const steps = Suggestion.distance(left, right)
      expect(Suggestion.distance(right, left)).toBe(steps)
      expect(steps === 0).toBe(left === right)
      expect(steps).toBeLessThanOrEqual(Math.max(left.length, right.length))
    }))
  })
})
