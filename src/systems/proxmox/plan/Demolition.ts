/**
 * Which machines of a fleet are there to be destroyed. Pure.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Fault from "../../../kernel/Fault.ts"
import type { MachineSpec } from "../Fleet.ts"
import * as Identity from "./Identity.ts"
import type * as Model from "../Model.ts"
import * as Observed from "./Observation.ts"
import * as Placement from "./Placement.ts"
import * as Template from "./Template.ts"
import * as Work from "../run/Work.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Fate =
  | { readonly _tag: "Absent"; readonly spec: MachineSpec }
  | { readonly _tag: "Refused"; readonly spec: MachineSpec; readonly fault: Fault.Fault }
  | Doomed

/**
 * What a machine of ours is recognised by, to be written down. Its uuid is made with the clone and never changes; its
 * nonce is in its mark until the first configuration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Proof {
  readonly uuid: string | null
  readonly nonce: string | null
}

/**
 * A machine that is ours.
 *
 * @since 0.1.0
 * @category models
 */
export interface Doomed {
  readonly _tag: "Doomed"
  readonly spec: MachineSpec
  readonly vmid: number
  readonly node: string
  readonly proof: Proof
  /** The templates it may be cloned from right now. */
  readonly templates: ReadonlyArray<{ readonly vmid: number; readonly node: string }>
}

/**
 * @since 0.1.0
 * @category getters
 */
export const proofOf = (config: Model.Config, whose: Identity.Whose): Proof | undefined => {
  switch (whose._tag) {
    case "Ours":
      return { uuid: whose.uuid, nonce: null }
    case "HalfMade":
      return { uuid: Identity.uuidOf(config) ?? null, nonce: whose.nonce }
    default:
      return undefined
  }
}

/**
 * Whether it is the machine it was. A configuration that an earlier run sent may be carried out in between, and puts the
 * uuid in the place of the nonce.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isSame = (before: Proof, now: Proof): boolean =>
  before.nonce !== null && now.nonce !== null
    ? before.nonce === now.nonce
    : before.uuid !== null && before.uuid === now.uuid

/**
 * Whether a clone runs that may be making it.
 *
 * @since 0.1.0
 * @category accessors
 */
export const isCloning = (work: Work.Work, { templates }: Doomed): Effect.Effect<boolean, Fault.Fault> =>
  Effect.map(
    Effect.forEach(templates, (template) => Work.runningClones(work, template)),
    (tasks) => tasks.some((running) => running.length > 0)
  )

const fateOf = (fleet: string, spec: MachineSpec, observation: Observed.Observation): Fate => {
  const refused = (fault: Fault.Fault): Fate => ({ _tag: "Refused", spec, fault })
  const templates = Template.candidates(spec.template, observation.rows.values())
    .map(({ node, vmid }) => ({ node, vmid }))
  const ours = [...observation.rows.values()].toSorted((a, b) => a.vmid - b.vmid).flatMap((row): Array<Doomed> => {
    const config = observation.configs.get(row.vmid)
    if (config === undefined || Either.isLeft(config)) return []
    const proof = proofOf(config.right, Identity.whose(config.right, { fleet, machine: spec.name }))
    return proof === undefined ? [] : [{ _tag: "Doomed", spec, vmid: row.vmid, node: row.node, proof, templates }]
  })
  const [first, second] = ours
  if (first !== undefined && second !== undefined) {
    return refused(Placement.refuse(
      spec,
      "twice",
      `it is there more than once: ${ours.map(({ node, vmid }) => Work.nameOf(vmid, node)).join(", ")}`,
      "destroy the one that is not wanted on the server",
      "conflict"
    ))
  }
  if (first !== undefined) return protectedFault(spec, first, observation) ?? first
  if (spec.vmid !== "auto") return atWantedId(fleet, spec, spec.vmid, observation)
  const doubt = Observed.doubt(observation, spec)
  return doubt === undefined ? { _tag: "Absent", spec } : refused(doubt)
}

const protectedFault = (
  spec: MachineSpec,
  { node, vmid }: Doomed,
  observation: Observed.Observation
): Fate | undefined => {
  const config = observation.configs.get(vmid)
  if (config === undefined || Either.isLeft(config) || config.right["protection"] !== "1") return undefined
  return {
    _tag: "Refused",
    spec,
    fault: Placement.refuse(
      spec,
      "protected",
      `${Work.nameOf(vmid, node)} is protected`,
      "switch its protection off first"
    )
  }
}

/** Nothing there is ours: then it is nothing, somebody else's, or cannot be told. */
const atWantedId = (fleet: string, spec: MachineSpec, vmid: number, observation: Observed.Observation): Fate => {
  const row = observation.rows.get(vmid)
  if (row === undefined) return { _tag: "Absent", spec }
  const config = observation.configs.get(vmid)
  if (config !== undefined && Either.isLeft(config)) {
    if (config.left.code === "config-missing") return { _tag: "Absent", spec }
    const remote = `${Work.nameOf(vmid, row.node)} cannot be read, so nothing of it was touched`
    return { _tag: "Refused", spec, fault: config.left.with({ subject: `machine ${spec.name}`, remote }) }
  }
  const found = { node: row.node, config: config?.right ?? {}, name: config?.right["name"] ?? row.name ?? "" }
  const whose = Identity.whose(found.config, { fleet, machine: spec.name })
  if (whose._tag === "Dying") return { _tag: "Absent", spec }
  const because = row.type === "qemu"
    ? whose._tag === "Stranger" ? whose.because : "a clone to its id is running, and whose it is does not show yet"
    : "it is a container"
  return { _tag: "Refused", spec, fault: Work.stranger({ machine: spec.name, vmid, found, because }) }
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const decideAll = (
  fleet: string,
  specs: ReadonlyArray<MachineSpec>,
  observation: Observed.Observation
): ReadonlyArray<Fate> => specs.map((spec) => fateOf(fleet, spec, observation))
