/**
 * A request as routes read it: the holes of its path, its query, its body.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import * as Endpoint from "../../../simulation/Endpoint.ts"
import * as Answer from "./Answer.ts"
import type * as Library from "./Library.ts"
import * as Tree from "./Tree.ts"
import type { Workspace } from "./Workspace.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Call {
  readonly workspace: Workspace
  readonly request: Endpoint.Request
  /** Milliseconds since 1970. */
  readonly now: number
  /** What stands in the holes of the path, decoded. */
  readonly at: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** `https://api.elevenlabs.io`: where it was asked. */
  readonly origin: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE"
  /** As in the API description. */
  readonly path: string
  /** Needs no key: links that carry their own right. */
  readonly open?: boolean | undefined
  readonly answer: (call: Call) => Answer.Answer
}

/** The JSON object of the body; an answer where there is none. */
const fields = (call: Call): { readonly fields: Tree.Fields } | { readonly refused: Answer.Answer } => {
  const parse: (text: string) => Json.Json = JSON.parse
  try {
    const body = parse(call.request.body)
    if (Tree.isFields(body)) return { fields: body }
    return {
      refused: Answer.invalid(["body"], "Input should be a valid dictionary or object", "model_attributes_type")
    }
  } catch {
    return call.request.body === ""
      ? { refused: Answer.missing("body") }
      : { refused: Answer.invalid(["body", 0], "JSON decode error", "json_invalid") }
  }
}

/**
 * Runs with the JSON object of the body.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withFields =
  (answer: (fields: Tree.Fields, call: Call) => Answer.Answer) => (call: Call): Answer.Answer => {
    const body = fields(call)
    return "refused" in body ? body.refused : answer(body.fields, call)
  }

/**
 * Runs with the document or folder that the path names.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withItem = (answer: (item: Library.Item, call: Call) => Answer.Answer) => (call: Call): Answer.Answer => {
  const id = call.at["documentation_id"] ?? call.at["document_id"] ?? ""
  const item = call.workspace.library.items.get(id)
  return item === undefined ? Answer.noDocument(id) : answer(item, call)
}

/**
 * Up to so many ids of documents, each once; an answer where they are not.
 *
 * @since 0.1.0
 * @category getters
 */
export const idsIn = (
  body: Tree.Fields,
  most: number
): { readonly ids: ReadonlyArray<string> } | { readonly refused: Answer.Answer } => {
  const loc = ["body", "document_ids"]
  const list = body["document_ids"]
  if (list === undefined) return { refused: Answer.missing(...loc) }
  if (!Tree.isList(list)) return { refused: Answer.invalid(loc, "Input should be a valid list", "list_type") }
  const ids = list.flatMap((id) => typeof id === "string" ? [id] : [])
  if (ids.length !== list.length) {
    return { refused: Answer.invalid(loc, "Input should be a valid string", "string_type") }
  }
  if (ids.length === 0) return { refused: Answer.invalid(loc, "List should have at least 1 item", "too_short") }
  if (ids.length > most) {
    return { refused: Answer.invalid(loc, `List should have at most ${most} items`, "too_long") }
  }
  if (new Set(ids).size < ids.length) {
    return { refused: Answer.invalid(loc, "Items should be unique", "value_error") }
  }
  return { ids }
}

/**
 * One outcome of a bulk call.
 *
 * @since 0.1.0
 * @category constructors
 */
export const outcome = (answer: Answer.Answer): Json.Json => {
  switch (answer._tag) {
    case "Value":
      return { status: "success", data: answer.value }
    case "Failure":
      return {
        status: "failure",
        error_code: answer.status,
        error_status: answer.code,
        error_message: answer.message
      }
    default:
      return { status: "failure", error_code: 500, error_status: "internal_error", error_message: "Something is wrong" }
  }
}
