/**
 * What a benchmark is. Every case runs in a process of its own, bundled beforehand so that neither the loader nor its
 * rewriting of functions counts, and returns its figures; the runner repeats it, takes medians and compares.
 *
 * A file `*.bench.ts` exports one as `bench`, and the runner finds it.
 */

/** Named numbers; a smaller one is better. */
export type Figures = Readonly<Record<string, number>>

interface Goal {
  readonly case: string
  readonly figure: string
  readonly atMost: number
}

export interface Bench {
  readonly title: string
  /** In the order of the table. */
  readonly cases: Readonly<Record<string, () => Promise<Figures>>>
  /** How node is started for a case. Defaults to plainly. */
  readonly nodeOptions?: ReadonlyArray<string>
  /** Figures that compare cases, added to the medians of each. */
  readonly compare?: (medians: ReadonlyMap<string, Figures>, name: string) => Figures
  /** The figures to print, in order, each with its unit. Figures a case has not stay blank. */
  readonly columns: Readonly<Record<string, { readonly unit: string; readonly digits: number }>>
  readonly goals: ReadonlyArray<Goal>
}

export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const operations = 10_000
/** So many that a sample of the floor takes about as long as one of a case: what else runs then slows down both. */
const floorOperations = 250_000
const warmUpMillis = 1500
const samplingMillis = 4000
const samples = { least: 5, most: 15 }

const nothing = async (): Promise<number> => 1

const bare = async (times: number): Promise<void> => {
  for (let index = 0; index < times; index++) await nothing()
}

const nanosOf = async (repeat: (times: number) => Promise<unknown>, times: number): Promise<number> => {
  const start = process.hrtime.bigint()
  await repeat(times)
  return Number(process.hrtime.bigint() - start) / times
}

/** For {@link perOperation}: a nursery that holds a whole sample, so that its bytes can be counted before they go. */
export const uncollected: ReadonlyArray<string> = [
  "--expose-gc",
  "--min-semi-space-size=64",
  "--max-semi-space-size=64"
]

/** Heap growth per operation, in a process started as {@link uncollected}. */
const bytesOf = async (repeat: (times: number) => Promise<unknown>): Promise<number> => {
  const times = 1500
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  await repeat(times)
  return Math.max(0, process.memoryUsage().heapUsed - before) / times
}

/**
 * The cost of one operation that succeeds at once, in nanoseconds, in bytes, and as a multiple of awaiting a bare
 * asynchronous function. Warmed up first; samples alternate with samples of the bare call, medians of both.
 */
export const perOperation = async (repeat: (times: number) => Promise<unknown>): Promise<Figures> => {
  const warm = performance.now() + warmUpMillis
  while (performance.now() < warm) {
    await bare(1000)
    await repeat(1000)
  }
  const floor: Array<number> = []
  const found: Array<number> = []
  const end = performance.now() + samplingMillis
  while (found.length < samples.least || (found.length < samples.most && performance.now() < end)) {
    floor.push(await nanosOf(bare, floorOperations))
    found.push(await nanosOf(repeat, operations))
  }
  const bytes: Array<number> = []
  for (let sample = 0; sample < 5; sample++) bytes.push(await bytesOf(repeat))
  return { nanos: median(found), ratio: median(found) / median(floor), bytes: median(bytes) }
}

/** The time and memory of work done once, in a process that has done nothing yet. */
export const once = async (items: number, work: () => Promise<unknown>): Promise<Figures> => {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const millis = performance.now() - start
  const used = process.cpuUsage(cpu)
  return {
    millis,
    microsPerItem: millis * 1000 / items,
    cpuMicrosPerItem: (used.user + used.system) / items,
    peakMegabytes: process.resourceUsage().maxRSS / 1024
  }
}
