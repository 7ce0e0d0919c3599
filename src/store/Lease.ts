/**
 * A lock with an owner, an end by the store's clock, and a fence number that every guarded write checks.
 *
 * @since 0.1.0
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Fault from "../kernel/Fault.ts"
import * as Finalizer from "../kernel/Finalizer.ts"
import { CurrentRun } from "./CurrentRun.ts"
import * as Database from "./Database.ts"
import * as Holder from "./Holder.ts"
import * as Rows from "./Rows.ts"

/**
 * A lease that this process has, as long as it has not run out.
 *
 * @since 0.1.0
 * @category models
 */
export interface Lease {
  readonly name: string
  /** Grows with every lease that the store ever gives. */
  readonly fence: number
  /** Somebody else had it when it was asked for, and gave it back. */
  readonly contended: boolean
}

/**
 * Who has a lease, as anybody sees it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Holding {
  readonly name: string
  readonly fence: number
  readonly holder: Holder.Holder
  /** Milliseconds since 1970 by the store's clock. */
  readonly acquiredAt: number
  /** Milliseconds since 1970 by the store's clock. */
  readonly expiresAt: number
  /** The holder is alive as far as can be told, and the lease has not run out. */
  readonly live: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How long it lasts without renewal. Renewed in the background at a third of it. Defaults to 30 seconds. */
  readonly ttl?: Duration.DurationInput | undefined
  /** How long to wait, interruptibly, while somebody else has it. Defaults to not waiting. */
  readonly wait?: Duration.DurationInput | undefined
  /** Whether it is renewed until the scope closes. Defaults to `true`. */
  readonly renew?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Takes it until the scope closes. Fails with the kind `locked` and the code `lease-held`, and says who holds it,
   * where the wait is over. A holder that is known to be dead, or whose lease ran out, is passed over.
   */
  readonly acquire: (name: string, options?: Options) => Effect.Effect<Lease, Fault.Fault, Scope.Scope>
  /**
   * To be run in a transaction, before what it writes: fails with the kind `conflict` and the code `lease-lost` where
   * the lease ran out or somebody else has it.
   */
  readonly guard: (lease: Lease) => Effect.Effect<void, Fault.Fault | SqlError>
  /** A transaction that is guarded by the lease. */
  readonly guarded: <A, E, R>(
    lease: Lease,
    operation: string,
    body: Effect.Effect<A, E | SqlError, R>
  ) => Effect.Effect<A, Exclude<E, SqlError> | Fault.Fault, R>
  /** Makes it last anew, at once. Fails with the code `lease-lost`. */
  readonly renew: (lease: Lease) => Effect.Effect<void, Fault.Fault>
  readonly holding: (name: string) => Effect.Effect<Option.Option<Holding>, Fault.Fault>
  /** Takes it from whoever has it; that one loses on its next guarded write. `false` where nobody had it. */
  readonly break: (name: string) => Effect.Effect<boolean, Fault.Fault>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Leases extends Context.Tag("holdfast/store/Leases")<Leases, Service>() {}

const defaults = { ttl: Duration.seconds(30) }

/** How the waiting look again, in milliseconds: at random around a wait that grows. */
const pace = { first: 20, factor: 1.5, cap: 500 }

/** Giving back must not hold up who is leaving. What is not given back runs out. */
const patienceToRelease = Duration.seconds(2)

const Row = Schema.Struct({
  name: Schema.String,
  fence: Rows.Integer,
  holder: Schema.parseJson(Holder.Holder),
  acquired_at: Rows.Integer,
  expires_at: Rows.Integer
})

const Fence = Schema.Struct({ value: Rows.Integer })

/** Where the power fails, nobody has a lease any more, and who comes next finds what was recorded before. */
const passing = { durable: false } satisfies Database.TransactionOptions

