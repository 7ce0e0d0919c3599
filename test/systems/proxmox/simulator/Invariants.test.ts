/**
 * Whatever is asked of the world, in whatever order and however badly it goes: it stays whole.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Drives from "../../../../src/systems/proxmox/simulator/Drives.ts"
import type * as Faults from "../../../../src/systems/proxmox/simulator/Faults.ts"
import * as Storages from "../../../../src/systems/proxmox/simulator/Storages.ts"
import * as Tasks from "../../../../src/systems/proxmox/simulator/Tasks.ts"
import type * as World from "../../../../src/systems/proxmox/simulator/World.ts"
import * as Api from "./Api.ts"

interface Action {
  readonly after: number
  readonly call: (api: Api.Api) => Effect.Effect<unknown>
}

const ids = FastCheck.constantFrom(401, 402, 403)

const machine = (vmid: number): string => `/nodes/pve1/qemu/${vmid}`

const post = (path: string, parameters?: Record<string, string>): Action["call"] => (api) =>
  api.call("POST", path, parameters)

/** A destroy has no way back. */
const mayAbort = (world: World.World) => (task: World.Task): boolean =>
  task.ended === undefined && ["qmclone", "qmconfig", "qmstart", "resize"].includes(task.upid.type) &&
  !world.calls.some(({ method, parameters }) => method === "DELETE" && parameters["upid"] === task.upid.text)

/** Aborts what was started last of what still runs. */
const abort: Action["call"] = (api) => {
  const { world } = api.simulator
  const newest = [...world.tasks.values()].findLast(mayAbort(world))?.upid.text
  return newest === undefined
    ? Effect.void
    : api.call("DELETE", `/nodes/${newest.split(":")[1]}/tasks/${encodeURIComponent(newest)}`)
}

const clone = FastCheck.record({
  newid: ids,
  full: FastCheck.constantFrom("0", "1"),
  target: FastCheck.constantFrom("pve1", "pve1", "pve2")
}).map(({ full, newid, target }) =>
  post("/nodes/pve1/qemu/9000/clone", { newid: String(newid), full, target, pool: "holdfast" })
)

const copy = FastCheck.tuple(ids, ids).map(([from, to]) =>
  post(`${machine(from)}/clone`, { newid: String(to), full: "1", storage: "nfs" })
)

const change = FastCheck.tuple(
  ids,
  FastCheck.constantFrom<Record<string, string>>(
    { cores: "4", net0: "virtio,bridge=vmbr0" },
    { scsi1: "nfs:4", memory: "4096" },
    { delete: "scsi1,net0" },
    { ide2: "local-lvm:cloudinit" },
    { delete: "ide2", description: "x" },
    { boot: "order=scsi9" }
  )
).map(([vmid, parameters]) => post(`${machine(vmid)}/config`, parameters))

const power = FastCheck.tuple(
  ids,
  FastCheck.constantFrom("start", "start", "stop", "shutdown", "reboot", "suspend", "resume")
).map(([vmid, action]) => post(`${machine(vmid)}/status/${action}`, action === "shutdown" ? { timeout: "5" } : {}))

const destroy = ids.map((vmid): Action["call"] => (api) => api.call("DELETE", machine(vmid), { purge: "1" }))

const rest = FastCheck.oneof(
  ids.map((vmid): Action["call"] => (api) =>
    api.call("PUT", `${machine(vmid)}/resize`, { disk: "scsi0", size: "12G" })
  ),
  ids.map((vmid) => post(`${machine(vmid)}/snapshot`, { snapname: "one" })),
  ids.map((vmid): Action["call"] => (api) => api.call("PUT", `${machine(vmid)}/config`, { name: "put" })),
  FastCheck.constant<Action["call"]>((api) => api.call("GET", "/cluster/resources", { type: "vm" }))
)

const call: FastCheck.Arbitrary<Action["call"]> = FastCheck.oneof(
  { arbitrary: clone, weight: 4 },
  { arbitrary: copy, weight: 1 },
  { arbitrary: change, weight: 3 },
  { arbitrary: power, weight: 3 },
  { arbitrary: destroy, weight: 2 },
  { arbitrary: FastCheck.constant(abort), weight: 3 },
  { arbitrary: rest, weight: 2 }
)

const actions = FastCheck.array(
  FastCheck.record<Action>({ after: FastCheck.integer({ min: 0, max: 6000 }), call }),
  { minLength: 5, maxLength: 25, size: "max" }
)

