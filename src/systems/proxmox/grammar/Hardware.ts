/**
 * The grammars of a machine's processor, memory and guest agent.
 *
 * Source: `cpu`, `memory` and `agent` of the API description of pve-docs 9.1.3; the properties of `cpu`, which it leaves
 * out, from `PVE::QemuServer::CPUConfig` of qemu-server 9.2.6.
 *
 * @since 0.1.0
 */
import type { Grammar } from "./PropertyString.ts"

/**
 * @since 0.1.0
 * @category models
 */
export const cpu: Grammar = {
  defaultKey: "cputype",
  properties: {
    cputype: { kind: "text", default: "kvm64" },
    flags: { kind: "list" },
    "guest-phys-bits": { kind: "number" },
    hidden: { kind: "boolean", default: "0" },
    "hv-vendor-id": { kind: "text" },
    "phys-bits": { kind: "text" },
    "reported-model": { kind: "text", default: "kvm64" }
  }
}

/**
 * `current` is in MiB.
 *
 * @since 0.1.0
 * @category models
 */
export const memory: Grammar = { defaultKey: "current", properties: { current: { kind: "number", default: "512" } } }

/**
 * @since 0.1.0
 * @category models
 */
export const agent: Grammar = {
  defaultKey: "enabled",
  aliases: { "freeze-fs-on-backup": "freeze-fs", "guest-fsfreeze": "freeze-fs" },
  properties: {
    enabled: { kind: "boolean", default: "0" },
    "freeze-fs": { kind: "boolean", default: "1" },
    fstrim_cloned_disks: { kind: "boolean", default: "0" },
    type: { kind: "text", default: "virtio" }
  }
}
