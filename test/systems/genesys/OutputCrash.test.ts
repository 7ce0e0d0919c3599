/**
 * The hardest failure of production: the process is killed, or the disk is full, while the output is written. What
 * stood there is somebody's infrastructure in version control.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import * as Output from "../../../src/systems/genesys/output/Output.ts"
import { Steps } from "../../../src/systems/genesys/output/Steps.ts"
import * as Validate from "../../../src/systems/genesys/validate/Validate.ts"
import * as Child from "../../store/Child.ts"
import * as Lab from "./OutputLab.ts"
import * as World from "./OutputWorld.ts"

const write = (directory: string, generation: number) => Output.write(World.input(directory, generation))

/** Runs the program to its end. */
const run = (script: string, args: ReadonlyArray<string>, limits = "", cwd = "/") =>
  Effect.promise(async () => {
    const command = `${limits} exec "$0" "$@"`
    const child = spawn("sh", ["-c", command, process.execPath, script, ...args], { cwd, stdio: "pipe" })
    let said = ""
    child.stdout.on("data", (data: Buffer) => (said += data.toString()))
    child.stderr.on("data", (data: Buffer) => (said += data.toString()))
    const [code, signal] = await once(child, "exit")
    return { code, signal, said: said.trim() }
  })

/** What stands beside each other in a folder. */
const beside = (folder: string) => Effect.promise(() => Fs.readdir(folder).then((names) => names.toSorted()))

const steps = (directory: string, generation: number) => {
  const met: Array<string> = []
  return write(directory, generation).pipe(
    Effect.provideService(Steps, (step) => Effect.sync(() => met.push(step))),
    Effect.as(met)
  )
}

const program = Child.program(new URL("OutputProgram.ts", import.meta.url))

