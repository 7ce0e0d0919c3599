/**
 * What goes wrong in a simulated world, and when: a list of rules, read from a file or written in a test, and a seed
 * from which everything left to chance is drawn.
 *
 * A rule counts the requests it matches. Those it lets through by `every`, `nth`, `after`, `times` and
 * `probability` meet its effect. The rules are asked in order: waits add up, and the first effect that is not a wait
 * decides the reply.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Fault from "../kernel/Fault.ts"

const PositiveInt = Schema.Int.pipe(Schema.positive())

const Millis = Schema.Number.pipe(Schema.finite(), Schema.nonNegative())

const Status = Schema.Int.pipe(Schema.between(200, 599))

/**
 * @since 0.1.0
 * @category predicates
 */
export const isPattern = (text: string): boolean => {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}

const Pattern = Schema.String.pipe(
  Schema.filter((text) => isPattern(text) || `${JSON.stringify(text)} is not a regular expression`)
)

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/**
 * Which requests a rule is about. All that is given must hold; an empty match is every request.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Match = Schema.Struct({
  /**
   * Where in the world: `request` is an HTTP request before the server sees it; a simulator may ask at places of its
   * own, such as `task`. Defaults to `request`.
   */
  point: optional(Schema.NonEmptyString),
  /** A regular expression for the whole method, in any case: `POST|PUT`. */
  method: optional(Pattern),
  /** A regular expression found in the path and query, or in the subject of another point. */
  path: optional(Pattern),
  /** A regular expression found in the body. */
  body: optional(Pattern)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Match = typeof Match.Type

const When = Schema.Struct({
  /** What to call it where the firings are counted. Defaults to `rule 1`, `rule 2`, … */
  name: optional(Schema.NonEmptyString),
  match: optional(Match),
  /** Not the first so many matches. Defaults to 0. */
  after: optional(Schema.Int.pipe(Schema.nonNegative())),
  /** Only each so-manieth match, counted behind `after`. Defaults to 1. */
  every: optional(PositiveInt),
  /** Only these matches, counted from 1. */
  nth: optional(Schema.Union(PositiveInt, Schema.Array(PositiveInt))),
  /** Fire at most so often. Defaults to no limit. */
  times: optional(PositiveInt),
  /** From 0 to 1, drawn for each match that the rest lets through. Defaults to 1. */
  probability: optional(Schema.Number.pipe(Schema.between(0, 1))),
  /** Milliseconds of the world to wait before the effect. Defaults to 0. */
  delayMillis: optional(Millis)
})

/**
 * What any simulated server may do.
 *
 * - `latency`: the request waits and goes on to the next rules. With `maxMillis`, a time drawn between both.
 * - `answer`: this answer instead of the server's. With `acted`, the server did what was asked and its own answer is
 *   lost.
 * - `reset-before`, `reset-after`: the connection breaks before or after the server acted.
 * - `refused`: nothing listens.
 * - `truncated`: the server acted, and its answer stops after so many bytes. Defaults to half of them.
 * - `html`: a web page where an API should be, as a proxy or a captive portal answers. The status defaults to 200.
 *
 * @since 0.1.0
 * @category schemas
 */
export const BuiltIn = Schema.Union(
  Schema.Struct({ type: Schema.Literal("latency"), millis: Millis, maxMillis: optional(Millis) }),
  Schema.Struct({
    type: Schema.Literal("answer"),
    status: Status,
    statusText: optional(Schema.String),
    headers: optional(Schema.Record({ key: Schema.String, value: Schema.String })),
    body: optional(Schema.String),
    acted: optional(Schema.Boolean)
  }),
  Schema.Struct({ type: Schema.Literal("reset-before") }),
  Schema.Struct({ type: Schema.Literal("reset-after") }),
  Schema.Struct({ type: Schema.Literal("refused") }),
  Schema.Struct({ type: Schema.Literal("truncated"), at: optional(Schema.Int.pipe(Schema.nonNegative())) }),
  Schema.Struct({
    type: Schema.Literal("html"),
    status: optional(Status),
    statusText: optional(Schema.String),
    title: optional(Schema.String)
  })
)

/**
 * @since 0.1.0
 * @category models
 */
export type BuiltIn = typeof BuiltIn.Type

/**
 * An effect that one kind of simulator adds. Its `type` is not one of {@link BuiltIn}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Custom {
  readonly type: string
}

/**
 * @since 0.1.0
 * @category models
 */
export type Rule<C extends Custom = never> = typeof When.Type & { readonly effect: BuiltIn | C }

/**
 * @since 0.1.0
 * @category models
 */
export interface FaultPlan<C extends Custom = never> {
  /** From which everything left to chance is drawn. Defaults to 0. */
  readonly seed?: number
  readonly rules: ReadonlyArray<Rule<C>>
}

/**
 * A world in which nothing goes wrong.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: FaultPlan = { rules: [] }

const planOf = <E, I>(effect: Schema.Schema<E, I>) =>
  Schema.Struct({
    seed: optional(Schema.Int),
    rules: Schema.Array(Schema.extend(When, Schema.Struct({ effect })))
  })

/**
 * @since 0.1.0
 * @category schemas
 */
export const schema = planOf(BuiltIn)

/**
 * The schema of a plan whose rules may also have the effects of one kind of simulator.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schemaWith = <C extends Custom, I>(custom: Schema.Schema<C, I>) => planOf(Schema.Union(BuiltIn, custom))

/**
 * Reads a plan as a file holds it, already parsed from JSON or YAML. Unknown keys are refused by name.
 *
 * Fails with the code `fault-plan-invalid`, whose detail names each place and what is wrong there.
 *
 * @param schema {@link schema}, or {@link schemaWith} the effects of one kind of simulator.
 * @param options.source What to call the plan in the message: the path of its file. Defaults to `fault plan`.
 * @since 0.1.0
 * @category conversions
 */
export const decode = <A, I>(
  schema: Schema.Schema<A, I>,
  input: unknown,
  options?: { readonly source?: string | undefined }
): Effect.Effect<A, Fault.Fault> =>
  Effect.mapError(
    Schema.decodeUnknown(schema)(input, { errors: "all", onExcessProperty: "error" }),
    (error) => invalid(describe(error), options?.source)
  )

const describe = (error: ParseResult.ParseError): string =>
  ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) => `${place(path)}: ${message}`).join("; ")

/** `rules[2].match.path`, as one would write it. */
const place = (path: ReadonlyArray<PropertyKey>): string =>
  path.reduce<string>(
    (text, key) => typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    ""
  ) || "the whole"

/**
 * A fault that says a plan cannot be followed.
 *
 * @since 0.1.0
 * @category errors
 */
export const invalid = (detail: string, source = "fault plan"): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "holdfast",
    operation: "FaultPlan.decode",
    code: "fault-plan-invalid",
    sent: "no",
    subject: source,
    detail,
    hint: "correct the plan; nothing was started"
  })
