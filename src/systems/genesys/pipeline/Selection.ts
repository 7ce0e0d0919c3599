/**
 * What an export is about: which types, which of their resources, and which of these as data. Everything that is wrong
 * with the options is found before anything is asked of the API, and told at once.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fault from "../../../kernel/Fault.ts"
import type { ExportOptions } from "../Options.ts"
import type { Table, TypeName } from "../Table.ts"
import * as AttributePath from "./AttributePath.ts"
import * as Pattern from "./Pattern.ts"

interface Resource {
  readonly type: TypeName
  readonly id: string
  readonly name: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Selection {
  /** Those that are listed at first. */
  readonly tables: ReadonlyArray<Table>
  /** What was asked for, other than whole types. */
  readonly asked: ReadonlyArray<Pattern.Pattern>
  /** Whether it was asked for. */
  readonly wants: (resource: Resource) => boolean
  /** Whether it may be exported because another one refers to it. */
  readonly allows: (resource: Resource) => boolean
  /** Whether it is written as a data block, whatever it is. */
  readonly asData: (resource: Resource) => boolean
}

const filters = {
  resourceTypes: { kind: "name", option: "resource_types" },
  includeFilterResources: { kind: "expression", option: "include_filter_resources" },
  includeFilterResourcesById: { kind: "id", option: "include_filter_resources_by_id" },
  excludeFilterResources: { kind: "expression", option: "exclude_filter_resources" }
} as const

const isGiven = (patterns: ReadonlyArray<string> | undefined): patterns is ReadonlyArray<string> =>
  patterns !== undefined && patterns.length > 0

const formats: ReadonlyArray<string> = ["hcl", "json", "json_hcl", "hcl_json"]

/** What can be seen without a table. */
const plainProblems = (options: ExportOptions): ReadonlyArray<string> => {
  const problems: Array<string> = []
  const given = Object.entries(filters).filter(([name]) => isGiven(patternsOf(options, name)))
  if (given.length > 1) {
    problems.push(`${given.map(([, { option }]) => option).join(" and ")} exclude each other: give one of them`)
  }
  const { exportFormat = "json", maxConcurrent = 10 } = options
  if (!Number.isInteger(maxConcurrent) || maxConcurrent < 1 || maxConcurrent > 1000) {
    problems.push(`max_concurrent must be a whole number from 1 to 1000, not ${maxConcurrent}`)
  }
  if (options.trustListing === true && options.sinceLast !== true) {
    problems.push("trust_listing is about what since_last takes from the last export: give both")
  }
  if (!formats.includes(exportFormat)) {
    problems.push(`export_format must be one of ${formats.join(", ")}, not ${JSON.stringify(exportFormat)}`)
  }
  return problems
}

const patternsOf = (options: ExportOptions, filter: string): ReadonlyArray<string> | undefined => {
  switch (filter) {
    case "resourceTypes":
      return options.resourceTypes
    case "includeFilterResources":
      return options.includeFilterResources
    case "includeFilterResourcesById":
      return options.includeFilterResourcesById
    case "excludeFilterResources":
      return options.excludeFilterResources
    default:
      return undefined
  }
}

/** Any of the patterns of the resource's type. */
const anyOf = (patterns: ReadonlyArray<Pattern.Pattern>): (resource: Resource) => boolean => {
  const byType = new Map<TypeName, Array<Pattern.Pattern>>()
  for (const pattern of patterns) {
    const known = byType.get(pattern.table.type)
    if (known === undefined) byType.set(pattern.table.type, [pattern])
    else known.push(pattern)
  }
  return (resource) => byType.get(resource.type)?.some((pattern) => pattern.matches(resource)) ?? false
}

/**
 * Fails with a fault of kind `invalid` and code `invalid-options` whose detail names every problem.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: ExportOptions,
  tables: ReadonlyArray<Table>
): Effect.Effect<Selection, Fault.Fault> =>
  Effect.gen(function*() {
    const problems = [...plainProblems(options)]
    const parse = (option: string, kind: Pattern.Kind, patterns: ReadonlyArray<string>) =>
      Effect.map(
        Effect.forEach(patterns, (pattern) => Pattern.parse(pattern, kind, tables)),
        (parsed) =>
          parsed.flatMap((one) => {
            if (Either.isRight(one)) return [one.right]
            problems.push(`${option}: ${one.left}`)
            return []
          })
      )
    const given = new Map<string, ReadonlyArray<Pattern.Pattern>>()
    for (const [name, { kind, option }] of Object.entries(filters)) {
      const patterns = patternsOf(options, name)
      if (isGiven(patterns)) given.set(name, yield* parse(option, kind, patterns))
    }
    const data = yield* parse("replace_with_datasource", "expression", options.replaceWithDatasource ?? [])
    for (const pattern of options.excludeAttributes ?? []) {
      const parsed = yield* AttributePath.parse(pattern, tables)
      if (Either.isLeft(parsed)) problems.push(`exclude_attributes: ${parsed.left}`)
    }
    if (problems.length > 0) return yield* invalid(problems)
    const excluded = given.get("excludeFilterResources")
    const included = [...given].find(([name]) => name !== "excludeFilterResources")?.[1]
    return selectionOf(tables, included, excluded, data)
  })

const selectionOf = (
  tables: ReadonlyArray<Table>,
  included: ReadonlyArray<Pattern.Pattern> | undefined,
  excluded: ReadonlyArray<Pattern.Pattern> | undefined,
  data: ReadonlyArray<Pattern.Pattern>
): Selection => {
  const isExcluded = anyOf(excluded ?? [])
  const isIncluded = included === undefined ? () => true : anyOf(included)
  const named = included === undefined ? undefined : new Set(included.map(({ table }) => table.type))
  const dropped = new Set(excluded?.filter(({ whole }) => whole).map(({ table }) => table.type))
  return {
    tables: tables.filter(({ type }) => !dropped.has(type) && (named?.has(type) ?? true)),
    asked: included?.filter(({ whole }) => !whole) ?? [],
    wants: (resource) => isIncluded(resource) && !isExcluded(resource),
    allows: (resource) => !isExcluded(resource),
    asData: anyOf(data)
  }
}

const invalid = (problems: ReadonlyArray<string>): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "genesys",
    operation: "Genesys.export",
    code: "invalid-options",
    sent: "no",
    detail: problems.join("; "),
    remote: "nothing was asked of the API and nothing was written",
    hint: "correct it, and run it again"
  })
