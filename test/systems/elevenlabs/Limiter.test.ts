import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as Api from "./Api.ts"

const headers = (current: number, maximum: number) => ({
  "current-concurrent-requests": String(current),
  "maximum-concurrent-requests": String(maximum)
})

const second = "1 second"

/** How many requests are under way at the server, and how many ever were. */
const counted = (told: (now: number) => Parameters<typeof Api.json>[1]) => {
  let now = 0
  let most = 0
  const answering: Api.Answering = () =>
    Effect.gen(function*() {
      now++
      most = Math.max(most, now)
      yield* Effect.sleep(second)
      const reply = Api.json({ agents: [], has_more: false }, told(now))
      now--
      return reply
    })
  const peak = () => {
    const before = most
    most = now
    return before
  }
  return { answering, peak }
}

/** Asks so often at once and answers with the peaks of each second. */
const peaks = (times: number, told: (now: number) => Parameters<typeof Api.json>[1], concurrency?: number) =>
  Effect.gen(function*() {
    const { answering, peak } = counted(told)
    const { service } = yield* Api.client(answering, { concurrency, maxConcurrency: 6 })
    const fiber = yield* Effect.fork(
      Effect.forEach(Array.from({ length: times }), () => Effect.exit(service.agents()), { concurrency: times })
    )
    yield* TestClock.adjust("500 millis")
    const found = [peak()]
    while (fiber.unsafePoll() === null) {
      yield* TestClock.adjust(second)
      found.push(peak())
    }
    yield* Fiber.join(fiber)
    return found
  })

describe("Limiter", () => {
  it.effect("two at once until the API says how many, then so many", () =>
    Effect.gen(function*() {
      const found = yield* peaks(20, (now) => ({ headers: headers(now, 5) }))
      assert.strictEqual(found[0], 2)
      assert.strictEqual(Math.max(...found), 5)
      assert.isAtMost(found.length, 7)
    }))

  it.effect("never more than the caller allows", () =>
    Effect.gen(function*() {
      assert.strictEqual(Math.max(...(yield* peaks(30, (now) => ({ headers: headers(now, 15) })))), 6)
    }))

  it.effect("what others have under way is theirs", () =>
    Effect.gen(function*() {
      const found = yield* peaks(12, (now) => ({ headers: headers(now + 3, 5) }))
      assert.strictEqual(Math.max(...found), 2)
      const none = yield* peaks(4, (now) => ({ headers: headers(now + 9, 5) }))
      assert.deepStrictEqual(none.slice(2), none.slice(2).map(() => 1))
    }))

  it.effect("fewer after a refusal that does not say how many, and more again with patience", () =>
    Effect.gen(function*() {
      let left = 2
      const found = yield* peaks(60, () => left-- > 0 ? { status: 429 } : {}, 4)
      assert.deepStrictEqual([found[0], found[2]], [4, 1])
      assert.strictEqual(Math.max(...found.slice(10)), 3)
    }))

  it.effect("says nothing that is not understood", () =>
    Effect.gen(function*() {
      const odd = { "current-concurrent-requests": "-1", "maximum-concurrent-requests": "many" }
      assert.strictEqual(Math.max(...(yield* peaks(8, () => ({ headers: odd })))), 2)
      assert.strictEqual(Math.max(...(yield* peaks(8, (now) => ({ headers: headers(now, 0) })))), 2)
    }))
})
