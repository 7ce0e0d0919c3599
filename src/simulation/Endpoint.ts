/**
 * A simulated server as a plain function from request to reply. The same function answers in process, as an
 * `HttpClient` without sockets and on the test clock, or on a real port.
 *
 * @since 0.1.0
 */
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { isUtf8 } from "node:buffer"

const encoder = new TextEncoder()

/**
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly method: string
  /** Path and query: `/api2/json/version?x=1`. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The body as it came, where it is no UTF-8 and `body` only resembles it. See {@link requestBytes}. */
  readonly bytes?: Uint8Array | undefined
}

/**
 * What happens on the wire: an answer; a connection reset without one (`refused`: before the server read the
 * request, as when nothing listens); or an answer cut off in the middle of its body.
 *
 * @since 0.1.0
 * @category models
 */
export type Reply =
  | {
    readonly _tag: "Answer"
    readonly status: number
    /** The reason phrase. Older Proxmox VE says what went wrong here and nowhere else. */
    readonly statusText: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    /** The body of an answer that is no text; `body` is empty then. */
    readonly bytes?: Uint8Array | undefined
    /** Send the full `content-length` but stop after this many bytes of the body. */
    readonly truncateAt?: number
  }
  | { readonly _tag: "Reset" }
  | { readonly _tag: "Refused" }

/**
 * @since 0.1.0
 * @category models
 */
export type Endpoint = (request: Request) => Effect.Effect<Reply>

/**
 * An answer with defaults: 200, the reason phrase of the status, no headers, an empty body.
 *
 * @since 0.1.0
 * @category constructors
 */
export const answer = (options: {
  readonly status?: number | undefined
  readonly statusText?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
  /** Instead of `body`. */
  readonly bytes?: Uint8Array | undefined
}): Reply => ({
  _tag: "Answer",
  status: options.status ?? 200,
  statusText: options.statusText ?? reasonPhrases[options.status ?? 200] ?? "",
  headers: options.headers ?? {},
  body: options.body ?? "",
  ...(options.bytes === undefined ? {} : { bytes: options.bytes })
})

/**
 * The body of an answer as it goes over the wire.
 *
 * @since 0.1.0
 * @category conversions
 */
export const bodyBytes = (answer: Extract<Reply, { readonly _tag: "Answer" }>): Uint8Array<ArrayBuffer> =>
  answer.bytes === undefined ? encoder.encode(answer.body) : new Uint8Array(answer.bytes)

/**
 * The body of a request as it came over the wire.
 *
 * @since 0.1.0
 * @category conversions
 */
export const requestBytes = ({ body, bytes }: Pick<Request, "body" | "bytes">): Uint8Array =>
  bytes ?? encoder.encode(body)

/**
 * The body of a request from its bytes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const requestBody = (bytes: Uint8Array): Pick<Request, "body" | "bytes"> => {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")
  return isUtf8(bytes) ? { body } : { body, bytes }
}

/**
 * The connection breaks and no answer comes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reset: Reply = { _tag: "Reset" }

/**
 * Nothing listens: the request was not read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const refused: Reply = { _tag: "Refused" }

/** RFC 9110 section 15, and the pseudo-statuses by which AnyEvent::HTTP reports that a hop behind a proxy failed. */
const reasonPhrases: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  410: "Gone",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  595: "Connection refused",
  596: "Connection timed out",
  599: "Too many redirections"
}

/**
 * A reason phrase as HTTP/1.1 can carry it: one line of Latin-1 (RFC 9112 section 4).
 *
 * @since 0.1.0
 * @category conversions
 */
export const reasonPhrase = (text: string): string =>
  text.replace(/[\r\n]+/g, " ").replace(/[^\t\x20-\x7e\x80-\xff]/g, "?").trim()

/**
 * The answer carries no body, whatever it says (RFC 9110 sections 6.4.1 and 9.3.2).
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBodiless = (method: string, status: number): boolean =>
  method === "HEAD" || status === 204 || status === 205 || status === 304

/**
 * The endpoint as a client, without a socket.
 *
 * The server keeps working when its client stops waiting, as a real one does: an interrupted or timed-out call may
 * still take effect. It shares nothing with the client but the clock.
 *
 * A reset fails as `ECONNRESET`, a refusal as `ECONNREFUSED`, and a truncated answer fails while its body is read.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toHttpClient = (endpoint: Endpoint): HttpClient.HttpClient =>
  // Not `HttpClient.make`, whose abort signal for every request there is nobody here to heed.
  HttpClient.makeWith(
    (requested: Effect.Effect<HttpClientRequest.HttpClientRequest>) =>
      Effect.flatMap(requested, (request) => exchange(endpoint, request)),
    Effect.succeed
  )

const exchange = (
  endpoint: Endpoint,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.RequestError> => {
  const made = UrlParams.makeUrl(request.url, request.urlParams, request.hash)
  if (Either.isLeft(made)) return new HttpClientError.RequestError({ request, reason: "InvalidUrl", cause: made.left })
  const url = made.right
  return bodyOf(request).pipe(
    Effect.flatMap(({ contentType, ...body }) => {
      const size = body.bytes?.length ?? Buffer.byteLength(body.body, "utf8")
      return serveApart(endpoint, {
        method: request.method,
        url: url.pathname + url.search,
        headers: {
          ...request.headers,
          ...(contentType === undefined ? {} : { "content-type": contentType }),
          "host": url.host,
          ...(size === 0 ? {} : { "content-length": String(size) })
        },
        ...body
      })
    }),
    Effect.flatMap((reply) => {
      switch (reply._tag) {
        case "Answer":
          return Effect.succeed(answered(request, reply))
        case "Reset":
          return transportError(request, "ECONNRESET", "read ECONNRESET")
        case "Refused":
          return transportError(request, "ECONNREFUSED", `connect ECONNREFUSED ${url.host}`)
      }
    })
  )
}

/**
 * The endpoint's reply to one request, made with nothing of the caller's context: no span, no deadline.
 *
 * @since 0.1.0
 * @category conversions
 */
