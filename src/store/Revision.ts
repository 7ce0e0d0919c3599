/**
 * The versions of a document as they are kept: the present one, and the audit trail.
 *
 * @since 0.1.0
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Fault from "../kernel/Fault.ts"
import * as Json from "../kernel/Json.ts"
import type * as Database from "./Database.ts"
import * as JsonChange from "./JsonChange.ts"
import * as Rows from "./Rows.ts"

/**
 * Who makes a version, and what for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Author {
  /** Defaults to the process that has the store open. */
  readonly who?: string | undefined
  readonly why: string
  /** Defaults to the trace of the span around. */
  readonly traceId?: string | undefined
}

/**
 * One version in the audit trail.
 *
 * @since 0.1.0
 * @category models
 */
export interface Revision {
  readonly version: number
  /** Milliseconds since 1970 by the store's clock. */
  readonly at: number
  readonly who: string
  readonly why: string
  readonly traceId: Option.Option<string>
  /** The version that was brought back. */
  readonly revertOf: Option.Option<number>
  readonly changes: ReadonlyArray<JsonChange.Change>
}

/**
 * Somebody else was faster: the cause of a fault with the code `document-conflict`. Read it with {@link conflictOf}.
 *
 * @since 0.1.0
 * @category errors
 */
export class Conflict extends Schema.TaggedError<Conflict>("holdfast/store/Document/Conflict")("Conflict", {
  document: Schema.String,
  /** The version that the changes were made to. */
  expected: Schema.Number,
  /** The version that is there. */
  found: Schema.Number,
  /** Who made that one. */
  who: Schema.String,
  why: Schema.String
}) {
  override get message(): string {
    return `version ${this.expected} was expected, and version ${this.found} is there`
  }
}

/**
 * What is known of a conflict.
 *
 * @since 0.1.0
 * @category getters
 */
export const conflictOf = (fault: Fault.Fault): Option.Option<Conflict> =>
  Schema.is(Conflict)(fault.cause) ? Option.some(fault.cause) : Option.none()

/** A missing value is not the value `null`. */
const Column = Schema.compose(
  Schema.OptionFromNullOr(Schema.String),
  Schema.OptionFromSelf(Schema.parseJson(Json.Parsed))
)

const Present = Schema.Struct({ version: Rows.Integer, value: Column })

const Trail = Schema.Struct({
  version: Rows.Integer,
  at: Rows.Integer,
  who: Schema.String,
  why: Schema.String,
  trace_id: Schema.NullOr(Schema.String),
  revert_of: Schema.NullOr(Rows.Integer),
  changes: Schema.parseJson(Schema.Array(JsonChange.Change))
})

/**
 * What is stored of a version: nothing where the document was removed.
 *
 * @internal
 */
export type Value = Option.Option<Json.Json>

/**
 * @internal
 */
export interface Stored {
  readonly version: number
  readonly value: Value
}

/**
 * A fault of a document.
 *
 * @internal
 */
export const raise = (
  operation: string,
  name: string,
  kind: Fault.Kind,
  code: string,
  more: Pick<Fault.Options, "detail"> & Partial<Pick<Fault.Options, "hint" | "cause">>
): Fault.Fault =>
  Fault.make({
    kind,
    system: "holdfast",
    operation: `Document.${operation}`,
    sent: "no",
    code,
    subject: `document ${JSON.stringify(name)}`,
    ...more
  })

/**
 * What is to stand there, by what stands there. It may be asked more than once.
 *
 * @internal
 */
export type Next = (stored: Stored) => Effect.Effect<Value, Fault.Fault>

interface Expected {
  /** The version that is to be replaced. Defaults to whichever is there. */
  readonly expected?: number | undefined
  /** The end of the transaction, by the store's clock. */
  readonly expiresAt?: number | undefined
  readonly revertOf?: number | undefined
}

/**
 * The rows of one document.
 *
 * @internal
 */
