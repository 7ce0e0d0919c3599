/**
 * Simulates a system from seeds, as many processes at once as there are processors, and prints what failed.
 *
 *     npm run simulate                                   # the first 1000 seeds of every system
 *     npm run simulate -- --system proxmox --seeds 10000
 *     npm run simulate -- --seed 4711 --trace            # one seed, every call of it
 *     npm run simulate -- --from 5000 --seeds 200 --jobs 1
 *
 * Every twentieth seed is run twice and must make the identical trace. The exit code is 1 when a seed fails.
 */
import { build } from "esbuild"
import { type ChildProcess, fork } from "node:child_process"
import { mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import type { Verdict } from "./System.ts"
import type { Answer, Task } from "./worker.ts"

const here = dirname(fileURLToPath(import.meta.url))
const systems = ["proxmox", "genesys", "elevenlabs"]
/** Every so-manieth seed is run twice. */
const twice = 20
/** So many failing seeds are told in full, and the others by number. */
const toldInFull = 5

/** Most of what a seed allocates is gone before the next one. */
const nodeOptions = ["--max-semi-space-size=64"]

const bundled = async (folder: string): Promise<string> => {
  const outfile = join(folder, "worker.mjs")
  // For what brings WebAssembly and is not bundled.
  symlinkSync(join(here, "..", "..", "node_modules"), join(folder, "node_modules"), "dir")
  await build({
    entryPoints: [join(here, "worker.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
    banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" }
  })
  return outfile
}

/** A worker does one seed at a time. */
const ask = (worker: ChildProcess, task: Task): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const died = (code: number | null): void => reject(new Error(`the worker died of seed ${task.seed} (${code})`))
    worker.once("exit", died)
    worker.once("message", (answer: Answer) => {
      worker.off("exit", died)
      resolve(answer)
    })
    worker.send(task)
  })

const different = (first: Verdict, second: Verdict): Verdict =>
  first.trace === second.trace ? first : {
    ...first,
    problems: [...first.problems, { invariant: "not deterministic", detail: `${first.trace}, then ${second.trace}` }]
  }

interface Tally {
  seeds: number
  calls: number
  virtualSeconds: number
  cpuMillis: number
  readonly failed: Array<Verdict>
  readonly counts: Map<string, number>
}

const add = (tally: Tally, verdict: Verdict): void => {
  tally.seeds += 1
  tally.calls += verdict.calls
  tally.virtualSeconds += verdict.virtualSeconds
  if (verdict.problems.length > 0) tally.failed.push(verdict)
  for (const [name, by] of Object.entries(verdict.counts)) tally.counts.set(name, (tally.counts.get(name) ?? 0) + by)
}

const tell = (text: string): void => void process.stdout.write(`${text}\n`)

const tellVerdict = (verdict: Verdict): void => {
  tell(`\n${verdict.drawn}`)
  for (const line of verdict.story) tell(line)
  for (const { detail, invariant } of verdict.problems) tell(`✗ ${invariant}: ${detail}`)
  tell(`  trace ${verdict.trace}, ${verdict.calls} calls, ${verdict.virtualSeconds} s of virtual time`)
}

const tellFailure = ({ problems, seed }: Verdict): void => {
  for (const { detail, invariant } of problems) tell(`✗ seed ${seed}: ${invariant}: ${detail}`)
}

const simulate = async (
  system: string,
  seeds: ReadonlyArray<number>,
  workers: ReadonlyArray<ChildProcess>
): Promise<Tally> => {
  const tally: Tally = { seeds: 0, calls: 0, virtualSeconds: 0, cpuMillis: 0, failed: [], counts: new Map() }
  let next = 0
  let shown = Date.now()
  await Promise.all(workers.map(async (worker) => {
    for (let seed = seeds[next++]; seed !== undefined; seed = seeds[next++]) {
      const task: Task = { system, seed, story: "none" }
      const { cpuMillis, verdict } = await ask(worker, task)
      const again = seed % twice === 0 ? (await ask(worker, task)).verdict : verdict
      tally.cpuMillis += cpuMillis
      const judged = different(verdict, again)
      tellFailure(judged)
      add(tally, judged)
      if (Date.now() - shown > 10_000) {
        shown = Date.now()
        tell(`  ${tally.seeds} of ${seeds.length} seeds, ${tally.failed.length} failed`)
      }
    }
  }))
  return tally
}

const report = async (system: string, tally: Tally, seconds: number, worker: ChildProcess): Promise<void> => {
  const failed = tally.failed.toSorted((a, b) => a.seed - b.seed)
  for (const { seed } of failed.slice(0, toldInFull)) {
    tellVerdict((await ask(worker, { system, seed, story: "short" })).verdict)
  }
  const kinds = new Map<string, Array<number>>()
  for (const { problems, seed } of failed) {
    for (const invariant of new Set(problems.map((problem) => problem.invariant))) {
      kinds.set(invariant, [...kinds.get(invariant) ?? [], seed])
    }
  }
  tell("")
  for (const [name, count] of [...tally.counts].toSorted()) tell(`  ${name.padEnd(44)} ${count}`)
  for (const [invariant, found] of kinds) tell(`✗ ${invariant}: ${found.length} seeds, ${found.slice(0, 20).join(" ")}`)
  tell(
    `${system}: ${tally.seeds} seeds, ${failed.length} failed, in ${seconds.toFixed(1)} s ` +
      `(${(tally.seeds / seconds).toFixed(1)} a second, ${Math.round(tally.seeds / seconds * 60)} a minute; ` +
      `${(tally.cpuMillis / tally.seeds).toFixed(0)} ms of processor time each; ${tally.calls} calls, ` +
      `${Math.round(tally.virtualSeconds / 3600)} hours of virtual time)`
  )
}

const { values } = parseArgs({
  options: {
    system: { type: "string" },
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    jobs: { type: "string", default: String(availableParallelism()) }
  }
})

const whole = (name: string, text: string): number => {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} must be a whole number, not ${text}`)
  return number
}

const chosen = values.system === undefined ? systems : [values.system]
const unknown = chosen.find((system) => !systems.includes(system))
if (unknown !== undefined) throw new Error(`there is no system ${unknown}, only ${systems.join(", ")}`)
const from = whole("from", values.from)
const count = whole("seeds", values.seeds ?? "1000")
const single = values.seed === undefined ? undefined : whole("seed", values.seed)
const folder = mkdtempSync(join(tmpdir(), "holdfast-simulate-"))
const workers: Array<ChildProcess> = []
try {
  const bundle = await bundled(folder)
  for (let job = 0; job < (single === undefined ? whole("jobs", values.jobs) : 1); job++) {
    workers.push(fork(bundle, { execArgv: nodeOptions }))
  }
  const [worker] = workers
  if (worker === undefined) throw new Error("there is a worker")
  for (const system of chosen) {
    if (single !== undefined) {
      const told = await ask(worker, { system, seed: single, story: values.trace ? "long" : "short" })
      const quiet = await ask(worker, { system, seed: single, story: "none" })
      const verdict = different(told.verdict, quiet.verdict)
      tellVerdict(verdict)
      if (verdict.problems.length > 0) process.exitCode = 1
      continue
    }
    const begun = performance.now()
    const tally = await simulate(system, Array.from({ length: count }, (_, index) => from + index), workers)
    await report(system, tally, (performance.now() - begun) / 1000, worker)
    if (tally.failed.length > 0) process.exitCode = 1
  }
} finally {
  for (const worker of workers) worker.kill()
  rmSync(folder, { recursive: true, force: true })
}
