import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Fault from "../../../src/kernel/Fault.ts"
import { type Kind, Slots } from "../../../src/systems/genesys/pipeline/Slots.ts"

/** What was sent, in that order, and each until it is told to end. */
class Server {
  readonly sent: Array<string> = []
  private readonly ends = new Map<string, Deferred.Deferred<void, Fault.Fault>>()
  private readonly slots: Slots

  constructor(size: number) {
    this.slots = new Slots(size)
  }

  /** A request that has its reply when it is told `replied`, and ends later. */
  ask(kind: Kind, name: string, onReply: (replied: () => void) => void = constVoid) {
    return Effect.flatMap(Deferred.make<void, Fault.Fault>(), (end) => {
      this.ends.set(name, end)
      return Effect.fork(
        this.slots.gate(kind)((replied) => {
          this.sent.push(name)
          onReply(replied)
          return Deferred.await(end)
        })
      )
    }).pipe(Effect.zipLeft(Effect.yieldNow()))
  }

  end(name: string, exit: Exit.Exit<void, Fault.Fault> = Exit.void) {
    const end = this.ends.get(name)
    if (end === undefined) throw new Error(`nobody asks for ${name}`)
    return Effect.zipRight(Deferred.done(end, exit), settled)
  }
}

/** Until every fiber has done what it can. */
const settled = Effect.yieldNow().pipe(Effect.repeatN(8))

const fault = Fault.make({ kind: "transient", system: "genesys", operation: "test", detail: "no" })

describe("Slots", () => {
  it.effect("sends no more at once than there are slots, first come first served", () =>
    Effect.gen(function*() {
      const server = new Server(2)
      for (const name of ["a", "b", "c", "d"]) yield* server.ask("single", name)
      assert.deepStrictEqual(server.sent, ["a", "b"])
      yield* server.end("b", Exit.fail(fault))
      assert.deepStrictEqual(server.sent, ["a", "b", "c"])
      yield* server.end("a", Exit.die("a mistake"))
      assert.deepStrictEqual(server.sent, ["a", "b", "c", "d"])
    }))

  it.effect("sends the next when the reply has come, and once for each", () =>
    Effect.gen(function*() {
      const server = new Server(1)
      let replied: () => void = constVoid
      yield* server.ask("single", "a", (tell) => {
        replied = tell
      })
      yield* server.ask("single", "b")
      yield* server.ask("single", "c")
      replied()
      yield* settled
      assert.deepStrictEqual(server.sent, ["a", "b"])
      replied()
      yield* server.end("a")
      assert.deepStrictEqual(server.sent, ["a", "b"])
      yield* server.end("b")
      assert.deepStrictEqual(server.sent, ["a", "b", "c"])
    }))

  it.effect("lets pages have a quarter while others wait, and all else", () =>
    Effect.gen(function*() {
      const server = new Server(4)
      for (const name of ["p1", "p2", "p3", "p4", "p5", "p6", "p7"]) yield* server.ask("page", name)
      assert.deepStrictEqual(server.sent, ["p1", "p2", "p3", "p4"])
      for (const name of ["s1", "s2", "s3", "s4"]) yield* server.ask("single", name)
      for (const name of ["p1", "p2", "p3"]) yield* server.end(name)
      assert.deepStrictEqual(server.sent.slice(4), ["s1", "s2", "s3"])
      yield* server.end("p4")
      assert.deepStrictEqual(server.sent.slice(7), ["p5"])
      yield* server.end("s1")
      assert.deepStrictEqual(server.sent.slice(8), ["s4"])
      yield* server.end("s2")
      assert.deepStrictEqual(server.sent.slice(9), ["p6"])
    }))

  it.effect("is left by whoever is interrupted, in the line or out of it", () =>
    Effect.gen(function*() {
      const server = new Server(1)
      let replied: () => void = constVoid
      const first = yield* server.ask("single", "a")
      const second = yield* server.ask("single", "b")
      yield* server.ask("single", "c", (tell) => {
        replied = tell
      })
      yield* Fiber.interrupt(second)
      yield* Fiber.interrupt(first)
      yield* settled
      assert.deepStrictEqual(server.sent, ["a", "c"])
      // Granted and interrupted in the same moment.
      const fourth = yield* server.ask("single", "d")
      yield* server.ask("single", "e")
      replied()
      yield* Fiber.interrupt(fourth)
      yield* settled
      assert.deepStrictEqual(server.sent.at(-1), "e")
    }))
})
