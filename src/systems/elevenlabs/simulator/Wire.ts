/**
 * How answers look on the wire. An error body has one of three shapes: an object, in the words of today or of older
 * times; the list of what is wrong with a request; a text.
 *
 * @since 0.1.0
 */
import * as Endpoint from "../../../simulation/Endpoint.ts"
import type { Answer, Failure } from "./Answer.ts"

/**
 * Which words error bodies have. `mixed`: by turns.
 *
 * @since 0.1.0
 * @category models
 */
export type Errors = "current" | "legacy" | "mixed"

/**
 * @since 0.1.0
 * @category models
 */
export interface Context {
  readonly requestId: string
  readonly headers: Readonly<Record<string, string>>
  /** In the words of older times. */
  readonly legacy: boolean
}

const detail = (failure: Failure, { legacy, requestId }: Context) =>
  legacy
    ? { status: failure.legacy, message: failure.message }
    : {
      type: failure.type,
      code: failure.code,
      message: failure.message,
      status: failure.legacy,
      request_id: requestId,
      ...(failure.param === undefined ? {} : { param: failure.param })
    }

const json = (status: number, value: unknown, headers: Readonly<Record<string, string>>): Endpoint.Reply =>
  Endpoint.answer({ status, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(value) })

/**
 * @since 0.1.0
 * @category constructors
 */
export const reply = (answer: Answer, context: Context): Endpoint.Reply => {
  const headers = { ...context.headers, "x-request-id": context.requestId }
  switch (answer._tag) {
    case "Value":
      return json(200, answer.value, headers)
    case "Empty":
      return json(200, null, headers)
    case "Text":
      return Endpoint.answer({ headers: { ...headers, "content-type": answer.type }, body: answer.text })
    case "Bytes":
      return Endpoint.answer({
        headers: {
          ...headers,
          "content-type": answer.type,
          "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(answer.filename)}`
        },
        bytes: answer.bytes
      })
    case "Failure":
      return json(answer.status, { detail: detail(answer, context) }, headers)
    case "Invalid":
      return json(422, { detail: answer.issues }, headers)
    case "Plain":
      return json(answer.status, { detail: answer.text }, headers)
  }
}
