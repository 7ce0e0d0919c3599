/**
 * Files as they are sent, and which of them the plan takes.
 *
 * Source: the documentation of the knowledge base: PDF, TXT, DOCX, HTML and EPUB; without an enterprise plan at most
 * 20 MB or 300,000 characters.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import * as Endpoint from "../../../simulation/Endpoint.ts"
import * as Answer from "./Answer.ts"
import type { Call } from "./Call.ts"
import * as Multipart from "./Multipart.ts"
import type { Limits } from "./Workspace.ts"

const suffixes = /\.(?:pdf|txt|docx|html?|epub|md)$/i

const texts = /^text\/|^application\/(?:json|xhtml)/i

/**
 * An answer where the content is too much.
 *
 * @since 0.1.0
 * @category predicates
 */
export const refuse = (mediaType: string, bytes: Uint8Array, limits: Limits): Answer.Failure | undefined => {
  if (bytes.length > limits.fileBytes) {
    return Answer.failure(
      400,
      "validation_error",
      "file_too_large",
      `The file is larger than ${limits.fileBytes} bytes, which is the limit of the plan.`,
      { param: "file" }
    )
  }
  if (bytes.length <= limits.characters || !texts.test(mediaType)) return undefined
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8").length > limits.characters
    ? Answer.failure(
      400,
      "validation_error",
      "max_character_limit_exceeded",
      `The document has more than ${limits.characters} characters, which is the limit of the plan.`,
      { param: "file" }
    )
    : undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Upload {
  readonly file: { readonly bytes: Uint8Array; readonly filename: string; readonly mediaType: string }
  readonly fields: Readonly<Record<string, Json.Json>>
}

/**
 * The file of a multipart body, and the fields beside it.
 *
 * @since 0.1.0
 * @category getters
 */
export const read = (call: Call): Upload | { readonly refused: Answer.Answer } => {
  const parts = Multipart.parse(call.request.headers["content-type"] ?? "", Endpoint.requestBytes(call.request))
  const part = parts?.find(({ name }) => name === "file")
  if (parts === undefined || part === undefined) return { refused: Answer.missing("body", "file") }
  if (part.filename === undefined || part.filename === "") {
    return { refused: Answer.invalid(["body", "file"], "Value error, expected UploadFile", "value_error") }
  }
  const { bytes, filename } = part
  const mediaType = part.mediaType ?? "application/octet-stream"
  if (!suffixes.test(filename) && !texts.test(mediaType)) {
    return {
      refused: Answer.failure(
        400,
        "validation_error",
        "unsupported_file_type",
        `Files of the type ${mediaType} are not supported.`,
        { param: "file" }
      )
    }
  }
  if (bytes.length === 0) {
    return { refused: Answer.failure(400, "validation_error", "empty_file", "The file is empty.", { param: "file" }) }
  }
  const refused = refuse(
    suffixes.test(filename) && /\.(?:txt|md|html?)$/i.test(filename) ? "text/plain" : mediaType,
    bytes,
    call.workspace.limits
  )
  if (refused !== undefined) return { refused }
  const fields = Object.fromEntries(
    parts.filter(({ filename: file }) => file === undefined).map((
      { bytes: value, name }
    ): readonly [string, Json.Json] => [
      name,
      Buffer.from(value).toString("utf8")
    ])
  )
  return { file: { bytes, filename, mediaType }, fields }
}
