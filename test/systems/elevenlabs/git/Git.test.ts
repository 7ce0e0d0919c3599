import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import { join } from "node:path"
import * as Git from "../../../../src/systems/elevenlabs/git/Git.ts"
import * as Lab from "./Lab.ts"

const state = "state/a.json"

/** Somebody else brings content to the origin. */
const elsewhere = (lab: Lab.Lab, files: Readonly<Record<string, string>>, message = "From elsewhere"): void => {
  const other = join(lab.folder, "seed")
  lab.git(other, "pull", "--quiet", "--rebase", "origin", "main")
  for (const [path, content] of Object.entries(files)) Lab.write(join(other, path), content)
  lab.git(other, "add", ".")
  lab.git(other, "commit", "--quiet", "-m", message)
  lab.git(other, "push", "--quiet", "origin", "HEAD:main")
}

/** A user in the middle of something: one file staged, one staged and changed again, one changed, one new. */
const busyUser = (lab: Lab.Lab, clone: string): string => {
  Lab.write(join(clone, "staged.txt"), "staged\n")
  Lab.write(join(clone, "twice.txt"), "staged\n")
  lab.git(clone, "add", "staged.txt", "twice.txt")
  Lab.write(join(clone, "twice.txt"), "and changed again\n")
  Lab.write(join(clone, "new.txt"), "new\n")
  Lab.write(join(clone, "out/page.txt"), "changed by the user\n")
  return lab.git(clone, "status", "--porcelain")
}

/** A tree, but for the file that only the others changed. */
const withoutTheirs = (tree: string): ReadonlyArray<string> =>
  tree.split("\n").filter((line) => !line.endsWith("state/b.json"))

