/**
 * Builds the command as the package's own script does, into a folder of its own: what is tested stays as it was when
 * the tests began, whoever builds meanwhile.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const buildScript = (): string => {
  const content: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  if (typeof content === "object" && content !== null && "scripts" in content) {
    const { scripts } = content
    if (typeof scripts === "object" && scripts !== null && "build:bin" in scripts) return String(scripts["build:bin"])
  }
  throw new Error("package.json has no script build:bin")
}

export interface Bundle {
  /** The path of the built command. */
  readonly command: string
  readonly remove: () => void
}

export const make = (): Bundle => {
  // The command looks for its package.json two folders above itself, and for what is not bundled beside that.
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bundle-"))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const out = join(folder, "dist", "bin")
  copyFileSync(join(root, "package.json"), join(folder, "package.json"))
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir")
  const script = buildScript().replace("--outdir=dist/bin", `--outdir=${JSON.stringify(out)}`)
  const path = [join(root, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter)
  const build = spawnSync(script, { cwd: root, shell: true, encoding: "utf8", env: { ...process.env, PATH: path } })
  if (build.status !== 0 || !script.includes(out)) {
    remove()
    throw new Error(`the command was not built (${script}):\n${build.stderr}`)
  }
  return { command: join(out, "main.js"), remove }
}

/** Removed with the scope. */
export const build: Effect.Effect<Bundle, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(make),
  ({ remove }) => Effect.sync(remove)
)
