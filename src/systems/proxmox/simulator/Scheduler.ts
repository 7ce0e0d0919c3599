/**
 * The simulated server's processes and its time. Nothing here runs by itself: a request first lets everything
 * happen that was due before it arrived ({@link Scheduler.advance}), in one fixed order, and is then served. So a
 * world is a function of its seed and of the requests with their times.
 *
 * A process is a plain generator that yields what it waits for. It can be terminated (its trap runs, as a shell's
 * or Perl's would) or killed (nothing of it runs any more); either way the kernel drops its file locks.
 *
 * @since 0.1.0
 */

/** What a process waits for: called with what to do once it is over, returns how to give up waiting. */
type Wait = (resume: (value: boolean) => void) => () => void

/**
 * The program of a process.
 *
 * @since 0.1.0
 * @category models
 */
export type Body<A> = Generator<Wait, A, boolean>

/**
 * A process dies of this, as a Perl program of `die`. `text` may have several lines; `errors` by parameter.
 *
 * @since 0.1.0
 * @category errors
 */
export class Death extends Error {
  readonly status: number
  readonly errors: Readonly<Record<string, string>> | undefined

  constructor(text: string, options?: {
    readonly status?: number | undefined
    readonly errors?: Readonly<Record<string, string>> | undefined
  }) {
    super(text)
    this.status = options?.status ?? 500
    this.errors = options?.errors
  }
}

/**
 * How a process ended.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome =
  | { readonly _tag: "Returned"; readonly value: unknown }
  | { readonly _tag: "Died"; readonly death: Death }
  | { readonly _tag: "Killed" }

/**
 * @since 0.1.0
 * @category models
 */
export interface Process {
  readonly pid: number
  outcome: Outcome | undefined
  /** Runs instead of the rest of the body when it dies or is terminated; its own end is the process's. */
  trap: ((death: Death) => Body<unknown>) | undefined
  /** Undone before the trap runs, as a `die` undoes what its blocks hold; emptied by whoever added to it. */
  readonly unwind: Set<() => void>
  /** Called once, after the end. */
  readonly watchers: Array<(outcome: Outcome) => void>
  /** Called before the watchers: what the kernel takes back, as file locks. */
  readonly resources: Set<() => void>
  /** The program so far asked to stop (SIGTERM). */
  readonly terminate: (text: string) => void
  /** SIGKILL. */
  readonly kill: () => void
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Timer {
  readonly at: number
  cancelled: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Scheduler {
  /** Milliseconds since the epoch, fractions included. */
  readonly now: () => number
  /** Runs, in order, everything due until then. Time never goes back. */
  readonly advance: (to: number) => void
  /** When the next thing is due. */
  readonly next: () => number | undefined
  readonly at: (when: number, run: () => void) => Timer
  /** Starts at once and runs until it first waits. */
  readonly spawn: (pid: number, body: (process: Process) => Body<unknown>) => Process
  /** Called when something is scheduled earlier than everything before it. */
  readonly watchers: Set<() => void>
}

interface Entry extends Timer {
  readonly sequence: number
  readonly run: () => void
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.sequence < b.sequence)

/** A binary heap: thousands of worlds a minute schedule millions of entries. */
const push = (heap: Array<Entry>, entry: Entry): void => {
  let index = heap.length
  heap.push(entry)
  while (index > 0) {
    const above = (index - 1) >>> 1
    const parent = heap[above]
    if (parent === undefined || before(parent, entry)) break
    heap[index] = parent
    index = above
  }
  heap[index] = entry
}

const pop = (heap: Array<Entry>): void => {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    const left = heap[child]
    if (left === undefined) break
    const right = heap[child + 1]
    const least = right !== undefined && before(right, left) ? right : left
    if (least === right) child += 1
    if (before(last, least)) break
    heap[index] = least
    index = child
  }
  heap[index] = last
}

const makeProcess = (pid: number, program: (process: Process) => Body<unknown>): Process => {
  let body: Body<unknown> | undefined
  let giveUp: (() => void) | undefined

  const end = (outcome: Outcome): void => {
    if (process.outcome !== undefined) return
    process.outcome = outcome
    body = undefined
    for (const release of process.resources) release()
    process.resources.clear()
    for (const watcher of process.watchers) watcher(outcome)
  }

  const fail = (death: Death): void => {
    const trap = process.trap
    if (trap === undefined) return end({ _tag: "Died", death })
    process.trap = undefined
    for (const undo of process.unwind) undo()
    process.unwind.clear()
    body = trap(death)
    step(true)
  }

  const step = (value: boolean): void => {
    giveUp = undefined
    const current = body
    if (current === undefined) return
    try {
      const result = current.next(value)
      if (body !== current) return
      if (result.done === true) return end({ _tag: "Returned", value: result.value })
      let answered = false
      const cancel = result.value((answer) => {
        if (answered || body !== current) return
        answered = true
        step(answer)
      })
      if (!answered) giveUp = cancel
    } catch (error) {
      if (!(error instanceof Death)) throw error
      fail(error)
    }
  }

  const process: Process = {
    pid,
    outcome: undefined,
    trap: undefined,
    unwind: new Set(),
    watchers: [],
    resources: new Set(),
    terminate: (text) => {
      if (process.outcome !== undefined) return
      giveUp?.()
      giveUp = undefined
      fail(new Death(text))
    },
    kill: () => {
      giveUp?.()
      giveUp = undefined
      end({ _tag: "Killed" })
    }
  }
  body = program(process)
  step(true)
  return process
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (startMillis: number): Scheduler => {
  const heap: Array<Entry> = []
  const watchers = new Set<() => void>()
  let now = startMillis
  let sequence = 0

  const trim = (): Entry | undefined => {
    while (heap[0]?.cancelled === true) pop(heap)
    return heap[0]
  }

  return {
    now: () => now,
    next: () => trim()?.at,
    watchers,
    at: (when, run) => {
      const entry: Entry = { at: Math.max(when, now), sequence: sequence++, run, cancelled: false }
      const first = trim()
      push(heap, entry)
      if (watchers.size > 0 && (first === undefined || entry.at < first.at)) {
        for (const watcher of watchers) watcher()
      }
      return entry
    },
    advance: (to) => {
      for (let entry = trim(); entry !== undefined && entry.at <= to; entry = trim()) {
        pop(heap)
        now = entry.at
        entry.run()
      }
      now = Math.max(now, to)
    },
    spawn: makeProcess
  }
}

/**
 * Waits that long.
 *
 * @since 0.1.0
 * @category combinators
 */
export function* sleep(scheduler: Scheduler, millis: number): Body<void> {
  if (millis <= 0) return
  yield (resume) => {
    const timer = scheduler.at(scheduler.now() + millis, () => resume(true))
    return () => {
      timer.cancelled = true
    }
  }
}

/**
 * Waits until another process has ended, or that long. `false` when it still runs.
 *
 * @since 0.1.0
 * @category combinators
 */
export function* join(scheduler: Scheduler, other: Process, millis: number): Body<boolean> {
  if (other.outcome !== undefined) return true
  return yield (resume) => {
    const timer = scheduler.at(scheduler.now() + millis, () => resume(false))
    other.watchers.push(() => {
      timer.cancelled = true
      resume(true)
    })
    return () => {
      timer.cancelled = true
    }
  }
}
