/**
 * Where a machine goes: the node, and the template that can be cloned to it. Decided in the order of the fleet and
 * always in the same way: among the nodes that can take the machine the one with the fewest machines of this fleet, and
 * among equals the one named first.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Clone from "../run/Clone.ts"
import * as Disk from "../grammar/Disk.ts"
import type { MachineSpec } from "../Fleet.ts"
import * as Limits from "./Limits.ts"
import type * as Model from "../Model.ts"
import type { Observation } from "./Observation.ts"
import * as Size from "../grammar/Size.ts"
import * as Template from "./Template.ts"
import { nameOf } from "../run/Work.ts"

/**
 * What has been promised to machines earlier in the fleet.
 *
 * @since 0.1.0
 * @category models
 */
export interface Promised {
  /** Machines by node. */
  readonly machines: Map<string, number>
  /** Bytes by {@link Limits.storageKey}. */
  readonly bytes: Map<string, number>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Place {
  readonly node: string
  readonly template: Model.Resource
  readonly config: Model.Config
  readonly limits: Limits.Clone
  /** What the clone writes, by {@link Limits.storageKey}. */
  readonly bytes: ReadonlyMap<string, number>
}

/**
 * @since 0.1.0
 * @category errors
 */
export const refuse = (
  spec: MachineSpec,
  code: string,
  detail: string,
  hint: string,
  kind: Fault.Kind = "invalid"
): Fault.Fault =>
  Fault.make({
    kind,
    system: "proxmox",
    operation: "Proxmox.plan",
    subject: `machine ${spec.name}`,
    sent: "no",
    code,
    detail,
    hint
  })

/**
 * The template candidates of a machine, or why there are none.
 *
 * @since 0.1.0
 * @category constructors
 */
const templates = (
  spec: MachineSpec,
  observation: Observation
): Either.Either<ReadonlyArray<Model.Resource>, Fault.Fault> => {
  const found = Template.candidates(spec.template, observation.rows.values())
  if (found.length === 0) {
    const known = [...observation.rows.values()].filter((row) => row.template === true).toSorted((a, b) =>
      a.vmid - b.vmid
    )
      .map((row) => `${row.vmid}${row.name === undefined ? "" : ` "${row.name}"`}`)
    return Either.left(refuse(
      spec,
      "template-missing",
      `there is no ${Template.show(spec.template)}`,
      known.length === 0 ? "the cluster has no template: make one first" : `the cluster has ${known.join(", ")}`,
      "not-found"
    ))
  }
  const double = found.find((row) => found.some((other) => other !== row && other.node === row.node))
  if (double !== undefined) {
    return Either.left(refuse(
      spec,
      "template-ambiguous",
      `${Template.show(spec.template)} means several on node ${double.node}: ${
        found.filter((row) => row.node === double.node).map((row) => row.vmid).join(", ")
      }`,
      "name it by its id"
    ))
  }
  const plain = found.find((row) => row.template !== true)
  if (plain !== undefined && spec.clone === "linked") {
    return Either.left(refuse(
      spec,
      "not-a-template",
      `VM ${plain.vmid} is not a template, and only of templates there are linked clones`,
      "make it a template, or ask for a full clone"
    ))
  }
  return Either.right(found)
}

const nodeFault = (spec: MachineSpec, node: string, observation: Observation): Fault.Fault | undefined => {
  const found = observation.nodes.get(node)
  if (found === undefined) {
    const known = [...observation.nodes.keys()].toSorted().join(", ")
    return refuse(spec, "no-such-node", `the cluster has no node "${node}"`, `it has ${known}`, "not-found")
  }
  return found.status === "online"
    ? undefined
    : refuse(spec, "node-down", `node ${node} is down`, "bring it up, or name another node", "transient")
}

const storagesOf = (
  observation: Observation,
  node: string
): Either.Either<ReadonlyMap<string, Model.Storage>, Fault.Fault> =>
  Either.map(
    observation.storages.get(node) ?? Either.right([]),
    (storages) => new Map(storages.map((storage) => [storage.storage, storage]))
  )

/** What a clone writes, by storage: bytes of its disks, and 0 for a linked clone. */
const written = (spec: MachineSpec, config: Model.Config): ReadonlyMap<string, number> => {
  const bytes = new Map<string, number>()
  for (const drive of Disk.drives(config).values()) {
    const from = Disk.storageOf(drive)
    if (from === undefined || (Disk.isCdrom(drive) && !Disk.isCloudInit(drive))) continue
    const storage = spec.clone === "full" ? spec.storage ?? from : from
    const size = spec.clone === "full" && !Disk.isCdrom(drive)
      ? Either.getOrElse(Size.parse(drive.get("size") ?? "0"), () => 0)
      : 0
    bytes.set(storage, (bytes.get(storage) ?? 0) + size)
  }
  return bytes
}

const storageFault = (
  spec: MachineSpec,
  node: string,
  name: string,
  storages: ReadonlyMap<string, Model.Storage>
): Fault.Fault | undefined => {
  const storage = storages.get(name)
  const usable = [...storages.values()].filter((one) => one.content?.split(",").includes("images") === true)
    .map((one) => one.storage).toSorted()
  const hint = usable.length === 0 ? "no storage there holds disks" : `disks can be on ${usable.join(", ")} there`
  if (storage === undefined) {
    return refuse(spec, "no-such-storage", `there is no storage "${name}" on node ${node}`, hint, "not-found")
  }
  if (storage.enabled === false || storage.active === false) {
    return refuse(spec, "storage-unavailable", `storage ${name} on node ${node} is not active`, hint)
  }
  return storage.content === undefined || storage.content.split(",").includes("images")
    ? undefined
    : refuse(spec, "storage-content", `storage ${name} on node ${node} does not hold disks`, hint)
}

/** The template on the node itself, or one whose volumes every node reaches. */
const reachable = (
  spec: MachineSpec,
  node: string,
  templates: ReadonlyArray<Model.Resource>,
  observation: Observation
): Either.Either<{ readonly row: Model.Resource; readonly config: Model.Config }, Fault.Fault> => {
  const [here, ...others] = templates.toSorted((a, b) => Number(b.node === node) - Number(a.node === node))
  if (here === undefined) return Either.left(refuse(spec, "template-missing", "there is no template", "name one"))
  let first: Fault.Fault | undefined
  for (const row of [here, ...others]) {
    const fault = nodeFault(spec, row.node, observation)
    const config = observation.configs.get(row.vmid)
    if (fault !== undefined || config === undefined) {
      first ??= fault ?? refuse(spec, "template-missing", `template ${row.vmid} is gone`, "run the same command again")
    } else if (Either.isLeft(config)) {
      first ??= config.left.with({
        subject: `machine ${spec.name}`,
        remote: `its ${nameOf(row.vmid, row.node)} cannot be read`
      })
    } else {
      const local = localVolumes(spec, row, config.right, node, observation)
      if (local === undefined) return Either.right({ row, config: config.right })
      first ??= local
    }
  }
  return Either.left(first ?? refuse(spec, "template-missing", "there is no template", "name one"))
}

const localVolumes = (
  spec: MachineSpec,
  row: Model.Resource,
  config: Model.Config,
  node: string,
  observation: Observation
): Fault.Fault | undefined => {
  if (row.node === node) return undefined
  const storages = storagesOf(observation, row.node)
  if (Either.isLeft(storages)) return storages.left
  const local = Template.storages(config).filter((name) => storages.right.get(name)?.shared !== true)
  return local.length === 0 ? undefined : refuse(
    spec,
    "not-shared-storage",
    `template ${row.vmid} is on node ${row.node} and has volumes on ${
      local.join(", ")
    }, which only that node reaches, ` +
      `so it cannot be cloned to ${node}`,
    `place it on ${row.node}, make a template of the same name on ${node}, or move the template (its cloud-init drive ` +
      "too) to shared storage"
  )
}

const fits = (
  spec: MachineSpec,
  node: string,
  templates: ReadonlyArray<Model.Resource>,
  observation: Observation,
  promised: Promised
): Either.Either<Place, Fault.Fault> => {
  const fault = nodeFault(spec, node, observation)
  if (fault !== undefined) return Either.left(fault)
  return Either.gen(function*() {
    const { config, row } = yield* reachable(spec, node, templates, observation)
    const storages = yield* storagesOf(observation, node)
    const bytes = new Map<string, number>()
    for (const [name, size] of written(spec, config)) {
      const fault = storageFault(spec, node, name, storages)
      if (fault !== undefined) return yield* Either.left(fault)
      const storage = storages.get(name)
      const shared = storage?.shared === true
      if (row.node !== node && !shared) {
        return yield* Either.left(refuse(
          spec,
          "not-shared-storage",
          `storage ${name} is not shared, so a clone on ${row.node} cannot put disks there for node ${node}`,
          `place it on ${row.node}, or name a shared storage`
        ))
      }
      const key = Limits.storageKey(name, node, shared)
      const free = (storage?.avail ?? Number.POSITIVE_INFINITY) - (promised.bytes.get(key) ?? 0)
      if (size > free) {
        return yield* Either.left(refuse(
          spec,
          "storage-full",
          `storage ${name} on node ${node} has ${
            Size.print(Math.max(0, Math.floor(free / Size.MiB) * Size.MiB))
          } left ` +
            `for it, and its template has ${Size.print(size)}`,
          "free space on the storage, or name another one",
          "failed"
        ))
      }
      bytes.set(key, size)
    }
    const running = row.status === "running" ? { runningSource: row.vmid } : {}
    return { node, template: row, config, bytes, limits: { node: row.node, storages: [...bytes.keys()], ...running } }
  })
}

/**
 * Finds the place of a machine and keeps it for it, or gives every reason why there is none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const place = (
  spec: MachineSpec,
  observation: Observation,
  promised: Promised
): Either.Either<Place, ReadonlyArray<Fault.Fault>> => {
  if (spec.clone === "linked" && spec.storage !== undefined) {
    const detail = `a linked clone stays on the storage of its template, and ${spec.storage} is asked for`
    return Either.left([refuse(spec, "param", detail, "ask for a full clone, or leave the storage out")])
  }
  const found = templates(spec, observation)
  if (Either.isLeft(found)) return Either.left([found.left])
  const names = spec.nodes.length > 0 ? spec.nodes : found.right.map((row) => row.node)
  const tried = [...new Set(names)].map((node) => fits(spec, node, found.right, observation, promised))
  const places = tried.flatMap((one) => (Either.isRight(one) ? [one.right] : []))
  const count = (place: Place): number => promised.machines.get(place.node) ?? 0
  const [best] = places.toSorted((a, b) => count(a) - count(b))
  if (best === undefined) return Either.left(tried.flatMap((one) => (Either.isLeft(one) ? [one.left] : [])))
  promise(promised, best.node)
  for (const [key, size] of best.bytes) promised.bytes.set(key, (promised.bytes.get(key) ?? 0) + size)
  return Either.right(best)
}

/**
 * Counts a machine on a node.
 *
 * @since 0.1.0
 * @category mutations
 */
export const promise = (promised: Promised, node: string): void => {
  promised.machines.set(node, (promised.machines.get(node) ?? 0) + 1)
}

/**
 * What the clone will be asked for.
 *
 * @since 0.1.0
 * @category conversions
 */
export const target = (spec: MachineSpec, place: Place, avoid: ReadonlySet<number>): Clone.Target => ({
  spec,
  template: { vmid: place.template.vmid, node: place.template.node },
  node: place.node,
  limits: place.limits,
  avoid
})
