/**
 * From what the API answers to a {@link Fault.Fault}: by the HTTP status and the `code` of its error body and by
 * nothing else. Messages are for people; they hold correlation ids, and a correlation id may hold any number.
 *
 * Source: the `ErrorBody` of the platform API v2.
 *
 * @since 0.1.0
 */
import * as Fault from "../../kernel/Fault.ts"
import type * as Json from "../../kernel/Json.ts"
import { type Answer, type Asked, oneLine } from "../../transport/Answer.ts"
import * as Http from "../../transport/Http.ts"

/** Of the error body, what is used. */
interface ErrorBody {
  readonly code: string | undefined
  readonly message: string
  readonly contextId: string | undefined
  readonly details: ReadonlyArray<string>
  readonly limit: string | undefined
}

type Fields = { readonly [key: string]: Json.Json }

const isFields = (json: Json.Json | undefined): json is Fields =>
  typeof json === "object" && json !== null && !Array.isArray(json)

const parse: (text: string) => Json.Json = JSON.parse

const fieldsOf = (body: string | undefined): Fields => {
  try {
    const json = parse(body ?? "")
    return isFields(json) ? json : {}
  } catch {
    // A page of a proxy, or half an answer: the status says enough.
    return {}
  }
}

const textOf = (json: Json.Json | undefined): string => typeof json === "string" ? oneLine(json) : ""

/** A code is a word of the API's, not a sentence. */
const codeOf = (json: Json.Json | undefined): string | undefined =>
  typeof json === "string" && /^[\w.-]{1,100}$/.test(json) ? json : undefined

const detailsOf = (json: Json.Json | undefined): ReadonlyArray<string> =>
  (Array.isArray(json) ? json : []).flatMap((detail: Json.Json) => {
    if (!isFields(detail)) return []
    const [field, code] = [textOf(detail["fieldName"]), textOf(detail["errorCode"])]
    return field === "" && code === "" ? [] : [field === "" ? code : code === "" ? field : `${field}: ${code}`]
  }).slice(0, 5)

const limitOf = (json: Json.Json | undefined): string | undefined => {
  if (!isFields(json)) return undefined
  const [key, value] = [textOf(json["key"]), json["value"]]
  return key === "" || typeof value !== "number" ? undefined : `The limit ${key} is ${value}`
}

const errorBody = (body: string | undefined): ErrorBody => {
  const fields = fieldsOf(body)
  const inner = Array.isArray(fields["errors"]) ? fields["errors"][0] : undefined
  return {
    code: codeOf(fields["code"]),
    message: textOf(fields["message"]) || (isFields(inner) ? textOf(inner["message"]) : ""),
    contextId: codeOf(fields["contextId"]),
    details: detailsOf(fields["details"]),
    limit: limitOf(fields["limit"])
  }
}

type Said = Pick<Fault.Options, "kind" | "detail"> & {
  readonly code: string
  readonly hint?: string | undefined
  readonly sent?: Fault.Sent | undefined
}

/** `[routing:queue:view, routing:queue:edit]`, as a refusal names what is missing. */
const permissionList = /\[((?:\w+:[\w*]+:[\w*]+)(?:\s*,\s*\w+:[\w*]+:[\w*]+)*)\]/

const denied = ({ code, message }: ErrorBody): Said => {
  const permissions = permissionList.exec(message)?.[1]
  return {
    kind: "denied",
    code: code ?? "denied",
    detail: message === "" ? "The OAuth client may not do this (403)" : message,
    hint: permissions === undefined
      ? "Give a role with the missing permission to the OAuth client"
      : `Give a role with ${permissions.split(/\s*,\s*/).join(" or ")} to the OAuth client`
  }
}

const transient = (status: number, { code, message }: ErrorBody): Said => ({
  kind: "transient",
  code: code ?? (status === 408 || status === 504 ? "gateway-timeout" : "server-error"),
  // A gateway that gives up does not know what was done behind it.
  sent: status === 408 || status >= 502 ? "maybe" : "yes",
  detail: message === "" ? `The API failed and did not say why (${status})` : message
})

const isClient = (status: number): boolean => status >= 400 && status < 500

