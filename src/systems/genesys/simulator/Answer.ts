/**
 * What a route says, before it is put on the wire.
 *
 * @since 0.1.0
 */
import type { Entity, Name, Query, Value } from "./Kind.ts"
import type { Inhabited } from "./Organisation.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Answer =
  | { readonly _tag: "Value"; readonly value: Value; readonly status: number }
  | { readonly _tag: "Text"; readonly text: string; readonly type: string }
  | { readonly _tag: "Bytes"; readonly bytes: Uint8Array; readonly type: string }
  | {
    readonly _tag: "Failure"
    readonly status: number
    readonly code: string
    /** With `{name}` for each parameter. */
    readonly message: string
    readonly parameters?: Readonly<Record<string, string>> | undefined
    readonly headers?: Readonly<Record<string, string>> | undefined
  }

/**
 * @since 0.1.0
 * @category models
 */
export interface Call {
  readonly organisation: Inhabited
  /** What stands in the holes of the path, decoded. */
  readonly at: Readonly<Record<string, string>>
  readonly query: Query
  readonly path: string
  /** Of a body that is a JSON object. */
  readonly body: Entity
  /** What the server remembers from call to call: export jobs. */
  readonly jobs: Map<string, Job>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Job {
  readonly kind: Name
  readonly index: number
  /** How often it was asked for. */
  polls: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Route {
  readonly method: "GET" | "POST"
  readonly path: string
  /** Whose permissions it needs; absent: any token will do. */
  readonly kind?: Name | undefined
  /** Needs no token: links that carry their own right. */
  readonly open?: boolean | undefined
  readonly answer: (call: Call) => Answer
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const value = (value: Value, status = 200): Answer => ({ _tag: "Value", value, status })

/**
 * @since 0.1.0
 * @category constructors
 */
export const failure = (
  status: number,
  code: string,
  message: string,
  parameters?: Readonly<Record<string, string>>
): Answer => ({ _tag: "Failure", status, code, message, parameters })

/**
 * The vendor's words for what is not there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notFound: Answer = failure(404, "not.found", "The requested resource was not found.")
