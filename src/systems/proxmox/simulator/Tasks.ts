/**
 * Tasks: how they start, what becomes of them, and what the three places that tell about them say when.
 *
 * The status is live. The log has progress. The list lags: a finished task is in the archive only after the daemon
 * or `pvestatd` has written it there, and until then counts as running. Sources: pve-common `RESTEnvironment.pm`,
 * pve-manager `API2/Tasks.pm`.
 *
 * @since 0.1.0
 */
import * as Upid from "../Upid.ts"
import type * as Copies from "./Copies.ts"
import * as Faults from "./Faults.ts"
import * as PropertyString from "./PropertyString.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Machine from "./Machine.ts"
import * as World from "./World.ts"

/**
 * Whom a task belongs to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Owner {
  /** `user@realm`, or `user@realm!token`. */
  readonly id: string
  readonly user: string
}

/**
 * What the body of a task works with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Worker {
  readonly process: Scheduler.Process
  readonly print: (line: string) => void
  readonly warn: (line: string) => void
  /** Works for about that many milliseconds. */
  readonly work: (millis: number) => Scheduler.Body<void>
  /** How many times slower than usual. */
  readonly factor: number
  /** Shows the progress of a copy. */
  readonly progress: (prefix: string, copy: Copies.Copy) => void
}

const begin = (
  world: World.World,
  node: World.Node,
  process: Scheduler.Process,
  owner: Owner,
  fields: { readonly type: string; readonly id: string; readonly nth: number; readonly faults: Faults.TaskFaults }
): World.Task => {
  const now = world.scheduler.now()
  const task: World.Task = {
    upid: Upid.make({
      node: node.name,
      pid: process.pid,
      pstart: Math.floor((now - world.began) / 10) + 0x5A000,
      starttime: Math.floor(now / 1000),
      type: fields.type,
      id: fields.id,
      user: owner.id
    }),
    started: now,
    ended: undefined,
    exitStatus: undefined,
    process,
    log: [],
    warnings: 0,
    faults: fields.faults,
    owner: owner.user,
    nth: fields.nth,
    archivedAt: undefined
  }
  world.tasks.set(task.upid.text, task)
  return task
}

const oneLine = (death: Scheduler.Death): string => {
  const head = death.status === 500 ? "" : `${death.status} `
  const errors = Object.entries(death.errors ?? {}).map(([name, text]) => `${name}: ${text.trimEnd()}`)
  return `${head}${[death.message.trimEnd(), ...errors].join("\n")}`.replace(/\n/g, " ")
}

const exitStatus = (task: World.Task, outcome: Scheduler.Outcome): string => {
  switch (outcome._tag) {
    case "Killed":
      return "unexpected status"
    case "Died":
      return oneLine(outcome.death)
    case "Returned":
      return task.warnings > 0 ? `WARNINGS: ${task.warnings}` : "OK"
  }
}

const finish = (world: World.World, task: World.Task, outcome: Scheduler.Outcome): void => {
  const status = exitStatus(task, outcome)
  task.ended = world.scheduler.now()
  task.exitStatus = status
  // Most are noticed at once, by the signal of the ended child; the others at pvestatd's next round.
  const extra = world.faults.find((fault) => fault.fault === "archive-lag")
  const lag = extra !== undefined
    ? extra.seconds * 1000
    : world.random.next() < 0.6
    ? 0
    : world.random.next() * world.timing.archiveLag
  task.archivedAt = task.ended + lag
  if (outcome._tag === "Returned") task.log.push(`TASK ${status}`)
  if (outcome._tag === "Died") task.log.push(`TASK ERROR: ${status}`)
}

function* run(
  world: World.World,
  worker: Worker,
  task: World.Task,
  id: string,
  body: (worker: Worker) => Scheduler.Body<void>
): Scheduler.Body<void> {
  const { faults } = task
  if (faults.lockTimeout) {
    yield* Scheduler.sleep(world.scheduler, task.upid.type === "qmclone" ? 1000 : 10_000)
    throw Machine.lockTimeout(id)
  }
  if (faults.exitStatus !== undefined) {
    yield* worker.work(300)
    throw new Scheduler.Death(faults.exitStatus)
  }
  for (const line of faults.warnings) worker.warn(line)
  yield* body(worker)
}

/**
 * Forks a worker and returns its task. `locked` is what the fault plan's lock timeouts name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fork = (
  world: World.World,
  options: {
    readonly node: string
    readonly type: string
    readonly id: string
    readonly owner: Owner
    /** The machine whose lock a timeout names. Defaults to `id`. */
    readonly locked?: number
  },
  body: (worker: Worker) => Scheduler.Body<void>
): World.Task => {
  const node = world.nodes.get(options.node)
  if (node === undefined) throw new Scheduler.Death(`no such cluster node '${options.node}'\n`)
  const nth = World.count(world, `task ${options.type}`)
  const faults = Faults.ofTask(world.faults, options.type, nth)
  if (faults.noWorker) throw new Scheduler.Death("got no worker upid - start worker failed\n")
  node.nextProcess += world.random.between(1, 40)
  let started: World.Task | undefined
  const process = world.scheduler.spawn(node.nextProcess, function*(process) {
    const task = begin(world, node, process, options.owner, { ...options, nth, faults })
    started = task
    const worker: Worker = {
      process,
      factor: faults.factor,
      print: (line) => void task.log.push(line),
      warn: (line) => {
        task.log.push(`WARN: ${line}`)
        task.warnings += 1
      },
      work: (millis) => Scheduler.sleep(world.scheduler, millis * world.random.jitter(0.05) * faults.factor),
      progress: (prefix, copy) => void task.log.push({ prefix, bytes: copy.bytes, percent: copy.done })
    }
    process.watchers.push((outcome) => finish(world, task, outcome))
    // The parent answers before the child gets anywhere.
    yield* Scheduler.sleep(world.scheduler, 1)
    yield* run(world, worker, task, String(options.locked ?? options.id), body)
  })
  if (started === undefined) throw new Error("a process runs until it first waits")
  if (faults.killedAfter !== undefined) {
    world.scheduler.at(world.scheduler.now() + faults.killedAfter, process.kill)
  }
  return started
}

