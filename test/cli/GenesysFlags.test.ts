import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import * as Describe from "../../src/cli/commands/genesys/Describe.ts"
import * as Flags from "../../src/cli/commands/genesys/Flags.ts"
import * as Operations from "../../src/systems/genesys/Operations.ts"
import { run } from "./Command.ts"

describe("what the command says of options", () => {
  it.each([
    ["export without fail_on_denied", "export without --fail-on-denied"],
    ["include_filter_resources_by_id: names no id", "--include-filter-resources-by-id: names no id"],
    ["give since_last, or trust_listing", "give --since-last, or --trust-listing"],
    ["max_concurrent must be a whole number", "--max-concurrent must be a whole number"],
    // Attributes, types and files may be called alike, or have such a name in them.
    [
      "genesyscloud_since_last, a.since_last and since_last.tf",
      "genesyscloud_since_last, a.since_last and since_last.tf"
    ],
    ["compress the directory", "compress the directory"]
  ])("%s", (said, heard) => {
    expect(Flags.spelled(said)).toBe(heard)
  })

  it.effect("has no option left in what is wrong with them", () =>
    Effect.gen(function*() {
      const names = ["user"]
      const fault = yield* Effect.flip(Operations.check({
        resourceTypes: names,
        includeFilterResources: names,
        includeFilterResourcesById: names,
        excludeFilterResources: ["user::("],
        replaceWithDatasource: ["users"],
        excludeAttributes: ["user"],
        maxConcurrent: 0,
        trustListing: true
      }))
      const told = Flags.ofFault(fault).message.replaceAll(/genesyscloud_\w+/g, "")
      expect(told).not.toContain("_")
      expect(Flags.ofFault(fault)).toMatchObject({ kind: fault.kind, code: "invalid-options", sent: "no" })
    }))
})

describe.concurrent("what the command refuses to choose between", () => {
  it.live.each(
    [
      ["--export-as-hcl", "--export-format json"],
      ["--export-as-hcl", "--export-format json_hcl"],
      ["--fail-on-denied", "--log-permission-errors"]
    ] as const
  )("%s and %s", ([one, other]) =>
    Effect.gen(function*() {
      const { code, stderr } = yield* run(["genesys", "export", ...other.split(" "), one])
      expect([code, stderr]).toEqual([64, expect.stringContaining(`${one} and ${other} contradict each other`)])
    }))
})

describe("what the command says to do next", () => {
  it("a shell understands, whatever the folder is called", () => {
    const directory = `/tmp/it's a "$HOME" \`x\``
    const { next } = Describe.outcomeJson({
      report: { organisation: { id: "1", name: "Acme" }, types: [], exceptions: [] },
      directory,
      files: [],
      durationMillis: 1,
      calls: 1,
      retries: 0,
      listed: 0,
      read: 0,
      reused: 0,
      trusted: 0
    })
    const heard = spawnSync("sh", ["-c", `terraform() { printf %s "$1"; }; ${next.at(-1) ?? ""}`], { encoding: "utf8" })
    expect(heard.stdout).toBe(`-chdir=${directory}`)
  })
})
