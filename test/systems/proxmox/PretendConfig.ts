/**
 * What a server makes of a difference, and the ways in which it may write the same configuration: for properties of the
 * comparison, without a simulator.
 */
import * as FastCheck from "effect/FastCheck"
import type { Difference } from "../../../src/systems/proxmox/difference/Difference.ts"
import type { DiskSpec, MachineSpec, NetworkSpec } from "../../../src/systems/proxmox/Fleet.ts"
import { models } from "../../../src/systems/proxmox/grammar/Network.ts"
import * as Size from "../../../src/systems/proxmox/grammar/Size.ts"

export type Config = Readonly<Record<string, string>>

const length = (count: number) => Buffer.from([0, 0, 0, count])

/** A public key whose body is the given bytes. */
export const publicKey = (bytes: Uint8Array, comment: string): string => {
  const type = Buffer.from("ssh-ed25519")
  const body = Buffer.concat([length(type.length), type, length(32), Buffer.from(bytes)])
  return `ssh-ed25519 ${body.toString("base64")} ${comment}`
}

const split = (value: string): ReadonlyArray<string> => value.split(",")

const created = (value: string, key: string): string => {
  const [file = "", ...rest] = split(value)
  const cloudInit = /^([^:]+):cloudinit$/.exec(file)
  if (cloudInit !== null) return `${cloudInit[1]}:vm-401-cloudinit,media=cdrom,size=4M`
  const made = /^([^:]+):(\d+)$/.exec(file)
  if (made === null) return value
  return [`${made[1]}:vm-401-disk-${key}`, ...rest, `size=${made[2]}G`].join(",")
}

const isNetwork = (key: string): boolean => /^net\d+$/.test(key)
const isDrive = (key: string): boolean => /^(ide|sata|scsi|virtio)\d+$/.test(key)
const hasMac = (value: string): boolean =>
  /(?:^|,)(?:macaddr|[a-z0-9_-]+)=[0-9A-F]{2}(?::[0-9A-F]{2}){5}(?:,|$)/i.test(value)

/** A card sent without a MAC address gets a new one, whatever it had. */
const withMac = (value: string): string => {
  if (hasMac(value)) return value
  const [model = "", ...rest] = split(value)
  return [`${model.replace(/^model=/, "")}=DE:AD:BE:EF:00:01`, ...rest].join(",")
}

/** The configuration after the difference was sent. */
export const apply = (config: Config, difference: Difference): Config => {
  const next: Record<string, string> = { ...config }
  for (const key of difference.delete) delete next[key]
  for (const [key, value] of Object.entries(difference.set)) {
    next[key] = isNetwork(key) ? withMac(value) : isDrive(key) ? created(value, key) : value
  }
  for (const { disk, size } of difference.resizes) {
    next[disk] = (next[disk] ?? "").replace(/size=[^,]+/, `size=${size}`)
  }
  return next
}

/** Draws from a list, so that one value can be written in several ways. */
export type Draw = <A>(values: readonly [A, ...Array<A>]) => A

export const drawing = (picks: ReadonlyArray<number>): Draw => {
  let next = 0
  return (values) => values[(picks[next++ % Math.max(1, picks.length)] ?? 0) % values.length] ?? values[0]
}

const booleans = new Set(["firewall", "link_down", "backup", "iothread", "ssd", "enabled", "onboot", "ciupgrade"])
const spelled = (draw: Draw, key: string, value: string): string => {
  if (booleans.has(key)) {
    return value === "1"
      ? draw(["1", "on", "yes", "true", "ON"])
      : draw(["0", "off", "no", "false"])
  }
  if (key === "size") {
    const gibibytes = /^(\d+)G$/.exec(value)
    return gibibytes === null ? value : draw([value, `${Number(gibibytes[1]) * 1024}M`, `${Number(gibibytes[1])}.0G`])
  }
  if (key === "trunks") return draw([value, value.split(";").toReversed().join(";")])
  return value
}

const shuffled = (draw: Draw, parts: ReadonlyArray<string>): ReadonlyArray<string> =>
  draw([parts, parts.toReversed(), parts.toSorted()])

