/**
 * Runs the benchmarks and prints them against their goals.
 *
 *     npm run bench                     # all, three processes a case
 *     npm run bench -- policy           # those whose file name contains a word
 *     npm run bench -- --rounds 1
 *
 * Figures move by some ten percent from run to run and more from machine to machine, so a goal that is missed is
 * printed as missed, and only one that is missed by a factor of two or more makes the exit code 1.
 */
import { build } from "esbuild"
import { execFile } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs, promisify } from "node:util"
import { type Bench, type Figures, median } from "./Bench.ts"

const here = dirname(fileURLToPath(import.meta.url))
const modules = join(here, "..", "..", "node_modules")
const failingFactor = 2

const run = promisify(execFile)

/** Bundles a benchmark with an entry that runs the case it is told, or lists them. */
const bundled = async (file: string, folder: string): Promise<string> => {
  const entry = join(folder, `${basename(file)}.entry.ts`)
  const outfile = join(folder, `${basename(file)}.mjs`)
  writeFileSync(
    entry,
    `import { bench } from ${JSON.stringify(file)}
process.stdout.write(JSON.stringify(await bench.cases[process.argv[2]]()))
process.exit(0)
`
  )
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
    nodePaths: [modules],
    external: ["better-sqlite3", "pg-native"],
    banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" }
  })
  return outfile
}

const measured = async (bench: Bench, bundle: string, name: string): Promise<Figures> => {
  const { stdout } = await run(process.execPath, [...bench.nodeOptions ?? [], bundle, name])
  return JSON.parse(stdout)
}

const medians = (rounds: ReadonlyArray<Figures>): Figures =>
  Object.fromEntries(
    Object.keys(rounds[0] ?? {}).map((figure) => [figure, median(rounds.map((round) => round[figure] ?? Number.NaN))])
  )

const table = (bench: Bench, rows: ReadonlyMap<string, Figures>): string => {
  const width = Math.max(...Array.from(rows.keys(), (name) => name.length))
  const goalOf = (name: string, figure: string) =>
    bench.goals.find((goal) => goal.case === name && goal.figure === figure)
  const lines = Array.from(rows, ([name, figures]) => {
    const cells = Object.entries(bench.columns).map(([figure, { digits, unit }]) => {
      const value = figures[figure]
      const goal = goalOf(name, figure)
      const mark = goal === undefined || value === undefined ? "" : value <= goal.atMost ? " ✓" : " ✗"
      const aim = goal === undefined ? "" : ` (≤ ${goal.atMost}${mark})`
      return (value === undefined ? "" : `${value.toFixed(digits)} ${unit}${aim}`).padEnd(figure.length + 22)
    })
    return `  ${name.padEnd(width)}  ${cells.join("")}`.trimEnd()
  })
  return `${bench.title}\n${lines.join("\n")}\n\n`
}

/** Each missed goal as a factor: 1.1 is ten percent above it. */
const missed = (bench: Bench, rows: ReadonlyMap<string, Figures>): ReadonlyArray<number> =>
  bench.goals.map((goal) => (rows.get(goal.case)?.[goal.figure] ?? Number.POSITIVE_INFINITY) / goal.atMost)
    .filter((factor) => factor > 1)

const runBench = async (file: string, folder: string, rounds: number): Promise<ReadonlyArray<number>> => {
  const loaded: { readonly bench: Bench } = await import(file)
  const bundle = await bundled(file, folder)
  const names = Object.keys(loaded.bench.cases)
  const found = new Map<string, Array<Figures>>(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const name of names) found.get(name)?.push(await measured(loaded.bench, bundle, name))
  }
  const middle = new Map(Array.from(found, ([name, all]) => [name, medians(all)]))
  const rows = new Map(
    Array.from(middle, ([name, figures]) => [name, { ...figures, ...loaded.bench.compare?.(middle, name) }])
  )
  process.stdout.write(table(loaded.bench, rows))
  return missed(loaded.bench, rows)
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "3" } }
})
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds must be a whole number, not ${values.rounds}`)
const files = readdirSync(here, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".bench.ts"))
  .filter((file) => positionals.length === 0 || positionals.some((word) => file.includes(word)))
  .toSorted()
if (files.length === 0) throw new Error(`no benchmark is called ${positionals.join(" or ")}`)
const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"))
// Native modules are not bundled, and are looked for from where the bundle lies.
symlinkSync(modules, join(folder, "node_modules"))
try {
  const factors: Array<number> = []
  for (const file of files) factors.push(...await runBench(join(here, file), folder, rounds))
  process.stdout.write(factors.length === 0 ? "All goals are met.\n" : `${factors.length} goals are missed.\n`)
  if (factors.some((factor) => factor >= failingFactor)) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
