import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Deadline from "../../src/kernel/Deadline.ts"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Journal from "../../src/kernel/Journal.ts"
import * as Mutation from "../../src/kernel/Mutation.ts"
import * as Policy from "../../src/kernel/Policy.ts"
import * as RetryPolicy from "../../src/kernel/RetryPolicy.ts"
import * as VirtualClock from "../../src/simulation/VirtualClock.ts"

const fault = (kind: Fault.Kind, sent: Fault.Sent, more: Partial<Fault.Options> = {}) =>
  Fault.make({ kind, sent, system: "world", operation: "World.create", detail: `${kind} (${sent})`, ...more })

const lostReply = fault("transient", "maybe", { detail: "the connection was reset", requestId: "r-7" })

/** A world that makes a thing and counts how often. */
class World {
  made = 0
  sent = 0
  read = 0

  readonly make = Effect.sync(() => `thing ${++this.made}`)

  readonly find = Effect.sync((): Mutation.Settled<string> => {
    this.read++
    return this.made > 0 ? Mutation.done(`thing ${this.made}`) : Mutation.notDone
  })
}

/** One answer of the world for each time it is sent; the last one for every further time. */
const sending = (
  world: World,
  answers: readonly [...ReadonlyArray<(world: World) => Effect.Effect<string, Fault.Fault>>]
): Effect.Effect<string, Fault.Fault> =>
  Effect.suspend(() => {
    const answer = answers[Math.min(world.sent++, answers.length - 1)]
    return answer === undefined ? Effect.dieMessage("no answer") : answer(world)
  })

const acts = (world: World) => world.make
const actsAndLosesReply = (world: World) => Effect.zipRight(world.make, lostReply)
const losesRequest = () => Effect.fail(lostReply)
const refuses = (kind: Fault.Kind, sent: Fault.Sent = "yes") => () => Effect.fail(fault(kind, sent))

const mutation = (
  world: World,
  answers: readonly [...ReadonlyArray<(world: World) => Effect.Effect<string, Fault.Fault>>],
  more: Partial<Mutation.Options<string, string>> = {}
) =>
  Mutation.run({
    key: "create thing",
    operation: "World.create",
    system: "world",
    subject: "thing",
    intent: { size: 1 },
    result: Schema.String,
    send: sending(world, answers),
    settle: world.find,
    ...more
  })

/** The entries of a journal that outlives a process, and a process on it. */
const makeMachine = () => {
  const entries = new Map<string, Journal.Entry>()
  const process = <A, E>(program: Effect.Effect<A, E, Journal.Journal>) =>
    Effect.provideServiceEffect(program, Journal.Journal, Journal.makeMemory(entries))
  return { entries, process, entry: () => entries.get("create thing")?._tag }
}

/** A mutation on a journal of which a part is broken. */
const withBroken = (
  broken: Partial<Journal.Service>,
  world: World,
  answers: Parameters<typeof mutation>[1]
) =>
  Effect.gen(function*() {
    const entries = new Map<string, Journal.Entry>()
    const memory = yield* Journal.makeMemory(entries)
    const error = yield* Effect.flip(
      Effect.provideService(mutation(world, answers), Journal.Journal, { ...memory, ...broken })
    )
    return [error.message, entries.get("create thing")?._tag, world.sent]
  })

/** Lets every other fiber run until it waits. */
const settle = Effect.repeatN(Effect.yieldNow(), 50)

/** Runs on a clock that never waits, and without a word. */
const inTime = <A, E, R>(program: Effect.Effect<A, E, R>) =>
  VirtualClock.run(program).pipe(Logger.withMinimumLogLevel(LogLevel.None))

