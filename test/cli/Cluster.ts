/**
 * A simulated cluster in a process of its own, and the command pointed at it.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { folder, type Result, run, type Running, start } from "./Command.ts"
import * as Terminal from "./Terminal.ts"

/** Its API token. No output may ever contain it. */
export const token = "holdfast@pve!simulated=5a1f0b2c-0000-4000-8000-51a1a7ed0001"

export const secret = token.slice(token.indexOf("=") + 1)

export const names = ["web-1", "web-2", "web-3"]

/** Three machines. */
export const fleet = `fleet: test
defaults:
  template: ubuntu-24.04
  storage: ceph
  cores: 4
  memory: 8 GiB
  disks: { scsi0: 20 GiB }
  networks: { net0: { bridge: vmbr0, vlan: 20 } }
  cloudInit: { user: ops, gateway: 10.0.20.1 }
  start: true
machines:
  - { name: web-1, vmid: 401, node: pve1, cloudInit: { ip: 10.0.20.11/24 } }
  - { name: web-2, vmid: 402, node: pve2, cloudInit: { ip: 10.0.20.12/24 } }
  - { name: web-3, vmid: 403, node: pve1, cloudInit: { ip: 10.0.20.13/24 } }
`

interface Machine {
  readonly vmid: number
  readonly name: string
  readonly status: string
  readonly lock?: string
  readonly madeBy?: { readonly fleet: string; readonly machine: string }
}

export interface Cluster {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly run: (line: string) => Effect.Effect<Result>
  readonly start: (line: string) => Effect.Effect<Running, never, Scope.Scope>
  readonly onTerminal: (line: string) => Effect.Effect<Running, never, Scope.Scope>
  /** The machines with the ids of the fleet. */
  readonly machines: Effect.Effect<ReadonlyArray<Machine>>
  /** Everything that any of the runs has printed so far. */
  readonly printed: () => string
}

/** Serves until the scope closes. There is a `fleet.yaml` of three machines where the command runs. */
export const serve = (
  options: { readonly speed: number; readonly faults?: unknown }
): Effect.Effect<Cluster, never, Scope.Scope> =>
  Effect.gen(function*() {
    const cwd = yield* folder
    writeFileSync(join(cwd, "fleet.yaml"), fleet)
    writeFileSync(join(cwd, "faults.json"), JSON.stringify(options.faults ?? {}))
    const words = ["sim", "proxmox", "--json", "--speed", String(options.speed), "--faults", "faults.json"]
    const server = yield* start(words, { cwd })
    yield* server.says("Ctrl-C ends it")
    const { environment: env }: { readonly environment: Readonly<Record<string, string>> } = JSON.parse(server.stdout())
    const outputs: Array<() => string> = []
    const kept = (running: Running) => {
      outputs.push(() => running.stdout() + running.stderr())
      return running
    }
    const begin = (line: string) => Effect.map(start(line.split(" "), { cwd, env }), kept)
    const toEnd = (line: string) => Effect.scoped(Effect.flatMap(begin(line), (running) => running.ends))
    return {
      folder: cwd,
      env,
      run: toEnd,
      start: begin,
      onTerminal: (line) => Effect.map(Terminal.start(line.split(" "), { cwd, env }), kept),
      machines: Effect.map(run(["proxmox", "list", "--json"], { cwd, env }), ({ stdout }) => {
        const { machines }: { readonly machines: ReadonlyArray<Machine> } = JSON.parse(stdout)
        return machines.filter(({ vmid }) => vmid >= 401 && vmid <= 403)
      }),
      printed: () => outputs.map((output) => output()).join("\n")
    }
  })
