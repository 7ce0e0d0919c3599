/**
 * Whole listings, one page after another until the API says that there is no more. A cursor that leads back would go
 * round for ever, and a listing that stopped early would pass for a whole one: both are faults.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import type { Dependents, Listing, Service } from "../Client.ts"
import type * as Model from "../Model.ts"

/** A hundred thousand documents at a hundred a page; a listing without end is none. */
const mostPages = 10_000

interface Page {
  readonly nextCursor: string | null
  readonly hasMore: boolean
}

/**
 * How each page is asked for, so that a policy retries a page and not the listing.
 *
 * @since 0.1.0
 * @category models
 */
export type Ask = <A>(page: Effect.Effect<A, Fault.Fault>) => Effect.Effect<A, Fault.Fault>

const plainly: Ask = (page) => page

const stuck = (operation: string, detail: string): Fault.Fault =>
  Fault.make({ kind: "invalid", code: "paging-stuck", system: "elevenlabs", operation, detail })

const pages = <P extends Page>(
  operation: string,
  ask: Ask,
  send: (cursor: string | null) => Effect.Effect<P, Fault.Fault>
): Effect.Effect<ReadonlyArray<P>, Fault.Fault> =>
  Effect.gen(function*() {
    const found: Array<P> = []
    const seen = new Set<string>()
    let cursor: string | null = null
    while (true) {
      const page: P = yield* ask(send(cursor))
      found.push(page)
      // Some endpoints leave out one of the two; both must say that there is more.
      if (!page.hasMore) return found
      cursor = page.nextCursor
      if (cursor === null) {
        return yield* stuck(operation, `There is more after page ${found.length}, and no cursor to it`)
      }
      if (seen.has(cursor)) return yield* stuck(operation, `Page ${found.length} leads back to a page that was read`)
      if (found.length >= mostPages) return yield* stuck(operation, `It does not end after ${mostPages} pages`)
      seen.add(cursor)
    }
  })

/** What changes while it is listed may come twice. */
const once = <A extends { readonly id: string }>(all: ReadonlyArray<A>): ReadonlyArray<A> =>
  [
    ...new Map(all.toReversed().map((one) => [one.id, one])).values()
  ].toReversed()

/**
 * All documents that a query finds, such as all of a folder.
 *
 * @since 0.1.0
 * @category combinators
 */
export const documents = (
  client: Pick<Service, "list">,
  query: Omit<Listing, "cursor">,
  ask: Ask = plainly
): Effect.Effect<ReadonlyArray<Model.Document>, Fault.Fault> =>
  Effect.map(
    pages("ElevenLabs.list", ask, (cursor) => client.list({ ...query, cursor })),
    (all) => once(all.flatMap(({ documents }) => documents))
  )

/**
 * All agents.
 *
 * @since 0.1.0
 * @category combinators
 */
export const agents = (
  client: Pick<Service, "agents">,
  ask: Ask = plainly
): Effect.Effect<ReadonlyArray<Model.AgentSummary>, Fault.Fault> =>
  Effect.map(
    pages("ElevenLabs.agents", ask, (cursor) => client.agents({ cursor })),
    (all) => once(all.flatMap(({ agents }) => agents))
  )

/**
 * All agents and branches that use any of at most 20 documents.
 *
 * @since 0.1.0
 * @category combinators
 */
export const dependents = (
  client: Pick<Service, "dependentsOf">,
  ids: ReadonlyArray<string>,
  options?: Omit<Dependents, "cursor">,
  ask: Ask = plainly
): Effect.Effect<Pick<Model.DependentPage, "agents" | "branches">, Fault.Fault> =>
  Effect.map(
    pages("ElevenLabs.dependentsOf", ask, (cursor) => client.dependentsOf(ids, { ...options, cursor })),
    (all) => {
      const branches = all.flatMap(({ branches }) => branches)
      return {
        agents: merged(all.flatMap(({ agents }) => agents)),
        branches: [...new Map(branches.map((branch) => [`${branch.agentId} ${branch.branchId}`, branch])).values()]
      }
    }
  )

/** An agent may be told on two pages, with other documents on each. */
const merged = (agents: ReadonlyArray<Model.DependentAgent>): ReadonlyArray<Model.DependentAgent> => {
  const found = new Map<string, Model.DependentAgent>()
  for (const agent of agents) {
    const before = found.get(agent.id)
    found.set(
      agent.id,
      before === undefined
        ? agent
        : { ...before, resources: [...new Set([...before.resources, ...agent.resources])] }
    )
  }
  return [...found.values()]
}
