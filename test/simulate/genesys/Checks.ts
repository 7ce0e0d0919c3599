/**
 * What must hold after an export, by what the organisation really has.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Operations from "../../../src/systems/genesys/Operations.ts"
import type { Exception, Outcome, TypeSummary } from "../../../src/systems/genesys/Report.ts"
import * as Types from "../../../src/systems/genesys/Types.ts"
import type { World } from "../../../src/systems/genesys/simulator/World.ts"
import type { Problem } from "../System.ts"
import type { Scenario } from "./Scenario.ts"

export type Files = ReadonlyMap<string, string>

const prefix = "genesyscloud_"

const short = (type: string): string => type.slice(prefix.length)

/** Ids by type, of what the state has. */
const written = (files: Files): ReadonlyMap<string, ReadonlySet<string>> => {
  const text = files.get("terraform.tfstate")
  const state: {
    readonly resources: ReadonlyArray<{
      readonly type: string
      readonly instances: ReadonlyArray<
        { readonly attributes: { readonly id: string } }
      >
    }>
  } = text === undefined
    ? { resources: [] }
    : JSON.parse(Buffer.from(text, "latin1").toString("utf8"))
  const ids = new Map<string, Set<string>>()
  for (const { instances, type } of state.resources) {
    const known = ids.get(type) ?? new Set<string>()
    for (const { attributes } of instances) known.add(attributes.id)
    ids.set(type, known)
  }
  return ids
}

const reasonsWhole: ReadonlySet<Exception["reason"]> = new Set(["denied", "not-listed", "incomplete"])

const idsOf = (outcome: Outcome, type: string, reason: Exception["reason"]): ReadonlyArray<string> =>
  outcome.report.exceptions.filter((one) => one.type === type && one.reason === reason).map(({ id }) => ownId(id))

const listed = (ids: Iterable<string>): string => [...ids].toSorted().slice(0, 5).join(" ")

/** What hangs on something else has its id before its own: `<table>/<key>`. The world knows it by its own. */
const ownId = (id: string): string => id.replace(/^[0-9a-f-]{36}[/:]/, "")

const difference = (left: Iterable<string>, right: ReadonlySet<string>): ReadonlyArray<string> =>
  [...left].filter((id) => !right.has(id))

/** One type of an export: all there is, and nothing else. */
const ofType = (
  world: World,
  scenario: Scenario,
  outcome: Outcome,
  { exported, type }: TypeSummary,
  found: ReadonlySet<string>
): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  const wrong = (invariant: string, detail: string) => problems.push({ invariant, detail: `${type}: ${detail}` })
  if (outcome.report.exceptions.some((one) => one.type === type && reasonsWhole.has(one.reason))) return problems
  const truth = new Set(world.ids(type))
  const own = new Set([...found].map(ownId))
  // What is whole in the listing is not read, and nobody can see that it is gone.
  const unread = Option.exists(Types.byName(type), ({ read }) => read === undefined || read.unless !== undefined)
  const invented = difference(own, unread ? new Set([...truth, ...world.vanished(type)]) : truth)
  if (invented.length > 0) wrong("exported what is not there", listed(invented))
  if (found.size !== exported) wrong("the count is wrong", `${exported} told, ${found.size} written`)
  const isWanted = scenario.types.length === 0 || scenario.types.includes(short(type))
  const excused = new Set([...idsOf(outcome, type, "failed"), ...idsOf(outcome, type, "vanished")])
  const missing = isWanted ? difference(truth, own).filter((id) => !excused.has(id)) : []
  if (missing.length > 0) wrong("left out without a word", listed(missing))
  const lies = idsOf(outcome, type, "vanished").filter((id) => truth.has(id))
  if (lies.length > 0) wrong("said to be gone, but there", listed(lies))
  return problems
}

/** After an export that came to its end. */
export const reported = (
  world: World,
  scenario: Scenario,
  outcome: Outcome,
  folder: string,
  files: Files
): Effect.Effect<ReadonlyArray<Problem>> =>
  Effect.gen(function*() {
    const ids = written(files)
    const { types } = outcome.report
    const problems = types.flatMap((summary) =>
      ofType(world, scenario, outcome, summary, ids.get(summary.type) ?? new Set())
    )
    const told = new Set<string>(types.map(({ type }) => type))
    const wanted = (scenario.types.length === 0 ? world.types.map(short) : scenario.types).map((type) => prefix + type)
    const silent = difference(wanted, told)
    if (silent.length > 0) problems.push({ invariant: "a type is not told of", detail: listed(silent) })
    const validation = yield* Effect.either(Operations.validate(folder))
    if (validation._tag === "Left") problems.push({ invariant: "not valid", detail: validation.left.message })
    else if (validation.right.problems.length > 0) {
      problems.push({ invariant: "not valid", detail: JSON.stringify(validation.right.problems[0]) })
    }
    return problems
  })

/** When nothing went wrong on the way. */
export const calm = (scenario: Scenario, outcome: Outcome): ReadonlyArray<Problem> => {
  const denied = new Set(
    [...scenario.ground.denied ?? [], ...scenario.ground.notEnabled ?? []].map((type) => prefix + type)
  )
  return outcome.report.exceptions.flatMap(({ detail, id, reason, type }) => {
    const expected = reason === "denied" && denied.has(type)
    const bad = reason === "failed" || reason === "file" || reasonsWhole.has(reason)
    return bad && !expected
      ? [{ invariant: "not whole without need", detail: `${reason} ${type} ${id}: ${detail}` }]
      : []
  })
}

/** Files that tell what has changed since the last export: not the same in two exports. */
const ofChanges: ReadonlySet<string> = new Set(["export-report.json", ".holdfast-export.json"])

/** The first line that is not the same, of both. */
const firstDifference = (wanted: string | undefined, found: string | undefined): string => {
  if (wanted === undefined || found === undefined) return wanted === undefined ? "is too many" : "is missing"
  const [left, right] = [wanted.split("\n"), found.split("\n")]
  const line = left.findIndex((text, index) => text !== right[index])
  return `line ${line + 1}: ${(left[line] ?? "").trim()}, but ${(right[line] ?? "").trim()}`
}

export const same = (
  invariant: string,
  wanted: Files,
  found: Files,
  withReport: boolean
): ReadonlyArray<Problem> => {
  const names = [...new Set([...wanted.keys(), ...found.keys()])].filter((name) => withReport || !ofChanges.has(name))
  const different = names.filter((name) => wanted.get(name) !== found.get(name)).toSorted()
  const [first] = different
  return first === undefined ? [] : [{
    invariant,
    detail: `${different.slice(0, 5).join(", ")}; ${first} ${firstDifference(wanted.get(first), found.get(first))}`
  }]
}
