/**
 * What can happen to the requests of a process on their way: a lost reply, a death of the process, an intruder.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Journal from "../../../src/kernel/Journal.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import type * as Operations from "../../../src/systems/proxmox/Operations.ts"
import type * as Lab from "./Lab.ts"

export interface Rule {
  readonly method: string
  readonly path: RegExp
  /** Which of the requests that match, from 1. Defaults to the first. */
  readonly nth?: number | undefined
  readonly reply: (
    answer: Effect.Effect<Endpoint.Reply>,
    request: Endpoint.Request
  ) => Effect.Effect<Endpoint.Reply>
}

/** The first rule whose turn it is decides about a request. */
export const rules = (...list: ReadonlyArray<Rule>): Lab.Wire => {
  const counts = list.map(() => 0)
  return (endpoint) => (request) => {
    for (const [index, rule] of list.entries()) {
      if (rule.method !== request.method || !rule.path.test(request.url)) continue
      const count = (counts[index] ?? 0) + 1
      counts[index] = count
      if (count === (rule.nth ?? 1)) return rule.reply(endpoint(request), request)
    }
    return endpoint(request)
  }
}

/** The server does it, and its answer is lost. */
export const lostReply: Rule["reply"] = (answer) => Effect.as(answer, Endpoint.reset)

/** The connection breaks before the server has read anything, and the client cannot know. */
export const lostRequest: Rule["reply"] = () => Effect.succeed(Endpoint.reset)

export const answers = (status: number, statusText: string): Rule["reply"] => () =>
  Effect.succeed(Endpoint.answer({ status, statusText, body: `{"data":null}` }))

/** Where in the life of its k-th request a process dies. */
export type Moment = "before" | "acted" | "replied"

/**
 * Runs a process that is killed at its k-th request, and tells whether it lived so long. No finalizer of it reaches
 * anybody: its fibers are left where they are, and their requests go nowhere.
 */
export const killed = <A, E>(
  lab: Lab.Lab,
  k: number,
  moment: Moment,
  effect: Effect.Effect<A, E, Operations.Needs>,
  journal?: Journal.Service
): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    const dead = yield* Deferred.make<void>()
    let count = 0
    let over = false
    const die = Effect.suspend(() => {
      over = true
      return Effect.zipRight(Deferred.succeed(dead, undefined), Effect.never)
    })
    const wire: Lab.Wire = (endpoint) => (request) =>
      Effect.suspend(() => {
        if (over) return Effect.never
        count += 1
        const answer = Effect.flatMap(endpoint(request), (reply) => over ? Effect.never : Effect.succeed(reply))
        if (count !== k) return answer
        switch (moment) {
          case "before":
            return die
          case "acted":
            return Effect.zipRight(answer, die)
          case "replied":
            // What the process does with the reply, it does until its next request.
            return Effect.tap(answer, () => Effect.forkDaemon(Effect.zipRight(Effect.yieldNow(), die)))
        }
      })
    const fiber = yield* Effect.forkDaemon(lab.process(effect, { wire, journal }))
    return yield* Effect.raceFirst(
      Effect.as(Deferred.await(dead), true),
      Effect.as(Fiber.await(fiber), false)
    )
  })
