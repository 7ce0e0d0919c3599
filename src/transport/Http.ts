/**
 * One exchange over HTTP, taken whole: the status with its reason phrase, the headers, and the body within a limit.
 * Nothing is judged here but the transport; what a status means is the system's to say.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import type * as Fault from "../kernel/Fault.ts"
import * as TransportFault from "./TransportFault.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Reply {
  readonly method: string
  readonly status: number
  /** The reason phrase, empty where the server or the client gives none. */
  readonly statusText: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/**
 * The reason phrase of a response. Effect's own interface has none, so it is read from what lies below: undici's
 * `ResponseData`, a web `Response`, or Node's `IncomingMessage`.
 *
 * @since 0.1.0
 * @category getters
 */
export const statusText = (response: HttpClientResponse.HttpClientResponse): string => {
  let layer: unknown = response
  for (let depth = 0; depth < 4 && Predicate.isRecord(layer); depth++) {
    for (const name of ["statusText", "statusMessage"]) {
      const value = layer[name]
      if (typeof value === "string" && value !== "") return value
    }
    layer = layer["source"] ?? layer["original"]
  }
  return ""
}

/** 32 MiB: the inventory of a cluster of ten thousand machines is under 8. */
const defaultLimit = 32 * 1024 * 1024

const tooLarge = (response: HttpClientResponse.HttpClientResponse, limit: number, context: TransportFault.Context) =>
  TransportFault.make(context, {
    kind: "invalid",
    code: "body-too-large",
    status: response.status,
    detail: `The answer is larger than ${limit} bytes`
  })

/** The length is not announced, so it is counted as it comes. */
const readCounted = (
  response: HttpClientResponse.HttpClientResponse,
  limit: number,
  context: TransportFault.Context
): Effect.Effect<string, Fault.Fault | HttpClientError.ResponseError> =>
  Effect.suspend(() => {
    const decoder = new TextDecoder()
    let size = 0
    return response.stream.pipe(
      Stream.runFoldEffect("", (text, chunk) => {
        size += chunk.length
        return size > limit
          ? Effect.fail(tooLarge(response, limit, context))
          : Effect.succeed(text + decoder.decode(chunk, { stream: true }))
      }),
      Effect.map((text) => text + decoder.decode())
    )
  }).pipe(
    Effect.catchIf(
      (error): error is HttpClientError.ResponseError => error._tag === "ResponseError" && error.reason === "EmptyBody",
      () => Effect.succeed("")
    )
  )

const readBody = (
  response: HttpClientResponse.HttpClientResponse,
  limit: number,
  context: TransportFault.Context
): Effect.Effect<string, Fault.Fault | HttpClientError.ResponseError> => {
  const announced = Number(response.headers["content-length"])
  if (Number.isNaN(announced)) return readCounted(response, limit, context)
  return announced > limit ? Effect.fail(tooLarge(response, limit, context)) : response.text
}

/**
 * Sends one request, once, and reads its reply. An error status is a reply like any other, and its body is read as
 * far as it came: the status and the reason phrase say enough.
 *
 * @since 0.1.0
 * @category combinators
 */
export const exchange = (
  client: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  context: TransportFault.Context,
  options?: {
    /** The most bytes of a body. Defaults to 32 MiB. */
    readonly maxBytes?: number | undefined
  }
): Effect.Effect<Reply, Fault.Fault> =>
  client.execute(request).pipe(
    Effect.flatMap((response) => {
      const body = readBody(response, options?.maxBytes ?? defaultLimit, context)
      return Effect.map(
        response.status >= 400 ? Effect.orElseSucceed(body, () => "") : body,
        (text): Reply => ({
          method: request.method,
          status: response.status,
          statusText: statusText(response),
          headers: response.headers,
          text
        })
      )
    }),
    Effect.mapError((error) => error._tag === "Fault" ? error : TransportFault.fromClientError(error, context))
  )

/**
 * Why a body is not the JSON that was asked for.
 *
 * @since 0.1.0
 * @category models
 */
export type NotJson =
  /** It begins as JSON and ends too early. */
  | { readonly _tag: "Truncated" }
  /** A web page: a proxy, a login form, or another service. `title` is the page's own, if it has one. */
  | { readonly _tag: "Page"; readonly title: string | undefined }
  | { readonly _tag: "Other"; readonly empty: boolean }

const title = /<title[^>]*>([^<]{1,200})<\/title>/i

/**
 * Why a text that is not JSON is none.
 *
 * @since 0.1.0
 * @category getters
 */
export const judge = (text: string): NotJson => {
  const start = text.trimStart()
  if (start.startsWith("<")) return { _tag: "Page", title: title.exec(start)?.[1]?.replace(/\s+/g, " ").trim() }
  return start.startsWith("{") || start.startsWith("[") ? { _tag: "Truncated" } : { _tag: "Other", empty: start === "" }
}

/**
 * What stands in the place of JSON, for a sentence: `a web page`.
 *
 * @since 0.1.0
 * @category getters
 */
export const called = (why: Exclude<NotJson, { readonly _tag: "Truncated" }>): string => {
  if (why._tag === "Page") return "a web page"
  return why.empty ? "nothing" : "something that is not JSON"
}

/**
 * The JSON of a body, or why it is none. What the parser says is dropped, because it quotes the body.
 *
 * @since 0.1.0
 * @category getters
 */
export const json = (reply: Reply): Either.Either<unknown, NotJson> =>
  Either.try({
    try: (): unknown => JSON.parse(reply.text),
    catch: () => judge(reply.text)
  })
