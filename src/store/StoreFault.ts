/**
 * The failures of the store, in the vocabulary of all failures, told apart by stable codes.
 *
 * | Code | Kind | What it means |
 * | --- | --- | --- |
 * | `store-busy` | `locked` | others kept writing for as long as one was willing to wait |
 * | `store-unavailable` | `transient`, `denied`, `failed` or `unauthenticated` | it cannot be opened, or the connection is lost |
 * | `store-corrupt` | `invalid` | what it holds is torn, damaged or not ours |
 * | `store-too-new` | `invalid` | a newer program has written it |
 * | `store-full` | `failed` | there is no room on its disk |
 * | `store-read-only` | `denied` | it may be read and not written |
 *
 * @since 0.1.0
 */
import * as SqlError from "@effect/sql/SqlError"
import * as Predicate from "effect/Predicate"
import { statfsSync } from "node:fs"
import { dirname } from "node:path"
import * as Fault from "../kernel/Fault.ts"
import type { Backend } from "./Database.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Code =
  | "store-busy"
  | "store-unavailable"
  | "store-corrupt"
  | "store-too-new"
  | "store-full"
  | "store-read-only"

/**
 * Where it happened.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  readonly backend: Backend
  readonly location: string
  /** As in the span name: `Journal.begin`. */
  readonly operation: string
}

/** What is said of a failure besides where it happened. */
type Said = Pick<Fault.Options, "detail"> & Partial<Pick<Fault.Options, "kind" | "hint" | "cause" | "sent" | "remote">>

const make = (place: Place, code: Code, kind: Fault.Kind, said: Said): Fault.Fault =>
  Fault.make({
    kind,
    system: "holdfast",
    operation: place.operation,
    subject: place.backend === "sqlite" ? `store ${place.location}` : `store at ${place.location}`,
    code,
    sent: "no",
    ...said
  })

/**
 * @since 0.1.0
 * @category errors
 */
export const busy = (place: Place, said: Said): Fault.Fault => make(place, "store-busy", "locked", said)

/**
 * `StoreUnavailable`. Of the kind `transient` unless said otherwise.
 *
 * @since 0.1.0
 * @category errors
 */
export const unavailable = (place: Place, said: Said): Fault.Fault =>
  make(place, "store-unavailable", "transient", said)

/**
 * `StoreCorrupt`.
 *
 * @since 0.1.0
 * @category errors
 */
export const corrupt = (place: Place, said: Said): Fault.Fault =>
  make(place, "store-corrupt", "invalid", {
    hint: "nothing was changed; put back a good copy, or move it away and begin a new store",
    ...said
  })

/**
 * `StoreTooNew`.
 *
 * @since 0.1.0
 * @category errors
 */
export const tooNew = (place: Place, found: number, known: number): Fault.Fault =>
  make(place, "store-too-new", "invalid", {
    detail: `a newer holdfast has written it (schema ${found}, this program knows ${known})`,
    hint: "use the newer holdfast; nothing was changed"
  })

/**
 * @since 0.1.0
 * @category errors
 */
export const full = (place: Place, said: Partial<Said>): Fault.Fault =>
  make(place, "store-full", "failed", {
    detail: "there is no room left on its disk",
    hint: "make room, then run the same command again: what was recorded so far is kept",
    ...said
  })

/**
 * @since 0.1.0
 * @category errors
 */
export const readOnly = (place: Place, said: Partial<Said>): Fault.Fault =>
  make(place, "store-read-only", "denied", {
    detail: "it cannot be written",
    hint: place.backend === "sqlite"
      ? "make the file and its folder writable for this user, or name another place"
      : "the server is read-only or the user lacks the permission to write",
    ...said
  })

/**
 * @since 0.1.0
 * @category predicates
 */
export const is = (fault: Fault.Fault, code: Code): boolean => fault.code === code

/**
 * It tends to pass: the whole transaction may be run again.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPassing = (fault: Fault.Fault): boolean =>
  fault.code === "store-busy" || (fault.code === "store-unavailable" && fault.kind === "transient")

/**
 * Says in our words what a driver threw.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromSql = (place: Place, error: SqlError.SqlError): Fault.Fault => fromDriver(place, error.cause ?? error)

/**
 * @since 0.1.0
 * @category guards
 */
export const isSqlError = (u: unknown): u is SqlError.SqlError =>
  Predicate.hasProperty(u, SqlError.SqlErrorTypeId) && Predicate.isTagged(u, "SqlError")

