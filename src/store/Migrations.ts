/**
 * The schema, step by step. It only ever grows: a step that was released is never changed, and a database that a newer
 * program has migrated is refused.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Fault } from "../kernel/Fault.ts"
import type * as Database from "./Database.ts"
import * as Rows from "./Rows.ts"
import * as StoreFault from "./StoreFault.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Migration {
  readonly name: string
  /** What both backends understand: `TEXT` and `BIGINT` are enough. */
  readonly statements: ReadonlyArray<string>
  /** What only one of them needs. Run before the others. */
  readonly only?: { readonly [B in Database.Backend]?: ReadonlyArray<string> } | undefined
}

const collections = (key: string): string =>
  `CREATE TABLE holdfast_collections (
    collection TEXT NOT NULL,
    key ${key} NOT NULL,
    stamp TEXT,
    digest TEXT NOT NULL,
    value TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (collection, key)
  )`

/**
 * The version of a schema is the number of its steps.
 *
 * @since 0.1.0
 * @category constants
 */
export const migrations: ReadonlyArray<Migration> = [
  {
    name: "leases, journal and runs",
    only: {
      sqlite: [
        "CREATE TABLE holdfast_fence (one INTEGER PRIMARY KEY CHECK (one = 1), value BIGINT NOT NULL)",
        "INSERT INTO holdfast_fence VALUES (1, 0)"
      ],
      postgres: ["CREATE SEQUENCE holdfast_fence"]
    },
    statements: [
      `CREATE TABLE holdfast_leases (
        name TEXT PRIMARY KEY,
        fence BIGINT NOT NULL,
        run TEXT,
        holder TEXT NOT NULL,
        acquired_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        ttl BIGINT NOT NULL
      )`,
      `CREATE TABLE holdfast_journal (
        key TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        intent TEXT NOT NULL,
        outcome TEXT,
        run TEXT,
        begun_at BIGINT NOT NULL,
        ended_at BIGINT,
        digest TEXT NOT NULL
      )`,
      `CREATE TABLE holdfast_runs (
        id TEXT PRIMARY KEY,
        command TEXT NOT NULL,
        target TEXT NOT NULL,
        state TEXT NOT NULL,
        input TEXT NOT NULL,
        trace_id TEXT,
        holder TEXT NOT NULL,
        fence BIGINT NOT NULL,
        started_at BIGINT NOT NULL,
        ended_at BIGINT,
        detail TEXT
      )`,
      "CREATE INDEX holdfast_runs_target ON holdfast_runs (target, started_at)",
      `CREATE TABLE holdfast_steps (
        run TEXT NOT NULL,
        key TEXT NOT NULL,
        state TEXT NOT NULL,
        begun_at BIGINT NOT NULL,
        ended_at BIGINT,
        settled_by TEXT,
        detail TEXT,
        PRIMARY KEY (run, key)
      )`,
      "CREATE INDEX holdfast_steps_key ON holdfast_steps (key)"
    ]
  },
  {
    name: "documents and idempotency",
    statements: [
      "CREATE TABLE holdfast_documents (name TEXT PRIMARY KEY, version BIGINT NOT NULL, value TEXT)",
      `CREATE TABLE holdfast_document_versions (
        name TEXT NOT NULL,
        version BIGINT NOT NULL,
        value TEXT,
        at BIGINT NOT NULL,
        who TEXT NOT NULL,
        why TEXT NOT NULL,
        trace_id TEXT,
        revert_of BIGINT,
        changes TEXT NOT NULL,
        PRIMARY KEY (name, version)
      )`,
      `CREATE TABLE holdfast_idempotency (
        key TEXT PRIMARY KEY,
        operation TEXT NOT NULL,
        parameters TEXT NOT NULL,
        state TEXT NOT NULL,
        outcome TEXT,
        attempt BIGINT NOT NULL,
        begun_at BIGINT NOT NULL,
        ended_at BIGINT,
        expires_at BIGINT NOT NULL
      )`,
      "CREATE INDEX holdfast_idempotency_expires_at ON holdfast_idempotency (expires_at)"
    ]
  },
  {
    name: "series of changes",
    statements: [
      "ALTER TABLE holdfast_journal ADD COLUMN series TEXT",
      "ALTER TABLE holdfast_journal ADD COLUMN number BIGINT",
      // Until now all changes of this system were series, and only their keys told so.
      `UPDATE holdfast_journal SET
        series = substr(rtrim(key, '0123456789'), 1, length(rtrim(key, '0123456789')) - 1),
        number = CAST(substr(key, length(rtrim(key, '0123456789')) + 1) AS BIGINT)
      WHERE key LIKE '%/proxmox/%' AND rtrim(key, '0123456789') LIKE '%/' AND key NOT LIKE '%/'`,
      "CREATE INDEX holdfast_journal_series ON holdfast_journal (series, number)",
      "CREATE INDEX holdfast_journal_run ON holdfast_journal (run)"
    ]
  },
  {
    name: "collections",
    only: {
      sqlite: [collections("TEXT")],
      // Whatever the language of the server is: by code points, as in the other.
      postgres: [collections("TEXT COLLATE \"C\"")]
    },
    statements: []
  }
]

