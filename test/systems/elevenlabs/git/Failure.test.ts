/**
 * What must fail, at once and with a word what to do; and what must be gone when nobody waits any more.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Net from "node:net"
import { join } from "node:path"
import * as Deadline from "../../../../src/kernel/Deadline.ts"
import type * as Fault from "../../../../src/kernel/Fault.ts"
import * as RetryPolicy from "../../../../src/kernel/RetryPolicy.ts"
import * as Git from "../../../../src/systems/elevenlabs/git/Git.ts"
import * as Lab from "./Lab.ts"

const state = "state/a.json"

/** A clone with a state to push. */
const ready = Effect.map(Lab.make, (lab) => {
  const clone = lab.clone("clone")
  Lab.write(join(clone, state), Lab.stateOf({ first: "1", ours: "1" }))
  return { lab, clone, options: Lab.options(lab, clone) }
})

const told = <A, R>(effect: Effect.Effect<A, Fault.Fault, R>) =>
  Effect.map(Effect.flip(effect), ({ code, kind }) => `${kind} ${code}`)

/** A server that takes connections and says nothing. */
const silent = Effect.gen(function*() {
  const runtime = yield* Effect.runtime()
  const opened = yield* Deferred.make<void>()
  const closed = yield* Deferred.make<void>()
  const server = yield* Effect.acquireRelease(
    Effect.async<Net.Server>((resume) => {
      const made = Net.createServer((socket) => {
        Runtime.runSync(runtime)(Deferred.succeed(opened, undefined))
        socket.on("error", () => {})
        socket.on("close", () => Runtime.runSync(runtime)(Deferred.succeed(closed, undefined)))
        socket.resume()
      })
      made.listen(0, "127.0.0.1", () => resume(Effect.succeed(made)))
    }),
    (made) =>
      Effect.async<void>((resume) => {
        made.close(() => resume(Effect.void))
      })
  )
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return {
    url: `git://127.0.0.1:${port}/origin.git`,
    port,
    opened: Deferred.await(opened),
    closed: Deferred.await(closed)
  }
})

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !/\) Z /.test(Fs.readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}