const rewritten = (draw: Draw, key: string, value: string): string => {
  if (isNetwork(key)) {
    const parts = split(value).flatMap((part) => {
      const [name = "", content = ""] = part.split(/=(.*)/s)
      if (!models.some((model) => model === name)) return [`${name}=${spelled(draw, name, content)}`]
      if (content === "") return [draw([name, `model=${name}`])]
      const mac = draw([content, content.toLowerCase()])
      return draw([[`${name}=${mac}`], [`model=${name}`, `macaddr=${mac}`], [name, `macaddr=${mac}`]])
    })
    return shuffled(draw, parts).join(",")
  }
  if (isDrive(key)) {
    const [file = "", ...rest] = split(value)
    const parts = rest.map((part) => {
      const [name = "", content = ""] = part.split(/=(.*)/s)
      return `${name}=${spelled(draw, name, content)}`
    })
    return shuffled(draw, [draw([file, `file=${file}`, `volume=${file}`]), ...parts]).join(",")
  }
  if (key === "tags") {
    return draw([value, value.toUpperCase(), value.split(";").toReversed().join(";"), `${value};${value}`])
  }
  if (key === "description") return draw([value, `${value}\n`, value.replaceAll("\n", "\r\n")])
  if (key === "memory") return draw([value, `current=${value}`, `${value}.0`])
  if (key === "agent") return draw([value, value.replace(/^1/, "enabled=1"), value.replace(/^1/, "yes")])
  if (key === "nameserver") return draw([value, value.replaceAll(" ", "  "), value.toUpperCase()])
  if (key === "sshkeys") {
    return draw([
      value,
      `${value}%0A`,
      value.replaceAll("%20", "%20%20"),
      value.toLowerCase() === value ? value : `${value}%0D%0A`
    ])
  }
  if (key.startsWith("ipconfig") || key === "cicustom") return shuffled(draw, split(value)).join(",")
  return spelled(draw, key, value)
}

const defaults: Config = {
  cores: "1",
  sockets: "1",
  memory: "512",
  onboot: "0",
  ciupgrade: "1",
  agent: "0",
  cpu: "kvm64"
}

/** The same configuration in another spelling: order, case, units, booleans, aliases, defaults written out or left away. */
export const respelled = (config: Config, draw: Draw): Config => {
  const next: Record<string, string> = {}
  for (const [key, value] of shuffledEntries(draw, Object.entries(config))) {
    if (defaults[key] === value && draw([false, true])) continue
    next[key] = rewritten(draw, key, value)
  }
  for (const [key, value] of Object.entries(defaults)) {
    if (config[key] === undefined && draw([false, true])) next[key] = value
  }
  return next
}

const shuffledEntries = <A>(draw: Draw, entries: ReadonlyArray<A>): ReadonlyArray<A> =>
  draw([entries, entries.toReversed()])

const maybe = <A>(value: FastCheck.Arbitrary<A>): FastCheck.Arbitrary<A | undefined> =>
  FastCheck.option(value, { nil: undefined })

const hex = FastCheck.integer({ min: 0, max: 255 }).map((octet) => octet.toString(16).padStart(2, "0").toUpperCase())
const mac: FastCheck.Arbitrary<string> = FastCheck.array(hex, { minLength: 5, maxLength: 5 })
  .map((octets) => ["BC", ...octets].join(":"))

export const gibibytes = (least: number, most: number): FastCheck.Arbitrary<number> =>
  FastCheck.integer({ min: least, max: most }).map((count) => count * Size.GiB)

const network: FastCheck.Arbitrary<NetworkSpec> = FastCheck.record({
  bridge: FastCheck.constantFrom("vmbr0", "vmbr1", "lan.x"),
  vlan: maybe(FastCheck.oneof(FastCheck.integer({ min: 1, max: 4094 }), FastCheck.constant("none" as const))),
  model: maybe(FastCheck.constantFrom(...models)),
  mac: maybe(mac),
  firewall: maybe(FastCheck.boolean()),
  mtu: maybe(FastCheck.integer({ min: 1, max: 65520 })),
  queues: maybe(FastCheck.integer({ min: 0, max: 64 })),
  rate: maybe(FastCheck.constantFrom(0, 0.5, 12, 100.25)),
  trunks: maybe(FastCheck.subarray(["2", "10", "20-29", "4000"])),
  linkDown: maybe(FastCheck.boolean())
})

const disk: FastCheck.Arbitrary<DiskSpec> = FastCheck.record({
  size: gibibytes(1, 2000),
  storage: maybe(FastCheck.constantFrom("local-lvm", "ceph")),
  cache: maybe(FastCheck.constantFrom("none", "writeback", "unsafe")),
  discard: maybe(FastCheck.boolean()),
  iothread: maybe(FastCheck.boolean()),
  ssd: maybe(FastCheck.boolean()),
  backup: maybe(FastCheck.boolean())
})

const key = FastCheck.uint8Array({ minLength: 32, maxLength: 32 }).chain((bytes) =>
  FastCheck.constantFrom("ops@lab", "a b (c) !'*~", "löwe", "").map((comment) => publicKey(bytes, comment).trim())
)

const address = FastCheck.oneof(
  FastCheck.record({
    ip: FastCheck.integer({ min: 2, max: 254 }).map((host) => `10.0.20.${host}/24`),
    gateway: maybe(FastCheck.constant("10.0.20.1")),
    ip6: maybe(FastCheck.constantFrom("auto", "dhcp", "2001:db8::11/64"))
  }),
  FastCheck.record({ ip: FastCheck.constant("dhcp"), ip6: maybe(FastCheck.constant("auto")) }),
  FastCheck.record({ ip6: FastCheck.constant("2001:db8::11/64"), gateway6: maybe(FastCheck.constant("fe80::1")) })
)

