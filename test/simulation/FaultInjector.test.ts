import * as HttpClient from "@effect/platform/HttpClient"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import * as Chance from "../../src/simulation/Chance.ts"
import * as Endpoint from "../../src/simulation/Endpoint.ts"
import * as FaultInjector from "../../src/simulation/FaultInjector.ts"
import * as FaultPlan from "../../src/simulation/FaultPlan.ts"

/** A world that only counts what it did. */
const makeWorld = () => {
  const acted: Array<string> = []
  const endpoint: Endpoint.Endpoint = (request) =>
    Effect.sync(() => {
      acted.push(`${request.method} ${request.url}`)
      return Endpoint.answer({ headers: { "content-type": "application/json" }, body: "{\"data\":\"done\"}" })
    })
  return { acted, endpoint }
}

const post = (url: string, body = ""): Endpoint.Request => ({ method: "POST", url, headers: {}, body })

const summary = (reply: Endpoint.Reply) => reply._tag === "Answer" ? reply.status : reply._tag

/** The replies to so many requests under one plan. */
const replies = (plan: FaultPlan.FaultPlan, count: number, options?: FaultInjector.Options<never>) =>
  Effect.gen(function*() {
    const world = makeWorld()
    const injector = yield* FaultInjector.make(plan, options)
    const endpoint = injector.apply(world.endpoint)
    const seen = yield* Effect.forEach(
      Array.from({ length: count }, (_, index) => index),
      (index) => endpoint(post(`/${index}`))
    )
    return { seen: seen.map(summary), acted: world.acted.length, counts: yield* injector.counts }
  })

/** Which of eight requests meet the effect. */
const pattern = (when: Omit<FaultPlan.Rule, "effect">) =>
  Effect.map(
    replies({ rules: [{ ...when, effect: { type: "answer", status: 503 } }] }, 8),
    ({ seen }) => seen.map((status) => status === 503 ? "x" : ".").join("")
  )

/** The replies to the requests for one of many paths. */
const repliesTo = (wanted: string, paths: ReadonlyArray<string>, rules: ReadonlyArray<FaultPlan.Rule>) =>
  Effect.gen(function*() {
    const injector = yield* FaultInjector.make({ seed: 5, rules })
    const endpoint = injector.apply(makeWorld().endpoint)
    const seen = yield* Effect.forEach(paths, (path) => Effect.map(endpoint(post(path)), (reply) => ({ path, reply })))
    return seen.filter(({ path }) => path === wanted).map(({ reply }) => summary(reply))
  })

const refusal = (rule: FaultPlan.Rule<FaultPlan.Custom>) =>
  Effect.map(
    Effect.flip(FaultInjector.make<FaultPlan.Custom>({ rules: [rule] }, { points: ["task"] })),
    (fault) => [fault.code, fault.detail]
  )

