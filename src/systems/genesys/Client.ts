/**
 * The Genesys Cloud platform API as a service. One call is one request with one token; no retry and no policy inside.
 *
 * What is asked for is data, because the types that are exported are data: a path of the API description, what fills
 * its holes, a query.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Fault from "../../kernel/Fault.ts"
import type * as Json from "../../kernel/Json.ts"
import * as Exchange from "../../transport/Exchange.ts"
import * as Tls from "../../transport/Tls.ts"
import * as Download from "./client/Download.ts"
import * as TokenPool from "./client/TokenPool.ts"
import * as Wire from "./client/Wire.ts"
import * as Connection from "./Connection.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Request {
  /** Defaults to `GET`. */
  readonly method?: "GET" | "POST" | undefined
  /** As the API description writes it, with holes: `/api/v2/routing/queues/{id}`. */
  readonly path: string
  /** What fills the holes; escaped here. */
  readonly at?: Readonly<Record<string, string>> | undefined
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined
  readonly body?: Json.Json | undefined
  /** What the fault says it was about: `genesyscloud_routing_queue "Sales" (8c7f...)`. */
  readonly subject?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** `https://api.mypurecloud.com` */
  readonly origin: string
  /** How many tokens serve it. */
  readonly tokens: number
  /** The answer's JSON. */
  readonly json: (request: Request) => Effect.Effect<Json.Json, Fault.Fault>
  /** The answer as it is. For templates, scripts, flows. */
  readonly text: (request: Request) => Effect.Effect<string, Fault.Fault>
  /** A file that an answer linked to: of the API with the token, of any other host without it. */
  readonly download: (url: string, subject?: string) => Effect.Effect<Uint8Array, Fault.Fault>
  /** The same, but that every request passes this gate. */
  readonly through: (gate: Exchange.Gate) => Service
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Client extends Context.Tag("holdfast/systems/genesys/Client")<Client, Service>() {}

/**
 * Where and as whom: see {@link Connection.Options}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Connection.Options {
  /** Wraps the HTTP client below, to watch or to replace it. Defaults to leaving it as it is. */
  readonly transformClient?: ((client: HttpClient.HttpClient) => HttpClient.HttpClient) | undefined
}

/** From the sending of a request on: what waits for a token is not held against the answer. */
const limits: Exchange.Limits = { text: "30 seconds", bytes: "5 minutes" }

const over = (options: Options, exchange: Exchange.Exchange): Effect.Effect<Service, Fault.Fault, Scope.Scope> =>
  Effect.gen(function*() {
    const connection = yield* Connection.make(options)
    const pool = yield* TokenPool.make(connection, exchange)
    const through = (gate: Exchange.Gate): Service => {
      const wire = Wire.make(connection.origin, pool, exchange, gate)
      return {
        origin: connection.origin,
        tokens: pool.size,
        json: wire.json,
        text: wire.text,
        download: Download.make(connection.origin, wire, exchange, gate),
        through
      }
    }
    // Nobody counts.
    return through((send) => send(constVoid))
  })

/**
 * The client over any `HttpClient`; the TLS options are that client's affair then. Fails before the first request when
 * the options cannot be right. Renewals of tokens end with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<Service, Fault.Fault, HttpClient.HttpClient | Scope.Scope> =>
  Effect.flatMap(
    HttpClient.HttpClient,
    (http) => over(options, Exchange.fromHttpClient(options.transformClient?.(http) ?? http, limits))
  )

/**
 * @since 0.1.0
 * @category layers
 */
export const layerWithoutTransport = (options: Options): Layer.Layer<Client, Fault.Fault, HttpClient.HttpClient> =>
  Layer.scoped(Client, make(options))

/** As many as the most requests at once that an export makes sense with. */
const defaultConnections = 128

/**
 * The client with connections of its own, by the TLS options; up to 128 to one host unless they say otherwise.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<Client, Fault.Fault> => {
  const owned: Tls.Owned = { ...options, connections: options.connections ?? defaultConnections, system: "genesys" }
  return options.transformClient === undefined
    ? Layer.scoped(
      Client,
      Effect.flatMap(Tls.agent(owned), (agent) => over(options, Exchange.fromAgent(agent, limits)))
    )
    : Layer.provide(layerWithoutTransport(options), Layer.scoped(HttpClient.HttpClient, Tls.make(owned)))
}

/**
 * The client by the environment: see {@link Connection.config}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig: Layer.Layer<Client, Fault.Fault> = Layer.unwrapEffect(
  Connection.config.pipe(Effect.mapBoth({ onFailure: Connection.fromConfigError, onSuccess: layer }))
)
