/**
 * A small simulated Proxmox VE: the same API, locks, tasks, error texts and slowness, as a function from request
 * to reply. It answers in process on the fiber's clock (the test clock included) or, through `Serve`, on a port.
 *
 * The default world: nodes `pve1` and `pve2`; storages `local` and `local-lvm` on each, `ceph` and `nfs` shared;
 * the template `ubuntu-24.04` (9000, pve1, on `ceph`: 2 cores, 2048 MiB, `scsi0` of 10 GiB, a cloud-init drive);
 * bridges `vmbr0` and `vmbr1`; a pool `holdfast`; and a few machines that belong to somebody else.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Endpoint from "../../simulation/Endpoint.ts"
import * as VirtualTime from "../../simulation/VirtualTime.ts"
import type * as Faults from "./simulator/Faults.ts"
import * as Inspection from "./simulator/Inspection.ts"
import * as Seed from "./simulator/Seed.ts"
import * as Server from "./simulator/Server.ts"
import type * as World from "./simulator/World.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Decides every MAC address, uuid, process id and jitter. Defaults to 1. */
  readonly seed?: number | undefined
  /** Major version it pretends to be. 7 has no error text in the body and a synchronous resize. Defaults to 9. */
  readonly version?: 7 | 8 | 9 | undefined
  /** Defaults to `["pve1", "pve2"]`; the first is the one requests arrive at. */
  readonly nodes?: ReadonlyArray<string> | undefined
  /**
   * `shared`: template 9000 on the first node, on `ceph`, so that it can be cloned to any node. `local`: one
   * template of the same name per node, 9000, 9001, …, on `local-lvm`. Defaults to `shared`.
   */
  readonly templates?: "shared" | "local" | undefined
  /** Virtual milliseconds per millisecond of the fiber's clock. Defaults to 1. */
  readonly speed?: number | undefined
  /** Virtual milliseconds a 401 is held back, as the real server does. Defaults to 3000. */
  readonly unauthorizedDelayMillis?: number | undefined
  /** Privileges that the accounts of {@link Credentials} lack, as `VM.Clone`. Defaults to none. */
  readonly without?: ReadonlyArray<string> | undefined
  /** Durations of the server's work, in virtual milliseconds and bytes. */
  readonly timing?: Partial<World.Timing> | undefined
  /** What goes wrong on the server. What goes wrong on the way to it is a `FaultPlan`. Defaults to nothing. */
  readonly faults?: Faults.Plan | undefined
}

/**
 * A simulated cluster.
 *
 * @since 0.1.0
 * @category models
 */
export interface Simulator {
  readonly endpoint: Endpoint.Endpoint
  /** The state itself, as of the last request. For the state as of now use `snapshot`. */
  readonly world: World.World
  readonly credentials: Credentials
  /** The world's own clock; latencies of a fault injector belong on it: `sleep: simulator.time.sleep`. */
  readonly time: VirtualTime.VirtualTime
  /** Brings the world up to the clock and tells what is in it. */
  readonly snapshot: Effect.Effect<World.Snapshot>
  /** Lets every running task end, whatever the clock says, and tells what is left. */
  readonly drain: Effect.Effect<World.Snapshot>
}

/**
 * How to sign in. The values are made up.
 *
 * @since 0.1.0
 * @category models
 */
export type Credentials = Seed.Credentials

/**
 * The same in every world.
 *
 * @since 0.1.0
 * @category constructors
 */
export const credentials: Credentials = Seed.credentials

/**
 * Builds a world. Its time starts with the fiber's clock.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Simulator from "holdfast/systems/proxmox/Simulator"
 * import * as Endpoint from "holdfast/simulation/Endpoint"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const simulator = yield* Simulator.make({ seed: 7 })
 *   const client = Endpoint.toHttpClient(simulator.endpoint)
 *   yield* client.get("http://pve1:8006/api2/json/version", {
 *     headers: { authorization: `PVEAPIToken=${simulator.credentials.token}` }
 *   })
 *   const { orphanedVolumes } = yield* simulator.drain
 * })
 */
export const make = (options: Options = {}): Effect.Effect<Simulator> =>
  Effect.gen(function*() {
    const time = yield* VirtualTime.make({ speed: options.speed })
    const world = Seed.make({
      seed: options.seed ?? 1,
      version: options.version ?? 9,
      nodes: options.nodes ?? ["pve1", "pve2"],
      templates: options.templates ?? "shared",
      timing: options.timing ?? {},
      faults: options.faults ?? [],
      without: options.without ?? [],
      began: yield* time.now
    })
    const snapshot = Effect.map(time.now, (now) => {
      world.scheduler.advance(now)
      return Inspection.snapshot(world)
    })
    return {
      endpoint: Server.make(world, time, { unauthorizedDelayMillis: options.unauthorizedDelayMillis ?? 3000 }),
      world,
      credentials: Seed.credentials,
      time,
      snapshot,
      drain: Effect.zipRight(
        snapshot,
        Effect.sync(() => {
          Inspection.drain(world)
          return Inspection.snapshot(world)
        })
      )
    }
  })
