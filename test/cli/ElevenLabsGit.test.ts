/**
 * `--git`, with real repositories and the command as a process of its own.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, watch, writeFileSync } from "node:fs"
import { join } from "node:path"
import { folder } from "./Command.ts"
import { serve, type Served } from "./Workspace.ts"

const hasGit = spawnSync("git", ["--version"]).status === 0

const identity = { HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" }

const git = (cwd: string, ...args: ReadonlyArray<string>): string => {
  const { status, stderr, stdout } = spawnSync(
    "git",
    ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", ...args],
    { cwd, encoding: "utf8", env: { PATH: process.env["PATH"], ...identity } }
  )
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`)
  return stdout.trim()
}

/** The folder of the workspace is a clone; its sites and files are on the origin. */
const versioned = Effect.gen(function*() {
  const served = yield* serve
  const origin = join(yield* folder, "origin.git")
  git(served.folder, "init", "--quiet", "--bare", "--initial-branch=main", origin)
  git(served.folder, "init", "--quiet", "--initial-branch=main")
  git(served.folder, "add", "sites.yaml", "out")
  git(served.folder, "commit", "--quiet", "-m", "Begin")
  git(served.folder, "remote", "add", "origin", origin)
  git(served.folder, "push", "--quiet", "-u", "origin", "main")
  return { ...served, origin }
})

type Versioned = Effect.Effect.Success<typeof versioned>

const another = (served: Versioned) =>
  Effect.map(folder, (path) => {
    const place = join(path, "clone")
    git(path, "clone", "--quiet", served.origin, place)
    return place
  })

/** Waits until there is such a file. */
const appears = (place: string, name: string): Effect.Effect<void> =>
  Effect.async((resume) => {
    const look = () => {
      if (!existsSync(join(place, name))) return
      watcher.close()
      resume(Effect.void)
    }
    const watcher = watch(place, look)
    look()
  })

const hook = (repository: string, name: string, ...lines: ReadonlyArray<string>): string => {
  const path = join(repository, "hooks", name)
  writeFileSync(path, ["#!/bin/sh", ...lines, ""].join("\n"))
  chmodSync(path, 0o755)
  return path
}

const state = "config/elevenlabs/example-com.json"

const json = (text: string) => JSON.parse(text)

const names = ({ simulator }: Served) =>
  simulator.world.documents().map(({ name }) => name.split(" #")[0] ?? "").toSorted()

const published = ({ origin }: Versioned, path: string): string => git(origin, "show", `main:${path}`)

const isWhole = (served: Versioned) => {
  expect(names(served)).toEqual(["a", "b.md", "s"])
  const ids = Object.values<{ readonly documentId: string }>(json(published(served, state)).documents)
  for (const { documentId } of ids) expect(served.simulator.world.document(documentId)).toBeDefined()
}

