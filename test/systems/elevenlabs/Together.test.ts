import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Together from "../../../src/systems/elevenlabs/run/Together.ts"

/** Groups that are told of, and end when they are let. */
const observed = (most?: number) =>
  Effect.sync(() => {
    const groups: Array<ReadonlyArray<string>> = []
    const doors = new Map<string, Deferred.Deferred<void, string>>()
    const doorOf = (item: string) => {
      const door = doors.get(item) ?? Deferred.unsafeMake<void, string>(FiberId.none)
      doors.set(item, door)
      return door
    }
    const submit = Together.make<string, string, string>({
      ...(most === undefined ? {} : { size: () => most }),
      run: (items) =>
        Effect.suspend(() => {
          groups.push(items)
          return Effect.as(
            Deferred.await(doorOf(items[0] ?? "")),
            items.map((item) => item === "bad" ? Exit.fail("no") : Exit.succeed(item.toUpperCase()))
          )
        })
    })
    // Until its group is under way, or it waits.
    const hand = (item: string) => Effect.zipLeft(Effect.fork(submit(item)), Effect.repeatN(Effect.yieldNow(), 4))
    return { groups, submit, hand, end: (first: string) => Deferred.succeed(doorOf(first), undefined), doorOf }
  })

describe("Together", () => {
  it.effect("what comes while a group is under way goes together in the next, each with an outcome of its own", () =>
    Effect.gen(function*() {
      const { end, groups, hand } = yield* observed(3)
      const fibers = yield* Effect.forEach(["a", "b", "bad", "c", "d"], hand)
      assert.deepStrictEqual(groups, [["a"]])
      yield* end("a")
      yield* end("b")
      yield* end("d")
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(groups, [["a"], ["b", "bad", "c"], ["d"]])
      assert.deepStrictEqual(exits, [
        Exit.succeed("A"),
        Exit.succeed("B"),
        Exit.fail("no"),
        Exit.succeed("C"),
        Exit.succeed("D")
      ])
      const again = yield* hand("e")
      yield* end("e")
      assert.strictEqual(yield* Fiber.join(again), "E")
    }))

  it.effect("those who come at the same moment go together, the first of them too", () =>
    Effect.gen(function*() {
      const { end, groups, submit } = yield* observed()
      const fiber = yield* Effect.fork(Effect.forEach(["a", "b", "c"], submit, { concurrency: 3 }))
      yield* end("a")
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["A", "B", "C"])
      assert.deepStrictEqual(groups, [["a", "b", "c"]])
    }))

  it.effect("where the first of a group is interrupted, the others come to their turn without it", () =>
    Effect.gen(function*() {
      const { end, groups, hand } = yield* observed()
      const first = yield* hand("a")
      const [b, c] = yield* Effect.all([hand("b"), hand("c")])
      yield* end("a")
      yield* Fiber.await(first)
      yield* Effect.yieldNow()
      assert.deepStrictEqual(groups, [["a"], ["b", "c"]])
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(b)))
      yield* end("c")
      assert.strictEqual(yield* Fiber.join(c), "C")
      assert.deepStrictEqual(groups.at(-1), ["c"])
    }))

  it.effect("who is interrupted before its turn takes its item back, and hands on what was its turn", () =>
    Effect.gen(function*() {
      const { doorOf, end, groups, hand } = yield* observed(1)
      const a = yield* hand("a")
      const [b, c] = yield* Effect.all([hand("b"), hand("c")])
      // Its turn comes, and in the same moment it is interrupted.
      yield* Deferred.succeed(doorOf("a"), undefined)
      yield* Fiber.interruptFork(b)
      yield* end("c")
      assert.strictEqual(yield* Fiber.join(a), "A")
      assert.strictEqual(yield* Fiber.join(c), "C")
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(b)))
      assert.notDeepEqual(groups.at(-1), ["b"])
    }))

  it.effect("a group that fails fails for all in it, and for nobody after", () =>
    Effect.gen(function*() {
      const { doorOf, end, hand } = yield* observed()
      const a = yield* hand("a")
      const others = yield* Effect.forEach(["b", "c"], hand)
      yield* end("a")
      yield* Deferred.fail(doorOf("b"), "down")
      assert.strictEqual(yield* Fiber.join(a), "A")
      assert.deepStrictEqual(yield* Effect.forEach(others, Fiber.await), [Exit.fail("down"), Exit.fail("down")])
      const after = yield* hand("d")
      yield* end("d")
      assert.strictEqual(yield* Fiber.join(after), "D")
    }))
})
