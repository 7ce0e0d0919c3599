/**
 * What can be wrong with a fleet whose every field is right on its own: fields that exclude or need each other, and
 * machines that get in each other's way. All of it is told without asking the server.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Address from "../grammar/Address.ts"
import * as CloudInit from "../grammar/CloudInit.ts"
import * as Disk from "../grammar/Disk.ts"
import type { AddressSpec, MachineSpec } from "../Fleet.ts"
import type { Merged } from "./FleetMerge.ts"

/**
 * A problem of one machine; `path` is below the machine.
 *
 * @since 0.1.0
 * @category models
 */
export interface Finding {
  readonly path: ReadonlyArray<string>
  readonly message: string
}

/**
 * @since 0.1.0
 * @category predicates
 */
export const machine = (merged: Merged): ReadonlyArray<Finding> => [
  ...completeness(merged),
  ...placement(merged),
  ...disks(merged),
  ...cloudInit(merged)
]

const completeness = (merged: Merged): ReadonlyArray<Finding> => {
  const findings: Array<Finding> = []
  if (merged.template === undefined) {
    findings.push({ path: ["template"], message: "is missing: name the template here or in defaults" })
  }
  for (const [name, disk] of Object.entries(merged.disks)) {
    if (disk.size === undefined) {
      findings.push({ path: ["disks", name], message: `${name} has no size: write size: 100G` })
    }
  }
  for (const [name, network] of Object.entries(merged.networks)) {
    if (network.bridge === undefined) {
      findings.push({ path: ["networks", name], message: `${name} has no bridge: write bridge: vmbr0` })
    }
  }
  return findings
}

const placement = (merged: Merged): ReadonlyArray<Finding> => {
  const findings: Array<Finding> = []
  const again = merged.nodes.find((node, index) => merged.nodes.indexOf(node) !== index)
  if (again !== undefined) findings.push({ path: ["nodes"], message: `${again} is there twice` })
  if (merged.clone === "linked" && merged.storage !== undefined) {
    findings.push({
      path: ["storage"],
      message: "the disks of a linked clone stay on the storage of its template: remove storage, or use clone: full " +
        "(a disk the template does not have can name its own storage)"
    })
  }
  if (merged.template?._tag === "Id" && merged.template.id === merged.vmid) {
    findings.push({ path: ["template"], message: `${merged.vmid} is the machine itself: name another template` })
  }
  return findings
}

const disks = (merged: Merged): ReadonlyArray<Finding> =>
  Object.entries(merged.disks).flatMap(([name, disk]) => {
    const bus = Disk.parseName(name)?.bus ?? ""
    const findings: Array<Finding> = []
    if (disk.iothread === true && bus !== "scsi" && bus !== "virtio") {
      findings.push({ path: ["disks", name, "iothread"], message: `${bus} disks have no iothread: use scsi or virtio` })
    }
    if (disk.ssd !== undefined && bus === "virtio") {
      findings.push({ path: ["disks", name, "ssd"], message: "virtio disks have no ssd: use scsi, or remove it" })
    }
    return findings
  })

const cloudInit = (merged: Merged): ReadonlyArray<Finding> => {
  const wanted = merged.cloudInit
  if (wanted === undefined) return []
  const findings: Array<Finding> = []
  for (const [name, address] of Object.entries(wanted.addresses)) {
    const at = (field: string): ReadonlyArray<string> => ["cloudInit", "addresses", name, field]
    for (const { field, message } of CloudInit.problemsOf(address)) {
      const remedy = `to drop the one of defaults, write ${field}: null`
      findings.push({ path: at(field), message: `${message} (${remedy})` })
    }
    for (const { field, message } of gateways(address)) findings.push({ path: at(field), message })
  }
  if (wanted.snippets?.user !== undefined) {
    for (const field of ["user", "sshKeys", "upgrade"] as const) {
      if (wanted[field] === undefined) continue
      findings.push({
        path: ["cloudInit", field],
        message: `would not reach the guest, because snippets.user replaces the generated user data: keep one of them`
      })
    }
  }
  if (wanted.snippets?.network !== undefined && Object.keys(wanted.addresses).length > 0) {
    findings.push({
      path: ["cloudInit", "snippets", "network"],
      message: "replaces the generated network data, so the addresses would not reach the guest: keep one of them"
    })
  }
  return findings
}

