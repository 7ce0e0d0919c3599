/**
 * A process of the simulation: something that reaches the world only by its requests, its journal and its clock, and can
 * be killed. From then on nothing of it happens any more: no request gets out, no reply comes in, nothing is written, no
 * alarm rings. Its fibers are left where they are, so that no finalizer runs, as after a SIGKILL.
 */
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Journal from "../../src/kernel/Journal.ts"
import type * as Endpoint from "../../src/simulation/Endpoint.ts"

export interface Process {
  readonly name: string
  readonly kill: Effect.Effect<void>
  readonly died: Effect.Effect<void>
  /** What it does to anything but the world: nothing, from its death on. */
  readonly alive: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly clock: Clock.Clock
  /** The server as this process reaches it. The server has the clock of the world, which goes on. */
  readonly wire: (server: Endpoint.Endpoint) => Endpoint.Endpoint
  readonly journal: (journal: Journal.Service) => Journal.Service
}

/** `Effect.never` without the timer that would keep the program of the test alive. */
export const frozen: Effect.Effect<never> = Effect.async<never>(() => {})

export const make = (name: string): Effect.Effect<Process> =>
  Effect.gen(function*() {
    const world = yield* Effect.clock
    const died = yield* Deferred.make<void>()
    let dead = false
    const alive = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.suspend(() => dead ? frozen : Effect.flatMap(effect, (value) => dead ? frozen : Effect.succeed(value)))
    return {
      name,
      kill: Effect.suspend(() => {
        dead = true
        return Effect.asVoid(Deferred.succeed(died, undefined))
      }),
      died: Deferred.await(died),
      alive,
      clock: { ...world, sleep: (duration) => alive(world.sleep(duration)) },
      wire: (server) => (request) => alive(Effect.withClock(server(request), world)),
      journal: (journal) =>
        Journal.Journal.of({
          claim: (key) => alive(journal.claim(key)),
          read: (key) => alive(journal.read(key)),
          latest: (series) => alive(journal.latest(series)),
          begin: (key, intent, place) => alive(journal.begin(key, intent, place)),
          complete: (key, result) => alive(journal.complete(key, result)),
          fail: (key, fault) => alive(journal.fail(key, fault))
        })
    }
  })

/** The moment in the life of one request at which its process dies. */
export interface Doom {
  /** Which of its requests. */
  readonly call: number
  /** Whether the request is done, and the answer is lost with the process. */
  readonly acted: boolean
}

/** Something else than sending, at one of the requests. */
export const at = (
  call: number,
  instead: (request: Endpoint.Request) => Effect.Effect<Endpoint.Reply>,
  endpoint: Endpoint.Endpoint
): Endpoint.Endpoint => {
  let count = 0
  return (request) =>
    Effect.suspend(() => {
      count += 1
      return count === call ? instead(request) : endpoint(request)
    })
}

export const doomed = (
  doom: Doom | undefined,
  kill: (request: Endpoint.Request) => Effect.Effect<void>,
  endpoint: Endpoint.Endpoint
): Endpoint.Endpoint =>
  doom === undefined ? endpoint : at(doom.call, (request) => {
    const die = Effect.zipRight(kill(request), frozen)
    return doom.acted ? Effect.zipRight(endpoint(request), die) : die
  }, endpoint)