export const make = (database: Database.Service, name: string) => {
  const { sql } = database
  const place = (operation: string) => ({
    operation: `Document.${operation}`,
    what: `document ${JSON.stringify(name)}`
  })

  const present = (operation: string): Effect.Effect<Stored, Fault.Fault | SqlError> =>
    sql`SELECT version, value FROM holdfast_documents WHERE name = ${name}`.pipe(
      Effect.flatMap(Rows.decodeFirst(database, Present, place(operation))),
      Effect.map(Option.match({
        onNone: (): Stored => ({ version: 0, value: Option.none() }),
        onSome: (stored): Stored => stored
      }))
    )

  const history = (operation: string, limit: number, before: number) =>
    sql`SELECT version, at, who, why, trace_id, revert_of, changes FROM holdfast_document_versions
      WHERE name = ${name} AND version < ${before} ORDER BY version DESC LIMIT ${limit}`.pipe(
      Effect.flatMap(Rows.decode(database, Trail, place(operation))),
      Effect.map((rows) => rows.map(revision))
    )

  const conflict = (expected: number, found: number): Effect.Effect<never, Fault.Fault | SqlError> =>
    Effect.flatMap(history("commit", 1, Number.MAX_SAFE_INTEGER), ([last]) => {
      const { who, why } = last ?? { who: "somebody else", why: "not known" }
      return raise("commit", name, "conflict", "document-conflict", {
        detail: `it was changed to version ${found} by ${who} (${why}) since version ${expected}, ` +
          "which the changes were made to",
        hint: "Begin again with the present version",
        cause: new Conflict({ document: name, expected, found, who, why })
      })
    })

  const insert = (stored: Stored, before: Value, author: Author, at: number, revertOf: number | undefined) =>
    Effect.gen(function*() {
      const traceId = author.traceId ?? (yield* currentTrace)
      const value = toColumn(stored.value)
      const { version } = stored
      const changes = JSON.stringify(JsonChange.between(before, stored.value))
      yield* sql`INSERT INTO holdfast_documents ${sql.insert({ name, version, value })}
        ON CONFLICT (name) DO UPDATE SET version = ${version}, value = ${value}`
      yield* sql`INSERT INTO holdfast_document_versions ${
        sql.insert({
          name,
          version,
          value,
          at,
          who: author.who ?? database.holder.toString(),
          why: author.why,
          trace_id: traceId,
          revert_of: revertOf ?? null,
          changes
        })
      }`
    })

  return {
    read: (operation: string) => database.read(`Document.${operation}`, present(operation)),
    history: (limit: number, before = Number.MAX_SAFE_INTEGER) =>
      database.read("Document.history", history("history", limit, before)),
    at: (operation: string, version: number): Effect.Effect<Value, Fault.Fault> =>
      database.read(
        `Document.${operation}`,
        sql`SELECT version, value FROM holdfast_document_versions WHERE name = ${name} AND version = ${version}`
      ).pipe(
        Effect.flatMap(Rows.decodeFirst(database, Present, place(operation))),
        Effect.flatMap(Option.match({
          onSome: ({ value }) => Effect.succeed(value),
          onNone: () =>
            raise(operation, name, "not-found", "document-version", {
              detail: `version ${version} is not known, or not any more`
            })
        }))
      ),
    replace: (operation: string, author: Author, next: Next, { expected, expiresAt, revertOf }: Expected) =>
      database.transaction(
        `Document.${operation}`,
        Effect.gen(function*() {
          const at = yield* database.now
          if (expiresAt !== undefined && at >= expiresAt) {
            return yield* raise(operation, name, "rejected", "transaction-expired", {
              detail: `the transaction was open for too long, and ended at ${new Date(expiresAt).toISOString()}`,
              hint: "Begin again with the present version"
            })
          }
          const before = yield* present(operation)
          if (expected !== undefined && before.version !== expected) return yield* conflict(expected, before.version)
          const value = yield* next(before)
          if (JsonChange.between(before.value, value).length === 0) return before
          const after = { version: before.version + 1, value }
          yield* insert(after, before.value, author, at, revertOf)
          return after
        })
      ),
    prune: (keep: number): Effect.Effect<number, Fault.Fault> =>
      database.transaction(
        "Document.prune",
        Effect.gen(function*() {
          const { version } = yield* present("prune")
          const rows = yield* sql`DELETE FROM holdfast_document_versions
            WHERE name = ${name} AND version <= ${version - Math.max(keep, 1)} RETURNING version`
          return rows.length
        })
      )
  }
}

const toColumn = (value: Value): string | null => Option.getOrNull(Option.map(value, Json.canonical))

const revision = (row: typeof Trail.Type): Revision => ({
  version: row.version,
  at: row.at,
  who: row.who,
  why: row.why,
  traceId: Option.fromNullable(row.trace_id),
  revertOf: Option.fromNullable(row.revert_of),
  changes: row.changes
})

const currentTrace: Effect.Effect<string | null> = Effect.match(Effect.currentSpan, {
  onFailure: () => null,
  onSuccess: (span) => span.traceId
})
