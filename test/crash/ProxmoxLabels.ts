/**
 * What a request to Proxmox VE is about. Machines are named by their names, and tasks by what they do to which machine,
 * because ids and UPIDs differ from run to run.
 */
import type * as Endpoint from "../../src/simulation/Endpoint.ts"
import type * as World from "../../src/systems/proxmox/simulator/World.ts"
import type { Label } from "./System.ts"

const parameters = (request: Endpoint.Request) => new URLSearchParams(request.body)

const base = /^\/api2\/json/

export interface Labels {
  readonly label: (request: Endpoint.Request) => Label
  readonly answered: (request: Endpoint.Request, reply: Endpoint.Reply) => void
}

/**
 * @param names Machines by their ids. What is cloned adds to it.
 */
export const make = (world: World.World, names: Map<number, string>): Labels => {
  /** The new machines of clones, for the task itself names the template. */
  const clones = new Map<string, string>()

  const machine = (vmid: string): string => names.get(Number(vmid)) ?? vmid

  const taskPhase = (upid: string): string => {
    const task = world.tasks.get(upid)
    return task === undefined ? "unknown" : task.ended === undefined ? "running" : "stopped"
  }

  const machinePhase = (vmid: string): string => {
    const found = world.machines.get(Number(vmid))
    if (found === undefined) return "absent"
    const lock = found.config.get("lock")
    return `${found.running === undefined ? "stopped" : "running"}${lock === undefined ? "" : `, locked (${lock})`}`
  }

  const label = (request: Endpoint.Request): Label => {
    const [path = "", query = ""] = request.url.replace(base, "").split("?")
    const read = request.method === "GET"
    const task = /^\/nodes\/[^/]+\/tasks\/([^/]+)(.*)$/.exec(path)
    if (task !== null) {
      const upid = decodeURIComponent(task[1] ?? "")
      const { id = "?", type = "?" } = world.tasks.get(upid)?.upid ?? {}
      const of = clones.get(upid) ?? machine(id)
      const rest = task[2] ?? ""
      const route = `${request.method} task ${type}${rest}`
      return { name: `${request.method} task ${type} of ${of}${rest}`, route, read, phase: taskPhase(upid) }
    }
    const guest = /^\/nodes\/([^/]+)\/qemu\/(\d+)(.*)$/.exec(path)
    if (guest !== null) {
      const [, node = "", vmid = "", rest = ""] = guest
      const phase = machinePhase(vmid)
      if (rest === "/clone" && !read) {
        return { name: `POST clone to ${parameters(request).get("name") ?? "?"}`, route: "POST clone", read, phase }
      }
      const route = `${request.method} machine${rest}`
      return { name: `${request.method} ${machine(vmid)} on ${node}${rest}`, route, read, phase }
    }
    const about = new URLSearchParams(query).get("type") ?? ""
    const route = `${request.method} ${path.replace(/\/nodes\/[^/]+/, "/nodes/{node}")}`
    return { name: `${request.method} ${path}${about === "" ? "" : ` ${about}`}`, route, read, phase: "" }
  }

  const answered = (request: Endpoint.Request, reply: Endpoint.Reply): void => {
    if (request.method !== "POST" || !request.url.endsWith("/clone") || reply._tag !== "Answer") return
    const upid = /UPID:[^"]+/.exec(reply.body)?.[0]
    const form = parameters(request)
    const name = form.get("name")
    if (upid === undefined || name === null) return
    clones.set(upid, name)
    names.set(Number(form.get("newid")), name)
  }

  return { label, answered }
}