describe.skipIf(!Lab.hasGit)(Lab.title("Git"), () => {
  it.scopedLive("pushes the named files and nothing else; what the user has in hand stays as it is", () =>
    Effect.gen(function*() {
      const lab = yield* Lab.make
      const clone = lab.clone("clone")
      const before = busyUser(lab, clone)
      elsewhere(lab, { "other.txt": "other\n" })
      Lab.write(join(clone, state), Lab.stateOf({ first: "1", ours: "2" }))
      const options = Lab.options(lab, join(clone, "state"), ["a.json", join(clone, "state/b.json"), "c.json"])
      const pushed = yield* Git.push({ ...options, message: "Ours\n\nWith a body" })
      assert.deepInclude(pushed, { committed: true, pushed: 1, tries: 1, merged: [], blocked: [] })
      assert.strictEqual(lab.git(lab.origin, "log", "--format=%s|%b|%an", "-1", "main"), "Ours|With a body\n|clone")
      assert.strictEqual(lab.git(lab.origin, "show", "--format=", "--name-only", "main"), state)
      assert.strictEqual(lab.git(clone, "status", "--porcelain"), before)
      assert.strictEqual(Lab.read(join(clone, "twice.txt")), "and changed again\n")
      assert.strictEqual(lab.git(clone, "show", ":twice.txt"), "staged")
      assert.strictEqual(Lab.read(join(clone, "other.txt")), "other\n")
      assert.strictEqual(lab.git(clone, "rev-parse", "HEAD", "origin/main"), `${pushed.commit}\n${pushed.commit}`)
      const again = yield* Git.push(options)
      assert.deepInclude(again, { committed: false, pushed: 0, tries: 1, commit: pushed.commit })
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("merges a state file that both sides changed, with the base, and puts the result on the disk", () =>
    Effect.gen(function*() {
      const lab = yield* Lab.make
      const clone = lab.clone("clone")
      elsewhere(lab, {
        [state]: Lab.stateOf({ first: "1", theirs: "1" }),
        "state/new.json": Lab.stateOf({ theirs: "1" })
      })
      Lab.write(join(clone, state), Lab.stateOf({ ours: "1" }))
      Lab.write(join(clone, "state/new.json"), Lab.stateOf({ ours: "1" }))
      const pushed = yield* Git.push(Lab.options(lab, clone, [state, "state/new.json"]))
      assert.deepStrictEqual(pushed.merged, [state, "state/new.json"])
      // `first` was removed by us; without the base it would have come back.
      assert.deepStrictEqual(yield* Lab.parse(Lab.published(lab, state)), { ours: "1", theirs: "1" })
      assert.deepStrictEqual(yield* Lab.parse(Lab.published(lab, "state/new.json")), { ours: "1", theirs: "1" })
      assert.strictEqual(Lab.read(join(clone, state)), Lab.published(lab, state))
      assert.strictEqual(Lab.dirt(lab, clone), "")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("pulls: up to date, fast forward, and under an unpushed commit", () =>
    Effect.gen(function*() {
      const lab = yield* Lab.make
      const clone = lab.clone("clone")
      const options = Lab.options(lab, clone)
      assert.deepInclude(yield* Git.pull(options), { outcome: "up-to-date", ahead: 0 })
      elsewhere(lab, { "out/page.txt": "two\n", "more/deep.txt": "deep\n" })
      const forward = yield* Git.pull(options)
      assert.deepInclude(forward, { outcome: "fast-forward", commit: lab.git(lab.origin, "rev-parse", "main") })
      assert.strictEqual(Lab.read(join(clone, "more/deep.txt")), "deep\n")
      Lab.write(join(clone, "mine.txt"), "mine\n")
      lab.git(clone, "add", ".")
      lab.git(clone, "commit", "--quiet", "--author=Ann Author <ann@lab.example>", "-m", "Mine: größer")
      assert.deepInclude(yield* Git.pull(options), { outcome: "up-to-date", ahead: 1 })
      elsewhere(lab, { "out/page.txt": "three\n" })
      assert.deepInclude(yield* Git.pull(options), { outcome: "replayed", ahead: 1 })
      assert.strictEqual(lab.git(clone, "log", "--format=%s %an", "-2"), "Mine: größer Ann Author\nFrom elsewhere seed")
      assert.strictEqual(Lab.read(join(clone, "out/page.txt")), "three\n")
      assert.strictEqual(Lab.dirt(lab, clone), "")
      const unpushed = yield* Git.push(options)
      assert.deepInclude(unpushed, { committed: false, pushed: 1 })
      assert.strictEqual(lab.git(lab.origin, "log", "--format=%s", "-1", "main"), "Mine: größer")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("a commit of the user keeps all it is when it is put on top of others; signed where he signs", () =>
    Effect.gen(function*() {
      const lab = yield* Lab.make
      const clone = lab.clone("clone")
      Fs.symlinkSync("out/page.txt", join(clone, "link"))
      Lab.write(join(clone, "place"), "a file\n")
      lab.git(clone, "add", ".")
      lab.git(clone, "commit", "--quiet", "-m", "One")
      const odd = "out/an \"odd\" \\ näme.txt"
      Lab.script(join(clone, "\"quoted\".sh"), "exit 0")
      Lab.write(join(clone, odd), "no line break at the end")
      Fs.rmSync(join(clone, "place"))
      Lab.write(join(clone, "place/inside.txt"), "now a folder\n")
      Fs.rmSync(join(clone, "out/page.txt"))
      lab.git(clone, "add", "-A", ".")
      lab.git(
        clone,
        "commit",
        "--quiet",
        "--author=Zoë <zoe@lab.example>",
        "-m",
        "Two\n\nWith a \"body\"\n\n  indented"
      )
      const told = "--format=%an <%ae> %ad%n%B"
      const before = [lab.git(clone, "ls-tree", "-r", "HEAD"), lab.git(clone, "log", "-2", told)]
      elsewhere(lab, { "state/b.json": Lab.stateOf({ first: "2" }) })
      const signs = Lab.script(
        join(lab.folder, "sign"),
        "cat > /dev/null",
        "echo '[GNUPG:] SIG_CREATED D 1 8 00 0 0' >&2",
        "printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nits mark\\n-----END PGP SIGNATURE-----\\n'"
      )
      lab.git(clone, "config", "gpg.program", signs)
      lab.git(clone, "config", "commit.gpgSign", "true")
      assert.deepInclude(yield* Git.pull(Lab.options(lab, clone)), { outcome: "replayed", ahead: 2, merged: [] })
      const theirs = lab.git(lab.origin, "ls-tree", "main", "state/b.json")
      const after = lab.git(clone, "ls-tree", "-r", "HEAD")
      assert.include(after, theirs)
      assert.deepStrictEqual(withoutTheirs(after), withoutTheirs(before[0] ?? ""))
      assert.strictEqual(lab.git(clone, "log", "-2", told), before[1])
      assert.include(lab.git(clone, "cat-file", "commit", "HEAD"), "its mark")
      assert.include(lab.git(clone, "cat-file", "commit", "HEAD~1"), "its mark")
      assert.strictEqual(lab.git(clone, "fsck", "--strict", "--no-dangling"), "")
      assert.strictEqual(Lab.dirt(lab, clone), "")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("a state that a dead run left uncommitted is merged by the pull, and no key is lost", () =>
    Effect.gen(function*() {
      const lab = yield* Lab.make
      const clone = lab.clone("clone")
      Lab.write(join(clone, state), Lab.stateOf({ first: "1", left: "1" }))
      elsewhere(lab, { "out/page.txt": "two\n" })
      // Nobody else touched the file: it stays what it is, uncommitted.
      assert.deepInclude(yield* Git.pull(Lab.options(lab, clone)), { outcome: "fast-forward", ahead: 0 })
      assert.strictEqual(lab.git(clone, "status", "--porcelain"), ` M ${state}`)
      elsewhere(lab, { [state]: Lab.stateOf({ first: "1", theirs: "1" }) })
      const pulled = yield* Git.pull(Lab.options(lab, clone))
      assert.deepInclude(pulled, { outcome: "replayed", ahead: 1, merged: [state] })
      assert.deepStrictEqual(yield* Lab.parse(Lab.read(join(clone, state))), { first: "1", left: "1", theirs: "1" })
      assert.strictEqual(Lab.dirt(lab, clone), "")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("a change of the user in the way: the pull is refused, the push goes out and says so", () =>
    Effect.gen(function*() {
      const lab = yield* Lab.make
      const clone = lab.clone("clone")
      elsewhere(lab, { "out/page.txt": "two\n", "surprise.txt": "theirs\n" })
      const before = busyUser(lab, clone)
      Lab.write(join(clone, "surprise.txt"), "untracked\n")
      const head = lab.git(clone, "rev-parse", "HEAD")
      const refused = yield* Effect.flip(Git.pull(Lab.options(lab, clone)))
      assert.strictEqual(refused.code, "local-changes")
      assert.match(refused.message, /page\.txt|surprise\.txt/)
      assert.strictEqual(lab.git(clone, "rev-parse", "HEAD"), head)
      assert.strictEqual(lab.git(clone, "status", "--porcelain"), `${before}\n?? surprise.txt`)
      Lab.write(join(clone, state), Lab.stateOf({ ours: "1" }))
      const pushed = yield* Git.push(Lab.options(lab, clone))
      assert.deepInclude(pushed, { committed: true, pushed: 1 })
      assert.isNotEmpty(pushed.blocked)
      assert.strictEqual(lab.git(lab.origin, "rev-parse", "main"), pushed.commit)
      assert.strictEqual(lab.git(clone, "status", "--porcelain"), `${before}\n?? surprise.txt`)
      assert.strictEqual(Lab.read(join(clone, "surprise.txt")), "untracked\n")
      // Out of the way: the next run follows, and does not bring the same commit again.
      for (const name of ["surprise.txt", "out/page.txt"]) Fs.rmSync(join(clone, name))
      lab.git(clone, "checkout", "--quiet", "--", "out/page.txt")
      assert.deepInclude(yield* Git.push(Lab.options(lab, clone)), { committed: false, pushed: 0, blocked: [] })
      assert.strictEqual(lab.git(clone, "rev-parse", "HEAD"), pushed.commit)
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("a workflow: shallow, detached, without a user", () =>
    Effect.gen(function*() {
      const lab = yield* Lab.make
      elsewhere(lab, { "out/page.txt": "two\n" })
      elsewhere(lab, { "out/page.txt": "three\n" })
      lab.git(lab.folder, "clone", "--quiet", "--depth=1", `file://${lab.origin}`, "runner")
      const clone = join(lab.folder, "runner")
      lab.git(clone, "checkout", "--quiet", "--detach")
      elsewhere(lab, { [state]: Lab.stateOf({ first: "1", theirs: "1" }) })
      elsewhere(lab, { "out/page.txt": "four\n" })
      const options = { ...Lab.options(lab, clone), branch: "main" }
      Lab.write(join(clone, state), Lab.stateOf({ first: "1", ours: "1" }))
      const pushed = yield* Git.push(options)
      assert.deepInclude(pushed, { committed: true, pushed: 1, merged: [state], blocked: [] })
      assert.strictEqual(
        lab.git(lab.origin, "log", "-1", "--format=%an <%ae> %cn", "main"),
        "holdfast <holdfast@localhost> holdfast"
      )
      assert.strictEqual(lab.git(clone, "rev-parse", "HEAD"), pushed.commit)
      assert.strictEqual(lab.tryGit(clone, "symbolic-ref", "-q", "HEAD").status, 1)
      assert.strictEqual(Lab.dirt(lab, clone), "")
      elsewhere(lab, { "out/page.txt": "five\n" })
      assert.deepInclude(yield* Git.pull(options), { outcome: "fast-forward" })
      assert.strictEqual(Lab.read(join(clone, "out/page.txt")), "five\n")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("a shallow clone whose remote went back is made deeper, and finds where both part", () =>
    Effect.gen(function*() {
      const lab = yield* Lab.make
      elsewhere(lab, { "out/page.txt": "two\n" })
      lab.git(lab.folder, "clone", "--quiet", "--depth=1", `file://${lab.origin}`, "runner")
      const clone = join(lab.folder, "runner")
      const seed = join(lab.folder, "seed")
      lab.git(seed, "reset", "--quiet", "--hard", "HEAD~1")
      Lab.write(join(seed, "third.txt"), "3\n")
      lab.git(seed, "add", ".")
      lab.git(seed, "commit", "--quiet", "-m", "Another second")
      lab.git(seed, "push", "--quiet", "--force", "origin", "HEAD:main")
      const pulled = yield* Git.pull(Lab.options(lab, clone))
      assert.deepInclude(pulled, { outcome: "replayed", ahead: 1 })
      assert.strictEqual(lab.git(clone, "log", "--format=%s"), "From elsewhere\nAnother second\nBegin")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("an empty origin: nothing to pull, and the first push makes the branch", () =>
    Effect.gen(function*() {
      const lab = yield* Lab.make
      const empty = join(lab.folder, "empty.git")
      lab.git(lab.folder, "init", "--quiet", "--bare", "--initial-branch=main", empty)
      lab.git(lab.folder, "clone", "--quiet", empty, "fresh")
      const clone = join(lab.folder, "fresh")
      const options = Lab.options(lab, clone)
      assert.deepInclude(yield* Git.pull(options), { outcome: "up-to-date", commit: undefined })
      assert.deepInclude(yield* Git.push(options), { committed: false, pushed: 0, tries: 0 })
      Lab.write(join(clone, state), Lab.stateOf({ ours: "1" }))
      assert.deepInclude(yield* Git.push(options), { committed: true, pushed: 1 })
      assert.strictEqual(lab.git(empty, "show", "--format=%s", "--name-only", "main"), `Keep the state\n\n${state}`)
      lab.git(lab.folder, "init", "--quiet", "--initial-branch=main", "unborn")
      const unborn = join(lab.folder, "unborn")
      lab.git(unborn, "remote", "add", "origin", empty)
      const pulled = yield* Git.pull({ ...Lab.options(lab, unborn), branch: "main" })
      assert.strictEqual(pulled.outcome, "fast-forward")
      assert.deepStrictEqual(yield* Lab.parse(Lab.read(join(unborn, state))), { ours: "1" })
      assert.strictEqual(Lab.dirt(lab, unborn), "")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("a state file that was removed is removed, and one that others removed is a conflict", () =>
    Effect.gen(function*() {
      const lab = yield* Lab.make
      const clone = lab.clone("clone")
      Fs.rmSync(join(clone, state))
      assert.deepInclude(yield* Git.push(Lab.options(lab, clone)), { committed: true, pushed: 1 })
      assert.strictEqual(lab.tryGit(lab.origin, "cat-file", "-e", `main:${state}`).status, 128)
      const other = join(lab.folder, "seed")
      Lab.write(join(other, state), Lab.stateOf({ first: "2" }))
      const { code, kind } = yield* Effect.flip(Git.push(Lab.options(lab, other)))
      assert.deepStrictEqual([kind, code], ["conflict", "merge-conflict"])
      assert.strictEqual(Lab.dirt(lab, other), "")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scopedLive("two processes on one clone take turns", () =>
    Effect.gen(function*() {
      const lab = yield* Lab.make
      const clone = lab.clone("clone")
      Lab.write(join(clone, state), Lab.stateOf({ first: "1", a: "1" }))
      Lab.write(join(clone, "state/b.json"), Lab.stateOf({ first: "1", b: "1" }))
      const both = yield* Effect.forEach([state, "state/b.json"], (path) => Git.push(Lab.options(lab, clone, [path])), {
        concurrency: 2
      })
      assert.deepStrictEqual(both.map(({ committed }) => committed), [true, true])
      assert.strictEqual(lab.git(lab.origin, "rev-list", "--count", "main"), "3")
      assert.strictEqual(Lab.dirt(lab, clone), "")
    }).pipe(Effect.provide(NodeContext.layer)))
})
