/**
 * The knowledge base and the agents of an ElevenLabs workspace as a service: one method an endpoint, one request each.
 * No retry, no waiting for an index, no policy: those belong to the operations. What is inside is the workspace's limit
 * on requests at once, because all who share the client share it.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Fault from "../../kernel/Fault.ts"
import type * as Json from "../../kernel/Json.ts"
import * as Exchange from "../../transport/Exchange.ts"
import * as Redaction from "../../transport/Redaction.ts"
import * as Tls from "../../transport/Tls.ts"
import * as Download from "./client/Download.ts"
import * as Limiter from "./client/Limiter.ts"
import * as Requests from "./client/Requests.ts"
import * as Wire from "./client/Wire.ts"
import * as Connection from "./Connection.ts"
import type * as Model from "./Model.ts"

/**
 * The bytes of a file as they are, and what they are called.
 *
 * @since 0.1.0
 * @category models
 */
export interface Upload {
  readonly filename: string
  /** `text/plain`, `application/pdf`. */
  readonly mediaType: string
  readonly content: Uint8Array
}

/**
 * Which documents, and which part of the list.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listing {
  /** The `nextCursor` of the page before. Defaults to the first page. */
  readonly cursor?: string | null | undefined
  /** 1 to 100. Defaults to 100. */
  readonly pageSize?: number | undefined
  /** Only those whose name begins so. */
  readonly prefix?: string | undefined
  /** Only those directly in this folder. Defaults to all, wherever they are. */
  readonly folder?: string | undefined
  /** Only those in this folder or in a folder of it. */
  readonly under?: string | undefined
  readonly types?: ReadonlyArray<"file" | "url" | "text" | "folder"> | undefined
  /** Defaults to the API's own order. */
  readonly sortBy?: "name" | "created_at" | "updated_at" | "size" | undefined
  /** With `sortBy`. Defaults to `asc`. */
  readonly sortDirection?: "asc" | "desc" | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Dependents {
  readonly cursor?: string | null | undefined
  /** 1 to 100. Defaults to 100. */
  readonly pageSize?: number | undefined
  /** `transitive`: by a folder or a procedure that holds it. Defaults to `all`. */
  readonly type?: "direct" | "transitive" | "all" | undefined
}

/**
 * A change of an agent. Objects are merged into what is there, lists replace what is there.
 *
 * @since 0.1.0
 * @category models
 */
export interface AgentPatch {
  /** Defaults to the main branch. */
  readonly branch?: string | null | undefined
  readonly body: { readonly [key: string]: Json.Json }
  /** What the new version says of itself. */
  readonly description: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** `https://api.elevenlabs.io` */
  readonly origin: string
  /** Twice the same name makes two documents. */
  readonly createFile: (
    request: Upload & { readonly name: string; readonly folder?: string | undefined }
  ) => Effect.Effect<Model.Created, Fault.Fault>
  /** Twice the same name makes two folders. */
  readonly createFolder: (
    request: { readonly name: string; readonly parent?: string | undefined }
  ) => Effect.Effect<Model.Created, Fault.Fault>
  readonly list: (query?: Listing) => Effect.Effect<Model.DocumentPage, Fault.Fault>
  readonly get: (id: string) => Effect.Effect<Model.Document, Fault.Fault>
  /** The bytes that were uploaded; of what was not uploaded as a file, its text as the API keeps it. */
  readonly source: (id: string) => Effect.Effect<Uint8Array, Fault.Fault>
  readonly rename: (
    request: { readonly id: string; readonly name: string }
  ) => Effect.Effect<Model.Document, Fault.Fault>
  /** Puts other bytes under the same id. The document's name becomes that of the file. */
  readonly updateFile: (request: Upload & { readonly id: string }) => Effect.Effect<Model.Document, Fault.Fault>
  /** `null`: to the top. */
  readonly move: (request: { readonly id: string; readonly to: string | null }) => Effect.Effect<void, Fault.Fault>
  /** Never by force: a document that an agent uses stays, with the code `has-dependents`. */
  readonly delete: (id: string) => Effect.Effect<void, Fault.Fault>
  /** At most 20, each once; never by force. What became of each. */
  readonly bulkDelete: (
    ids: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyMap<string, Either.Either<void, Fault.Fault>>, Fault.Fault>
  readonly dependents: (id: string, options?: Dependents) => Effect.Effect<Model.DependentPage, Fault.Fault>
  /** At most 20, each once. */
  readonly dependentsOf: (
    ids: ReadonlyArray<string>,
    options?: Dependents
  ) => Effect.Effect<Model.DependentPage, Fault.Fault>
  /** Makes the index or gives the one there is; safe to repeat. */
  readonly createIndex: (
    request: { readonly id: string; readonly model: string }
  ) => Effect.Effect<Model.Index, Fault.Fault>
  readonly indexes: (id: string) => Effect.Effect<ReadonlyArray<Model.Index>, Fault.Fault>
  readonly indexOverview: Effect.Effect<Model.IndexOverview, Fault.Fault>
  readonly agents: (
    options?: { readonly cursor?: string | null | undefined; readonly pageSize?: number | undefined }
  ) => Effect.Effect<Model.AgentPage, Fault.Fault>
  /** Defaults to the tip of the main branch. */
  readonly agent: (
    id: string,
    options?: { readonly branch?: string | null | undefined; readonly version?: string | null | undefined }
  ) => Effect.Effect<Model.Agent, Fault.Fault>
  /** Archived ones as well. */
  readonly branches: (id: string) => Effect.Effect<ReadonlyArray<Model.Branch>, Fault.Fault>
  /** What a version followed: two that follow the same one did not know of each other. */
  readonly version: (id: string, version: string) => Effect.Effect<Model.Version, Fault.Fault>
  /** Makes a new version. Nothing guards against a change that somebody else made in between. */
  readonly patchAgent: (id: string, patch: AgentPatch) => Effect.Effect<Model.Agent, Fault.Fault>
  readonly subscription: Effect.Effect<Model.Subscription, Fault.Fault>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Client extends Context.Tag("holdfast/systems/elevenlabs/Client")<Client, Service>() {}

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

const over = (options: Options, exchange: Exchange.Exchange): Effect.Effect<Service, Fault.Fault> =>
  Effect.gen(function*() {
    const connection = yield* Connection.make(options)
    const wire = Wire.make(connection, yield* Limiter.make(connection), exchange)
    return { origin: connection.origin, ...Requests.make(wire, Download.make(exchange)) }
  })

/**
 * The client over any `HttpClient`; the TLS options are that client's affair then. Fails before the first request when
 * the options cannot be right.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Service, Fault.Fault, HttpClient.HttpClient> =>
  Effect.flatMap(HttpClient.HttpClient, (http) => {
    const client = options.transformClient?.(http) ?? http
    return over(options, Exchange.fromHttpClient(Redaction.protect(client, { headers: ["xi-api-key"] })))
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layerWithoutTransport = (options: Options): Layer.Layer<Client, Fault.Fault, HttpClient.HttpClient> =>
  Layer.effect(Client, make(options))

/** Longer than the operations wait for an answer. */
const limits: Exchange.Limits = { text: "5 minutes", bytes: "5 minutes" }

/**
 * The client with connections of its own, by the TLS options.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<Client, Fault.Fault> => {
  const owned: Tls.Owned = { ...options, system: "elevenlabs" }
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
