/**
 * The one vocabulary of failure: what kind it is, whether the request was sent, how long the server asked to
 * wait, and which system, operation and object it belongs to. A failure is classified once, at the edge; from
 * there on every decision (retry, trip, settle, exit code) reads this record and never a text.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~holdfast/Fault"

/**
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~holdfast/Fault"

/**
 * What kind of failure it is.
 *
 * - `throttled`: the server asked us to slow down. Nothing was done.
 * - `transient`: a network fault or a server-side failure that tends to pass.
 * - `locked`: the object is busy with something else. Nothing was done.
 * - `conflict`: the object exists already, or changed since it was read.
 * - `not-found`: there is no such object.
 * - `unauthenticated`: the credentials are missing, wrong or expired.
 * - `denied`: the credentials are good and lack the permission.
 * - `invalid`: the request, the file or the reply breaks its contract; sending it again will not help.
 * - `timed-out`: our own attempt or deadline ran out.
 * - `rejected`: holdfast shed the call itself (open circuit, full queue, spent budget); it was never sent.
 * - `failed`: the server accepted the work and reports that it ended badly.
 * - `unknown`: the outcome is not known and could not be settled by reading.
 *
 * @since 0.1.0
 * @category models
 */
export const Kind = Schema.Literal(
  "throttled",
  "transient",
  "locked",
  "conflict",
  "not-found",
  "unauthenticated",
  "denied",
  "invalid",
  "timed-out",
  "rejected",
  "failed",
  "unknown"
)

/**
 * @since 0.1.0
 * @category models
 */
export type Kind = typeof Kind.Type

/**
 * Whether the request left this process: `no` (refused connection, shed locally), `maybe` (the connection broke
 * after the first byte was written, or a gateway gave up waiting), `yes` (the server answered).
 *
 * @since 0.1.0
 * @category models
 */
export const Sent = Schema.Literal("no", "maybe", "yes")

/**
 * @since 0.1.0
 * @category models
 */
export type Sent = typeof Sent.Type

/**
 * What a kind means for the policies.
 *
 * @since 0.1.0
 * @category models
 */
export interface Traits {
  /** Trying the same call again may help. */
  readonly retryable: boolean
  /** Counts as a failure of the service, so it may open a circuit. Caller mistakes and throttles do not. */
  readonly trips: boolean
  /** The server says by this kind that it did nothing, so a mutation may be sent again without reading first. */
  readonly refused: boolean
}

/**
 * The one table of what may be retried, what trips a breaker and what leaves no doubt about the remote state.
 *
 * @since 0.1.0
 * @category models
 */
export const traits: { readonly [K in Kind]: Traits } = {
  "throttled": { retryable: true, trips: false, refused: true },
  "transient": { retryable: true, trips: true, refused: false },
  "locked": { retryable: true, trips: false, refused: true },
  "conflict": { retryable: false, trips: false, refused: true },
  "not-found": { retryable: false, trips: false, refused: true },
  "unauthenticated": { retryable: false, trips: false, refused: true },
  "denied": { retryable: false, trips: false, refused: true },
  "invalid": { retryable: false, trips: false, refused: true },
  "timed-out": { retryable: true, trips: true, refused: false },
  "rejected": { retryable: false, trips: false, refused: true },
  "failed": { retryable: false, trips: false, refused: false },
  "unknown": { retryable: false, trips: true, refused: false }
}

/**
 * What to do next, as a sentence.
 *
 * @since 0.1.0
 * @category getters
 */
export const hintOf = ({ hint }: { readonly hint?: string | undefined }): string | undefined =>
  hint === undefined ? undefined : `${hint.slice(0, 1).toUpperCase()}${hint.slice(1)}`

/**
 * A failure of an operation against a remote system.
 *
 * Raise it with {@link make}; read it with {@link isFault}, {@link isRetryable}, {@link mayResend} and
 * {@link isOutcomeUnknown}.
 *
 * @since 0.1.0
 * @category errors
 */
