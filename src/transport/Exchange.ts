/**
 * One exchange over HTTP with nothing in between that costs: for a client that makes a hundred thousand of them. Over
 * an agent's connections it is a tenth of what a general client takes; over any `HttpClient` it does the same, so that
 * a caller can put a wrapper or a simulation there.
 *
 * Nothing is judged but the transport. No exchange has a span, and none sends a trace header. A body is taken whole
 * within a limit; that of an error status as far as it came.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Agent, Dispatcher } from "undici"
import type * as Fault from "../kernel/Fault.ts"
import * as Policy from "../kernel/Policy.ts"
import { codeOf } from "./ConnectError.ts"
import * as Http from "./Http.ts"
import * as Redaction from "./Redaction.ts"
import * as TransportFault from "./TransportFault.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE"
  /** `https://api.mypurecloud.com`, without a slash at the end. */
  readonly origin: string
  /** Path and query, escaped. */
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** A text is sent as UTF-8. */
  readonly body?: string | Uint8Array | undefined
  /** Told as soon as the whole reply has come, before anything is made of it. Not told of a reply that broke off. */
  readonly onReply?: ((status: number) => void) | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Bytes extends Omit<Http.Reply, "text"> {
  readonly bytes: Uint8Array
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Exchange {
  /** The body as UTF-8, of at most 32 MiB. */
  readonly text: (request: Request, context: TransportFault.Context) => Effect.Effect<Http.Reply, Fault.Fault>
  /** The body as it is, of at most 512 MiB. */
  readonly bytes: (request: Request, context: TransportFault.Context) => Effect.Effect<Bytes, Fault.Fault>
}

/**
 * How long an exchange may take, from the moment that it is sent to the end of the reply; then it is given up with the
 * code `attempt-timeout`. Over an agent it is looked at as the reply comes, to about a second, and costs nothing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  /** Of {@link Exchange.text}. Defaults to no limit. */
  readonly text?: Duration.DurationInput | undefined
  /** Of {@link Exchange.bytes}. Defaults to no limit. */
  readonly bytes?: Duration.DurationInput | undefined
}

/**
 * Lets a request go when it may, and hears when its reply has come, whatever is made of it: at the latest when the
 * effect ends.
 *
 * @since 0.1.0
 * @category models
 */
export type Gate = <A>(
  send: (replied: () => void) => Effect.Effect<A, Fault.Fault>
) => Effect.Effect<A, Fault.Fault>

const millisOf = (limit: Duration.DurationInput | undefined): number =>
  limit === undefined ? Number.POSITIVE_INFINITY : Duration.toMillis(limit)

const textLimit = 32 * 1024 * 1024
const bytesLimit = 512 * 1024 * 1024

const tooLarge = (status: number, limit: number, context: TransportFault.Context): Fault.Fault =>
  TransportFault.make(context, {
    kind: "invalid",
    code: "body-too-large",
    status,
    detail: `The answer is larger than ${limit} bytes`
  })

const tooLong = (millis: number, context: TransportFault.Context): Fault.Fault =>
  TransportFault.make(context, {
    kind: "timed-out",
    code: "attempt-timeout",
    sent: "maybe",
    detail: `no answer within ${Duration.format(Duration.millis(millis))}`
  })

const broke = (request: Request, cause: unknown, context: TransportFault.Context): Fault.Fault =>
  TransportFault.fromClientError(
    new HttpClientError.RequestError({
      request: HttpClientRequest.make(request.method)(request.origin),
      reason: "Transport",
      cause
    }),
    context
  )

const brokeOff = (status: number, origin: string, cause: unknown, context: TransportFault.Context): Fault.Fault =>
  TransportFault.make(context, {
    kind: "transient",
    code: "truncated",
    status,
    detail: `The answer of ${origin} broke off in the middle`,
    cause
  })

type Raw = Readonly<Record<string, string | Array<string> | undefined>>

/** Undici gives a header that came several times as a list. */
const flat = (raw: Raw): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (const name in raw) {
    const value = raw[name]
    if (value !== undefined) headers[name] = typeof value === "string" ? value : value.join(", ")
  }
  return headers
}

