/**
 * What a process that died leaves to the next one.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import { join } from "node:path"
import * as Git from "../../../../src/systems/elevenlabs/git/Git.ts"
import * as Child from "../../../store/Child.ts"
import * as Lab from "./Lab.ts"

const state = "state/a.json"

/** In milliseconds: some hundreds of processes of git, on a machine that may have much else to do. */
const patience = 300_000

/**
 * An upstream that changed the state, a page and brought a new file, against a clone with a changed state and a user in
 * the middle of something.
 */
const collision = Effect.gen(function*() {
  const lab = yield* Lab.make
  const clone = lab.clone("clone")
  const other = join(lab.folder, "seed")
  Lab.write(join(other, state), Lab.stateOf({ first: "1", theirs: "1" }))
  Lab.write(join(other, "out/page.txt"), "two\n".repeat(1000))
  Lab.write(join(other, "out/added.txt"), "added\n".repeat(1000))
  lab.git(other, "add", ".")
  lab.git(other, "commit", "--quiet", "-m", "Theirs")
  lab.git(other, "push", "--quiet", "origin", "HEAD:main")
  Lab.write(join(clone, state), Lab.stateOf({ first: "1", ours: "1" }))
  Lab.write(join(clone, "staged.txt"), "staged\n")
  lab.git(clone, "add", "staged.txt")
  Lab.write(join(clone, "state/b.json"), Lab.stateOf({ first: "1", later: "1" }))
  return { lab, clone, options: Lab.options(lab, clone, [state]) }
})

/** Everything is where it belongs, exactly once. */
const demandWhole = (lab: Lab.Lab, clone: string) =>
  Effect.gen(function*() {
    assert.deepStrictEqual(
      yield* Lab.parse(Lab.published(lab, state)),
      { first: "1", ours: "1", theirs: "1" }
    )
    const subjects = lab.git(lab.origin, "log", "--format=%s", "main").split("\n")
    assert.deepStrictEqual(subjects.slice(-2), ["Theirs", "Begin"])
    assert.lengthOf(subjects, 3)
    assert.strictEqual(lab.git(clone, "rev-parse", "HEAD"), lab.git(lab.origin, "rev-parse", "main"))
    assert.strictEqual(Lab.dirt(lab, clone), "A  staged.txt\n M state/b.json")
    assert.strictEqual(Lab.read(join(clone, "out/page.txt")), "two\n".repeat(1000))
    assert.strictEqual(Lab.read(join(clone, "out/added.txt")), "added\n".repeat(1000))
    assert.strictEqual(lab.git(clone, "fsck", "--no-dangling", "--no-progress"), "")
  })

const realGit =
  (process.env["PATH"] ?? "").split(":").map((folder) => join(folder, "git")).find((path) => Fs.existsSync(path)) ??
    "git"

/** A git that counts its calls, and after the one with the given number ends the process that called it. */
const deadly = (lab: Lab.Lab, at: number): Readonly<Record<string, string>> => {
  const log = join(lab.folder, "calls")
  Lab.script(
    join(lab.folder, "bin", "git"),
    `echo "$*" >> '${log}'`,
    // By the shell itself: this runs hundreds of times.
    `calls=0; while read -r _; do calls=$((calls + 1)); done < '${log}'`,
    `'${realGit}' "$@"`,
    "code=$?",
    `if [ "$calls" -eq ${at} ]; then kill -9 $PPID; fi`,
    "exit $code"
  )
  return { ...lab.environment, PATH: `${join(lab.folder, "bin")}:${process.env["PATH"] ?? ""}` }
}

/** Runs until it dies, or to its end. */
const runProgram = (program: string, lab: Lab.Lab, clone: string, pull: boolean, at: number) =>
  Effect.scoped(Effect.gen(function*() {
    const job = { pull, directory: clone, paths: [state], message: "Ours", environment: deadly(lab, at) }
    const child = yield* Child.startProgram(program, [JSON.stringify(job)])
    const end = yield* child.end
    const calls = Lab.read(join(lab.folder, "calls")).trim().split("\n")
    return { end, calls: calls.map((call) => call.replace(/^(?:-c \S+ )+/, "").replace(/^--\S+ /, "")) }
  }))

/**
 * The calls that change the clone or the remote, and one that works on an index of our own: after any other one the
 * world is as it was, but for objects that nobody refers to.
 */
const changing = /^(?:commit|reset|fetch|fast-import|push|update-ref|read-tree -m|read-tree [0-9a-f]+$)(?!-)/

const deaths = (calls: ReadonlyArray<string>): ReadonlyArray<{ readonly call: string; readonly at: number }> => {
  const seen = new Set<string>()
  return calls.flatMap((call, index) => {
    if (!changing.test(call)) return []
    // These do the same thing each time.
    const kind = /^(?:fetch|read-tree (?!-m))/.exec(call)?.[0] ?? `${index}`
    if (seen.has(kind)) return []
    seen.add(kind)
    return [{ call, at: index + 1 }]
  })
}

/** A git of its own, in the folder, for as long as the scope is open. */
const longGit = (lab: Lab.Lab, clone: string) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn("git", ["cat-file", "--batch"], { cwd: clone, env: { ...process.env, ...lab.environment } })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