const gateways = (spec: AddressSpec): ReadonlyArray<{ readonly field: string; readonly message: string }> =>
  ([["ip", "gateway"], ["ip6", "gateway6"]] as const).flatMap(([ip, field]) => {
    const own = Either.getOrUndefined(Address.parseInterface(spec[ip] ?? ""))
    const gateway = Either.getOrUndefined(Address.parse(spec[field] ?? ""))
    if (own === undefined || gateway === undefined) return []
    if (own.address.value === gateway.value && own.address.family === gateway.family) {
      return [{ field, message: `${spec[field]} is the machine's own address` }]
    }
    // A /32 or /128 has nothing beside itself: its gateway is reached on the link.
    const isAlone = own.prefix === (own.address.family === 4 ? 32 : 128)
    if (isAlone || Address.isLinkLocal(gateway) || Address.contains(own, gateway)) return []
    return [{ field, message: `${spec[field]} is outside ${Address.network(own)}, the network of ${spec[ip]}` }]
  })

/**
 * What a machine claims for itself alone: its key says what no other machine may have.
 */
interface Claim {
  readonly key: string
  readonly path: ReadonlyArray<string>
  readonly what: string
  /** Where it is claimed. Two claims in places that are known and differ do not meet. */
  readonly place?: string | undefined
}

const claims = (spec: MachineSpec | Merged): ReadonlyArray<Claim> => {
  const found: Array<Claim> = [{
    key: `name ${spec.name.toLowerCase()}`,
    path: ["name"],
    what: `the name ${spec.name}`
  }]
  if (spec.vmid !== "auto") found.push({ key: `vmid ${spec.vmid}`, path: ["vmid"], what: `vmid ${spec.vmid}` })
  for (const [name, network] of Object.entries(spec.networks)) {
    if (network.mac === undefined) continue
    found.push({ key: `mac ${network.mac}`, path: ["networks", name, "mac"], what: `the MAC address ${network.mac}` })
  }
  for (const [name, address] of Object.entries(spec.cloudInit?.addresses ?? {})) {
    for (const field of ["ip", "ip6"] as const) {
      const own = Either.getOrUndefined(Address.parseInterface(address[field] ?? ""))
      if (own === undefined) continue
      const network = spec.networks[name]
      const place = network?.bridge === undefined || network.vlan === undefined
        ? undefined
        : `${network.bridge} ${network.vlan}`
      const text = Address.print(own.address)
      found.push({
        key: `ip ${text}`,
        path: ["cloudInit", "addresses", name, field],
        what: `the address ${text}`,
        place
      })
    }
  }
  return found
}

/**
 * What two machines of one fleet claim both, told at the later one. The same address in two VLANs is fine.
 *
 * @since 0.1.0
 * @category predicates
 */
export const fleet = (
  machines: ReadonlyArray<Merged>
): ReadonlyArray<Finding & { readonly machine: number }> => {
  const holders = new Map<string, Array<{ readonly name: string; readonly place?: string | undefined }>>()
  return machines.flatMap((merged, index) =>
    claims(merged).flatMap(({ key, path, place, what }) => {
      const others = holders.get(key) ?? []
      holders.set(key, [...others, { name: merged.name, place }])
      const other = others.find((held) => held.place === undefined || place === undefined || held.place === place)
      if (other === undefined) return []
      const owner = path[0] === "name" ? "another machine" : other.name
      return [{ machine: index, path, message: `${what} belongs to ${owner} already: give each machine its own` }]
    })
  )
}
