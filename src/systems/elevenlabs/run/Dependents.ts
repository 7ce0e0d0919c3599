/**
 * Which agents and branches name a document. What is asked at once is asked together, so an answer may hold some that name
 * another of the documents.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Paging from "../client/Paging.ts"
import type * as Client from "../Client.ts"
import type * as Attach from "./Attach.ts"
import type { Policies } from "./Policies.ts"
import * as Together from "./Together.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Dependents {
  readonly targets: ReadonlyArray<Attach.Target>
  /** Agents that the key may not see. */
  readonly hidden: ReadonlyArray<string>
}

/** Source: the API description, `document_ids` of dependent-agents. */
const most = 20

const nobody: Dependents = { targets: [], hidden: [] }

/**
 * @since 0.1.0
 * @category models
 */
export type Ask = (id: string) => Effect.Effect<Dependents, Fault.Fault>

const several = (
  client: Client.Service,
  policies: Policies
): (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Exit.Exit<Dependents, Fault.Fault>>, Fault.Fault> => {
  const ask = (ids: ReadonlyArray<string>): Effect.Effect<Dependents, Fault.Fault> =>
    Effect.map(Paging.dependents(client, ids, undefined, policies.read), ({ agents, branches }) => {
      const found = new Map<string, Attach.Target>()
      const add = (target: Attach.Target) => found.set(`${target.agent} ${target.branch ?? ""}`, target)
      for (const { id, type } of agents) if (type !== "unknown") add({ agent: id, branch: null })
      for (const { agentId, branchId, isMain } of branches) add({ agent: agentId, branch: isMain ? null : branchId })
      return {
        targets: [...found.values()],
        hidden: agents.filter(({ type }) => type === "unknown").map(({ id }) => id)
      }
    })
  /** A document that is gone is named by nobody. */
  const one = (id: string): Effect.Effect<Dependents, Fault.Fault> =>
    Effect.catchIf(ask([id]), (fault) => fault.kind === "not-found", () => Effect.succeed(nobody))

  return (ids) =>
    ask([...new Set(ids)]).pipe(
      Effect.map((found) => ids.map(() => Exit.succeed(found))),
      // One of them is gone; the others are not.
      Effect.catchIf(
        (fault) => fault.kind === "not-found",
        () => Effect.forEach(ids, (id) => Effect.exit(one(id)), { concurrency: 4 })
      )
    )
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (client: Client.Service, policies: Policies): Ask =>
  Together.make<string, Dependents, Fault.Fault>({ size: () => most, run: several(client, policies) })

/**
 * Of documents that will be asked for, the neighbours are asked for with the first of them, so that few calls answer for
 * all. What has changed since is noticed when a document is deleted, which is never done by force.
 *
 * @since 0.1.0
 * @category constructors
 */
export const planned = (
  { client, dependents, policies }: {
    readonly client: Client.Service
    readonly policies: Policies
    readonly dependents: Ask
  },
  ids: ReadonlyArray<string>
): Effect.Effect<Ask, never, Scope.Scope> =>
  Effect.gen(function*() {
    const ask = several(client, policies)
    const scope = yield* Effect.scope
    const answers = new Map<string, Effect.Effect<Dependents, Fault.Fault>>()
    for (let at = 0; at < ids.length; at += most) {
      const chunk = ids.slice(at, at + most)
      // On a fiber of its own: whoever asked first and is interrupted leaves the others their answer.
      const begun = yield* Effect.cached(Effect.forkIn(ask(chunk), scope))
      const all = Effect.flatMap(begun, Fiber.join)
      for (const [index, id] of chunk.entries()) {
        answers.set(id, Effect.flatMap(all, (exits) => exits[index] ?? dependents(id)))
      }
    }
    return (id) => answers.get(id) ?? dependents(id)
  })
