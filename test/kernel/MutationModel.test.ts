/**
 * One mutation in a world that may do anything to it: refuse it, lose the request or the reply, act late, fail to be
 * read; while the process is killed at any step and the same mutation is run again, by one or several callers.
 *
 * The world is asked afterwards: it was done exactly once, or the outcome was reported unknown. Never twice.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Schema from "effect/Schema"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Journal from "../../src/kernel/Journal.ts"
import * as Mutation from "../../src/kernel/Mutation.ts"
import * as Policy from "../../src/kernel/Policy.ts"
import * as RetryPolicy from "../../src/kernel/RetryPolicy.ts"
import * as VirtualClock from "../../src/simulation/VirtualClock.ts"

/** A request that has not taken effect after so long never will. */
const actsWithin = 30_000

type SendPlan =
  | "acts"
  | "acts and loses the reply"
  | "acts and cannot be read"
  | "loses the request"
  | "is refused"
  | "is throttled"
  | "acts late and loses the reply"

type ReadPlan = "tells" | "fails" | "is pending" | "may not"

interface Scenario {
  readonly sends: ReadonlyArray<SendPlan>
  readonly reads: ReadonlyArray<ReadPlan>
  /** For each process that dies: at which step, and whether before or after the step was done. */
  readonly deaths: ReadonlyArray<{ readonly step: number; readonly after: boolean }>
  readonly callers: number
  /** Whether the world refuses to make the same thing twice. */
  readonly guarded: boolean
  readonly late: number
}

const scenarios: FastCheck.Arbitrary<Scenario> = FastCheck.record({
  sends: FastCheck.array(
    FastCheck.constantFrom<Array<SendPlan>>(
      "acts",
      "acts and loses the reply",
      "acts and cannot be read",
      "loses the request",
      "is refused",
      "is throttled",
      "acts late and loses the reply"
    ),
    { maxLength: 6 }
  ),
  reads: FastCheck.array(
    FastCheck.constantFrom<Array<ReadPlan>>("tells", "tells", "fails", "is pending", "may not"),
    { maxLength: 8 }
  ),
  deaths: FastCheck.array(FastCheck.record({ step: FastCheck.nat(12), after: FastCheck.boolean() }), { maxLength: 4 }),
  callers: FastCheck.integer({ min: 1, max: 3 }),
  guarded: FastCheck.boolean(),
  late: FastCheck.integer({ min: 1, max: actsWithin - 1 })
})

const fault = (kind: Fault.Kind, sent: Fault.Sent, more: Partial<Fault.Options> = {}) =>
  Fault.make({ kind, sent, system: "world", operation: "World.make", detail: `${kind} (${sent})`, ...more })

/** The remote system. It knows how often it acted, whoever asked. */
class World {
  made = 0
  private readonly scenario: Scenario
  private sent = 0
  private read = 0

  constructor(scenario: Scenario) {
    this.scenario = scenario
  }

  private get act() {
    return Effect.sync(() => `thing ${++this.made}`)
  }

  readonly send: Effect.Effect<string, Fault.Fault> = Effect.suspend(() => {
    const plan = this.scenario.sends[this.sent++] ?? "acts"
    // Only a request that is already behind the check does not notice.
    if (this.scenario.guarded && this.made > 0 && plan !== "loses the request") {
      return fault("conflict", "yes", { code: "exists" })
    }
    switch (plan) {
      case "acts":
        return this.act
      case "acts and loses the reply":
        return Effect.zipRight(this.act, fault("transient", "maybe"))
      case "acts and cannot be read":
        return Effect.zipRight(this.act, fault("invalid", "yes", { status: 200 }))
      case "loses the request":
        return fault("transient", "maybe")
      case "is refused":
        return fault("denied", "yes")
      case "is throttled":
        return fault("throttled", "yes", { retryAfterMillis: 700 })
      case "acts late and loses the reply":
        return Effect.zipRight(
          Effect.forkDaemon(Effect.delay(this.act, this.scenario.late)),
          fault("timed-out", "maybe")
        )
    }
  })

  readonly settle: Effect.Effect<Mutation.Settled<string>, Fault.Fault> = Effect.suspend(() => {
    switch (this.scenario.reads[this.read++] ?? "tells") {
      case "tells":
        return Effect.succeed(this.made > 0 ? Mutation.done(`thing ${this.made}`) : Mutation.notDone)
      case "fails":
        return fault("transient", "maybe")
      case "is pending":
        return Effect.succeed(Mutation.pending)
      case "may not":
        return fault("denied", "yes")
    }
  })
}

