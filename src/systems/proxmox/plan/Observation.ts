/**
 * What is there: everything of the cluster that a fleet has to do with, read once and at the same time.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fault from "../../../kernel/Fault.ts"
import type { MachineSpec } from "../Fleet.ts"
import * as Identity from "./Identity.ts"
import type * as Model from "../Model.ts"
import * as Template from "./Template.ts"
import type { Upid } from "../Upid.ts"
import * as Work from "../run/Work.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Observation {
  readonly nodes: ReadonlyMap<string, Model.Node>
  readonly rows: ReadonlyMap<number, Model.Resource>
  /** Of templates, of what stands at wanted ids, and of what may be ours. */
  readonly configs: ReadonlyMap<number, Either.Either<Model.Config, Fault.Fault>>
  /** Live, of the machines that are ours. */
  readonly statuses: ReadonlyMap<number, Model.Status>
  /** By node. */
  readonly storages: ReadonlyMap<string, Either.Either<ReadonlyArray<Model.Storage>, Fault.Fault>>
  /** Running clones of a template, by its id. */
  readonly clones: ReadonlyMap<number, ReadonlyArray<Upid>>
  /** Running tasks that stop or destroy a machine that is ours. */
  readonly endings: ReadonlyArray<Upid>
}

/** Reads at once. They are cheap for the server, which has three workers for what is not. */
const concurrency = 8

const isOnline = (nodes: ReadonlyMap<string, Model.Node>, node: string): boolean => nodes.get(node)?.status === "online"

/** Machines that cannot be read are said to be down, without trying each until it times out. */
const down = (row: Model.Resource): Fault.Fault =>
  Fault.make({
    kind: "transient",
    system: "proxmox",
    operation: "Proxmox.plan",
    subject: Work.nameOf(row.vmid, row.node),
    code: "node-down",
    sent: "no",
    detail: `node ${row.node} is down`,
    hint: "bring the node up, then run the same command again"
  })

type Configs = Map<number, Either.Either<Model.Config, Fault.Fault>>

const readConfigs = (
  { client, policies }: Work.Work,
  nodes: ReadonlyMap<string, Model.Node>,
  rows: ReadonlyArray<Model.Resource>,
  into: Configs
): Effect.Effect<void> =>
  Effect.forEach(
    rows.filter((row) => row.type === "qemu" && !into.has(row.vmid)),
    (row) =>
      isOnline(nodes, row.node)
        ? Effect.either(policies.read.run(client.config({ node: row.node, vmid: row.vmid }))).pipe(
          Effect.map((config) => into.set(row.vmid, config))
        )
        : Effect.sync(() => into.set(row.vmid, Either.left(down(row)))),
    { concurrency, discard: true }
  )

const isCloneLocked = (config: Either.Either<Model.Config, Fault.Fault> | undefined): boolean =>
  config !== undefined && Either.isRight(config) && config.right["lock"] === "clone"

const isOursSomewhere = (fleet: string, machine: string, configs: Configs): boolean =>
  [...configs.values()].some((config) =>
    Either.isRight(config) && ["Ours", "HalfMade"].includes(Identity.whose(config.right, { fleet, machine })._tag)
  )

const isAnyMissing = (fleet: string, specs: ReadonlyArray<MachineSpec>, configs: Configs): boolean =>
  specs.some(({ name }) => !isOursSomewhere(fleet, name, configs))

/** What a machine of automatic id may be, where its name did not find it: names in the inventory are ten seconds old. */
const unnamed = (
  work: Work.Work,
  specs: ReadonlyArray<MachineSpec>,
  rows: ReadonlyArray<Model.Resource>,
  configs: Configs
): ReadonlyArray<Model.Resource> => {
  const missing = isAnyMissing(work.fleet, specs.filter(({ vmid }) => vmid === "auto"), configs)
  return missing ? rows.filter((row) => row.template !== true) : []
}

const isMissing = (config: Either.Either<Model.Config, Fault.Fault> | undefined): boolean =>
  config !== undefined && Either.isLeft(config) && config.left.code === "config-missing"

/** How often a machine that is listed and not there is looked for; it shows on its new node within moments. */
const searches = 5

/**
 * Listed a moment ago and not there now: it has been destroyed, or its clone has ended and moved it to another node. The
 * rows as they are after that.
 */
