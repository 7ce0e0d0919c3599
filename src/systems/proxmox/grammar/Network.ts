/**
 * Network cards: `net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,tag=20`.
 *
 * Sending a card without its MAC address makes the server invent a new one, so a card is always read, amended and
 * written back whole.
 *
 * Source: `net[n]` of the API description of pve-docs 9.1.3.
 *
 * @since 0.1.0
 */
import type { NetworkModel, NetworkSpec } from "../Fleet.ts"
import * as PropertyString from "./PropertyString.ts"

/**
 * @since 0.1.0
 * @category models
 */
export const models: ReadonlyArray<NetworkModel> = [
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

/** The model of a card that neither the machine nor its template speaks about. */
const defaultModel: NetworkModel = "virtio"

/**
 * @since 0.1.0
 * @category models
 */
export const grammar: PropertyString.Grammar = {
  defaultKey: "model",
  pair: { key: "model", value: "macaddr", names: new Set<string>(models) },
  properties: {
    bridge: { kind: "text" },
    firewall: { kind: "boolean", default: "0" },
    link_down: { kind: "boolean", default: "0" },
    macaddr: { kind: "mac" },
    model: { kind: "text", required: true },
    mtu: { kind: "number" },
    queues: { kind: "number", default: "0" },
    rate: { kind: "number", default: "0" },
    tag: { kind: "number" },
    trunks: { kind: "list" }
  }
}

/**
 * The properties a machine's specification speaks about.
 *
 * @since 0.1.0
 * @category conversions
 */
export const wanted = (spec: NetworkSpec): PropertyString.Wanted => {
  const entries = new Map<string, string | undefined>()
  if (spec.model !== undefined) entries.set("model", spec.model)
  if (spec.mac !== undefined) entries.set("macaddr", spec.mac)
  entries.set("bridge", spec.bridge)
  if (spec.firewall !== undefined) entries.set("firewall", PropertyString.printBoolean(spec.firewall))
  if (spec.linkDown !== undefined) entries.set("link_down", PropertyString.printBoolean(spec.linkDown))
  if (spec.mtu !== undefined) entries.set("mtu", String(spec.mtu))
  if (spec.queues !== undefined) entries.set("queues", String(spec.queues))
  if (spec.rate !== undefined) entries.set("rate", String(spec.rate))
  if (spec.vlan !== undefined) entries.set("tag", spec.vlan === "none" ? undefined : String(spec.vlan))
  if (spec.trunks !== undefined) entries.set("trunks", spec.trunks.length === 0 ? undefined : spec.trunks.join(";"))
  return entries
}

/**
 * What a card that does not exist yet starts from.
 *
 * @since 0.1.0
 * @category constants
 */
export const fresh: PropertyString.Values = new Map([["model", defaultModel]])
