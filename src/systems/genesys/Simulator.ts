/**
 * A simulated Genesys Cloud organisation: the same API, paging, limits, error bodies and surprises, as a function from
 * request to reply. It answers in process on the fiber's clock (the test clock included) or, through `Serve`, on a
 * port.
 *
 * The organisation comes from a seed: the same seed and size give the same entities, made up when they are asked for,
 * so that one of 100,000 resources starts at once. It knows nothing of the tables of the export: it is what they are
 * judged by.
 *
 * One endpoint serves the login host (`/oauth/token`), the API host (`/api/v2/…`) and the files that answers link to
 * (`/storage/…`).
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../kernel/Fault.ts"
import type * as Endpoint from "../../simulation/Endpoint.ts"
import * as FaultInjector from "../../simulation/FaultInjector.ts"
import * as FaultPlan from "../../simulation/FaultPlan.ts"
import * as Access from "./simulator/Access.ts"
import * as Calls from "./simulator/Calls.ts"
import * as Catalogue from "./simulator/Catalogue.ts"
import type { Name } from "./simulator/Kind.ts"
import * as Organisation from "./simulator/Organisation.ts"
import * as Server from "./simulator/Server.ts"
import * as Weather from "./simulator/Weather.ts"
import * as World from "./simulator/World.ts"

/**
 * Things that happen to an organisation while it is exported. Shares are from 0 to 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface Trouble {
  /** Share of the entities that are listed but gone when they are read. Defaults to 0. */
  readonly vanishing?: number | undefined
  /** Share of the entities that change when they are read first, their change stamps with them. Defaults to 0. */
  readonly restless?: number | undefined
  /**
   * One in a hundred entities of the larger types appears only when the second page of their listing is asked for, so
   * that counts grow; the world counts them from then on. Defaults to `false`.
   */
  readonly growing?: boolean | undefined
  /** In every other type, a page begins with the last entity of the page before. Defaults to `false`. */
  readonly repeating?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How many resources an export has to find, all types together. At least one of each of the 48. Defaults to 200. */
  readonly resources?: number | undefined
  /** Share of the users that are inactive, from 0 to 1. More than 10,000 of them cannot be listed. Defaults to 0.08. */
  readonly inactiveUsers?: number | undefined
  /** Decides everything that is drawn. Defaults to 1. */
  readonly seed?: number | undefined
  /** How many OAuth clients there are. Defaults to 1. */
  readonly clients?: number | undefined
  /** Milliseconds from a request to its answer. Defaults to 0. */
  readonly latencyMillis?: number | undefined
  /** Requests a minute for one token. Defaults to 300, the vendor's. `Infinity`: no limit. */
  readonly rateLimitPerMinute?: number | undefined
  /** Tokens a minute for one client; more are refused with 400. Defaults to 60. */
  readonly tokensPerMinute?: number | undefined
  /** How long a token is good. Defaults to 86,400 seconds. */
  readonly tokenSeconds?: number | undefined
  /** Types that the clients may not see: 403. By full name, or without `genesyscloud_`. Defaults to none. */
  readonly denied?: ReadonlyArray<string> | undefined
  /** Types of products that the organisation has not: 501. Defaults to none. */
  readonly notEnabled?: ReadonlyArray<string> | undefined
  /** Defaults to none. */
  readonly trouble?: Trouble | undefined
  /** What goes wrong on the way: bursts of 5xx, resets, torn bodies, web pages. Defaults to nothing. */
  readonly faults?: FaultPlan.FaultPlan | undefined
  /** Keep every call in `calls.log`. Defaults to `false`: only counts are kept. */
  readonly record?: boolean | undefined
  /** Of the links to files. Defaults to `http` where the host has a port or is this machine, otherwise `https`. */
  readonly scheme?: "http" | "https" | undefined
}

/**
 * A resource type by its full name, as the world tells it.
 *
 * @since 0.1.0
 * @category models
 */
export type TypeName = World.TypeName

/**
 * What {@link World.World.mutate} did.
 *
 * @since 0.1.0
 * @category models
 */
export type Changes = World.Changes

/**
 * How to sign in. The values are made up, and the same in every world.
 *
 * @since 0.1.0
 * @category models
 */
export type Credentials = Access.Credentials

/**
 * @since 0.1.0
 * @category models
 */
export interface Simulator {
  readonly endpoint: Endpoint.Endpoint
  /** The truth, for tests. */
  readonly world: World.World
  /** One for each client. */
  readonly credentials: readonly [Credentials, ...ReadonlyArray<Credentials>]
  readonly calls: Readonly<Calls.Calls>
  /** Makes every token worthless that was granted so far. */
  readonly revokeTokens: Effect.Effect<void>
  /** How often each rule of `faults` was met. */
  readonly faults: Effect.Effect<ReadonlyArray<FaultInjector.Count>>
}

/**
 * How so many clients sign in.
 *
 * @since 0.1.0
 * @category constructors
 */
export const credentials: (clients: number) => Simulator["credentials"] = Access.credentials

/**
 * A fault plan as bad as the real service gets: bursts of 5xx, resets, torn bodies, web pages, a throttled login.
 *
 * @since 0.1.0
 * @category constants
 */
export const rough: FaultPlan.FaultPlan = Weather.rough

const named = (types: ReadonlyArray<string> | undefined, option: string): Effect.Effect<Set<Name>, Fault.Fault> => {
  const found = new Set<Name>()
  for (const type of types ?? []) {
    const kind = Catalogue.find(type)
    if (kind === undefined) return FaultPlan.invalid(`there is no type ${type}`, option)
    found.add(kind.name)
  }
  return Effect.succeed(found)
}

/**
 * Builds a world.
 *
 * Fails with the code `fault-plan-invalid` when `faults`, `denied` or `notEnabled` name what there is not.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Simulator from "holdfast/systems/genesys/Simulator"
 * import * as Endpoint from "holdfast/simulation/Endpoint"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const simulator = yield* Simulator.make({ resources: 10_000, seed: 7 })
 *   const client = Endpoint.toHttpClient(simulator.endpoint)
 *   const queues = simulator.world.ids("genesyscloud_routing_queue")
 * })
 */
export const make = (options: Options = {}): Effect.Effect<Simulator, Fault.Fault> =>
  Effect.gen(function*() {
    const seed = options.seed ?? 1
    const denied = yield* named(options.denied, "denied")
    const notEnabled = yield* named(options.notEnabled, "notEnabled")
    const injector = yield* FaultInjector.make(options.faults ?? FaultPlan.none)
    const organisation = Organisation.make({
      seed,
      resources: options.resources ?? 200,
      inactiveUsers: options.inactiveUsers ?? 0.08,
      vanishing: options.trouble?.vanishing ?? 0,
      restless: options.trouble?.restless ?? 0,
      growing: options.trouble?.growing ?? false
    })
    const access = Access.make({
      seed,
      clients: options.clients ?? 1,
      rateLimit: options.rateLimitPerMinute ?? 300,
      tokenLimit: options.tokensPerMinute ?? 60,
      tokenMillis: (options.tokenSeconds ?? 86_400) * 1000
    })
    const calls = Calls.make()
    const server = Server.make(organisation, access, calls, {
      latencyMillis: options.latencyMillis ?? 0,
      denied,
      notEnabled,
      repeating: options.trouble?.repeating ?? false,
      record: options.record ?? false,
      scheme: options.scheme
    })
    return {
      endpoint: options.faults === undefined ? server : injector.apply(server),
      world: World.make(organisation),
      credentials: access.credentials,
      calls,
      revokeTokens: Effect.sync(access.revoke),
      faults: injector.counts
    }
  })
