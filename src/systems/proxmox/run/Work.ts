/**
 * What the steps of one operation share.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fault from "../../../kernel/Fault.ts"
import * as Client from "../Client.ts"
import * as Limits from "../plan/Limits.ts"
import type * as Model from "../Model.ts"
import * as Policies from "./Policies.ts"
import type * as Task from "./Task.ts"
import * as TaskProgress from "./TaskProgress.ts"
import * as Upid from "../Upid.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Work extends Task.Tools {
  readonly fleet: string
  readonly limits: Limits.Limits
  /** Names of running tasks that are known to belong to a machine. */
  readonly claimed: Set<string>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (fleet: string, limits?: Limits.Options): Effect.Effect<Work, never, Client.Client> =>
  Effect.gen(function*() {
    return {
      client: yield* Client.Client,
      policies: yield* Policies.make,
      experience: TaskProgress.experience(),
      limits: yield* Limits.make(limits),
      fleet,
      claimed: new Set()
    }
  })

/**
 * @since 0.1.0
 * @category getters
 */
export const nameOf = (vmid: number, node: string): string => `VM ${vmid} on ${node}`

/**
 * A machine as it is found, wherever it is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Found {
  readonly node: string
  /** Empty for a container, which is nobody's machine here. */
  readonly config: Model.Config
  readonly name: string
}

/**
 * Looks a machine up, first where it should be, then in the inventory.
 *
 * @since 0.1.0
 * @category accessors
 */
export const find = (
  work: Work,
  vmid: number,
  node: string
): Effect.Effect<Option.Option<Found>, Fault.Fault> => {
  const { client, policies } = work
  const at = (node: string) =>
    policies.read.run(client.config({ node, vmid })).pipe(
      Effect.map((config) => Option.some<Found>({ node, config, name: config["name"] ?? "" })),
      Effect.catchIf((fault) => fault.code === "config-missing", () => Effect.succeedNone)
    )
  return Effect.flatMap(at(node), (here) => {
    if (Option.isSome(here)) return Effect.succeed(here)
    return Effect.flatMap(policies.read.run(client.machines), (rows) => {
      const row = rows.find((row) => row.vmid === vmid)
      if (row === undefined) return Effect.succeedNone
      // Listed and not readable: it has just moved there, or just gone.
      if (row.type === "qemu") return seen(at(row.node))
      return Effect.succeedSome<Found>({ node: row.node, config: {}, name: row.name ?? "" })
    })
  })
}

/** A machine that came from another node is read a moment after it is listed. */
const seen = (
  read: Effect.Effect<Option.Option<Found>, Fault.Fault>,
  tries = 5
): Effect.Effect<Option.Option<Found>, Fault.Fault> =>
  Effect.flatMap(read, (found) =>
    Option.isSome(found) || tries <= 1
      ? Effect.succeed(found)
      : Effect.zipRight(Effect.sleep("300 millis"), seen(read, tries - 1)))

/**
 * Tasks of a type and a machine that are running now. The list lags behind, so each is asked for itself. Who may not see
 * the tasks of others sees his own.
 *
 * @since 0.1.0
 * @category accessors
 */
export const running = (
  work: Work,
  type: string,
  { node, vmid }: { readonly node: string; readonly vmid: number }
): Effect.Effect<ReadonlyArray<Upid.Upid>, Fault.Fault> =>
  Effect.flatMap(
    work.policies.read.run(work.client.tasks({ node, typefilter: type, vmid, source: "active", limit: 500 })),
    (rows) => live(work, namesOf(rows))
  )

const namesOf = (rows: ReadonlyArray<Model.TaskRow>): ReadonlyArray<Upid.Upid> =>
  rows.flatMap((row) =>
    row.status === undefined || row.status === "RUNNING" ? Option.toArray(Option.getRight(Upid.parse(row.upid))) : []
  )

const live = (
  { client, policies }: Work,
  listed: ReadonlyArray<Upid.Upid>
): Effect.Effect<ReadonlyArray<Upid.Upid>, Fault.Fault> =>
  Effect.map(
    Effect.forEach(
      listed.toSorted((a, b) => (a.text < b.text ? -1 : 1)),
      (upid) =>
        policies.read.run(client.taskStatus(upid)).pipe(
          Effect.map((status) => status.status === "running" ? [upid] : []),
          // It cannot tell; then the list is believed, which errs on the side of waiting.
          Effect.catchIf((fault) => fault.kind === "not-found" || fault.kind === "denied", () => Effect.succeed([upid]))
        ),
      { concurrency: 4 }
    ),
    (found) => found.flat()
  )

const takesAway = new Set(["qmshutdown", "qmstop", "qmdestroy"])

/**
 * Tasks that are about to stop or destroy one of the machines of a node, whoever began them. What such a machine shows
 * now will not last.
 *
 * @since 0.1.0
 * @category accessors
 */
export const ending = (
  work: Work,
  node: string,
  vmids: ReadonlySet<number>
): Effect.Effect<ReadonlyArray<Upid.Upid>, Fault.Fault> =>
  Effect.flatMap(
    work.policies.read.run(work.client.tasks({ node, source: "active", limit: 500 })),
    (rows) => live(work, namesOf(rows).filter(({ id, type }) => takesAway.has(type) && vmids.has(Number(id))))
  )

/**
 * Clones of a source that are running now.
 *
 * @since 0.1.0
 * @category accessors
 */
export const runningClones = (
  work: Work,
  source: { readonly node: string; readonly vmid: number }
): Effect.Effect<ReadonlyArray<Upid.Upid>, Fault.Fault> => running(work, "qmclone", source)

/**
 * What stands at an id and is not ours. Nothing of it is ever touched.
 *
 * @since 0.1.0
 * @category errors
 */
export const stranger = (
  options: { readonly machine: string; readonly vmid: number; readonly found: Found; readonly because: string }
): Fault.Fault =>
  Fault.make({
    kind: "conflict",
    system: "proxmox",
    operation: "Proxmox.plan",
    subject: `machine ${options.machine}`,
    code: "stranger",
    sent: "no",
    detail: `its id ${options.vmid} belongs to ` +
      `${options.found.name === "" ? "a machine without a name" : `"${options.found.name}"`} on node ` +
      `${options.found.node}, which is not ours: ${options.because}`,
    remote: `VM ${options.vmid} was not touched`,
    hint: `give ${options.machine} another vmid in the fleet file`
  })

/**
 * What a clone left behind when its worker was killed: locked for ever, and only root may unlock it.
 *
 * @since 0.1.0
 * @category errors
 */
export const leftover = (
  options: { readonly operation: string; readonly vmid: number; readonly node: string; readonly lock: string }
): Fault.Fault =>
  Fault.make({
    kind: "failed",
    system: "proxmox",
    operation: options.operation,
    subject: nameOf(options.vmid, options.node),
    code: "clone-leftover",
    detail: "its clone was cut off: it is locked, and no task is to be seen that works on it",
    remote: `it exists half-made and stays locked (${options.lock})`,
    // A token sees only tasks of its own, so another's clone may be running.
    hint: `wait a minute and run the same command again; if it stays so and \`pvesh get /nodes/${options.node}/tasks ` +
      `--source active\` shows no qmclone, then as root on ${options.node}: qm unlock ${options.vmid} && ` +
      `qm destroy ${options.vmid} --purge`
  })
