/**
 * What comes out of the database is checked before it is believed: a row that does not fit is a fault, never a guess.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { Fault } from "../kernel/Fault.ts"
import type * as Database from "./Database.ts"
import * as StoreFault from "./StoreFault.ts"

/**
 * A `BIGINT`: the PostgreSQL driver gives text, the other a number.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Integer: Schema.Schema<number, number | string> = Schema.Union(
  Schema.Int,
  Schema.compose(Schema.NumberFromString, Schema.Int)
)

/**
 * @since 0.1.0
 * @category models
 */
export interface Place {
  /** As in the span name: `Journal.read`. */
  readonly operation: string
  /** What the row is, for the message: `journal entry "a"`. */
  readonly what: string
}

const torn = (database: Database.Service, place: Place) => (error: ParseResult.ParseError): Fault =>
  StoreFault.corrupt({ ...database, operation: place.operation }, {
    detail: `the ${place.what} is torn or was not written by holdfast`,
    cause: error
  })

/**
 * @since 0.1.0
 * @category decoding
 */
export const decode = <A, I>(
  database: Database.Service,
  schema: Schema.Schema<A, I>,
  place: Place
): (rows: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<A>, Fault> => {
  const decodeRows = Schema.decodeUnknown(Schema.Array(schema))
  return (rows) => Effect.mapError(decodeRows(rows), torn(database, place))
}

/**
 * The first row, if there is one.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decodeFirst = <A, I>(
  database: Database.Service,
  schema: Schema.Schema<A, I>,
  place: Place
): (rows: ReadonlyArray<unknown>) => Effect.Effect<Option.Option<A>, Fault> => {
  const decodeRow = Schema.decodeUnknown(schema)
  return ([row]) =>
    row === undefined
      ? Effect.succeedNone
      : Effect.mapBoth(decodeRow(row), { onSuccess: Option.some, onFailure: torn(database, place) })
}
