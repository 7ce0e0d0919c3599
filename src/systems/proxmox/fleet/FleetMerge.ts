/**
 * Lays a machine over the defaults of its fleet.
 *
 * Mappings (disks, networks, cloud-init) are merged key by key; everything else the machine says replaces the default.
 * `node` and `nodes` are one thing written in two ways, and so are `ip` and `addresses.net0.ip`.
 *
 * @since 0.1.0
 */
import type { AddressSpec, CloudInitSpec, DiskSpec, MachineSpec, NetworkSpec, TemplateRef } from "../Fleet.ts"
import type {
  AddressInput,
  CloudInitInput,
  DefaultsInput,
  DiskInput,
  MachineInput,
  NetworkInput
} from "./FleetInput.ts"
import * as Tags from "../grammar/Tags.ts"

/**
 * A machine after the merge, in which what every machine needs may still be missing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Merged extends Omit<MachineSpec, "template" | "disks" | "networks"> {
  readonly template: TemplateRef | undefined
  readonly disks: Readonly<Record<string, DiskInput>>
  readonly networks: Readonly<Record<string, NetworkInput>>
}

type Named<A> = { readonly [name: string]: A | undefined }

const byName = <A extends object>(below: Named<A> = {}, above: Named<A> = {}): Readonly<Record<string, A>> => {
  const merged = new Map<string, A>()
  for (const [name, item] of [...Object.entries(below), ...Object.entries(above)]) {
    if (item !== undefined) merged.set(name, { ...merged.get(name), ...item })
  }
  return Object.fromEntries(merged)
}

const addressFields = ["ip", "gateway", "ip6", "gateway6"] as const

const shorthand = (input: CloudInitInput): AddressInput =>
  Object.fromEntries(addressFields.flatMap((field) => {
    const value = input[field]
    return value === undefined ? [] : [[field, value]]
  }))

/** The addresses of one layer, the short form of `net0` included. */
const addresses = (input: CloudInitInput): Readonly<Record<string, AddressSpec>> => {
  const short = shorthand(input)
  return byName(Object.keys(short).length === 0 ? {} : { net0: short }, input.addresses)
}

/**
 * The fields of `net0` that one layer gives in both forms.
 *
 * @since 0.1.0
 * @category getters
 */
export const givenTwice = (input: CloudInitInput): ReadonlyArray<string> =>
  addressFields.filter((field) => input[field] !== undefined && input.addresses?.["net0"]?.[field] !== undefined)

const cloudInit = (
  below: CloudInitInput | undefined,
  above: CloudInitInput | undefined
): CloudInitSpec | undefined => {
  if (below === undefined && above === undefined) return undefined
  const merged = { ...below, ...above }
  const keys = merged.sshKeys
  return {
    user: merged.user,
    sshKeys: keys === undefined ? undefined : [...new Set(keys)],
    addresses: byName(addresses(below ?? {}), addresses(above ?? {})),
    nameservers: merged.nameservers,
    searchDomain: merged.searchDomain,
    snippets: merged.snippets === undefined ? undefined : { ...below?.snippets, ...above?.snippets },
    upgrade: merged.upgrade
  }
}

const nodes = (input: DefaultsInput): ReadonlyArray<string> | undefined =>
  input.nodes ?? (input.node === undefined ? undefined : [input.node])

/**
 * @since 0.1.0
 * @category combinators
 */
export const merge = (defaults: DefaultsInput, machine: MachineInput): Merged => {
  const merged = { ...defaults, ...machine }
  return {
    name: machine.name,
    vmid: merged.vmid ?? "auto",
    nodes: nodes(machine) ?? nodes(defaults) ?? [],
    template: merged.template,
    clone: merged.clone ?? "full",
    storage: merged.storage,
    cores: merged.cores,
    sockets: merged.sockets,
    memory: merged.memory,
    cpu: merged.cpu,
    disks: byName(defaults.disks, machine.disks),
    networks: byName(defaults.networks, machine.networks),
    cloudInit: cloudInit(defaults.cloudInit, machine.cloudInit),
    tags: merged.tags === undefined ? undefined : Tags.normalize(merged.tags),
    pool: merged.pool,
    description: merged.description,
    start: merged.start ?? true,
    onBoot: merged.onBoot,
    agent: merged.agent
  }
}

/**
 * The machine, once every disk has its size, every card its bridge, and a template is known.
 *
 * @since 0.1.0
 * @category conversions
 */
export const complete = (merged: Merged): MachineSpec | undefined => {
  const { template } = merged
  if (template === undefined) return undefined
  const disks: Record<string, DiskSpec> = {}
  for (const [name, disk] of Object.entries(merged.disks)) {
    if (disk.size === undefined) return undefined
    disks[name] = { ...disk, size: disk.size }
  }
  const networks: Record<string, NetworkSpec> = {}
  for (const [name, network] of Object.entries(merged.networks)) {
    if (network.bridge === undefined) return undefined
    networks[name] = { ...network, bridge: network.bridge }
  }
  return { ...merged, template, disks, networks }
}
