/**
 * Who holds a lease or runs a command, and whether that process is gone.
 *
 * A process that was killed is recognised at once by the next one on the same machine; elsewhere its leases run out.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Os from "node:os"

/**
 * @since 0.1.0
 * @category models
 */
export class Holder extends Schema.Class<Holder>("holdfast/store/Holder")({
  /** One opening of the store by one process. */
  session: Schema.String,
  pid: Schema.Number,
  host: Schema.String,
  /** Where process ids mean the same: the boot of the machine and its process id namespace. Empty where not known. */
  machine: Schema.String,
  /** When the process began, as the kernel counts it, since process ids are used again. Empty where not known. */
  started: Schema.String,
  /** The run that it works for. */
  run: Schema.optionalWith(Schema.String, { exact: true })
}) {
  /** As a user reads it. */
  override toString(): string {
    return `process ${this.pid} on ${this.host}${this.run === undefined ? "" : ` (run ${this.run})`}`
  }
}

/**
 * This process, in a new session.
 *
 * @since 0.1.0
 * @category constructors
 */
export const current: Effect.Effect<Holder> = Effect.sync(() =>
  new Holder({
    session: Crypto.randomUUID(),
    pid: process.pid,
    host: Os.hostname(),
    machine: machine(),
    started: startOf(process.pid) ?? ""
  })
)

/**
 * Whether the process is known to be gone. `false` also where it cannot be told.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isGone = (holder: Holder, seenFrom: Holder): Effect.Effect<boolean> =>
  Effect.sync(() => {
    if (holder.host !== seenFrom.host || holder.machine !== seenFrom.machine) return false
    if (!exists(holder.pid)) return true
    const started = startOf(holder.pid)
    return holder.started !== "" && started !== undefined && started !== holder.started
  })

const textOf = (read: () => string): string | undefined => {
  try {
    return read().trim()
  } catch {
    return undefined
  }
}

/** Both are of Linux. Elsewhere the host name alone must do. */
const machine = (): string =>
  [
    textOf(() => Fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    textOf(() => Fs.readlinkSync("/proc/self/ns/pid"))
  ].filter((part) => part !== undefined).join(" ")

/** proc(5): field 22 of stat is the start time, the second field is in brackets and may hold anything. */
const startOf = (pid: number): string | undefined => {
  const stat = textOf(() => Fs.readFileSync(`/proc/${pid}/stat`, "utf8"))
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19]
}

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH")
  }
}
