/**
 * The Genesys Cloud platform API as a service. One call is one request with one token; no retry and no policy inside.
 *
 * What is asked for is data, because the types that are exported are data: a path of the API description, what fills
 * its holes, a query.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Fault from "../../kernel/Fault.ts"
import type * as Json from "../../kernel/Json.ts"

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
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Client extends Context.Tag("holdfast/systems/genesys/Client")<Client, Service>() {}
