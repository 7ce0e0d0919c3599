/**
 * How answers look on the wire: JSON, files, and the vendor's error body.
 *
 * Sources: `ErrorBody` of the API description; the codes and messages that the platform API documents for all of its
 * operations ("Standard Error Responses" of the developer center).
 *
 * @since 0.1.0
 */
import * as Endpoint from "../../../simulation/Endpoint.ts"
import type { Answer } from "./Answer.ts"
import * as Identity from "./Identity.ts"
import type { Entity } from "./Kind.ts"

/** Links to files are paths in the world; in an answer they begin with where it was asked. */
const storage = "\"/storage/"

/**
 * By which the vendor finds a request. Ids being what they are, some of them read like a status: a program that
 * searches error texts for `403` will find it here.
 *
 * @since 0.1.0
 * @category constructors
 */
export const correlation = (seed: number, request: number): string => {
  const id = Identity.drawn(seed, 0xc0, request)
  switch (request % 8) {
    case 1:
      return `${id.slice(0, 9)}4030${id.slice(13)}`
    case 3:
      return `${id.slice(0, 9)}4040${id.slice(13)}`
    case 5:
      return `${id.slice(0, 8)}-timeout-${id.slice(9, 23)}-501`
    default:
      return id
  }
}

const filled = (message: string, parameters: Readonly<Record<string, string>>): string =>
  message.replace(/\{(\w+)\}/g, (hole, name: string) => parameters[name] ?? hole)

/** The vendor's `ErrorBody`. */
const errorBody = (answer: Extract<Answer, { readonly _tag: "Failure" }>, contextId: string): Entity => {
  const parameters = answer.parameters
  return {
    message: filled(answer.message, parameters ?? {}),
    code: answer.code,
    status: answer.status,
    ...(parameters === undefined ? {} : { messageWithParams: answer.message, messageParams: parameters }),
    contextId,
    details: [],
    errors: []
  }
}

/**
 * Where links of an answer lead. Without a certificate to go by: a port, or this machine, is asked by plain HTTP.
 *
 * @since 0.1.0
 * @category constructors
 */
export const originOf = (host: string, scheme: "http" | "https" | undefined): string => {
  const local = /^(localhost|127\.|\[::1\])|:\d+$/.test(host)
  return `${scheme ?? (local ? "http" : "https")}://${host}`
}

const json = "application/json"

/**
 * @since 0.1.0
 * @category constructors
 */
export const reply = (
  answer: Answer,
  context: { readonly correlation: string; readonly origin: string; readonly headers: Record<string, string> }
): Endpoint.Reply => {
  const headers = context.headers
  headers["ININ-Correlation-Id"] = context.correlation
  switch (answer._tag) {
    case "Value": {
      headers["content-type"] = json
      const body = JSON.stringify(answer.value)
      return Endpoint.answer({
        status: answer.status,
        headers,
        body: body.includes(storage) ? body.replaceAll(storage, `"${context.origin}/storage/`) : body
      })
    }
    case "Text":
      headers["content-type"] = answer.type
      return Endpoint.answer({ headers, body: answer.text })
    case "Bytes":
      headers["content-type"] = answer.type
      return Endpoint.answer({ headers, bytes: answer.bytes })
    case "Failure":
      headers["content-type"] = json
      Object.assign(headers, answer.headers)
      return Endpoint.answer({
        status: answer.status,
        headers,
        body: JSON.stringify(errorBody(answer, context.correlation))
      })
  }
}
