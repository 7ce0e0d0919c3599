import { describe, expect, it } from "@effect/vitest"
import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as Effect from "effect/Effect"
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { type Cluster, fleet, names, secret, serve, token } from "./Cluster.ts"
import { mayMount, smallDisk } from "../store/SmallDisk.ts"
import { command, folder, launch, run, type Running } from "./Command.ts"

interface Run {
  readonly id: string
  readonly state: string
  readonly command: string
  readonly target: string
}

interface Step {
  readonly key: string
  readonly state: string
  readonly settledBy?: string
}

const target = "proxmox/pve1+pve2/test"

/** The second clone is not answered in the life of a test: the command waits for it until it is killed. */
const holdsBackAClone = {
  network: { rules: [{ match: { method: "POST", path: "/clone$" }, nth: 2, effect: { type: "latency", millis: 2e9 } }] }
}

const stuck = { speed: 100, faults: holdsBackAClone }

const runs = (cluster: Cluster): Effect.Effect<ReadonlyArray<Run>> =>
  Effect.map(cluster.run("run list --json"), ({ stdout }) => JSON.parse(stdout).runs)

const states = (cluster: Cluster) => Effect.map(runs(cluster), (list) => list.map(({ state }) => state))

const steps = (cluster: Cluster, id: string): Effect.Effect<ReadonlyArray<Step>> =>
  Effect.map(cluster.run(`run show ${id} --json`), ({ stdout }) => JSON.parse(stdout).steps)

const some = (list: ReadonlyArray<Step>, state: string) => list.some((step) => step.state === state)

/** An apply in the middle of its work: something is done, and of something else nobody knows. */
const midway = (cluster: Cluster) =>
  Effect.gen(function*() {
    const running = yield* cluster.start("proxmox apply")
    yield* running.says("configured VM")
    return { id: (yield* runs(cluster))[0]?.id ?? "", running }
  })

const kill = (running: Running) => {
  running.child.kill("SIGKILL")
  return running.ends
}

const isComplete = (cluster: Cluster) =>
  Effect.map(cluster.machines, (machines) => {
    expect(machines.map(({ name, status }) => [name, status])).toEqual(names.map((name) => [name, "running"]))
  })

