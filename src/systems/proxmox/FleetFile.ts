/**
 * Reads a fleet file.
 *
 * ```yaml
 * fleet: lab
 * defaults:
 *   template: ubuntu-24.04
 *   nodes: [pve1, pve2]
 *   storage: local-lvm
 *   cores: 4
 *   memory: 8GiB
 *   disks: { scsi0: 100G }
 *   networks: { net0: { bridge: vmbr0, vlan: 20 } }
 *   cloudInit: { user: ops, gateway: 10.0.20.1, sshKeys: [ssh-ed25519 AAAA... ops@lab] }
 * machines:
 *   - name: rancher-manager-1
 *     vmid: 401
 *     cloudInit: { ip: 10.0.20.11/24 }
 * ```
 *
 * Every key is known by name; `Fleet.MachineSpec` says what each means. A machine is laid over `defaults`: mappings are
 * merged key by key, lists and single values replace, and a key with `null` takes the default away. In `cloudInit`,
 * `ip`, `gateway`, `ip6` and `gateway6` are those of `net0`; other cards have theirs under `addresses.net1`. YAML
 * anchors and merges (`<<`) work. Everything that is wrong is told at once, each with its line, column and path.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fault from "../../kernel/Fault.ts"
import type { Fleet } from "./Fleet.ts"
import * as FleetDecode from "./fleet/FleetDecode.ts"
import * as FleetSource from "./fleet/FleetSource.ts"

/**
 * One thing that is wrong with a file. `path` is as in `machines[2].disks.scsi0`, and empty for the text itself; `line`
 * and `column` count from 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface Problem {
  readonly path: string
  readonly line: number
  readonly column: number
  readonly message: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** What to call the file in messages. Defaults to `fleet file`. */
  readonly file?: string | undefined
}

/**
 * Reads a text, YAML or JSON. The problems, in the order of the file, are a value here; {@link parse} fails with them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const check = (text: string): Effect.Effect<Either.Either<Fleet, ReadonlyArray<Problem>>> =>
  Effect.map(FleetSource.parse(text), (source) => {
    if (source.problems.length > 0) {
      return Either.left(sorted(source.problems.map((problem) => ({ path: "", ...problem }))))
    }
    return Either.mapLeft(FleetDecode.decode(source.value), (issues) =>
      sorted(issues.map(({ at, message, path }) => ({
        path: FleetDecode.printPath(path),
        ...source.locate(path, at),
        message
      }))))
  })

/**
 * Reads a text, YAML or JSON. Fails with one `invalid` fault that lists every problem.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string, options?: Options): Effect.Effect<Fleet, Fault.Fault> =>
  Effect.flatMap(check(text), (result) =>
    Either.isRight(result)
      ? Effect.succeed(result.right)
      : Effect.fail(toFault(result.left, options)))

/**
 * Reads a file.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (path: string): Effect.Effect<Fleet, Fault.Fault, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (files) => files.readFileString(path)).pipe(
    Effect.mapError((cause) =>
      cause._tag === "SystemError" && cause.reason === "NotFound"
        ? unreadable(path, "there is no such file", cause)
        : unreadable(path, `cannot be read: ${cause.message}`, cause)
    ),
    Effect.flatMap((text) => parse(text, { file: path }))
  )

/** The problems as one failure, for people. */
const toFault = (problems: ReadonlyArray<Problem>, options?: Options): Fault.Fault => {
  const file = options?.file ?? "fleet file"
  const lines = problems.map(({ column, line, message, path }) =>
    `  ${file}:${line}:${column}  ${path === "" ? "" : `${path}: `}${message}`
  )
  return Fault.make({
    kind: "invalid",
    system: "proxmox",
    operation: "Proxmox.fleet",
    subject: file,
    detail: `${problems.length === 1 ? "1 problem" : `${problems.length} problems`}\n${lines.join("\n")}\n` +
      "Nothing was done: correct the file and run the command again",
    sent: "no",
    code: "fleet-file"
  })
}

const unreadable = (path: string, detail: string, cause: unknown): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "proxmox",
    operation: "Proxmox.fleet",
    subject: path,
    detail,
    hint: "Give the path of a fleet file that can be read",
    sent: "no",
    code: "fleet-file",
    cause
  })

const sorted = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> =>
  problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
