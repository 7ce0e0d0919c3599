import { describe, expect, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const root = fileURLToPath(new URL("../../", import.meta.url))
const tsx = join(root, "node_modules", "tsx", "dist", "cli.mjs")

/** What each program in the folder prints, so that a new one has to say it too. */
const programs: Readonly<Record<string, RegExp>> = {
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
})