describe("FaultInjector", () => {
  it.effect("loses the reply after the server acted, or the request before it did", () =>
    Effect.gen(function*() {
      const world = makeWorld()
      const injector = yield* FaultInjector.make({
        rules: [
          { match: { method: "POST", path: "/clone$" }, nth: 1, effect: { type: "reset-after" } },
          { match: { path: "/clone$" }, nth: 2, effect: { type: "reset-before" } },
          { match: { path: "/clone$" }, nth: 3, effect: { type: "refused" } },
          { match: { path: "/clone$" }, nth: 4, effect: { type: "answer", status: 596, acted: true } },
          { match: { path: "/clone$" }, nth: 5, effect: { type: "answer", status: 500, statusText: "no quorum!" } }
        ]
      })
      const endpoint = injector.apply(world.endpoint)
      const seen: Array<readonly [unknown, number]> = []
      for (let i = 0; i < 6; i++) {
        const reply = yield* endpoint(post("/clone"))
        seen.push([summary(reply), world.acted.length])
      }
      expect(seen).toEqual([["Reset", 1], ["Reset", 1], ["Refused", 1], [596, 2], [500, 2], [200, 3]])
    }))

  it.effect("fires by every, nth, after and times", () =>
    Effect.gen(function*() {
      expect(yield* pattern({})).toBe("xxxxxxxx")
      expect(yield* pattern({ every: 3 })).toBe("..x..x..")
      expect(yield* pattern({ nth: [2, 5] })).toBe(".x..x...")
      expect(yield* pattern({ nth: 8 })).toBe(".......x")
      expect(yield* pattern({ after: 2, every: 2 })).toBe("...x.x.x")
      expect(yield* pattern({ after: 1, times: 3 })).toBe(".xxx....")
      expect(yield* pattern({ probability: 0 })).toBe("........")
      expect(yield* pattern({ match: { method: "get" } })).toBe("........")
      expect(yield* pattern({ match: { method: "get|pos" } })).toBe("........")
      expect(yield* pattern({ match: { method: "post", path: "[23]" } })).toBe("..xx....")
    }))

  it.effect("matches the body", () =>
    Effect.gen(function*() {
      const injector = yield* FaultInjector.make({
        rules: [{ match: { body: "newid=402" }, effect: { type: "refused" } }]
      })
      const endpoint = injector.apply(makeWorld().endpoint)
      expect(summary(yield* endpoint(post("/clone", "newid=401")))).toBe(200)
      expect(summary(yield* endpoint(post("/clone", "newid=402")))).toBe("Refused")
    }))

  it.effect("adds up waits before the first effect that is none, and counts every match", () =>
    Effect.gen(function*() {
      const world = makeWorld()
      const injector = yield* FaultInjector.make({
        rules: [
          { name: "slow network", effect: { type: "latency", millis: 300 } },
          { name: "lost", nth: 1, delayMillis: 700, effect: { type: "reset-after" } },
          { name: "never reached first", effect: { type: "refused" } }
        ]
      })
      const done = yield* Deferred.make<Endpoint.Reply>()
      yield* Effect.fork(Effect.intoDeferred(injector.apply(world.endpoint)(post("/")), done))
      yield* TestClock.adjust(999)
      expect(world.acted.length).toBe(0)
      yield* TestClock.adjust(1)
      expect(summary(yield* Deferred.await(done))).toBe("Reset")
      expect(yield* injector.counts).toEqual([
        { rule: "slow network", matched: 1, fired: 1 },
        { rule: "lost", matched: 1, fired: 1 },
        { rule: "never reached first", matched: 1, fired: 0 }
      ])
    }))

  it.effect("draws a latency between its bounds, in the time of the world", () =>
    Effect.gen(function*() {
      const slept: Array<number> = []
      yield* replies({ rules: [{ effect: { type: "latency", millis: 100, maxMillis: 200 } }] }, 50, {
        sleep: (millis) => Effect.sync(() => slept.push(millis))
      })
      expect(slept.every((millis) => millis >= 100 && millis < 200)).toBe(true)
      expect(Math.max(...slept) - Math.min(...slept)).toBeGreaterThan(50)
    }))

  it.effect("cuts an answer or puts a web page in its place", () =>
    Effect.gen(function*() {
      const world = makeWorld()
      const injector = yield* FaultInjector.make({
        rules: [
          { nth: 1, effect: { type: "truncated" } },
          { nth: 2, effect: { type: "truncated", at: 3 } },
          { nth: 3, effect: { type: "html", title: "Sign in" } }
        ]
      })
      const client = Endpoint.toHttpClient(injector.apply(world.endpoint))
      const broken = yield* Effect.forEach([1, 2], () =>
        Effect.flatMap(client.get("http://world/"), (response) => Effect.flip(response.text)))
      expect(broken.map((error) =>
        error._tag
      )).toEqual(["ResponseError", "ResponseError"])
      const page = yield* HttpClient.get("http://world/").pipe(Effect.provideService(HttpClient.HttpClient, client))
      expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"])
      expect(yield* page.text).toContain("<h1>Sign in</h1>")
      expect(world.acted.length).toBe(2)
    }))

  it.effect("replays a seed identically and differs between seeds", () =>
    Effect.gen(function*() {
      const plan: FaultPlan.FaultPlan = {
        seed: 1,
        rules: [
          { probability: 0.3, effect: { type: "reset-after" } },
          { probability: 0.5, effect: { type: "answer", status: 595 } }
        ]
      }
      const first = yield* replies(plan, 400)
      expect(yield* replies(plan, 400)).toEqual(first)
      const other = yield* replies(plan, 400, { seed: 2 })
      expect(other.seen).not.toEqual(first.seen)
      expect(yield* replies({ ...plan, seed: 2 }, 400)).toEqual(other)
    }))

  it.effect("does not shift one rule's chance by another rule or by requests it does not match", () =>
    Effect.gen(function*() {
      const rule: FaultPlan.Rule = { match: { path: "/a" }, probability: 0.5, effect: { type: "reset-before" } }
      const alone = yield* repliesTo("/a", Array.from({ length: 40 }, () => "/a"), [rule])
      const among = yield* repliesTo("/a", Array.from({ length: 80 }, (_, i) => i % 2 === 0 ? "/a" : "/b"), [
        rule,
        { match: { path: "/b" }, probability: 0.5, effect: { type: "refused" } }
      ])
      expect(new Set(alone).size).toBe(2)
      expect(among).toEqual(alone)
    }))

  it.effect("gives the effects of a world's own points and requests to that world", () =>
    Effect.gen(function*() {
      type Killed = { readonly type: "killed-worker"; readonly signal: string }
      const plan: FaultPlan.FaultPlan<Killed> = {
        rules: [
          { match: { point: "task", path: "^qmclone:" }, nth: 2, effect: { type: "killed-worker", signal: "KILL" } },
          { match: { path: "/start" }, effect: { type: "killed-worker", signal: "TERM" } }
        ]
      }
      const world = makeWorld()
      const injector = yield* FaultInjector.make(plan, {
        points: ["task"],
        custom: (effect, request, next) =>
          Effect.map(next({ ...request, url: `/${effect.signal}` }), () => Endpoint.answer({ status: 500 }))
      })
      expect(yield* injector.at("task", "qmclone:9000")).toEqual([])
      expect(yield* injector.at("task", "qmstart:9000")).toEqual([])
      expect(yield* injector.at("task", "qmclone:9000")).toEqual([{ type: "killed-worker", signal: "KILL" }])
      expect(summary(yield* injector.apply(world.endpoint)(post("/start")))).toBe(500)
      expect(world.acted).toEqual(["POST /TERM"])
    }))

  it.effect("refuses a rule that could never take effect here", () =>
    Effect.gen(function*() {
      expect(yield* refusal({ effect: { type: "flood" } })).toEqual([
        "fault-plan-invalid",
        "rule 1: the effect flood does not happen to requests here"
      ])
      expect(yield* refusal({ name: "typo", match: { point: "tusk" }, effect: { type: "flood" } })).toEqual([
        "fault-plan-invalid",
        "typo: there is no point tusk here, only request, task"
      ])
      expect(yield* refusal({ match: { point: "task" }, effect: { type: "refused" } })).toEqual([
        "fault-plan-invalid",
        "rule 1: the effect refused happens to requests only, not at the point task"
      ])
      expect(yield* refusal({ match: { path: "(" }, effect: { type: "refused" } })).toEqual([
        "fault-plan-invalid",
        "rule 1: \"(\" is not a regular expression"
      ])
    }))
})