describe.concurrent("a run", () => {
  it.live(
    "that is killed in the middle shows as interrupted, with what is done and what is unknown; resume finishes it",
    () =>
      Effect.gen(function*() {
        const cluster = yield* serve(stuck)
        const { id, running } = yield* midway(cluster)
        const [during, all] = yield* Effect.all([steps(cluster, id), states(cluster)], { concurrency: 2 })
        expect([some(during, "done"), some(during, "unknown"), all]).toEqual([true, true, ["running"]])
        yield* kill(running)
        expect(yield* runs(cluster)).toMatchObject([{ id, state: "interrupted", command: "proxmox apply", target }])
        const text = yield* cluster.run(`run show ${id}`)
        expect(text.stdout).toMatch(/^ {2}unknown +pve1\+pve2\/proxmox\/test\/web-\d\/clone\/1$/m)
        expect(text.stdout).toContain(`to finish it: holdfast run resume ${id}`)
        expect(text.stdout).toMatch(/^ {2}trace +[0-9a-f]{32}$/m)

        const resumed = yield* cluster.run(`run resume ${id.slice(0, -1)}`)
        expect(resumed.code).toBe(0)
        yield* isComplete(cluster)
        const [second, first] = yield* runs(cluster)
        expect([second?.state, first?.state]).toEqual(["done", "interrupted"])
        const before = yield* steps(cluster, id)
        expect(before.filter(({ state }) => state === "unknown")).toEqual([])
        expect(before.map(({ settledBy }) => settledBy)).toContain(second?.id)

        const done = yield* cluster.run(`run resume ${second?.id}`)
        expect(done.code).toBe(3)
        expect(done.stderr).toContain("it is done")
        const pruned = { pruned: 2, changes: 12, outcomes: 0, open: 0 }
        const prune = Effect.map(
          Effect.all([
            cluster.run("run prune --older-than 1ms --dry-run --json"),
            cluster.run("run prune --older-than 1ms --json")
          ]),
          (results) => results.map(({ code, stdout }) => [code, JSON.parse(stdout)])
        )
        expect(yield* prune).toEqual([[0, pruned], [0, pruned]])
        expect((yield* cluster.run("run list")).stdout).toBe("no runs\n")
        expect((yield* cluster.run("run prune")).stdout).toBe("0 runs, 0 changes and 0 outcomes are forgotten\n")
        expect(cluster.printed()).not.toContain(secret)
        expect(readFileSync(join(cluster.folder, ".holdfast/holdfast.db")).includes(secret)).toBe(false)
      }).pipe(Effect.scoped),
    180_000
  )

  it.live("is finished by the same command too, which asks for nothing of it", () =>
    Effect.gen(function*() {
      const cluster = yield* serve(stuck)
      const { running } = yield* midway(cluster)
      yield* kill(running)
      expect((yield* cluster.run("proxmox apply")).code).toBe(0)
      yield* isComplete(cluster)
      expect(yield* states(cluster)).toEqual(["done", "interrupted"])
      expect((yield* cluster.run("proxmox destroy --yes")).code).toBe(0)
      expect(yield* cluster.machines).toEqual([])
      expect((yield* runs(cluster))[0]).toMatchObject({ command: "proxmox destroy", target, state: "done" })
    }).pipe(Effect.scoped), 180_000)

  it.live(
    "has its fleet alone: a second one is told who has it, or waits, and goes on when the first is dead",
    () =>
      Effect.gen(function*() {
        const cluster = yield* serve(stuck)
        const { id, running } = yield* midway(cluster)
        const who = `run ${id} (proxmox apply, process ${running.child.pid} on `
        const lines = [
          "proxmox apply",
          "proxmox apply --only web-3 --wait 300ms",
          "proxmox destroy --yes",
          `run unlock ${id}`,
          `run unlock ${id} --dry-run`
        ]
        for (const { code, stderr, stdout } of yield* Effect.forEach(lines, cluster.run, { concurrency: 2 })) {
          expect({ code, stdout }).toEqual({ code: 3, stdout: "" })
          expect(stderr).toContain(`${target}: ${who}`)
        }

        const waiting = yield* cluster.start("proxmox apply --wait fleet.yaml")
        yield* waiting.says(`waiting for ${who}`)
        yield* kill(running)
        expect((yield* waiting.ends).code).toBe(0)
        yield* isComplete(cluster)
        expect(yield* states(cluster)).toEqual(["done", "interrupted"])
      }).pipe(Effect.scoped),
    180_000
  )

  it.live("that is unlocked by force frees its fleet", () =>
    Effect.gen(function*() {
      const cluster = yield* serve(stuck)
      const { id, running } = yield* midway(cluster)
      const would = yield* cluster.run(`run unlock ${id} --force --dry-run --json`)
      expect(yield* states(cluster)).toEqual(["running"])
      const unlocked = yield* cluster.run(`run unlock ${id} --force --json`)
      expect([unlocked.code, JSON.parse(unlocked.stdout)]).toMatchObject([0, { id, state: "interrupted" }])
      expect(Object.keys(JSON.parse(would.stdout)).toSorted()).toEqual(
        Object.keys(JSON.parse(unlocked.stdout)).filter((key) => key !== "endedAt").toSorted()
      )
      expect(JSON.parse(would.stdout)).toMatchObject({ id, state: "interrupted" })
      running.child.kill("SIGINT")
      expect((yield* running.ends).code).toBe(130)
      expect((yield* cluster.run("proxmox apply")).code).toBe(0)
      yield* isComplete(cluster)
    }).pipe(Effect.scoped), 180_000)

  it.live(
    "that is interrupted says how to resume it; not without its fleet file, nor with that of another fleet",
    () =>
      Effect.gen(function*() {
        const cluster = yield* serve(stuck)
        const { id, running } = yield* midway(cluster)
        running.child.kill("SIGINT")
        const { code, stderr } = yield* running.ends
        expect(code).toBe(130)
        expect(stderr).toContain(
          "interrupted\n  to continue from what is there: holdfast proxmox apply fleet.yaml\n" +
            `  or: holdfast run resume ${id}\n`
        )
        const file = join(cluster.folder, "fleet.yaml")
        renameSync(file, `${file}.away`)
        const gone = yield* cluster.run(`run resume ${id}`)
        expect(gone.code).toBe(3)
        expect(gone.stderr).toContain(`${file}: there is no such file`)
        writeFileSync(file, readFileSync(`${file}.away`, "utf8").replace("fleet: test", "fleet: other"))
        const other = yield* cluster.run(`run resume ${id}`)
        expect(other.code).toBe(3)
        expect(other.stderr).toContain(`it was about ${target}, and this is proxmox/pve1+pve2/other`)
        renameSync(`${file}.away`, file)
        expect((yield* cluster.run(`run resume ${id}`)).code).toBe(0)
        yield* isComplete(cluster)
        expect(yield* states(cluster)).toEqual(["done", "interrupted"])
      }).pipe(Effect.scoped),
    180_000
  )
})

