/**
 * Makes a simulated world follow a fault plan, and counts what went wrong.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../kernel/Fault.ts"
import * as Chance from "./Chance.ts"
import * as Endpoint from "./Endpoint.ts"
import * as FaultPlan from "./FaultPlan.ts"

/**
 * How often a rule was asked and how often it fired.
 *
 * @since 0.1.0
 * @category models
 */
export interface Count {
  readonly rule: string
  readonly matched: number
  readonly fired: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface FaultInjector<C extends FaultPlan.Custom = never> {
  /** The endpoint with the plan's faults. Several endpoints of one injector share its counts. */
  readonly apply: (endpoint: Endpoint.Endpoint) => Endpoint.Endpoint
  /** For a place inside the world: waits as the rules for it say, then returns the effects that fire there. */
  readonly at: (point: string, subject: string) => Effect.Effect<ReadonlyArray<C>>
  /** One for each rule, in the order of the plan. */
  readonly counts: Effect.Effect<ReadonlyArray<Count>>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<C extends FaultPlan.Custom> {
  /** Instead of the plan's own. */
  readonly seed?: number | undefined
  /** How the world waits. Defaults to the fiber's clock. */
  readonly sleep?: ((millis: number) => Effect.Effect<void>) | undefined
  /** Places, beside requests, where this world asks {@link FaultInjector.at}. A rule for another is refused. */
  readonly points?: ReadonlyArray<string> | undefined
  /** What an effect of this world does to a request; `next` is the server. Without it such rules are refused. */
  readonly custom?:
    | ((effect: C, request: Endpoint.Request, next: Endpoint.Endpoint) => Effect.Effect<Endpoint.Reply>)
    | undefined
}

interface ActiveRule<C extends FaultPlan.Custom> {
  readonly name: string
  readonly rule: FaultPlan.Rule<C>
  readonly matches: (point: string, subject: Subject) => boolean
  matched: number
  fired: number
}

interface Subject {
  readonly method: string
  readonly path: string
  readonly body: string
}

/** What one rule, having fired, does. */
interface Step<C extends FaultPlan.Custom> {
  readonly delayMillis: number
  readonly effect: FaultPlan.BuiltIn | C | undefined
}

const request = "request"

/** What each draw at one place is for, so that they are independent. */
const draws = { fires: 0, latency: 1 }

/**
 * Fails with the code `fault-plan-invalid` when the plan asks for what this world cannot do.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <C extends FaultPlan.Custom = never>(
  plan: FaultPlan.FaultPlan<C>,
  options?: Options<C>
): Effect.Effect<FaultInjector<C>, Fault.Fault> =>
  Effect.suspend(() => {
    const seed = options?.seed ?? plan.seed ?? 0
    const sleep = options?.sleep ?? Effect.sleep
    const custom = options?.custom
    const rules: Array<ActiveRule<C>> = []
    for (const [index, rule] of plan.rules.entries()) {
      const name = rule.name ?? `rule ${index + 1}`
      const problem = check(rule, options)
      if (problem !== undefined) return FaultPlan.invalid(`${name}: ${problem}`)
      rules.push({ name, rule, matches: matcher(rule.match), matched: 0, fired: 0 })
    }

    /** Everything is decided on arrival, so that waiting requests do not change each other's faults. */
    const decide = (point: string, subject: Subject): ReadonlyArray<Step<C>> => {
      const steps: Array<Step<C>> = []
      let open = true
      for (const [index, active] of rules.entries()) {
        if (!active.matches(point, subject)) continue
        active.matched++
        const chance = (purpose: number) => Chance.unit(seed, index, active.matched, purpose)
        if (!open || !fires(active, chance(draws.fires))) continue
        active.fired++
        const { delayMillis = 0, effect } = active.rule
        if (isBuiltIn(effect) && effect.type === "latency") {
          const spread = Math.max(0, (effect.maxMillis ?? effect.millis) - effect.millis)
          steps.push({ delayMillis: delayMillis + effect.millis + spread * chance(draws.latency), effect: undefined })
        } else {
          steps.push({ delayMillis, effect })
          open = point !== request
        }
      }
      return steps
    }

    const wait = (millis: number): Effect.Effect<void> => millis > 0 ? sleep(millis) : Effect.void

    const apply = (endpoint: Endpoint.Endpoint): Endpoint.Endpoint => (incoming) =>
      Effect.suspend(() => {
        const steps = decide(request, { method: incoming.method, path: incoming.url, body: incoming.body })
        const delay = steps.reduce((sum, step) => sum + step.delayMillis, 0)
        const effect = steps.find((step) => step.effect !== undefined)?.effect
        return Effect.zipRight(wait(delay), reply(effect, incoming, endpoint, custom))
      })

    const at = (point: string, subject: string): Effect.Effect<ReadonlyArray<C>> =>
      Effect.suspend(() => {
        const steps = decide(point, { method: "", path: subject, body: "" })
        const delay = steps.reduce((sum, step) => sum + step.delayMillis, 0)
        const effects = steps.flatMap(({ effect }) => effect === undefined || isBuiltIn(effect) ? [] : [effect])
        return Effect.as(wait(delay), effects)
      })

    const counts = Effect.sync(() => rules.map(({ fired, matched, name }) => ({ rule: name, matched, fired })))
    return Effect.succeed({ apply, at, counts })
  })

