/**
 * An endpoint on a real port, over HTTP/1.1 with or without TLS.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as FiberSet from "effect/FiberSet"
import { constVoid } from "effect/Function"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Https from "node:https"
import type * as Net from "node:net"
import * as Fault from "../kernel/Fault.ts"
import * as Finalizer from "../kernel/Finalizer.ts"
import * as Endpoint from "./Endpoint.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Defaults to 0: any free port. */
  readonly port?: number | undefined
  /** The address to listen on. Defaults to `127.0.0.1`. */
  readonly host?: string | undefined
  /** Serve HTTPS with this key and certificate, both PEM. Defaults to plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined
  /** How long requests in flight may take when the scope closes, by the machine's clock. Defaults to 1 second. */
  readonly grace?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Server {
  /** Without a slash at the end: `http://127.0.0.1:8006`. */
  readonly url: string
  readonly port: number
}

/** Larger bodies are answered with 413. More than any upload that a simulated service accepts. */
const maxBodyBytes = 32 * 1024 * 1024

/** An idle connection is kept for longer than any client keeps it, so that a reset is only ever one we meant. */
const keepAliveMillis = 120_000

/**
 * Serves until the scope closes; then takes no more connections, gives the requests in flight a bounded time to end
 * and breaks what is left.
 *
 * `Reset` breaks the connection with a TCP reset. So does `Refused`, for a listening socket cannot refuse a single
 * request. Headers are exactly those of the endpoint, with `content-length` and what the connection needs.
 *
 * Fails with the code `port-in-use`, `port-denied`, `port-invalid`, `host-unavailable`, `tls-invalid` or
 * `listen-failed`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const serve = (
  endpoint: Endpoint.Endpoint,
  options?: Options
): Effect.Effect<Server, Fault.Fault, Scope.Scope> =>
  Effect.gen(function*() {
    const host = options?.host ?? "127.0.0.1"
    const port = options?.port ?? 0
    const fibers = yield* FiberSet.make<void>()
    // Nothing of whoever serves goes along with a request: no span, no deadline.
    const run = yield* Effect.locally(FiberSet.runtime(fibers)(), FiberRef.currentContext, Context.empty())
    const server = yield* makeServer(options?.tls)
    server.keepAliveTimeout = keepAliveMillis

    const sockets = new Set<Net.Socket>()
    server.on("connection", (socket: Net.Socket) => {
      sockets.add(socket)
      socket.once("close", () => sockets.delete(socket))
    })
    server.on("request", (request, response) => {
      takeBody(request, (body) => {
        run(respond(endpoint, request, body, response, () => server.listening))
      })
    })

    const bound = yield* Finalizer.acquireRelease(
      listen(server, port, host),
      () => close(server, sockets, Duration.toMillis(options?.grace ?? "1 second"))
    )
    const scheme = options?.tls === undefined ? "http" : "https"
    return { url: `${scheme}://${urlHost(host)}:${bound}`, port: bound }
  })

const fault = (options: Pick<Fault.Options, "kind" | "detail" | "code"> & Partial<Fault.Options>) =>
  Fault.make({ system: "holdfast", operation: "Serve.serve", sent: "no", ...options })

const makeServer = (tls: Options["tls"]): Effect.Effect<Http.Server | Https.Server, Fault.Fault> =>
  tls === undefined
    ? Effect.sync(() => Http.createServer())
    : Effect.try({
      try: () => Https.createServer({ key: tls.key, cert: tls.cert }),
      catch: (cause) =>
        fault({
          kind: "invalid",
          code: "tls-invalid",
          detail: "the key and the certificate cannot be used to serve HTTPS",
          hint: "give both as PEM, and the key that belongs to the certificate",
          cause
        })
    })

const listen = (server: Http.Server | Https.Server, port: number, host: string): Effect.Effect<number, Fault.Fault> =>
  Effect.async<number, Fault.Fault>((resume) => {
    const onError = (error: Error) => resume(listenFault(error, port, host))
    server.once("error", onError)
    try {
      server.listen({ port, host }, () => {
        server.off("error", onError)
        const address = server.address()
        resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : port))
      })
    } catch (error) {
      // A port out of range is thrown, not emitted.
      onError(error instanceof Error ? error : new Error(String(error)))
    }
  })

const listenFault = (error: Error, port: number, host: string): Fault.Fault => {
  const code = "code" in error ? error.code : undefined
  const subject = `port ${port} on ${host}`
  switch (code) {
    case "EADDRINUSE":
      return fault({
        kind: "invalid",
        code: "port-in-use",
        subject,
        detail: "another program is listening there",
        hint: "stop that program or choose another port; port 0 takes any free one",
        cause: error
      })
    case "EACCES":
      return fault({
        kind: "denied",
        code: "port-denied",
        subject,
        detail: "the system does not let this user listen there",
        hint: "choose a port from 1024 up; port 0 takes any free one",
        cause: error
      })
    case "ERR_SOCKET_BAD_PORT":
      return fault({
        kind: "invalid",
        code: "port-invalid",
        subject,
        detail: "that is not a port",
        hint: "choose one from 1 to 65535; port 0 takes any free one",
        cause: error
      })
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return fault({
        kind: "invalid",
        code: "host-unavailable",
        subject,
        detail: "this machine has no such address",
        hint: "listen on 127.0.0.1, or on an address of this machine",
        cause: error
      })
    default:
      return fault({ kind: "failed", code: "listen-failed", subject, detail: error.message, cause: error })
  }
}

/** Timers of the platform: sockets close in real time, whatever clock the program runs on. */
const close = (
  server: Http.Server | Https.Server,
  sockets: ReadonlySet<Net.Socket>,
  graceMillis: number
): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, graceMillis)
    server.close(() => {
      clearTimeout(timer)
      resume(Effect.void)
    })
    server.closeIdleConnections()
  })

