import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { execFile } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import yaml from "yaml"
import * as CommandLine from "../../src/cli/CommandLine.ts"
import { root as commands } from "../../src/cli/commands/verbs.ts"
import * as Guard from "../../src/systems/elevenlabs/plan/Guard.ts"
import * as Sites from "../../src/systems/elevenlabs/site/Sites.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const tsx = join(root, "node_modules", "tsx", "dist", "cli.mjs")

const text = (file: string) => readFileSync(join(root, "examples", file), "utf8")

/** What each program in the folder prints, so that a new one has to say it too. */
const programs: Readonly<Record<string, RegExp>> = {
  "elevenlabs/embed.ts": /delivery\.txt: Update, Done\n.*\nin the workspace: delivery\.txt, recorded\n$/,
  "genesys/embed.ts": /checked once more: \d+ resources, 0 problems/,
  "kernel/policy.ts": /5 read, 1 failed/,
  "proxmox/embed.ts": /planned once more: Keep, Keep, Keep, Keep, Keep/
}

describe("examples", () => {
  it("are all known here", () => {
    const found = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
    expect(found.toSorted()).toEqual(Object.keys(programs).toSorted())
  })

  for (const [file, says] of Object.entries(programs)) {
    it(`${file} runs`, async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [tsx, join(root, "examples", file)])
      expect(stdout).toMatch(says)
    })
  }

  it.effect("the sites file is one, and the workflow says what the command understands", () =>
    Effect.gen(function*() {
      const sites = yield* Sites.parse(text("elevenlabs/sites.yaml"))
      expect(sites.map(({ site }) => site.slug)).toEqual(["example-com", "my--shop-example"])

      const workflow = yaml.parse(text("elevenlabs/knowledge-base.yaml"))
      expect(workflow.concurrency).toEqual({ group: "knowledge-base", "cancel-in-progress": false })
      expect(workflow.permissions).toEqual({ contents: "write" })
      const steps: ReadonlyArray<{ readonly run?: string }> = workflow.jobs.sync.steps
      const lines = steps.flatMap(({ run }) => run?.startsWith("holdfast ") === true ? [run] : [])
      const asked = lines.map((line) => CommandLine.read(commands, line.split(/\s+/).slice(1)))
      expect(asked.map(({ _tag, path }) => [_tag, ...path])).toEqual([
        ["Run", "elevenlabs", "doctor"],
        ["Run", "elevenlabs", "sync"]
      ])
      const [, limit = ""] = /--max-delete (\S+)/.exec(lines.join("\n")) ?? []
      expect(Guard.parse(limit)).toEqual(Either.right({ percent: 20 }))
      // Nothing of a key is in a line that is run: it comes by the environment.
      expect(workflow.jobs.sync.env).toEqual({ ELEVENLABS_API_KEY: "${{ secrets.ELEVENLABS_API_KEY }}" })
      expect(lines.join("\n")).not.toContain("$")
    }))
})