const builtInTypes: ReadonlySet<string> = new Set<FaultPlan.BuiltIn["type"]>([
  "latency",
  "answer",
  "reset-before",
  "reset-after",
  "refused",
  "truncated",
  "html"
])

const isBuiltIn = <C extends FaultPlan.Custom>(effect: FaultPlan.BuiltIn | C): effect is FaultPlan.BuiltIn =>
  builtInTypes.has(effect.type)

const check = <C extends FaultPlan.Custom>(
  rule: FaultPlan.Rule<C>,
  options: Options<C> | undefined
): string | undefined => {
  const patterns = [rule.match?.method, rule.match?.path, rule.match?.body]
  const broken = patterns.find((pattern) => pattern !== undefined && !FaultPlan.isPattern(pattern))
  if (broken !== undefined) return `${JSON.stringify(broken)} is not a regular expression`
  const point = rule.match?.point ?? request
  if (point === request) {
    return isBuiltIn(rule.effect) || options?.custom !== undefined
      ? undefined
      : `the effect ${rule.effect.type} does not happen to requests here`
  }
  const points = options?.points ?? []
  if (!points.includes(point)) return `there is no point ${point} here, only ${[request, ...points].join(", ")}`
  if (!isBuiltIn(rule.effect) || rule.effect.type === "latency") return undefined
  return `the effect ${rule.effect.type} happens to requests only, not at the point ${point}`
}

const matcher = (match: FaultPlan.Match | undefined): ActiveRule<FaultPlan.Custom>["matches"] => {
  const point = match?.point ?? request
  const method = match?.method === undefined ? undefined : new RegExp(`^(?:${match.method})$`, "i")
  const path = match?.path === undefined ? undefined : new RegExp(match.path)
  const body = match?.body === undefined ? undefined : new RegExp(match.body)
  return (where, subject) =>
    where === point &&
    (method === undefined || method.test(subject.method)) &&
    (path === undefined || path.test(subject.path)) &&
    (body === undefined || body.test(subject.body))
}

const fires = ({ fired, matched, rule }: ActiveRule<FaultPlan.Custom>, chance: number): boolean => {
  const counted = matched - (rule.after ?? 0)
  if (counted < 1 || fired >= (rule.times ?? Infinity)) return false
  if (rule.every !== undefined && counted % rule.every !== 0) return false
  if (rule.nth !== undefined && !(typeof rule.nth === "number" ? [rule.nth] : rule.nth).includes(matched)) return false
  return chance < (rule.probability ?? 1)
}

const reply = <C extends FaultPlan.Custom>(
  effect: FaultPlan.BuiltIn | C | undefined,
  incoming: Endpoint.Request,
  endpoint: Endpoint.Endpoint,
  custom: Options<C>["custom"]
): Effect.Effect<Endpoint.Reply> => {
  if (effect === undefined) return endpoint(incoming)
  if (isBuiltIn(effect)) return builtInReply(effect, incoming, endpoint)
  return custom === undefined ? endpoint(incoming) : custom(effect, incoming, endpoint)
}

const builtInReply = (
  effect: FaultPlan.BuiltIn,
  incoming: Endpoint.Request,
  endpoint: Endpoint.Endpoint
): Effect.Effect<Endpoint.Reply> => {
  switch (effect.type) {
    case "latency":
      return endpoint(incoming)
    case "refused":
      return Effect.succeed(Endpoint.refused)
    case "reset-before":
      return Effect.succeed(Endpoint.reset)
    case "reset-after":
      return Effect.as(endpoint(incoming), Endpoint.reset)
    case "answer":
      return effect.acted === true
        ? Effect.as(endpoint(incoming), Endpoint.answer(effect))
        : Effect.succeed(Endpoint.answer(effect))
    case "truncated":
      return Effect.map(endpoint(incoming), (whole) => truncate(whole, effect.at))
    case "html":
      return Effect.succeed(page(effect))
  }
}

const truncate = (whole: Endpoint.Reply, at: number | undefined): Endpoint.Reply =>
  whole._tag === "Answer"
    ? { ...whole, truncateAt: at ?? Math.floor(Endpoint.bodyBytes(whole).length / 2) }
    : whole

const page = (effect: Extract<FaultPlan.BuiltIn, { readonly type: "html" }>): Endpoint.Reply => {
  const title = effect.title ?? "Welcome"
  return Endpoint.answer({
    status: effect.status,
    statusText: effect.statusText,
    headers: { "content-type": "text/html; charset=utf-8" },
    body: `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`
  })
}