const cloudInit = FastCheck.record({
  user: maybe(FastCheck.constantFrom("ops", "ubuntu")),
  sshKeys: maybe(FastCheck.array(key, { maxLength: 3 })),
  addresses: FastCheck.dictionary(FastCheck.constantFrom("net0", "net1"), address),
  nameservers: maybe(FastCheck.subarray(["10.0.20.1", "1.1.1.1", "2001:db8::53"])),
  searchDomain: maybe(FastCheck.constant("lab.example.com")),
  snippets: maybe(FastCheck.record({ vendor: FastCheck.constant("local:snippets/vendor.yaml") })),
  upgrade: maybe(FastCheck.boolean())
})

export const spec: FastCheck.Arbitrary<MachineSpec> = FastCheck.record({
  name: FastCheck.constantFrom("rancher-manager-1", "a"),
  vmid: FastCheck.constantFrom(401, "auto" as const),
  nodes: FastCheck.subarray(["pve1", "pve2"]),
  template: FastCheck.constant({ _tag: "Name" as const, name: "ubuntu-24.04" }),
  clone: FastCheck.constantFrom("full" as const, "linked" as const),
  storage: maybe(FastCheck.constantFrom("local-lvm", "ceph")),
  cores: maybe(FastCheck.integer({ min: 1, max: 64 })),
  sockets: maybe(FastCheck.integer({ min: 1, max: 4 })),
  memory: maybe(FastCheck.integer({ min: 16, max: 65536 })),
  cpu: maybe(FastCheck.constantFrom("host", "kvm64", "x86-64-v2-AES,flags=+aes;-pcid", "cputype=host,hidden=on")),
  disks: FastCheck.dictionary(FastCheck.constantFrom("scsi0", "scsi1", "virtio0", "ide2"), disk),
  networks: FastCheck.dictionary(FastCheck.constantFrom("net0", "net1"), network),
  cloudInit: maybe(cloudInit),
  tags: maybe(FastCheck.subarray(["apps", "nprd", "x+y"])),
  pool: FastCheck.constant(undefined),
  description: maybe(FastCheck.constantFrom("", "one", "one\n\ntwo")),
  start: FastCheck.boolean(),
  onBoot: maybe(FastCheck.boolean()),
  agent: maybe(FastCheck.boolean())
})

const present = (entries: Readonly<Record<string, string | undefined>>): Config =>
  Object.fromEntries(Object.entries(entries).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]))

/** What may be on the server: a clone nobody configured yet, or a machine somebody changed by hand. */
export const observed: FastCheck.Arbitrary<Config> = FastCheck.record({
  name: maybe(FastCheck.constantFrom("rancher-manager-1", "old-name")),
  digest: FastCheck.constant("7d793037a0760186574b0282f2f435e7d0e2f0ab"),
  smbios1: FastCheck.constant("uuid=8d6bd3ea-8d0f-4e0f-a0a4-2c0b4a1e2c11"),
  cores: maybe(FastCheck.constantFrom("1", "2", "4")),
  memory: maybe(FastCheck.constantFrom("2048", "current=8192", "512")),
  balloon: maybe(FastCheck.constantFrom("0", "1024")),
  cpu: maybe(FastCheck.constantFrom("host", "kvm64,flags=+aes", "x86-64-v2-AES")),
  agent: maybe(FastCheck.constantFrom("1", "0", "enabled=1,fstrim_cloned_disks=1", "1,type=isa")),
  onboot: maybe(FastCheck.constantFrom("0", "1")),
  tags: maybe(FastCheck.constantFrom("apps", "NPRD;apps", "other")),
  description: maybe(FastCheck.constantFrom("one\n", "by hand", "x\nmanaged-by: holdfast lab/a nonce 1\n")),
  scsi0: maybe(
    FastCheck.tuple(FastCheck.constantFrom("2252M", "20G", "100G"), FastCheck.constantFrom("local-lvm", "ceph"))
      .map(([size, storage]) => `${storage}:vm-401-disk-0,discard=on,serial=a=b,size=${size}`)
  ),
  ide2: maybe(FastCheck.constantFrom("local-lvm:vm-401-cloudinit,media=cdrom,size=4M", "none,media=cdrom")),
  net0: maybe(mac.chain((address) =>
    FastCheck.constantFrom(
      `virtio=${address},bridge=vmbr0,firewall=1`,
      `e1000=${address},bridge=vmbr9,tag=7,future=1`,
      `macaddr=${address},model=virtio,bridge=vmbr0,trunks=10;20-29`
    )
  )),
  ipconfig0: maybe(FastCheck.constantFrom("ip=dhcp", "gw=10.9.9.1,ip=10.9.9.9/24", "ip6=auto")),
  ciuser: maybe(FastCheck.constantFrom("ops", "debian")),
  cipassword: FastCheck.constant("**********"),
  sshkeys: maybe(FastCheck.constant("ssh-ed25519%20AAAA%20gone%40lab%0A")),
  nameserver: maybe(FastCheck.constant("10.0.20.1 1.1.1.1")),
  boot: FastCheck.constant("order=scsi0;net0"),
  vga: FastCheck.constant("serial0")
}).map(present)
