import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as Serve from "../../../../src/simulation/Serve.ts"
import * as VirtualClock from "../../../../src/simulation/VirtualClock.ts"
import * as Simulator from "../../../../src/systems/proxmox/Simulator.ts"
import * as Api from "./Api.ts"

const story = (api: Api.Api) =>
  Effect.gen(function*() {
    yield* Effect.all([api.clone(401), api.clone(402, { storage: "nfs" }), api.clone(403)], { concurrency: 3 })
    yield* Effect.all(
      [401, 402, 403].map((vmid) =>
        api.task("POST", `/nodes/pve1/qemu/${vmid}/config`, { net0: "virtio,bridge=vmbr0", cores: "4" })
      ),
      { concurrency: 3 }
    )
    yield* api.task("POST", "/nodes/pve1/qemu/402/status/start")
    yield* api.task("DELETE", "/nodes/pve1/qemu/403")
    return yield* api.simulator.drain
  })

const tell = (seed: number) => Effect.map(Api.run({ seed }, story), (snapshot) => JSON.stringify(snapshot))

const at = (speed: number) =>
  VirtualClock.run(Effect.gen(function*() {
    const simulator = yield* Simulator.make({ speed })
    yield* Effect.sleep("1 second")
    return (yield* simulator.snapshot).at - simulator.world.began
  }))

describe("a world", () => {
  it.effect("is the same, to the last address and task name, from the same seed and the same requests", () =>
    Effect.gen(function*() {
      const [first, second, other] = yield* Effect.all([tell(7), tell(7), tell(8)])
      assert.strictEqual(first, second)
      assert.notStrictEqual(first, other)
    }))

  it.effect("goes as many times faster as it is told", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Effect.all([at(1), at(20)]), [1000, 20_000])
    }))

  it.effect("waits on the test clock, so that a clone is done when its time has come and not before", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({})
      const { data } = yield* api.call("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401", full: "1" })
      const status = Effect.map(
        api.call("GET", `/nodes/pve1/tasks/${encodeURIComponent(Api.text(data))}/status`),
        (result) => Api.at(result.data, "status")
      )
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* status, "running")
      const waiting = yield* Effect.fork(api.call("POST", "/nodes/pve1/qemu/401/config", { cores: "4" }))
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(waiting.unsafePoll(), null)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* status, "stopped")
      assert.strictEqual((yield* Fiber.join(waiting)).status, 200)
    }))

  it.effect("does what was asked although the caller has gone", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({})
      yield* api.call("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401", full: "1" })
      yield* TestClock.adjust("10 seconds")
      const waiting = yield* Effect.fork(api.call("POST", "/nodes/pve1/qemu/401/config", { cores: "4" }))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(waiting)
      assert.strictEqual(api.simulator.world.scheduler.watchers.size, 0)
      yield* TestClock.adjust("20 seconds")
      const config = yield* api.call("GET", "/nodes/pve1/qemu/401/config")
      assert.strictEqual(Api.at(config.data, "cores"), 4)
    }))

  it.effect("has a template on every node when told so", () =>
    Api.run(
      { templates: "local", nodes: ["a", "b", "c"] },
      ({ simulator }) =>
        Effect.map(simulator.snapshot, ({ machines, orphanedVolumes }) => {
          const templates = machines.filter(({ template }) => template)
          assert.deepStrictEqual(
            templates.map(({ config, name, node, vmid }) => [vmid, node, name, (config["scsi0"] ?? "").split(":")[0]]),
            [
              [9000, "a", "ubuntu-24.04", "local-lvm"],
              [9001, "b", "ubuntu-24.04", "local-lvm"],
              [9002, "c", "ubuntu-24.04", "local-lvm"]
            ]
          )
          assert.isEmpty(orphanedVolumes)
        })
    ))

  it.live("answers on a port, with its words in the reason phrase", () =>
    Effect.scoped(Effect.gen(function*() {
      const simulator = yield* Simulator.make({ version: 8, speed: 1000 })
      const { url } = yield* Serve.serve(simulator.endpoint)
      const answer = yield* Effect.promise((signal) =>
        fetch(`${url}/api2/json/nodes/pve1/qemu/555/config`, {
          headers: { authorization: `PVEAPIToken=${simulator.credentials.token}` },
          signal
        }).then(async (response) => ({ reason: response.statusText, body: await response.text() }))
      )
      assert.deepStrictEqual(answer, {
        reason: "Configuration file 'nodes/pve1/qemu-server/555.conf' does not exist",
        body: "{\"data\":null}"
      })
    })).pipe(Effect.timeout(Duration.seconds(20))))
})
