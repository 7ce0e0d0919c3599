/**
 * The keys of a machine's configuration: what each may be, who may change it, and when a change takes effect.
 *
 * Sources: the API description of `POST /nodes/{node}/qemu/{vmid}/config`; qemu-server `QemuServer.pm` (`confdesc`,
 * `vmconfig_hotplug_pending`), `API2/Qemu.pm` (`check_vm_modify_config_perm`).
 *
 * @since 0.1.0
 */
import * as Formats from "./Formats.ts"
import type { Grammar, Property } from "./PropertyString.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface ConfigKey {
  readonly property: Property
  readonly grammar?: Grammar
  readonly maxLength?: number
  /** `VM.Config.<privilege>`. */
  readonly privilege: "CPU" | "Memory" | "Network" | "Disk" | "Options" | "Cloudinit" | "HWType" | "CDROM"
  /**
   * On a running machine a change applies at once (`live`), at once in the configuration but for the guest with the
   * next cloud-init drive (`cloud-init`), with the `hotplug` feature of that name, or at the next start (`restart`).
   */
  readonly takesEffect: "live" | "cloud-init" | "network" | "disk" | "memory" | "restart"
}

const text: Property = { kind: "text" }
const flag: Property = { kind: "boolean" }
const count: Property = { kind: "integer", minimum: 0 }
const rate: Property = { kind: "number" }
const checked = (check: Formats.Check): Property => ({ kind: "text", check })
const oneOf = (...values: ReadonlyArray<string>): Property => ({ kind: "text", oneOf: values })

const models = [
  "e1000",
  "e1000-82540em",
  "e1000-82544gc",
  "e1000-82545em",
  "e1000e",
  "i82551",
  "i82557b",
  "i82559er",
  "ne2k_isa",
  "ne2k_pci",
  "pcnet",
  "rtl8139",
  "virtio",
  "vmxnet3"
]

/**
 * `net[n]`.
 *
 * @since 0.1.0
 * @category grammars
 */
export const network: Grammar = {
  properties: {
    model: { kind: "text", bare: true, required: true, oneOf: models },
    macaddr: checked(Formats.mac),
    bridge: checked(Formats.bridge),
    queues: { kind: "integer", minimum: 0, maximum: 64 },
    rate: { kind: "number", minimum: 0 },
    tag: { kind: "integer", minimum: 1, maximum: 4094 },
    trunks: checked((value) =>
      /^\d+(?:-\d+)?(?:;\d+(?:-\d+)?)*$/.test(value) ? undefined : "value does not match the regex pattern"
    ),
    firewall: flag,
    link_down: flag,
    mtu: { kind: "integer", minimum: 1, maximum: 65520 }
  },
  keyAlias: { names: new Set(models), name: "model", value: "macaddr" }
}

const throughput: Readonly<Record<string, Property>> = Object.fromEntries([
  ...["bps", "bps_rd", "bps_wr", "iops", "iops_max", "iops_rd", "iops_rd_max", "iops_wr", "iops_wr_max"].map((name) =>
    [name, { kind: "integer" }] as const
  ),
  ...["bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"].map((name) =>
    [`${name}_max_length`, { kind: "integer", minimum: 1 }] as const
  ),
  ...["mbps", "mbps_max", "mbps_rd", "mbps_rd_max", "mbps_wr", "mbps_wr_max"].map((name) => [name, rate] as const)
])

const driveOf = (extra: Readonly<Record<string, Property>>): Grammar => ({
  alias: { volume: "file" },
  properties: {
    file: { kind: "text", bare: true, required: true, check: Formats.volume },
    aio: oneOf("native", "threads", "io_uring"),
    backup: flag,
    cache: oneOf("none", "writethrough", "writeback", "unsafe", "directsync"),
    detect_zeroes: flag,
    discard: oneOf("ignore", "on"),
    format: oneOf("raw", "qcow", "qed", "qcow2", "vmdk", "cloop"),
    "import-from": text,
    media: oneOf("cdrom", "disk"),
    replicate: flag,
    rerror: oneOf("ignore", "report", "stop"),
    serial: checked(Formats.urlEncoded),
    shared: flag,
    size: checked(Formats.diskSize),
    snapshot: flag,
    werror: oneOf("enospc", "ignore", "report", "stop"),
    ...throughput,
    ...extra
  }
})

const wwn = checked((value) => /^0x[0-9a-fA-F]{16}$/.test(value) ? undefined : "value does not match the regex pattern")