describe.concurrent("the store of the command", () => {
  it.live("is made by what changes something, and by nothing else", () =>
    Effect.gen(function*() {
      const cluster = yield* serve({ speed: 100 })
      const store = join(cluster.folder, ".holdfast")
      const readers = ["plan", "apply --dry-run", "drift", "list", "destroy --yes --dry-run", "doctor fleet.yaml"]
      yield* Effect.forEach(readers, (verb) => cluster.run(`proxmox ${verb}`), { concurrency: 2 })
      const runVerbs = ["list", "prune", "show x", "unlock x", "resume x"]
      yield* Effect.forEach(runVerbs, (verb) =>
        Effect.map(cluster.run(`run ${verb}`), ({ code, stderr }) =>
          expect([code, stderr.includes("run x: there is no such run")]).toEqual(
            verb.endsWith("x") ? [3, true] : [0, false]
          )), { concurrency: 2 })
      expect(existsSync(store)).toBe(false)
      expect((yield* cluster.run("proxmox apply --only web-1")).code).toBe(0)
      expect(readFileSync(join(store, ".gitignore"), "utf8")).toBe("*\n")
      expect(existsSync(join(store, "holdfast.db"))).toBe(true)
    }).pipe(Effect.scoped), 90_000)

  it.live("is where HOLDFAST_STORE or store.file say", () =>
    Effect.gen(function*() {
      const cluster = yield* serve({ speed: 100 })
      writeFileSync(join(cluster.folder, "holdfast.config.json"), JSON.stringify({ store: { file: "kept/filed.db" } }))
      const env = { ...cluster.env, HOLDFAST_STORE: "kept/named.db" }
      expect((yield* run(["proxmox", "apply", "--only", "web-1"], { cwd: cluster.folder, env })).code).toBe(0)
      expect(yield* runs(cluster)).toEqual([])
      expect((yield* cluster.run("proxmox apply --only web-1")).code).toBe(0)
      expect(yield* states(cluster)).toEqual(["done"])
      for (const file of ["kept/filed.db", "kept/named.db"]) expect(existsSync(join(cluster.folder, file))).toBe(true)
      for (const file of [".holdfast", "kept/.gitignore"]) expect(existsSync(join(cluster.folder, file))).toBe(false)
    }).pipe(Effect.scoped), 60_000)
})

/** Nobody listens there: whoever asks the server fails otherwise. */
const unreachable = { PROXMOX_VE_ENDPOINT: "http://127.0.0.1:9", PROXMOX_VE_API_TOKEN: token }

/** An apply in a folder that `prepare` has made. */
const applied = (prepare: (store: string) => Effect.Effect<void>, env: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function*() {
    const cwd = yield* folder
    writeFileSync(join(cwd, "fleet.yaml"), fleet)
    mkdirSync(join(cwd, ".holdfast"))
    yield* prepare(join(cwd, ".holdfast/holdfast.db"))
    return yield* run(["proxmox", "apply", "--json"], { cwd, env: { ...unreachable, ...env } })
  }).pipe(Effect.scoped)

const newer = (file: string): Effect.Effect<void> =>
  SqliteClient.make({ filename: file }).pipe(
    Effect.flatMap((sql) =>
      Effect.zipRight(
        sql`CREATE TABLE holdfast_schema (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)`,
        sql`INSERT INTO holdfast_schema VALUES (999, 'of tomorrow', 0)`
      )
    ),
    Effect.provide(Reactivity.layer),
    Effect.scoped,
    Effect.orDie
  )

const mistakes: ReadonlyArray<
  readonly [
    what: string,
    code: string,
    prepare: (file: string) => Effect.Effect<void>,
    env?: Readonly<Record<string, string>>
  ]
