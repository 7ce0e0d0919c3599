/**
 * Where the API has the entities of a resource type, as data: how they are listed, and what is read of each.
 *
 * @since 0.1.0
 */
import type * as Json from "../../kernel/Json.ts"

/**
 * An object of the API as it was answered, numbers and unknown fields included.
 *
 * @since 0.1.0
 * @category models
 */
export type Entity = { readonly [key: string]: Json.Json }

/**
 * How a listing is paged. Source: the platform API's listing envelopes.
 *
 * - `pages`: `pageNumber` from 1 with `pageSize`, until `pageNumber` reaches `pageCount` (which may grow under way).
 * - `until-empty`: as `pages`, but the answer has no reliable total: until a page has no entities.
 * - `cursor`: `after`, taken from the query of `nextUri`, until there is none.
 * - `once`: one answer has them all.
 *
 * @since 0.1.0
 * @category models
 */
export type Paging = "pages" | "until-empty" | "cursor" | "once"

/**
 * @since 0.1.0
 * @category models
 */
export interface Listing {
  /** As the API description writes it: `/api/v2/routing/queues`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>> | undefined
  readonly paging: Paging
  /** Entities a page. Defaults to 100. */
  readonly pageSize?: number | undefined
  /** Where the answer has them. Defaults to `entities`. */
  readonly entities?: string | undefined
  /** Defaults to `GET`; with `POST`, paging goes into the body beside `body`. */
  readonly method?: "GET" | "POST" | undefined
  readonly body?: Entity | undefined
  /**
   * Listed once for every entity of another listing: that listing, and which hole of `path` (or name in `query`) its
   * entities' field fills. Listed entities then carry their parent as `@parent`.
   */
  readonly each?: { readonly listing: Listing; readonly hole: string; readonly field: string } | undefined
  /**
   * What to do past the `cap`, beyond which the API refuses to list or says that there are no more. `backwards` is what
   * the query says besides to have them from the other end: where both ends meet, all are there. Where they do not, the
   * `ways` are taken, which differ from the listing by what they say, as long as entities are missing. A way that the
   * API does not take is passed over.
   */
  readonly beyond?: {
    readonly cap: number
    readonly backwards: Readonly<Record<string, string>>
    readonly ways: ReadonlyArray<Omit<Partial<Listing>, "each" | "beyond">>
  } | undefined
}

/**
 * A further read that belongs to an entity. Its answer is kept as `@<name>`. One whose `path` has no holes is the same
 * for all entities, and is read once in an export.
 *
 * @since 0.1.0
 * @category models
 */
export interface Extra {
  /** With `{id}` for the entity's id, or `{a.b}` for what stands at a path of the entity. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>> | undefined
  /** Given: the entities of all pages. Absent: the answer itself. */
  readonly paging?: Paging | undefined
  readonly pageSize?: number | undefined
  /**
   * Of `until-empty`: where the entity says how many there are. A page with room left is the last one then, if all of
   * them are there.
   */
  readonly counted?: string | undefined
  readonly entities?: string | undefined
  /** The answer is text and not JSON. */
  readonly text?: boolean | undefined
  /**
   * Where it is missing (404) or not enabled, the entity goes without it instead of failing. What is the same for all
   * entities they then all go without, whatever the reason, and that is reported. Defaults to `false`.
   */
  readonly optional?: boolean | undefined
  /** Read only where the entity says so. */
  readonly when?: ((entity: Entity) => boolean) | undefined
  /** It cannot change without the change stamp of its entity. Defaults to `false`: then it is read each time. */
  readonly stamped?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Reading {
  /** With `{id}`, or `{a.b}` for what stands at a path of the listed entity. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>> | undefined
  /**
   * The listing answers all that reading does: an entity is taken as it was listed, and only what belongs to it is read.
   * `path` is read where it must be known whether the entity is still there, or where it was not kept. Defaults to
   * `false`.
   */
  readonly listed?: boolean | undefined
  /**
   * Path in the listed entity: where it has something there, its listing answers all that reading does, and it is not
   * read. Of what the API's versions differ in. Not with `extras`.
   */
  readonly unless?: string | undefined
  /** Read before, of the entity's `{id}`: what must be known to tell `path`. Kept as extras are. */
  readonly before?: Readonly<Record<string, Extra>> | undefined
  /** Fills holes of `path` that no field fills as it stands (which version is the newest), of what was read before. */
  readonly holes?: ((before: Entity) => Readonly<Record<string, string>>) | undefined
  readonly extras?: Readonly<Record<string, Extra>> | undefined
}
