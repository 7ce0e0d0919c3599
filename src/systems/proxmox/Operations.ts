/**
 * What one does with a fleet of virtual machines on Proxmox VE. The command and an embedding program call these.
 *
 * Every operation compares what is wanted with what is there and does the difference. So running the same operation
 * again is the recovery from any crash, lost reply or interruption.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Fault from "../../kernel/Fault.ts"
import type { Journal } from "../../kernel/Journal.ts"
import * as Logging from "../../observe/Logging.ts"
import * as Apply from "./run/Apply.ts"
import type { Client } from "./Client.ts"
import * as Destroy from "./run/Destroy.ts"
import * as DriftOf from "./plan/Drift.ts"
import type { Fleet, MachineSpec } from "./Fleet.ts"
import * as Inventory from "./plan/Inventory.ts"
import type * as Limits from "./plan/Limits.ts"
import * as Observation from "./plan/Observation.ts"
import * as Planning from "./plan/Plan.ts"
import type { Drift, InventoryEntry, Plan, Report, TaskEnd } from "./Report.ts"
import * as Task from "./run/Task.ts"
import * as TaskLog from "./run/TaskLog.ts"
import type { Upid } from "./Upid.ts"
import * as Work from "./run/Work.ts"

/**
 * What operations need.
 *
 * @since 0.1.0
 * @category models
 */
export type Needs = Client | Journal

/**
 * @since 0.1.0
 * @category models
 */