/**
 * Brings the database up to this program. Many processes may do so at once: who comes second finds it done.
 *
 * @since 0.1.0
 * @category operations
 */
export const apply = (
  database: Database.Service,
  steps: ReadonlyArray<Migration> = migrations
): Effect.Effect<void, Fault> =>
  Effect.gen(function*() {
    const found = yield* check(database, steps)
    // Mostly there is nothing to do, and then nothing need be locked.
    if (found === steps.length) return
    yield* Effect.catchAll(
      migrate(database, steps),
      (fault) => Effect.flatMap(version(database), (now) => now > found ? apply(database, steps) : Effect.fail(fault))
    )
  })

/**
 * The version that the database has, if this program may use it.
 *
 * @since 0.1.0
 * @category getters
 */
export const check = (
  database: Database.Service,
  steps: ReadonlyArray<Migration> = migrations
): Effect.Effect<number, Fault> =>
  Effect.flatMap(version(database), (found) =>
    found > steps.length
      ? Effect.fail(StoreFault.tooNew({ ...database, operation }, found, steps.length))
      : Effect.succeed(found))

const operation = "Store.migrate"

const decodeVersion = (database: Database.Service) =>
  Rows.decodeFirst(database, Schema.Struct({ version: Schema.NullOr(Rows.Integer) }), {
    operation,
    what: "version of the schema"
  })

const decodeNames = (database: Database.Service) =>
  Rows.decode(database, Schema.Struct({ name: Schema.String }), { operation, what: "list of tables" })

/** 0 where it is empty. */
const version = (database: Database.Service): Effect.Effect<number, Fault> =>
  Effect.gen(function*() {
    const { backend, sql } = database
    const tables = yield* Effect.flatMap(
      database.read(
        operation,
        backend === "sqlite"
          ? sql`SELECT name FROM sqlite_master WHERE type = 'table'`
          : sql`SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'holdfast_schema'`
      ),
      decodeNames(database)
    )
    if (!tables.some(({ name }) => name === "holdfast_schema")) {
      return tables.length === 0 ? 0 : yield* foreign(database)
    }
    const rows = yield* database.read(operation, sql`SELECT MAX(version) AS version FROM holdfast_schema`)
    const row = yield* decodeVersion(database)(rows)
    return Option.match(row, { onNone: () => 0, onSome: (found) => found.version ?? 0 })
  })

/** Only in a file: a server may well keep the tables of others beside ours. */
const foreign = (database: Database.Service): Fault =>
  StoreFault.corrupt({ ...database, operation }, {
    detail: "it is a database of another program",
    hint: "name another file; nothing was changed"
  })

const migrate = (database: Database.Service, steps: ReadonlyArray<Migration>): Effect.Effect<void, Fault> =>
  database.transaction(
    operation,
    Effect.gen(function*() {
      const { sql } = database
      yield* sql`CREATE TABLE IF NOT EXISTS holdfast_schema (
        version BIGINT PRIMARY KEY,
        name TEXT NOT NULL,
        applied_at BIGINT NOT NULL
      )`
      const row = yield* decodeVersion(database)(yield* sql`SELECT MAX(version) AS version FROM holdfast_schema`)
      const found = Option.match(row, { onNone: () => 0, onSome: ({ version }) => version ?? 0 })
      const applied = yield* database.now
      for (const [index, step] of steps.entries()) {
        if (index < found) continue
        for (const statement of [...step.only?.[database.backend] ?? [], ...step.statements]) {
          yield* sql.unsafe(statement)
        }
        yield* sql`INSERT INTO holdfast_schema ${
          sql.insert({ version: index + 1, name: step.name, applied_at: applied })
        }`
      }
    })
  )