const ide = driveOf({ model: checked(Formats.urlEncoded), ssd: flag, wwn })
const sata = driveOf({ ssd: flag, wwn })
const scsi = driveOf({
  iothread: flag,
  product: text,
  queues: { kind: "integer", minimum: 2 },
  ro: flag,
  scsiblock: flag,
  ssd: flag,
  vendor: text,
  wwn
})
const virtio = driveOf({ iothread: flag, ro: flag })
const efidisk: Grammar = {
  alias: { volume: "file" },
  properties: {
    file: { kind: "text", bare: true, required: true, check: Formats.volume },
    efitype: oneOf("2m", "4m"),
    format: oneOf("raw", "qcow", "qed", "qcow2", "vmdk", "cloop"),
    "import-from": text,
    "ms-cert": oneOf("2011", "2023", "2023w", "2023k"),
    "pre-enrolled-keys": flag,
    size: checked(Formats.diskSize)
  }
}
const tpmstate: Grammar = {
  alias: { volume: "file" },
  properties: {
    file: { kind: "text", bare: true, required: true, check: Formats.volume },
    format: oneOf("raw", "qcow2", "vmdk"),
    "import-from": text,
    size: checked(Formats.diskSize),
    version: oneOf("v1.2", "v2.0")
  }
}
const unused: Grammar = {
  alias: { volume: "file" },
  properties: { file: { kind: "text", bare: true, required: true, check: Formats.volume } }
}

/**
 * `agent`.
 *
 * @since 0.1.0
 * @category grammars
 */
export const agent: Grammar = {
  alias: { "freeze-fs-on-backup": "freeze-fs", "guest-fsfreeze": "freeze-fs" },
  properties: {
    enabled: { kind: "boolean", bare: true, required: true },
    "freeze-fs": flag,
    fstrim_cloned_disks: flag,
    type: oneOf("virtio", "isa")
  }
}

/**
 * `ipconfig[n]`.
 *
 * @since 0.1.0
 * @category grammars
 */
export const ipconfig: Grammar = {
  properties: {
    ip: checked(Formats.ipv4Config),
    gw: { kind: "text", requires: "ip", check: Formats.ipv4 },
    ip6: checked(Formats.ipv6Config),
    gw6: { kind: "text", requires: "ip6", check: Formats.ipv6 }
  }
}

/**
 * `smbios1`.
 *
 * @since 0.1.0
 * @category grammars
 */
export const smbios: Grammar = {
  properties: {
    uuid: checked(Formats.uuid),
    version: text,
    serial: text,
    manufacturer: text,
    product: text,
    sku: text,
    family: text,
    base64: flag
  }
}

const cicustom: Grammar = {
  properties: {
    meta: checked(Formats.volume),
    network: checked(Formats.volume),
    user: checked(Formats.volume),
    vendor: checked(Formats.volume)
  }
}
const processor: Grammar = {
  properties: {
    cputype: { kind: "text", bare: true },
    flags: checked((value) =>
      value.split(";").every((one) => /^[+-][a-zA-Z0-9\-_.]+$/.test(one))
        ? undefined
        : "value does not match the regex pattern"
    ),
    "guest-phys-bits": { kind: "integer", minimum: 32, maximum: 64 },
    hidden: flag,
    "hv-vendor-id": text,
    "phys-bits": text,
    "reported-model": text
  }
}
const display: Grammar = {
  properties: {
    type: {
      kind: "text",
      bare: true,
      oneOf: ["cirrus", "qxl", "qxl2", "qxl3", "qxl4", "none", "serial0", "serial1", "serial2", "serial3", "std"]
        .concat(
          ["virtio", "virtio-gl", "vmware"]
        )
    },
    memory: { kind: "integer", minimum: 4, maximum: 512 },
    clipboard: oneOf("vnc")
  }
}
const memory: Grammar = { properties: { current: { kind: "integer", bare: true, required: true, minimum: 16 } } }

const key = (
  privilege: ConfigKey["privilege"],
  takesEffect: ConfigKey["takesEffect"],
  property: Property,
  more?: { readonly grammar?: Grammar; readonly maxLength?: number }
): ConfigKey => ({ privilege, takesEffect, property, ...more })

const option = (property: Property): ConfigKey => key("Options", "restart", property)
const hardware = (property: Property): ConfigKey => key("HWType", "restart", property)

