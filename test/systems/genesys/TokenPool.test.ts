import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as Progress from "../../../src/observe/Progress.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as TokenRate from "../../../src/systems/genesys/client/TokenRate.ts"
import * as Api from "./Api.ts"

const ask = { path: "/api/v2/organizations/me" }
const two = { clients: ["a", "b"].map((id) => ({ id, secret: Redacted.make(`secret of ${id}`.replaceAll(" ", "-")) })) }
const isOf = (id: string) => (seen: Api.Seen): boolean => Api.bearer(seen).startsWith(`token-${id}`)

const tooMany = (seconds: number): Endpoint.Reply =>
  Api.json({ code: "too.many.requests", message: "Rate limit exceeded" }, {
    status: 429,
    headers: { "retry-after": String(seconds) }
  })

/** Counts in fixed windows per token, as the API does, and says so. */
const counting = (allowed: number, windowSeconds: number) => {
  const windows = new Map<string, { readonly start: number; count: number }>()
  let refused = 0
  const answer = (seen: Api.Seen): Endpoint.Reply => {
    const key = Api.bearer(seen)
    const known = windows.get(key)
    const over = known === undefined || Math.round((seen.at - known.start) * 1000) >= windowSeconds * 1000
    const window = over ? { start: seen.at, count: 0 } : known
    windows.set(key, window)
    window.count++
    const headers = {
      "inin-ratelimit-count": String(window.count),
      "inin-ratelimit-allowed": String(allowed),
      "inin-ratelimit-reset": String(Math.ceil(window.start + windowSeconds - seen.at))
    }
    if (window.count <= allowed) return Api.json({}, { headers })
    refused++
    return Endpoint.answer({ status: 429, headers, body: "" })
  }
  return { answer, refused: () => refused }
}

describe("TokenPool: what breaks in production", () => {
  it.scoped("one token is throttled for minutes while calls wait: the other one serves them all", () =>
    Effect.gen(function*() {
      const { calls, service } = yield* Api.client({
        api: (seen) => isOf("a")(seen) ? tooMany(180) : Api.json({})
      }, { ...two, requestsPerMinute: 20 })
      // Both windows are used up, so that calls are in line when the bad news comes.
      const fiber = yield* Effect.fork(
        Effect.forEach(Array.from({ length: 60 }), () => Effect.either(service.json(ask)), { concurrency: 60 })
      )
      yield* Api.pass(130)
      const results = yield* Fiber.join(fiber)
      assert.strictEqual(results.filter(({ _tag }) => _tag === "Left").length, 20)
      assert.strictEqual(calls.filter(isOf("b")).length, 40)
      assert.isTrue(calls.filter(isOf("a")).every(({ at }) => at === 0))
      // Afterwards the throttled one is used again.
      yield* Api.pass(60)
      yield* Effect.forEach(Array.from({ length: 4 }), () => Effect.either(service.json(ask)))
      assert.isTrue(calls.slice(60).some(isOf("a")))
    }))

  it.scoped("a throttled call may try again at once where another token is free, and says so", () =>
    Effect.gen(function*() {
      const both = yield* Api.client({ api: (seen) => isOf("a")(seen) ? tooMany(90) : Api.json({}) }, two)
      const fault = yield* Effect.flip(both.service.json(ask))
      assert.strictEqual(fault.kind, "throttled")
      assert.strictEqual(fault.code, "too.many.requests")
      assert.isBelow(fault.retryAfterMillis ?? 1e9, 100)
      assert.deepStrictEqual(yield* both.service.json(ask), {})
      const alone = yield* Api.client({ api: () => tooMany(90) })
      const hard = yield* Effect.flip(alone.service.json(ask))
      assert.strictEqual(hard.retryAfterMillis, 90_000)
    }))

  it.scoped("what the API counts is kept to, to the last request of a window, whatever is in flight", () =>
    Effect.gen(function*() {
      const server = counting(100, 60)
      const { service } = yield* Api.client({
        api: (seen) => Effect.as(Effect.sleep("20 millis"), server.answer(seen))
      })
      const fiber = yield* Effect.fork(
        Effect.forEach(Array.from({ length: 350 }), () => service.json(ask), { concurrency: 50 })
      )
      yield* Effect.repeatN(Effect.zipRight(TestClock.adjust("480 millis"), TestClock.adjust("20 millis")), 400)
      yield* Fiber.join(fiber)
      assert.strictEqual(server.refused(), 0)
    }))
})

