import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { paths } from "../../src/cli/Verb.ts"
import { root } from "../../src/cli/commands/verbs.ts"
import { run } from "./Command.ts"

const everything: ReadonlyArray<ReadonlyArray<string>> = [[], ...paths(root).map(([path]) => path)]

describe("usage", () => {
  it.live.each(everything)("%s --help explains it with an example", (path) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* run([...path, "--help"])
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
      expect(stdout).toContain(["holdfast", ...path].join(" "))
      expect(stdout).toContain("EXAMPLES\n  # ")
      expect(stdout).toContain("--json")
      expect(stdout).not.toContain("\u001b")
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100)
    }))
})
