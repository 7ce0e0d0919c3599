/**
 * From what the API answers to a {@link Fault.Fault}: by the endpoint, the HTTP status and the `code` or `status` of the
 * error body, and by nothing else. Messages are for people.
 *
 * An error body is `{ "detail": ... }` in one of three shapes: an object with `code` and, from older times, `status`; the
 * list of what is wrong with a request; a text.
 *
 * Source: the API reference, "Errors"; the API description, `HTTPValidationError`.
 *
 * @since 0.1.0
 */
import * as Fault from "../../kernel/Fault.ts"
import type * as Json from "../../kernel/Json.ts"
import { type Answer, type Asked, oneLine } from "../../transport/Answer.ts"

/**
 * Which call it answers.
 *
 * @since 0.1.0
 * @category models
 */
export interface Context extends Asked {
  /**
   * What the path of the call names. The API gives a missing agent and a missing document the same code. Defaults to
   * `document`.
   */
  readonly about?: "document" | "agent" | "workspace" | undefined
}

/** Of the error body, what is used. */
interface ErrorBody {
  /** `html` and `none` are not the API's. */
  readonly shape: "object" | "list" | "text" | "html" | "none"
  readonly code: string | undefined
  readonly message: string
  readonly requestId: string | undefined
}

type Fields = { readonly [key: string]: Json.Json }

const isFields = (json: Json.Json | undefined): json is Fields =>
  typeof json === "object" && json !== null && !Array.isArray(json)

const parse: (text: string) => Json.Json = JSON.parse

const textOf = (json: Json.Json | undefined): string => typeof json === "string" ? oneLine(json) : ""

/** A code is a word of the API's, not a sentence. */
const wordOf = (json: Json.Json | undefined): string | undefined =>
  typeof json === "string" && /^[\w.-]{1,100}$/.test(json) ? json : undefined

/** `body.url: field required`. What was sent there is not repeated. */
const issueOf = (json: Json.Json): ReadonlyArray<string> => {
  if (!isFields(json)) return []
  const place = Array.isArray(json["loc"])
    ? json["loc"].filter((part: Json.Json) => typeof part === "string" || typeof part === "number").join(".")
    : ""
  const says = textOf(json["msg"]) || textOf(json["type"])
  return place === "" && says === "" ? [] : [place === "" ? says : says === "" ? place : `${oneLine(place)}: ${says}`]
}

const none: ErrorBody = { shape: "none", code: undefined, message: "", requestId: undefined }

const ofObject = (fields: Fields): ErrorBody => {
  const param = textOf(fields["param"])
  const message = textOf(fields["message"])
  return {
    shape: "object",
    code: wordOf(fields["code"]) ?? wordOf(fields["status"]) ?? wordOf(fields["error_status"]),
    message: param === "" ? message : `${message === "" ? "It is not accepted" : message} (${param})`,
    requestId: wordOf(fields["request_id"])
  }
}

const errorBody = (body: string | undefined): ErrorBody => {
  const text = (body ?? "").trimStart()
  if (text.startsWith("<")) return { ...none, shape: "html" }
  let json: Json.Json
  try {
    json = parse(text)
  } catch {
    // Half an answer, or none: the status says enough.
    return none
  }
  const detail = isFields(json) ? json["detail"] : undefined
  if (isFields(detail)) return ofObject(detail)
  if (typeof detail === "string") return { ...none, shape: "text", message: oneLine(detail) }
  if (Array.isArray(detail)) {
    return { ...none, shape: "list", message: detail.flatMap(issueOf).slice(0, 5).join("; ") }
  }
  return isFields(json) ? ofObject(json) : none
}

type Said = Pick<Fault.Options, "kind" | "detail"> & {
  readonly code: string
  readonly hint?: string | undefined
  readonly sent?: Fault.Sent | undefined
}

type Known = Pick<Fault.Options, "kind"> & {
  readonly code: string
  readonly says: string
  readonly hint?: string | undefined
}

const keyHint = "Check the API key, and that it is of this residency; keys are made in the workspace's settings"
const planHint = "Free some of it, or change the plan"

const concurrent: Known = { kind: "throttled", code: "concurrent-limit", says: "Too many requests at once" }
const quota: Known = { kind: "denied", code: "quota", says: "The quota of the plan is used up", hint: planHint }
const tooLarge: Known = {
  kind: "invalid",
  code: "too-large",
  says: "It is larger than the plan allows",
  hint: "Split it: without an enterprise plan a document has at most 20 MB or 300,000 characters"
}
const wrongKey: Known = {
  kind: "unauthenticated",
  code: "unauthenticated",
  says: "The API key is wrong",
  hint: keyHint
}
const missingPermission: Known = {
  kind: "denied",
  code: "denied",
  says: "The API key may not do this",
  hint: "Give the key the permission to read and write agents and the knowledge base"
}

/** Codes that mean the same whatever the status: a wrong permission and a spent quota come with 401 as well. */
const known: Readonly<Record<string, Known>> = {
  document_has_dependent_agents: {
    kind: "locked",
    code: "has-dependents",
    says: "Agents still use the document",
    hint: "The API remembers the users of a document for a while; see its dependent agents and branches"
  },
  rag_index_not_ready: {
    kind: "locked",
    code: "index-not-ready",
    says: "A document is not indexed yet",
    hint: "Wait until its index is ready"
  },
  rate_limit_exceeded: { kind: "throttled", code: "rate-limited", says: "Too many requests" },
  concurrent_limit_exceeded: concurrent,
  too_many_concurrent_requests: concurrent,
  system_busy: { kind: "throttled", code: "system-busy", says: "The service is busy" },
  quota_exceeded: quota,
  rag_limit_exceeded: { ...quota, says: "The quota for retrieval is used up" },
  insufficient_credits: quota,
  file_too_large: tooLarge,
  document_too_large: tooLarge,
  max_character_limit_exceeded: tooLarge,
  invalid_api_key: wrongKey,
  missing_api_key: wrongKey,
  needs_authorization: wrongKey,
  missing_permissions: missingPermission,
  insufficient_permissions: missingPermission
}