export const handle = (endpoint: Endpoint, request: Request): Effect.Effect<Reply> =>
  Effect.locally(Effect.suspend(() => endpoint(request)), FiberRef.currentContext, Context.empty())

/** In a fiber of its own, which a lost client does not stop. */
const serveApart = (endpoint: Endpoint, request: Request): Effect.Effect<Reply> =>
  handle(endpoint, request).pipe(
    Effect.interruptible,
    Effect.forkDaemon,
    Effect.flatMap(Fiber.await),
    Effect.flatten
  )

const transportError = (request: HttpClientRequest.HttpClientRequest, code: string, message: string) =>
  new HttpClientError.RequestError({
    request,
    reason: "Transport",
    cause: Object.assign(new Error(message), { code })
  })

interface Body extends Pick<Request, "body" | "bytes"> {
  readonly contentType?: string | undefined
}

const bodyOf = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<Body, HttpClientError.RequestError> => {
  const body = request.body
  switch (body._tag) {
    case "Empty":
      return Effect.succeed({ body: "" })
    case "Uint8Array":
      return Effect.succeed({ ...requestBody(body.body), contentType: body.contentType })
    case "Stream":
      return body.stream.pipe(
        Stream.decodeText(),
        Stream.mkString,
        Effect.mapBoth({
          onFailure: (cause) => new HttpClientError.RequestError({ request, reason: "Encode", cause }),
          onSuccess: (text) => ({ body: text, contentType: body.contentType })
        })
      )
    case "Raw":
      return typeof body.body === "string"
        ? Effect.succeed({ body: body.body, contentType: body.contentType })
        : new HttpClientError.RequestError({
          request,
          reason: "Encode",
          description: "a simulated server takes raw bodies as text only"
        })
    case "FormData":
      return new HttpClientError.RequestError({
        request,
        reason: "Encode",
        description: "a simulated server takes no multipart bodies"
      })
  }
}

type Answer = Extract<Reply, { readonly _tag: "Answer" }>

const answered = (
  request: HttpClientRequest.HttpClientRequest,
  reply: Answer
): HttpClientResponse.HttpClientResponse =>
  reply.truncateAt === undefined && reply.bytes === undefined && !isBodiless(request.method, reply.status)
    ? new Whole(request, reply)
    : HttpClientResponse.fromWeb(request, toResponse(request.method, reply))

/**
 * An answer that has arrived whole. Its text is taken as it is; everything else is left to a web response, which costs a
 * stream and is made only then.
 */
class Whole extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly status: number
  readonly statusText: string
  readonly headers: Headers.Headers
  readonly remoteAddress: Option.Option<string> = Option.none()
  readonly text: Effect.Effect<string>
  private readonly reply: Answer
  private made: HttpClientResponse.HttpClientResponse | undefined

  constructor(request: HttpClientRequest.HttpClientRequest, reply: Answer) {
    super()
    this.request = request
    this.reply = reply
    this.status = reply.status
    this.statusText = reasonPhrase(reply.statusText)
    this.headers = Headers.set(
      Headers.fromInput(reply.headers),
      "content-length",
      String(Buffer.byteLength(reply.body, "utf8"))
    )
    this.text = Effect.succeed(reply.body)
  }

  private get web(): HttpClientResponse.HttpClientResponse {
    return this.made ??= HttpClientResponse.fromWeb(this.request, toResponse(this.request.method, this.reply))
  }

  get cookies(): HttpClientResponse.HttpClientResponse["cookies"] {
    return this.web.cookies
  }

  get stream(): HttpClientResponse.HttpClientResponse["stream"] {
    return this.web.stream
  }

  get json(): HttpClientResponse.HttpClientResponse["json"] {
    return this.web.json
  }

  get urlParamsBody(): HttpClientResponse.HttpClientResponse["urlParamsBody"] {
    return this.web.urlParamsBody
  }

  get formData(): HttpClientResponse.HttpClientResponse["formData"] {
    return this.web.formData
  }

  get arrayBuffer(): HttpClientResponse.HttpClientResponse["arrayBuffer"] {
    return this.web.arrayBuffer
  }

  toJSON(): unknown {
    return this.web.toJSON()
  }
}

const toResponse = (method: string, reply: Answer): Response => {
  const headers = { ...reply.headers }
  const init = { status: reply.status, statusText: reasonPhrase(reply.statusText), headers }
  if (isBodiless(method, reply.status)) return new Response(null, init)
  const bytes = bodyBytes(reply)
  headers["content-length"] = String(bytes.length)
  return new Response(responseBody(bytes, reply.truncateAt), init)
}

const responseBody = (
  bytes: Uint8Array<ArrayBuffer>,
  end: number | undefined
): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> => {
  if (end === undefined || end >= bytes.length) return bytes
  let sent = false
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (sent || end <= 0) {
        // As undici reports a body that ends before its content-length.
        const cause = Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" })
        return controller.error(new TypeError("terminated", { cause }))
      }
      sent = true
      controller.enqueue(bytes.subarray(0, end))
    }
  })
}
