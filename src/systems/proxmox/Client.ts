/**
 * The Proxmox VE API as a service: one method an endpoint, typed, and nothing else. No retry, no waiting for
 * tasks, no policy: those belong to the operations.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Fault from "../../kernel/Fault.ts"
import * as Tls from "../../transport/Tls.ts"
import * as Connection from "./Connection.ts"
import type * as Model from "./Model.ts"
import * as Requests from "./client/Requests.ts"
import type { Upid } from "./Upid.ts"
import * as Wire from "./client/Wire.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Machine {
  readonly node: string
  readonly vmid: number
}

/**
 * `POST /nodes/{node}/qemu/{vmid}/clone`. `node` and `vmid` name the source.
 *
 * @since 0.1.0
 * @category models
 */
export interface CloneRequest extends Machine {
  readonly newid: number
  readonly name?: string
  readonly description?: string
  readonly pool?: string
  readonly full?: boolean
  /** Only for a full clone. */
  readonly storage?: string
  /** Only for a full clone. */
  readonly format?: "raw" | "qcow2" | "vmdk"
  /** Another node; every volume of the source must be on shared storage, the cloud-init drive included. */
  readonly target?: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ConfigRequest extends Machine {
  /** Keys to set, in the API's own text form, *not* URL-encoded for the wire. */
  readonly set: Readonly<Record<string, string>>
  readonly delete?: ReadonlyArray<string>
  /** Refuse (`conflict`) when the configuration changed since this digest was read. */
  readonly digest?: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface TaskFilter {
  readonly node: string
  readonly typefilter?: string
  readonly vmid?: number
  readonly source?: "archive" | "active" | "all"
  /** Seconds since the epoch, by the server's clock. */
  readonly since?: number
  readonly limit?: number
}

/**
 * @since 0.1.0
 * @category models
 */
export type PowerAction = "start" | "stop" | "shutdown" | "reboot" | "reset" | "suspend" | "resume"

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly version: Effect.Effect<Model.Version, Fault.Fault>
  readonly nodes: Effect.Effect<ReadonlyArray<Model.Node>, Fault.Fault>
  readonly storages: (node: string) => Effect.Effect<ReadonlyArray<Model.Storage>, Fault.Fault>
  /** Everything in the cluster that has a vmid: virtual machines, templates, and containers (`type` is `lxc`). */
  readonly machines: Effect.Effect<ReadonlyArray<Model.Resource>, Fault.Fault>
  /** A free id; with `candidate`, that very id or a `conflict`. Nothing is reserved. */
  readonly nextId: (candidate?: number) => Effect.Effect<number, Fault.Fault>
  readonly permissions: Effect.Effect<Model.Permissions, Fault.Fault>
  readonly clone: (request: CloneRequest) => Effect.Effect<Upid, Fault.Fault>
  /** With `current`, the values in force; otherwise those of the next start. */
  readonly config: (
    machine: Machine,
    options?: { readonly current?: boolean }
  ) => Effect.Effect<Model.Config, Fault.Fault>
  /** The asynchronous form (`POST`). `None` when the server did it at once. */
  readonly updateConfig: (request: ConfigRequest) => Effect.Effect<Option.Option<Upid>, Fault.Fault>
  readonly pending: (machine: Machine) => Effect.Effect<ReadonlyArray<Model.Pending>, Fault.Fault>
  /** `size` is absolute, as the API writes it: `100G`. `None` on Proxmox VE 7, which works synchronously. */
  readonly resize: (
    request: Machine & { readonly disk: string; readonly size: string; readonly digest?: string }
  ) => Effect.Effect<Option.Option<Upid>, Fault.Fault>
  readonly status: (machine: Machine) => Effect.Effect<Model.Status, Fault.Fault>
  readonly power: (
    request: Machine & {
      readonly action: PowerAction
      /** Seconds the server waits for the guest. */
      readonly timeout?: number
      readonly forceStop?: boolean
    }
  ) => Effect.Effect<Upid, Fault.Fault>
  readonly destroy: (
    request: Machine & { readonly purge?: boolean; readonly destroyUnreferencedDisks?: boolean }
  ) => Effect.Effect<Upid, Fault.Fault>
  /** Rebuilds the cloud-init drive of a running machine. */
  readonly regenerateCloudInit: (machine: Machine) => Effect.Effect<void, Fault.Fault>
  readonly agentInterfaces: (machine: Machine) => Effect.Effect<ReadonlyArray<Model.GuestInterface>, Fault.Fault>
  readonly poolMembers: (
    request: { readonly pool: string; readonly add: ReadonlyArray<number> }
  ) => Effect.Effect<void, Fault.Fault>
  readonly taskStatus: (upid: Upid) => Effect.Effect<Model.TaskStatus, Fault.Fault>
  /** `start` counts from 0; the server returns 50 lines unless `limit` says otherwise. */
  readonly taskLog: (
    upid: Upid,
    options?: { readonly start?: number; readonly limit?: number }
  ) => Effect.Effect<{ readonly lines: ReadonlyArray<Model.LogLine>; readonly total: number }, Fault.Fault>
  readonly tasks: (filter: TaskFilter) => Effect.Effect<ReadonlyArray<Model.TaskRow>, Fault.Fault>
  readonly abortTask: (upid: Upid) => Effect.Effect<void, Fault.Fault>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Client extends Context.Tag("holdfast/proxmox/Client")<Client, Service>() {}

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

/**
 * The client over any `HttpClient`; the TLS options are that client's affair then. Fails before the first request
 * when the options cannot be right.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Service, Fault.Fault, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const connection = yield* Connection.make(options)
    const http = yield* HttpClient.HttpClient
    const wire = yield* Effect.provideService(
      Wire.make(connection),
      HttpClient.HttpClient,
      options.transformClient?.(http) ?? http
    )
    return Requests.make(wire)
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layerWithoutTransport = (options: Options): Layer.Layer<Client, Fault.Fault, HttpClient.HttpClient> =>
  Layer.effect(Client, make(options))

/**
 * The client with connections of its own, by the TLS options.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<Client, Fault.Fault> =>
  Layer.provide(
    layerWithoutTransport(options),
    Layer.scoped(HttpClient.HttpClient, Tls.make({ ...options, system: "proxmox" }))
  )

/**
 * The client by the environment: see {@link Connection.config}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig: Layer.Layer<Client, Fault.Fault> = Layer.unwrapEffect(
  Connection.config.pipe(Effect.mapBoth({ onFailure: Connection.fromConfigError, onSuccess: layer }))
)
