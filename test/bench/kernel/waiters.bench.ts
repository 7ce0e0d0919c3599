/**
 * Many tasks at once before ten permits, in a process that has done nothing yet: the cost of a task must not depend
 * on how many wait.
 */
import Bottleneck from "bottleneck"
import { bulkhead as cockatielBulkhead } from "cockatiel"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import pLimit from "p-limit"
import pMap from "p-map"
import PQueue from "p-queue"
import * as Bulkhead from "../../../src/kernel/Bulkhead.ts"
import { type Bench, type Figures, once } from "../Bench.ts"

const permits = 10

const work = async (): Promise<number> => 1

const items = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, index) => index)

const holdfast = (count: number) => () =>
  Effect.runPromise(Effect.gen(function*() {
    const bulkhead = yield* Bulkhead.make({ permits, queue: count })
    const task = bulkhead.withPermits(1)(Effect.promise(work))
    const fibers: Array<Fiber.RuntimeFiber<number, unknown>> = []
    for (let index = 0; index < count; index++) fibers.push(yield* Effect.fork(task))
    for (const fiber of fibers) yield* Fiber.join(fiber)
    if (bulkhead.machine.rejections > 0 || bulkhead.machine.inUse > 0) return yield* Effect.dieMessage("not all ran")
  }))

const semaphore = (count: number) => () =>
  Effect.runPromise(Effect.gen(function*() {
    const semaphore = yield* Effect.makeSemaphore(permits)
    const task = semaphore.withPermits(1)(Effect.promise(work))
    const fibers: Array<Fiber.RuntimeFiber<number, unknown>> = []
    for (let index = 0; index < count; index++) fibers.push(yield* Effect.fork(task))
    for (const fiber of fibers) yield* Fiber.join(fiber)
  }))

const limited = (count: number) => () => {
  const limit = pLimit(permits)
  return Promise.all(items(count).map(() => limit(work)))
}

const queued = (count: number) => () => {
  const queue = new PQueue({ concurrency: permits })
  return Promise.all(items(count).map(() => queue.add(work)))
}

const mapped = (count: number) => () => pMap(items(count), work, { concurrency: permits })

const cockatiel = (count: number) => () => {
  const bulkhead = cockatielBulkhead(permits, count)
  return Promise.all(items(count).map(() => bulkhead.execute(work)))
}

const bottleneck = (count: number) => () => {
  const limiter = new Bottleneck({ maxConcurrent: permits })
  return Promise.all(items(count).map(() => limiter.schedule(work)))
}

const small = 10_000
const large = 100_000

/** Peers that need seconds for a few thousand tasks are asked for fewer; the name says so. */
export const bench: Bench = {
  title: `Tasks at once before ${permits} permits`,
  cases: {
    "holdfast 10,000": () => once(small, holdfast(small)),
    "holdfast 100,000": () => once(large, holdfast(large)),
    "p-map 10,000": () => once(small, mapped(small)),
    "p-map 100,000": () => once(large, mapped(large)),
    "p-limit 10,000": () => once(small, limited(small)),
    "p-limit 100,000": () => once(large, limited(large)),
    "p-queue 10,000": () => once(small, queued(small)),
    "p-queue 100,000": () => once(large, queued(large)),
    "cockatiel 10,000": () => once(small, cockatiel(small)),
    "cockatiel 100,000": () => once(large, cockatiel(large)),
    "bottleneck 500": () => once(500, bottleneck(500)),
    "Effect's semaphore 500": () => once(500, semaphore(500))
  },
  compare: (medians, name): Figures => {
    const smaller = medians.get(name.replace("100,000", "10,000"))?.["microsPerItem"]
    const larger = medians.get(name)?.["microsPerItem"]
    return !name.endsWith("100,000") || smaller === undefined || larger === undefined
      ? {}
      : { growth: larger / smaller }
  },
  columns: {
    millis: { unit: "ms", digits: 0 },
    microsPerItem: { unit: "us a task", digits: 2 },
    cpuMicrosPerItem: { unit: "us CPU a task", digits: 1 },
    growth: { unit: "x the smaller", digits: 2 },
    peakMegabytes: { unit: "MB", digits: 0 }
  },
  goals: [
    { case: "holdfast 10,000", figure: "millis", atMost: 700 },
    { case: "holdfast 100,000", figure: "growth", atMost: 1.3 }
  ]
}