const old = new Date(Date.now() - 3_600_000)

describe.skipIf(!Lab.hasGit)(Lab.title("after a crash"), () => {
  for (
    const { needed, pull, title } of [
      {
        title: "a pull and a push",
        pull: true,
        needed: ["fetch", "commit ", "fast-import", "push", "read-tree -m -u", "update-ref"]
      },
      { title: "a push that others were faster than", pull: false, needed: ["push", "read-tree -m -u", "update-ref"] }
    ]
  ) {
    it.scopedLive(
      `killed after each call of ${title}: the next run ends where it should, nothing twice`,
      () =>
        Effect.gen(function*() {
          const program = yield* Child.program(new URL("./GitProgram.ts", import.meta.url))
          const template = yield* collision
          const again = Effect.map(Lab.copy(template.lab, ["clone"]), (lab) => {
            const clone = join(lab.folder, "clone")
            return { lab, clone, options: Lab.options(lab, clone, [state]) }
          })
          const dry = yield* again
          const { calls, end } = yield* runProgram(program, dry.lab, dry.clone, pull, 0)
          assert.strictEqual(end, 0)
          yield* demandWhole(dry.lab, dry.clone)
          const steps = deaths(calls).filter(({ call }) => pull || needed.some((word) => call.startsWith(word)))
          for (const word of needed) assert.isTrue(steps.some(({ call }) => call.startsWith(word)), word)
          yield* Effect.forEach(steps, ({ at, call }) =>
            Effect.scoped(Effect.gen(function*() {
              const { clone, lab, options } = yield* again
              const died = yield* runProgram(program, lab, clone, pull, at)
              assert.strictEqual(died.end, "SIGKILL", call)
              yield* Git.pull(options)
              yield* Git.push(options)
              yield* demandWhole(lab, clone)
            })), { concurrency: 3, discard: true })
        }).pipe(Effect.provide(NodeContext.layer)),
      patience
    )
  }

  it.scopedLive("a move that git had half written is brought to its end, and is nobody's change", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* collision
      lab.git(clone, "checkout", "--quiet", "--", state)
      lab.git(clone, "fetch", "--quiet")
      lab.git(clone, "update-ref", "refs/worktree/holdfast/from", "HEAD")
      lab.git(clone, "update-ref", "refs/worktree/holdfast/to", "origin/main")
      // One file is whole, one is half, one is gone: so it looks in the middle of a checkout.
      Lab.write(join(clone, "out/page.txt"), "two\n".repeat(1000))
      Lab.write(join(clone, "out/added.txt"), "added\n".repeat(10))
      Fs.rmSync(join(clone, state))
      const pulled = yield* Git.pull(options)
      assert.deepStrictEqual(pulled.recovered, ["work tree"])
      assert.strictEqual(lab.git(clone, "rev-parse", "HEAD"), lab.git(lab.origin, "rev-parse", "main"))
      assert.strictEqual(Lab.dirt(lab, clone), "A  staged.txt\n M state/b.json")
      assert.strictEqual(Lab.read(join(clone, "out/added.txt")), "added\n".repeat(1000))
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("a move that the user has overtaken is forgotten", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* collision
      lab.git(clone, "fetch", "--quiet")
      lab.git(clone, "update-ref", "refs/worktree/holdfast/from", "HEAD")
      lab.git(clone, "update-ref", "refs/worktree/holdfast/to", "origin/main")
      lab.git(clone, "commit", "--quiet", "-m", "The user went on")
      const pushed = yield* Git.push(options)
      assert.deepInclude(pushed, { pushed: 2, recovered: [] })
      const subjects = lab.git(lab.origin, "log", "--format=%s", "main")
      assert.strictEqual(subjects, "Keep the state\nThe user went on\nTheirs\nBegin")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("locks of git that nobody holds any more are taken away", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* collision
      const locks = ["index.lock", "HEAD.lock", "refs/heads/main.lock", "packed-refs.lock"]
      for (const lock of locks) {
        Lab.write(join(clone, ".git", lock), "")
        Fs.utimesSync(join(clone, ".git", lock), old, old)
      }
      const pushed = yield* Git.push(options)
      assert.sameMembers([...pushed.recovered], locks.map((lock) => lock.split("/").at(-1) ?? ""))
      yield* demandWhole(lab, clone)
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("a lock is left alone while a git works in the clone", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* collision
      const lock = join(clone, ".git", "index.lock")
      Lab.write(lock, "")
      Fs.utimesSync(lock, old, old)
      const still = yield* Effect.scoped(Effect.gen(function*() {
        yield* longGit(lab, clone)
        return yield* Effect.timeoutOption(Git.push(options), "1500 millis")
      }))
      assert.strictEqual(still._tag, "None")
      assert.isTrue(Fs.existsSync(lock))
      const pushed = yield* Git.push(options)
      assert.deepStrictEqual(pushed.recovered, ["index.lock"])
      yield* demandWhole(lab, clone)
    }).pipe(Effect.provide(NodeContext.layer)))
})