describe("Mutation, when production goes wrong", () => {
  it.effect("adopts what the server did although the reply was lost and the process died before it knew", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      const dead = yield* Deferred.make<void>()
      // The process is killed when the reply is on its way: nothing after the send runs, no finalizer either.
      const killed = Effect.zipRight(world.make, Effect.zipRight(Deferred.succeed(dead, undefined), Effect.never))
      yield* Effect.forkDaemon(machine.process(mutation(world, [() => killed])))
      yield* Deferred.await(dead)
      expect(machine.entry()).toBe("Begun")

      const result = yield* machine.process(mutation(world, [acts]))
      expect([result, world.made, world.sent, machine.entry()]).toEqual(["thing 1", 1, 1, "Completed"])
    }))

  it.effect("does not send again while a request that timed out may still take effect", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      // The client gave up after 5 s; the server, behind a queue, acts 20 s later.
      const late = Effect.gen(function*() {
        yield* Effect.forkDaemon(Effect.delay(world.make, "20 seconds"))
        return yield* fault("timed-out", "maybe", { code: "attempt-timeout" })
      })
      const result = yield* inTime(machine.process(mutation(world, [() => late], { actsWithin: "30 seconds" })))
      expect([result, world.made, world.sent]).toEqual(["thing 1", 1, 1])
    }))

  it.effect("does not take the obstacle that its own lost request became for a refusal", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      // The first request is lost on the way back and acts only after the second one is on its way.
      const conflict = Effect.zipRight(world.make, fault("conflict", "yes", { code: "exists" }))
      const result = yield* inTime(machine.process(mutation(world, [losesRequest, () => conflict])))
      expect([result, world.made, world.sent, machine.entry()]).toEqual(["thing 1", 1, 2, "Completed"])
    }))

  it.effect("does not take the obstacle that an earlier run's request became for a refusal", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      machine.entries.set("create thing", { _tag: "Begun", intent: { size: 1 } })
      const locked = Effect.zipRight(world.make, fault("locked", "yes"))
      const result = yield* inTime(machine.process(mutation(world, [() => locked])))
      expect([result, world.made, world.sent, machine.entry()]).toEqual(["thing 1", 1, 1, "Completed"])
    }))

  it.effect("lets the second caller settle what the interrupted first one left, and not send", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      const acted = yield* Deferred.make<void>()
      yield* machine.process(Effect.gen(function*() {
        const slow = Effect.zipRight(world.make, Effect.zipRight(Deferred.succeed(acted, undefined), Effect.never))
        const first = yield* Effect.fork(mutation(world, [() => slow]))
        yield* Deferred.await(acted)
        const second = yield* Effect.fork(mutation(world, [acts]))
        yield* settle
        expect(world.sent).toBe(1)
        expect(Exit.isInterrupted(yield* Fiber.interrupt(first))).toBe(true)
        expect(yield* Fiber.join(second)).toBe("thing 1")
      }))
      expect([world.made, world.sent, machine.entry()]).toEqual([1, 1, "Completed"])
    }))
})

