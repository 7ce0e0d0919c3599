/**
 * What is on the cluster, and what of it holdfast made. Reads only.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Identity from "./Identity.ts"
import type * as Model from "../Model.ts"
import type { InventoryEntry } from "../Report.ts"
import * as Tags from "../grammar/Tags.ts"
import type * as Work from "../run/Work.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Only what a fleet of holdfast made. */
  readonly mine: boolean
  /** Only what this fleet made. */
  readonly fleet?: string | undefined
}

/** A machine whose node does not answer is listed with what the inventory knows. */
const configOf = ({ client, policies }: Work.Work, row: Model.Resource, online: ReadonlySet<string>) =>
  row.type === "qemu" && online.has(row.node)
    ? Effect.option(policies.read.run(client.config({ node: row.node, vmid: row.vmid })))
    : Effect.succeedNone

/** Who made it: the mark counts while it is tied to this very machine. */
const makerOf = (config: Model.Config): InventoryEntry["madeBy"] => {
  const mark = Identity.markOf(config)
  if (mark === undefined) return undefined
  const whose = Identity.whose(config, mark)
  return whose._tag === "Ours" || whose._tag === "HalfMade" ? { fleet: mark.fleet, machine: mark.machine } : undefined
}

const entry = (work: Work.Work, row: Model.Resource, online: ReadonlySet<string>): Effect.Effect<InventoryEntry> =>
  Effect.gen(function*() {
    const config = Option.getOrElse(yield* configOf(work, row, online), (): Model.Config => ({}))
    const madeBy = makerOf(config)
    const live = madeBy === undefined
      ? Option.none()
      : yield* Effect.option(work.policies.read.run(work.client.status({ node: row.node, vmid: row.vmid })))
    const lock = config["lock"] ?? row.lock
    return {
      vmid: row.vmid,
      name: config["name"] ?? row.name ?? "",
      node: row.node,
      template: row.template === true,
      status: Option.match(live, { onNone: () => row.status ?? "unknown", onSome: ({ status }) => status }),
      tags: Tags.parse(row.tags ?? config["tags"] ?? ""),
      ...(lock === undefined || lock === "" ? {} : { lock }),
      ...(madeBy === undefined ? {} : { madeBy })
    }
  })

/**
 * Every machine and template, by id.
 *
 * @since 0.1.0
 * @category operations
 */
export const list = Effect.fn("Proxmox.list")(
  function*(work: Work.Work, options: Options) {
    const { client, policies } = work
    const [nodes, rows] = yield* Effect.all(
      [policies.read.run(client.nodes), policies.read.run(client.machines)],
      { concurrency: 2 }
    )
    const online = new Set(nodes.flatMap((node) => (node.status === "online" ? [node.node] : [])))
    const entries = yield* Effect.forEach(
      rows.toSorted((a, b) => a.vmid - b.vmid),
      (row) => entry(work, row, online),
      { concurrency: 8 }
    )
    return entries.filter(({ madeBy }) =>
      (!options.mine || madeBy !== undefined) && (options.fleet === undefined || madeBy?.fleet === options.fleet)
    )
  }
)
