/**
 * Builds the command once for the tests that run it as a user does, by the package's own script, into a folder of its
 * own: runs at the same time never see each other's bundle.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  interface ProvidedContext {
    /** The path of the built command. */
    readonly command: string
  }
}

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const buildScript = (): string => {
  const content: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  if (typeof content === "object" && content !== null && "scripts" in content) {
    const { scripts } = content
    if (typeof scripts === "object" && scripts !== null && "build:bin" in scripts) return String(scripts["build:bin"])
  }
  throw new Error("package.json has no script build:bin")
}

export default (project: TestProject): () => void => {
  mkdirSync(join(root, "dist"), { recursive: true })
  // Two folders below the root, where the command looks for its package.json.
  const folder = mkdtempSync(join(root, "dist", "bin-test-"))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const script = buildScript().replace("--outdir=dist/bin", `--outdir=${JSON.stringify(folder)}`)
  const path = [join(root, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter)
  const build = spawnSync(script, { cwd: root, shell: true, encoding: "utf8", env: { ...process.env, PATH: path } })
  if (build.status !== 0 || !script.includes(folder)) {
    remove()
    throw new Error(`the command was not built (${script}):\n${build.stderr}`)
  }
  project.provide("command", join(folder, "main.js"))
  return remove
}