describe.skipIf(!hasGit).concurrent(`kb --git${hasGit ? "" : " (skipped: git is not installed)"}`, {
  timeout: 300_000
}, () => {
  it.live("pulls before, pushes after, and commits the state files alone", () =>
    Effect.gen(function*() {
      const served = yield* versioned
      served.write("out/example-com/draft.txt", "a draft")
      git(served.folder, "add", "out/example-com/draft.txt")
      served.write("notes.txt", "mine")
      const first = yield* served.run("kb sync --git --site example.com")
      expect([first.code, first.stdout]).toEqual([0, expect.stringContaining("git: 1 commit pushed\n")])
      expect(git(served.origin, "show", "--stat=200", "--format=%s", "main")).toMatch(
        /^Record elevenlabs sync of example\.com\n\n config\/elevenlabs\/example-com\.json \| \d+ \++\n 1 file changed/
      )
      expect(git(served.folder, "status", "--porcelain").split("\n").toSorted()).toEqual([
        "?? notes.txt",
        "A  out/example-com/draft.txt"
      ])

      const clone = yield* another(served)
      writeFileSync(join(clone, "out/example-com/a.txt"), "elsewhere")
      const elsewhere = yield* served.run("kb sync --git --site example.com --max-delete 1 --json -q", {}, clone)
      expect([elsewhere.code, json(elsewhere.stdout).git]).toMatchObject([0, { pushed: { committed: true, tries: 1 } }])
      const again = yield* served.run("kb sync --git --json -q")
      expect([again.code, json(again.stdout).git.pulled.outcome]).toEqual([0, "fast-forward"])
      expect(git(served.origin, "rev-parse", "main")).toBe(git(served.folder, "rev-parse", "HEAD"))
      expect(served.printed()).not.toContain(served.secret)
    }).pipe(Effect.scoped))

  it.live("two clones at once, and one run more: one document a file, both recorded, nothing to merge by hand", () =>
    Effect.gen(function*() {
      const served = yield* versioned
      const places = [served.folder, yield* another(served)]
      const line = (place: string) => served.run("kb sync --git", {}, place)
      // Whoever met the other says so. What each made is recorded, and the next run takes up what is there twice.
      yield* Effect.forEach(places, line, { concurrency: 2 })
      for (const place of places) expect((yield* line(place)).code).toBe(0)
      isWhole(served)
      expect(served.simulator.world.check()).toEqual([])
      for (const place of places) expect([place, git(place, "status", "--porcelain")]).toEqual([place, ""])
    }).pipe(Effect.scoped))

  it.live("killed between commit and push: the next run pushes what the dead one recorded", () =>
    Effect.gen(function*() {
      const served = yield* versioned
      const wait = ["touch reached", "while [ ! -e go ]; do sleep 0.05; done", "exit 1"]
      const path = hook(join(served.folder, ".git"), "pre-push", ...wait)
      const running = yield* served.start("kb sync --git")
      yield* appears(served.folder, "reached")
      running.child.kill("SIGKILL")
      yield* running.ends
      served.write("go", "")
      rmSync(path)
      expect(git(served.folder, "rev-list", "--count", "origin/main..main")).toBe("1")
      const again = yield* served.run("kb sync --git")
      expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("git: 1 commit pushed\n")])
      isWhole(served)
    }).pipe(Effect.scoped))

  it.live("interrupted: nothing is pushed, and a later run pushes what was recorded, though it has nothing to do", () =>
    Effect.gen(function*() {
      const served = yield* versioned
      const before = git(served.origin, "rev-parse", "main")
      const reached = yield* served.holdSave
      const running = yield* served.start("kb sync --git")
      yield* reached
      running.child.kill("SIGINT")
      expect((yield* running.ends).code).toBe(130)
      expect(git(served.origin, "rev-parse", "main")).toBe(before)
      expect((yield* served.run("kb sync")).code).toBe(0)
      const again = yield* served.run("kb sync --git")
      expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("git: 1 commit pushed\n")])
      expect(again.stdout).toContain("2 the same")
      expect(git(served.folder, "status", "--porcelain")).toBe("")
      isWhole(served)
    }).pipe(Effect.scoped))

  it.live("killed before the commit, and the clone lost with it: another clone finds what was uploaded", () =>
    Effect.gen(function*() {
      const served = yield* versioned
      const reached = yield* served.holdSave
      const killed = yield* served.start("kb sync --git")
      yield* reached
      killed.child.kill("SIGKILL")
      yield* killed.ends
      expect((yield* served.run("kb sync --git", {}, yield* another(served))).code).toBe(0)
      isWhole(served)
    }).pipe(Effect.scoped))

  it.live("a push that is refused: exit 2, the report all the same, a clean tree, and the next run brings it", () =>
    Effect.gen(function*() {
      const served = yield* versioned
      const path = hook(served.origin, "pre-receive", "echo closed on Sundays >&2; exit 1")
      const first = yield* served.run("kb sync --git --json -q")
      const document = json(first.stdout)
      expect([first.code, document.sites.length, document.git.error.code]).toEqual([2, 2, "hook-declined"])
      const refused = yield* served.run("kb sync --git")
      expect([refused.code, refused.stdout]).toEqual([2, expect.stringContaining("2 the same")])
      expect(refused.stdout).toMatch(/git: not pushed\nerror: .*hook declined; closed on Sundays/)
      expect(refused.stdout).toContain("the commits are kept in this clone and go with the next run")
      expect(git(served.folder, "status", "--porcelain")).toBe("")
      rmSync(path)
      expect((yield* served.run("kb sync --git")).code).toBe(0)
      isWhole(served)
    }).pipe(Effect.scoped))

  it.live("what cannot be brought up to date is not worked on: no call is made, exit 3", () =>
    Effect.gen(function*() {
      const served = yield* versioned
      expect((yield* served.run("kb sync --git")).code).toBe(0)
      const clone = yield* another(served)
      writeFileSync(join(clone, "sites.yaml"), `${readFileSync(join(clone, "sites.yaml"), "utf8")}\n`)
      git(clone, "commit", "--quiet", "-am", "Change the sites")
      git(clone, "push", "--quiet")
      const calls = served.simulator.calls.total
      const refused = (env: Readonly<Record<string, string>> = {}) =>
        Effect.map(served.run("kb sync --git", env), ({ code, stderr }) => {
          expect([code, served.simulator.calls.total]).toEqual([3, calls])
          return stderr
        })
      const sites = readFileSync(join(served.folder, "sites.yaml"), "utf8")
      served.write("sites.yaml", `${sites} `)
      expect(yield* refused()).toContain("the remote has changed sites.yaml, and so has this work tree")
      served.write("sites.yaml", sites)
      const bin = yield* folder
      symlinkSync(process.execPath, join(bin, "node"))
      expect(yield* refused({ PATH: bin })).toContain("git, or the folder it should run in, is not there")
      // What is no state file, and what the user has made of another site's, is his.
      const other = "config/elevenlabs/my--shop-example.json"
      served.write(other, readFileSync(join(served.folder, other), "utf8").replace("\"version\"", "\"version\" "))
      served.write("out/example-com/a.txt", "another")
      expect((yield* served.run("kb sync --git --site example.com")).code).toBe(0)
      expect(git(served.folder, "status", "--porcelain").split("\n").map((line) => line.trim())).toEqual([
        `M ${other}`,
        "M out/example-com/a.txt"
      ])
    }).pipe(Effect.scoped))

  it.live("a detached checkout: the branch is what GITHUB_REF says, and that of a pull request is none", () =>
    Effect.gen(function*() {
      const served = yield* versioned
      git(served.folder, "checkout", "--quiet", "--detach")
      const calls = served.simulator.calls.total
      const pull = { GITHUB_REF: "refs/pull/7/merge", GITHUB_REF_NAME: "7/merge" }
      const refused = yield* served.run("kb sync --git", pull)
      expect([refused.code, served.simulator.calls.total]).toEqual([3, calls])
      expect(refused.stderr).toContain("no branch is checked out (detached HEAD)")
      const done = yield* served.run("kb sync --git", { GITHUB_REF: "refs/heads/main", GITHUB_REF_NAME: "main" })
      expect([done.code, done.stdout]).toEqual([0, expect.stringContaining("git: 1 commit pushed\n")])
      isWhole(served)
    }).pipe(Effect.scoped))

  it.live("repair, rebuild and migrate keep what they wrote in git as well", () =>
    Effect.gen(function*() {
      const served = yield* versioned
      const empty = { version: 1, site: "example.com", folderId: null, documents: {}, orphans: [], quarantine: [] }
      served.write(state, JSON.stringify({ ...empty, pendingDelete: "none" }))
      expect((yield* served.run("kb repair --git")).stdout).toContain("git: 1 commit pushed")
      expect(json(published(served, state)).pendingDelete).toEqual([])
      rmSync(join(served.folder, state))
      expect((yield* served.run("kb rebuild --git --site example.com")).code).toBe(0)
      expect(json(published(served, state)).quarantine).toEqual([])
      served.write("old.json", JSON.stringify({ "my-shop-example": { "t.txt": { document_id: "abc" } } }))
      const migrated = yield* served.run("kb migrate old.json --git --json -q")
      expect([migrated.code, json(migrated.stdout).git.pushed.committed]).toEqual([0, true])
      expect(json(published(served, "config/elevenlabs/my--shop-example.json")).documents["t.txt"].documentId).toBe(
        "abc"
      )
      expect(git(served.folder, "status", "--porcelain")).toBe("?? old.json")
    }).pipe(Effect.scoped))
})