describe("An output that is interrupted", () => {
  it.scopedLive(
    "is the old one or the new one, whole, after a kill at any step, and leaves nothing behind",
    () =>
      Effect.gen(function*() {
        const script = yield* program
        const root = yield* Lab.folder
        const [first, second] = [Path.join(root, "first", "acme"), Path.join(root, "second", "acme")]
        yield* write(first, 1)
        yield* write(second, 1)
        const old = yield* Lab.contents(Path.dirname(first))
        const names = yield* steps(second, 2)
        const fresh = yield* Lab.contents(Path.dirname(second))
        assert.notDeepEqual(fresh, old)
        assert.isAbove(names.length, 15)
        assert.includeMembers(names, ["call it ready", "step aside", "take the place", "remove the old folder"])
        const sweep = names.map((name, index) =>
          Effect.gen(function*() {
            const parent = Path.join(root, `kill-${index}`)
            const directory = Path.join(parent, "acme")
            yield* write(directory, 1)
            yield* Effect.promise(() => Fs.mkdir(Path.join(directory, ".git")))
            yield* Effect.promise(() => Fs.writeFile(Path.join(directory, ".git", "HEAD"), "ref"))
            const killed = yield* run(script, [directory, "2", String(index + 1)])
            assert.strictEqual(killed.signal, "SIGKILL", `${name}: ${killed.said}`)
            const validation = yield* Validate.folder(directory)
            assert.deepStrictEqual(validation.problems, [], name)
            const git = { ".git/HEAD": "ref" }
            const found = yield* Lab.contents(directory)
            const was = within(old)
            const is = within(fresh)
            const isOld = found["genesyscloud.tf.json"] === was["genesyscloud.tf.json"]
            assert.deepStrictEqual(found, { ...(isOld ? was : is), ...git }, name)
            yield* write(directory, 2)
            assert.deepStrictEqual(yield* Lab.contents(directory), { ...is, ...git }, name)
            assert.deepStrictEqual(yield* beside(parent), ["acme", "acme.zip"], name)
            const zip = Fs.readFile(Path.join(parent, "acme.zip"))
            assert.deepStrictEqual(
              yield* Effect.promise(() => zip),
              yield* Effect.promise(() => Fs.readFile(`${second}.zip`)),
              name
            )
            return isOld
          })
        )
        const outcomes = yield* Effect.all(sweep, { concurrency: 3 })
        assert.include(outcomes, true)
        assert.include(outcomes, false)
      }),
    120_000
  )

  it.scopedLive("is nothing or whole where there was none before", () =>
    Effect.gen(function*() {
      const script = yield* program
      const root = yield* Lab.folder
      const whole = Path.join(root, "whole", "acme")
      const names = yield* steps(whole, 2)
      const expected = yield* Lab.contents(whole)
      const late = names.map((name, index) => ({ name, index })).slice(-6)
      yield* Effect.forEach(late, ({ index, name }) =>
        Effect.gen(function*() {
          const parent = Path.join(root, `kill-${index}`)
          const directory = Path.join(parent, "acme")
          const killed = yield* run(script, [directory, "2", String(index + 1)])
          assert.strictEqual(killed.signal, "SIGKILL", name)
          const found = yield* Effect.either(Validate.folder(directory))
          if (found._tag === "Left") assert.strictEqual(found.left.code, "file-missing", name)
          else assert.deepStrictEqual(yield* Lab.contents(directory), expected, name)
          yield* write(directory, 2)
          assert.deepStrictEqual(yield* beside(parent), ["acme", "acme.zip"], name)
          assert.deepStrictEqual(yield* Lab.contents(directory), expected, name)
        }), { concurrency: 3, discard: true })
    }), 60_000)

  it.scopedLive("is the old one after an interruption, with nothing beside it", () =>
    Effect.gen(function*() {
      const parent = yield* Lab.folder
      const directory = Path.join(parent, "acme")
      yield* write(directory, 1)
      const before = yield* Lab.contents(parent)
      for (const stop of ["open genesyscloud.tf.json", "check", "archive"]) {
        const exit = yield* Effect.exit(
          write(directory, 2).pipe(
            Effect.provideService(Steps, (step) => step === stop ? Effect.interrupt : Effect.void)
          )
        )
        assert.strictEqual(exit._tag, "Failure", stop)
        assert.deepStrictEqual(yield* Lab.contents(parent), before, stop)
        assert.deepStrictEqual(yield* beside(parent), ["acme", "acme.zip"], stop)
      }
    }))

  it.scopedLive("is refused while another export writes there", () =>
    Effect.gen(function*() {
      const directory = Path.join(yield* Lab.folder, "acme")
      const fault = yield* write(directory, 1).pipe(
        Effect.provideService(Steps, (step) =>
          step === "check"
            ? Effect.flatMap(Effect.orDie(Effect.flip(write(directory, 2))), (fault) => Effect.die(fault.code))
            : Effect.void),
        Effect.sandbox,
        Effect.flip
      )
      assert.strictEqual(fault._tag, "Die")
      assert.include(String(fault._tag === "Die" ? fault.defect : ""), "lock-")
    }))

  it.scopedLive("is the old one on a full disk", (context) =>
    Effect.gen(function*() {
      const root = yield* Lab.folder
      const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "holdfast-test", root]).status === 0
      if (!mounted) return context.skip("no permission to mount a small disk")
      yield* Effect.addFinalizer(() => Effect.sync(() => spawnSync("umount", ["-l", root])))
      const directory = Path.join(root, "acme")
      yield* write(directory, 1)
      const before = yield* Lab.contents(root)
      const fault = yield* Effect.flip(Output.write(World.input(directory, 2, 400)))
      assert.strictEqual(fault.code, "disk-full")
      assert.include(fault.message, "the output of before is intact")
      assert.deepStrictEqual(yield* Lab.contents(root), before)
      assert.deepStrictEqual(yield* beside(root), ["acme", "acme.zip"])
      yield* write(directory, 2)
      assert.deepStrictEqual((yield* Validate.folder(directory)).problems, [])
      // The disk itself has no name that another folder could take.
      yield* Effect.promise(() => Promise.all([Fs.rm(directory, { recursive: true }), Fs.rm(`${directory}.zip`)]))
      const mount = yield* Effect.flip(write(root, 1))
      assert.strictEqual(mount.code, "output-mount")
    }))

  it.scopedLive("is refused where it would take away the folder that the user is in", () =>
    Effect.gen(function*() {
      const script = yield* program
      const directory = Path.join(yield* Lab.folder, "acme")
      yield* write(directory, 1)
      const before = yield* Lab.contents(directory)
      yield* Effect.promise(() => Fs.mkdir(Path.join(directory, ".git")))
      for (const cwd of [directory, Path.join(directory, ".git")]) {
        const { said } = yield* run(script, [directory, "2"], "", cwd)
        assert.include(said, "fault output-current")
      }
      assert.deepStrictEqual(yield* Lab.contents(directory), before)
    }))

  it.scopedLive("is the old one where a file grows larger than the system allows", () =>
    Effect.gen(function*() {
      const script = yield* program
      const root = yield* Lab.folder
      const directory = Path.join(root, "acme")
      yield* write(directory, 1)
      const before = yield* Lab.contents(root)
      const { said } = yield* run(script, [directory, "2"], "ulimit -f 1;")
      assert.include(said, "fault file-too-big")
      assert.deepStrictEqual(yield* Lab.contents(root), before)
      assert.deepStrictEqual(yield* beside(root), ["acme", "acme.zip"])
    }))
})

/** The files of the folder itself, of what stands in its parent. */
const within = (contents: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(contents).filter(([name]) => name.startsWith("acme/")).map(([name, text]) => [name.slice(5), text])
  )