describe("FaultPlan.decode", () => {
  it.effect("reads a plan and leaves out what is not said", () =>
    Effect.gen(function*() {
      const plan = {
        seed: 7,
        rules: [
          { effect: { type: "latency", millis: 20, maxMillis: 80 } },
          {
            name: "lost clone",
            match: { method: "POST", path: "/clone$" },
            nth: [1, 3],
            effect: { type: "reset-after" }
          }
        ]
      }
      expect(yield* FaultPlan.decode(FaultPlan.schema, plan)).toEqual(plan)
      expect(yield* FaultPlan.decode(FaultPlan.schema, { rules: [] })).toEqual(FaultPlan.none)
    }))

  it.effect("reads the effects of one kind of simulator beside the common ones", () =>
    Effect.gen(function*() {
      const schema = FaultPlan.schemaWith(Schema.Struct({ type: Schema.Literal("exit-status"), text: Schema.String }))
      const plan = {
        rules: [{ effect: { type: "exit-status", text: "WARNINGS: 1" } }, { effect: { type: "refused" } }]
      }
      expect(yield* FaultPlan.decode(schema, plan)).toEqual(plan)
    }))

  it.effect("names every wrong place, in the words of the file", () =>
    Effect.gen(function*() {
      const fault = yield* Effect.flip(FaultPlan.decode(FaultPlan.schema, {
        rules: [
          { match: { path: "(" }, effect: { type: "refused" } },
          { efect: {}, probability: 2, effect: { type: "refused" } },
          { effect: { type: "resett" } }
        ]
      }, { source: "faults.yaml" }))
      expect(fault).toMatchObject({ kind: "invalid", code: "fault-plan-invalid", subject: "faults.yaml", sent: "no" })
      expect(fault.detail.split("; ")).toEqual([
        expect.stringMatching(/^rules\[0\]\.match\.path: "\(" is not a regular expression/),
        expect.stringMatching(/^rules\[1\]\.efect: is unexpected/),
        expect.stringMatching(/^rules\[1\]\.probability: .*actual 2/),
        expect.stringMatching(/^rules\[2\]\.effect\.type: .*actual "resett"/)
      ])
    }))
})

describe("Chance", () => {
  it("is spread evenly, whatever the seed and wherever it is drawn", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.maxSafeInteger(), FastCheck.nat(1000), (seed, place) => {
        const draws = Array.from({ length: 400 }, (_, index) => Chance.unit(seed, place, index))
        const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length
        expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true)
        // Five standard deviations of the mean of 400 uniform draws.
        expect(Math.abs(mean - 0.5)).toBeLessThan(5 * 0.0145)
      }),
      { numRuns: 300, seed: 1 }
    )
  })
})
