/**
 * Between a process and the server: it names and counts the calls, and kills the process at the one it is told to.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Endpoint from "../../src/simulation/Endpoint.ts"
import type { Label, World } from "./System.ts"

/**
 * Where in a call the process is met: before the server has acted; when it has and its answer is not sent; when the
 * answer is sent and not read; or when the process has had a moment with it. To the process the third is like the
 * second: it knows nothing of the answer.
 */
export type Moment = "before" | "acted" | "replied" | "noted"

export const moments: ReadonlyArray<Moment> = ["before", "acted", "replied", "noted"]

export interface Stop {
  /** `SIGKILL` ends the process there and then; with `SIGINT` the server goes on answering it. */
  readonly signal: "SIGKILL" | "SIGINT"
  readonly moment: Moment
  /** The n-th call of this name, from 1: `POST web/config#1`. */
  readonly call: string
}

export interface Call extends Label {
  /** Its name, with its number among those of that name. */
  readonly id: string
}

/** One process behind the door. */
interface Life {
  readonly calls: ReadonlyArray<Call>
  /** The call at which it was stopped, once it was. */
  readonly met: () => Call | undefined
}

export interface Door {
  readonly endpoint: Endpoint.Endpoint
  /** From now on the calls are those of another process. `first` is called when the first one comes. */
  readonly begin: (options: {
    readonly stop?: Stop | undefined
    readonly send: (signal: NodeJS.Signals) => void
    readonly first: () => void
  }) => Life
  /** The process is gone: nothing more is done for it. */
  readonly end: () => void
}

/** How long a process gets to take note of an answer, and a signal to arrive. In milliseconds. */
const aMoment = 15

interface State extends Life {
  readonly calls: Array<Call>
  readonly counts: Map<string, number>
  readonly options: Parameters<Door["begin"]>[0]
  readonly over: Deferred.Deferred<void>
  stopped: Call | undefined
  dead: boolean
}

const pause = Effect.sleep(aMoment)

export const make = (world: World): Door => {
  let current: State | undefined

  const name = (life: State, request: Endpoint.Request): Effect.Effect<Call> =>
    Effect.map(world.label(request), (label) => {
      const nth = (life.counts.get(label.name) ?? 0) + 1
      life.counts.set(label.name, nth)
      const call = { ...label, id: `${label.name}#${nth}` }
      life.calls.push(call)
      return call
    })

  const served = (request: Endpoint.Request): Effect.Effect<Endpoint.Reply> =>
    Effect.tap(world.endpoint(request), (reply) => Effect.sync(() => world.answered(request, reply)))

  /** No answer ever comes to a dead process; the connection is broken when it is gone. */
  const silence = (life: State): Effect.Effect<Endpoint.Reply> => Effect.as(Deferred.await(life.over), Endpoint.reset)

  const kill = (life: State): Effect.Effect<void> =>
    Effect.sync(() => {
      life.dead = true
      life.options.send("SIGKILL")
    })

  const killed = (life: State, moment: Moment, request: Endpoint.Request): Effect.Effect<Endpoint.Reply> => {
    switch (moment) {
      case "before":
        return Effect.zipRight(kill(life), silence(life))
      case "acted":
        return served(request).pipe(Effect.zipRight(kill(life)), Effect.zipRight(silence(life)))
      case "replied":
      case "noted":
        return Effect.tap(served(request), () => {
          life.dead = true
          // The answer is written in the same turn of the event loop in which this effect ends.
          const wait = moment === "noted" ? pause : Effect.yieldNow({ priority: 1 })
          return Effect.forkDaemon(Effect.zipRight(wait, Effect.delay(kill(life), 0)))
        })
    }
  }

  const interrupted = (life: State, moment: Moment, request: Endpoint.Request): Effect.Effect<Endpoint.Reply> => {
    const signal = Effect.sync(() => life.options.send("SIGINT"))
    switch (moment) {
      case "before":
        return signal.pipe(Effect.zipRight(pause), Effect.zipRight(served(request)))
      case "acted":
        return Effect.tap(served(request), () => Effect.zipRight(signal, pause))
      case "replied":
      case "noted":
        return Effect.tap(
          served(request),
          () => Effect.forkDaemon(moment === "noted" ? Effect.zipRight(pause, signal) : Effect.delay(signal, 0))
        )
    }
  }

  const endpoint: Endpoint.Endpoint = (request) =>
    Effect.gen(function*() {
      const life = current
      if (life === undefined) return Endpoint.reset
      if (life.dead) return yield* silence(life)
      if (life.calls.length === 0) life.options.first()
      const call = yield* name(life, request)
      const { stop } = life.options
      if (stop === undefined || stop.call !== call.id) return yield* served(request)
      life.stopped = call
      return yield* stop.signal === "SIGKILL"
        ? killed(life, stop.moment, request)
        : interrupted(life, stop.moment, request)
    })

  return {
    endpoint,
    begin: (options) => {
      const calls: Array<Call> = []
      const life: State = {
        calls,
        counts: new Map(),
        options,
        over: Deferred.unsafeMake<void>(FiberId.none),
        stopped: undefined,
        dead: false,
        met: () => life.stopped
      }
      current = life
      return life
    },
    end: () => {
      const life = current
      current = undefined
      if (life === undefined) return
      life.dead = true
      Deferred.unsafeDone(life.over, Effect.void)
    }
  }
}
