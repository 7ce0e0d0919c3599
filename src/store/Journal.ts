/**
 * The journal of mutations, kept in the store: what was begun by one process is settled by the next.
 *
 * - The right to a key is a lease. In a process those who wait for a key stand in line; between processes the lease of
 *   a dead holder is passed over at once on the same machine, and after its end elsewhere.
 * - What a holder writes is guarded by its lease: one that was stopped and wakes too late writes nothing. Whoever has the
 *   right to a key writes with it below that key too: to `a/b` with that to `a`.
 * - An intent is on the disk before anything is sent. An outcome is there at the latest with the next intent, with the end
 *   of the run and when the store is closed: it outlives the process at once, and where a power cut takes it, the change
 *   is settled by reading, as if the process had died before.
 * - Of a series only the last number matters. What has ended there is history, and goes with its run.
 * - An entry that is torn, or that something else has written, is a fault and stays as it is.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Crypto from "node:crypto"
import * as Fault from "../kernel/Fault.ts"
import * as Finalizer from "../kernel/Finalizer.ts"
import * as Kernel from "../kernel/Journal.ts"
import * as Json from "../kernel/Json.ts"
import { CurrentRun } from "./CurrentRun.ts"
import * as Database from "./Database.ts"
import * as KeptFault from "./KeptFault.ts"
import * as Lease from "./Lease.ts"
import * as Rows from "./Rows.ts"
import * as StoreFault from "./StoreFault.ts"

const Row = Schema.Struct({
  key: Schema.String,
  state: Schema.Literal("begun", "completed", "failed"),
  intent: Schema.String,
  outcome: Schema.NullOr(Schema.String),
  digest: Schema.String,
  number: Schema.NullOr(Rows.Integer)
})

type Row = typeof Row.Type

const decodeFault = Schema.decode(Schema.parseJson(Fault.Fault))

const decodeJson = Schema.decode(Schema.parseJson(Json.Parsed))

const Last = Schema.Struct({ number: Schema.NullOr(Rows.Integer) })

type Content = Omit<Row, "digest" | "number">

/** A row that was changed by anything else no longer fits it. */
const digestOf = (row: Content): string =>
  Crypto.createHash("sha256").update(JSON.stringify([row.key, row.state, row.intent, row.outcome])).digest("hex")

const nameOf = (key: string): string => `journal/${key}`

