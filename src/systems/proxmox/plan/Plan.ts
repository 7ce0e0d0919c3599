/**
 * What is to be done: for each machine of a fleet what it should be, what is there, and the one action that follows. Pure:
 * the same fleet and the same observation give the same decisions.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Clone from "../run/Clone.ts"
import * as Description from "../grammar/Description.ts"
import * as Difference from "../difference/Difference.ts"
import type { MachineSpec } from "../Fleet.ts"
import * as Identity from "./Identity.ts"
import type * as Model from "../Model.ts"
import * as Observed from "./Observation.ts"
import * as Placement from "./Placement.ts"
import type { Action, Plan } from "../Report.ts"
import * as Template from "./Template.ts"
import type { Upid } from "../Upid.ts"
import * as Work from "../run/Work.ts"

/**
 * An action, and what apply needs to do it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Decision {
  readonly spec: MachineSpec
  readonly action: Action
  /** Of what is to be cloned, or is being cloned. */
  readonly target?: Clone.Target | undefined
  /**
   * Tasks to wait for before this holds: clones that may turn out to be this machine, which has an automatic id; or what
   * is stopping or destroying it.
   */
  readonly awaited?: ReadonlyArray<Upid> | undefined
  /** Something is being destroyed at the wanted id. */
  readonly dying?: { readonly vmid: number; readonly node: string } | undefined
}

/**
 * Without the change of the mark, which is ours and not the user's.
 *
 * @since 0.1.0
 * @category getters
 */
export const visible = (changes: ReadonlyArray<Difference.Change>): ReadonlyArray<Difference.Change> =>
  changes.flatMap(({ from, key, to }) => {
    if (key !== "description") return [compact(key, from, to)]
    const before = Description.parse(from ?? "").text
    const after = Description.parse(to ?? "").text
    return before === after ? [] : [compact(key, before === "" ? undefined : before, after === "" ? undefined : after)]
  })

const compact = (key: string, from: string | undefined, to: string | undefined): Difference.Change => ({
  key,
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to })
})

interface Candidate {
  readonly row: Model.Resource
  readonly config: Model.Config
  readonly whose: Identity.Whose
}

const candidates = (fleet: string, spec: MachineSpec, observation: Observed.Observation): ReadonlyArray<Candidate> =>
  [...observation.rows.values()].toSorted((a, b) => a.vmid - b.vmid).flatMap((row) => {
    const config = observation.configs.get(row.vmid)
    if (config === undefined || Either.isLeft(config)) return []
    return [{ row, config: config.right, whose: Identity.whose(config.right, { fleet, machine: spec.name }) }]
  })

const isOurs = ({ whose }: Candidate): boolean => whose._tag === "Ours" || whose._tag === "HalfMade"

interface Context {
  readonly fleet: string
  readonly observation: Observed.Observation
  readonly promised: Placement.Promised
  /** Ids that machines of the fleet want by number. */
  readonly wanted: ReadonlySet<number>
}

const refused = (spec: MachineSpec, faults: ReadonlyArray<Fault.Fault>): Decision => ({
  spec,
  action: { _tag: "Refuse", faults }
})

const decide = (context: Context, spec: MachineSpec): Decision => {
  const { fleet, observation } = context
  const all = candidates(fleet, spec, observation)
  const ours = all.filter(isOurs)
  const [first, second] = ours
  if (first !== undefined && second !== undefined) {
    return refused(spec, [Placement.refuse(
      spec,
      "twice",
      `it is there more than once: ${ours.map(({ row }) => Work.nameOf(row.vmid, row.node)).join(", ")}`,
      "look which one is in use, and destroy the other on the server",
      "conflict"
    )])
  }
  if (spec.vmid === "auto") {
    if (first !== undefined) return existing(context, spec, first)
    const doubt = Observed.doubt(observation, spec)
    if (doubt !== undefined) return refused(spec, [doubt])
    const running = Template.candidates(spec.template, observation.rows.values())
      .flatMap((row) => observation.clones.get(row.vmid) ?? [])
    return { ...create(context, spec), ...(running.length === 0 ? {} : { awaited: running }) }
  }
  if (first !== undefined && first.row.vmid !== spec.vmid) {
    return refused(spec, [Placement.refuse(
      spec,
      "vmid-changed",
      `it exists as VM ${first.row.vmid} on ${first.row.node}, and an id cannot be changed to ${spec.vmid}`,
      `write vmid: ${first.row.vmid}, or destroy it first`,
      "conflict"
    )])
  }
  return atWantedId(context, spec, spec.vmid, all)
}

const atWantedId = (
  context: Context,
  spec: MachineSpec,
  vmid: number,
  all: ReadonlyArray<Candidate>
): Decision => {
  const { observation } = context
  const row = observation.rows.get(vmid)
  if (row === undefined) return create(context, spec)
  const unread = observation.configs.get(vmid)
  if (unread !== undefined && Either.isLeft(unread) && unread.left.code !== "config-missing") {
    return refused(spec, [unread.left.with({
      subject: `machine ${spec.name}`,
      remote: `VM ${vmid}${row.name === undefined ? "" : ` ("${row.name}")`} on ${row.node} cannot be read`
    })])
  }
  const found = all.find((candidate) => candidate.row.vmid === vmid)
  if (found !== undefined && row.template !== true) return existing(context, spec, found)
  if (row.type === "qemu" && row.template !== true) return create(context, spec)
  const because = row.template === true ? "it is a template" : "it is a container"
  const name = row.name ?? found?.config["name"] ?? ""
  return refused(spec, [
    Work.stranger({ machine: spec.name, vmid, found: { node: row.node, config: {}, name }, because })
  ])
}

