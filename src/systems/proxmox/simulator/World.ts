/**
 * What the simulated cluster consists of, as plain mutable records. Everything that changes it runs inside an
 * event of the {@link Scheduler}, one at a time, so there is nothing to lock but what the real server locks.
 *
 * @since 0.1.0
 */
import type * as Upid from "../Upid.ts"
import type * as Access from "./Access.ts"
import type * as Copies from "./Copies.ts"
import * as Faults from "./Faults.ts"
import type * as Locks from "./Locks.ts"
import type * as Random from "./Random.ts"
import * as Scheduler from "./Scheduler.ts"

/**
 * How long the server's work takes. Times are virtual milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Timing {
  /**
   * Bytes per second of one full clone on an otherwise idle storage. Defaults to 820 MiB: 10 GiB in 12.5 s, and with
   * the overhead a clone of about 14 s.
   */
  readonly bandwidth: number
  /**
   * What each further clone on the same storage costs the others: n clones run at `1 / (1 + contention * (n - 1))`
   * of the bandwidth each. Defaults to 0.1.
   */
  readonly contention: number
  /** Before the first and after the last byte of a clone, together. Defaults to 1200. */
  readonly cloneOverhead: number
  /** One volume allocated or freed, under the lock of its storage. Defaults to 150. */
  readonly allocation: number
  /** A linked clone of one volume. Defaults to 400. */
  readonly linkedClone: number
  /** A configuration change. Defaults to 250. */
  readonly configuration: number
  /** A disk made larger. Defaults to 600. */
  readonly resize: number
  /** From the start call to a running QEMU. Defaults to 2500. */
  readonly start: number
  /** From a running QEMU to an answering guest agent. Defaults to 12000. */
  readonly boot: number
  /** A guest's orderly shutdown. Defaults to 6000. */
  readonly shutdown: number
  /** A hard stop. Defaults to 800. */
  readonly stop: number
  /** From a request to the high-availability manager until it acts. Defaults to 8000. */
  readonly highAvailability: number
  /** Work on a machine that is destroyed, beside freeing its volumes. Defaults to 700. */
  readonly destroy: number
  /** A finished task may appear in the archive up to that much later (pvestatd writes it). Defaults to 10000. */
  readonly archiveLag: number
  /** Until a machine cloned to another node is known there (pmxcfs). Defaults to 400. */
  readonly replicationLag: number
  /** How old the inventory of `cluster/resources` may be. Defaults to 10000. */
  readonly inventoryAge: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Node {
  readonly name: string
  readonly address: string
  readonly cores: number
  /** Bytes. */
  readonly memory: number
  readonly bridges: ReadonlySet<string>
  /** The workers of pvedaemon: calls beyond them queue. */
  readonly daemon: Locks.Pool
  nextProcess: number
}

/**
 * A machine as `pvestatd` last published it, and since when it is otherwise.
 *
 * @since 0.1.0
 * @category models
 */
