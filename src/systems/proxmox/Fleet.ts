/**
 * What a fleet of virtual machines should be: the wanted side of plan, apply and drift.
 *
 * Everything here is checked and normalised: defaults are merged in, sizes are bytes, memory is MiB, addresses are
 * canonical. Whatever a machine does not speak about (an absent optional) is not managed and is left as it is.
 *
 * @since 0.1.0
 */

/**
 * A fleet: a name and its machines, in the order of the file. Names, and vmids that are numbers, are unique.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fleet {
  readonly name: string
  readonly machines: ReadonlyArray<MachineSpec>
}

/**
 * Which template a machine is cloned from. A name or a tag is looked up in the cluster's inventory when planning, and
 * must then name exactly one template.
 *
 * @since 0.1.0
 * @category models
 */
export type TemplateRef =
  | { readonly _tag: "Id"; readonly id: number }
  | { readonly _tag: "Name"; readonly name: string }
  | { readonly _tag: "Tag"; readonly tag: string }

/**
 * One machine, with the defaults of its fleet merged in.
 *
 * @since 0.1.0
 * @category models
 */
export interface MachineSpec {
  /** The machine's name, which is also its hostname: one DNS label. Unique in the fleet. */
  readonly name: string
  /** 100 to 999999999, or `auto` for the next free one. */
  readonly vmid: number | "auto"
  /** Where it may be placed, in order of preference. Empty: on the node of its template. */
  readonly nodes: ReadonlyArray<string>
  readonly template: TemplateRef
  /** Defaults to `full`. */
  readonly clone: "full" | "linked"
  /**
   * The storage a full clone's disks are written to, and where new disks and a missing cloud-init drive are made.
   * Absent: each volume stays on the storage of its template. Never present with a linked clone.
   */
  readonly storage?: string | undefined
  /** Cores per socket. */
  readonly cores?: number | undefined
  readonly sockets?: number | undefined
  /** In MiB. */
  readonly memory?: number | undefined
  /** A CPU type, with its properties where wanted: `host`, `x86-64-v2-AES`, `host,flags=+aes`. */
  readonly cpu?: string | undefined
  /** By the name of the bus and its number: `scsi0`. */
  readonly disks: Readonly<Record<string, DiskSpec>>
  /** By the name of the device: `net0`. */
  readonly networks: Readonly<Record<string, NetworkSpec>>
  readonly cloudInit?: CloudInitSpec | undefined
  /** Lower case, sorted, each once: as the server keeps them. An empty list means no tags. */
  readonly tags?: ReadonlyArray<string> | undefined
  readonly pool?: string | undefined
  /** Text for people, without the line that says who manages the machine. */
  readonly description?: string | undefined
  /** Have it running at the end of an apply. Defaults to `true`. */
  readonly start: boolean
  /** Start it when its node boots. */
  readonly onBoot?: boolean | undefined
  /** Whether the machine has the QEMU guest agent. */
  readonly agent?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface DiskSpec {
  /** In bytes. A disk grows to it and never shrinks. */
  readonly size: number
  /** Where a disk that the template does not have is made. Defaults to the machine's storage. */
  readonly storage?: string | undefined
  readonly cache?: "none" | "writethrough" | "writeback" | "unsafe" | "directsync" | undefined
  /** Give freed blocks back to the storage. */
  readonly discard?: boolean | undefined
  /** An input/output thread of its own (scsi and virtio only). */
  readonly iothread?: boolean | undefined
  /** Tell the guest that it is a solid-state disk (not on virtio). */
  readonly ssd?: boolean | undefined
  /** Include it in backups. */
  readonly backup?: boolean | undefined
}

/**
 * The network card models of Proxmox VE.
 *
 * @since 0.1.0
 * @category models
 */
export type NetworkModel =
  | "e1000"
  | "e1000-82540em"
  | "e1000-82544gc"
  | "e1000-82545em"
  | "e1000e"
  | "i82551"
  | "i82557b"
  | "i82559er"
  | "ne2k_isa"
  | "ne2k_pci"
  | "pcnet"
  | "rtl8139"
  | "virtio"
  | "vmxnet3"

/**
 * @since 0.1.0
 * @category models
 */
export interface NetworkSpec {
  readonly bridge: string
  /** 1 to 4094, or `none` for untagged. */
  readonly vlan?: number | "none" | undefined
  /** Absent: the template's, or `virtio` on a card that the template does not have. */
  readonly model?: NetworkModel | undefined
  /** `AA:BB:CC:DD:EE:FF`, upper case. Absent: the one the server made. */
  readonly mac?: string | undefined
  readonly firewall?: boolean | undefined
  /** 1 to 65520; 1 means the bridge's own. */
  readonly mtu?: number | undefined
  /** Packet queues, 0 to 64. */
  readonly queues?: number | undefined
  /** A limit in megabytes per second. */
  readonly rate?: number | undefined
  /** VLANs let through besides the machine's own: `["10", "20-29"]`. */
  readonly trunks?: ReadonlyArray<string> | undefined
  /** Unplug the cable. */
  readonly linkDown?: boolean | undefined
}

/**
 * The address of one network card, as cloud-init sets it.
 *
 * @since 0.1.0
 * @category models
 */
export interface AddressSpec {
  /** `10.0.20.11/24`, or `dhcp`. */
  readonly ip?: string | undefined
  /** Inside the network of `ip`. Only with a static `ip`. */
  readonly gateway?: string | undefined
  /** `2001:db8::11/64`, `auto` (router advertisements) or `dhcp`. */
  readonly ip6?: string | undefined
  /** Inside the network of `ip6`, or link-local. Only with a static `ip6`. */
  readonly gateway6?: string | undefined
}

/**
 * Volumes that replace the generated parts of cloud-init, as `storage:snippets/file`.
 *
 * @since 0.1.0
 * @category models
 */
export interface SnippetsSpec {
  readonly meta?: string | undefined
  readonly network?: string | undefined
  readonly user?: string | undefined
  readonly vendor?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface CloudInitSpec {
  /** The account cloud-init makes. */
  readonly user?: string | undefined
  /** Public keys, one line each. */
  readonly sshKeys?: ReadonlyArray<string> | undefined
  /** By the name of the network card: `net0`. */
  readonly addresses: Readonly<Record<string, AddressSpec>>
  readonly nameservers?: ReadonlyArray<string> | undefined
  readonly searchDomain?: string | undefined
  readonly snippets?: SnippetsSpec | undefined
  /** Upgrade the packages at the first boot. The server's default is to do so. */
  readonly upgrade?: boolean | undefined
}