/** What an exchange may come to. */
interface Most {
  readonly bytes: number
  /** Infinity: as long as it takes. */
  readonly millis: number
}

type Resume<A> = (effect: Effect.Effect<A, Fault.Fault>) => void
type Finish<A> = (head: Omit<Http.Reply, "text">, body: Buffer) => A

/** What undici calls its own clocks, of which each looks at a part of the exchange. */
const ranOut = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"])

const taken: Array<() => void> = []

/**
 * Undici writes a request over a connection that was idle at the end of the turn of the event loop, when it knows that the
 * connection still stands. What is put off to that moment first comes first, so a reply is taken in the turn after it.
 */
const afterWrites = (take: () => void): void => {
  setImmediate(() => setImmediate(take))
}

const takeNext = (): void => {
  const next = taken.shift()
  if (next === undefined) return
  if (taken.length > 0) afterWrites(takeNext)
  next()
}

/** One reply after the other, each in a turn of its own, so that no work on replies keeps a request from being written. */
const inTurn = (take: () => void): void => {
  taken.push(take)
  if (taken.length === 1) afterWrites(takeNext)
}

/** Collects one reply. Undici calls it back; the last call resumes the fiber. */
class Collector<A> implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined = undefined
  private readonly chunks: Array<Buffer> = []
  private size = 0
  private status = 0
  private statusText = ""
  private raw: Raw = {}
  private cancelled = false
  private refusal: Fault.Fault | undefined = undefined
  private startedAt = 0
  private readonly request: Request
  private readonly context: TransportFault.Context
  private readonly most: Most
  private readonly finish: Finish<A>
  private readonly resume: Resume<A>

  constructor(
    request: Request,
    context: TransportFault.Context,
    most: Most,
    finish: Finish<A>,
    resume: Resume<A>
  ) {
    this.request = request
    this.context = context
    this.most = most
    this.finish = finish
    this.resume = resume
  }

  /** The caller is gone. What waits for a connection is dropped when it gets one, before a byte is written. */
  cancel(): void {
    this.cancelled = true
    this.controller?.abort(new Error("The caller is gone"))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller
    this.startedAt = performance.now()
    if (this.cancelled) this.cancel()
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Raw,
    statusText?: string
  ): void {
    // 1xx only announce the answer.
    if (status < 200) return
    this.status = status
    this.statusText = statusText ?? ""
    this.raw = headers
    if (Number(headers["content-length"]) > this.most.bytes) this.refuse(controller, this.tooLarge)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.size += chunk.length
    if (this.size > this.most.bytes) this.refuse(controller, this.tooLarge)
    // A reply that trickles in never lets undici's own clock run out.
    else if (performance.now() - this.startedAt > this.most.millis) this.refuse(controller, this.tooLong)
    else this.chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.deliver()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.cancelled) return
    if (this.refusal !== undefined) this.resume(this.refusal)
    else if (ranOut.has(codeOf(error) ?? "") && this.status < 400) this.resume(this.tooLong)
    else if (this.status === 0) this.resume(broke(this.request, error, this.context))
    else if (this.status >= 400) this.deliver()
    else this.resume(brokeOff(this.status, this.request.origin, error, this.context))
  }

  private refuse(controller: Dispatcher.DispatchController, why: Fault.Fault): void {
    if (this.refusal !== undefined) return
    this.refusal = why
    controller.abort(new Error(why.detail))
  }

  private get tooLarge(): Fault.Fault {
    return tooLarge(this.status, this.most.bytes, this.context)
  }

  private get tooLong(): Fault.Fault {
    return tooLong(this.most.millis, this.context)
  }

  private deliver(): void {
    const { onReply } = this.request
    const reply = Effect.sync(this.finished)
    if (onReply === undefined) {
      this.resume(reply)
      return
    }
    onReply(this.status)
    inTurn(() => this.resume(reply))
  }

  private readonly finished = (): A => {
    const [first] = this.chunks
    const body = this.chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.chunks)
    const { raw, request: { method }, status, statusText } = this
    return this.finish({ method, status, statusText, headers: flat(raw) }, body)
  }
}