const encodeHolder = Schema.encodeSync(Schema.parseJson(Holder.Holder))

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Service, never, Database.Database> = Effect.map(
  Database.Database,
  (database): Service => {
    const { sql, statement } = database
    const selectLease = statement("SELECT * FROM holdfast_leases WHERE name = ?")
    const selectHeld = statement("SELECT 1 FROM holdfast_leases WHERE name = ? AND fence = ? AND expires_at > ?")
    const removeLease = statement("DELETE FROM holdfast_leases WHERE name = ?")
    const giveBack = statement("DELETE FROM holdfast_leases WHERE name = ? AND fence = ?")
    const insertLease = statement(
      "INSERT INTO holdfast_leases (name, fence, run, holder, acquired_at, expires_at, ttl) VALUES (?, ?, ?, ?, ?, ?, ?)"
    )
    const drawFence = statement(
      database.backend === "sqlite"
        ? "UPDATE holdfast_fence SET value = value + 1 RETURNING value"
        : "SELECT nextval('holdfast_fence') AS value"
    )
    const held = new Set<number>()
    let renewedAt = Number.NEGATIVE_INFINITY

    const find = (operation: string, name: string) => {
      const decode = Rows.decodeFirst(database, Row, { operation, what: `lease "${name}"` })
      return Effect.gen(function*() {
        const rows = yield* database.read(operation, selectLease(name))
        const row = Option.getOrUndefined(yield* decode(rows))
        if (row === undefined) return Option.none<Holding>()
        const expired = row.expires_at <= (yield* database.now)
        const live = !expired && !(yield* Holder.isGone(row.holder, database.holder))
        return Option.some<Holding>({
          name: row.name,
          fence: row.fence,
          holder: row.holder,
          acquiredAt: row.acquired_at,
          expiresAt: row.expires_at,
          live
        })
      })
    }

    const nextFence = (name: string) =>
      Effect.flatMap(
        drawFence(),
        (rows) =>
          Effect.flatMap(
            Rows.decodeFirst(database, Fence, {
              operation: "Lease.acquire",
              what: `fence of lease "${name}"`
            })(rows),
            Option.match({
              onNone: () => Effect.fail(lost("Lease.acquire", name)),
              onSome: ({ value }) => Effect.succeed(value)
            })
          )
      )

    /** The fence, or who has it. */
    const take = (name: string, ttl: number): Effect.Effect<number | Holding, Fault.Fault> =>
      database.transaction(
        "Lease.acquire",
        Effect.gen(function*() {
          const holding = Option.getOrUndefined(yield* find("Lease.acquire", name))
          if (holding?.live === true) return holding
          const fence = yield* nextFence(name)
          const run = (yield* CurrentRun)?.id
          const now = yield* database.now
          const holder = new Holder.Holder({ ...database.holder, ...(run === undefined ? {} : { run }) })
          yield* removeLease(name)
          yield* insertLease(name, fence, run ?? null, encodeHolder(holder), now, now + ttl, ttl)
          return fence
        }),
        passing
      )

    const release = (lease: Lease): Effect.Effect<void> =>
      database.transaction(
        "Lease.release",
        giveBack(lease.name, lease.fence),
        { ...passing, patience: patienceToRelease }
      ).pipe(
        Effect.catchAll((fault) => Effect.logDebug(`lease "${lease.name}" is left to run out: ${fault.message}`)),
        Effect.asVoid,
        Effect.ensuring(Effect.sync(() => held.delete(lease.fence)))
      )

    /** All that this process has, in one write. */
    const renewAll: Effect.Effect<void, Fault.Fault> = Effect.gen(function*() {
      yield* database.transaction(
        "Lease.renew",
        Effect.flatMap(
          database.now,
          (now) =>
            sql`UPDATE holdfast_leases SET expires_at = ${now} + ttl
              WHERE expires_at > ${now} AND ${sql.in("fence", [...held])}`
        ),
        passing
      )
      renewedAt = yield* Clock.currentTimeMillis
    })

    /** Whoever wakes first renews for all. */
    const keepRenewed = (ttl: number): Effect.Effect<never> =>
      Effect.forever(
        Effect.gen(function*() {
          yield* Effect.sleep(ttl / 3)
          if ((yield* Clock.currentTimeMillis) - renewedAt < ttl / 6) return
          yield* Effect.catchAll(renewAll, (fault) => Effect.logDebug(`leases were not renewed: ${fault.message}`))
        })
      )

    /** Until it looks free, or the time is over. */
    const waitUntilFree = (name: string, end: number): Effect.Effect<void, Fault.Fault> =>
      Effect.gen(function*() {
        for (let wait = pace.first;; wait = Math.min(wait * pace.factor, pace.cap)) {
          const left = end - (yield* Clock.currentTimeMillis)
          if (left <= 0) return
          yield* Effect.sleep(Math.min(left, yield* Random.nextRange(wait / 2, wait)))
          if (!(yield* isTaken(name))) return
        }
      })

    const isTaken = (name: string): Effect.Effect<boolean, Fault.Fault> =>
      Effect.map(find("Lease.acquire", name), Option.exists((holding) => holding.live))

    const acquire: Service["acquire"] = (name, options) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function*() {
          const ttl = Duration.toMillis(options?.ttl ?? defaults.ttl)
          const renew = options?.renew ?? true
          const end = (yield* Clock.currentTimeMillis) + Duration.toMillis(options?.wait ?? 0)
          for (let contended = false;;) {
            // To the end, or a lease that was just written would be nobody's.
            const taken = yield* take(name, ttl)
            if (typeof taken === "number") {
              const lease: Lease = { name, fence: taken, contended }
              yield* Finalizer.add(() => release(lease))
              if (renew) {
                held.add(taken)
                yield* Effect.forkScoped(Effect.interruptible(keepRenewed(ttl)))
              }
              return lease
            }
            if ((yield* Clock.currentTimeMillis) >= end) return yield* heldBy(taken)
            yield* restore(waitUntilFree(name, end))
            contended = Option.isNone(yield* find("Lease.acquire", name))
          }
        })
      )

    const guard: Service["guard"] = (lease) =>
      Effect.gen(function*() {
        const now = yield* database.now
        const rows = yield* selectHeld(lease.name, lease.fence, now)
        if (rows.length === 0) return yield* lost("Lease.guard", lease.name)
      })

    const guarded: Service["guarded"] = (lease, operation, body) =>
      database.transaction(operation, Effect.zipRight(guard(lease), body))

    return {
      acquire,
      guard,
      guarded,
      renew: (lease) =>
        guarded(
          lease,
          "Lease.renew",
          Effect.flatMap(
            database.now,
            (now) => sql`UPDATE holdfast_leases SET expires_at = ${now} + ttl WHERE fence = ${lease.fence}`
          )
        ),
      holding: (name) => find("Lease.holding", name),
      break: (name) =>
        Effect.map(
          database.transaction("Lease.break", sql`DELETE FROM holdfast_leases WHERE name = ${name} RETURNING name`),
          (rows) => rows.length > 0
        )
    }
  }
)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Leases, never, Database.Database> = Layer.effect(Leases, make)

const heldBy = (holding: Holding): Fault.Fault =>
  Fault.make({
    kind: "locked",
    system: "holdfast",
    operation: "Lease.acquire",
    subject: `lease "${holding.name}"`,
    code: "lease-held",
    sent: "no",
    detail: `${holding.holder} holds it since ${new Date(holding.acquiredAt).toISOString()}`
  })

const lost = (operation: string, name: string): Fault.Fault =>
  Fault.make({
    kind: "conflict",
    system: "holdfast",
    operation,
    subject: `lease "${name}"`,
    code: "lease-lost",
    sent: "no",
    detail: "it ran out or was taken away, and somebody else may go on where this process stood",
    hint: "run the same command again"
  })
