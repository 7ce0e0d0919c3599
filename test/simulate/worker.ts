/**
 * Runs the seeds it is told, one after another, and answers each with its verdict.
 */
import * as ElevenLabs from "./elevenlabs/Simulation.ts"
import * as Genesys from "./genesys/Simulation.ts"
import * as Proxmox from "./proxmox/Simulation.ts"
import type { System, Verdict } from "./System.ts"

const systems: ReadonlyArray<System> = [Proxmox.system, Genesys.system, ElevenLabs.system]

export interface Task {
  readonly system: string
  readonly seed: number
  readonly story: "none" | "short" | "long"
}

export interface Answer {
  readonly verdict: Verdict
  /** Of the processor, which says more than the wall clock on a busy machine. */
  readonly cpuMillis: number
}

process.on("message", (task: Task) => {
  const system = systems.find((one) => one.name === task.system)
  if (system === undefined) throw new Error(`there is no system ${task.system}`)
  const before = process.cpuUsage()
  void system.run(task.seed, task.story).then((verdict) => {
    const { system, user } = process.cpuUsage(before)
    const answer: Answer = { verdict, cpuMillis: (system + user) / 1000 }
    return process.send?.(answer)
  })
})
