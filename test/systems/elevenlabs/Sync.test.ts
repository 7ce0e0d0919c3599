import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Operations from "../../../src/systems/elevenlabs/Operations.ts"
import * as Lab from "./Lab.ts"

const three = { "a.txt": Lab.text("Apples"), "b.txt": Lab.text("Pears"), "sub/c.md": Lab.text("Plums") }

describe("sync", () => {
  it.effect("uploads what is new, and nothing else afterwards", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = lab.target()
        lab.files(target, three)
        const report = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(Lab.words(report)).toEqual(["Create a.txt", "Create b.txt", "Create sub/c.md"])
        expect(lab.check(target, three)).toEqual([])

        const before = lab.calls()
        const again = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(Lab.words(again)).toEqual(["Keep a.txt", "Keep b.txt", "Keep sub/c.md"])
        expect(lab.calls() - before).toBe(1)
        expect(lab.violations).toEqual([])
      })))
})