const byCode = ({ code, message }: ErrorBody): Said | undefined => {
  const found = code !== undefined && Object.hasOwn(known, code) ? known[code] : undefined
  if (found === undefined) return undefined
  const { says, ...said } = found
  return { ...said, detail: message === "" ? says : message }
}

const isProxy = ({ shape }: ErrorBody): boolean => shape === "html" || shape === "none"

const originHint = "Check the residency or the origin, and that no proxy or login page is in between"

/** What the framework under the API answers where it has no such path. It has no code. */
const frameworksOwn = "Not Found"

const notFound = (status: number, body: ErrorBody, about: Context["about"]): Said => {
  if (isProxy(body) || (body.shape === "text" && body.message === frameworksOwn)) {
    return {
      kind: "invalid",
      code: "no-such-endpoint",
      detail: `There is no such endpoint (${status})`,
      hint: originHint
    }
  }
  if (about === "agent" && body.code === "knowledge_base_documentation_not_found") {
    return {
      kind: "not-found",
      code: "document-not-found",
      detail: body.message || "A document of the agent is missing"
    }
  }
  const what = about === "agent"
    ? "There is no such agent"
    : about === "workspace"
    ? "There is no such thing"
    : "There is no such document"
  // Of a missing agent the API says that a document is missing.
  const misleading = about === "agent" && (body.code === undefined || body.code.startsWith("document_"))
  return { kind: "not-found", code: "not-found", detail: misleading ? what : body.message || what }
}

const transient = (status: number, body: ErrorBody): Said => ({
  kind: "transient",
  code: status === 408 || status === 504 ? "gateway-timeout" : body.code ?? "server-error",
  // A gateway that gives up does not know what was done behind it.
  sent: status === 408 || status >= 502 ? "maybe" : "yes",
  detail: body.message === "" ? `The API failed and did not say why (${status})` : body.message
})

const invalid = (status: number, body: ErrorBody): Said =>
  isProxy(body) && status < 400
    ? { kind: "invalid", code: "unexpected-reply", detail: `The API answered ${status}`, hint: originHint }
    : {
      kind: "invalid",
      code: body.code === undefined || /^invalid_|^validation_/.test(body.code) ? "invalid" : body.code,
      detail: body.message === "" ? `The API did not accept the request (${status})` : body.message
    }

const said = (entry: Known, { message }: ErrorBody): Said => {
  const { says, ...rest } = entry
  return { ...rest, detail: message === "" ? says : message }
}

const byStatus = (status: number, body: ErrorBody, about: Context["about"]): Said => {
  switch (status) {
    case 401:
      return said(wrongKey, body)
    case 402:
      return said(quota, body)
    case 403:
      return said(missingPermission, body)
    case 404:
    case 410:
      return notFound(status, body, about)
    case 409:
      return { kind: "conflict", code: body.code ?? "conflict", detail: body.message || "It was changed meanwhile" }
    case 413:
      return said(tooLarge, body)
    case 423:
      return { kind: "locked", code: body.code ?? "locked", detail: body.message || "It is busy" }
    case 429:
      return { kind: "throttled", code: "rate-limited", detail: body.message || "Too many requests" }
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
  wordOf(headers?.["x-request-id"]) ?? wordOf(headers?.["request-id"])

const build = (
  { hint, sent, ...rest }: Said,
  reply: Answer,
  context: Context | undefined,
  id: string | undefined
): Fault.Fault =>
  Fault.make({
    ...rest,
    system: "elevenlabs",
    operation: context?.operation ?? "ElevenLabs.request",
    status: reply.status,
    ...(sent === undefined ? {} : { sent }),
    ...(hint === undefined ? {} : { hint }),
    ...(context?.subject === undefined ? {} : { subject: context.subject }),
    ...(id === undefined ? {} : { requestId: id }),
    ...(reply.retryAfterMillis === undefined ? {} : { retryAfterMillis: reply.retryAfterMillis })
  })

/**
 * What a reply that is not a success means.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Failure from "holdfast/systems/elevenlabs/Failure"
 *
 * Failure.classify({ status: 429, body: `{"detail":{"code":"concurrent_limit_exceeded"}}` }).code // "concurrent-limit"
 */
export const classify = (reply: Answer, context?: Context): Fault.Fault => {
  const body = errorBody(reply.body)
  // The code of a server that failed says what it failed at, not that nothing was done.
  const coded = reply.status < 500 ? byCode(body) : undefined
  return build(
    coded ?? byStatus(reply.status, body, context?.about),
    reply,
    context,
    requestId(reply.headers) ?? body.requestId
  )
}

/**
 * What went wrong with one document of a call about several.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofItem = (
  item: { readonly code: number; readonly status: string; readonly message: string },
  context: Context
): Fault.Fault =>
  classify({
    status: item.code,
    body: JSON.stringify({ detail: { status: item.status, message: item.message } })
  }, context)

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
    /** The call changes something, and whether it did is not known then. */
    readonly mutation: boolean
  },
  context?: Context
): Fault.Fault =>
  build(
    {
      kind: reply.code === "truncated" ? "transient" : reply.mutation ? "unknown" : "invalid",
      code: reply.code,
      detail: reply.detail,
      hint: reply.hint
    },
    { status: reply.status },
    context,
    requestId(reply.headers)
  )