/**
 * The same for what was thrown below it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromDriver = (place: Place, cause: unknown): Fault.Fault => {
  const code = Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : ""
  const detail = cause instanceof Error ? cause.message : String(cause)
  if (isClosed(detail)) return unavailable(place, { kind: "failed", detail: "it was closed", cause })
  return place.backend === "sqlite"
    ? fromSqlite(place, code, { detail, cause })
    : fromPostgres(place, code, { detail, cause })
}

/** Both drivers say it in words only. */
const isClosed = (detail: string): boolean =>
  detail === "The database connection is not open" || detail === "Cannot use a pool after calling end on the pool"

/** Result codes: https://www.sqlite.org/rescode.html. An extended code begins with the name of its family. */
const fromSqlite = (place: Place, code: string, said: Said): Fault.Fault => {
  const of = (family: string) => code === family || code.startsWith(`${family}_`)
  if (of("SQLITE_BUSY") || of("SQLITE_LOCKED") || of("SQLITE_PROTOCOL")) return busy(place, said)
  if (of("SQLITE_FULL") || code === "ENOSPC" || code === "EDQUOT") return full(place, { cause: said.cause })
  if (of("SQLITE_IOERR")) return ioError(place, said)
  if (code === "SQLITE_READONLY_DBMOVED") {
    return unavailable(place, {
      ...said,
      kind: "failed",
      detail: "the file was moved or removed while it was in use",
      hint: "put it back, or find out who removes it; then run the same command again, which looks at what is there"
    })
  }
  if (of("SQLITE_READONLY") || of("SQLITE_PERM") || code === "EACCES" || code === "EROFS" || code === "EPERM") {
    return readOnly(place, { cause: said.cause })
  }
  if (of("SQLITE_CORRUPT") || of("SQLITE_NOTADB") || of("SQLITE_FORMAT")) return corrupt(place, said)
  // A missing table or column, or a broken constraint: the schema is not the one that was written.
  if (of("SQLITE_ERROR") || of("SQLITE_CONSTRAINT") || of("SQLITE_MISMATCH")) return corrupt(place, said)
  if (of("SQLITE_CANTOPEN")) {
    return unavailable(place, {
      ...said,
      kind: "failed",
      hint: "make sure that its folder exists and is writable for this user"
    })
  }
  return unavailable(place, { ...said, kind: "failed" })
}

/** Memory that processes share is a file too, and where there is no room for that the code does not say so. */
const ioError = (place: Place, { cause }: Said): Fault.Fault =>
  isFull(place.location)
    ? full(place, { cause })
    : unavailable(place, {
      kind: "failed",
      detail: "the disk reports an error",
      hint: "see that the disk is in order and that there is room and quota left, then run the same command again",
      cause
    })

const leastRoom = 65_536

const isFull = (file: string): boolean => {
  try {
    const { bavail, bsize } = statfsSync(dirname(file))
    return bavail * bsize < leastRoom
  } catch {
    return false
  }
}

const resourceClasses = new Map<string, (place: Place, said: Said) => Fault.Fault>([
  ["53100", (place, { cause }) => full(place, { cause })],
  ["25006", (place, { cause }) => readOnly(place, { cause })],
  ["42501", (place, { cause }) => readOnly(place, { cause })],
  ["40001", busy],
  ["40P01", busy],
  ["55P03", busy],
  ["57014", busy],
  ["53300", unavailable],
  ["25P03", unavailable],
  ["57P01", unavailable],
  ["57P02", unavailable],
  ["57P03", unavailable],
  ["XX001", corrupt],
  ["XX002", corrupt]
])

/** SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html. The first two characters are the class. */
const fromPostgres = (place: Place, code: string, said: Said): Fault.Fault => {
  const known = resourceClasses.get(code)
  if (known !== undefined) return known(place, said)
  // The driver's own failures and those of the socket carry no SQLSTATE: the connection was lost or never made.
  if (!/^[0-9A-Z]{5}$/.test(code) || code.startsWith("08")) {
    return unavailable(place, {
      ...said,
      detail: `the connection failed: ${said.detail === "" ? code : said.detail}`,
      hint: "see that the server runs and can be reached, then run the same command again"
    })
  }
  if (code.startsWith("28")) {
    return unavailable(place, {
      ...said,
      kind: "unauthenticated",
      hint: "see the user and the password in HOLDFAST_DATABASE_URL"
    })
  }
  if (code.startsWith("42") || code.startsWith("23") || code.startsWith("22")) return corrupt(place, said)
  return unavailable(place, { ...said, kind: "failed" })
}
