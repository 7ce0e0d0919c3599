/**
 * How requests and answers look on the wire: envelopes, reason phrases, form decoding.
 *
 * Sources: pve-http-server (`AnyEvent.pm`, `Formatter/Standard.pm`), pve-common `RESTHandler.pm`, `Exception.pm`.
 *
 * @since 0.1.0
 */
import type * as Endpoint from "../../../simulation/Endpoint.ts"
import { Death } from "./Scheduler.ts"

const jsonHeaders = {
  "content-type": "application/json;charset=UTF-8",
  "cache-control": "max-age=0",
  "pragma": "no-cache",
  "server": "pve-api-daemon/3.0"
}

/** A list with more behind it: `total` stands beside `data`. */
export interface Page {
  readonly page: ReadonlyArray<unknown>
  readonly total: number
}

const isPage = (value: unknown): value is Page => typeof value === "object" && value !== null && "page" in value

/**
 * @since 0.1.0
 * @category constructors
 */
export const success = (value: unknown): Endpoint.Reply => ({
  _tag: "Answer",
  status: 200,
  statusText: "OK",
  headers: jsonHeaders,
  body: isPage(value)
    ? JSON.stringify({ data: value.page, total: value.total })
    : JSON.stringify({ data: value ?? null })
})

/** A reason phrase has one line, and bytes a status line may carry. */
const phrase = (text: string): string => (text.split("\n")[0] ?? "").replace(/[^\t\x20-\x7e\x80-\xff]/g, "?")

/**
 * The text goes into the reason phrase; into the body only since pve-http-server 5.2.0, hence never on 7 and 8.
 * An error closes the connection.
 *
 * @since 0.1.0
 * @category constructors
 */
export const failure = (version: 7 | 8 | 9, death: Death): Endpoint.Reply => {
  const message = death.message.endsWith("\n") ? death.message : `${death.message}\n`
  const body: Record<string, unknown> = { data: null }
  if (death.errors !== undefined) body["errors"] = death.errors
  if (version >= 9) body["message"] = message
  return {
    _tag: "Answer",
    status: death.status,
    statusText: phrase(message),
    headers: { ...jsonHeaders, connection: "close" },
    body: JSON.stringify(body)
  }
}

/**
 * What the HTTP server itself says, before any API code ran: a reason phrase and no body.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bare = (status: number, reason: string): Endpoint.Reply => ({
  _tag: "Answer",
  status,
  statusText: phrase(reason),
  headers: { "server": "pve-api-daemon/3.0", "connection": "close", "content-type": "text/plain" },
  body: ""
})

/**
 * `400 Parameter verification failed.`
 *
 * @since 0.1.0
 * @category constructors
 */
export const invalid = (errors: Readonly<Record<string, string>>): Death =>
  new Death("Parameter verification failed.\n", { status: 400, errors })

/**
 * @since 0.1.0
 * @category constructors
 */
export const denied = (path: string, privileges: string): Death =>
  new Death(`Permission check failed (${path}, ${privileges})\n`, { status: 403 })

/**
 * Percent-decoding of bytes; `+` is a space.
 *
 * @since 0.1.0
 * @category decoding
 */
export const unescape = (text: string): string => {
  if (!/[%+]/.test(text)) return text
  const bytes = Buffer.from(text.replace(/\+/g, " "), "utf8").toString("latin1")
  return Buffer.from(
    bytes.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    "latin1"
  ).toString("utf8")
}

/**
 * Splits on `&` and on `;`, and takes what stands between the first and the second `=` as the value: a value with
 * either unescaped arrives cut off, as on the real server.
 *
 * @since 0.1.0
 * @category decoding
 */
export const form = (text: string): Record<string, string> => {
  const parameters: Record<string, string> = {}
  for (const part of text.split(/[&;]/)) {
    if (part === "") continue
    const [name = "", value = ""] = part.split("=")
    parameters[unescape(name)] = unescape(value)
  }
  return parameters
}

const scalar = (value: unknown): string => {
  if (value === true) return "1"
  if (value === false) return "0"
  return typeof value === "string" ? value : JSON.stringify(value)
}

/**
 * A body, form-encoded or JSON by its content type.
 *
 * @since 0.1.0
 * @category decoding
 */
export const body = (request: Endpoint.Request): Record<string, string> => {
  if (request.body === "") return {}
  const type = request.headers["content-type"] ?? ""
  if (!type.startsWith("application/json")) return form(request.body)
  let parsed: unknown
  try {
    parsed = JSON.parse(request.body)
  } catch {
    throw new Death("malformed JSON string\n", { status: 400 })
  }
  const parameters: Record<string, string> = {}
  for (const [name, value] of Object.entries(Object(parsed))) parameters[name] = scalar(value)
  return parameters
}
