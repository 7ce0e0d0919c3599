/**
 * What became of an export: of every type, and of every resource that is not in it.
 *
 * The report that is written beside the files holds nothing that differs between two exports of one organisation.
 *
 * @since 0.1.0
 */
import * as Fault from "../../kernel/Fault.ts"
import * as Schema from "effect/Schema"

/**
 * Why a resource is not in the export, or not as it is in the organisation.
 *
 * - `vanished`: it was listed, and was gone when it was read.
 * - `failed`: it could not be read.
 * - `denied`: the type cannot be listed with these permissions, or the product is not enabled. `id` is `*`.
 * - `not-listed`: the type could not be listed. `id` is `*`.
 * - `incomplete`: fewer were listed than the API promised. `id` is `*`.
 * - `absent`: it was asked for by its id or its name, one of which is its `id` here, and is not there.
 * - `skipped`: it is not exported by nature: deleted, unpublished.
 * - `unresolved`: an attribute names an id that is not in the export.
 * - `cycle`: a dependency was left out to break a cycle.
 * - `file`: a file that belongs to it could not be had.
 *
 * @since 0.1.0
 * @category models
 */
export const Reason = Schema.Literal(
  "vanished",
  "failed",
  "denied",
  "not-listed",
  "incomplete",
  "absent",
  "skipped",
  "unresolved",
  "cycle",
  "file"
)

/**
 * @since 0.1.0
 * @category models
 */
export type Reason = typeof Reason.Type

/**
 * @since 0.1.0
 * @category models
 */
export const Exception = Schema.Struct({
  type: Schema.String,
  id: Schema.String,
  /** What it is called, where that is known. */
  name: Schema.NullOr(Schema.String),
  reason: Reason,
  /** The attribute, for `unresolved`. */
  attribute: Schema.NullOr(Schema.String),
  detail: Schema.String,
  /** What to do about it. */
  hint: Schema.NullOr(Schema.String),
  /** By which the vendor finds the request. In what the command prints; `null` in the file, where it would differ. */
  correlationId: Schema.NullOr(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Exception = typeof Exception.Type

/**
 * @since 0.1.0
 * @category models
 */
export const TypeSummary = Schema.Struct({
  type: Schema.String,
  /** Entities that the listing gave. */
  listed: Schema.Number,
  /** Left after the filters. */
  wanted: Schema.Number,
  /** In the files. */
  exported: Schema.Number,
  /** Of those wanted: gone, failed, skipped. */
  vanished: Schema.Number,
  failed: Schema.Number,
  skipped: Schema.Number,
  /** Whether the type was left out whole. */
  denied: Schema.Boolean
})

/**
 * @since 0.1.0
 * @category models
 */
export type TypeSummary = typeof TypeSummary.Type

/**
 * Since the last export, by address: `genesyscloud_routing_queue.Sales`.
 *
 * @since 0.1.0
 * @category models
 */
export const Changes = Schema.Struct({
  added: Schema.Array(Schema.String),
  changed: Schema.Array(Schema.String),
  removed: Schema.Array(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Changes = typeof Changes.Type

/**
 * @since 0.1.0
 * @category models
 */
export const Report = Schema.Struct({
  organisation: Schema.Struct({ id: Schema.String, name: Schema.String }),
  /** Sorted by type. */
  types: Schema.Array(TypeSummary),
  /** Sorted by type, id, reason and attribute. */
  exceptions: Schema.Array(Exception),
  /** Absent without `sinceLast`. */
  changes: Schema.optionalWith(Changes, { exact: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Report = typeof Report.Type

/**
 * What the command and an embedding program get. Times and counts that differ from run to run are here and not in the
 * report.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outcome {
  readonly report: Report
  /** The folder, absolute. */
  readonly directory: string
  /** Files written, relative to it, sorted. */
  readonly files: ReadonlyArray<string>
  readonly archive?: string | undefined
  readonly durationMillis: number
  /** Requests answered, and those that were repeated. */
  readonly calls: number
  readonly retries: number
  /** Resources whose listing has all of them; those that were read, or what belongs to them; those of an earlier export. */
  readonly listed: number
  readonly read: number
  readonly reused: number
  /** Of those of an earlier export, where only the listing says that nothing has changed. */
  readonly trusted: number
}

/**
 * Whether everything that was asked for is in the files as it is in the organisation: otherwise the command exits 2.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isWhole = (report: Report): boolean => !report.exceptions.some(({ reason }) => matters.has(reason))

const matters: ReadonlySet<Reason> = new Set(["failed", "denied", "not-listed", "incomplete", "absent", "file"])

/**
 * @since 0.1.0
 * @category constructors
 */
export const exception = (
  options: { readonly type: string; readonly id: string; readonly name?: string | undefined; readonly reason: Reason },
  fault: Fault.Fault
): Exception => ({
  type: options.type,
  id: options.id,
  name: options.name ?? null,
  reason: options.reason,
  attribute: null,
  detail: fault.detail,
  hint: fault.hint ?? null,
  correlationId: fault.requestId ?? null
})