const relocate = (
  work: Work.Work,
  nodes: ReadonlyMap<string, Model.Node>,
  rows: ReadonlyArray<Model.Resource>,
  configs: Configs,
  left = searches
): Effect.Effect<ReadonlyArray<Model.Resource>, Fault.Fault> =>
  Effect.gen(function*() {
    const missing = new Set(rows.filter((row) => isMissing(configs.get(row.vmid))).map((row) => row.vmid))
    if (missing.size === 0 || left === 0) return rows
    if (left < searches) yield* Effect.sleep("300 millis")
    const fresh = (yield* work.policies.read.run(work.client.machines)).filter((row) => missing.has(row.vmid))
    for (const vmid of missing) configs.delete(vmid)
    yield* readConfigs(work, nodes, fresh, configs)
    const others = rows.filter((row) => !missing.has(row.vmid))
    return yield* relocate(work, nodes, [...others, ...fresh], configs, left - 1)
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const observe = Effect.fn("Proxmox.observe")(
  function*(work: Work.Work, specs: ReadonlyArray<MachineSpec>) {
    const { client, policies } = work
    const [nodeList, listed] = yield* Effect.all(
      [policies.read.run(client.nodes), policies.read.run(client.machines)],
      { concurrency: 2 }
    )
    const nodes = new Map(nodeList.map((node) => [node.node, node]))
    const ids = new Set(specs.flatMap((spec) => (spec.vmid === "auto" ? [] : [spec.vmid])))
    const names = new Set(specs.map((spec) => spec.name))
    const templates = specs.flatMap((spec) => Template.candidates(spec.template, listed))
    const templateIds = new Set(templates.map((row) => row.vmid))

    const configs: Configs = new Map()
    const look = (rows: ReadonlyArray<Model.Resource>): Effect.Effect<void> => {
      const near = rows.filter((row) =>
        ids.has(row.vmid) || templateIds.has(row.vmid) || (row.name !== undefined && names.has(row.name)) ||
        row.lock === "clone" || row.lock === "destroyed"
      )
      return Effect.zipRight(
        readConfigs(work, nodes, near, configs),
        Effect.suspend(() => readConfigs(work, nodes, unnamed(work, specs, rows, configs), configs))
      )
    }
    yield* look(listed)
    const found = yield* relocate(work, nodes, listed, configs)

    const wantedNodes = new Set([...specs.flatMap((spec) => spec.nodes), ...templates.map((row) => row.node)])
    const online = [...wantedNodes].filter((node) => isOnline(nodes, node)).toSorted()
    const storages = yield* Effect.forEach(
      online,
      (node) => Effect.map(Effect.either(policies.read.run(client.storages(node))), (found) => [node, found] as const),
      { concurrency }
    )
    const clones = yield* Effect.forEach(
      templates.filter((row, index) => isOnline(nodes, row.node) && templates.indexOf(row) === index),
      (row) => Effect.map(Work.runningClones(work, row), (tasks) => [row.vmid, tasks] as const),
      { concurrency }
    )
    // A clone may have ended after its lock was read and before the tasks were: what looks dead is read again.
    // Or it had made nothing when the machines were listed.
    const known = new Set(found.map(({ vmid }) => vmid))
    const late = isAnyMissing(work.fleet, specs, configs)
      ? (yield* policies.read.run(client.machines)).filter(({ vmid }) => !known.has(vmid))
      : []
    yield* look(late)
    const all = [...found, ...late]
    const locked = all.filter((row) => isCloneLocked(configs.get(row.vmid)))
    if (locked.length > 0 && clones.every(([, tasks]) => tasks.length === 0)) {
      for (const { vmid } of locked) configs.delete(vmid)
      yield* readConfigs(work, nodes, locked, configs)
    }
    // Which moved it to the node it is for.
    const rows = yield* relocate(work, nodes, all, configs)
    const ours = rows.filter((row) =>
      specs.some((spec) => {
        const config = configs.get(row.vmid)
        return config !== undefined && Either.isRight(config) &&
          Identity.whose(config.right, { fleet: work.fleet, machine: spec.name })._tag === "Ours"
      })
    )
    // Before the statuses: what ends in between has an effect that they show.
    const endings = yield* Effect.forEach(
      [...new Set(ours.map((row) => row.node))].toSorted(),
      (node) => Work.ending(work, node, new Set(ours.map((row) => row.vmid))),
      { concurrency }
    )
    const statuses = yield* Effect.forEach(
      ours,
      (row) =>
        Effect.map(
          Effect.option(policies.read.run(client.status({ node: row.node, vmid: row.vmid }))),
          (status) => (status._tag === "Some" ? [[row.vmid, status.value] as const] : [])
        ),
      { concurrency }
    )
    const observation: Observation = {
      nodes,
      rows: new Map(rows.map((row) => [row.vmid, row])),
      configs,
      statuses: new Map(statuses.flat()),
      storages: new Map(storages),
      clones: new Map(clones),
      endings: endings.flat()
    }
    return observation
  }
)

/**
 * Why it cannot be told whether a machine of automatic id is there: one that may be it, by its name or for want of a
 * name, cannot be read. To make it then might make it twice, and to call it absent might be wrong.
 *
 * @since 0.1.0
 * @category getters
 */
export const doubt = ({ configs, rows }: Observation, spec: MachineSpec): Fault.Fault | undefined => {
  for (const row of [...rows.values()].toSorted((a, b) => a.vmid - b.vmid)) {
    const config = configs.get(row.vmid)
    if (config === undefined || Either.isRight(config) || config.left.code === "config-missing") continue
    if (row.template === true || (row.name !== undefined && row.name !== spec.name)) continue
    return config.left.with({
      subject: `machine ${spec.name}`,
      remote: `${Work.nameOf(row.vmid, row.node)} cannot be read and may be it, so nothing was touched`
    })
  }
  return undefined
}
