/**
 * How the server stores what it is sent: addresses filled in, tags in order, keys in the order it prints them.
 *
 * Sources: qemu-server `API2/Qemu.pm`, `QemuServer/Network.pm`; pve-guest-common `GuestHelpers.pm`.
 *
 * @since 0.1.0
 */
import * as ConfigKeys from "./ConfigKeys.ts"
import * as Drives from "./Drives.ts"
import * as PropertyString from "./PropertyString.ts"
import * as Scheduler from "./Scheduler.ts"
import type * as World from "./World.ts"

const keyTypes = "ssh-rsa|ssh-dss|ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|sk-[a-z0-9-]+@openssh\\.com"
const publicKey = new RegExp(`^(?:[^#\\s]\\S* )?(?:${keyTypes}) [A-Za-z0-9+/]{20,}={0,3}(?:\\s.*)?$`)

const decoded = (text: string): string | undefined => {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined
  return Buffer.from(
    text.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    "latin1"
  ).toString("utf8")
}

/** Every line goes through ssh-keygen. */
const checkKeys = (text: string): void => {
  const lines = decoded(text)?.split("\n").map((line) => line.trim()).filter((line) => line !== "" && line[0] !== "#")
  if (lines === undefined || !lines.every((line) => publicKey.test(line))) {
    throw new Scheduler.Death("SSH public key validation error\n")
  }
}

/** Without an address it gets a new one, also where it had one before. */
const network = (world: World.World, text: string): string => {
  const properties = PropertyString.read(ConfigKeys.network, text)
  const mac = properties["macaddr"]?.toUpperCase() ?? world.random.mac()
  return PropertyString.print(ConfigKeys.network, { ...properties, macaddr: mac })
}

const tags = (text: string): string =>
  [...new Set(text.toLowerCase().split(/[,;\s]+/).filter((tag) => tag !== ""))].toSorted().join(";")

/**
 * The text as it will be stored. Dies where the server only notices here that it is wrong.
 *
 * @since 0.1.0
 * @category encoding
 */
export const normalise = (world: World.World, key: string, text: string): string => {
  if (/^net\d+$/.test(key)) return network(world, text)
  if (key === "tags") return tags(text)
  if (key === "description") return text.trimEnd()
  if (key === "cipassword") return "$5$simulated$hash"
  if (key === "sshkeys") checkKeys(text)
  const drive = ConfigKeys.drive(key)
  if (drive !== undefined) return PropertyString.print(drive, PropertyString.read(drive, text))
  const found = ConfigKeys.find(key)
  return found?.property.kind === "boolean" ? PropertyString.boolean(text) ?? text : text
}

/**
 * @since 0.1.0
 * @category getters
 */
export const bridge = (text: string): string | undefined => PropertyString.read(ConfigKeys.network, text)["bridge"]

const shown = (world: World.World, key: string, text: string): string | number => {
  if (key === "cipassword") return "**********"
  const found = ConfigKeys.find(key)
  if (found === undefined) return key === "template" ? Number(text) : text
  if (found.property.kind === "integer" || found.property.kind === "boolean") return Number(text)
  if (key === "memory" && world.version < 8) return Number(text)
  return text
}

/**
 * The configuration as the API answers it: `current` = in force, otherwise with what is pending applied.
 *
 * @since 0.1.0
 * @category getters
 */
export const view = (
  world: World.World,
  machine: World.Machine,
  current: boolean,
  digest: string
): Record<string, string | number> => {
  const view: Record<string, string | number> = {}
  for (const [key, text] of machine.config) view[key] = shown(world, key, text)
  if (!current) {
    for (const [key, text] of machine.pending) {
      if (text === undefined) delete view[key]
      else view[key] = shown(world, key, text)
    }
  }
  view["digest"] = digest
  return view
}

/**
 * The rows of `GET …/pending`.
 *
 * @since 0.1.0
 * @category getters
 */
export const pending = (world: World.World, machine: World.Machine): ReadonlyArray<Record<string, unknown>> => {
  const keys = [...new Set([...machine.config.keys(), ...machine.pending.keys()])].toSorted()
  return keys.map((key) => {
    const row: Record<string, unknown> = { key }
    const value = machine.config.get(key)
    if (value !== undefined) row["value"] = String(shown(world, key, value))
    if (!machine.pending.has(key)) return row
    const next = machine.pending.get(key)
    if (next === undefined) row["delete"] = 1
    else row["pending"] = String(shown(world, key, next))
    return row
  })
}

/**
 * The first device of a boot order that is not there.
 *
 * @since 0.1.0
 * @category checks
 */
export const missingBootDevice = (order: string, has: (key: string) => boolean): string | undefined =>
  order.startsWith("order=")
    ? order.slice(6).split(";").find((key) => key !== "" && !has(key))
    : undefined

/**
 * A drive text that asks for a new volume: `storage:32`, `storage:cloudinit`, `storage:0,import-from=…`.
 *
 * @since 0.1.0
 * @category decoding
 */
export const wanted = (
  key: string,
  text: string
): { readonly drive: Drives.Drive; readonly storage: string; readonly gigabytes: number | "cloudinit" } | undefined => {
  const drive = Drives.parse(key, text)
  const match = drive === undefined ? null : /^([^:/]+):(?:(\d+(?:\.\d+)?)|(cloudinit))$/.exec(drive.file)
  if (drive === undefined || match === null) return undefined
  return {
    drive,
    storage: match[1] ?? "",
    gigabytes: match[3] === undefined ? Number(match[2]) : "cloudinit"
  }
}
