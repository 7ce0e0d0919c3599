/**
 * All or nothing on either backend. The transaction of `@effect/sql` is not used: there a BEGIN or a COMMIT that meets
 * another writer is a defect, and what it had begun stays open.
 *
 * - A transaction that meets another writer is run again whole. The wait is between the tries, not in them: the SQLite
 *   driver is synchronous, and while it waits for a lock the whole process stands still.
 * - A COMMIT whose reply was lost is settled by reading: every transaction in PostgreSQL leaves a mark of its own, and
 *   whoever asks for it by writing the same mark waits until the lost one has ended.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import { identity } from "effect/Function"
import * as Random from "effect/Random"
import * as Fault from "../kernel/Fault.ts"
import type * as Database from "./Database.ts"
import * as StoreFault from "./StoreFault.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Connected {
  readonly connection: Connection
  readonly release: Effect.Effect<void>
}

/**
 * What the backends do differently.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source {
  readonly backend: Database.Backend
  readonly location: string
  readonly sql: SqlClient.SqlClient
  readonly statement: Database.Service["statement"]
  /** A connection for oneself, until it is released. */
  readonly connect: Effect.Effect<Connected, SqlError>
  /** The connection is of no use any more: to release it must not give it to anybody else. */
  readonly discard: (connection: Connection) => Effect.Effect<void>
  /** What begins a transaction that leaves this mark. */
  readonly begin: (mark: string) => string
  /** Whether the transaction with this mark was committed, after its end. */
  readonly wasCommitted: (mark: string) => Effect.Effect<boolean, SqlError>
  /** Puts what was committed on the disk, where COMMIT itself does not. */
  readonly flush: Effect.Effect<void, SqlError>
}

/** The transaction that the fiber is in, to tell it from one of another store. */
class Current extends Context.Reference<Current>()("holdfast/store/Transaction/Current", {
  defaultValue: (): Source | undefined => undefined
}) {}

const defaultPatience = Duration.seconds(15)

/** Between tries, in milliseconds: at random from 1 to a bound that grows, so that many writers spread. */
const firstWait = 4
const longestWait = 60
const longestReconnect = 500

/**
 * The transactions of a database.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (source: Source): Pick<Database.Service, "transaction" | "read"> => ({
  transaction: (operation, body, options) =>
    Effect.flatMap(Current, (current) => {
      const place = { ...source, operation }
      if (current === source) return named(place, body)
      return Effect.uninterruptibleMask((restore) => {
        const committed = again(options, once(source, place, body, restore), restore)
        // Others may write meanwhile, and what they write is put on the disk together with this.
        return options?.durable === false ? committed : Effect.zipLeft(committed, flush(source, place))
      })
    }),
  read: (operation, body, options) =>
    Effect.flatMap(Current, (current) => {
      const place = { ...source, operation }
      if (current === source) return named(place, body)
      return again(options, current === undefined ? named(place, body) : outside(named(place, body)), identity)
    })
})

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** With the failures of the driver in our words. */
const named = <A, E, R>(
  place: StoreFault.Place,
  body: Effect.Effect<A, E | SqlError, R>
): Effect.Effect<A, Exclude<E, SqlError> | Fault.Fault, R> =>
  Effect.catchIf(body, StoreFault.isSqlError, (error) => StoreFault.fromSql(place, error))

/** Statements look for their connection in the context, whichever store put it there. */
const outside = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.locallyWith(effect, FiberRef.currentContext, Context.omit(SqlClient.TransactionConnection))

/** Runs it again until it neither meets another writer nor a lost connection, or patience is over. */
const again = <A, E, R>(
  options: Database.TransactionOptions | undefined,
  attempt: Effect.Effect<A, E | Fault.Fault, R>,
  restore: Restore
): Effect.Effect<A, E | Fault.Fault, R> =>
  Effect.flatMap(now, (begun) => {
    const patience = Duration.toMillis(options?.patience ?? defaultPatience)
    const from = (bound: number): Effect.Effect<A, E | Fault.Fault, R> =>
      Effect.catchIf(attempt, isPassing, (fault) =>
        Effect.gen(function*() {
          const waited = (yield* now) - begun
          if (waited >= patience) return yield* overlong(fault, waited)
          const longest = fault.code === "store-busy" ? longestWait : longestReconnect
          const wait = yield* Random.nextRange(1, Math.min(bound, longest))
          yield* restore(Effect.sleep(Math.min(wait, patience - waited + 1)))
          return yield* from(bound * 1.5)
        }))
    return from(firstWait)
  })

