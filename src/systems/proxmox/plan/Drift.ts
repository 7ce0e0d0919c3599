/**
 * What differs between a fleet and its machines. Reads only.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Difference from "../difference/Difference.ts"
import type { MachineSpec } from "../Fleet.ts"
import * as Guest from "../run/Guest.ts"
import * as Identity from "./Identity.ts"
import * as Observation from "./Observation.ts"
import * as Plan from "./Plan.ts"
import type { Drift, MachineDrift } from "../Report.ts"
import * as Work from "../run/Work.ts"

const blank = (spec: MachineSpec, state: MachineDrift["state"], more: Partial<MachineDrift> = {}): MachineDrift => ({
  machine: spec.name,
  state,
  changes: [],
  pendingReboot: [],
  faults: [],
  ...more
})

const compare = (
  work: Work.Work,
  spec: MachineSpec,
  vmid: number,
  observation: Observation.Observation
): Effect.Effect<MachineDrift> =>
  Effect.gen(function*() {
    const row = observation.rows.get(vmid)
    const config = observation.configs.get(vmid)
    if (row === undefined || config === undefined || Either.isLeft(config)) return blank(spec, "unknown")
    const { node } = row
    const difference = Difference.of(spec, config.right)
    const status = observation.statuses.get(vmid)?.status ?? row.status
    const power = spec.start && status !== "running"
      ? [{ key: "status", from: status ?? "unknown", to: "running" }]
      : []
    const pool = spec.pool === undefined || spec.pool === row.pool
      ? []
      : [{ key: "pool", to: spec.pool, ...(row.pool === undefined || row.pool === "" ? {} : { from: row.pool }) }]
    const changes = [...Plan.visible(difference.changes), ...pool, ...power]
    const pending = yield* Effect.either(
      status === "running" ? Guest.pendingKeys(work, { vmid, node }) : Effect.succeed<ReadonlyArray<string>>([])
    )
    const faults: ReadonlyArray<Fault.Fault> = [
      ...difference.problems,
      ...(Either.isLeft(pending) ? [pending.left] : [])
    ]
    return blank(spec, changes.length === 0 && difference.problems.length === 0 ? "same" : "differs", {
      vmid,
      node,
      changes,
      faults,
      pendingReboot: Either.getOrElse(pending, () => [])
    })
  })

const driftOf = (
  work: Work.Work,
  spec: MachineSpec,
  observation: Observation.Observation
): Effect.Effect<MachineDrift> => {
  const whoseAt = (vmid: number): Identity.Whose | undefined => {
    const config = observation.configs.get(vmid)
    return config === undefined || Either.isLeft(config)
      ? undefined
      : Identity.whose(config.right, { fleet: work.fleet, machine: spec.name })
  }
  const rows = [...observation.rows.values()].toSorted((a, b) => a.vmid - b.vmid)
  const ours = rows.find((row) => whoseAt(row.vmid)?._tag === "Ours")
  if (ours !== undefined) return compare(work, spec, ours.vmid, observation)
  const half = rows.find((row) => whoseAt(row.vmid)?._tag === "HalfMade")
  if (half !== undefined) return Effect.succeed(blank(spec, "half-made", { vmid: half.vmid, node: half.node }))
  const row = spec.vmid === "auto" ? undefined : observation.rows.get(spec.vmid)
  if (row === undefined) return Effect.succeed(blank(spec, "missing"))
  const place = { vmid: row.vmid, node: row.node }
  const config = observation.configs.get(row.vmid)
  if (config !== undefined && Either.isLeft(config)) {
    return Effect.succeed(blank(spec, "unknown", { ...place, faults: [config.left] }))
  }
  const whose = whoseAt(row.vmid)
  if (whose?._tag === "Hidden") return Effect.succeed(blank(spec, "half-made", place))
  if (whose?._tag === "Dying") return Effect.succeed(blank(spec, "missing"))
  const because = whose?._tag === "Stranger" ? whose.because : "it is not a machine of ours"
  const found = { node: row.node, config: {}, name: row.name ?? "" }
  return Effect.succeed(blank(spec, "foreign", {
    ...place,
    faults: [Work.stranger({ machine: spec.name, vmid: row.vmid, found, because })]
  }))
}

/**
 * @since 0.1.0
 * @category operations
 */
export const drift = Effect.fn("Proxmox.drift")(
  function*(work: Work.Work, specs: ReadonlyArray<MachineSpec>) {
    const observation = yield* Observation.observe(work, specs)
    const machines = yield* Effect.forEach(specs, (spec) => driftOf(work, spec, observation), { concurrency: 8 })
    const result: Drift = { fleet: work.fleet, machines }
    return result
  }
)
