/**
 * Real repositories in a folder of their own, untouched by the settings of whoever runs the tests.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as Fault from "../../../../src/kernel/Fault.ts"
import * as RetryPolicy from "../../../../src/kernel/RetryPolicy.ts"
import type * as Git from "../../../../src/systems/elevenlabs/git/Git.ts"

export const hasGit = spawnSync("git", ["--version"]).status === 0

/** The name of a group of tests, with a word where they cannot run. */
export const title = (name: string): string => hasGit ? name : `${name} (skipped: git is not installed)`

export interface Lab {
  readonly folder: string
  readonly origin: string
  readonly environment: Readonly<Record<string, string>>
  /** Its output, without the last line break. */
  readonly git: (directory: string, ...args: ReadonlyArray<string>) => string
  readonly tryGit: (
    directory: string,
    ...args: ReadonlyArray<string>
  ) => { readonly status: number; readonly text: string }
  /** A clone with a user who may commit. */
  readonly clone: (name: string, ...args: ReadonlyArray<string>) => string
  /** Many clones, as fast as files can be copied. */
  readonly copies: (count: number) => ReadonlyArray<string>
}

export const write = (path: string, content: string): void => {
  Fs.mkdirSync(dirname(path), { recursive: true })
  Fs.writeFileSync(path, content)
}

export const read = (path: string): string => Fs.readFileSync(path, "utf8")

/** A script in a file that may be run. */
export const script = (path: string, ...lines: ReadonlyArray<string>): string => {
  write(path, ["#!/bin/sh", ...lines, ""].join("\n"))
  Fs.chmodSync(path, 0o755)
  return path
}

const build = (folder: string): Lab => {
  const origin = join(folder, "origin.git")
  const environment = {
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1"
  }
  const tryGit: Lab["tryGit"] = (directory, ...args) => {
    const result = spawnSync("git", args, { cwd: directory, encoding: "utf8", env: { ...process.env, ...environment } })
    return { status: result.status ?? -1, text: `${result.stdout}${result.stderr}` }
  }
  const git: Lab["git"] = (directory, ...args) => {
    const { status, text } = tryGit(directory, ...args)
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${text}`)
    return text.replace(/\n$/, "")
  }
  const clone: Lab["clone"] = (name, ...args) => {
    git(folder, "clone", "--quiet", ...args, origin, name)
    const path = join(folder, name)
    git(path, "config", "user.name", name)
    git(path, "config", "user.email", `${name}@lab.example`)
    return path
  }
  const copies: Lab["copies"] = (count) => {
    const first = clone("copy0")
    return Array.from({ length: count }, (_, at) => {
      const path = join(folder, `copy${at}`)
      if (at > 0) Fs.cpSync(first, path, { recursive: true })
      return path
    })
  }
  return { folder, origin, environment, git, tryGit, clone, copies }
}

const folder = Effect.acquireRelease(
  Effect.sync(() => Fs.realpathSync(Fs.mkdtempSync(join(tmpdir(), "holdfast-git-")))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
)

/** The same once more, elsewhere: the origin and the clones of the given names. */
export const copy = (lab: Lab, clones: ReadonlyArray<string>): Effect.Effect<Lab, never, Scope.Scope> =>
  Effect.map(folder, (path) => {
    Fs.cpSync(lab.origin, join(path, "origin.git"), { recursive: true })
    for (const name of clones) {
      Fs.cpSync(join(lab.folder, name), join(path, name), { recursive: true })
      const config = join(path, name, ".git", "config")
      Fs.writeFileSync(config, read(config).replaceAll(lab.folder, path))
    }
    return build(path)
  })

/** An origin with one commit on `main`: two state files, a page, and nothing else. */
export const make: Effect.Effect<Lab, never, Scope.Scope> = Effect.map(folder, (path) => {
  const lab = build(path)
  lab.git(lab.folder, "init", "--quiet", "--bare", "--initial-branch=main", lab.origin)
  lab.git(lab.origin, "config", "receive.autogc", "false")
  const seed = lab.clone("seed")
  write(join(seed, "state/a.json"), stateOf({ first: "1" }))
  write(join(seed, "state/b.json"), stateOf({ first: "1" }))
  write(join(seed, "out/page.txt"), "one\n")
  lab.git(seed, "add", ".")
  lab.git(seed, "commit", "--quiet", "-m", "Begin")
  lab.git(seed, "push", "--quiet", "origin", "HEAD:main")
  return lab
})

export type State = Readonly<Record<string, string>>

export const stateOf = (state: State): string =>
  `${JSON.stringify(Object.fromEntries(Object.entries(state).toSorted()), null, 2)}\n`

const isState = (u: unknown): u is State =>
  typeof u === "object" && u !== null && Object.values(u).every((value) => typeof value === "string")

export const parse = (content: Uint8Array | string): Effect.Effect<State, Fault.Fault> =>
  Effect.try({
    try: (): unknown => JSON.parse(typeof content === "string" ? content : new TextDecoder().decode(content)),
    catch: () => corrupt
  }).pipe(Effect.filterOrFail(isState, () => corrupt))

const corrupt = Fault.make({
  kind: "invalid",
  system: "lab",
  operation: "Lab.merge",
  sent: "no",
  code: "corrupt",
  detail: "the state cannot be read"
})

/** By key; where both sides changed one, both values stay. */
export const merge: Git.PullOptions["merge"] = (_path, base, ours, theirs) =>
  Effect.gen(function*() {
    const old: State = base === undefined ? {} : yield* parse(base)
    const left = yield* parse(ours)
    const right = yield* parse(theirs)
    const result: Record<string, string> = {}
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const [was, our, their] = [old[key], left[key], right[key]]
      const value = our === their || their === was ? our : our === was ? their : [our, their].toSorted().join("+")
      if (value !== undefined) result[key] = value
    }
    return new TextEncoder().encode(stateOf(result))
  })

/** Fast, and as stubborn as the default. */
const retry = RetryPolicy.make({ maxAttempts: 12, base: "300 millis", cap: "5 seconds", jitter: "full" })

export const options = (
  lab: Lab,
  directory: string,
  paths: ReadonlyArray<string> = ["state/a.json", "state/b.json"]
) => ({
  directory,
  paths,
  merge,
  retry,
  message: "Keep the state",
  environment: lab.environment
})

/** What is not as the commit has it, and whether anything is half done. */
export const dirt = (lab: Lab, directory: string): string => {
  const left = ["rebase-merge", "rebase-apply", "MERGE_HEAD", "index.lock", "HEAD.lock"]
    .filter((name) => Fs.existsSync(join(directory, ".git", name)))
  const indices = Fs.readdirSync(join(directory, ".git", "holdfast")).filter((name) => name.startsWith("index-"))
  const refs = lab.git(directory, "for-each-ref", "refs/worktree")
  return [lab.git(directory, "status", "--porcelain"), ...left, ...indices, refs].filter((text) => text !== "").join(
    "\n"
  )
}

/** A file as the origin has it. */
export const published = (lab: Lab, path: string): string => lab.tryGit(lab.origin, "show", `main:${path}`).text
