/**
 * What belongs to others in the simulated cluster, and that nothing of it is ever touched.
 */
import * as Machine from "../../../src/systems/proxmox/simulator/Machine.ts"
import type * as World from "../../../src/systems/proxmox/simulator/World.ts"
import type { Problem } from "../System.ts"
import type { Scenario } from "./Scenario.ts"
import * as Trouble from "./Trouble.ts"

const resident = (
  world: World.World,
  vmid: number,
  node: string,
  name: string,
  more: Readonly<Record<string, string>> = {}
): void => {
  if (world.machines.has(vmid)) return
  const machine = Machine.make(world, {
    vmid,
    node,
    stranger: true,
    config: {
      name,
      cores: "2",
      memory: "2048",
      scsi0: `ceph:vm-${vmid}-disk-0,size=8G`,
      smbios1: `uuid=${world.random.uuid()}`,
      ...more
    }
  })
  machine.published.name = name
  machine.published.status = "stopped"
  machine.published.changedAt = world.began - 60_000
  world.machines.set(vmid, machine)
  const id = `ceph:vm-${vmid}-disk-0`
  world.volumes.set(id, {
    id,
    storage: "ceph",
    node: undefined,
    vmid,
    bytes: 8 * 1024 ** 3,
    format: "raw",
    base: undefined
  })
}

/** Machines of strangers and of another fleet, and a copy of a machine of the very fleet, which is not that machine. */
export const settle = (world: World.World, { foreignFleet, ground, stages, strangers }: Scenario): void => {
  const node = ground.nodes.at(-1) ?? "pve1"
  for (const vmid of strangers) resident(world, vmid, node, `stranger-${vmid}`)
  if (!foreignFleet) return
  const uuid = world.random.uuid()
  resident(world, 105, node, "node-1", {
    smbios1: `uuid=${uuid}`,
    description: `managed-by: holdfast elsewhere/node-1 ${uuid}`
  })
  const fleet = stages[0]?.commands[0].fleet.name ?? "lab"
  resident(world, 106, node, "node-1", {
    description: `managed-by: holdfast ${fleet}/node-1 ${world.random.uuid()}`
  })
}

const fingerprint = (world: World.World, machine: World.Machine): string =>
  [
    machine.node,
    Machine.digest(machine),
    machine.running?.since ?? "stopped",
    machine.snapshots.length,
    [...world.pools.values()].filter((pool) => pool.members.has(machine.vmid)).map((pool) => pool.name).join(" ")
  ].join(" ")

const volumesOf = (world: World.World, vmid: number): string =>
  [...world.volumes.values()].filter((volume) => volume.vmid === vmid)
    .map(({ base, bytes, id, node }) => `${id} ${node ?? ""} ${bytes} ${base ?? ""}`).toSorted().join(", ")

export interface Watch {
  /** Compares the machines of others with what they were when they were first seen. */
  readonly look: () => void
  /** Told of every change that is about to be made. */
  readonly change: (method: string, url: string) => void
  /** Also the volumes, which takes longer. */
  readonly end: () => ReadonlyArray<Problem>
}

const target = /\/qemu\/(\d+)(\/[^?]*)?/

export const watch = (world: World.World, { trouble }: Scenario): Watch => {
  const crashes = Trouble.takesNodesDown(trouble)
  // Somebody else may change his own.
  const changing = new Set(trouble.server.flatMap((fault) => fault.fault === "foreign-change" ? [fault.vmid] : []))
  const known = new Map<number, string>()
  const volumes = new Map<number, string>()
  const problems: Array<Problem> = []
  const show = (machine: World.Machine): string =>
    crashes ? fingerprint(world, { ...machine, running: undefined }) : fingerprint(world, machine)
  const look = (): void => {
    for (const machine of world.machines.values()) {
      if (!machine.stranger || changing.has(machine.vmid)) continue
      const now = show(machine)
      const before = known.get(machine.vmid)
      if (before === undefined) {
        known.set(machine.vmid, now)
        volumes.set(machine.vmid, volumesOf(world, machine.vmid))
      } else if (before !== now) {
        known.set(machine.vmid, now)
        problems.push({ invariant: "stranger touched", detail: `VM ${machine.vmid}: ${before} became ${now}` })
      }
    }
  }
  look()
  return {
    look,
    change: (method, url) => {
      const [, vmid, path = ""] = target.exec(url) ?? []
      if (vmid === undefined || path === "/clone") return
      if (world.machines.get(Number(vmid))?.stranger === true) {
        problems.push({ invariant: "request against a stranger", detail: `${method} ${url}` })
      }
    },
    end: () => {
      look()
      for (const [vmid, before] of volumes) {
        if (!world.machines.has(vmid)) problems.push({ invariant: "stranger gone", detail: `VM ${vmid}` })
        const now = volumesOf(world, vmid)
        // A template's linked clones hold the volumes of their own, under their own ids.
        if (now !== before) {
          problems.push({ invariant: "stranger's volumes touched", detail: `VM ${vmid}: ${before} became ${now}` })
        }
      }
      return problems
    }
  }
}