const isPassing = (error: unknown): error is Fault.Fault => Fault.isFault(error) && StoreFault.isPassing(error)

const now: Effect.Effect<number> = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos) / 1e6)

const overlong = (fault: Fault.Fault, waited: number): Fault.Fault =>
  waited < 1
    ? fault
    : Fault.make({
      ...fault.options,
      detail: `${fault.detail} (for ${Duration.format(Duration.millis(Math.round(waited)))})`
    })

/** One try of a transaction. */
const once = <A, E, R>(
  source: Source,
  place: StoreFault.Place,
  body: Effect.Effect<A, E | SqlError, R>,
  restore: Restore
): Effect.Effect<A, Exclude<E, SqlError> | Fault.Fault, R> =>
  Effect.flatMap(named(place, restore(source.connect)), ({ connection, release }) => {
    const mark = crypto.randomUUID()
    const inside = Effect.mapInputContext(body, (context: Context.Context<R>) =>
      context.pipe(
        Context.add(Current, source),
        Context.add(SqlClient.TransactionConnection, [connection, 0] as const)
      ))
    return named(place, Effect.zipRight(connection.executeRaw(source.begin(mark), []), restore(inside))).pipe(
      Effect.matchCauseEffect({
        onFailure: (cause) =>
          Effect.zipRight(
            isLost(cause) ? source.discard(connection) : undo(source, connection),
            Effect.failCause(cause)
          ),
        onSuccess: (value) => Effect.as(commit(source, place, connection, mark), value)
      }),
      Effect.ensuring(release)
    )
  })

/** A connection on which even this fails has nothing begun any more, or is given up. */
const undo = (source: Source, connection: Connection): Effect.Effect<void> =>
  Effect.catchAll(
    Effect.asVoid(connection.executeRaw("ROLLBACK", [])),
    () => source.discard(connection)
  )

const commit = (
  source: Source,
  place: StoreFault.Place,
  connection: Connection,
  mark: string
): Effect.Effect<void, Fault.Fault> =>
  Effect.matchCauseEffect(named(place, connection.executeRaw("COMMIT", [])), {
    onSuccess: (result) => wasRolledBack(result) ? passedOver(place) : Effect.void,
    onFailure: (cause) => {
      const failed = Effect.failCause(cause)
      if (source.backend !== "postgres" || !isLost(cause)) return Effect.zipRight(undo(source, connection), failed)
      return source.discard(connection).pipe(
        Effect.zipRight(again(undefined, named(place, source.wasCommitted(mark)), identity)),
        Effect.mapError((unsettled) =>
          unsettled.with({ sent: "maybe", remote: "whether this was recorded is not known" })
        ),
        Effect.flatMap((committed) => committed ? Effect.void : failed)
      )
    }
  })

const flush = (source: Source, place: StoreFault.Place): Effect.Effect<void, Fault.Fault> =>
  Effect.mapError(
    named(place, source.flush),
    (unflushed) => unflushed.with({ sent: "maybe", remote: "it was recorded, but may be lost if the power fails" })
  )

/** The connection is gone, or in a state that nobody knows. */
const isLost = (cause: Cause.Cause<unknown>): boolean =>
  Chunk.some(Cause.failures(cause), (fault) => Fault.isFault(fault) && fault.code === "store-unavailable")

/** PostgreSQL answers so to the COMMIT of a transaction in which a statement has failed. */
const wasRolledBack = (result: unknown): boolean =>
  typeof result === "object" && result !== null && "command" in result && result.command === "ROLLBACK"

const passedOver = (place: StoreFault.Place): Fault.Fault =>
  StoreFault.unavailable(place, {
    kind: "failed",
    detail: "a statement failed in the transaction and was passed over, so nothing was written"
  })
