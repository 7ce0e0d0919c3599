/**
 * The same tests on both backends, each test with a store of its own and a clock that it turns.
 */
import { describe } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs/promises"
import * as Os from "node:os"
import * as Path from "node:path"
import type * as Fault from "../../src/kernel/Fault.ts"
import * as Journal from "../../src/kernel/Journal.ts"
import * as Database from "../../src/store/Database.ts"
import * as Lease from "../../src/store/Lease.ts"
import * as Runs from "../../src/store/Runs.ts"
import * as Store from "../../src/store/Store.ts"
import { inject } from "vitest"
import { createDatabase } from "./PostgresServer.ts"

/** What one process has of the store. */
export interface Opened {
  readonly database: Database.Service
  readonly leases: Lease.Service
  readonly journal: Journal.Service
  readonly runs: Runs.Service
  readonly context: Context.Context<Database.Database | Lease.Leases | Journal.Journal | Runs.Runs>
}

/** One place, that may be opened as often as one likes, and its clock. */
export interface Place {
  readonly options: Store.Options
  readonly time: { now: number }
  readonly open: Effect.Effect<Opened, Fault.Fault, Scope.Scope>
}

export interface Backend {
  readonly name: Database.Backend
  readonly place: Effect.Effect<Place, never, Scope.Scope>
}

export const temporaryFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() => Fs.mkdtemp(Path.join(Os.tmpdir(), "holdfast-store-"))),
  (folder) => Effect.promise(() => Fs.rm(folder, { recursive: true, force: true }))
)

export const open = (options: Store.Options): Effect.Effect<Opened, Fault.Fault, Scope.Scope> =>
  Effect.map(Layer.build(Layer.fresh(Store.layer(options))), (context) => ({
    database: Context.get(context, Database.Database),
    leases: Context.get(context, Lease.Leases),
    journal: Context.get(context, Journal.Journal),
    runs: Context.get(context, Runs.Runs),
    context
  }))

export const placeOf = (options: Store.Options): Place => {
  const time = { now: Date.UTC(2026, 0, 1) }
  const all: Store.Options = { clock: Effect.sync(() => time.now), ...options }
  return { options: all, time, open: open(all) }
}

export const sqlite: Backend = {
  name: "sqlite",
  place: Effect.map(temporaryFolder, (folder) => placeOf({ file: Path.join(folder, "state", "holdfast.db") }))
}

export const postgres = (port: number): Backend => ({
  name: "postgres",
  place: Effect.map(Effect.promise(() => createDatabase(port)), (url) => placeOf({ url: Redacted.make(url) }))
})

/** The port of the server that all test files share, or why there is none. */
const sharedPostgres = async (): Promise<number | string> => {
  const answer = await (await fetch(inject("postgres"))).text()
  return /^\d+$/.test(answer) ? Number(answer) : answer
}

/** Where PostgreSQL cannot be started its tests are skipped, and their title says why. */
export const onBothBackends = async (title: string, tests: (backend: Backend) => void): Promise<void> => {
  const server = await sharedPostgres()
  describe(`${title} on sqlite`, () => tests(sqlite))
  if (typeof server === "string") describe.skip(`${title} on postgres: not started, ${server}`, () => tests(sqlite))
  else describe(`${title} on postgres`, () => tests(postgres(server)))
}
