import { describe, expect, it } from "@effect/vitest"
import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as Effect from "effect/Effect"
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { type Cluster, fleet, names, secret, serve, token } from "./Cluster.ts"
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

/** The reply to the second clone does not come in a life of a test: the command waits for it until it is killed. */
const holdsBackAReply = {
  network: { rules: [{ match: { method: "POST", path: "/clone$" }, nth: 2, effect: { type: "latency", millis: 2e6 } }] }
}

const slow = { speed: 12, faults: holdsBackAReply }

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
    yield* running.says("clone of VM 9000")
    const id = (yield* runs(cluster))[0]?.id ?? ""
    yield* Effect.repeat(steps(cluster, id), { until: (list) => some(list, "done") && some(list, "unknown") })
    return { id, running }
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
        const cluster = yield* serve(slow)
        const { id, running } = yield* midway(cluster)
        expect(yield* states(cluster)).toEqual(["running"])
        yield* kill(running)
        expect(yield* runs(cluster)).toMatchObject([{ id, state: "interrupted", command: "proxmox apply", target }])
        const text = yield* cluster.run(`run show ${id}`)
        expect(text.stdout).toMatch(/^ {2}unknown +pve1\+pve2\/proxmox\/test\/web-\d\/clone\/1$/m)
        expect(text.stdout).toContain(`to finish it: holdfast run resume ${id}`)

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
        expect((yield* cluster.run("run prune --older-than 1ms")).stdout).toBe("2 runs are forgotten\n")
        expect((yield* cluster.run("run list")).stdout).toBe("no runs\n")
        expect(cluster.printed()).not.toContain(secret)
        expect(readFileSync(join(cluster.folder, ".holdfast/holdfast.db")).includes(secret)).toBe(false)
      }).pipe(Effect.scoped),
    120_000
  )

  it.live("is finished by the same command too, which asks for nothing of it", () =>
    Effect.gen(function*() {
      const cluster = yield* serve(slow)
      const { running } = yield* midway(cluster)
      yield* kill(running)
      expect((yield* cluster.run("proxmox apply")).code).toBe(0)
      yield* isComplete(cluster)
      expect(yield* states(cluster)).toEqual(["done", "interrupted"])
      expect((yield* cluster.run("proxmox destroy --yes")).code).toBe(0)
      expect(yield* cluster.machines).toEqual([])
      expect((yield* runs(cluster))[0]).toMatchObject({ command: "proxmox destroy", target, state: "done" })
    }).pipe(Effect.scoped), 120_000)

  it.live(
    "has its fleet alone: a second one is told who has it, or waits, and goes on when the first is dead",
    () =>
      Effect.gen(function*() {
        const cluster = yield* serve(slow)
        const { id, running } = yield* midway(cluster)
        const who = `run ${id} (proxmox apply, process ${running.child.pid} on `
        for (const line of ["proxmox apply", "proxmox apply --only web-3 --wait 300ms", "proxmox destroy --yes"]) {
          const { code, stderr, stdout } = yield* cluster.run(line)
          expect({ code, stdout }).toEqual({ code: 3, stdout: "" })
          expect(stderr).toContain(`${target}: ${who}`)
        }
        const locked = yield* cluster.run(`run unlock ${id}`)
        expect(locked.code).toBe(3)
        expect(locked.stderr).toContain(who)

        const waiting = yield* cluster.start("proxmox apply --wait fleet.yaml")
        yield* waiting.says(`waiting for ${who}`)
        yield* kill(running)
        expect((yield* waiting.ends).code).toBe(0)
        yield* isComplete(cluster)
        expect(yield* states(cluster)).toEqual(["done", "interrupted"])
      }).pipe(Effect.scoped),
    120_000
  )

  it.live("that is unlocked by force frees its fleet", () =>
    Effect.gen(function*() {
      const cluster = yield* serve(slow)
      const { id, running } = yield* midway(cluster)
      const unlocked = yield* cluster.run(`run unlock ${id} --force --json`)
      expect([unlocked.code, JSON.parse(unlocked.stdout)]).toMatchObject([0, { id, state: "interrupted" }])
      running.child.kill("SIGINT")
      expect((yield* running.ends).code).toBe(130)
      expect((yield* cluster.run("proxmox apply")).code).toBe(0)
      yield* isComplete(cluster)
    }).pipe(Effect.scoped), 120_000)

  it.live("is not resumed without its fleet file, nor with that of another fleet", () =>
    Effect.gen(function*() {
      const cluster = yield* serve(slow)
      const { id, running } = yield* midway(cluster)
      yield* kill(running)
      const file = join(cluster.folder, "fleet.yaml")
      renameSync(file, `${file}.away`)
      const gone = yield* cluster.run(`run resume ${id}`)
      expect(gone.code).toBe(3)
      expect(gone.stderr).toContain(`${file}: there is no such file`)
      writeFileSync(file, readFileSync(`${file}.away`, "utf8").replace("fleet: test", "fleet: other"))
      const other = yield* cluster.run(`run resume ${id}`)
      expect(other.code).toBe(3)
      expect(other.stderr).toContain(`it was about ${target}, and this is proxmox/pve1+pve2/other`)
      expect(yield* states(cluster)).toEqual(["interrupted"])
    }).pipe(Effect.scoped), 120_000)
})

describe("the store of the command", () => {
  it.live("is made by what changes something, and by nothing else", () =>
    Effect.gen(function*() {
      const cluster = yield* serve({ speed: 100 })
      const store = join(cluster.folder, ".holdfast")
      const readers = ["plan", "apply --dry-run", "drift", "list", "destroy --yes --dry-run", "doctor fleet.yaml"]
      for (const verb of readers) yield* cluster.run(`proxmox ${verb}`)
      for (const verb of ["list", "prune", "show x", "unlock x", "resume x"]) {
        const { code, stderr } = yield* cluster.run(`run ${verb}`)
        expect([code, stderr.includes("run x: there is no such run")]).toEqual(
          verb.endsWith("x") ? [3, true] : [0, false]
        )
      }
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
  ["a place that cannot be written", "store-read-only", () => Effect.void, {
    HOLDFAST_STORE: "/sys/holdfast/holdfast.db"
  }],
  ["a server that is not there", "store-unavailable", () => Effect.void, {
    HOLDFAST_DATABASE_URL: "postgres://holdfast:hunter2hunter2@127.0.0.1:9/holdfast"
  }],
  ["a URL that is none", "store-unavailable", () => Effect.void, { HOLDFAST_DATABASE_URL: "hunter2hunter2" }]
]

describe("a store that cannot be used", () => {
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
        for (const words of [["--help"], ["proxmox", "plan"], ["run", "list"], ["proxmox", "apply", "--dry-run"]]) {
          expect((yield* holdfast(...words)).code).toBe(0)
        }
        const { code, stderr } = yield* holdfast("proxmox", "apply")
        expect(code).toBe(3)
        expect(stderr).toContain("the native module better-sqlite3 is missing")
        expect(stderr).toContain("npm rebuild better-sqlite3")
        expect(yield* cluster.machines).toEqual([])
      }).pipe(Effect.scoped),
    60_000
  )
})
