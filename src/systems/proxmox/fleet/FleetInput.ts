/**
 * The shape of a fleet file: what may be written, before defaults are merged.
 *
 * Every key is known by name, and another one is refused. `defaults` takes the keys of a machine but its name.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Disk from "../grammar/Disk.ts"
import * as Field from "./Field.ts"
import { models } from "../grammar/Network.ts"
import * as NetworkField from "./NetworkField.ts"

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

const mapping = <Fields extends Schema.Struct.Fields>(fields: Fields, what: string) =>
  Schema.Struct(fields).annotations({
    message: (issue) => `${Field.show(issue.actual)} is not ${what}: write its keys below it, one a line`
  })

const list = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Array(item).annotations({
    message: (issue) => `${Field.show(issue.actual)} is not a list: write - before each entry, or [a, b]`
  })

/** Named things of one kind: each name is a key of its own, so that a wrong one is told like any unknown key. */
const byName = <A, I>(names: ReadonlyArray<string>, item: Schema.Schema<A, I>, what: string) =>
  mapping(Object.fromEntries(names.map((name) => [name, optional(item)])), what)

const networkNames = Array.from({ length: 32 }, (_, index) => `net${index}`)

const DiskFields = mapping({
  size: optional(Field.DiskSize),
  storage: optional(Field.StorageName),
  cache: optional(Field.DiskCache),
  discard: optional(Field.Flag),
  iothread: optional(Field.Flag),
  ssd: optional(Field.Flag),
  backup: optional(Field.Flag)
}, "a disk")

/**
 * A disk, or its size alone.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DiskInput = Schema.transformOrFail(Schema.Unknown, DiskFields, {
  strict: true,
  decode: (input, _, ast) => {
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return ParseResult.succeed({ ...input })
    return Either.mapBoth(Field.diskSize(input), {
      onLeft: (message) => new ParseResult.Type(ast, input, message),
      onRight: () => ({ size: input })
    })
  },
  encode: (disk) => ParseResult.succeed(disk)
})

/**
 * @since 0.1.0
 * @category models
 */
export type DiskInput = typeof DiskFields.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const NetworkInput = mapping({
  bridge: optional(NetworkField.BridgeName),
  vlan: optional(NetworkField.Vlan),
  model: optional(Field.oneOf(models)),
  mac: optional(NetworkField.Mac),
  firewall: optional(Field.Flag),
  mtu: optional(NetworkField.Mtu),
  queues: optional(NetworkField.Queues),
  rate: optional(NetworkField.Rate),
  trunks: optional(list(NetworkField.Trunk)),
  linkDown: optional(Field.Flag)
}, "a network card")

/**
 * @since 0.1.0
 * @category models
 */
export type NetworkInput = typeof NetworkInput.Type

const address = {
  ip: optional(NetworkField.Ip),
  gateway: optional(NetworkField.Gateway),
  ip6: optional(NetworkField.Ip6),
  gateway6: optional(NetworkField.Gateway6)
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const AddressInput = mapping(address, "an address")

/**
 * @since 0.1.0
 * @category models
 */
export type AddressInput = typeof AddressInput.Type

/**
 * `ip`, `gateway`, `ip6` and `gateway6` are those of `net0`; `addresses` has those of any card.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CloudInitInput = mapping({
  user: optional(Field.UserName),
  sshKeys: optional(list(Field.PublicKey)),
  ...address,
  addresses: optional(byName(networkNames, AddressInput, "a mapping of addresses by network card (net0, net1, ...)")),
  nameservers: optional(list(NetworkField.Nameserver)),
  searchDomain: optional(NetworkField.Domain),
  snippets: optional(mapping({
    meta: optional(Field.Snippet),
    network: optional(Field.Snippet),
    user: optional(Field.Snippet),
    vendor: optional(Field.Snippet)
  }, "a mapping of snippets (user, network, meta, vendor)")),
  upgrade: optional(Field.Flag)
}, "a cloud-init section")

/**
 * @since 0.1.0
 * @category models
 */
export type CloudInitInput = typeof CloudInitInput.Type

const machine = {
  vmid: optional(Field.Vmid),
  node: optional(Field.NodeName),
  nodes: optional(list(Field.NodeName)),
  template: optional(Field.Template),
  clone: optional(Field.CloneMode),
  storage: optional(Field.StorageName),
  cores: optional(Field.Count),
  sockets: optional(Field.Count),
  memory: optional(Field.Memory),
  cpu: optional(Field.Processor),
  disks: optional(byName(Disk.names, DiskInput, "a mapping of disks by name (scsi0, virtio0, ...)")),
  networks: optional(byName(networkNames, NetworkInput, "a mapping of network cards by name (net0, net1, ...)")),
  cloudInit: optional(CloudInitInput),
  tags: optional(list(Field.Tag)),
  pool: optional(Field.PoolName),
  description: optional(Field.Notes),
  start: optional(Field.Flag),
  onBoot: optional(Field.Flag),
  agent: optional(Field.Flag)
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const DefaultsInput = mapping(machine, "the defaults of the machines")

/**
 * @since 0.1.0
 * @category models
 */
export type DefaultsInput = typeof DefaultsInput.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const MachineInput = mapping({ name: Field.MachineName, ...machine }, "a machine")

/**
 * @since 0.1.0
 * @category models
 */
export type MachineInput = typeof MachineInput.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const FleetInput = mapping({
  fleet: Field.FleetName,
  defaults: optional(DefaultsInput),
  machines: list(MachineInput)
}, "a fleet").annotations({
  message: (issue) => `${Field.show(issue.actual)} is not a fleet: a fleet file has fleet: NAME and a list of machines`
})

/**
 * @since 0.1.0
 * @category models
 */
export type FleetInput = typeof FleetInput.Type
