/**
 * Whether a machine is what its fleet says, read from the world itself and without the code under test.
 */
import type { Fleet, MachineSpec } from "../../../src/systems/proxmox/Fleet.ts"
import type * as World from "../../../src/systems/proxmox/simulator/World.ts"

const mark = /managed-by: holdfast (.+)\/([^/\s]+) (?:nonce (\S+)|([0-9a-fA-F-]{36}))/

/** Which machine of which fleet it says to be, and whether the uuid proves it. */
interface Mark {
  readonly fleet: string
  readonly machine: string
  readonly proof: "uuid" | "nonce" | "other uuid"
}

const configOf = (view: World.MachineView): Readonly<Record<string, string | undefined>> => ({
  ...view.config,
  ...view.pending
})

const markOf = (view: World.MachineView): Mark | undefined => {
  const [, fleet, machine, nonce, uuid] = mark.exec(configOf(view)["description"] ?? "") ?? []
  if (fleet === undefined || machine === undefined) return undefined
  if (nonce !== undefined) return { fleet, machine, proof: "nonce" }
  const own = view.config["smbios1"]?.includes(`uuid=${uuid}`) === true
  return { fleet, machine, proof: own ? "uuid" : "other uuid" }
}

/** The machines that are this one by their mark. */
export const ours = (snapshot: World.Snapshot, fleet: Fleet, name: string): ReadonlyArray<World.MachineView> =>
  snapshot.machines.filter((view) => {
    const found = view.stranger ? undefined : markOf(view)
    return found !== undefined && found.fleet === fleet.name && found.machine === name
  })

const volumeBytes = (snapshot: World.Snapshot, view: World.MachineView, disk: string): number | undefined => {
  const file = configOf(view)[disk]?.split(",")[0]
  return snapshot.volumes.find(({ id, node }) => id === file && (node === undefined || node === view.node))?.bytes
}

const same = (what: string, wanted: unknown, found: unknown): ReadonlyArray<string> =>
  wanted === undefined || String(wanted) === String(found) ? [] : [`${what} is ${String(found)}, not ${String(wanted)}`]

const placed = (spec: MachineSpec, view: World.MachineView): ReadonlyArray<string> =>
  spec.nodes.length === 0 || spec.nodes.includes(view.node) ? [] : [`it is on ${view.node}`]

const disks = (snapshot: World.Snapshot, spec: MachineSpec, view: World.MachineView): ReadonlyArray<string> =>
  Object.entries(spec.disks).flatMap(([name, { size }]) =>
    same(`the size of ${name}`, size, volumeBytes(snapshot, view, name) ?? "none")
  )

const networks = (spec: MachineSpec, config: Readonly<Record<string, string | undefined>>): ReadonlyArray<string> =>
  Object.entries(spec.networks).flatMap(([name, { bridge, vlan }]) => {
    const parts = config[name]?.split(",") ?? []
    const tag = parts.find((part) => part.startsWith("tag="))?.slice(4) ?? "none"
    return [
      ...parts.includes(`bridge=${bridge}`) ? [] : [`${name} is ${config[name] ?? "none"}`],
      ...same(`the VLAN of ${name}`, vlan, tag)
    ]
  })

const address = (spec: MachineSpec, config: Readonly<Record<string, string | undefined>>): ReadonlyArray<string> =>
  Object.entries(spec.cloudInit?.addresses ?? {}).flatMap(([name, { ip }]) => {
    const parts = config[name.replace("net", "ipconfig")]?.split(",") ?? []
    return ip === undefined || parts.includes(`ip=${ip}`) ? [] : [`the address of ${name} is ${parts.join(",")}`]
  })

const text = (spec: MachineSpec, config: Readonly<Record<string, string | undefined>>): ReadonlyArray<string> =>
  spec.description === undefined || config["description"]?.startsWith(spec.description) === true
    ? []
    : [`its description is ${JSON.stringify(config["description"])}`]

/**
 * Everything in which it is not what it should be.
 *
 * @param crashes Whether a node may have gone down, and its machines with it.
 */
export const missing = (
  snapshot: World.Snapshot,
  spec: MachineSpec,
  view: World.MachineView,
  crashes: boolean
): ReadonlyArray<string> => {
  const config = configOf(view)
  return [
    ...view.lock === undefined ? [] : [`it is locked (${view.lock})`],
    ...markOf(view)?.proof === "uuid" ? [] : [`its mark is ${JSON.stringify(markOf(view))}`],
    ...same("its id", spec.vmid === "auto" ? undefined : spec.vmid, view.vmid),
    ...same("its name", spec.name, view.name),
    ...same("cores", spec.cores, config["cores"]),
    ...same("sockets", spec.sockets, config["sockets"] ?? 1),
    ...same("memory", spec.memory, config["memory"]),
    ...same("tags", spec.tags?.join(";"), config["tags"] ?? ""),
    ...same("the pool", spec.pool, view.pool),
    ...same("onboot", spec.onBoot === undefined ? undefined : Number(spec.onBoot), config["onboot"] ?? 0),
    ...same("the user", spec.cloudInit?.user, config["ciuser"]),
    ...text(spec, config),
    ...placed(spec, view),
    ...disks(snapshot, spec, view),
    ...networks(spec, config),
    ...address(spec, config),
    ...spec.start && !crashes ? same("it", "running", view.status) : []
  ]
}
