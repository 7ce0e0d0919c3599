/**
 * When a running task will end: from the progress a copy writes to its log, or else from how long tasks of its type have
 * taken before. Plain and synchronous; all times are milliseconds.
 *
 * @since 0.1.0
 */

const units: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
  ["TiB", 2 ** 40]
])

/** Source: the progress lines of qemu-server 9.2 (`drive-scsi0: transferred 1.2 GiB of 10.0 GiB (12.00%) in 5s`). */
const transferred =
  /transferred (\d+(?:\.\d+)?) ([KMGT]?i?B) of (\d+(?:\.\d+)?) ([KMGT]?i?B) \((\d+(?:\.\d+)?)%\)(?: in .+)?$/

/**
 * How far a copy has come.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transfer {
  /** In bytes. */
  readonly done: number
  /** In bytes. */
  readonly total: number
  /** From 0 to 1. */
  readonly fraction: number
}

/**
 * The progress in one line of a log, if it is such a line.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (line: string): Transfer | undefined => {
  const [, done, doneUnit = "", total, totalUnit = "", percent] = transferred.exec(line) ?? []
  if (done === undefined || total === undefined) return undefined
  const bytes = Number(total) * (units.get(totalUnit) ?? 1)
  const fraction = Math.min(1, Math.max(0, Number(percent) / 100))
  // The percentage has more digits than the amount.
  return { done: Math.max(fraction * bytes, Number(done) * (units.get(doneUnit) ?? 1) * 0.95), total: bytes, fraction }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface State {
  readonly startedAt: number
  /** Lines of the log read so far. */
  readonly lines: number
  /** When it is worth reading the log again. */
  readonly nextLogAt: number
  readonly sample: { readonly at: number; readonly transfer: Transfer } | undefined
  /** When it should end. */
  readonly endsAt: number | undefined
}

/** A task shorter than this ends before its log is worth reading. */
const firstLogAfter = 600
const leastBetweenLogs = 1000
/** The first rate counts what came before the copy, so it is soon measured again. */
const secondLogAfter = 2000

/**
 * @since 0.1.0
 * @category constructors
 */
export const begin = (now: number, expected: number | undefined): State => ({
  startedAt: now,
  lines: 0,
  nextLogAt: now + firstLogAfter,
  sample: undefined,
  endsAt: expected === undefined ? undefined : now + expected
})

/**
 * After new lines of the log were read.
 *
 * @since 0.1.0
 * @category machine
 */
export const logged = (state: State, now: number, lines: ReadonlyArray<string>, total: number): State => {
  const transfer = lines.map(parse).findLast((found) => found !== undefined)
  if (transfer === undefined) {
    // Nothing yet, or no copy at all: look ever less often.
    const pause = Math.max(leastBetweenLogs, (now - state.startedAt) / 2)
    return { ...state, lines: total, nextLogAt: now + pause }
  }
  const left = remainingOf(state, now, transfer)
  return {
    ...state,
    lines: total,
    sample: { at: now, transfer },
    endsAt: left === undefined ? state.endsAt : now + left,
    nextLogAt: now + (state.sample === undefined ? secondLogAfter : Math.max(leastBetweenLogs, (left ?? 0) / 2))
  }
}

/** By the rate since the sample before, which follows changes of speed, or since the start. */
const remainingOf = (state: State, now: number, transfer: Transfer): number | undefined => {
  const before = state.sample
  const sameCopy = before !== undefined && before.transfer.total === transfer.total &&
    transfer.done > before.transfer.done
  const bytes = sameCopy ? transfer.done - before.transfer.done : transfer.done
  const millis = now - (sameCopy ? before.at : state.startedAt)
  return bytes <= 0 || millis <= 0 ? undefined : (transfer.total - transfer.done) * millis / bytes
}

/**
 * How long it will still take. Past the foreseen end it says 0, which asks for frequent looks.
 *
 * @since 0.1.0
 * @category getters
 */
export const remaining = (state: State, now: number): number | undefined =>
  state.endsAt === undefined ? undefined : Math.max(0, state.endsAt - now)

/**
 * How long tasks take, by type, learned while running. `qmclone` is left out: it depends on the disk and tells itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface Experience {
  readonly expect: (type: string) => number | undefined
  /** `bracketed`: it was seen running before; otherwise the time is half of an upper bound. */
  readonly learn: (type: string, millis: number, bracketed: boolean) => void
}

const unforeseeable: ReadonlySet<string> = new Set(["qmclone", "qmshutdown", "qmreboot", "qmmove", "qmigrate"])

/**
 * @since 0.1.0
 * @category constructors
 */
export const experience = (): Experience => {
  const known = new Map<string, number>()
  return {
    expect: (type) => known.get(type),
    learn: (type, millis, bracketed) => {
      if (unforeseeable.has(type)) return
      // Not seen running, it took less than expected; a little earlier next time finds out by how much.
      const seen = bracketed ? millis : millis * 2 * 0.9
      const before = known.get(type)
      known.set(type, before === undefined ? seen : before * 0.5 + seen * 0.5)
    }
  }
}

/** When the first look at a task of a type pays. */
const firstLooks: ReadonlyMap<string, number> = new Map([
  ["qmconfig", 250],
  ["resize", 500],
  ["qmresize", 500],
  ["qmstart", 1000],
  ["qmstop", 600],
  ["qmdestroy", 700],
  ["qmclone", 1000],
  ["qmshutdown", 2000]
])

/**
 * How long to wait before the first look.
 *
 * @since 0.1.0
 * @category getters
 */
export const firstLook = (type: string, expected: number | undefined): number =>
  expected === undefined ? firstLooks.get(type) ?? 250 : Math.min(3000, Math.max(100, expected))
