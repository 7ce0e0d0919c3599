/**
 * Turns the data of a fleet file into a fleet, with everything that is wrong with it at once.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import type * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import type { Fleet, MachineSpec } from "../Fleet.ts"
import * as FleetCheck from "./FleetCheck.ts"
import { DefaultsInput, FleetInput, MachineInput } from "./FleetInput.ts"
import * as FleetMerge from "./FleetMerge.ts"
import * as Suggestion from "./Suggestion.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Path = ReadonlyArray<string | number>

/**
 * One thing that is wrong, and where: `key` when the key itself is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Issue {
  readonly path: Path
  readonly at: "key" | "value"
  readonly message: string
}

/**
 * A path as it is written: `machines[2].disks.scsi0`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const printPath = (path: Path): string =>
  path.map((step, index) =>
    typeof step === "number" ? `[${step}]` : /^[\w-]+$/.test(step) ? `${index === 0 ? "" : "."}${step}` : `["${step}"]`
  ).join("")

/**
 * @since 0.1.0
 * @category constructors
 */
export const decode = (input: unknown): Either.Either<Fleet, ReadonlyArray<Issue>> => {
  const issues: Array<Issue> = []
  const empty = emptyKeys(input)
  const data = without(input, empty)
  const dropped = new Map<number, Array<Path>>()
  for (const path of empty) {
    // Only a `null` that somebody wrote takes a default away; a key left blank is more likely forgotten.
    const targets = get(input, path) === null ? inherited(data, path) : []
    const [, index] = path
    if (targets.length > 0 && typeof index === "number") {
      dropped.set(index, [...dropped.get(index) ?? [], ...targets])
    } else issues.push({ path, at: "key", message: "is empty: give it a value or take the key out" })
  }
  const isEmptyKey = (path: Path): boolean => empty.some((other) => printPath(other) === printPath(path))
  const whole = decodeWith(FleetInput, data)
  if (Either.isLeft(whole)) issues.push(...whole.left.filter(({ path }) => !isEmptyKey(path)))
  const merged = mergeAll(data, dropped, issues)
  if (Either.isRight(whole) && whole.right.machines.length === 0) {
    issues.push({ path: ["machines"], at: "value", message: "is empty: a fleet has at least one machine" })
  }
  if (issues.length > 0 || Either.isLeft(whole)) return Either.left(unique(issues))
  const machines = merged.flatMap((machine): ReadonlyArray<MachineSpec> => {
    const complete = FleetMerge.complete(machine)
    return complete === undefined ? [] : [complete]
  })
  return Either.right({ name: whole.right.fleet, machines })
}

const isMapping = (input: unknown): input is Readonly<Record<string, unknown>> =>
  typeof input === "object" && input !== null && !Array.isArray(input)

const get = (input: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, step) => {
    if (typeof step === "number") return Array.isArray(value) ? value[step] : undefined
    return isMapping(value) && Object.hasOwn(value, step) ? value[step] : undefined
  }, input)

/** Where a key stands without a value. */
const emptyKeys = (input: unknown, path: Path = []): ReadonlyArray<Path> => {
  // No key of a fleet is deeper, and data may be nested without end.
  if (path.length > 8) return []
  if (Array.isArray(input)) return input.flatMap((item, index) => emptyKeys(item, [...path, index]))
  if (!isMapping(input)) return []
  return Object.entries(input).flatMap(([key, value]) =>
    value === null || value === undefined ? [[...path, key]] : emptyKeys(value, [...path, key])
  )
}

const without = (input: unknown, paths: ReadonlyArray<Path>): unknown => {
  if (paths.length === 0) return input
  const below = (step: string | number): ReadonlyArray<Path> =>
    paths.filter((path) => path[0] === step).map((path) => path.slice(1))
  if (Array.isArray(input)) return input.map((item, index) => without(item, below(index)))
  if (!isMapping(input)) return input
  return Object.fromEntries(
    Object.entries(input).flatMap(([key, value]) => {
      const inside = below(key)
      return inside.some((path) => path.length === 0) ? [] : [[key, without(value, inside)]]
    })
  )
}

const addressFields: ReadonlySet<unknown> = new Set(["ip", "gateway", "ip6", "gateway6"])

/** The ways to write one thing. */
const spellings = (path: Path): ReadonlyArray<Path> => {
  const [first, second, third, fourth] = path
  if (first === "node") return [path, ["nodes"]]
  if (first === "nodes" && path.length === 1) return [path, ["node"]]
  if (first !== "cloudInit") return [path]
  if (path.length === 2 && addressFields.has(second)) {
    return [path, ["cloudInit", "addresses", "net0", ...path.slice(1)]]
  }
  if (second === "addresses" && third === "net0" && fourth !== undefined) return [path, ["cloudInit", fourth]]
  return [path]
}

/** The defaults that an empty key of a machine takes away. */
const inherited = (data: unknown, path: Path): ReadonlyArray<Path> => {
  const [root, index, ...rest] = path
  if (root !== "machines" || typeof index !== "number" || rest.length === 0) return []
  return spellings(rest).filter((spelling) => get(data, ["defaults", ...spelling]) !== undefined)
}

