import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Policy from "../../../src/kernel/Policy.ts"
import * as Client from "../../../src/systems/proxmox/Client.ts"
import * as Failure from "../../../src/systems/proxmox/Failure.ts"
import * as VmId from "../../../src/systems/proxmox/client/VmId.ts"
import * as FakeClient from "./FakeClient.ts"

const taken = (id: number) => Failure.classify({ status: 400, body: `{"errors":{"vmid":"VM ${id} already exists"}}` })

const server = (used: Set<number>) =>
  FakeClient.make({
    nextId: (candidate) => {
      if (candidate !== undefined) return used.has(candidate) ? taken(candidate) : Effect.succeed(candidate)
      let id = 100
      while (used.has(id)) id += 1
      return Effect.succeed(id)
    }
  })

const options = Effect.map(
  Policy.make({ name: "test" }),
  (policy) => ({ fleet: "lab", avoid: new Set([111]), policy })
)
const base = 100 + VmId.offsetOf("lab")

describe("allocating an id", () => {
  it.effect("gives everybody in the process another one, and none that is spoken for", () =>
    Effect.gen(function*() {
      const given = yield* options
      const used = new Set<number>()
      const ids = yield* Effect.forEach(Array.from({ length: 20 }), () =>
        VmId.allocate(given, (id) => Effect.yieldNow().pipe(Effect.as(Option.some(id)))), { concurrency: 20 })
      assert.strictEqual(new Set(ids).size, 20)
      assert.notInclude(ids, 111)
      assert.isTrue(ids.every((id) =>
        id >= base && !used.has(id)
      ))
    }).pipe(Effect.provideService(Client.Client, server(new Set()))))

  it.effect("goes on to the next one when the probe or the server says that it is taken", () =>
    Effect.gen(function*() {
      const given = yield* options
      const tried: Array<number> = []
      const id = yield* VmId.allocate(given, (id) => {
        tried.push(id)
        return Effect.succeed(id === base + 1 ? Option.none() : Option.some(id))
      })
      assert.deepStrictEqual([tried, id], [[base + 1, base + 2], base + 2])
    }).pipe(Effect.provideService(Client.Client, server(new Set([base])))))

  it.effect("holds the id while it is tried, and lets it go when that is interrupted", () =>
    Effect.gen(function*() {
      const given = yield* options
      const entered = yield* Deferred.make<number>()
      const first = yield* Effect.fork(
        VmId.allocate(given, (id) => Effect.zipRight(Deferred.succeed(entered, id), Effect.never))
      )
      const held = yield* Deferred.await(entered)
      assert.notStrictEqual(yield* VmId.allocate(given, (id) => Effect.succeedSome(id)), held)
      yield* Fiber.interrupt(first)
      assert.strictEqual(yield* VmId.allocate(given, (id) => Effect.succeedSome(id)), held)
    }).pipe(Effect.provideService(Client.Client, server(new Set()))))

  it.effect("gives up, and says what to do, when nothing is free", () =>
    Effect.gen(function*() {
      const given = yield* options
      const fault = yield* Effect.flip(VmId.allocate({ ...given, attempts: 3 }, () => Effect.succeedNone))
      assert.strictEqual(fault.code, "vmid-exhausted")
    }).pipe(Effect.provideService(Client.Client, server(new Set()))))
})
