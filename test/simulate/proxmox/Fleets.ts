/**
 * Fleets drawn from a seed, each of which the drawn world can have.
 */
import type { Fleet, MachineSpec } from "../../../src/systems/proxmox/Fleet.ts"
import type { Dice } from "../Dice.ts"

/** The world as far as a fleet depends on it. */
export interface Ground {
  readonly version: 7 | 8 | 9
  readonly nodes: ReadonlyArray<string>
  readonly templates: "shared" | "local"
}

const gibibyte = 1024 ** 3

/** The ids that fleets ask for by number begin here. */
const firstId = 401

const template = (dice: Dice, { templates }: Ground): MachineSpec["template"] =>
  templates === "shared"
    ? dice.pick<MachineSpec["template"]>(
      { _tag: "Id", id: 9000 },
      { _tag: "Name", name: "ubuntu-24.04" },
      { _tag: "Tag", tag: "template" }
    )
    : dice.pick<MachineSpec["template"]>({ _tag: "Id", id: 9000 }, { _tag: "Name", name: "ubuntu-24.04" })

interface Place {
  readonly nodes: ReadonlyArray<string>
  readonly storage?: string
}

/** Only what the server can do: local volumes are cloned where they are, and only by name is there a template on every node. */
const place = (dice: Dice, ground: Ground, spec: Pick<MachineSpec, "template" | "clone">): Place => {
  const [first = "pve1"] = ground.nodes
  const anywhere = dice.some(ground.nodes, dice.between(0, ground.nodes.length))
  if (ground.templates === "local") {
    const nodes = spec.template._tag === "Id" ? dice.pick<ReadonlyArray<string>>([], [first]) : anywhere
    return spec.clone === "full" && dice.chance(0.5)
      ? { nodes, storage: dice.pick("local-lvm", "ceph") }
      : { nodes }
  }
  if (spec.clone === "linked" || dice.chance(0.4)) return { nodes: anywhere }
  return dice.chance(0.4)
    ? { nodes: dice.pick<ReadonlyArray<string>>([], [first]), storage: "local-lvm" }
    : { nodes: anywhere, storage: dice.pick("ceph", "nfs") }
}

const address = (dice: Dice, index: number): NonNullable<MachineSpec["cloudInit"]>["addresses"] =>
  dice.chance(0.8)
    ? { net0: { ip: `10.0.20.${10 + index}/24`, gateway: "10.0.20.1" } }
    : { net0: { ip: "dhcp" } }

/** What is left out is not managed. */
const maybe = <A>(dice: Dice, probability: number, value: () => A): A | undefined =>
  dice.chance(probability) ? value() : undefined

const machine = (
  dice: Dice,
  ground: Ground,
  index: number,
  shape: Pick<MachineSpec, "vmid" | "clone">
): MachineSpec => {
  const from = template(dice, ground)
  const where = place(dice, ground, { template: from, clone: shape.clone })
  return {
    name: `node-${index + 1}`,
    ...shape,
    ...where,
    template: from,
    cores: maybe(dice, 0.8, () => dice.between(1, 8)),
    sockets: maybe(dice, 0.2, () => dice.between(1, 2)),
    memory: maybe(dice, 0.8, () => dice.pick(1024, 2048, 4096, 8192)),
    cpu: maybe(dice, 0.2, () => dice.pick("host", "x86-64-v2-AES")),
    disks: {
      ...dice.chance(0.7) ? { scsi0: { size: dice.pick(10, 20, 32) * gibibyte } } : {},
      ...dice.chance(0.2) ? { scsi1: { size: 8 * gibibyte, storage: "ceph" } } : {}
    },
    networks: dice.chance(0.7)
      ? { net0: { bridge: dice.pick("vmbr0", "vmbr1"), vlan: dice.pick<number | "none">("none", 20, 30) } }
      : {},
    cloudInit: maybe(dice, 0.6, () => ({ user: "ops", addresses: address(dice, index) })),
    tags: maybe(dice, 0.4, () => dice.pick<ReadonlyArray<string>>([], ["web"], ["prod", "web"])),
    pool: maybe(dice, 0.2, () => "holdfast"),
    description: maybe(dice, 0.3, () => dice.pick("a web server", "two\nlines")),
    onBoot: maybe(dice, 0.3, () => dice.chance(0.5)),
    agent: maybe(dice, 0.3, () => dice.chance(0.5)),
    start: dice.chance(0.7)
  }
}

/**
 * @param fixed Every machine by number, because two processes that share nothing cannot agree on automatic ids.
 */
export const draw = (dice: Dice, ground: Ground, fixed: boolean): Fleet => {
  const count = dice.pick(1, 1, 2, 2, 3, 3, 4, 5, 6)
  return {
    name: dice.pick("lab", "prod/east"),
    machines: Array.from({ length: count }, (_, index) => {
      const one = dice.of(index)
      return machine(one, ground, index, {
        vmid: fixed || one.chance(0.6) ? firstId + index : "auto",
        clone: one.chance(0.4) ? "linked" : "full"
      })
    })
  }
}

const changed = (dice: Dice, spec: MachineSpec): MachineSpec => {
  const { scsi0 } = spec.disks
  return {
    ...spec,
    cores: dice.chance(0.4) ? dice.between(1, 8) : spec.cores,
    memory: dice.chance(0.4) ? dice.pick(1024, 2048, 4096, 8192) : spec.memory,
    disks: scsi0 !== undefined && dice.chance(0.4)
      ? { ...spec.disks, scsi0: { ...scsi0, size: scsi0.size + 4 * gibibyte } }
      : spec.disks,
    tags: dice.chance(0.3) ? ["changed"] : spec.tags,
    description: dice.chance(0.3) ? "changed" : spec.description,
    cloudInit: dice.chance(0.3)
      ? { user: "admin", addresses: { net0: { ip: "10.0.20.99/24", gateway: "10.0.20.1" } } }
      : spec.cloudInit,
    pool: dice.chance(0.1) ? "holdfast" : spec.pool,
    start: spec.start || dice.chance(0.3)
  }
}

/** The same fleet as its owner may want it next: some machines otherwise, sometimes one more. */
export const change = (dice: Dice, ground: Ground, fleet: Fleet, fixed: boolean): Fleet => {
  const index = fleet.machines.length
  const more = dice.chance(0.3)
    ? [machine(dice, ground, index, { vmid: fixed ? firstId + index : "auto", clone: "linked" })]
    : []
  return { ...fleet, machines: [...fleet.machines.map((spec) => changed(dice, spec)), ...more] }
}
