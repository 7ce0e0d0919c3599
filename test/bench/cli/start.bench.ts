/**
 * How long the built command takes to answer, over a node process that does nothing.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { type Bench, type Figures, median } from "../Bench.ts"

const runs = 21
const nothing = "a node process that does nothing"
const command = join(process.cwd(), "dist", "bin", "main.js")

const millisOf = (words: ReadonlyArray<string>): number => {
  const start = performance.now()
  const { status } = spawnSync(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] })
  if (status !== 0) throw new Error(`${words.join(" ")} ended with ${status}`)
  return performance.now() - start
}

const startUp = (words: ReadonlyArray<string>) => async (): Promise<Figures> => {
  if (!existsSync(command)) throw new Error(`${command} is missing: npm run build`)
  millisOf(words)
  return { millis: median(Array.from({ length: runs }, () => millisOf(words))) }
}

export const bench: Bench = {
  title: "Start-up of the command",
  cases: {
    [nothing]: startUp(["--eval", ""]),
    "--version": startUp([command, "--version"]),
    "--help": startUp([command, "--help"]),
    "proxmox apply --help": startUp([command, "proxmox", "apply", "--help"]),
    "--completions bash": startUp([command, "--completions", "bash"])
  },
  compare: (medians, name) => ({
    over: (medians.get(name)?.["millis"] ?? Number.NaN) - (medians.get(nothing)?.["millis"] ?? Number.NaN)
  }),
  columns: { millis: { unit: "ms", digits: 0 }, over: { unit: "ms over it", digits: 0 } },
  goals: [
    { case: "--version", figure: "over", atMost: 130 },
    { case: "--help", figure: "over", atMost: 130 },
    { case: "proxmox apply --help", figure: "over", atMost: 130 }
  ]
}