const invalid = (status: number, { code, details, message }: ErrorBody): Said => {
  const about = details.length === 0 ? "" : ` (${details.join("; ")})`
  return {
    kind: "invalid",
    code: code ?? (isClient(status) ? "bad-request" : "unexpected-answer"),
    detail: message === "" ? `The API answered ${status}${about}` : `${message}${about}`,
    ...(status >= 300 && status < 400 ? { hint: "It redirects: check the region or the origin" } : {})
  }
}

const byStatus = (status: number, body: ErrorBody): Said => {
  const { code, message } = body
  const orElse = (otherwise: string): string => message === "" ? otherwise : message
  switch (status) {
    case 401:
      return {
        kind: "unauthenticated",
        code: code ?? "unauthenticated",
        detail: orElse("The API did not accept the token"),
        hint: "Check that the OAuth client is of this region, and that it was not deleted or disabled"
      }
    case 403:
      return denied(body)
    case 404:
    case 410:
      return { kind: "not-found", code: code ?? "not-found", detail: orElse(`There is no such thing (${status})`) }
    case 409:
      return { kind: "conflict", code: code ?? "conflict", detail: orElse("It exists already or was changed") }
    case 429:
      return { kind: "throttled", code: code ?? "throttled", detail: orElse("Too many requests") }
    case 501:
      return {
        kind: "denied",
        code: "not-enabled",
        detail: orElse("The organisation does not have this feature"),
        hint: "The product it belongs to is not enabled in this organisation"
      }
    default:
      return status === 408 || status >= 500 ? transient(status, body) : invalid(status, body)
  }
}

/**
 * The server's name for a request, to quote to its operator.
 *
 * @since 0.1.0
 * @category getters
 */
export const requestId = (headers: Readonly<Record<string, string>> | undefined): string | undefined =>
  codeOf(headers?.["inin-correlation-id"])

/**
 * What a reply that is not a success means.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Failure from "holdfast/systems/genesys/Failure"
 *
 * Failure.classify({ status: 501 }).code // "not-enabled"
 */
export const classify = (reply: Answer, context?: Asked): Fault.Fault => {
  const body = errorBody(reply.body)
  const { hint, sent, ...said } = byStatus(reply.status, body)
  const id = requestId(reply.headers) ?? body.contextId
  return Fault.make({
    ...said,
    system: "genesys",
    operation: context?.operation ?? "Genesys.request",
    status: reply.status,
    ...(sent === undefined ? {} : { sent }),
    ...(hint === undefined ? {} : { hint }),
    ...(context?.subject === undefined ? {} : { subject: context.subject }),
    ...(id === undefined ? {} : { requestId: id }),
    ...(body.limit === undefined ? {} : { remote: body.limit }),
    ...(reply.retryAfterMillis === undefined ? {} : { retryAfterMillis: reply.retryAfterMillis })
  })
}

/**
 * What a reply means that has the status of a success and is not what the API promises. What it was is not quoted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unreadable = (
  reply: Pick<Answer, "status" | "headers"> & {
    readonly code: "not-json" | "truncated" | "unexpected-reply"
    readonly detail: string
    readonly hint?: string | undefined
  },
  context?: Asked
): Fault.Fault => {
  const id = requestId(reply.headers)
  return Fault.make({
    // What is no JSON is not the API's word, but of something in between, and may be gone the next time.
    kind: reply.code === "unexpected-reply" ? "invalid" : "transient",
    code: reply.code,
    system: "genesys",
    operation: context?.operation ?? "Genesys.request",
    detail: reply.detail,
    status: reply.status,
    ...(reply.hint === undefined ? {} : { hint: reply.hint }),
    ...(context?.subject === undefined ? {} : { subject: context.subject }),
    ...(id === undefined ? {} : { requestId: id })
  })
}

/**
 * What a reply means that has the status of a success and is no JSON.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notJson = (
  reply: Http.Reply,
  says: { readonly who: string; readonly hint: string },
  context: Asked
): Fault.Fault => {
  const { headers, status } = reply
  const why = Http.judge(reply.text)
  if (why._tag === "Truncated") {
    return unreadable({ code: "truncated", status, headers, detail: "The answer broke off in the middle" }, context)
  }
  const detail = `${says.who} answered with ${Http.called(why)} where JSON was expected`
  return unreadable({ code: "not-json", status, headers, detail, hint: says.hint }, context)
}
