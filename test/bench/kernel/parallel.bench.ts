/**
 * 100,000 items of 1 ms, 64 at a time: `Parallel` with a per-item outcome, retry and timeout against p-map, which has
 * none of these. Each case runs in a process of its own, bundled first so that no loader counts.
 *
 *     npx tsx test/bench/kernel/parallel.bench.ts          # all, as a table
 *     npx tsx test/bench/kernel/parallel.bench.ts p-map    # one, as JSON
 */
import * as Effect from "effect/Effect"
import * as childProcess from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import pMap from "p-map"
import * as Parallel from "../../../src/kernel/Parallel.ts"
import * as Policy from "../../../src/kernel/Policy.ts"
import * as RetryPolicy from "../../../src/kernel/RetryPolicy.ts"

const here = fileURLToPath(import.meta.url)
const count = 100_000
const concurrency = 64

export const title = "Parallel: 100,000 items of 1 ms at 64"

export interface Figures {
  readonly wallMillis: number
  readonly cpuMicrosPerItem: number
  readonly peakMegabytes: number
}

export interface Row extends Figures {
  readonly name: string
  /** Wall time as a multiple of that of p-map. */
  readonly ratio: number
}

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

const bare = Parallel.forEach(items(), (item) => Effect.promise(() => nap().then(() => item)), { concurrency })

const guarded = Effect.gen(function*() {
  const policy = yield* Policy.make({ name: "bench", retry: RetryPolicy.default, attemptTimeout: "10 seconds" })
  return yield* Parallel.forEach(items(), (item) => policy.call(() => nap().then(() => item)), { concurrency })
})

/** In the order in which they run; the first is what the others are compared to. */
const cases: Readonly<Record<string, () => Promise<void>>> = {
  "p-map": () => pMap(items(), async (item) => (await nap(), item), { concurrency }).then((all) => check(all.length)),
  "loops": loops,
  "parallel": () => Effect.runPromise(bare).then((report) => check(report.succeeded)),
  "parallel+policy": () => Effect.runPromise(guarded).then((report) => check(report.succeeded))
}

const measure = async (work: () => Promise<void>): Promise<Figures> => {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const wallMillis = performance.now() - start
  const used = process.cpuUsage(cpu)
  return {
    wallMillis,
    cpuMicrosPerItem: (used.user + used.system) / count,
    peakMegabytes: process.resourceUsage().maxRSS / 1024
  }
}

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** Runs every case `rounds` times, alternating, and takes medians. */
export const run = async (rounds = 3): Promise<ReadonlyArray<Row>> => {
  const { build } = await import("esbuild")
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "holdfast-bench-"))
  try {
    const bundle = path.join(folder, "parallel.mjs")
    await build({
      entryPoints: [here],
      outfile: bundle,
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["esbuild"],
      logLevel: "error"
    })
    const figures: Array<Figures & { readonly name: string }> = []
    for (let round = 0; round < rounds; round++) {
      for (const name of Object.keys(cases)) {
        const { stdout } = await promisify(childProcess.execFile)(process.execPath, [bundle, name])
        const measured: Figures = JSON.parse(stdout)
        figures.push({ name, ...measured })
      }
    }
    const middle = (name: string, field: keyof Figures): number =>
      median(figures.filter((figure) => figure.name === name).map((figure) => figure[field]))
    return Object.keys(cases).map((name) => ({
      name,
      wallMillis: middle(name, "wallMillis"),
      cpuMicrosPerItem: middle(name, "cpuMicrosPerItem"),
      peakMegabytes: middle(name, "peakMegabytes"),
      ratio: middle(name, "wallMillis") / middle("p-map", "wallMillis")
    }))
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

const line = (row: Row): string =>
  [
    row.name.padEnd(16),
    `${row.wallMillis.toFixed(0)} ms`.padStart(9),
    `${row.ratio.toFixed(2)}x`.padStart(7),
    `${row.cpuMicrosPerItem.toFixed(1)} us/item`.padStart(14),
    `${row.peakMegabytes.toFixed(0)} MB`.padStart(8)
  ].join("")

const main = async (name: string | undefined): Promise<void> => {
  if (name === undefined) {
    const rows = await run()
    process.stdout.write(`${title}\n${rows.map(line).join("\n")}\n`)
    return
  }
  const work = cases[name]
  if (work === undefined) throw new Error(`no case ${name}; there are ${Object.keys(cases).join(", ")}`)
  process.stdout.write(JSON.stringify(await measure(work)))
}

if (process.argv[1] === here) await main(process.argv[2])