export class Fault extends Schema.TaggedError<Fault>("holdfast/Fault")("Fault", {
  /** See {@link Kind}. */
  kind: Kind,
  /** Which system: `proxmox`, `genesys`, … or `holdfast` for what never left the process. */
  system: Schema.String,
  /** Which operation, as in the span name: `Proxmox.clone`. */
  operation: Schema.String,
  /** What happened, in one sentence, without secrets. */
  detail: Schema.String,
  /** See {@link Sent}. */
  sent: Sent,
  /** To which object: `VM 401 on pve1`. */
  subject: Schema.optionalWith(Schema.String, { exact: true }),
  /** What is known of the remote state: `VM 401 exists and is locked (clone)`. */
  remote: Schema.optionalWith(Schema.String, { exact: true }),
  /** What to do next. */
  hint: Schema.optionalWith(Schema.String, { exact: true }),
  /** How long the server asked to wait, in milliseconds. */
  retryAfterMillis: Schema.optionalWith(Schema.Number, { exact: true }),
  /** The HTTP status, where there was one. */
  status: Schema.optionalWith(Schema.Number, { exact: true }),
  /** A stable machine-readable reason below the kind: `circuit-open`, `queue-full`, `budget-exhausted`, `vm-locked`. */
  code: Schema.optionalWith(Schema.String, { exact: true }),
  /** The server's name for this request, to quote to its operator. */
  requestId: Schema.optionalWith(Schema.String, { exact: true }),
  /** What was thrown below, for `--debug`. */
  cause: Schema.optionalWith(Schema.Defect, { exact: true })
}) {
  /**
   * @since 0.1.0
   */
  readonly [TypeId]: TypeId = TypeId

  override get message(): string {
    const head = this.subject === undefined ? this.detail : `${this.subject}: ${this.detail}`
    const parts = [head]
    if (this.remote !== undefined) parts.push(this.remote)
    const todo = hintOf(this)
    if (todo !== undefined) parts.push(todo)
    return parts.map((part) => part.replace(/[.\s]+$/, "")).join(". ")
  }

  /**
   * The same fault with more said about it, for layers that know the object or the remedy.
   *
   * @since 0.1.0
   */
  with(more: Partial<Pick<Options, "operation" | "subject" | "remote" | "hint" | "kind" | "sent" | "code">>): Fault {
    return make({ ...this.options, ...more })
  }

  /**
   * The fields of this fault, without tag and stack.
   *
   * @since 0.1.0
   */
  get options(): Options {
    const options: { -readonly [K in keyof Options]: Options[K] } = {
      kind: this.kind,
      system: this.system,
      operation: this.operation,
      detail: this.detail,
      sent: this.sent
    }
    if (this.subject !== undefined) options.subject = this.subject
    if (this.remote !== undefined) options.remote = this.remote
    if (this.hint !== undefined) options.hint = this.hint
    if (this.retryAfterMillis !== undefined) options.retryAfterMillis = this.retryAfterMillis
    if (this.status !== undefined) options.status = this.status
    if (this.code !== undefined) options.code = this.code
    if (this.requestId !== undefined) options.requestId = this.requestId
    if (this.cause !== undefined) options.cause = this.cause
    return options
  }
}

/**
 * The fields of a {@link Fault}. `sent` defaults to `yes`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly kind: Kind
  readonly system: string
  readonly operation: string
  readonly detail: string
  readonly sent?: Sent
  readonly subject?: string
  readonly remote?: string
  readonly hint?: string
  readonly retryAfterMillis?: number
  readonly status?: number
  readonly code?: string
  readonly requestId?: string
  readonly cause?: unknown
}

const disableValidation = { disableValidation: true } as const

/**
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Fault from "holdfast/kernel/Fault"
 *
 * const fault = Fault.make({
 *   kind: "locked",
 *   system: "proxmox",
 *   operation: "Proxmox.updateConfig",
 *   subject: "VM 401 on pve1",
 *   detail: "VM is locked (clone)"
 * })
 * fault.message // "VM 401 on pve1: VM is locked (clone)"
 */
export const make = (options: Options): Fault =>
  new Fault({ ...options, sent: options.sent ?? "yes" }, disableValidation)

/**
 * @since 0.1.0
 * @category guards
 */
export const isFault = (u: unknown): u is Fault => Predicate.hasProperty(u, TypeId)

/**
 * A fault that says what to do about a call that holdfast itself did not send.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rejected = (
  options: Pick<Options, "system" | "operation" | "detail" | "hint" | "retryAfterMillis" | "subject"> & {
    readonly code: string
  }
): Fault => make({ ...options, kind: "rejected", sent: "no" })

/**
 * Trying the same *read* again may help.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isRetryable = (fault: Fault): boolean => traits[fault.kind].retryable

/**
 * The request may have taken effect although it failed: only reading the remote state can tell.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOutcomeUnknown = (fault: Fault): boolean =>
  fault.sent !== "no" && !traits[fault.kind].refused &&
  fault.kind !== "failed"

/**
 * A *mutation* may be sent again without reading first: it is worth it, and nothing was done.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayResend = (fault: Fault): boolean => isRetryable(fault) && !isOutcomeUnknown(fault)

/**
 * Counts against the health of the service.
 *
 * @since 0.1.0
 * @category predicates
 */
export const trips = (fault: Fault): boolean => traits[fault.kind].trips

/**
 * How long the server asked to wait.
 *
 * @since 0.1.0
 * @category getters
 */
export const retryAfter = (fault: Fault): Duration.Duration | undefined =>
  fault.retryAfterMillis === undefined ? undefined : Duration.millis(fault.retryAfterMillis)
