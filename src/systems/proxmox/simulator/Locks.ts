/**
 * File locks, cluster locks and worker pools: first come, first served, with a timeout, held by a process and
 * dropped by the kernel when it ends.
 *
 * @since 0.1.0
 */
import * as Scheduler from "./Scheduler.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Mode = "shared" | "exclusive"

/**
 * A held lock. Releasing twice does nothing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hold {
  readonly name: string
  readonly release: () => void
  /** Another process inherits it, as a forked child does. */
  readonly inherit: (heir: Scheduler.Process) => void
}

interface Waiter {
  readonly mode: Mode
  readonly wake: () => void
}

interface Lock {
  readonly name: string
  shared: number
  exclusive: boolean
  readonly waiters: Array<Waiter>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Locks {
  /** `undefined` when the time ran out. */
  readonly acquire: (
    process: Scheduler.Process,
    name: string,
    options: { readonly mode?: Mode; readonly timeout: number }
  ) => Scheduler.Body<Hold | undefined>
  /** Names of what is held now, in order. */
  readonly held: () => ReadonlyArray<string>
}

const free = (lock: Lock, mode: Mode): boolean => !lock.exclusive && (mode === "shared" || lock.shared === 0)

const take = (lock: Lock, mode: Mode): void => {
  if (mode === "shared") lock.shared += 1
  else lock.exclusive = true
}

/** Hands a freed lock to those who wait, in their order, as many as fit. */
const hand = (lock: Lock): void => {
  for (let first = lock.waiters[0]; first !== undefined && free(lock, first.mode); first = lock.waiters[0]) {
    lock.waiters.shift()
    take(lock, first.mode)
    first.wake()
  }
}

const hold = (lock: Lock, mode: Mode, process: Scheduler.Process): Hold => {
  let owner: Scheduler.Process | undefined = process
  const release = (): void => {
    if (owner === undefined) return
    owner.resources.delete(release)
    owner = undefined
    if (mode === "shared") lock.shared -= 1
    else lock.exclusive = false
    hand(lock)
  }
  process.resources.add(release)
  return {
    name: lock.name,
    release,
    inherit: (heir) => {
      if (owner === undefined) return
      owner.resources.delete(release)
      owner = heir
      if (heir.outcome === undefined) heir.resources.add(release)
      else release()
    }
  }
}

function* acquire(
  scheduler: Scheduler.Scheduler,
  lock: Lock,
  process: Scheduler.Process,
  mode: Mode,
  timeout: number
): Scheduler.Body<Hold | undefined> {
  if (lock.waiters.length === 0 && free(lock, mode)) {
    take(lock, mode)
    return hold(lock, mode, process)
  }
  const got = yield (resume) => {
    const giveUp = (): void => {
      const index = lock.waiters.indexOf(waiter)
      if (index >= 0) lock.waiters.splice(index, 1)
      timer.cancelled = true
      // Behind a waiter for the exclusive lock, those for a shared one may have been held up.
      hand(lock)
    }
    const timer = scheduler.at(scheduler.now() + timeout, () => {
      giveUp()
      resume(false)
    })
    const waiter: Waiter = {
      mode,
      wake: () => {
        timer.cancelled = true
        resume(true)
      }
    }
    lock.waiters.push(waiter)
    return giveUp
  }
  return got ? hold(lock, mode, process) : undefined
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (scheduler: Scheduler.Scheduler): Locks => {
  const locks = new Map<string, Lock>()
  const find = (name: string): Lock => {
    const known = locks.get(name)
    if (known !== undefined) return known
    const lock: Lock = { name, shared: 0, exclusive: false, waiters: [] }
    locks.set(name, lock)
    return lock
  }
  return {
    acquire: (process, name, options) =>
      acquire(scheduler, find(name), process, options.mode ?? "exclusive", options.timeout),
    held: () =>
      [...locks.values()].filter((lock) => lock.exclusive || lock.shared > 0).map((lock) => lock.name).toSorted()
  }
}

/**
 * A fixed number of workers for which processes queue.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pool {
  readonly enter: (process: Scheduler.Process) => Scheduler.Body<void>
  readonly busy: () => number
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const makePool = (workers: number): Pool => {
  let busy = 0
  const queue: Array<() => void> = []
  const occupy = (process: Scheduler.Process): void => {
    process.resources.add(() => {
      const next = queue.shift()
      if (next === undefined) busy -= 1
      else next()
    })
  }
  return {
    busy: () => busy,
    enter: function*(process) {
      if (busy < workers) {
        busy += 1
        return occupy(process)
      }
      yield (resume) => {
        const wake = (): void => resume(true)
        queue.push(wake)
        return () => {
          const index = queue.indexOf(wake)
          if (index >= 0) queue.splice(index, 1)
        }
      }
      occupy(process)
    }
  }
}
