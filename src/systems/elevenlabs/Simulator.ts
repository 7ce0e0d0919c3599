/**
 * A simulated ElevenLabs workspace: knowledge base, folders, retrieval indexes, agents with their versions and
 * branches, the same limits, error bodies and surprises, as a function from request to reply. It answers in process on
 * the fiber's clock (the test clock included) or, through `Serve`, on a port.
 *
 * It shares no code with the client: it is what the client is judged by.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fault from "../../kernel/Fault.ts"
import type * as Endpoint from "../../simulation/Endpoint.ts"
import * as FaultInjector from "../../simulation/FaultInjector.ts"
import * as FaultPlan from "../../simulation/FaultPlan.ts"
import type * as Agents from "./simulator/Agents.ts"
import type * as Calls from "./simulator/Calls.ts"
import type * as Check from "./simulator/Check.ts"
import * as Others from "./simulator/Others.ts"
import * as Routes from "./simulator/Routes.ts"
import * as Server from "./simulator/Server.ts"
import * as Weather from "./simulator/Weather.ts"
import type * as Wire from "./simulator/Wire.ts"
import * as Workspace from "./simulator/Workspace.ts"
import * as World from "./simulator/World.ts"

/**
 * What other people do while the caller works.
 *
 * @since 0.1.0
 * @category models
 */
export type Trouble = Others.Trouble

/**
 * An agent as it is put into a world.
 *
 * @since 0.1.0
 * @category models
 */
export type NewAgent = Agents.NewAgent

/**
 * A document or folder as the world tells it.
 *
 * @since 0.1.0
 * @category models
 */
export type Document = World.Document

/**
 * A document that somebody else makes.
 *
 * @since 0.1.0
 * @category models
 */
export type Foreign = World.Foreign

/**
 * What {@link World.World.check} is told of what must be.
 *
 * @since 0.1.0
 * @category models
 */
export type Expected = Check.Expected

/**
 * @since 0.1.0
 * @category models
 */
export type Violation = Check.Violation

/**
 * A request, as it comes in and once it has taken effect.
 *
 * @since 0.1.0
 * @category models
 */
export type Moment = Server.Moment

/**
 * @since 0.1.0
 * @category models
 */
export type Tier = "free" | "starter" | "creator" | "pro" | "scale" | "business"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Decides every id and everything that is drawn. Defaults to 1. */
  readonly seed?: number | undefined
  /** Agents that are there from the start. Defaults to none. */
  readonly agents?: ReadonlyArray<NewAgent> | undefined
  /** The plan of the workspace, and with it the quotas below. Defaults to `creator`. */
  readonly tier?: Tier | undefined
  /** Milliseconds for a request, half of them before it takes effect. Defaults to 0. */
  readonly latencyMillis?: number | undefined
  /** Requests worked on at once; more are refused with 429. Defaults to that of the plan, 2 to 15. */
  readonly concurrencyLimit?: number | undefined
  /** Requests a minute. Defaults to no limit. */
  readonly requestsPerMinute?: number | undefined
  /** Milliseconds for which a new document or folder is missing from listings. Defaults to 0. */
  readonly listingLagMillis?: number | undefined
  /** Milliseconds for which listings still have what was deleted. Defaults to 0. */
  readonly deletionLagMillis?: number | undefined
  /** Milliseconds for which a document that is not used any more still counts as used. Defaults to 0. */
  readonly dependencyLagMillis?: number | undefined
  /** Milliseconds that an index takes. Defaults to 3,000. */
  readonly indexMillis?: number | undefined
  /** Bytes that all indexes together may have. Defaults to that of the plan, 1 MB to 1 GB. */
  readonly indexBytes?: number | undefined
  /** Whether agents that retrieve take documents whose index is not ready. Defaults to `false`: 422. */
  readonly attachUnindexed?: boolean | undefined
  /** How many documents one save of an agent may add. Defaults to no limit. */
  readonly attachLimit?: number | undefined
  /** Bytes of a file. Defaults to 20 MB. */
  readonly fileBytes?: number | undefined
  /** Characters of a document that is text. Defaults to 300,000. */
  readonly characters?: number | undefined
  /** Documents in the workspace. Defaults to no limit. */
  readonly documents?: number | undefined
  /** Whether the key may only read. Defaults to `false`. */
  readonly readOnly?: boolean | undefined
  /** The words of error bodies. Defaults to `mixed`: those of today and of older times by turns. */
  readonly errors?: Wire.Errors | undefined
  /** Defaults to none. */
  readonly trouble?: Trouble | undefined
  /** What goes wrong on the way: answers lost before and after the act, 5xx, torn bodies. Defaults to nothing. */
  readonly faults?: FaultPlan.FaultPlan | undefined
  /** Keep every call in `calls.log`. Defaults to `false`: only counts are kept. */
  readonly record?: boolean | undefined
  /** Of the links to files. Defaults to `http` where the host has a port or is this machine, otherwise `https`. */
  readonly scheme?: "http" | "https" | undefined
  /**
   * The file that a document of this name stands for. Defaults to what stands before a ` #` and twelve hex digits, and
   * to none for other names.
   */
  readonly fileOf?: ((name: string) => string | undefined) | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Simulator {
  readonly endpoint: Endpoint.Endpoint
  /** The truth, and hands to change it, for tests. */
  readonly world: World.World
  /** Made up, and the same in every world. */
  readonly credentials: { readonly apiKey: string }
  readonly calls: Readonly<Calls.Calls>
  /** How often each rule of `faults` was met. */
  readonly faults: Effect.Effect<ReadonlyArray<FaultInjector.Count>>
}

