/**
 * The rows in which outcomes of idempotent operations are kept.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Fault from "../kernel/Fault.ts"
import * as Json from "../kernel/Json.ts"
import * as Database from "./Database.ts"
import * as RequestKey from "./RequestKey.ts"
import * as Rows from "./Rows.ts"

/** The lease of who runs it. */
export const leaseOf = (key: string): string => `idempotency:${key}`

const Row = Schema.Struct({
  operation: Schema.String,
  parameters: Schema.String,
  state: Schema.Literal("pending", "completed", "failed"),
  outcome: Schema.NullOr(Schema.parseJson(Json.Parsed)),
  attempt: Rows.Integer,
  begun_at: Rows.Integer,
  ended_at: Schema.NullOr(Rows.Integer),
  expires_at: Rows.Integer
})

export type Row = typeof Row.Type

/** The row, while it counts. */
export const find = (
  method: string,
  { digest, key, operation }: RequestKey.Identity
): Effect.Effect<Option.Option<Row>, Fault.Fault, Database.Database> =>
  Effect.gen(function*() {
    const database = yield* Database.Database
    const { sql } = database
    const place = { operation: `Idempotency.${method}`, what: `outcome of ${operation}` }
    const rows = yield* database.read(
      place.operation,
      sql`SELECT operation, parameters, state, outcome, attempt, begun_at, ended_at, expires_at
        FROM holdfast_idempotency WHERE key = ${key}`
    )
    const now = yield* database.now
    const row = Option.filter(
      yield* Rows.decodeFirst(database, Row, place)(rows),
      ({ expires_at }) => expires_at > now
    )
    if (Option.exists(row, (row) => row.operation !== operation || row.parameters !== digest)) {
      return yield* RequestKey.raise(method, operation, "conflict", "idempotency-mismatch", {
        detail: "its key was used before with other parameters",
        hint: "Use a new key, or the parameters of before"
      })
    }
    return row
  })

/** Texts of another release, or of nobody, still say that it failed. */
export const faultOf = (row: Row): Fault.Fault =>
  Option.getOrElse(
    decodeFault(row.outcome),
    () =>
      RequestKey.raise("run", row.operation, "failed", "idempotency-failed", {
        detail: "it has failed before, in a way that this release cannot read",
        sent: "maybe"
      })
  )

const decodeFault = Schema.decodeUnknownOption(Fault.Fault)

/** The rest of a statement about outcomes that have expired, and of which nobody runs the operation. */
export const rowsExpired = ({ now, sql }: Database.Service) =>
  Effect.map(now, (at) =>
    sql`FROM holdfast_idempotency WHERE expires_at <= ${at} AND NOT EXISTS (
      SELECT 1 FROM holdfast_leases AS lease
      WHERE lease.name = ${leaseOf("")} || holdfast_idempotency.key AND lease.expires_at > ${at}
    )`)
