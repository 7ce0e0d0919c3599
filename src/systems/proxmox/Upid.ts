/**
 * The name of a Proxmox VE task: which node runs it, since when, of which type, on what, for whom.
 *
 * Source: the grammar in pve-common `PVE::Tools::upid_decode` (9.2.1).
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/**
 * A parsed task name. `text` is the exact name the server gave; compare tasks by it and by nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export interface Upid {
  readonly text: string
  readonly node: string
  readonly pid: number
  readonly pstart: number
  /** Seconds since the epoch, by the server's clock. */
  readonly starttime: number
  /** `qmclone`, `qmconfig`, `qmstart`, … */
  readonly type: string
  /** What it works on. For `qmclone` it is the id of the *source*, never of the new machine. */
  readonly id: string
  /** `user@realm`, or `user@realm!token`. */
  readonly user: string
}

const grammar =
  /^UPID:([a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?):([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8,9}):([0-9A-Fa-f]{8}):([^:\s/]+):([^:\s/]*):([^:\s/]+):$/

/**
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Either.Either<Upid, string> => {
  const match = grammar.exec(text)
  if (match === null) {
    return Either.left(
      `"${text}" is not a task name (UPID:<node>:<pid>:<pstart>:<starttime>:<type>:<id>:<user>:)`
    )
  }
  const [, node = "", pid = "", pstart = "", starttime = "", type = "", id = "", user = ""] = match
  return Either.right({
    text,
    node,
    pid: Number.parseInt(pid, 16),
    pstart: Number.parseInt(pstart, 16),
    starttime: Number.parseInt(starttime, 16),
    type,
    id,
    user
  })
}

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, "0")

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (fields: Omit<Upid, "text">): Upid => ({
  ...fields,
  text: `UPID:${fields.node}:${hex(fields.pid, 8)}:${hex(fields.pstart, 8)}:${hex(fields.starttime, 8)}:` +
    `${fields.type}:${fields.id}:${fields.user}:`
})

const Fields = Schema.Struct({
  text: Schema.String,
  node: Schema.String,
  pid: Schema.Number,
  pstart: Schema.Number,
  starttime: Schema.Number,
  type: Schema.String,
  id: Schema.String,
  user: Schema.String
})

/**
 * Decodes a task name from the text the API returns.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Upid: Schema.Schema<Upid, string> = Schema.transformOrFail(Schema.String, Fields, {
  strict: true,
  decode: (text, _, ast) => Either.mapLeft(parse(text), (message) => new ParseResult.Type(ast, text, message)),
  encode: (upid) => ParseResult.succeed(upid.text)
})