/**
 * A fault plan as bad as the real service gets: resets and errors before and after the act, a busy service, torn bodies,
 * web pages.
 *
 * @since 0.1.0
 * @category constants
 */
export const rough: FaultPlan.FaultPlan = Weather.rough

/**
 * Every call that is served, as in the API description: `GET /v1/convai/agents`.
 *
 * @since 0.1.0
 * @category constants
 */
export const routes: ReadonlyArray<string> = Routes.names

const mega = 1_000_000

/**
 * What the plans allow: requests at once, and bytes of indexes.
 *
 * Source: the documentation of ElevenLabs, "Models" and "Retrieval-Augmented Generation".
 */
const tiers: { readonly [tier in Tier]: { readonly concurrency: number; readonly indexBytes: number } } = {
  free: { concurrency: 2, indexBytes: mega },
  starter: { concurrency: 3, indexBytes: 2 * mega },
  creator: { concurrency: 5, indexBytes: 20 * mega },
  pro: { concurrency: 10, indexBytes: 100 * mega },
  scale: { concurrency: 15, indexBytes: 500 * mega },
  business: { concurrency: 15, indexBytes: 1000 * mega }
}

const fileOf = (name: string): string | undefined => /^(.+) #[0-9a-f]{12}$/.exec(name)?.[1]

const apiKey = "sk_simulated0000000000000000000000000000000000000000"

/**
 * Builds a workspace.
 *
 * Fails with the code `fault-plan-invalid` when `faults` asks for what there is not.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Simulator from "holdfast/systems/elevenlabs/Simulator"
 * import * as Endpoint from "holdfast/simulation/Endpoint"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const simulator = yield* Simulator.make({ agents: [{ name: "Support" }], listingLagMillis: 2_000 })
 *   const client = Endpoint.toHttpClient(simulator.endpoint)
 *   const documents = simulator.world.documents()
 * })
 */
export const make = (options: Options = {}): Effect.Effect<Simulator, Fault.Fault> =>
  Effect.gen(function*() {
    const seed = options.seed ?? 1
    const tier = options.tier ?? "creator"
    const names = options.fileOf ?? fileOf
    const injector = yield* FaultInjector.make(options.faults ?? FaultPlan.none)
    const workspace = Workspace.make({
      seed,
      listingLagMillis: options.listingLagMillis ?? 0,
      deletionLagMillis: options.deletionLagMillis ?? 0,
      dependencyLagMillis: options.dependencyLagMillis ?? 0,
      indexMillis: options.indexMillis ?? 3_000,
      indexBytes: options.indexBytes ?? tiers[tier].indexBytes,
      attachUnindexed: options.attachUnindexed ?? false,
      endless: options.trouble?.endless ?? false,
      limits: {
        tier,
        fileBytes: options.fileBytes ?? 20 * mega,
        characters: options.characters ?? 300_000,
        documents: options.documents ?? Infinity,
        attached: options.attachLimit ?? Infinity
      },
      fileOf: names
    })
    const server = Server.make(workspace, Others.make(workspace, seed, options.trouble ?? {}), {
      apiKey,
      readOnly: options.readOnly ?? false,
      latencyMillis: options.latencyMillis ?? 0,
      concurrencyLimit: options.concurrencyLimit ?? tiers[tier].concurrency,
      requestsPerMinute: options.requestsPerMinute ?? Infinity,
      errors: options.errors ?? "mixed",
      record: options.record ?? false,
      scheme: options.scheme
    })
    const now = yield* Clock.currentTimeMillis
    for (const agent of options.agents ?? []) workspace.agents.add(agent, now)
    return {
      endpoint: options.faults === undefined ? server.endpoint : injector.apply(server.endpoint),
      world: World.make(workspace, server, names),
      credentials: { apiKey },
      calls: server.calls,
      faults: injector.counts
    }
  })