> = [
  ["a file that is no database", "store-corrupt", (file) => Effect.sync(() => writeFileSync(file, "x".repeat(8192)))],
  ["a database of a newer holdfast", "store-too-new", newer],
  ["a folder where the file should be", "store-unavailable", (file) => Effect.sync(() => mkdirSync(file))],
  ["a file where the folder should be", "store-unavailable", (file) =>
    Effect.sync(() => {
      rmdirSync(dirname(file))
      writeFileSync(dirname(file), "")
    })],
  ["a place that cannot be written", "store-read-only", () => Effect.void, {
    HOLDFAST_STORE: "/sys/holdfast/holdfast.db"
  }],
  ["a server that is not there", "store-unavailable", () => Effect.void, {
    HOLDFAST_DATABASE_URL: "postgres://holdfast:hunter2hunter2@127.0.0.1:9/holdfast"
  }],
  ["a URL that is none", "store-unavailable", () => Effect.void, { HOLDFAST_DATABASE_URL: "hunter2hunter2" }]
]

describe.concurrent("a store that cannot be used", () => {
  it.live.each(mistakes)(
    "%s: %s, exit status 3, and the server is not asked",
    ([, expected, prepare, env]) =>
      Effect.gen(function*() {
        const { code, stderr, stdout } = yield* applied(prepare, env)
        expect(JSON.parse(stdout)).toMatchObject({ error: { code: expected, state: "nothing was done" } })
        expect(code).toBe(3)
        expect(stderr).toMatch(/^error: store .*\n {2}state: nothing was done\n/)
        expect(stderr + stdout).not.toContain("hunter2")
      })
  )

  it.live("is not called empty by who only looks", () =>
    Effect.gen(function*() {
      const cwd = yield* folder
      writeFileSync(join(cwd, ".holdfast"), "")
      const { code, stderr } = yield* run(["run", "list"], { cwd })
      expect(code).toBe(3)
      expect(stderr).toContain(".holdfast is not a folder")
      expect(stderr).toContain("next:  Move away what stands at .holdfast, or name another place for the store")
    }).pipe(Effect.scoped))

  it.live.skipIf(!mayMount)(
    "on a disk that fills up says so, and with room again the same command finishes",
    () =>
      Effect.gen(function*() {
        const cluster = yield* serve({ speed: 100 })
        const disk = yield* smallDisk("250k")
        const env = { ...cluster.env, HOLDFAST_STORE: join(disk.folder, "holdfast.db") }
        const apply = run(["proxmox", "apply"], { cwd: cluster.folder, env })
        const full = yield* apply
        expect(full.code).toBe(1)
        expect(full.stdout).toContain("there is no room left on its disk")
        expect(full.stdout).toContain("next:  Make room, then run the same command again")
        disk.resize("10m")
        expect((yield* apply).code).toBe(0)
        yield* isComplete(cluster)
      }).pipe(Effect.scoped),
    60_000
  )

  it.live(
    "without its native module everything works that changes nothing, and the rest says what to do",
    () =>
      Effect.gen(function*() {
        const cluster = yield* serve({ speed: 100 })
        const bare = yield* folder
        cpSync(dirname(command()), join(bare, "dist/bin"), { recursive: true })
        cpSync(new URL("../../package.json", import.meta.url), join(bare, "package.json"))
        const holdfast = (...words: ReadonlyArray<string>) =>
          Effect.flatMap(
            launch(process.execPath, [join(bare, "dist/bin/main.js"), ...words], {
              cwd: cluster.folder,
              env: cluster.env
            }),
            ({ ends }) => ends
          )
        const readers = [["--help"], ["proxmox", "plan"], ["run", "list"], ["proxmox", "apply", "--dry-run"]]
        const codes = Effect.forEach(readers, (words) => holdfast(...words), { concurrency: 2 })
        expect((yield* codes).map(({ code }) => code)).toEqual([0, 0, 0, 0])
        const { code, stderr } = yield* holdfast("proxmox", "apply")
        expect(code).toBe(3)
        expect(stderr).toContain("the native module better-sqlite3 is missing")
        expect(stderr).toContain("npm rebuild better-sqlite3")
        expect(yield* cluster.machines).toEqual([])
      }).pipe(Effect.scoped),
    60_000
  )
})
