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
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import * as Fault from "../kernel/Fault.ts"
import type * as Database from "./Database.ts"
import * as StoreFault from "./StoreFault.ts"

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
  /** Takes a connection until the scope closes. */
  readonly connect: Effect.Effect<Connection, SqlError, Scope.Scope>
  /** The connection is of no use any more: closing its scope must not give it to anybody else. */
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
      const isDurable = options?.durable ?? true
      return again(options, once(source, place, named(place, Effect.provideService(body, Current, source)), isDurable))
    }),
  read: (operation, body, options) =>
    Effect.flatMap(Current, (current) => {
      const place = { ...source, operation }
      if (current === source) return named(place, body)
      return again(options, current === undefined ? named(place, body) : outside(named(place, body)))
    })
})

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
  attempt: Effect.Effect<A, E | Fault.Fault, R>
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
          yield* Effect.sleep(Math.min(wait, patience - waited + 1))
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
  body: Effect.Effect<A, E | Fault.Fault, R>,
  isDurable: boolean
): Effect.Effect<A, E | Fault.Fault, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.scopedWith((scope) =>
      Effect.gen(function*() {
        const mark = crypto.randomUUID()
        const connection = yield* named(place, restore(Scope.extend(source.connect, scope)))
        const exit = yield* Effect.exit(
          Effect.zipRight(
            named(place, Effect.asVoid(connection.executeRaw(source.begin(mark), []))),
            restore(Effect.provideService(body, SqlClient.TransactionConnection, [connection, 0] as const))
          )
        )
        if (Exit.isFailure(exit)) {
          yield* isLost(exit) ? source.discard(connection) : undo(source, connection)
          return yield* exit
        }
        yield* commit(source, place, connection, mark)
        if (isDurable) yield* flush(source, place)
        return exit.value
      })
    )
  )

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
  Effect.gen(function*() {
    const result = yield* Effect.exit(named(place, connection.executeRaw("COMMIT", [])))
    if (Exit.isSuccess(result)) {
      if (wasRolledBack(result.value)) yield* passedOver(place)
    } else if (source.backend === "postgres" && isLost(result)) {
      yield* source.discard(connection)
      const committed = yield* Effect.mapError(
        again(undefined, named(place, source.wasCommitted(mark))),
        (unsettled) => unsettled.with({ sent: "maybe", remote: "whether this was recorded is not known" })
      )
      if (!committed) yield* result
    } else {
      yield* undo(source, connection)
      yield* result
    }
  })

const flush = (source: Source, place: StoreFault.Place): Effect.Effect<void, Fault.Fault> =>
  Effect.mapError(
    named(place, source.flush),
    (unflushed) => unflushed.with({ sent: "maybe", remote: "it was recorded, but may be lost if the power fails" })
  )

/** The connection is gone, or in a state that nobody knows. */
const isLost = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) &&
  Cause.failures(exit.cause).pipe(Chunk.some((fault) => Fault.isFault(fault) && fault.code === "store-unavailable"))

/** PostgreSQL answers so to the COMMIT of a transaction in which a statement has failed. */
const wasRolledBack = (result: unknown): boolean =>
  typeof result === "object" && result !== null && "command" in result && result.command === "ROLLBACK"

const passedOver = (place: StoreFault.Place): Fault.Fault =>
  StoreFault.unavailable(place, {
    kind: "failed",
    detail: "a statement failed in the transaction and was passed over, so nothing was written"
  })