const single: Readonly<Record<string, ConfigKey>> = {
  acpi: hardware(flag),
  affinity: key("CPU", "live", text),
  agent: key("Options", "restart", text, { grammar: agent }),
  "allow-ksm": key("Memory", "restart", flag),
  "amd-sev": hardware(text),
  arch: hardware(oneOf("x86_64", "aarch64")),
  args: option(text),
  audio0: hardware(text),
  autostart: key("Options", "live", flag),
  balloon: key("Memory", "live", count),
  bios: hardware(oneOf("seabios", "ovmf")),
  boot: option(checked(Formats.boot)),
  bootdisk: option(text),
  cdrom: key("CDROM", "disk", text, { grammar: ide }),
  cicustom: key("Cloudinit", "cloud-init", text, { grammar: cicustom }),
  cipassword: key("Cloudinit", "cloud-init", text),
  citype: key("Cloudinit", "cloud-init", oneOf("configdrive2", "nocloud", "opennebula")),
  ciupgrade: key("Cloudinit", "cloud-init", flag),
  ciuser: key("Cloudinit", "cloud-init", text),
  cores: key("CPU", "restart", { kind: "integer", minimum: 1 }),
  cpu: key("CPU", "restart", text, { grammar: processor }),
  cpulimit: key("CPU", "live", { kind: "number", minimum: 0, maximum: 128 }),
  cpuunits: key("CPU", "live", { kind: "integer", minimum: 1, maximum: 262144 }),
  description: key("Options", "live", text, { maxLength: 8192 }),
  efidisk0: key("Disk", "restart", text, { grammar: efidisk }),
  freeze: option(flag),
  hookscript: key("Options", "live", checked(Formats.volume)),
  hotplug: key(
    "Options",
    "live",
    checked((value) =>
      /^(0|1|((network|disk|cpu|memory|usb|cloudinit)(,|$))*)$/.test(value) ? undefined : "invalid hotplug feature"
    )
  ),
  hugepages: key("Memory", "restart", oneOf("any", "2", "1024")),
  "intel-tdx": hardware(text),
  ivshmem: hardware(text),
  keephugepages: key("Memory", "restart", flag),
  keyboard: option(text),
  kvm: hardware(flag),
  localtime: option(flag),
  lock: option(
    oneOf("backup", "clone", "create", "migrate", "rollback", "snapshot", "snapshot-delete", "suspending", "suspended")
  ),
  machine: hardware(text),
  memory: key("Memory", "memory", text, { grammar: memory }),
  migrate_downtime: key("Options", "live", rate),
  migrate_speed: key("Options", "live", count),
  name: key("Options", "live", checked(Formats.dnsName)),
  nameserver: key("Cloudinit", "cloud-init", checked(Formats.addresses)),
  numa: key("CPU", "restart", flag),
  onboot: key("Options", "live", flag),
  ostype: option(text),
  protection: key("Options", "live", flag),
  reboot: option(flag),
  rng0: hardware(text),
  scsihw: hardware(oneOf("lsi", "lsi53c810", "virtio-scsi-pci", "virtio-scsi-single", "megasas", "pvscsi")),
  searchdomain: key("Cloudinit", "cloud-init", text),
  shares: key("Memory", "live", { kind: "integer", minimum: 0, maximum: 50_000 }),
  smbios1: key("HWType", "restart", text, { grammar: smbios, maxLength: 512 }),
  smp: key("CPU", "restart", { kind: "integer", minimum: 1 }),
  sockets: key("CPU", "restart", { kind: "integer", minimum: 1 }),
  spice_enhancements: option(text),
  sshkeys: key("Cloudinit", "cloud-init", checked(Formats.urlEncoded)),
  startdate: option(text),
  startup: key("Options", "live", checked(Formats.startup)),
  tablet: hardware(flag),
  tags: key("Options", "live", checked(Formats.tags)),
  tdf: option(flag),
  template: option(flag),
  tpmstate0: key("Disk", "restart", text, { grammar: tpmstate }),
  vcpus: key("CPU", "restart", { kind: "integer", minimum: 1 }),
  vga: key("HWType", "restart", text, { grammar: display }),
  vmgenid: hardware(text),
  vmstatestorage: key("Options", "live", checked(Formats.storageId)),
  watchdog: hardware(text)
}

const indexed: Readonly<Record<string, { readonly limit: number; readonly key: ConfigKey }>> = {
  net: { limit: 32, key: key("Network", "network", text, { grammar: network }) },
  ide: { limit: 4, key: key("Disk", "disk", text, { grammar: ide }) },
  sata: { limit: 6, key: key("Disk", "disk", text, { grammar: sata }) },
  scsi: { limit: 31, key: key("Disk", "disk", text, { grammar: scsi }) },
  virtio: { limit: 16, key: key("Disk", "disk", text, { grammar: virtio }) },
  unused: { limit: 256, key: key("Disk", "live", text, { grammar: unused }) },
  ipconfig: { limit: 32, key: key("Cloudinit", "cloud-init", text, { grammar: ipconfig }) },
  serial: {
    limit: 4,
    key: hardware(
      checked((value) =>
        value === "socket" || value.startsWith("/dev/") ? undefined : "value does not match the regex pattern"
      )
    )
  },
  parallel: { limit: 3, key: hardware(text) },
  usb: { limit: 14, key: hardware(text) },
  hostpci: { limit: 16, key: hardware(text) },
  numa: { limit: 8, key: key("CPU", "restart", text) },
  virtiofs: { limit: 10, key: hardware(text) }
}

/**
 * `undefined` = there is no such key.
 *
 * @since 0.1.0
 * @category getters
 */
export const find = (name: string): ConfigKey | undefined => {
  if (Object.hasOwn(single, name)) return single[name]
  const match = /^([a-z]+)(0|[1-9]\d*)$/.exec(name)
  const family = match?.[1] === undefined || !Object.hasOwn(indexed, match[1]) ? undefined : indexed[match[1]]
  return family !== undefined && Number(match?.[2]) < family.limit ? family.key : undefined
}

/**
 * The grammar of a drive's text; `undefined` = the key is no drive.
 *
 * @since 0.1.0
 * @category getters
 */
export const drive = (name: string): Grammar | undefined => {
  const grammar = /^(ide|sata|scsi|virtio)\d+$|^(efidisk0|tpmstate0)$/.test(name) ? find(name)?.grammar : undefined
  return grammar
}
