import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Fault from "../../../src/kernel/Fault.ts"
import * as Limiter from "../../../src/systems/elevenlabs/client/Limiter.ts"
import * as Wire from "../../../src/systems/elevenlabs/client/Wire.ts"
import * as Connection from "../../../src/systems/elevenlabs/Connection.ts"
import type * as Exchange from "../../../src/transport/Exchange.ts"
import type * as Http from "../../../src/transport/Http.ts"
import * as Api from "./Api.ts"

/** What was sent, in that order; each has its reply, and is taken apart, when it is told to. */
class Server implements Exchange.Exchange {
  readonly sent: Array<string> = []
  private readonly open = new Map<
    string,
    { readonly request: Exchange.Request; readonly end: Deferred.Deferred<Http.Reply, Fault.Fault> }
  >()

  readonly text: Exchange.Exchange["text"] = (request) =>
    Effect.flatMap(Deferred.make<Http.Reply, Fault.Fault>(), (end) => {
      const name = request.path.slice(1)
      this.sent.push(name)
      this.open.set(name, { request, end })
      return Deferred.await(end)
    })

  readonly bytes: Exchange.Exchange["bytes"] = () => Effect.dieMessage("nobody asks for bytes")

  private at(name: string) {
    const found = this.open.get(name)
    if (found === undefined) throw new Error(`${name} was not sent`)
    return found
  }

  /** The whole reply has come. */
  replied(name: string, status = 200) {
    return Effect.zipRight(Effect.sync(() => this.at(name).request.onReply?.(status)), settled)
  }

  /** Whoever waits for the reply has it. */
  taken(name: string, exit: Exit.Exit<number, Fault.Fault> = Exit.succeed(200)) {
    const { end, request } = this.at(name)
    const reply = Exit.map(exit, (status) => ({
      method: request.method,
      status,
      statusText: "",
      headers: {},
      text: JSON.stringify(name)
    }))
    return Effect.zipRight(Deferred.done(end, reply), settled)
  }
}

/** Until every fiber has done what it can. */
const settled = Effect.yieldNow().pipe(Effect.repeatN(20))

const lost = Fault.make({ kind: "transient", system: "elevenlabs", operation: "test", detail: "lost", sent: "maybe" })

/** So many at a time. */
const make = (concurrency: number) =>
  Effect.gen(function*() {
    const connection = Either.getOrThrow(Connection.make({ ...Api.options, concurrency }))
    const limiter = yield* Limiter.make(connection)
    const server = new Server()
    const wire = Wire.make(connection, limiter, server)
    const form = { fields: {}, file: { filename: "a.txt", mediaType: "text/plain", content: new Uint8Array(3) } }
    const call = (name: string, as: "read" | "file") =>
      wire.call(
        { name, route: `/${name}`, ...(as === "read" ? { method: "GET" } : { method: "POST", form }) },
        Schema.String
      )
    const ask = (name: string, as: "read" | "file" = "read") => Effect.zipLeft(Effect.fork(call(name, as)), settled)
    return { ask, limiter, server }
  })

const kinds = ["read", "file"] as const

describe("Wire", () => {
  it.effect("keeps a place from files while anything else is asked for, and gives it to them when nothing is", () =>
    Effect.gen(function*() {
      const { ask, server } = yield* make(7)
      const files = Array.from({ length: 48 }, (_, number) => `file ${number}`)
      yield* Effect.forEach(files, (name) => ask(name, "file"))
      assert.strictEqual(server.sent.length, 6)
      yield* ask("agent")
      assert.strictEqual(server.sent.at(-1), "agent")
      yield* server.taken("agent")
      /** How many are sent when the oldest file has its reply. */
      const sentAfter = (file: string) =>
        Effect.suspend(() => {
          const before = server.sent.length
          return Effect.map(server.replied(file), () => server.sent.length - before)
        })
      const sent = yield* Effect.forEach(files.slice(0, 30), sentAfter)
      assert.deepStrictEqual(sent.filter((more) => more !== 1), [2])
      yield* ask("another")
      assert.notInclude(server.sent, "another")
      assert.strictEqual(yield* sentAfter("file 30"), 1)
      assert.strictEqual(server.sent.at(-1), "another")
      // From now on a place is kept again.
      assert.strictEqual(yield* sentAfter("another"), 0)
      yield* ask("one more")
      assert.strictEqual(server.sent.at(-1), "one more")
    }))

  for (const kind of kinds) {
    it.effect(`sends the next ${kind} when the reply has come, before that is taken apart`, () =>
      Effect.gen(function*() {
        const { ask, limiter, server } = yield* make(1)
        const fibers = yield* Effect.forEach(["one", "two", "three"], (name) => ask(name, kind))
        assert.deepStrictEqual(server.sent, ["one"])
        yield* server.replied("one")
        assert.deepStrictEqual(server.sent, ["one", "two"])
        // That it is taken apart frees no second place.
        yield* server.taken("one")
        assert.deepStrictEqual(server.sent, ["one", "two"])
        yield* server.replied("two")
        yield* server.taken("two")
        yield* server.taken("three")
        assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), ["one", "two", "three"])
        assert.strictEqual(limiter.own(), 0)
      }))

    it.effect(`keeps the place of a refused ${kind} until it is known how many may be sent`, () =>
      Effect.gen(function*() {
        const { ask, limiter, server } = yield* make(1)
        const [refused] = yield* Effect.forEach(["one", "two"], (name) => ask(name, kind))
        yield* server.replied("one", 429)
        assert.deepStrictEqual(server.sent, ["one"])
        yield* server.taken("one", Exit.succeed(429))
        assert.deepStrictEqual(server.sent, ["one", "two"])
        assert.isTrue(refused !== undefined && Exit.isFailure(yield* Fiber.await(refused)))
        assert.strictEqual(limiter.own(), 1)
      }))

    it.effect(`has the place of a ${kind} back once, whenever it fails or is interrupted`, () =>
      Effect.gen(function*() {
        const { ask, limiter, server } = yield* make(1)
        /** Nobody holds a place, and there is one. */
        const check = (name: string) =>
          Effect.gen(function*() {
            assert.strictEqual(limiter.own(), 0)
            const both = yield* Effect.forEach([`${name} 1`, `${name} 2`], (each) => ask(each, kind))
            assert.strictEqual(server.sent.at(-1), `${name} 1`)
            yield* Effect.forEach(both, Fiber.interrupt)
          })
        yield* ask("lost", kind)
        yield* server.taken("lost", Exit.fail(lost))
        yield* check("after it was lost")

        yield* Effect.flatMap(ask("sent", kind), Fiber.interrupt)
        yield* check("after it was interrupted when sent")

        const replied = yield* ask("replied", kind)
        yield* server.replied("replied")
        yield* Fiber.interrupt(replied)
        yield* check("after it was interrupted with its reply")

        const holder = yield* ask("holder", kind)
        const waiting = yield* ask("waiting", kind)
        yield* Fiber.interrupt(waiting)
        assert.strictEqual(limiter.own(), 1)
        // Its turn comes in the moment in which it is interrupted.
        const last = yield* ask("last", kind)
        yield* Fiber.interruptFork(last)
        yield* server.taken("holder")
        yield* Fiber.join(holder)
        yield* Fiber.await(last)
        assert.notInclude(server.sent, "waiting")
        yield* check("after it was interrupted in line")
      }))
  }
})