/** The claim of the key, or of what it is below. */
const claimOn = (claims: ReadonlyMap<string, Lease.Lease>, key: string): Lease.Lease | undefined => {
  for (let end = key.length; end > 0; end = key.lastIndexOf("/", end - 1)) {
    const claim = claims.get(key.slice(0, end))
    if (claim !== undefined) return claim
  }
  return undefined
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Kernel.Service, never, Database.Database | Lease.Leases> = Effect.gen(function*() {
  const database = yield* Database.Database
  const leases = yield* Lease.Leases
  const { statement } = database
  /** The line in front of each key, of this process. */
  const line = yield* Kernel.makeMemory()
  const claims = new Map<string, Lease.Lease>()

  const columns = "SELECT key, state, intent, outcome, digest, number FROM holdfast_journal"
  const selectKey = statement(`${columns} WHERE key = ?`)
  const selectLatest = statement(`${columns} WHERE series = ? ORDER BY number DESC LIMIT 1`)
  const selectLast = statement("SELECT MAX(number) AS number FROM holdfast_journal WHERE series = ?")
  const writeIntent = statement(
    `INSERT INTO holdfast_journal (key, state, intent, digest, run, begun_at, series, number)
      VALUES (?, 'begun', ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
      state = excluded.state, intent = excluded.intent, outcome = NULL, digest = excluded.digest,
      run = excluded.run, begun_at = excluded.begun_at, ended_at = NULL`
  )
  const insertNext = statement(
    `INSERT INTO holdfast_journal (key, state, intent, digest, run, begun_at, series, number)
      SELECT CAST(? AS TEXT), 'begun', CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT),
        CAST(? AS TEXT), CAST(? AS BIGINT)
      WHERE COALESCE((SELECT MAX(number) FROM holdfast_journal WHERE series = ?), ?) IN (?, ?)
      ON CONFLICT (key) DO NOTHING RETURNING key`
  )
  const writeEnd = statement(
    `UPDATE holdfast_journal SET state = ?, outcome = ?, digest = ?, ended_at = ?
      WHERE key = ? AND state = 'begun' AND intent = ? AND outcome IS NULL AND digest = ? RETURNING key`
  )
  const writeOutcome = statement(
    "UPDATE holdfast_journal SET state = ?, outcome = ?, digest = ?, ended_at = ? WHERE key = ?"
  )
  const writeStep = statement(
    `INSERT INTO holdfast_steps (run, key, state, begun_at, ended_at) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (run, key) DO UPDATE SET state = excluded.state, ended_at = excluded.ended_at, settled_by = NULL`
  )
  const settleSteps = statement(
    "UPDATE holdfast_steps SET state = ?, ended_at = ?, settled_by = ? WHERE key = ? AND state = 'begun'"
  )

  const decode = (operation: string, what: string) => {
    const decodeRow = Rows.decodeFirst(database, Row, { operation, what })
    return (rows: ReadonlyArray<unknown>) =>
      Effect.gen(function*() {
        const row = Option.getOrUndefined(yield* decodeRow(rows))
        if (row === undefined) return Option.none<{ readonly row: Row; readonly entry: Kernel.Entry }>()
        const torn = (cause: unknown) =>
          StoreFault.corrupt({ ...database, operation }, {
            detail: `the journal entry "${row.key}" is torn or was not written by holdfast`,
            cause
          })
        if (row.digest !== digestOf(row)) return yield* torn("the digest does not fit")
        return Option.some({ row, entry: yield* Effect.mapError(entryOf(row), torn) })
      })
  }

  const find = (operation: string, key: string) =>
    Effect.flatMap(database.read(operation, selectKey(key)), decode(operation, `journal entry "${key}"`))

  /** Writes only with the right to the key: that of this process, or that of nobody else. */
  const guard = (operation: string, key: string) =>
    Effect.gen(function*() {
      const claim = claimOn(claims, key)
      if (claim !== undefined) return yield* leases.guard(claim)
      const holding = Option.getOrUndefined(yield* leases.holding(nameOf(key)))
      if (holding?.live === true) return yield* claimed(operation, key, holding.holder.toString())
    })

  /** Numbers begin anew where all of a series was forgotten, which must not hide what goes on under a higher one. */
  const isNext = (operation: string, key: string, { number, series }: Kernel.Place) =>
    Effect.gen(function*() {
      const decodeLast = Rows.decodeFirst(database, Last, { operation, what: "last number of a series" })
      const last = Option.getOrUndefined(yield* decodeLast(yield* selectLast(series)))?.number ?? number
      if (number !== last && number !== last + 1) {
        return yield* refuse(operation, key, "journal-behind", `the last of its series is number ${last}`)
      }
    })

  /** Most are the next of their series, and nothing is there under their key. */
  const insertedNext = (key: string, intent: string, place: Kernel.Place, now: number, run: string | null) => {
    const { number, series } = place
    const digest = digestOf({ key, state: "begun", intent, outcome: null })
    return Effect.map(
      insertNext(key, intent, digest, run, now, series, number, series, number, number, number - 1),
      ([row]) => row !== undefined
    )
  }

  /** Changes that this process began, for which run, and nobody before: nothing else is known of them anywhere. */
  const own = new Map<string, { readonly intent: string; readonly run: string | null }>()

  /** Whether that was all: what is not as it was begun is looked into. */
  const endOwn = (key: string, state: "completed" | "failed", outcome: string, now: number, run: string | null) =>
    Effect.gen(function*() {
      const known = own.get(key)
      if (known === undefined || known.run !== run) return false
      const { intent } = known
      const begun = digestOf({ key, state: "begun", intent, outcome: null })
      const [row] = yield* writeEnd(state, outcome, digestOf({ key, state, intent, outcome }), now, key, intent, begun)
      if (row !== undefined && run !== null) yield* writeStep(run, key, state, now, now)
      return row !== undefined
    })

  const conclude = (operation: string, key: string, state: "completed" | "failed", outcome: string) =>
    database.transaction(
      operation,
      Effect.gen(function*() {
        yield* guard(operation, key)
        const now = yield* database.now
        const run = (yield* CurrentRun)?.id ?? null
        if (yield* endOwn(key, state, outcome, now, run)) return
        const found = Option.getOrUndefined(yield* find(operation, key))
        if (found === undefined) {
          return yield* refuse(operation, key, "journal-not-begun", "there is no intent to record an outcome for")
        }
        const digest = digestOf({ key, state, intent: found.row.intent, outcome })
        yield* writeOutcome(state, outcome, digest, now, key)
        if (run !== null) yield* writeStep(run, key, state, now, now)
        // A change that an earlier run left open is settled for that one too.
        yield* settleSteps(state, now, run, key)
      }),
      { durable: false }
    ).pipe(Effect.zipLeft(Effect.sync(() => own.delete(key))))

  return Kernel.Journal.of({
    claim: (key) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function*() {
          const place = yield* restore(line.claim(key))
          const lease = yield* restore(leases.acquire(nameOf(key), { wait: Duration.infinity }))
          claims.set(key, lease)
          yield* Finalizer.add(() => Effect.sync(() => claims.delete(key)))
          return { contended: place.contended || lease.contended }
        })
      ),

    read: (key) => Effect.map(find("Journal.read", key), Option.map(({ entry }) => entry)),

    latest: (series) => {
      const operation = "Journal.latest"
      return database.read(operation, selectLatest(series)).pipe(
        Effect.flatMap(decode(operation, `latest journal entry of "${series}"`)),
        Effect.map(Option.map(({ entry, row }) => ({ number: row.number ?? 0, entry })))
      )
    },

    begin: (key, intent, place) => {
      const operation = "Journal.begin"
      const text = JSON.stringify(intent)
      return database.transaction(
        operation,
        Effect.gen(function*() {
          yield* guard(operation, key)
          const run = yield* CurrentRun
          if (run !== undefined) yield* leases.guard(run.lease)
          const now = yield* database.now
          if (place !== undefined && (yield* insertedNext(key, text, place, now, run?.id ?? null))) {
            if (run !== undefined) yield* writeStep(run.id, key, "begun", now, null)
            return { intent: text, run: run?.id ?? null }
          }
          const found = Option.getOrUndefined(yield* find(operation, key))
          if (found?.entry._tag === "Completed") {
            return yield* refuse(operation, key, "journal-completed", "it has been done already")
          }
          if (place !== undefined) yield* isNext(operation, key, place)
          const digest = digestOf({ key, state: "begun", intent: text, outcome: null })
          yield* writeIntent(key, text, digest, run?.id ?? null, now, place?.series ?? null, place?.number ?? null)
          if (run !== undefined) yield* writeStep(run.id, key, "begun", now, null)
          return undefined
        })
      ).pipe(Effect.map((begun) => {
        if (begun === undefined) own.delete(key)
        else own.set(key, begun)
      }))
    },

    complete: (key, result) => conclude("Journal.complete", key, "completed", JSON.stringify(result)),

    fail: (key, fault) =>
      Effect.flatMap(KeptFault.textOf(fault), (text) => conclude("Journal.fail", key, "failed", text))
  })
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Kernel.Journal, never, Database.Database | Lease.Leases> = Layer.effect(
  Kernel.Journal,
  make
)

const entryOf = (row: Row): Effect.Effect<Kernel.Entry, unknown> =>
  Effect.gen(function*() {
    const intent = yield* decodeJson(row.intent)
    switch (row.state) {
      case "begun":
        return { _tag: "Begun", intent }
      case "completed":
        return { _tag: "Completed", intent, result: yield* decodeJson(row.outcome ?? "") }
      case "failed":
        return { _tag: "Failed", intent, fault: yield* decodeFault(row.outcome ?? "") }
    }
  })

const refuse = (operation: string, key: string, code: string, detail: string): Fault.Fault =>
  Fault.make({ kind: "conflict", system: "holdfast", operation, sent: "no", code, subject: key, detail })

const claimed = (operation: string, key: string, holder: string): Fault.Fault =>
  Fault.make({
    kind: "locked",
    system: "holdfast",
    operation,
    sent: "no",
    code: "journal-claimed",
    subject: key,
    detail: `${holder} is at work on it`
  })