describe("TokenPool", () => {
  it.scoped("goes as fast as the API allows, where that is more than assumed", () =>
    Effect.gen(function*() {
      const server = counting(5000, 60)
      const { calls, service } = yield* Api.client({ api: server.answer })
      yield* Effect.forEach(Array.from({ length: 2000 }), () => service.json(ask), { concurrency: 10 })
      assert.strictEqual(calls.length, 2000)
      assert.isTrue(calls.every(({ at }) => at === 0))
    }))

  it.scoped("tells of a long wait, how long it is and what would shorten it, once each time", () => {
    const logs: Array<string> = []
    const updates: Array<Progress.Update> = []
    const logger = Logger.make(({ message }) => {
      logs.push(String(message))
    })
    return Effect.gen(function*() {
      const { service } = yield* Api.client({ api: counting(20, 60).answer }, { ...two, requestsPerMinute: 20 })
      const fiber = yield* Effect.fork(
        Effect.forEach(Array.from({ length: 90 }), () => service.json(ask), { concurrency: 50 })
      )
      // All of a window are on their way before an answer tells when it ends, so each is taken for 65 seconds.
      yield* Api.pass(135)
      yield* Fiber.join(fiber)
      const waits = logs.filter((line) => line.startsWith("Waiting"))
      assert.strictEqual(waits.length, 2)
      assert.match(
        waits[1] ?? "",
        /^Waiting \d+ s for the rate limit: 20 requests a minute for each client, of which there are 2; more clients/
      )
      assert.deepStrictEqual(updates.map(({ state }) => state), ["running", "done", "running", "done"])
      assert.isTrue(updates.every(({ item }) => item === "rate limit"))
    }).pipe(
      Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
      Effect.provideService(Progress.Progress, { report: (update) => Effect.sync(() => updates.push(update)) })
    )
  })

  it.scoped("keeps to what is assumed where the API says nothing", () =>
    Effect.gen(function*() {
      const { calls, service } = yield* Api.client({ api: () => Api.json({}) }, { requestsPerMinute: 30 })
      const fiber = yield* Effect.fork(
        Effect.forEach(Array.from({ length: 90 }), () => service.json(ask), { concurrency: 50 })
      )
      yield* Api.pass(135)
      yield* Fiber.join(fiber)
      const inMinute = [0, 60, 120].map((from) => calls.filter(({ at }) => at >= from && at < from + 60).length)
      assert.deepStrictEqual(inMinute, [30, 30, 30])
    }))

  it.scoped("a caller that goes away leaves the line and takes nothing along", () =>
    Effect.gen(function*() {
      const { calls, service } = yield* Api.client({ api: () => Api.json({}) }, { requestsPerMinute: 1 })
      yield* service.json(ask)
      const gone = yield* Effect.fork(service.json(ask))
      const stays = yield* Effect.fork(service.json(ask))
      yield* TestClock.adjust("30 seconds")
      yield* Fiber.interrupt(gone)
      yield* TestClock.adjust("36 seconds")
      yield* Fiber.join(stays)
      assert.strictEqual(calls.length, 2)
    }))

  it.scoped("uses all tokens alike", () =>
    Effect.gen(function*() {
      const { calls, service } = yield* Api.client({ api: () => Api.json({}) }, two)
      yield* Effect.forEach(Array.from({ length: 2 }), () => service.json(ask), { concurrency: 2 })
      for (let n = 0; n < 20; n++) yield* service.json(ask)
      assert.strictEqual(calls.filter(isOf("a")).length, 11)
    }))

  it.scoped("no call goes before the end of the pause, with a refusal that does not say for how long", () =>
    Effect.gen(function*() {
      const { calls, service } = yield* Api.client({
        api: (_, n) => n === 1 ? Endpoint.answer({ status: 429 }) : Api.json({})
      })
      const fault = yield* Effect.flip(service.json(ask))
      assert.strictEqual(fault.retryAfterMillis, 1000)
      const next = yield* Effect.fork(service.json(ask))
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(calls.length, 1)
      yield* TestClock.adjust("2 millis")
      yield* Fiber.join(next)
    }))
})

describe("TokenRate", () => {
  it("never lets more go in one of the server's windows than it allows, in whatever order answers come", () => {
    const step = FastCheck.record({
      wait: FastCheck.integer({ min: 0, max: 900 }),
      answer: FastCheck.integer({ min: 0, max: 20 })
    })
    FastCheck.assert(FastCheck.property(
      FastCheck.integer({ min: 1, max: 30 }),
      FastCheck.array(step, { maxLength: 300 }),
      (allowed, steps) => {
        const rate = Effect.runSync(TokenRate.make(allowed))
        const windowMillis = 10_000
        let now = 1_000
        let window = { start: 0, count: 0 }
        let refused = 0
        const answers: Array<() => void> = []
        for (const { answer, wait } of steps) {
          now += wait
          if (rate.take(now)) {
            const number = rate.send()
            if (now >= window.start + windowMillis) window = { start: now, count: 0 }
            window.count++
            if (window.count > allowed) refused++
            const { count, start } = window
            const headers = () => ({
              "inin-ratelimit-count": String(count),
              "inin-ratelimit-allowed": String(allowed),
              "inin-ratelimit-reset": String(Math.ceil((start + windowMillis - now) / 1000))
            })
            answers.push(() => {
              if (start + windowMillis > now) rate.observe(number, 200, headers(), now, now)
            })
          } else {
            assert.isAbove(rate.delay(now), 0)
          }
          answers.splice(answer % (answers.length + 1), 1).forEach((tell) => tell())
        }
        assert.strictEqual(refused, 0)
      }
    ))
  })
})
