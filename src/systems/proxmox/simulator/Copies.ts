/**
 * Copies of volumes that run at the same time and share what their storage can do.
 *
 * @since 0.1.0
 */
import type * as Scheduler from "./Scheduler.ts"

/**
 * A running or finished copy.
 *
 * @since 0.1.0
 * @category models
 */
export interface Copy {
  readonly bytes: number
  /** How much is done, from 0 to 1, as of the scheduler's time. */
  readonly done: () => number
  /** Until it is done, or the process ends. */
  readonly run: Scheduler.Body<void>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Copies {
  /** `channel` names what is shared. `factor` > 1 makes it slower. */
  readonly start: (channel: string, bytes: number, factor: number) => Copy
}

interface Job {
  remaining: number
  readonly factor: number
  timer: Scheduler.Timer | undefined
  readonly finish: () => void
}

interface Channel {
  readonly jobs: Set<Job>
  /** Up to when `remaining` of the jobs counts. */
  settledAt: number
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  scheduler: Scheduler.Scheduler,
  options: { readonly bandwidth: number; readonly contention: number }
): Copies => {
  const channels = new Map<string, Channel>()

  /** Bytes a millisecond for each of n. */
  const rate = (jobs: number): number => options.bandwidth / 1000 / (1 + options.contention * Math.max(0, jobs - 1))

  const settle = (channel: Channel): void => {
    const elapsed = scheduler.now() - channel.settledAt
    channel.settledAt = scheduler.now()
    if (elapsed <= 0) return
    const each = rate(channel.jobs.size) * elapsed
    for (const job of channel.jobs) job.remaining = Math.max(0, job.remaining - each / job.factor)
  }

  /** Whoever comes or goes changes when the others will be done. */
  const plan = (channel: Channel): void => {
    const each = rate(channel.jobs.size)
    for (const job of channel.jobs) {
      if (job.timer !== undefined) job.timer.cancelled = true
      job.timer = scheduler.at(scheduler.now() + (job.remaining * job.factor) / each, job.finish)
    }
  }

  return {
    start: (name, bytes, factor) => {
      const channel = channels.get(name) ?? { jobs: new Set(), settledAt: scheduler.now() }
      channels.set(name, channel)
      let share = 0
      let job: Job | undefined
      const leave = (): void => {
        if (job === undefined) return
        settle(channel)
        share = bytes === 0 ? 1 : 1 - job.remaining / bytes
        if (job.timer !== undefined) job.timer.cancelled = true
        channel.jobs.delete(job)
        job = undefined
        plan(channel)
      }
      function* run(): Scheduler.Body<void> {
        yield (resume) => {
          settle(channel)
          job = {
            remaining: bytes,
            factor,
            timer: undefined,
            finish: () => {
              leave()
              share = 1
              resume(true)
            }
          }
          channel.jobs.add(job)
          plan(channel)
          return leave
        }
      }
      return {
        bytes,
        run: run(),
        done: () => {
          if (job === undefined) return share
          settle(channel)
          return bytes === 0 ? 1 : 1 - job.remaining / bytes
        }
      }
    }
  }
}
