/**
 * State of which every version is known: a transaction takes a snapshot, makes changes to it, and either replaces
 * exactly the version that it saw, or fails and says who was faster. Nothing is locked in between.
 *
 * Values are JSON under a `Schema`. Every version keeps who made it, when, why, in which trace, and every place that it
 * changed, before and after.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"
import * as Fault from "../kernel/Fault.ts"
import * as Json from "../kernel/Json.ts"
import * as Database from "./Database.ts"
import * as JsonChange from "./JsonChange.ts"
import * as Revision from "./Revision.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Snapshot<A> {
  /** Counts from 1; 0 where there never was anything. Also what is removed has a version. */
  readonly version: number
  readonly value: Option.Option<A>
}

/**
 * Changes that are not made yet. It ends by a commit that succeeds, by a conflict, by a rollback, or by time; then every
 * call fails with the code `transaction-closed` or `transaction-expired`. After any other failure it is still open.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transaction<A> {
  readonly id: string
  /** The value when the transaction began. */
  readonly snapshot: Snapshot<A>
  /** Milliseconds since 1970 by the store's clock. */
  readonly expiresAt: number
  /** The value with the changes so far. Fails with the code `document-invalid` where it is not whole yet. */
  readonly current: Effect.Effect<Option.Option<A>, Fault.Fault>
  /**
   * Puts a value in a place, as `Schema` encodes it. What is missing on the way is made; fails with the code
   * `document-path` where the way leads through a text or a number, or past the end of a list.
   */
  readonly set: (path: string | JsonChange.Path, value: Json.Json) => Effect.Effect<void, Fault.Fault>
  /** Takes away what stands in a place, or with an empty path the whole document. */
  readonly delete: (path: string | JsonChange.Path) => Effect.Effect<void, Fault.Fault>
  /**
   * Makes all the changes, or none. Fails with kind `conflict` and the code `document-conflict` where another version
   * came between (`Revision.conflictOf` has both), and with `document-invalid` where the value does not fit the schema. Without any change there is no
   * new version.
   */
  readonly commit: Effect.Effect<Snapshot<A>, Fault.Fault>
  /** Forgets the changes. */
  readonly rollback: Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Document<A> {
  readonly name: string
  readonly read: Effect.Effect<Snapshot<A>, Fault.Fault>
  readonly begin: (author: Revision.Author) => Effect.Effect<Transaction<A>, Fault.Fault>
  /** Begins, runs the body and commits; rolls back where the body fails or is interrupted. */
  readonly transact: <B, E, R>(
    author: Revision.Author,
    body: (transaction: Transaction<A>) => Effect.Effect<B, E, R>
  ) => Effect.Effect<B, E | Fault.Fault, R>
  /** Replaces the value by what a function makes of it, which may be asked more than once. Never meets a conflict. */
  readonly update: (
    author: Revision.Author,
    next: (value: Option.Option<A>) => Option.Option<A>
  ) => Effect.Effect<Snapshot<A>, Fault.Fault>
  /** The audit trail, the newest first. */
  readonly history: (options?: {
    /** At most so many. Defaults to 100. */
    readonly limit?: number | undefined
    /** Only versions below this one. */
    readonly before?: number | undefined
  }) => Effect.Effect<ReadonlyArray<Revision.Revision>, Fault.Fault>
  /** The value of a version. Fails with the code `document-version` where it is not known, or not any more. */
  readonly at: (version: number) => Effect.Effect<Option.Option<A>, Fault.Fault>
  /** Makes a new version with the value of an old one. */
  readonly revert: (version: number, author: Revision.Author) => Effect.Effect<Snapshot<A>, Fault.Fault>
  /** Forgets all versions but so many of the newest, and says how many. The present one always stays. */
  readonly prune: (keep: number) => Effect.Effect<number, Fault.Fault>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<A, I> {
  readonly name: string
  readonly schema: Schema.Schema<A, I>
  /** How long a transaction may stay open. Defaults to 30 minutes. */
  readonly expiry?: Duration.DurationInput | undefined
}

/**
 * A document of the store. It is there as soon as something is committed.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Document from "holdfast/store/Document"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * const Cluster = Schema.Struct({ masters: Schema.Int, phase: Schema.String })
 *
 * const scaleUp = Effect.gen(function*() {
 *   const cluster = yield* Document.make({ name: "cluster/lab", schema: Cluster })
 *   yield* cluster.transact({ why: "scale up" }, (transaction) =>
 *     Effect.zipRight(transaction.set("masters", 3), transaction.set("phase", "Scaling")))
 * })
 */
export const make = <A, I>(
  options: Options<A, I>
): Effect.Effect<Document<A>, Fault.Fault, Database.Database> =>
  Effect.flatMap(Database.Database, (database) =>
    options.name === ""
      ? Effect.fail(Revision.raise("make", options.name, "invalid", "document-name", { detail: "it has no name" }))
      : Effect.succeed(assemble(database, options)))

const assemble = <A, I>(database: Database.Service, options: Options<A, I>): Document<A> => {
  const { name } = options
  const table = Revision.make(database, name)
  const decodeValue = Schema.decodeUnknown(options.schema)
  const encodeValue = Schema.encode(options.schema)
  const misfit = (operation: string) => (error: ParseResult.ParseError): Fault.Fault =>
    Revision.raise(operation, name, "invalid", "document-invalid", {
      detail: `it does not fit its schema: ${said(error)}`
    })

  const decode = (operation: string, value: Revision.Value): Effect.Effect<Option.Option<A>, Fault.Fault> =>
    Effect.mapError(Effect.transposeMapOption(value, (value) => decodeValue(value)), misfit(operation))

  const encode = (operation: string, value: Option.Option<A>): Effect.Effect<Revision.Value, Fault.Fault> =>
    Effect.gen(function*() {
      const encoded = yield* Effect.mapError(
        Effect.transposeMapOption(value, (value) => encodeValue(value)),
        misfit(operation)
      )
      const json = Option.flatMap(encoded, Json.fromUnknown)
      // What JSON cannot hold would be lost in silence.
      yield* decode(operation, json)
      return json
    })

  const snapshot = (operation: string, { value, version }: Revision.Stored): Effect.Effect<Snapshot<A>, Fault.Fault> =>
    Effect.map(decode(operation, value), (value) => ({ version, value }))

  const update = (operation: string, author: Revision.Author, next: Revision.Next, revertOf?: number) =>
    Effect.flatMap(
      table.replace(operation, author, (stored) => Effect.tap(next(stored), (value) => decode(operation, value)), {
        revertOf
      }),
      (stored) => snapshot(operation, stored)
    )

  const begin = (author: Revision.Author): Effect.Effect<Transaction<A>, Fault.Fault> =>
    Effect.gen(function*() {
      const begun = yield* table.read("begin")
      const first = yield* snapshot("begin", begun)
      const expiresAt = (yield* database.now) + Duration.toMillis(options.expiry ?? Duration.minutes(30))
      const one = yield* Effect.makeSemaphore(1)
      let value = begun.value
      let closed: Fault.Fault | undefined

      const close = (code: string, detail: string) => {
        closed = Revision.raise("transaction", name, "rejected", code, { detail })
      }
      const change = (make: (value: Revision.Value) => Option.Option<Revision.Value>, path: JsonChange.Path) =>
        one.withPermits(1)(Effect.suspend(() => {
          if (closed !== undefined) return closed
          const made = make(value)
          if (Option.isNone(made)) {
            return Revision.raise("set", name, "invalid", "document-path", {
              detail: `there is no such place: ${JsonChange.format(path)}`
            })
          }
          value = made.value
          return Effect.void
        }))
      const commit = Effect.suspend(() => {
        if (closed !== undefined) return closed
        const made = value
        return Effect.tapBoth(
          Effect.zipRight(
            decode("commit", made),
            table.replace("commit", author, () => Effect.succeed(made), { expected: begun.version, expiresAt })
          ),
          {
            onSuccess: () => Effect.sync(() => close("transaction-closed", "the transaction was committed")),
            onFailure: (fault) =>
              Effect.sync(() => {
                if (fault.code === "document-conflict") {
                  close("transaction-closed", "the transaction has lost against another")
                }
                if (fault.code === "transaction-expired") closed = fault
              })
          }
        )
      }).pipe(
        Effect.flatMap((stored) => snapshot("commit", stored)),
        // A commit that has begun is made or not made: nobody is left in doubt by an interruption.
        Effect.uninterruptible,
        one.withPermits(1),
        Effect.withSpan("Document.commit")
      )

      return {
        id: randomUUID(),
        snapshot: first,
        expiresAt,
        current: Effect.suspend(() => closed ?? decode("current", value)),
        set: (path, json) => {
          const at = JsonChange.pathOf(path)
          return change((value) => Option.map(JsonChange.set(value, at, json), Option.some), at)
        },
        delete: (path) => {
          const at = JsonChange.pathOf(path)
          return change((value) => Option.some(JsonChange.remove(value, at)), at)
        },
        commit,
        rollback: one.withPermits(1)(Effect.sync(() => {
          if (closed === undefined) close("transaction-closed", "the transaction was rolled back")
        }))
      }
    })

  return {
    name,
    read: Effect.flatMap(table.read("read"), (stored) => snapshot("read", stored)),
    begin,
    transact: (author, body) =>
      Effect.acquireUseRelease(
        begin(author),
        (transaction) => Effect.zipLeft(body(transaction), transaction.commit),
        (transaction) => transaction.rollback
      ),
    update: (author, next) =>
      update(
        "update",
        author,
        ({ value }) => Effect.flatMap(decode("update", value), (value) => encode("update", next(value)))
      ),
    history: (options) => table.history(options?.limit ?? 100, options?.before),
    at: (version) => Effect.flatMap(table.at("at", version), (value) => decode("at", value)),
    revert: (version, author) =>
      Effect.flatMap(
        table.at("revert", version),
        (value) => update("revert", author, () => Effect.succeed(value), version)
      ),
    prune: table.prune
  }
}

const said = (error: ParseResult.ParseError): string =>
  ParseResult.ArrayFormatter.formatErrorSync(error)
    .map(({ message, path }) => `${path.map(String).join(".") || "it"}: ${message}`.replace(/\s+/g, " "))
    .join("; ")
    .slice(0, 1000)
