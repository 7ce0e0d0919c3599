/**
 * 100,000 items of 1 ms, 64 at a time: `Parallel` with a per-item outcome, retry and timeout against p-map, which has
 * none of these. The loops over one generator are the floor.
 */
import * as Effect from "effect/Effect"
import pMap from "p-map"
import * as Parallel from "../../../src/kernel/Parallel.ts"
import * as Policy from "../../../src/kernel/Policy.ts"
import * as RetryPolicy from "../../../src/kernel/RetryPolicy.ts"
import { type Bench, once } from "../Bench.ts"

const count = 100_000
const concurrency = 64

const nap = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

/** Lazy, as a listing is. */
function* items(): Generator<number> {
  for (let item = 0; item < count; item++) yield item
}

const check = (done: number): void => {
  if (done !== count) throw new Error(`${done} of ${count} done`)
}

const loops = async (): Promise<void> => {
  const source = items()
  let done = 0
  const worker = async (): Promise<void> => {
    for (let next = source.next(); next.done !== true; next = source.next()) {
      await nap()
      done += 1
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  check(done)
}

const bare = Effect.suspend(() =>
  Parallel.forEach(items(), (item) => Effect.promise(() => nap().then(() => item)), { concurrency })
)

const guarded = Effect.gen(function*() {
  const policy = yield* Policy.make({ name: "bench", retry: RetryPolicy.default, attemptTimeout: "10 seconds" })
  return yield* Parallel.forEach(items(), (item) => policy.call(() => nap().then(() => item)), { concurrency })
})

export const bench: Bench = {
  title: "Parallel: 100,000 items of 1 ms, 64 at a time",
  cases: {
    "p-map": () =>
      once(
        count,
        () => pMap(items(), async (item) => (await nap(), item), { concurrency }).then((all) => check(all.length))
      ),
    "loops": () => once(count, loops),
    "Parallel": () => once(count, () => Effect.runPromise(bare).then((report) => check(report.succeeded))),
    "Parallel, Policy": () => once(count, () => Effect.runPromise(guarded).then((report) => check(report.succeeded)))
  },
  compare: (medians, name) => ({
    ratio: (medians.get(name)?.["millis"] ?? 0) / (medians.get("p-map")?.["millis"] ?? 1)
  }),
  columns: {
    millis: { unit: "ms", digits: 0 },
    ratio: { unit: "x p-map", digits: 2 },
    cpuMicrosPerItem: { unit: "us CPU/item", digits: 1 },
    peakMegabytes: { unit: "MB", digits: 0 }
  },
  goals: [
    { case: "Parallel, Policy", figure: "ratio", atMost: 1.15 },
    { case: "Parallel, Policy", figure: "peakMegabytes", atMost: 110 }
  ]
}