describe.skipIf(!Lab.hasGit)(Lab.title("Git refuses"), () => {
  it.scopedLive("what hooks and protected branches refuse, after one try", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* ready
      const refusals = [
        ["hooks/update", "echo 'no pushes today' >&2", "denied hook-declined"],
        ["hooks/pre-receive", "echo 'GH006: Protected branch update failed' >&2", "denied protected-branch"]
      ] as const
      for (const [hook, says, expected] of refusals) {
        const log = join(lab.folder, "tries")
        Fs.rmSync(log, { force: true })
        const path = Lab.script(join(lab.origin, hook), `echo x >> '${log}'`, says, "exit 1")
        const fault = yield* Effect.flip(Git.push(options))
        assert.strictEqual(`${fault.kind} ${fault.code}`, expected)
        assert.include(fault.message, says.slice(6, 15))
        assert.strictEqual(fault.remote, "the commits are kept in this clone and go with the next run")
        assert.sameMembers(Object.keys(fault.options), [
          "kind",
          "system",
          "operation",
          "detail",
          "sent",
          "subject",
          "remote",
          "hint",
          "code"
        ])
        assert.notInclude(JSON.stringify(fault), "GIT_CONFIG")
        assert.strictEqual(Lab.read(log), "x\n")
        assert.strictEqual(Lab.dirt(lab, clone), "")
        Fs.rmSync(path)
      }
      const pushed = yield* Git.push(options)
      assert.deepInclude(pushed, { committed: false, pushed: 1 })
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("hooks of the clone, and takes back what it staged", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* ready
      const before = lab.git(clone, "status", "--porcelain")
      const hook = Lab.script(join(clone, ".git/hooks/pre-commit"), "echo 'not like this' >&2; exit 1")
      assert.strictEqual(yield* told(Git.push(options)), "denied hook-declined")
      assert.strictEqual(lab.git(clone, "status", "--porcelain"), before)
      Fs.rmSync(hook)
      Lab.script(join(clone, ".git/hooks/pre-push"), "exit 1")
      assert.strictEqual(yield* told(Git.push(options)), "denied hook-declined")
      assert.strictEqual(Lab.dirt(lab, clone), "")
      assert.strictEqual(lab.git(lab.origin, "rev-list", "--count", "main"), "1")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("a crowded branch, after as many tries as were allowed", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* ready
      // Somebody else is first, every time: the branch moves while the push is on its way.
      const log = join(lab.folder, "tries")
      const next =
        `$(git --git-dir='${lab.origin}' -c user.name=x -c user.email=x commit-tree -m Other -p main 'main^{tree}')`
      Lab.script(
        join(clone, ".git/hooks/pre-push"),
        `echo x >> '${log}'`,
        `env -u GIT_DIR git --git-dir='${lab.origin}' update-ref refs/heads/main ${next}`
      )
      const retry = RetryPolicy.make({ maxAttempts: 3, base: "10 millis" })
      const fault = yield* Effect.flip(Git.push({ ...options, retry }))
      assert.strictEqual(`${fault.kind} ${fault.code}`, "conflict push-exhausted")
      assert.include(fault.message, "3 times")
      assert.strictEqual(Lab.read(log), "x\n".repeat(3))
      assert.strictEqual(Lab.dirt(lab, clone), "")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("a remote that is not there or out of reach, without a word of its token", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* ready
      const secret = "ghp_0123456789abcdef"
      const remotes = [
        ["https://127.0.0.1:1/x.git", "transient git-network"],
        [join(lab.folder, "gone.git"), "not-found no-remote"],
        [`https://x-access-token:${secret}@127.0.0.1:1/x.git`, "transient git-network"],
        [`https://${secret}@127.0.0.1:1/x.git?access_token=${secret}`, "transient git-network"]
      ] as const
      for (const [url, expected] of remotes) {
        lab.git(clone, "remote", "set-url", "origin", url)
        for (const effect of [Effect.asVoid(Git.pull(options)), Effect.asVoid(Git.push(options))]) {
          const fault = yield* Effect.flip(effect)
          assert.strictEqual(`${fault.kind} ${fault.code}`, expected)
          assert.notInclude(JSON.stringify(fault) + fault.message, secret)
        }
      }
      lab.git(clone, "remote", "set-url", "origin", lab.origin)
      const pushed = yield* Git.push(options)
      assert.deepInclude(pushed, { committed: false, pushed: 1 })
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("a clone that somebody is in the middle of something with", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* ready
      lab.git(clone, "stash", "--quiet")
      lab.git(clone, "checkout", "--quiet", "-b", "side")
      Lab.write(join(clone, "out/page.txt"), "side\n")
      lab.git(clone, "commit", "--quiet", "-am", "Side")
      lab.git(clone, "checkout", "--quiet", "main")
      Lab.write(join(clone, "out/page.txt"), "main\n")
      lab.git(clone, "commit", "--quiet", "-am", "Main")
      assert.notStrictEqual(lab.tryGit(clone, "rebase", "side").status, 0)
      assert.strictEqual(yield* told(Git.pull({ ...options, branch: "main" })), "conflict in-progress")
      lab.git(clone, "rebase", "--abort")
      assert.notStrictEqual(lab.tryGit(clone, "merge", "side").status, 0)
      const merging = lab.git(clone, "status", "--porcelain")
      assert.strictEqual(yield* told(Git.push(options)), "conflict in-progress")
      assert.strictEqual(lab.git(clone, "status", "--porcelain"), merging)
      Fs.rmSync(join(clone, ".git/MERGE_HEAD"))
      assert.strictEqual(yield* told(Git.push(options)), "conflict unmerged")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("a branch that cannot be told, and files that are none of its business", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* ready
      lab.git(clone, "checkout", "--quiet", "--detach")
      assert.strictEqual(yield* told(Git.pull(options)), "rejected detached-head")
      lab.git(clone, "checkout", "--quiet", "-b", "alone")
      assert.strictEqual(yield* told(Git.pull(options)), "rejected no-upstream")
      assert.strictEqual(yield* told(Git.pull({ ...options, branch: "main" })), "rejected other-branch")
      assert.strictEqual(
        yield* told(Git.pull({ ...options, branch: "alone", remote: "nowhere" })),
        "not-found no-remote"
      )
      lab.git(clone, "checkout", "--quiet", "main")
      for (const path of ["../seed/state/a.json", "state", "."]) {
        assert.strictEqual(yield* told(Git.push({ ...options, paths: [path] })), "invalid bad-path")
      }
      Lab.write(join(clone, ".gitignore"), "hidden/\n")
      Lab.write(join(clone, "hidden/a.json"), "{}\n")
      assert.strictEqual(yield* told(Git.push({ ...options, paths: ["hidden/a.json"] })), "invalid ignored-path")
      assert.strictEqual(yield* told(Git.pull({ ...options, directory: lab.folder })), "invalid not-a-repository")
      const nowhere = { ...options, environment: { ...lab.environment, PATH: lab.folder } }
      assert.strictEqual(yield* told(Git.pull(nowhere)), "not-found git-missing")
      assert.strictEqual(lab.git(clone, "rev-list", "--count", "HEAD"), "1")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive.skipIf(process.getuid?.() !== 0)(
    "a folder of another user (seen where root runs it)",
    () =>
      Effect.gen(function*() {
        const { clone, options } = yield* ready
        Fs.chownSync(clone, 65_534, 65_534)
        Fs.chownSync(join(clone, ".git"), 65_534, 65_534)
        const fault = yield* Effect.flip(Git.pull(options))
        assert.strictEqual(`${fault.kind} ${fault.code}`, "denied unsafe-directory")
        assert.include(fault.message, "safe.directory")
      }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scopedLive("a branch that was removed from the remote, histories without a common commit, and local merges", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* ready
      lab.git(clone, "checkout", "--quiet", "-b", "short", "--track", "origin/main")
      lab.git(clone, "push", "--quiet", "-u", "origin", "short")
      lab.git(lab.origin, "branch", "--quiet", "-D", "short")
      assert.strictEqual(yield* told(Git.push(options)), "not-found upstream-gone")
      lab.git(clone, "checkout", "--quiet", "main")
      const orphan = lab.git(
        lab.origin,
        "-c",
        "user.name=x",
        "-c",
        "user.email=x",
        "commit-tree",
        "-m",
        "O",
        "main^{tree}"
      )
      const main = lab.git(lab.origin, "rev-parse", "main")
      lab.git(lab.origin, "update-ref", "refs/heads/main", orphan)
      assert.strictEqual(yield* told(Git.pull(options)), "conflict unrelated")
      lab.git(lab.origin, "update-ref", "refs/heads/main", main)
      lab.git(clone, "merge", "--quiet", "--no-ff", "-m", "Merge", "short")
      const seed = join(lab.folder, "seed")
      Lab.write(join(seed, "other.txt"), "other\n")
      lab.git(seed, "add", ".")
      lab.git(seed, "commit", "--quiet", "-m", "Other")
      lab.git(seed, "push", "--quiet", "origin", "HEAD:main")
      assert.strictEqual(yield* told(Git.pull(options)), "conflict local-merges")
      assert.strictEqual(Lab.dirt(lab, clone), "")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("a state that cannot be read, and a conflict in a file that is not a state: nothing changes", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* ready
      Lab.write(join(clone, state), "<<<<<<< ours\n")
      assert.strictEqual(yield* told(Git.push(options)), "invalid corrupt")
      assert.strictEqual(lab.git(clone, "status", "--porcelain"), ` M ${state}`)
      assert.strictEqual(lab.git(clone, "rev-list", "--count", "HEAD"), "1")
      lab.git(clone, "checkout", "--quiet", "--", state)
      Lab.write(join(clone, "out/page.txt"), "ours\n")
      lab.git(clone, "commit", "--quiet", "-am", "Ours")
      const seed = join(lab.folder, "seed")
      Lab.write(join(seed, "out/page.txt"), "theirs\n")
      lab.git(seed, "commit", "--quiet", "-am", "Theirs")
      lab.git(seed, "push", "--quiet", "origin", "HEAD:main")
      const head = lab.git(clone, "rev-parse", "HEAD")
      for (const effect of [Effect.asVoid(Git.pull(options)), Effect.asVoid(Git.push(options))]) {
        const fault = yield* Effect.flip(effect)
        assert.strictEqual(`${fault.kind} ${fault.code}`, "conflict merge-conflict")
        assert.include(fault.message, "out/page.txt")
      }
      assert.strictEqual(lab.git(clone, "rev-parse", "HEAD"), head)
      assert.strictEqual(Lab.dirt(lab, clone), "")
    }).pipe(Effect.provide(NodeContext.layer)))
})

describe.skipIf(!Lab.hasGit)(Lab.title("Git lets go"), () => {
  it.scopedLive("a push whose reply was lost is settled by looking, and not made twice", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* ready
      // The remote takes the commit, and the connection breaks before it can say so.
      Lab.script(join(lab.origin, "hooks/post-receive"), "kill -9 $PPID")
      const pushed = yield* Git.push(options)
      assert.deepInclude(pushed, { committed: true, pushed: 1, tries: 1 })
      assert.strictEqual(lab.git(lab.origin, "rev-list", "--count", "main"), "2")
      assert.strictEqual(Lab.dirt(lab, clone), "")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("of a remote that never answers: by interruption, by its own timeout, by a deadline", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* ready
      const server = yield* silent
      lab.git(clone, "remote", "set-url", "origin", server.url)
      const fiber = yield* Effect.fork(Git.push(options))
      yield* server.opened
      yield* Fiber.interrupt(fiber)
      yield* server.closed
      assert.strictEqual(Lab.dirt(lab, clone), "")
      const slow = yield* silent
      lab.git(clone, "remote", "set-url", "origin", slow.url)
      assert.strictEqual(yield* told(Git.pull({ ...options, commandTimeout: "1 second" })), "timed-out git-timeout")
      yield* slow.closed
      const late = yield* silent
      lab.git(clone, "remote", "set-url", "origin", late.url)
      const fault = yield* Effect.flip(Deadline.within("1500 millis")(Git.push(options)))
      assert.strictEqual(fault.kind, "timed-out")
      yield* late.closed
      lab.git(clone, "remote", "set-url", "origin", lab.origin)
      assert.deepInclude(yield* Git.push(options), { committed: false, pushed: 1 })
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("of a hook that does not want to end", () =>
    Effect.gen(function*() {
      const { clone, lab, options } = yield* ready
      const started = join(lab.folder, "started")
      assert.strictEqual(spawnSync("mkfifo", [started]).status, 0)
      Lab.script(
        join(clone, ".git/hooks/pre-commit"),
        "trap '' TERM INT",
        "sleep 1000 &",
        `echo "$$ $!" > '${started}'`,
        "while :; do wait; sleep 1; done"
      )
      const fiber = yield* Effect.fork(Git.push(options))
      const pids = yield* Effect.promise(() => Fs.promises.readFile(started, "utf8"))
      yield* Fiber.interrupt(fiber)
      // They have been killed, and on a busy machine it takes them a while to notice. Nobody waits for a minute.
      for (const pid of pids.trim().split(" ")) {
        yield* Effect.repeat(Effect.sleep("10 millis"), { until: () => !isAlive(Number(pid)), times: 6000 })
        assert.isFalse(isAlive(Number(pid)), pid)
      }
      assert.strictEqual(lab.git(clone, "status", "--porcelain"), ` M ${state}`)
      Fs.rmSync(join(clone, ".git/hooks/pre-commit"))
      assert.deepInclude(yield* Git.push(options), { committed: true, pushed: 1 })
      assert.strictEqual(Lab.dirt(lab, clone), "")
    }).pipe(Effect.provide(NodeContext.layer)))
})