export interface PlanOptions {
  /** Only the machines of these names. Defaults to all. A name that the fleet lacks is refused. */
  readonly only?: ReadonlyArray<string> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface WorkOptions extends PlanOptions {
  /** How many machines are worked on at once. The limits of storages, sources and nodes hold below. Defaults to 8. */
  readonly parallel?: number | undefined
  /** For one machine, in all. Defaults to 30 minutes. */
  readonly timeout?: Duration.DurationInput | undefined
  /** See {@link Limits.Options}. */
  readonly limits?: Limits.Options | undefined
  /**
   * Called at the end of cleaning up when the operation is interrupted, with what is known of every machine then. An
   * interrupted effect has no value, so this is how its report gets out.
   */
  readonly onInterrupted?: ((report: Report) => Effect.Effect<void>) | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ApplyOptions extends WorkOptions {
  /**
   * What becomes of running clones when the operation is interrupted. `abort`: the task is aborted and it is verified
   * that nothing is left. `detach`: it runs on, and the next apply picks it up. Defaults to `abort`.
   */
  readonly onInterrupt?: "abort" | "detach" | undefined
  /** Wait that long for the guest agent to tell the addresses of started machines. Defaults to not asking. */
  readonly addresses?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface DestroyOptions extends WorkOptions {
  /** How long a guest may take to shut down before it is stopped hard. Whole seconds. Defaults to 60 s. */
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

/** The machines asked for, in the order of the fleet. */
const select = (
  fleet: Fleet,
  options: PlanOptions | undefined
): Effect.Effect<ReadonlyArray<MachineSpec>, Fault.Fault> => {
  const only = options?.only
  if (only === undefined) return Effect.succeed(fleet.machines)
  const names = new Set(fleet.machines.map((machine) => machine.name))
  const unknown = only.filter((name) => !names.has(name))
  return unknown.length === 0 ?
    Effect.succeed(fleet.machines.filter((machine) => only.includes(machine.name))) :
    Fault.make({
      kind: "invalid",
      system: "proxmox",
      operation: "Proxmox.plan",
      subject: `fleet ${fleet.name}`,
      code: "unknown-machine",
      sent: "no",
      detail: `it has no machine ${unknown.map((name) => `"${name}"`).join(", ")}`,
      hint: `it has ${[...names].join(", ")}`
    })
}

const begin = <A, R>(
  fleet: Fleet,
  options: PlanOptions & { readonly limits?: Limits.Options | undefined } | undefined,
  use: (work: Work.Work, specs: ReadonlyArray<MachineSpec>) => Effect.Effect<A, Fault.Fault, R>
): Effect.Effect<A, Fault.Fault, R | Client> =>
  Effect.gen(function*() {
    const specs = yield* select(fleet, options)
    const work = yield* Work.make(fleet.name, options?.limits)
    return yield* use(work, specs)
  }).pipe(Logging.forSystem("proxmox"))

const common = (options: WorkOptions | undefined) => ({
  parallel: options?.parallel ?? 8,
  timeoutMillis: Duration.toMillis(options?.timeout ?? "30 minutes"),
  onInterrupted: options?.onInterrupted
})

/**
 * What apply would do. Changes nothing. Fails only where nothing can be said at all: no connection, no access.
 *
 * @since 0.1.0
 * @category operations
 */
export const plan = (fleet: Fleet, options?: PlanOptions): Effect.Effect<Plan, Fault.Fault, Needs> =>
  begin(fleet, options, (work, specs) =>
    Effect.map(
      Observation.observe(work, specs),
      (observation) => Planning.toPlan(fleet.name, Planning.decideAll(fleet.name, specs, observation))
    )).pipe(Effect.withSpan("Proxmox.plan"))

/**
 * Makes the machines of a fleet, and keeps them as it says. Machines that are refused are reported and not touched; the
 * others go ahead.
 *
 * @since 0.1.0
 * @category operations
 */
export const apply = (fleet: Fleet, options?: ApplyOptions): Effect.Effect<Report, Fault.Fault, Needs> =>
  begin(fleet, options, (work, specs) =>
    Apply.apply(work, specs, {
      ...common(options),
      onInterrupt: options?.onInterrupt ?? "abort",
      addressesMillis: options?.addresses === undefined ? undefined : Duration.toMillis(options.addresses)
    }))

/**
 * Stops and purges the machines of a fleet that this fleet made, recognised by their mark and uuid.
 *
 * @since 0.1.0
 * @category operations
 */
export const destroy = (fleet: Fleet, options?: DestroyOptions): Effect.Effect<Report, Fault.Fault, Needs> =>
  begin(fleet, options, (work, specs) =>
    Destroy.destroy(work, specs, {
      ...common(options),
      shutdownSeconds: Math.ceil(Duration.toSeconds(options?.shutdownTimeout ?? "60 seconds"))
    }))

/**
 * What destroy would do: `destroy`, `absent` or `refuse` by machine, with the outcome `NotStarted` or `Refused`. Changes
 * nothing.
 *
 * @since 0.1.0
 * @category operations
 */
export const planDestroy = (fleet: Fleet, options?: PlanOptions): Effect.Effect<Report, Fault.Fault, Needs> =>
  begin(fleet, options, Destroy.plan)

/**
 * What differs between a fleet and its machines.
 *
 * @since 0.1.0
 * @category operations
 */
export const drift = (fleet: Fleet, options?: PlanOptions): Effect.Effect<Drift, Fault.Fault, Needs> =>
  begin(fleet, options, DriftOf.drift)

/**
 * What tells a cluster from others: the names of its nodes. It is the same through any of its nodes and for every user,
 * for the list of nodes needs no privilege (https://pve.proxmox.com/pve-docs/api-viewer/#/nodes).
 *
 * @since 0.1.0
 * @category operations
 */
export const cluster: Effect.Effect<string, Fault.Fault, Needs> = Effect.gen(function*() {
  const { client, policies } = yield* Work.make("")
  const nodes = yield* policies.read.run(client.nodes)
  return nodes.map(({ node }) => node).toSorted().join("+")
}).pipe(Logging.forSystem("proxmox"), Effect.withSpan("Proxmox.cluster"))

/**
 * Every machine and template of the cluster, by id, and who made it. With `mine`, only those a fleet of holdfast made;
 * with `fleet`, only those this fleet made.
 *
 * @since 0.1.0
 * @category operations
 */
export const list = (
  options?: { readonly mine?: boolean | undefined; readonly fleet?: string | undefined }
): Effect.Effect<ReadonlyArray<InventoryEntry>, Fault.Fault, Needs> =>
  Effect.flatMap(
    Work.make(options?.fleet ?? ""),
    (work) => Inventory.list(work, { mine: options?.mine ?? false, fleet: options?.fleet })
  ).pipe(Logging.forSystem("proxmox"))

/**
 * @since 0.1.0
 * @category operations
 */
export const task = {
  /** Waits until it has stopped. A task that failed is a value here; `timeout` (default 30 minutes) is a fault. */
  wait: (
    upid: Upid,
    options?: { readonly timeout?: Duration.DurationInput | undefined }
  ): Effect.Effect<TaskEnd, Fault.Fault, Needs> =>
    Effect.flatMap(Work.make(""), (work) => Task.wait(work, upid, { timeout: options?.timeout ?? "30 minutes" })).pipe(
      Logging.forSystem("proxmox"),
      Effect.withSpan("Proxmox.waitTask")
    ),
  /** Its log, line by line, from the first; with `follow` until it has stopped. */
  log: (
    upid: Upid,
    options?: { readonly follow?: boolean | undefined }
  ): Stream.Stream<string, Fault.Fault, Needs> =>
    Stream.unwrap(Effect.map(Work.make(""), (work) => TaskLog.stream(work, upid, options?.follow ?? false))),
  /** Asks the server to end it and waits until it has stopped, at most `timeout` (default 30 s). */
  abort: (
    upid: Upid,
    options?: { readonly timeout?: Duration.DurationInput | undefined }
  ): Effect.Effect<TaskEnd, Fault.Fault, Needs> =>
    Effect.flatMap(Work.make(""), (work) => Task.abort(work, upid, { timeout: options?.timeout })).pipe(
      Logging.forSystem("proxmox"),
      Effect.withSpan("Proxmox.abortTask")
    )
} as const