const asText: Finish<Http.Reply> = (head, body) => ({ ...head, text: body.toString("utf8") })
const asBytes: Finish<Bytes> = (head, body) => ({ ...head, bytes: body })

/**
 * Over the connections of an agent, see `Tls.agent`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromAgent = (agent: Agent, limits: Limits = {}): Exchange => {
  const send = <A>(
    request: Request,
    context: TransportFault.Context,
    most: Most,
    finish: Finish<A>
  ): Effect.Effect<A, Fault.Fault> => {
    const timeout = Number.isFinite(most.millis) ? most.millis : 0
    return Effect.async<A, Fault.Fault>((resume) => {
      const collector = new Collector(request, context, most, finish, resume)
      agent.dispatch({
        origin: request.origin,
        path: request.path,
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
        headersTimeout: timeout,
        bodyTimeout: timeout
      }, collector)
      return Effect.sync(() => collector.cancel())
    })
  }
  const text: Most = { bytes: textLimit, millis: millisOf(limits.text) }
  const bytes: Most = { bytes: bytesLimit, millis: millisOf(limits.bytes) }
  return {
    text: (request, context) => send(request, context, text, asText),
    bytes: (request, context) => send(request, context, bytes, asBytes)
  }
}

const requestOf = ({ body, headers, method, origin, path }: Request): HttpClientRequest.HttpClientRequest => {
  const request = HttpClientRequest.make(method)(`${origin}${path}`, { headers })
  if (body === undefined) return request
  return typeof body === "string"
    ? HttpClientRequest.bodyText(request, body, headers["content-type"])
    : HttpClientRequest.bodyUint8Array(request, body, headers["content-type"])
}

const told = <A extends { readonly status: number }>(
  { onReply }: Request,
  exchange: Effect.Effect<A, Fault.Fault>
): Effect.Effect<A, Fault.Fault> =>
  onReply === undefined ? exchange : Effect.tap(exchange, ({ status }) => Effect.sync(() => onReply(status)))

/** By the clock of the program, which a timer would know nothing of. */
const within = (
  attemptTimeout: Duration.DurationInput | undefined,
  { operation, subject, system }: TransportFault.Context
) =>
<A>(exchange: Effect.Effect<A, Fault.Fault>): Effect.Effect<A, Fault.Fault> =>
  attemptTimeout === undefined
    ? exchange
    : Effect.flatMap(
      Policy.make({ name: "exchange", system, attemptTimeout }),
      (policy) => policy.run(exchange, { operation, subject })
    )

/**
 * Over any client.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromHttpClient = (http: HttpClient.HttpClient, limits: Limits = {}): Exchange => {
  const client = Redaction.protect(http, { untraced: () => true })
  return {
    text: (request, context) =>
      told(
        request,
        within(limits.text, context)(Http.exchange(client, requestOf(request), context, { maxBytes: textLimit }))
      ),
    bytes: (request, context) =>
      told(
        request,
        within(limits.bytes, context)(
          client.execute(requestOf(request)).pipe(
            Effect.flatMap((response) => {
              const head = {
                method: request.method,
                status: response.status,
                statusText: Http.statusText(response),
                headers: response.headers
              }
              const chunks: Array<Uint8Array> = []
              let size = 0
              const body = Stream.runForEach(response.stream, (chunk) => {
                size += chunk.length
                chunks.push(chunk)
                return size > bytesLimit ? Effect.fail(tooLarge(response.status, bytesLimit, context)) : Effect.void
              }).pipe(
                Effect.catchIf(
                  (error) => error._tag === "ResponseError" && (error.reason === "EmptyBody" || response.status >= 400),
                  () => Effect.void
                )
              )
              return Effect.map(body, (): Bytes => ({ ...head, bytes: Buffer.concat(chunks) }))
            }),
            Effect.mapError((error) => error._tag === "Fault" ? error : TransportFault.fromClientError(error, context))
          )
        )
      )
  }
}
