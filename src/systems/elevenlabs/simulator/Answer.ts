/**
 * What a route says, before it is put on the wire.
 *
 * Sources: the API reference, "Errors"; the API description, `HTTPValidationError`; what users of the knowledge base
 * report of the codes that are not documented.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"

interface Issue {
  readonly loc: ReadonlyArray<string | number>
  readonly msg: string
  readonly type: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Failure {
  readonly _tag: "Failure"
  readonly status: number
  /** `type` of today's error body. */
  readonly type: string
  readonly code: string
  /** `status` of the error bodies of older times. */
  readonly legacy: string
  readonly message: string
  readonly param?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export type Answer =
  | { readonly _tag: "Value"; readonly value: Json.Json }
  | { readonly _tag: "Text"; readonly text: string; readonly type: string }
  | { readonly _tag: "Bytes"; readonly bytes: Uint8Array; readonly type: string; readonly filename: string }
  | { readonly _tag: "Empty" }
  | Failure
  /** 422, with a list. */
  | { readonly _tag: "Invalid"; readonly issues: ReadonlyArray<Issue> }
  /** A text, as the framework under the API says it. */
  | { readonly _tag: "Plain"; readonly status: number; readonly text: string }

/**
 * @since 0.1.0
 * @category constructors
 */
export const value = (value: Json.Json): Answer => ({ _tag: "Value", value })

/**
 * @since 0.1.0
 * @category constructors
 */
export const empty: Answer = { _tag: "Empty" }

/**
 * One thing that is wrong with a request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const invalid = (loc: ReadonlyArray<string | number>, msg: string, type: string): Answer => ({
  _tag: "Invalid",
  issues: [{ loc, msg, type }]
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const missing = (...loc: ReadonlyArray<string | number>): Answer => invalid(loc, "Field required", "missing")

/**
 * @since 0.1.0
 * @category constructors
 */
export const failure = (
  status: number,
  type: string,
  code: string,
  message: string,
  options?: { readonly legacy?: string | undefined; readonly param?: string | undefined }
): Failure => ({
  _tag: "Failure",
  status,
  type,
  code,
  legacy: options?.legacy ?? code,
  message,
  param: options?.param
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const noDocument = (id: string): Failure =>
  failure(404, "not_found", "knowledge_base_documentation_not_found", `Document with id ${id} not found.`)

/**
 * An agent that is not there has the code of a document: seen in the field.
 *
 * @since 0.1.0
 * @category constructors
 */
export const noAgent = (id: string): Failure =>
  failure(404, "not_found", "document_not_found", `Agent with id ${id} not found.`)

/**
 * @since 0.1.0
 * @category constructors
 */
export const hasDependents = (id: string): Failure =>
  failure(
    400,
    "validation_error",
    "document_has_dependent_agents",
    `Document ${id} is used by agents. Remove it from them first, or delete it by force.`
  )
