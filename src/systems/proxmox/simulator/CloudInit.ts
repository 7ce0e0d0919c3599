/**
 * Cloud-init: what the generated drive says, and what a guest makes of it.
 *
 * Source: qemu-server `QemuServer/Cloudinit.pm`.
 *
 * @since 0.1.0
 */
import * as ConfigKeys from "./ConfigKeys.ts"
import * as Drives from "./Drives.ts"
import * as PropertyString from "./PropertyString.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Machine from "./Machine.ts"
import * as World from "./World.ts"

const isPart = (key: string): boolean => key === "name" || ConfigKeys.find(key)?.takesEffect === "cloud-init"

const parts = (machine: World.Machine): Map<string, string> =>
  new Map(
    [...machine.config].filter(([key]) => isPart(key) || /^net\d+$/.test(key)).toSorted(([a], [b]) => a < b ? -1 : 1)
  )

/**
 * The cloud-init drive, if the machine has one.
 *
 * @since 0.1.0
 * @category getters
 */
export const drive = (machine: World.Machine): Drives.Drive | undefined =>
  Drives.of(machine.config).find(Drives.isCloudInit)

/**
 * Writes the drive from the configuration in force.
 *
 * @since 0.1.0
 * @category mutations
 */
export const generate = (world: World.World, machine: World.Machine): void =>
  Machine.edit(world, machine, () => {
    machine.cloudInit = parts(machine)
  })

/** A gateway beside `dhcp` makes the generator drop the whole line. */
const address = (text: string | undefined, version: 4 | 6, vmid: number): World.GuestInterface["addresses"] => {
  if (text === undefined) return []
  if (text === "dhcp" || text === "auto") {
    return version === 4
      ? [{ address: `10.99.${(vmid >> 8) & 255}.${vmid & 255}`, prefix: 16, version }]
      : [{ address: `fd00:99::${vmid.toString(16)}`, prefix: 64, version }]
  }
  const [address = "", prefix = "24"] = text.split("/")
  return [{ address, prefix: Number(prefix), version }]
}

/**
 * The guest's interfaces once it has booted with the configuration in force.
 *
 * @since 0.1.0
 * @category getters
 */
export const addresses = (machine: World.Machine): ReadonlyArray<World.GuestInterface> => {
  const loopback: World.GuestInterface = {
    name: "lo",
    mac: "00:00:00:00:00:00",
    addresses: [{ address: "127.0.0.1", prefix: 8, version: 4 }, { address: "::1", prefix: 128, version: 6 }]
  }
  const cards = [...machine.config].filter(([key]) => /^net\d+$/.test(key)).toSorted(([a], [b]) => a < b ? -1 : 1)
  return [
    loopback,
    ...cards.map(([key, text], index) => {
      const mac = PropertyString.read(ConfigKeys.network, text)["macaddr"] ?? ""
      const ip = PropertyString.read(ConfigKeys.ipconfig, machine.config.get(`ipconfig${key.slice(3)}`) ?? "ip=dhcp")
      const dropped = ip["ip"] === "dhcp" && ip["gw"] !== undefined
      return {
        name: `eth${index}`,
        mac: mac.toLowerCase(),
        addresses: [
          ...address(dropped ? undefined : ip["ip"], 4, machine.vmid),
          ...address(ip["ip6"], 6, machine.vmid)
        ]
      }
    })
  ]
}

const mask = (key: string, text: string): string => key === "cipassword" ? "**********" : text

/**
 * The rows of `GET …/cloudinit`: what the drive says beside what the configuration says.
 *
 * @since 0.1.0
 * @category getters
 */
export const pending = (machine: World.Machine): ReadonlyArray<Record<string, unknown>> => {
  const next = parts(machine)
  const keys = [...new Set([...machine.cloudInit.keys(), ...next.keys()])].toSorted()
  return keys.map((key) => {
    const row: Record<string, unknown> = { key }
    const old = machine.cloudInit.get(key)
    const value = next.get(key)
    if (old !== undefined) row["value"] = mask(key, old)
    if (value === undefined) row["delete"] = 1
    else if (value !== old) row["pending"] = mask(key, value)
    return row
  })
}

const userData = (machine: World.Machine, config: ReadonlyMap<string, string>): string => {
  const name = config.get("name") ?? `VM${machine.vmid}`
  const lines = ["#cloud-config", `hostname: ${name.split(".")[0]}`, "manage_etc_hosts: true"]
  if (name.includes(".")) lines.push(`fqdn: ${name}`)
  const user = config.get("ciuser")
  if (user !== undefined) lines.push(`user: ${user}`)
  const keys = config.get("sshkeys")
  if (keys !== undefined) {
    lines.push("ssh_authorized_keys:")
    for (const key of decodeURIComponent(keys).split("\n").filter((line) => line.trim() !== "")) {
      lines.push(`  - ${key}`)
    }
  }
  lines.push("chpasswd:", "  expire: False", "users:", "  - default")
  if (config.get("ciupgrade") !== "0") lines.push("package_upgrade: true")
  return `${lines.join("\n")}\n`
}

const networkData = (config: ReadonlyMap<string, string>): string => {
  const lines = ["version: 1", "config:"]
  let index = 0
  for (const [key, text] of config) {
    if (!/^net\d+$/.test(key)) continue
    const mac = PropertyString.read(ConfigKeys.network, text)["macaddr"] ?? ""
    const ip = PropertyString.read(ConfigKeys.ipconfig, config.get(`ipconfig${key.slice(3)}`) ?? "")
    lines.push("    - type: physical", `      name: eth${index}`, `      mac_address: '${mac.toLowerCase()}'`)
    lines.push("      subnets:")
    if (ip["ip"] === undefined || ip["ip"] === "dhcp") lines.push("      - type: dhcp4")
    else lines.push("      - type: static", `        address: '${ip["ip"]}'`)
    if (ip["gw"] !== undefined) lines.push(`        gateway: '${ip["gw"]}'`)
    index += 1
  }
  lines.push("    - type: nameserver", "      address:")
  for (const server of (config.get("nameserver") ?? "192.0.2.53").split(/\s+/)) lines.push(`      - '${server}'`)
  lines.push("      search:", `      - '${config.get("searchdomain") ?? "example.com"}'`)
  return `${lines.join("\n")}\n`
}

/**
 * `GET …/cloudinit/dump`.
 *
 * @since 0.1.0
 * @category getters
 */
export const dump = (machine: World.Machine, type: string | undefined): string => {
  const config = parts(machine)
  switch (type) {
    case "user":
      return userData(machine, config)
    case "network":
      return networkData(config)
    default:
      return `instance-id: ${Machine.digest(machine)}\n`
  }
}

/**
 * `PUT …/cloudinit`. Dies where there is no drive to write.
 *
 * @since 0.1.0
 * @category mutations
 */
export const regenerate = (world: World.World, machine: World.Machine): void => {
  Machine.checkLock(machine)
  if (drive(machine) === undefined) throw new Scheduler.Death("No cloud-init drive found\n")
  generate(world, machine)
}