export interface Published {
  name: string | undefined
  status: "running" | "stopped" | "unknown"
  changedAt: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Storage {
  readonly name: string
  readonly type: "dir" | "lvmthin" | "rbd" | "nfs"
  readonly content: ReadonlyArray<string>
  readonly shared: boolean
  /** Where it exists; every node when shared. */
  readonly nodes: ReadonlySet<string>
  /** Bytes, on each node where it is not shared. */
  readonly capacity: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Volume {
  /** `ceph:vm-401-disk-0`. */
  readonly id: string
  readonly storage: string
  /** The node of a local storage. */
  readonly node: string | undefined
  /** Whose it is by its name. */
  readonly vmid: number
  bytes: number
  readonly format: "raw" | "qcow2" | "vmdk"
  /** The base volume of a linked clone. */
  readonly base: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface MachineSnapshot {
  readonly name: string
  readonly description: string
  readonly parent: string | undefined
  /** Seconds since the epoch. */
  readonly time: number
  readonly config: ReadonlyMap<string, string>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Running {
  /** Milliseconds. */
  readonly since: number
  readonly pid: number
  /** When the guest agent answers, if the configuration has one. */
  readonly agentAt: number
  readonly paused: boolean
  /** Addresses by interface, as cloud-init set them at this start. */
  readonly addresses: ReadonlyArray<GuestInterface>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface GuestInterface {
  readonly name: string
  readonly mac: string
  readonly addresses: ReadonlyArray<{ readonly address: string; readonly prefix: number; readonly version: 4 | 6 }>
}

/**
 * A machine, a template, or (`lxc`) a container that only occupies an id.
 *
 * @since 0.1.0
 * @category models
 */
export interface Machine {
  readonly vmid: number
  readonly kind: "qemu" | "lxc"
  node: string
  /** The configuration in force, in the API's own text form, without `digest`. */
  config: Map<string, string>
  /** What waits for the next start; `undefined` = deleted then. */
  pending: Map<string, string | undefined>
  snapshots: ReadonlyArray<MachineSnapshot>
  running: Running | undefined
  /** Managed by the high-availability manager. */
  managed: boolean
  /** Configuration of the generated cloud-init drive. */
  cloudInit: ReadonlyMap<string, string>
  digest: string | undefined
  /** Before then its own node does not know it. */
  visibleAt: number
  /** It was here from the start, or a fault put it here. */
  readonly stranger: boolean
  readonly published: Published
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Task {
  readonly upid: Upid.Upid
  /** Milliseconds. */
  readonly started: number
  ended: number | undefined
  /** Exists once it has stopped: `OK`, `WARNINGS: n`, an error text or `unexpected status`. */
  exitStatus: string | undefined
  readonly process: Scheduler.Process
  readonly log: Array<LogEntry>
  warnings: number
  readonly faults: Faults.TaskFaults
  /** The user, or the user of the token, without the token. */
  readonly owner: string
  /** The number of this task among those of its type, from 1. */
  readonly nth: number
  /** When the archive shows it, once ended. */
  archivedAt: number | undefined
}

/**
 * A line, or the growing lines of a copy.
 *
 * @since 0.1.0
 * @category models
 */
export type LogEntry = string | { readonly prefix: string; readonly bytes: number; readonly percent: () => number }

/**
 * @since 0.1.0
 * @category models
 */
export interface Call {
  /** From 1. */
  readonly k: number
  readonly method: string
  /** Path and query. */
  readonly url: string
  /** The parameters of the path taken out: `POST /nodes/{node}/qemu/{vmid}/clone`. */
  route: string
  parameters: Readonly<Record<string, string>>
  /** Virtual milliseconds since the epoch. */
  readonly at: number
  status: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Pool {
  readonly name: string
  comment: string
  readonly members: Set<number>
  readonly storages: Set<string>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface World {
  readonly version: 7 | 8 | 9
  /** Milliseconds since the epoch at which it began. */
  readonly began: number
  readonly random: Random.Random
  readonly scheduler: Scheduler.Scheduler
  readonly locks: Locks.Locks
  readonly copies: Copies.Copies
  readonly access: Access.Access
  readonly timing: Timing
  readonly faults: Faults.Plan
  readonly nodes: ReadonlyMap<string, Node>
  readonly storages: ReadonlyMap<string, Storage>
  readonly machines: Map<number, Machine>
  /** By {@link volumeKey}. */
  readonly volumes: Map<string, Volume>
  /** By UPID, in the order they started. */
  readonly tasks: Map<string, Task>
  readonly pools: Map<string, Pool>
  /** Every request so far; the k-th has the number k. */
  readonly calls: Array<Call>
  /** How often something happened, by name; faults count with it. */
  readonly counters: Map<string, number>
}

/**
 * The world at one moment, immutable, in a stable order.
 *
 * @since 0.1.0
 * @category models
 */
export interface Snapshot {
  /** Virtual milliseconds since the epoch. */
  readonly at: number
  readonly machines: ReadonlyArray<MachineView>
  readonly volumes: ReadonlyArray<Volume>
  /** Volumes no configuration mentions. */
  readonly orphanedVolumes: ReadonlyArray<Volume>
  /** Held locks: `pve1 lock-401.conf`. */
  readonly locks: ReadonlyArray<string>
  readonly tasks: ReadonlyArray<TaskView>
  readonly calls: ReadonlyArray<Readonly<Call>>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface MachineView {
  readonly vmid: number
  readonly node: string
  readonly name: string
  readonly template: boolean
  readonly status: "running" | "stopped"
  readonly lock: string | undefined
  readonly pool: string | undefined
  readonly config: Readonly<Record<string, string>>
  readonly pending: Readonly<Record<string, string | undefined>>
  /** It was in the world from the start, or a fault put it there. */
  readonly stranger: boolean
}

interface TaskView {
  readonly upid: string
  readonly type: string
  readonly id: string
  readonly node: string
  readonly status: "running" | "stopped"
  readonly exitStatus: string | undefined
}

/**
 * Counts one more and says the how-manieth it is, from 1.
 *
 * @since 0.1.0
 * @category mutations
 */
export const count = (world: World, name: string): number => {
  const next = (world.counters.get(name) ?? 0) + 1
  world.counters.set(name, next)
  return next
}

/**
 * Seconds since the world began, for the fault plan.
 *
 * @since 0.1.0
 * @category getters
 */
export const elapsed = (world: World): number => (world.scheduler.now() - world.began) / 1000

/**
 * @since 0.1.0
 * @category getters
 */
export const volumeKey = (volume: { readonly id: string; readonly node: string | undefined }): string =>
  volume.node === undefined ? volume.id : `${volume.node}/${volume.id}`

/**
 * Dies without quorum: nothing may be written then.
 *
 * @since 0.1.0
 * @category checks
 */
export const checkQuorum = (world: World): void => {
  if (!isQuorate(world)) throw new Scheduler.Death("cluster not ready - no quorum?\n")
}

/**
 * @since 0.1.0
 * @category getters
 */
export const isQuorate = (world: World): boolean =>
  !Faults.isOn(world.faults, elapsed(world), (fault) => fault.fault === "no-quorum")

/**
 * @since 0.1.0
 * @category getters
 */
export const isOnline = (world: World, node: string): boolean =>
  world.nodes.has(node) &&
  !Faults.isOn(world.faults, elapsed(world), (fault) => fault.fault === "node-down" && fault.node === node)