const existing = (context: Context, spec: MachineSpec, candidate: Candidate): Decision => {
  const { config, row, whose } = candidate
  Placement.promise(context.promised, row.node)
  switch (whose._tag) {
    case "Ours": {
      const running = context.observation.endings.filter(({ id }) => Number(id) === row.vmid)
      return { ...update(context, spec, candidate), ...(running.length === 0 ? {} : { awaited: running }) }
    }
    case "HalfMade":
      return resume(context, spec, candidate, "an earlier run cloned it and did not configure it")
    case "Hidden":
      return (context.observation.clones.get(templateNear(spec, row, context)?.vmid ?? -1) ?? []).length > 0
        ? resume(context, spec, candidate, "a clone to its id is running; whose it is shows in a moment")
        : refused(spec, [
          Work.leftover({ operation: "Proxmox.plan", vmid: row.vmid, node: row.node, lock: config["lock"] ?? "clone" })
        ])
    case "Dying":
      return { ...create(context, spec), dying: { vmid: row.vmid, node: row.node } }
    case "Stranger":
      return refused(spec, [Work.stranger({
        machine: spec.name,
        vmid: row.vmid,
        found: { node: row.node, config, name: config["name"] ?? row.name ?? "" },
        because: whose.because
      })])
  }
}

/** While it is being cloned a machine is on the node of its template. */
const templateNear = (spec: MachineSpec, row: Model.Resource, { observation }: Context): Model.Resource | undefined => {
  const found = Template.candidates(spec.template, observation.rows.values())
  return found.find((template) => template.node === row.node) ?? found[0]
}

const resume = (context: Context, spec: MachineSpec, { config, row }: Candidate, reason: string): Decision => {
  const template = templateNear(spec, row, context)
  const cloning = config["lock"] === "clone"
  const tasks = template === undefined ? [] : context.observation.clones.get(template.vmid) ?? []
  if (cloning && tasks.length === 0) {
    return refused(spec, [
      Work.leftover({ operation: "Proxmox.plan", vmid: row.vmid, node: row.node, lock: "clone" })
    ])
  }
  const [task] = tasks
  const known = cloning && tasks.length === 1 && task !== undefined ? { task: task.text } : {}
  return {
    spec,
    action: {
      _tag: "Resume",
      node: row.node,
      vmid: row.vmid,
      reason: cloning ? "its clone is still running" : reason,
      start: spec.start,
      ...known
    },
    ...(cloning && template !== undefined
      ? { target: targetOf(context, spec, { vmid: template.vmid, node: template.node }) }
      : {})
  }
}

const targetOf = (context: Context, spec: MachineSpec, template: Clone.Target["template"]): Clone.Target => ({
  spec,
  template,
  node: spec.nodes.find((node) => context.observation.nodes.get(node)?.status === "online") ?? template.node,
  limits: { node: template.node, storages: [] },
  avoid: context.wanted
})

const update = ({ fleet, observation }: Context, spec: MachineSpec, { config, row }: Candidate): Decision => {
  const mark = Identity.settled(config, { fleet, machine: spec.name })
  const difference = Difference.of(spec, config, mark === undefined ? undefined : Identity.print(mark))
  if (difference.problems.length > 0) return refused(spec, difference.problems)
  const running = (observation.statuses.get(row.vmid)?.status ?? row.status) === "running"
  const pool = spec.pool === undefined || spec.pool === row.pool
    ? []
    : [{ key: "pool", to: spec.pool, ...(row.pool === undefined || row.pool === "" ? {} : { from: row.pool }) }]
  const changes = [...visible(difference.changes), ...pool]
  const start = spec.start && !running
  if (difference.changes.length === 0 && pool.length === 0 && !start) {
    return { spec, action: { _tag: "Keep", node: row.node, vmid: row.vmid, running } }
  }
  return { spec, action: { _tag: "Update", node: row.node, vmid: row.vmid, changes, start } }
}

const create = (context: Context, spec: MachineSpec): Decision => {
  const place = Placement.place(spec, context.observation, context.promised)
  if (Either.isLeft(place)) return refused(spec, place.left)
  const { config, node, template } = place.right
  const difference = Difference.ofTemplate(spec, config)
  if (difference.problems.length > 0) return refused(spec, difference.problems)
  return {
    spec,
    target: Placement.target(spec, place.right, context.wanted),
    action: {
      _tag: "Create",
      node,
      vmid: spec.vmid,
      template: { vmid: template.vmid, node: template.node, name: template.name ?? config["name"] ?? "" },
      changes: visible(difference.changes),
      start: spec.start
    }
  }
}

/**
 * Decides about every machine, in the order given.
 *
 * @since 0.1.0
 * @category constructors
 */
export const decideAll = (
  fleet: string,
  specs: ReadonlyArray<MachineSpec>,
  observation: Observed.Observation
): ReadonlyArray<Decision> => {
  const context: Context = {
    fleet,
    observation,
    promised: { machines: new Map(), bytes: new Map() },
    wanted: new Set(specs.flatMap((spec) => (spec.vmid === "auto" ? [] : [spec.vmid])))
  }
  // What exists is counted before anything new is placed, so that a run that was cut off places the rest alike.
  const existingFirst = specs.toSorted((a, b) => Number(isNew(context, a)) - Number(isNew(context, b)))
  const decisions = new Map(existingFirst.map((spec) => [spec.name, decide(context, spec)]))
  return specs.flatMap((spec) => decisions.get(spec.name) ?? [])
}

const isNew = ({ fleet, observation }: Context, spec: MachineSpec): boolean =>
  !candidates(fleet, spec, observation).some(isOurs)

/**
 * @since 0.1.0
 * @category conversions
 */
export const toPlan = (fleet: string, decisions: ReadonlyArray<Decision>): Plan => ({
  fleet,
  machines: decisions.map(({ action, spec }) => ({ machine: spec.name, action }))
})
