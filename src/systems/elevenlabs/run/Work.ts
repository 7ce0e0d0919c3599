/**
 * What the steps of one site share.
 *
 * @since 0.1.0
 */
import * as Cache from "effect/Cache"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as Client from "../Client.ts"
import * as Model from "../Model.ts"
import type { Site } from "../site/Site.ts"
import * as State from "../state/State.ts"
import * as Attach from "./Attach.ts"
import * as Dependents from "./Dependents.ts"
import type { Ledger } from "./Ledger.ts"
import * as Policies from "./Policies.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How long a new document may be missing from listings: a document that is not found is not believed to be missing
   * before. Defaults to 10 seconds.
   */
  readonly listingLag?: Duration.DurationInput | undefined
  /** How long an index may take. Defaults to 10 minutes. */
  readonly indexTimeout?: Duration.DurationInput | undefined
  /** How long the API may remember that an agent names a document after it no longer does. Defaults to 1 minute. */
  readonly dependencyLag?: Duration.DurationInput | undefined
  /**
   * How many documents a save of an agent waits for, while more are on their way. It takes up to five times as many where
   * they are there already. Defaults to 20.
   */
  readonly attachBatch?: number | undefined
}

/**
 * What all sites of one operation share.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shared {
  readonly client: Client.Service
  readonly policies: Policies.Policies
  readonly journal: Journal.Service
  readonly attach: Attach.Attach
  readonly restore: Attach.Attaching["restore"]
  readonly dependents: Dependents.Ask
  /** How many files are on their way to agents: whoever saves one waits for them, if not for long. */
  readonly coming: { count: number }
  /** An agent as it was when it was first asked for. */
  readonly agent: (target: Attach.Target) => Effect.Effect<Json.Json, Fault.Fault>
  readonly listingLag: Duration.Duration
  readonly indexTimeout: Duration.Duration
  readonly dependencyLag: Duration.Duration
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Work extends Shared {
  readonly site: Site
  /** Those that shall know every document of the site. */
  readonly agents: ReadonlyArray<string>
  readonly usageMode: string
  readonly ledger: Ledger
  /** Deletes a document, with others that are deleted at the same time. */
  readonly delete: (id: string) => Effect.Effect<void, Fault.Fault>
  /** Who names a document, as it was when the work on its neighbours began. */
  readonly namedBy: Dependents.Ask
  /** Whoever sends a file has it in memory, so that not all may at once. `sent` lets the next one in before the end. */
  readonly sending: <A, R>(
    send: (sent: Effect.Effect<void>) => Effect.Effect<A, Fault.Fault, R>
  ) => Effect.Effect<A, Fault.Fault, R>
  /** Told when a file comes to the agents, or does not. */
  readonly arrived: Effect.Effect<void>
}

/** Where the one who looked something up for all was interrupted, the next looks it up. */
const takenOver = <A, E>(lookup: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.flatMap(Effect.exit(lookup), (exit) => Exit.isInterrupted(exit) ? takenOver(lookup) : exit)

/**
 * @since 0.1.0
 * @category constructors
 */
export const shared = (options: Options = {}): Effect.Effect<Shared, never, Client.Client | Journal.Journal> =>
  Effect.gen(function*() {
    const client = yield* Client.Client
    const journal = yield* Journal.Journal
    const policies = yield* Policies.make
    const agents = yield* Cache.makeWith({
      capacity: 1000,
      lookup: ({ agent, branch }: Attach.Target) =>
        Effect.map(policies.read(client.agent(agent, { branch })), ({ json }) => json),
      timeToLive: (exit) => Exit.isSuccess(exit) ? Duration.infinity : Duration.zero
    })
    const coming = { count: 0 }
    const indexTimeout = Duration.decode(options.indexTimeout ?? "10 minutes")
    return {
      coming,
      agent: (target) => takenOver(agents.get(Data.struct(target))),
      dependents: Dependents.make(client, policies),
      client,
      journal,
      policies,
      ...Attach.make({ client, journal, policies, attachBatch: options.attachBatch ?? 20, coming, indexTimeout }),
      listingLag: Duration.decode(options.listingLag ?? "10 seconds"),
      indexTimeout,
      dependencyLag: Duration.decode(options.dependencyLag ?? "1 minute")
    }
  })

/**
 * The series of changes of one kind to one thing of a site.
 *
 * @since 0.1.0
 * @category getters
 */
export const seriesOf = ({ site }: { readonly site: Pick<Site, "host"> }, kind: string, thing?: string): string =>
  `elevenlabs/${site.host}/${kind}${thing === undefined ? "" : `/${thing}`}`

/**
 * What an earlier run made and did not live to record, if the state knows nothing of it.
 *
 * @since 0.1.0
 * @category accessors
 */
export const unrecorded = (
  work: Work,
  series: string
): Effect.Effect<Option.Option<Model.Created>, Fault.Fault> =>
  Effect.map(work.journal.latest(series), (latest) =>
    latest.pipe(
      Option.flatMap(({ entry }) =>
        entry._tag === "Completed" ? Schema.decodeUnknownOption(Model.Created)(entry.result) : Option.none()
      ),
      Option.filter(({ id }) => !State.idsOf(work.ledger.now()).has(id))
    ))

/**
 * A document or folder as it is; `None` where it is gone.
 *
 * @since 0.1.0
 * @category accessors
 */
export const look = (
  { client, policies }: Pick<Shared, "client" | "policies">,
  id: string
): Effect.Effect<Option.Option<Model.Document>, Fault.Fault> =>
  policies.read(client.get(id)).pipe(
    Effect.map(Option.some),
    Effect.catchIf((fault) => fault.kind === "not-found", () => Effect.succeedNone)
  )
