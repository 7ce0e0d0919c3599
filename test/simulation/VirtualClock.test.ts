import { describe, expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Fs from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as VirtualClock from "../../src/simulation/VirtualClock.ts"

const napInto = (order: Array<string>) => (name: string, millis: number) =>
  Effect.sleep(millis).pipe(Effect.zipRight(Effect.sync(() => order.push(name))))

describe("VirtualClock", () => {
  it.live("wakes sleepers in the order of their time, and of their falling asleep", () =>
    Effect.gen(function*() {
      const order: Array<string> = []
      const elapsed = yield* VirtualClock.run(Effect.gen(function*() {
        const start = yield* Clock.currentTimeMillis
        const nap = napInto(order)
        yield* Effect.all([nap("hour", 3_600_000), nap("a", 10), nap("b", 10), nap("first", 5)], { concurrency: 4 })
        return (yield* Clock.currentTimeMillis) - start
      }))
      expect(order).toEqual(["first", "a", "b", "hour"])
      expect(elapsed).toBe(3_600_000)
    }))

  it.live("forgets an interrupted sleeper and waits for work between sleeps", () =>
    VirtualClock.run(Effect.gen(function*() {
      const start = yield* Clock.currentTimeMillis
      const sleeper = yield* Effect.fork(Effect.sleep("1 hour"))
      const worker = yield* Effect.fork(Effect.sleep("1 second"))
      for (let i = 0; i < 5_000; i++) yield* Effect.yieldNow()
      yield* Effect.promise(() => Promise.resolve())
      expect((yield* Clock.currentTimeMillis) - start).toBe(0)
      yield* Fiber.join(worker)
      yield* Fiber.interrupt(sleeper)
      yield* Effect.sleep("1 second")
      expect((yield* Clock.currentTimeMillis) - start).toBe(2_000)
    })))

  it.live("stands still, and lets no fiber run, while files are written and read", () =>
    Effect.gen(function*() {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => Fs.mkdtemp(join(tmpdir(), "holdfast-virtual-clock-"))),
        (folder) => Effect.promise(() => Fs.rm(folder, { recursive: true }))
      )
      const path = join(folder, "file")
      const size = 4_000_000
      const [passed, steps] = yield* VirtualClock.run(Effect.gen(function*() {
        const start = yield* Clock.currentTimeMillis
        let steps = 0
        yield* Effect.forkDaemon(Effect.sleep("1 hour"))
        const busy = yield* Effect.fork(Effect.forever(Effect.zipRight(Effect.sync(() => steps++), Effect.yieldNow())))
        for (let round = 0; round < 5; round++) {
          yield* Effect.promise(() => Fs.writeFile(path, Buffer.alloc(size, round), { flush: true }))
          const bytes = yield* Effect.promise(() => Fs.readFile(path))
          expect(bytes.length).toBe(size)
        }
        yield* Fiber.interrupt(busy)
        return [(yield* Clock.currentTimeMillis) - start, steps]
      }))
      expect(passed).toBe(0)
      // A step between two requests, and none while one is on its way.
      expect(steps).toBeLessThan(50)
    }).pipe(Effect.scoped))

  it.live("lets a timeout win over a sleep that is longer", () =>
    VirtualClock.run(Effect.gen(function*() {
      const result = yield* Effect.sleep("2 hours").pipe(Effect.timeoutOption("1 hour"))
      expect(result._tag).toBe("None")
    })))
})
