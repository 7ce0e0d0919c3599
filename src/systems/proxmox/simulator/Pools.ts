/**
 * Pools of machines.
 *
 * Source: pve-manager `API2/Pool.pm`.
 *
 * @since 0.1.0
 */
import * as Cluster from "./Cluster.ts"
import type * as Invocation from "./Invocation.ts"
import * as Scheduler from "./Scheduler.ts"
import * as World from "./World.ts"

const poolRow = (call: Invocation.Invocation, pool: World.Pool, members: boolean): Record<string, unknown> => {
  const row: Record<string, unknown> = { poolid: pool.name, comment: pool.comment }
  if (!members) return row
  row["members"] = [
    ...[...pool.members].toSorted((a, b) => a - b).flatMap((vmid) => {
      const machine = call.world.machines.get(vmid)
      return machine === undefined ? [] : [Cluster.machineRow(call, machine)]
    }),
    ...Cluster.storageRows(call).filter((one) => pool.storages.has(String(one["storage"])))
  ]
  return row
}

const findPool = (call: Invocation.Invocation): World.Pool => {
  const name = call.parameters["poolid"] ?? ""
  const pool = call.world.pools.get(name)
  if (pool === undefined) throw new Scheduler.Death(`pool '${name}' does not exist\n`)
  return pool
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const list = (call: Invocation.Invocation): unknown => {
  if (call.parameters["poolid"] !== undefined) {
    call.check(`/pool/${call.parameters["poolid"]}`, ["Pool.Audit"])
    return [poolRow(call, findPool(call), true)]
  }
  return [...call.world.pools.values()].filter((pool) => call.can(`/pool/${pool.name}`, "Pool.Audit"))
    .map((pool) => poolRow(call, pool, false))
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const read = (call: Invocation.Invocation): unknown => {
  const { poolid: _, ...row } = poolRow(call, findPool(call), true)
  return row
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const create = (call: Invocation.Invocation): null => {
  const { comment = "", poolid = "" } = call.parameters
  World.checkQuorum(call.world)
  if (call.world.pools.has(poolid)) throw new Scheduler.Death(`create pool failed: pool '${poolid}' already exists\n`)
  call.world.pools.set(poolid, { name: poolid, comment, members: new Set(), storages: new Set() })
  return null
}

/**
 * Members come from `vms`; with `delete` they leave; who is in another pool needs `allow-move`.
 *
 * @since 0.1.0
 * @category handlers
 */
export const update = (call: Invocation.Invocation): null => {
  const { parameters, world } = call
  const pool = findPool(call)
  World.checkQuorum(world)
  if (parameters["comment"] !== undefined) pool.comment = parameters["comment"]
  for (const text of (parameters["vms"] ?? "").split(/[,;\s]+/).filter((one) => one !== "")) {
    const vmid = Number(text)
    if (parameters["delete"] === "1") {
      if (!pool.members.delete(vmid)) {
        throw new Scheduler.Death(`update pools failed: VM ${vmid} is not a pool member\n`)
      }
      continue
    }
    call.check(`/vms/${vmid}`, ["VM.Allocate"])
    if (!world.machines.has(vmid)) throw new Scheduler.Death(`update pools failed: VM ${vmid} does not exist\n`)
    const other = Cluster.poolOf(world, vmid)
    if (other === pool.name) throw new Scheduler.Death(`update pools failed: VM ${vmid} is already a pool member\n`)
    if (other !== undefined) {
      if (parameters["allow-move"] !== "1") {
        throw new Scheduler.Death(`update pools failed: VM ${vmid} belongs already to pool '${other}'\n`)
      }
      world.pools.get(other)?.members.delete(vmid)
    }
    pool.members.add(vmid)
  }
  return null
}