/**
 * Work of a call that the daemon does itself. There is no task, so what it prints goes to the system's log.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inDaemon = (world: World.World, process: Scheduler.Process): Worker => ({
  process,
  print: () => {},
  warn: () => {},
  work: (millis) => Scheduler.sleep(world.scheduler, millis * world.random.jitter(0.05)),
  factor: 1,
  progress: () => {}
})

/**
 * SIGTERM, and SIGKILL five seconds later. Returns at once.
 *
 * @since 0.1.0
 * @category mutations
 */
export const abort = (world: World.World, task: World.Task): void => {
  if (task.ended !== undefined) return
  // Only where a clone copies does it catch the signal itself; one in the middle of its clean-up ends that too.
  const caught = task.process.trap !== undefined
  task.process.terminate(caught ? "interrupted by signal\n" : "received interrupt\n")
  if (task.process.outcome === undefined) {
    world.scheduler.at(world.scheduler.now() + 5000, task.process.kill)
  }
}

const line = (entry: World.LogEntry): ReadonlyArray<string> => {
  if (typeof entry === "string") return [entry]
  const percent = Math.floor(entry.percent() * 100)
  return Array.from({ length: percent + 1 }, (_, index) => {
    const done = PropertyString.bytes(entry.bytes * index / 100)
    return `${entry.prefix}transferred ${done} of ${PropertyString.bytes(entry.bytes)} (${index}.00%)`
  })
}

/**
 * The log's lines so far.
 *
 * @since 0.1.0
 * @category getters
 */
export const log = (task: World.Task): ReadonlyArray<string> => task.log.flatMap(line)

/**
 * The task as the status call tells it.
 *
 * @since 0.1.0
 * @category getters
 */
export const status = (task: World.Task): Record<string, unknown> => {
  const row: Record<string, unknown> = { ...identity(task), status: task.ended === undefined ? "running" : "stopped" }
  if (task.exitStatus !== undefined) row["exitstatus"] = task.exitStatus
  return row
}

const identity = (task: World.Task): Record<string, unknown> => {
  const { upid } = task
  const [user = upid.user, tokenid] = upid.user.split("!")
  const row: Record<string, unknown> = {
    upid: upid.text,
    node: upid.node,
    pid: upid.pid,
    pstart: upid.pstart,
    starttime: upid.starttime,
    type: upid.type,
    id: upid.id,
    user
  }
  if (tokenid !== undefined) row["tokenid"] = tokenid
  return row
}

const isArchived = (world: World.World, task: World.Task): boolean =>
  task.archivedAt !== undefined && task.archivedAt <= world.scheduler.now()

const row = (world: World.World, task: World.Task): Record<string, unknown> =>
  isArchived(world, task)
    ? { ...identity(task), endtime: Math.floor((task.ended ?? 0) / 1000), status: task.exitStatus }
    : { ...identity(task), status: "RUNNING" }

/**
 * @since 0.1.0
 * @category models
 */
export interface Filter {
  readonly source: string
  readonly typefilter?: string | undefined
  readonly vmid?: string | undefined
  readonly userfilter?: string | undefined
  readonly errors: boolean
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly statusfilter?: string | undefined
  /** Whether the caller may see it. */
  readonly visible: (task: World.Task) => boolean
}

const statusClass = (text: unknown): string => {
  if (text === "OK") return "ok"
  if (text === "unexpected status") return "unknown"
  return String(text).startsWith("WARNINGS: ") ? "warning" : "error"
}

const passes = (task: World.Task, row: Record<string, unknown>, filter: Filter): boolean => {
  const { upid } = task
  if (!filter.visible(task) || task.faults.lost) return false
  if (filter.typefilter !== undefined && upid.type !== filter.typefilter) return false
  if (filter.vmid !== undefined && upid.id !== filter.vmid) return false
  if (filter.userfilter !== undefined && !upid.user.toLowerCase().includes(filter.userfilter.toLowerCase())) {
    return false
  }
  if (filter.since !== undefined && upid.starttime < filter.since) return false
  if (filter.until !== undefined && upid.starttime > filter.until) return false
  const kind = row["status"] === "RUNNING" ? undefined : statusClass(row["status"])
  if (filter.errors && (kind === undefined || kind === "ok" || kind === "warning")) return false
  return filter.statusfilter === undefined ||
    (kind !== undefined && filter.statusfilter.split(/[,;\s]+/).includes(kind))
}

/**
 * The rows of a node's task list: of `active` those not yet in the archive, newest first; of `archive` those in it,
 * the last to end first; of `all` the former and then the latter.
 *
 * @since 0.1.0
 * @category getters
 */
export const list = (world: World.World, node: string, filter: Filter): ReadonlyArray<Record<string, unknown>> => {
  const active: Array<World.Task> = []
  const archive: Array<World.Task> = []
  for (const task of world.tasks.values()) {
    if (task.upid.node === node) (isArchived(world, task) ? archive : active).push(task)
  }
  const newest = active.toReversed()
  const last = archive.toReversed().toSorted((a, b) => (b.archivedAt ?? 0) - (a.archivedAt ?? 0))
  const tasks = filter.source === "active" ? newest : filter.source === "all" ? [...newest, ...last] : last
  return tasks.flatMap((task) => {
    const shown = row(world, task)
    return passes(task, shown, filter) ? [shown] : []
  })
}