const types = FastCheck.constantFrom("qmclone", "qmconfig", "qmstart", "qmdestroy", "resize")
const nth = FastCheck.integer({ min: 1, max: 3 })
const mild: FastCheck.Arbitrary<Faults.Fault> = FastCheck.oneof(
  FastCheck.record({
    fault: FastCheck.constant("lock-timeout" as const),
    where: FastCheck.constantFrom("http" as const, "task" as const),
    type: types,
    nth
  }),
  FastCheck.record({ fault: FastCheck.constant("warnings" as const), type: types, nth }),
  FastCheck.record({
    fault: FastCheck.constant("exit-status" as const),
    type: types,
    nth,
    text: FastCheck.constant("broke")
  }),
  FastCheck.record({ fault: FastCheck.constant("no-worker" as const), type: types, nth }),
  FastCheck.record({
    fault: FastCheck.constant("slow" as const),
    type: types,
    nth,
    factor: FastCheck.constantFrom(0.5, 3)
  }),
  FastCheck.record({
    fault: FastCheck.constantFrom("storage-full" as const, "storage-busy" as const),
    storage: FastCheck.constantFrom("ceph", "nfs", "local-lvm"),
    from: FastCheck.integer({ min: 0, max: 30 }),
    for: FastCheck.integer({ min: 0, max: 20 })
  })
)

const live = (api: Api.Api, steps: ReadonlyArray<Action>): Effect.Effect<World.Snapshot> =>
  Effect.gen(function*() {
    let at = 0
    const fibers = yield* Effect.forEach(
      steps,
      (step) => {
        at += step.after
        return Effect.delay(Effect.suspend(() => step.call(api)), at)
      },
      { concurrency: Math.max(1, steps.length) }
    )
    assert.lengthOf(fibers, steps.length)
    return yield* api.simulator.drain
  })

/** What nothing may ever break, not even a killed process. */
const isWhole = (api: Api.Api, after: World.Snapshot): void => {
  const { world } = api.simulator
  assert.deepStrictEqual(after.locks, [], "a lock is held by nobody")
  assert.deepStrictEqual(after.tasks.filter(({ status }) => status === "running"), [], "a task runs for ever")
  for (const node of world.nodes.values()) assert.strictEqual(node.daemon.busy(), 0, "a worker is lost")
  for (const call of after.calls) assert.isDefined(call.status, `${call.route} was never answered`)
}

/** What a destroy could not free, and said so. */
const leftBehind = (world: World.World): ReadonlySet<string> =>
  new Set(
    [...world.tasks.values()].flatMap((task) => Tasks.log(task)).flatMap((line) =>
      /^Could not remove disk '([^']+)'/.exec(line)?.slice(1) ?? []
    )
  )

/** What holds as long as no process is killed and no abort hits a clone that cleans up already. */
const isClean = (api: Api.Api, after: World.Snapshot): void => {
  const { world } = api.simulator
  if (after.tasks.some(({ exitStatus, type }) => type === "qmclone" && exitStatus === "received interrupt")) return
  const left = leftBehind(world)
  assert.deepStrictEqual(after.orphanedVolumes.filter(({ id }) => !left.has(id)), [])
  for (const view of after.machines) assert.notInclude(["clone", "destroyed", "snapshot"], view.lock)
  for (const one of world.machines.values()) {
    for (const drive of Drives.of(one.config, { unused: true })) {
      assert.isDefined(Storages.find(world, drive.file, one.node), `${drive.file} of VM ${one.vmid} is not there`)
    }
  }
  for (const pool of world.pools.values()) {
    for (const member of pool.members) assert.isTrue(world.machines.has(member), `${member} is only in the pool`)
  }
}

const property = (
  faults: FastCheck.Arbitrary<Faults.Plan>,
  check: (api: Api.Api, after: World.Snapshot) => void
) =>
  Effect.promise(() =>
    FastCheck.assert(
      FastCheck.asyncProperty(FastCheck.nat(), faults, actions, (seed, faults, steps) =>
        Effect.runPromise(
          Api.run({ seed, faults }, (api) => Effect.map(live(api, steps), (after) => check(api, after)))
        )),
      { numRuns: 60 }
    )
  )

describe("a world of which much is asked at once", () => {
  it.effect("has no lost lock, worker, task, volume or machine, however its work fails", () =>
    property(FastCheck.array(mild, { maxLength: 4 }), (api, after) => {
      isWhole(api, after)
      isClean(api, after)
    }))

  it.effect("gives back every lock and worker even of processes that are killed", () =>
    property(
      FastCheck.array(
        FastCheck.oneof(
          FastCheck.record({
            fault: FastCheck.constant("killed" as const),
            type: types,
            nth,
            after: FastCheck.constantFrom(0, 0.1, 0.5, 2, 9)
          }),
          FastCheck.record({
            fault: FastCheck.constant("no-quorum" as const),
            from: FastCheck.integer({ min: 0, max: 30 }),
            for: FastCheck.integer({ min: 0, max: 20 })
          }),
          FastCheck.record({
            fault: FastCheck.constant("node-down" as const),
            node: FastCheck.constant("pve2"),
            from: FastCheck.integer({ min: 0, max: 30 }),
            for: FastCheck.integer({ min: 0, max: 20 })
          })
        ),
        { minLength: 1, maxLength: 4 }
      ),
      isWhole
    ))
})