const respond = (
  endpoint: Endpoint.Endpoint,
  incoming: Http.IncomingMessage,
  body: Body,
  response: Http.ServerResponse,
  isOpen: () => boolean
): Effect.Effect<void> =>
  Effect.matchCause(
    Effect.map(answer(endpoint, incoming, body), (reply) => {
      // Else the connection stays open, idle, and the server waits for it.
      if (!isOpen()) response.shouldKeepAlive = false
      write(incoming, response, reply)
    }),
    // The client is told the cause; the server lives on.
    { onFailure: (cause) => crash(response, cause), onSuccess: constVoid }
  )

const answer = (
  endpoint: Endpoint.Endpoint,
  incoming: Http.IncomingMessage,
  body: Body
): Effect.Effect<Endpoint.Reply> => {
  switch (body._tag) {
    case "Whole":
      return Effect.suspend(() =>
        endpoint({
          method: incoming.method ?? "GET",
          url: incoming.url ?? "/",
          headers: flatHeaders(incoming.headers),
          ...Endpoint.requestBody(body.bytes)
        })
      )
    case "TooLarge":
      return Effect.succeed(tooLarge)
    case "Gone":
      return Effect.succeed(Endpoint.reset)
  }
}

const tooLarge = Endpoint.answer({
  status: 413,
  statusText: "Payload Too Large",
  headers: { "connection": "close" }
})

type Body =
  | { readonly _tag: "Whole"; readonly bytes: Uint8Array }
  | { readonly _tag: "TooLarge" }
  | { readonly _tag: "Gone" }

const none: Body = { _tag: "Whole", bytes: new Uint8Array() }

/** Hands on the body when it has come, once; at once where the request announces none. */
const takeBody = (incoming: Http.IncomingMessage, hand: (body: Body) => void): void => {
  const { headers } = incoming
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) {
    hand(none)
    return
  }
  const chunks: Array<Buffer> = []
  let size = 0
  let handed = false
  const once = (body: Body): void => {
    if (handed) return
    handed = true
    hand(body)
  }
  incoming.on("data", (chunk: Buffer) => {
    size += chunk.length
    if (size <= maxBodyBytes) chunks.push(chunk)
    else once({ _tag: "TooLarge" })
  })
  incoming.once("end", () => once({ _tag: "Whole", bytes: Buffer.concat(chunks) }))
  incoming.once("error", () => once({ _tag: "Gone" }))
  incoming.once("close", () => once({ _tag: "Gone" }))
}

const flatHeaders = (headers: Http.IncomingHttpHeaders): Readonly<Record<string, string>> => {
  const flat: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) flat[name] = typeof value === "string" ? value : value.join(", ")
  }
  return flat
}

const write = (incoming: Http.IncomingMessage, response: Http.ServerResponse, reply: Endpoint.Reply): void => {
  const socket = incoming.socket
  if (socket.destroyed) return
  if (reply._tag !== "Answer") return breakConnection(socket)

  const body = reply.bytes === undefined ? Buffer.from(reply.body, "utf8") : Buffer.from(reply.bytes)
  const bodiless = Endpoint.isBodiless(incoming.method ?? "GET", reply.status)
  response.sendDate = false
  response.writeHead(reply.status, Endpoint.reasonPhrase(reply.statusText), {
    ...reply.headers,
    ...(bodiless ? {} : { "content-length": String(body.length) })
  })
  if (bodiless) {
    response.end()
  } else if (reply.truncateAt === undefined || reply.truncateAt >= body.length) {
    response.end(body)
  } else {
    response.flushHeaders()
    if (reply.truncateAt > 0) response.write(body.subarray(0, reply.truncateAt))
    // Not a reset: that would also take back the bytes already sent.
    socket.destroySoon()
  }
}

/** A TCP reset, so that clients see `ECONNRESET`. Under TLS Node offers none. */
const breakConnection = (socket: Net.Socket): void => {
  if ("encrypted" in socket) socket.destroy()
  else socket.resetAndDestroy()
}

/** A defect of the endpoint, told to whoever looks at the client's end rather than left hanging. */
const crash = (response: Http.ServerResponse, cause: Cause.Cause<never>): void => {
  if (response.headersSent) {
    response.destroy()
    return
  }
  response.writeHead(500, "Simulated server crashed", { "content-type": "text/plain", "connection": "close" })
  response.end(Cause.pretty(cause))
}

const urlHost = (host: string): string => {
  if (host === "0.0.0.0") return "127.0.0.1"
  if (host === "::") return "[::1]"
  return host.includes(":") ? `[${host}]` : host
}
