/**
 * The command with its store in PostgreSQL, which is there, goes away, and comes back.
 */
import { afterAll, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { type PostgresServer, startPostgres } from "../store/PostgresServer.ts"
import { type Cluster, names, serve } from "./Cluster.ts"
import { type Result, run, start } from "./Command.ts"

const server = await startPostgres()

if (typeof server !== "string") afterAll(server.remove)

/** The command with a store of its own on the server. */
const stored = (server: PostgresServer, options: Parameters<typeof serve>[0]) =>
  Effect.gen(function*() {
    const cluster = yield* serve(options)
    const url = yield* Effect.promise(() => server.create())
    const env = { ...cluster.env, HOLDFAST_DATABASE_URL: url }
    const cwd = cluster.folder
    return {
      cluster,
      begin: (line: string) => start(line.split(" "), { cwd, env }),
      command: (line: string): Effect.Effect<Result> => run(line.split(" "), { cwd, env })
    }
  })

const isComplete = (cluster: Cluster) =>
  Effect.map(cluster.machines, (machines) => {
    expect(machines.map(({ name, status }) => [name, status])).toEqual(names.map((name) => [name, "running"]))
  })

const states = ({ stdout }: Result): ReadonlyArray<string> =>
  JSON.parse(stdout).runs.map(({ state }: { readonly state: string }) => state)

describe.skipIf(typeof server === "string")(
  typeof server === "string" ? `a store in PostgreSQL: not started, ${server}` : "a store in PostgreSQL",
  () => {
    if (typeof server === "string") return

    it.live("keeps what apply and destroy do, and nothing is kept in a file", () =>
      Effect.gen(function*() {
        const { cluster, command } = yield* stored(server, { speed: 100 })
        const results = [yield* command("proxmox apply"), yield* command("proxmox destroy --yes --only web-3")]
        expect(results.map(({ code }) => code)).toEqual([0, 0])
        const list = yield* command("run list --json")
        expect(states(list)).toEqual(["done", "done"])
        expect((yield* command("run prune --older-than 1ms --json")).stdout).toContain("\"pruned\": 2")
        expect(existsSync(join(cluster.folder, ".holdfast"))).toBe(false)
        expect([...results, list].map(({ stderr, stdout }) => stderr + stdout).join()).not.toContain("secret")
      }).pipe(Effect.scoped), 60_000)

    it.live(
      "killed and started again in mid-run: the run goes on, and ends with each machine once",
      () =>
        Effect.gen(function*() {
          const { begin, cluster, command } = yield* stored(server, { speed: 30 })
          const running = yield* begin("proxmox apply")
          for (const moment of ["clone of VM 9000", "configured VM"]) {
            yield* running.says(moment)
            yield* Effect.promise(() => server.kill())
            yield* Effect.sleep("300 millis")
            yield* Effect.promise(() => server.start())
          }
          expect((yield* running.ends).code).toBe(0)
          yield* isComplete(cluster)
          expect(states(yield* command("run list --json"))).toEqual(["done"])
        }).pipe(Effect.scoped),
      90_000
    )

    it.live(
      "gone for longer than anybody waits: said clearly, nothing is lost, and resume finishes it",
      () =>
        Effect.gen(function*() {
          const { begin, cluster, command } = yield* stored(server, { speed: 30 })
          const running = yield* begin("proxmox apply")
          yield* running.says("clone of VM 9000")
          yield* Effect.promise(() => server.kill())
          const { code, stderr, stdout } = yield* running.ends
          expect(code).toBe(1)
          expect(stdout).toContain(`error: store at postgres://127.0.0.1:${server.port}/test_`)
          expect(stdout).toContain(
            "next:  See that the server runs and can be reached, then run the same command again"
          )
          expect(stderr + stdout).not.toContain("secret")
          const refused = yield* command("proxmox apply")
          expect(refused.code).toBe(3)
          expect(refused.stderr).toContain("state: nothing was done")

          yield* Effect.promise(() => server.start())
          const list = yield* command("run list --json")
          expect(states(list)).toEqual(["interrupted"])
          const finished = yield* command(`run resume ${JSON.parse(list.stdout).runs[0].id}`)
          expect(finished.code).toBe(0)
          yield* isComplete(cluster)
        }).pipe(Effect.scoped),
      120_000
    )
  }
)