/** A process whose steps are counted, and which stops dead at one of them: no finalizer runs, nothing is caught. */
class Process {
  private step = 0
  private readonly death: Scenario["deaths"][number] | undefined
  private readonly died: Deferred.Deferred<void>

  constructor(death: Scenario["deaths"][number] | undefined, died: Deferred.Deferred<void>) {
    this.death = death
    this.died = died
  }

  readonly does = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const current = this.step++
      const stop = Effect.zipRight(Deferred.succeed(this.died, undefined), Effect.never)
      if (this.death === undefined || current < this.death.step) return effect
      if (current > this.death.step || !this.death.after) return stop
      return Effect.zipRight(Effect.exit(effect), stop)
    })
}

/** What the callers of one process saw, or nothing if it died. */
const runProcess = (
  scenario: Scenario,
  world: World,
  entries: Map<string, Journal.Entry>,
  death: Scenario["deaths"][number] | undefined
) =>
  Effect.gen(function*() {
    const died = yield* Deferred.make<void>()
    const process = new Process(death, died)
    const memory = yield* Journal.makeMemory(entries)
    const journal = Journal.Journal.of({
      claim: memory.claim,
      read: (key) => process.does(memory.read(key)),
      latest: (series) => process.does(memory.latest(series)),
      begin: (key, intent, place) => process.does(memory.begin(key, intent, place)),
      complete: (key, result) => process.does(memory.complete(key, result)),
      fail: (key, reason) => process.does(memory.fail(key, reason))
    })
    const policy = yield* Policy.make({
      name: "model",
      retry: RetryPolicy.make({ maxAttempts: 3, base: 100, cap: 1000 })
    })
    const caller = Effect.either(
      Mutation.run({
        key: "make thing",
        operation: "World.make",
        intent: { kind: "thing" },
        result: Schema.String,
        send: process.does(world.send),
        settle: process.does(world.settle),
        policy,
        actsWithin
      })
    ).pipe(Effect.map((result) => ({ result, made: world.made })))
    const callers = yield* Effect.forkDaemon(
      Effect.forEach(Array.from({ length: scenario.callers }), () => caller, { concurrency: 3 }).pipe(
        Effect.provideService(Journal.Journal, journal)
      )
    )
    return yield* Effect.raceFirst(callers, Effect.as(Deferred.await(died), []))
  })

/** Every process of the scenario, and then one in a world where all is well again. */
const runScenario = (scenario: Scenario) =>
  VirtualClock.run(Effect.gen(function*() {
    const world = new World(scenario)
    const entries = new Map<string, Journal.Entry>()
    const seen: Array<{ readonly result: Either.Either<string, Fault.Fault>; readonly made: number }> = []
    for (const death of [...scenario.deaths, undefined]) {
      seen.push(...(yield* runProcess(scenario, world, entries, death)))
    }
    yield* Effect.sleep(actsWithin)
    const calm = new World({ ...scenario, sends: [], reads: [] })
    calm.made = world.made
    const last = yield* runProcess(scenario, calm, entries, undefined)
    return { made: calm.made, seen, last, entry: entries.get("make thing") }
  })).pipe(Logger.withMinimumLogLevel(LogLevel.None))

describe("Mutation, against a world that may do anything", () => {
  it.live(
    "happens once or is reported unknown, and the next run settles it",
    () =>
      Effect.promise(() =>
        FastCheck.assert(
          FastCheck.asyncProperty(scenarios, async (scenario) => {
            const { entry, last, made, seen } = await Effect.runPromise(runScenario(scenario))
            expect(made).toBe(1)
            for (const { made, result } of seen) {
              if (Either.isRight(result)) expect([made, result.right]).toEqual([1, "thing 1"])
              else if (result.left.kind !== "unknown") expect([result.left.kind, made]).toEqual([result.left.kind, 0])
              else expect(result.left.message).toContain("\"make thing\"")
            }
            expect(last.map(({ result }) => result)).toEqual(last.map(() => Either.right("thing 1")))
            expect(last.length).toBe(scenario.callers)
            expect(entry).toMatchObject({ _tag: "Completed", result: "thing 1" })
          }),
          { numRuns: 500 }
        )
      ),
    60_000
  )
})
