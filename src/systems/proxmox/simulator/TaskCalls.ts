/**
 * `/nodes/{node}/tasks` and what is below it.
 *
 * Source: pve-manager `API2/Tasks.pm`.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Upid from "../Upid.ts"
import type * as Invocation from "./Invocation.ts"
import * as Tasks from "./Tasks.ts"
import * as Wire from "./Wire.ts"
import type * as World from "./World.ts"

/** A user sees its own and those of its tokens, a token only its own. */
const isOwn = (call: Invocation.Invocation, task: World.Task): boolean =>
  call.caller.token ? task.upid.user === call.caller.id : task.owner === call.caller.user

const find = (call: Invocation.Invocation, privilege: string): World.Task => {
  const text = call.parameters["upid"] ?? ""
  const parsed = Upid.parse(text)
  if (Either.isLeft(parsed)) throw Wire.invalid({ upid: "unable to parse worker upid" })
  const task = call.world.tasks.get(text)
  if (task === undefined || parsed.right.node !== call.node || task.faults.lost) {
    throw Wire.invalid({ upid: "no such task" })
  }
  if (!isOwn(call, task)) call.check(`/nodes/${call.node}`, [privilege])
  return task
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const status = (call: Invocation.Invocation): unknown => Tasks.status(find(call, "Sys.Audit"))

/**
 * From line `start`, counted from 0, at most `limit` lines: 50 unless told otherwise, all with 0.
 *
 * @since 0.1.0
 * @category handlers
 */
export const log = (call: Invocation.Invocation): Wire.Page => {
  const lines = Tasks.log(find(call, "Sys.Audit"))
  const start = Number(call.parameters["start"] ?? 0)
  const limit = Number(call.parameters["limit"] ?? 50)
  const page = lines.slice(start, limit === 0 ? undefined : start + limit)
  return {
    page: lines.length === 0
      ? [{ n: 1, t: "no content" }]
      : page.map((line, index) => ({ n: start + index + 1, t: line })),
    total: Math.max(1, lines.length)
  }
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const stop = (call: Invocation.Invocation): null => {
  Tasks.abort(call.world, find(call, "Sys.Modify"))
  return null
}

const seconds = (text: string | undefined): number | undefined => text === undefined ? undefined : Number(text)

/**
 * @since 0.1.0
 * @category handlers
 */
export const list = (call: Invocation.Invocation): Wire.Page => {
  const { parameters, world } = call
  const auditor = call.can(`/nodes/${call.node}`, "Sys.Audit")
  const rows = Tasks.list(world, call.node, {
    source: parameters["source"] ?? "archive",
    typefilter: parameters["typefilter"],
    vmid: parameters["vmid"],
    userfilter: parameters["userfilter"],
    errors: parameters["errors"] === "1",
    since: seconds(parameters["since"]),
    until: seconds(parameters["until"]),
    statusfilter: parameters["statusfilter"],
    visible: (task) => auditor || isOwn(call, task)
  })
  const start = Number(parameters["start"] ?? 0)
  return { page: rows.slice(start, start + Number(parameters["limit"] ?? 50)), total: rows.length }
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const cluster = (call: Invocation.Invocation): unknown =>
  [...call.world.tasks.values()].toReversed().filter((task) => isOwn(call, task) || call.can("/", "Sys.Audit")).slice(
    0,
    50
  )
    .map(Tasks.status)
