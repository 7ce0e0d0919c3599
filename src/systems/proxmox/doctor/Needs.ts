/**
 * What a fleet needs of a cluster before it can be made there, as plain data: nodes, templates, storages and
 * privileges.
 *
 * @since 0.1.0
 */
import type { Fleet, MachineSpec, TemplateRef } from "../Fleet.ts"
import type * as Model from "../Model.ts"
import * as Tags from "../grammar/Tags.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface NodeNeed {
  readonly node: string
  readonly why: string
  /** Some machine can be placed nowhere else. */
  readonly required: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface TemplateNeed {
  readonly template: TemplateRef
  readonly why: string
  /** It is given addresses, users or keys by cloud-init. */
  readonly cloudInit: boolean
  /** The guest agent is to be used. */
  readonly agent: boolean
  /** For each machine the nodes it may be placed on. One of each list must be able to have a clone. */
  readonly placements: ReadonlyArray<ReadonlyArray<string>>
  /** The storages that full clones of it are written to; `undefined` stands for those of the template. */
  readonly storages: ReadonlyArray<string | undefined>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StorageNeed {
  readonly storage: string
  readonly node: string
  readonly why: string
  /** What the disks on it can grow to, in bytes. Absent: not known. */
  readonly bytes?: number | undefined
  /** Defaults to `images`. */
  readonly content?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface PrivilegeNeed {
  /** Where. One of them is enough. */
  readonly paths: readonly [string, ...ReadonlyArray<string>]
  /** Which, by the names of Proxmox VE 9. All are needed; `A|B` means either. */
  readonly privileges: ReadonlyArray<string>
  readonly why: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Needs {
  readonly nodes: ReadonlyArray<NodeNeed>
  readonly templates: ReadonlyArray<TemplateNeed>
  readonly storages: ReadonlyArray<StorageNeed>
  readonly privileges: ReadonlyArray<PrivilegeNeed>
}

/**
 * Of nothing but the connection.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: Needs = { nodes: [], templates: [], storages: [], privileges: [] }

/**
 * As a person would say it: `template 9000`, `template "debian-13"`, `the template with tag "base"`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const describeTemplate = (template: TemplateRef): string => {
  switch (template._tag) {
    case "Id":
      return `template ${template.id}`
    case "Name":
      return `template "${template.name}"`
    case "Tag":
      return `the template tagged "${template.tag}"`
  }
}

/**
 * Everything that a reference may mean: by id whatever has it, by name or tag the templates only.
 *
 * @since 0.1.0
 * @category getters
 */
export const candidates = (
  template: TemplateRef,
  resources: ReadonlyArray<Model.Resource>
): ReadonlyArray<Model.Resource> => {
  switch (template._tag) {
    case "Id":
      return resources.filter(({ vmid }) => vmid === template.id)
    case "Name":
      return resources.filter((resource) => resource.template === true && resource.name === template.name)
    case "Tag": {
      const [tag = ""] = Tags.normalize([template.tag])
      return resources.filter((resource) => resource.template === true && Tags.parse(resource.tags ?? "").includes(tag))
    }
  }
}

const distinct = <A>(items: ReadonlyArray<A>, key: (item: A) => string): ReadonlyArray<A> => [
  ...new Map(items.map((item) => [key(item), item])).values()
]

const few = (names: ReadonlyArray<string>): string =>
  names.length <= 3 ? names.join(", ") : `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`

const namesOf = (machines: ReadonlyArray<MachineSpec>): string => few(machines.map(({ name }) => name))

const groups = <A>(
  items: ReadonlyArray<A>,
  key: (item: A) => string
): ReadonlyArray<readonly [string, ReadonlyArray<A>]> => {
  const found = new Map<string, Array<A>>()
  for (const item of items) {
    const group = found.get(key(item))
    if (group === undefined) found.set(key(item), [item])
    else group.push(item)
  }
  return [...found]
}

const templatesOf = (fleet: Fleet): ReadonlyArray<TemplateNeed> =>
  groups(fleet.machines, ({ template }) => JSON.stringify(template)).flatMap(([, machines]) => {
    const [first] = machines
    return first === undefined ? [] : [{
      template: first.template,
      why: `for ${namesOf(machines)}`,
      cloudInit: machines.some(({ cloudInit }) => cloudInit !== undefined),
      agent: machines.some(({ agent }) => agent === true),
      placements: machines.map(({ nodes }) => nodes),
      storages: [...new Set(machines.map(({ storage }) => storage))]
    }]
  })

const nodeOfTemplate = (template: TemplateRef, resources: ReadonlyArray<Model.Resource>): string | undefined => {
  const found = candidates(template, resources)
  return found.length === 1 ? found[0]?.node : undefined
}

interface Volume {
  readonly storage: string
  readonly node: string
  readonly bytes: number
  readonly machine: MachineSpec
}

const volumesOf = (machine: MachineSpec, resources: ReadonlyArray<Model.Resource>): ReadonlyArray<Volume> => {
  const node = machine.nodes[0] ?? nodeOfTemplate(machine.template, resources)
  if (node === undefined) return []
  const disks = Object.values(machine.disks).flatMap(({ size, storage }) => {
    const target = storage ?? machine.storage
    return target === undefined ? [] : [{ storage: target, node, bytes: size, machine }]
  })
  return machine.storage === undefined ? disks : [...disks, { storage: machine.storage, node, bytes: 0, machine }]
}

const storagesOf = (fleet: Fleet, resources: ReadonlyArray<Model.Resource>): ReadonlyArray<StorageNeed> =>
  groups(
    fleet.machines.flatMap((machine) => volumesOf(machine, resources)),
    ({ node, storage }) => `${node}/${storage}`
  ).flatMap(([, volumes]) => {
    const [first] = volumes
    return first === undefined ? [] : [{
      storage: first.storage,
      node: first.node,
      why: `for the disks of ${namesOf(distinct(volumes.map(({ machine }) => machine), ({ name }) => name))}`,
      bytes: volumes.reduce((sum, { bytes }) => sum + bytes, 0)
    }]
  })

/** Which parts of the configuration a specification touches, by the privilege that guards them. */
const configures = (machine: MachineSpec): ReadonlyArray<string> => {
  // The description is always set: it says who manages the machine.
  const privileges = ["VM.Allocate", "VM.Audit", "VM.Config.Options"]
  if (machine.cores !== undefined || machine.sockets !== undefined || machine.cpu !== undefined) {
    privileges.push("VM.Config.CPU")
  }
  if (machine.memory !== undefined) privileges.push("VM.Config.Memory")
  if (Object.keys(machine.disks).length > 0) privileges.push("VM.Config.Disk")
  if (Object.keys(machine.networks).length > 0) privileges.push("VM.Config.Network")
  if (machine.cloudInit !== undefined) privileges.push("VM.Config.Cloudinit", "VM.Config.CDROM")
  if (machine.start) privileges.push("VM.PowerMgmt")
  if (machine.agent === true) privileges.push("VM.GuestAgent.Audit")
  return privileges.toSorted()
}

const ofMachine = (machine: MachineSpec): ReadonlyArray<PrivilegeNeed> => {
  const own = machine.vmid === "auto" ? "/vms" : `/vms/${machine.vmid}`
  const bridges = Object.values(machine.networks).map(({ bridge }): PrivilegeNeed => ({
    paths: [`/sdn/zones/localnetwork/${bridge}`],
    privileges: ["SDN.Use"],
    why: `to connect to ${bridge}`
  }))
  const targets = [machine.storage, ...Object.values(machine.disks).map(({ storage }) => storage)]
  const storages = targets.filter((storage) => storage !== undefined).map((storage): PrivilegeNeed => ({
    paths: [`/storage/${storage}`],
    privileges: ["Datastore.AllocateSpace"],
    why: `to write disks on ${storage}`
  }))
  return [
    {
      paths: machine.pool === undefined ? [own] : [own, `/pool/${machine.pool}`],
      privileges: configures(machine),
      why: "to make and configure machines"
    },
    ...storages,
    ...bridges
  ]
}

const ofTemplate = (need: TemplateNeed, resources: ReadonlyArray<Model.Resource>): ReadonlyArray<PrivilegeNeed> => {
  const found = candidates(need.template, resources)
  const vmid = need.template._tag === "Id" ? need.template.id : found.length === 1 ? found[0]?.vmid : undefined
  return vmid === undefined ? [] : [{
    paths: [`/vms/${vmid}`],
    privileges: ["VM.Audit", "VM.Clone"],
    why: `to clone ${describeTemplate(need.template)}`
  }]
}

/**
 * What a fleet needs. `resources` is the cluster's inventory, to find templates that are named or tagged; what cannot be
 * found there is left out, and the check of the template says so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromFleet = (fleet: Fleet, resources: ReadonlyArray<Model.Resource>): Needs => {
  const templates = templatesOf(fleet)
  const nodes = fleet.machines.flatMap((machine) => machine.nodes.map((node) => ({ node, machine })))
  const privileges = [
    ...templates.flatMap((need) => ofTemplate(need, resources)),
    ...fleet.machines.flatMap(ofMachine)
  ]
  return {
    nodes: groups(nodes, ({ node }) => node).map(([node, uses]) => ({
      node,
      why: `for ${namesOf(uses.map(({ machine }) => machine))}`,
      required: uses.some(({ machine }) => machine.nodes.length === 1)
    })),
    templates,
    storages: storagesOf(fleet, resources),
    privileges: distinct(privileges, (need) => JSON.stringify([need.paths, need.privileges, need.why]))
  }
}