/** Where a machine's field is written: at the machine, or in the defaults. */
const origin = (data: unknown, index: number, path: Path, dropped: ReadonlyArray<Path>): Path => {
  const gone = new Set(dropped.map(printPath))
  const forms = spellings(path)
  return [
    ...forms.map((form) => ["machines", index, ...form]),
    ...forms.filter((form) => !gone.has(printPath(form))).map((form) => ["defaults", ...form])
  ]
    .find((candidate) => get(data, candidate) !== undefined) ?? ["machines", index, ...path]
}

const mergeAll = (
  data: unknown,
  dropped: ReadonlyMap<number, ReadonlyArray<Path>>,
  issues: Array<Issue>
): ReadonlyArray<FleetMerge.Merged> => {
  const items = get(data, ["machines"])
  const defaults = get(data, ["defaults"]) ?? {}
  const merged: Array<FleetMerge.Merged> = []
  const indexes: Array<number> = []
  for (const [index, item] of (Array.isArray(items) ? items : []).entries()) {
    const below = decodeWith(DefaultsInput, without(defaults, dropped.get(index) ?? []))
    const above = decodeWith(MachineInput, item)
    if (Either.isLeft(below) || Either.isLeft(above)) continue
    issues.push(...layer(below.right, ["defaults"]), ...layer(above.right, ["machines", index]))
    merged.push(FleetMerge.merge(below.right, above.right))
    indexes.push(index)
  }
  const report = (position: number, { message, path }: FleetCheck.Finding): void => {
    const index = indexes[position] ?? 0
    const found = origin(data, index, path, dropped.get(index) ?? [])
    const isShared = found[0] === "defaults"
    const name = merged[position]?.name ?? ""
    issues.push({ path: found, at: "value", message: isShared ? `for ${name}: ${message}` : message })
  }
  for (const [position, machine] of merged.entries()) {
    for (const finding of FleetCheck.machine(machine)) report(position, finding)
  }
  for (const finding of FleetCheck.fleet(merged)) report(finding.machine, finding)
  return merged
}

/** One thing written in both of its ways in one place. */
const layer = (input: DefaultsInput, path: Path): ReadonlyArray<Issue> => {
  const issues: Array<Issue> = []
  if (input.node !== undefined && input.nodes !== undefined) {
    issues.push({ path: [...path, "nodes"], at: "key", message: "stands beside node: keep one of them" })
  }
  for (const field of input.cloudInit === undefined ? [] : FleetMerge.givenTwice(input.cloudInit)) {
    issues.push({
      path: [...path, "cloudInit", field],
      at: "key",
      message: `is the same as addresses.net0.${field}: keep one of them`
    })
  }
  return issues
}

const decodeWith = <A, I>(schema: Schema.Schema<A, I>, input: unknown): Either.Either<A, ReadonlyArray<Issue>> =>
  Either.mapLeft(
    ParseResult.decodeUnknownEither(schema, { errors: "all", onExcessProperty: "error" })(input),
    (issue) => ParseResult.ArrayFormatter.formatIssueSync(issue).map((found) => explain(schema.ast, found))
  )

const explain = (ast: AST.AST, found: ParseResult.ArrayFormatterIssue): Issue => {
  const path = found.path.map((step) => typeof step === "symbol" ? String(step) : step)
  const key = path.at(-1)
  if (found._tag === "Unexpected" && key !== undefined) {
    return { path, at: "key", message: unknownKey(String(key), keysAt(ast, path.slice(0, -1))) }
  }
  if (found._tag === "Missing" && key !== undefined) {
    return { path, at: "value", message: `is missing: ${missing.get(String(key)) ?? "give it"}` }
  }
  return { path, at: "value", message: found.message }
}

const missing: ReadonlyMap<string, string> = new Map([
  ["fleet", "give the fleet a name, as in fleet: lab"],
  ["machines", "give a list of machines"],
  ["name", "give the machine a name, which is also its hostname"]
])

const unknownKey = (key: string, known: ReadonlyArray<string>): string => {
  const meant = Suggestion.nearest(key, known)
  const rest = meant === undefined ? `known here: ${Suggestion.enumerate(known)}` : `did you mean ${meant}?`
  return `"${key}" is not a known key; ${rest}`
}

/** The keys a mapping may have, found in the schema. */
const keysAt = (ast: AST.AST, path: Path): ReadonlyArray<string> => {
  if (AST.isTransformation(ast)) return keysAt(ast.to, path)
  if (AST.isTupleType(ast)) return ast.rest[0] === undefined ? [] : keysAt(ast.rest[0].type, path.slice(1))
  if (!AST.isTypeLiteral(ast)) return []
  const [step, ...rest] = path
  if (step === undefined) return ast.propertySignatures.map((signature) => String(signature.name))
  const signature = ast.propertySignatures.find(({ name }) => name === step)
  return signature === undefined ? [] : keysAt(signature.type, rest)
}

const unique = (issues: ReadonlyArray<Issue>): ReadonlyArray<Issue> => {
  const seen = new Map(issues.map((issue) => [`${printPath(issue.path)} ${issue.message}`, issue]))
  return [...seen.values()]
}
