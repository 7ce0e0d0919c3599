/**
 * A clock that never waits: when every fiber of the program is asleep it jumps to the next wake-up. A run that
 * takes an hour of virtual time takes milliseconds, and takes the same virtual time on every machine.
 *
 * While the file system is at work everything stands still, the time and all fibers, so that a program that reads and
 * writes files one after another does the same on every machine, however fast its disk is. What else is outside the
 * process is not waited for: a reply from a real socket arrives when the clock may long have jumped past its timeout.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"

interface Sleeper {
  readonly at: number
  readonly wake: () => void
  cancelled: boolean
}

/**
 * Turns of the event loop in which no fiber ran, after which nothing can still be running: what is left is promise
 * chains, and these drain within one turn.
 */
const quietTurns = 2

/**
 * Whether the process waits for the file system. Source: the classes of requests in Node's `node_file.cc`.
 */
const waitsForFiles = (): boolean => process.getActiveResourcesInfo().some((name) => fileRequests.has(name))

const fileRequests = new Set(["FSReqCallback", "FSReqPromise", "CloseReq"])

/** Sleepers ordered by wake-up time; equal times wake in the order they fell asleep. */
const insert = (sleepers: Array<Sleeper>, sleeper: Sleeper): void => {
  let low = 0
  let high = sleepers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = sleepers[middle]
    if (other !== undefined && other.at <= sleeper.at) low = middle + 1
    else high = middle
  }
  sleepers.splice(low, 0, sleeper)
}

const make = (startMillis: number): { readonly clock: Clock.Clock; readonly scheduler: Scheduler.Scheduler } => {
  const sleepers: Array<Sleeper> = []
  let now = startMillis
  let armed = false
  let touched = false
  let quiet = 0

  const turn = (): void => {
    while (sleepers[0]?.cancelled === true) sleepers.shift()
    const next = sleepers[0]
    if (next === undefined) {
      armed = false
      return
    }
    quiet = touched || waitsForFiles() ? 0 : quiet + 1
    touched = false
    if (quiet >= quietTurns) {
      quiet = 0
      sleepers.shift()
      now = Math.max(now, next.at)
      next.wake()
    }
    setImmediate(turn)
  }

  const arm = (): void => {
    if (armed) return
    armed = true
    quiet = 0
    setImmediate(turn)
  }

  const read = (): number => {
    touched = true
    return now
  }

  const nanos = (): bigint => BigInt(Math.round(read() * 1e6))

  let tasks = new Scheduler.PriorityBuckets()
  let scheduled = false

  const step = (): void => {
    touched = true
    if (waitsForFiles()) {
      setImmediate(step)
      return
    }
    scheduled = false
    const { buckets } = tasks
    tasks = new Scheduler.PriorityBuckets()
    for (const [, bucket] of buckets) for (const task of bucket) task()
  }

  // One queue for all fibers: the default scheduler has one for each, and yields by a real timer now and then, which a
  // turn of the event loop cannot see.
  const scheduler = Scheduler.make((task, priority) => {
    touched = true
    tasks.scheduleTask(task, priority)
    if (scheduled) return
    scheduled = true
    setImmediate(step)
  })

  const clock: Clock.Clock = {
    ...Clock.make(),
    unsafeCurrentTimeMillis: read,
    unsafeCurrentTimeNanos: nanos,
    currentTimeMillis: Effect.sync(read),
    currentTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const millis = Duration.toMillis(duration)
        touched = true
        if (millis === Infinity) return
        const sleeper: Sleeper = { at: now + millis, wake: () => resume(Effect.void), cancelled: false }
        insert(sleepers, sleeper)
        arm()
        return Effect.sync(() => {
          sleeper.cancelled = true
        })
      })
  }

  return { clock, scheduler }
}

/**
 * Runs a program on a virtual clock of its own.
 *
 * @param options.startMillis Milliseconds since the epoch at which the clock starts. Defaults to
 * 2026-01-01T00:00:00Z.
 * @since 0.1.0
 * @category combinators
 */
export const run = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  options?: { readonly startMillis?: number | undefined }
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const { clock, scheduler } = make(options?.startMillis ?? Date.UTC(2026, 0, 1))
    return program.pipe(Effect.withClock(clock), Effect.withScheduler(scheduler))
  })
