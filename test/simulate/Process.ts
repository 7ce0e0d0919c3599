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