describe("Mutation.run", () => {
  it.effect("writes the intent before it sends, and the result after the reply", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      const seen: Array<string | undefined> = []
      const send = Effect.zipLeft(world.make, Effect.sync(() => seen.push(machine.entry())))
      yield* machine.process(mutation(world, [() => send]))
      expect(seen).toEqual(["Begun"])
      expect(machine.entries.get("create thing")).toEqual({
        _tag: "Completed",
        intent: { size: 1 },
        result: "thing 1"
      })
    }))

  it.effect("returns the recorded result without sending or reading", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      yield* machine.process(mutation(world, [acts]))
      expect(yield* machine.process(mutation(world, [acts]))).toBe("thing 1")
      expect([world.made, world.sent, world.read]).toEqual([1, 1, 0])
    }))

  it.effect("settles a lost reply by reading, and sends again only what was not done", () =>
    Effect.gen(function*() {
      const done = new World()
      expect(yield* inTime(makeMachine().process(mutation(done, [actsAndLosesReply])))).toBe("thing 1")
      expect([done.made, done.sent]).toEqual([1, 1])
      const notDone = new World()
      expect(yield* inTime(makeMachine().process(mutation(notDone, [losesRequest, losesRequest, acts])))).toBe(
        "thing 1"
      )
      expect([notDone.made, notDone.sent]).toEqual([1, 3])
    }))

  it.effect("stops sending when the resends are spent, and says that nothing was done", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      const error = yield* inTime(Effect.flip(machine.process(mutation(world, [losesRequest], { resends: 2 }))))
      expect(error).toMatchObject({ kind: "transient", sent: "no", detail: "the connection was reset" })
      expect(error.remote).toBe("reading shows that it did not take effect")
      expect([world.sent, machine.entry()]).toEqual([3, "Failed"])
      expect(yield* machine.process(mutation(world, [acts]))).toBe("thing 1")
    }))

  it.effect("fails with what the server said where it did nothing, and may be run again with another intent", () =>
    Effect.gen(function*() {
      for (const kind of ["locked", "denied", "conflict", "invalid", "failed", "throttled"] as const) {
        const machine = makeMachine()
        const world = new World()
        const error = yield* Effect.flip(machine.process(mutation(world, [refuses(kind)])))
        expect([error.kind, error.sent, world.sent, world.read, machine.entry()]).toEqual([kind, "yes", 1, 0, "Failed"])
        expect(yield* machine.process(mutation(world, [acts], { intent: { size: 2 } }))).toBe("thing 1")
      }
    }))

  it.effect("takes a success that cannot be read for a doubt, not for a refusal", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      const unreadable = Effect.zipRight(world.make, fault("invalid", "yes", { status: 200, code: "decode" }))
      expect(yield* inTime(machine.process(mutation(world, [() => unreadable])))).toBe("thing 1")
      expect([world.made, world.sent]).toEqual([1, 1])
    }))

  it.effect("lets the policy repeat only what was surely not done", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      const policy = yield* Policy.make({ name: "world", retry: RetryPolicy.make({ maxAttempts: 5 }) })
      const answers = [refuses("locked"), refuses("transient", "no"), actsAndLosesReply]
      expect(yield* inTime(machine.process(mutation(world, answers, { policy })))).toBe("thing 1")
      expect([world.made, world.sent]).toEqual([1, 3])
    }))

  it.effect("asks again while it is pending and while reading fails", () =>
    Effect.gen(function*() {
      const world = new World()
      const answers: Array<Effect.Effect<Mutation.Settled<string>, Fault.Fault>> = [
        Effect.succeed(Mutation.pending),
        fault("transient", "maybe"),
        Effect.succeed(Mutation.pendingBecause("the task runs")),
        fault("throttled", "yes", { retryAfterMillis: 3000 }),
        world.find
      ]
      const find = Effect.suspend(() => answers.shift() ?? world.find)
      expect(yield* inTime(makeMachine().process(mutation(world, [actsAndLosesReply], { settle: find })))).toBe(
        "thing 1"
      )
      expect([world.made, world.sent, answers.length]).toEqual([1, 1, 0])
    }))

  it.effect("reports an outcome that reading does not settle, and settles it in the next run", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      const pending = Effect.succeed(Mutation.pendingBecause("the node is down"))
      const error = yield* inTime(
        Effect.flip(machine.process(mutation(world, [actsAndLosesReply], { settle: pending })))
      )
      expect(error).toMatchObject({ kind: "unknown", code: "outcome-unknown", sent: "maybe", requestId: "r-7" })
      expect(error.message).toContain("\"create thing\"")
      expect(error.message).toContain("the connection was reset")
      expect(error.message).toContain("the node is down")
      expect([world.sent, machine.entry()]).toEqual([1, "Begun"])

      expect(yield* machine.process(mutation(world, [acts]))).toBe("thing 1")
      expect([world.made, world.sent, machine.entry()]).toEqual([1, 1, "Completed"])
    }))

  it.effect("reports at once an outcome that may not be read", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      const denied = fault("denied", "yes", { detail: "no permission to look" })
      const error = yield* Effect.flip(machine.process(mutation(world, [actsAndLosesReply], { settle: denied })))
      expect([error.code, machine.entry()]).toEqual(["outcome-unknown", "Begun"])
      expect(error.message).toContain("no permission to look")
    }))

  it.effect("sends an open entry only after reading showed that it was not done", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      machine.entries.set("create thing", { _tag: "Begun", intent: { size: 1 } })
      const events: Array<string> = []
      const find = Effect.zipRight(Effect.sync(() => events.push("read")), world.find)
      const send = Effect.zipRight(Effect.sync(() => events.push("send")), world.make)
      expect(yield* machine.process(mutation(world, [], { settle: find, send }))).toBe("thing 1")
      expect(events).toEqual(["read", "send"])
    }))

  it.effect("refuses another intent under the key of an open or completed entry, and names what differs", () =>
    Effect.gen(function*() {
      for (const open of [true, false]) {
        const machine = makeMachine()
        const world = new World()
        const intent = { size: 1, name: "a", password: "left out of the message" }
        yield* Effect.ignore(
          machine.process(mutation(world, [acts], { intent, ...(open ? { send: Effect.interrupt } : {}) })).pipe(
            Effect.exit
          )
        )
        const other = { name: "a", size: 2, password: "other" }
        const error = yield* Effect.flip(machine.process(mutation(world, [acts], { intent: other })))
        expect(error).toMatchObject({ kind: "conflict", code: "intent-mismatch", sent: "no" })
        expect(error.detail).toBe("\"create thing\" was begun with another intent, different in password, size")
        expect(world.made).toBe(open ? 0 : 1)
        // The order of keys is no difference.
        const same = { password: "left out of the message", name: "a", size: 1 }
        expect(yield* machine.process(mutation(world, [acts], { intent: same }))).toBe("thing 1")
      }
    }))

  it.effect("reads the world where the recorded result no longer fits the schema", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      machine.entries.set("create thing", { _tag: "Completed", intent: { size: 1 }, result: { old: true } })
      const gone = yield* Effect.flip(machine.process(mutation(world, [acts])))
      expect(gone).toMatchObject({ kind: "conflict", code: "journal-disagrees" })
      world.made = 1
      expect(yield* machine.process(mutation(world, [acts]))).toBe("thing 1")
      expect(world.sent).toBe(0)
      expect(machine.entries.get("create thing")).toMatchObject({ _tag: "Completed", result: "thing 1" })
    }))

  it.effect("gives concurrent callers of one key one run and one outcome, good or bad", () =>
    Effect.gen(function*() {
      for (const answer of [acts, refuses("denied")]) {
        const world = new World()
        const release = yield* Deferred.make<void>()
        const slow = (world: World) => Effect.zipRight(Deferred.await(release), answer(world))
        const exits = yield* makeMachine().process(Effect.gen(function*() {
          const callers = yield* Effect.forEach([1, 2, 3], () => Effect.fork(mutation(world, [slow])))
          yield* settle
          yield* Deferred.succeed(release, undefined)
          return yield* Effect.forEach(callers, Fiber.await)
        }))
        expect(world.sent).toBe(1)
        expect(new Set(exits.map((exit) => Exit.isSuccess(exit) ? exit.value : Cause.pretty(exit.cause))).size).toBe(1)
      }
    }))

  it.effect("frees the key when its holder is interrupted, and leaves the intent", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      yield* machine.process(Effect.gen(function*() {
        const fiber = yield* Effect.fork(mutation(world, [() => Effect.never]))
        yield* settle
        yield* Fiber.interrupt(fiber)
        expect(machine.entry()).toBe("Begun")
        const journal = yield* Journal.Journal
        expect(yield* Effect.scoped(journal.claim("create thing"))).toEqual({ contended: false })
      }))
    }))

  it.effect("records a reply that has come although its caller is interrupted at that moment", () =>
    Effect.gen(function*() {
      const entries = new Map<string, Journal.Entry>()
      const world = new World()
      const recording = yield* Deferred.make<void>()
      const disk = yield* Deferred.make<void>()
      const memory = yield* Journal.makeMemory(entries)
      const slow = Journal.Journal.of({
        ...memory,
        complete: (key, result) =>
          Deferred.succeed(recording, undefined).pipe(
            Effect.zipRight(Deferred.await(disk)),
            Effect.zipRight(memory.complete(key, result))
          )
      })
      const fiber = yield* Effect.fork(Effect.provideService(mutation(world, [acts]), Journal.Journal, slow))
      yield* Deferred.await(recording)
      const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* settle
      yield* Deferred.succeed(disk, undefined)
      yield* Fiber.join(interrupting)
      expect(entries.get("create thing")).toMatchObject({ _tag: "Completed", result: "thing 1" })
    }))

  it.effect("keeps the failures of the journal faults, and the entry open", () =>
    Effect.gen(function*() {
      const full = fault("failed", "no", { detail: "the disk is full", code: "store-unavailable" })
      expect(yield* withBroken({ begin: () => full }, new World(), [acts])).toEqual(["the disk is full", undefined, 0])
      expect(yield* withBroken({ complete: () => full }, new World(), [acts])).toEqual([
        "the disk is full. \"create thing\" took effect, but this could not be recorded. " +
        "Run the same again: it finds what was done",
        "Begun",
        1
      ])
      expect(yield* withBroken({ fail: () => full }, new World(), [refuses("denied")])).toEqual([
        "denied (yes). the journal could not record this: the disk is full",
        "Begun",
        1
      ])
    }))

  it.effect("leaves the entry open when the code that sends has a defect", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      const bug = Effect.zipRight(world.make, Effect.die(new TypeError("bug")))
      const exit = yield* Effect.exit(machine.process(mutation(world, [() => bug])))
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
      expect(yield* machine.process(mutation(world, [acts]))).toBe("thing 1")
      expect(world.made).toBe(1)
    }))

  it.effect("says that it is not known when the deadline comes first", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      const pending = Effect.succeed(Mutation.pending)
      const error = yield* inTime(Effect.flip(
        Deadline.within("10 seconds")(machine.process(mutation(world, [actsAndLosesReply], { settle: pending })))
      ))
      expect([error.kind, error.code, machine.entry()]).toEqual(["unknown", "outcome-unknown", "Begun"])
    }))

  it.effect("tells the span what became of it, from the doubt to the second send", () =>
    Effect.gen(function*() {
      const span = yield* Effect.makeSpan("World.create")
      const world = new World()
      const machine = makeMachine()
      yield* inTime(machine.process(mutation(world, [losesRequest, acts])).pipe(Effect.withParentSpan(span)))
      yield* machine.process(mutation(world, [])).pipe(Effect.withParentSpan(span))
      const events = "events" in span && Array.isArray(span.events) ? span.events : []
      const names = events.map((event: ReadonlyArray<unknown>) => event[0])
      expect(names.filter((name) => String(name).startsWith("mutation."))).toEqual([
        "mutation.settling",
        "mutation.settled",
        "mutation.resend",
        "mutation.replayed"
      ])
    }))

  it.effect("refuses an intent that is no JSON before it does anything", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const world = new World()
      const error = yield* Effect.flip(machine.process(mutation(world, [acts], { intent: { size: 1n } })))
      expect(error).toMatchObject({ kind: "invalid", code: "intent-not-json", sent: "no" })
      expect([world.sent, machine.entry()]).toEqual([0, undefined])
    }))

  it.effect("finds what was drawn for an open mutation", () =>
    Effect.gen(function*() {
      const machine = makeMachine()
      const schema = Schema.Struct({ nonce: Schema.String })
      const recorded = machine.process(Mutation.recordedIntent("create thing", schema))
      expect(yield* recorded).toEqual(Option.none())
      machine.entries.set("create thing", { _tag: "Begun", intent: { nonce: "abc" } })
      expect(yield* recorded).toEqual(Option.some({ nonce: "abc" }))
      machine.entries.set("create thing", { _tag: "Begun", intent: { other: 1 } })
      expect(yield* recorded).toEqual(Option.none())
      machine.entries.set("create thing", { _tag: "Failed", intent: { nonce: "abc" }, fault: fault("denied", "yes") })
      expect(yield* recorded).toEqual(Option.none())
    }))
})
