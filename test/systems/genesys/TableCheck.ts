/**
 * Holds a table against the vendor's documentation. Every function answers what is wrong, in words.
 */
import type * as Table from "../../../src/systems/genesys/Table.ts"
import * as Corrections from "./Corrections.ts"
import * as Documentation from "./Documentation.ts"

type Problems = ReadonlyArray<string>

/** An attribute and its path. */
interface Found {
  readonly path: string
  readonly attribute: Table.Attribute
}

/** Every attribute of a table, blocks and what is in them. */
export const flat = (attributes: Table.Attributes, prefix = ""): ReadonlyArray<Found> =>
  Object.entries(attributes).flatMap(([name, attribute]) => [
    { path: `${prefix}${name}`, attribute },
    ...(attribute.kind === "block" ? flat(attribute.attributes, `${prefix}${name}.`) : [])
  ])

const documented = (text: string) => {
  const [kind = "", use = ""] = text.split(" | ")
  const max = /Max: (\d+)/.exec(kind)?.[1]
  return {
    kind: kind.replace(/, .*$/, ""),
    max: max === undefined ? undefined : Number(max),
    isDeprecated: kind.includes("Deprecated"),
    isSensitive: kind.includes("Sensitive"),
    use
  }
}

const kinds = (attribute: Table.Attribute): ReadonlyArray<string> => {
  switch (attribute.kind) {
    case "string":
    case "json":
      return ["String"]
    case "number":
      return ["Number"]
    case "boolean":
      return ["Boolean"]
    case "block":
      return attribute.nesting === "list" ? ["Block List", "List of Object"] : ["Block Set", "Set of Object"]
    default: {
      const nesting = { list: "List", set: "Set", map: "Map" }[attribute.kind]
      const of = { string: "String", number: "Number", boolean: "Boolean" }[attribute.of]
      return [`${nesting} of ${of}`]
    }
  }
}

const schemaOf = ({ attribute, path }: Found, text: string): Problems => {
  const theirs = documented(text)
  const wrong: Array<string> = []
  const expect = (is: boolean, what: string) => {
    if (!is) wrong.push(`${path}: ${what} (documented: ${text})`)
  }
  expect(kinds(attribute).includes(theirs.kind), `kind ${attribute.kind}`)
  if (attribute.kind === "block" && theirs.kind.startsWith("Block")) {
    expect(attribute.max === theirs.max, `max ${String(attribute.max)}`)
  }
  expect((attribute.required ?? false) === (theirs.use === "Required"), "required")
  expect((attribute.readOnly ?? false) === (theirs.use === "Read-Only"), "readOnly")
  expect(attribute.computed !== true || theirs.use !== "Required", "computed")
  expect((attribute.deprecated ?? false) === theirs.isDeprecated, "deprecated")
  expect(!theirs.isSensitive || attribute.unresolvable === true, "a secret that is not unresolvable")
  return wrong
}

/** The attributes are those of the documentation, and none is forgotten. */
export const schema = (table: Table.Table, exporter: Documentation.Exporter): Problems => {
  const ours = flat(table.attributes)
  const left = table.notInApi ?? []
  const isLeft = (path: string) => left.some((other) => path === other || path.startsWith(`${other}.`))
  const mapped = new Set(ours.map((found) => found.path))
  return [
    ...ours.flatMap((found) => {
      const text = exporter.attributes[found.path]
      return text === undefined ? [`${found.path}: not documented`] : schemaOf(found, text)
    }),
    ...Object.keys(exporter.attributes).flatMap((path) => {
      if (path === "id" || mapped.has(path) !== isLeft(path)) return []
      return [mapped.has(path) ? `${path}: mapped, and in notInApi` : `${path}: not mapped, and not in notInApi`]
    }),
    ...left.flatMap((path) => path in exporter.attributes ? [] : [`notInApi ${path}: not documented`])
  ]
}

interface Target {
  readonly path: string
  readonly reference: Table.Reference
}

/** Every reference of a table. Those of a map have `.*`, those in JSON the path in it. */
export const references = (table: Table.Table): ReadonlyArray<Target> =>
  flat(table.attributes).flatMap(({ attribute, path }) => {
    if (attribute.kind === "block") return []
    if (attribute.kind === "json") {
      return Object.entries(attribute.refs ?? {}).map(([inner, reference]) => ({ path: `${path}.${inner}`, reference }))
    }
    const encoded = attribute.kind === "map" ? Object.entries(attribute.encoded ?? {}) : []
    return [
      ...encoded.flatMap(([name, refs]) =>
        Object.entries(refs).map(([inner, reference]) => ({ path: `${path}.${name}.${inner}`, reference }))
      ),
      ...(attribute.ref === undefined
        ? []
        : [{ path: attribute.kind === "map" ? `${path}.*` : path, reference: attribute.ref }])
    ]
  })

const targets = (reference: Table.Reference): ReadonlyArray<string> =>
  typeof reference.to === "string" ? [reference.to] : reference.among ?? []

/** Every documented reference is carried, and none of ours is dead. */
export const referencesOf = (
  table: Table.Table,
  exporter: Documentation.Exporter,
  known: ReadonlySet<string>
): Problems => {
  const ours = references(table)
  const left = table.notInApi ?? []
  const carries = (path: string, target: string) =>
    ours.some((found) => found.path === path && targets(found.reference).includes(target))
  return [
    ...Object.entries(exporter.refs).flatMap(([path, target]) => {
      const correction = Corrections.references.find((one) => one.type === table.type && one.path === path)
      if (left.includes(path)) return []
      if (correction === undefined) return carries(path, target) ? [] : [`${path} -> ${target}: not carried`]
      if (carries(path, target)) return [`${path} -> ${target}: needs no correction`]
      const really = correction.really
      return really === undefined || carries(really.path, really.target) ? [] : [`${path}: not carried as corrected`]
    }),
    ...ours.flatMap(({ path, reference }) => {
      const to = targets(reference)
      return [
        ...(to.length === 0 ? [`${path}: says no target`] : []),
        ...to.flatMap((target) => known.has(target) ? [] : [`${path} -> ${target}: no such type`])
      ]
    })
  ]
}

/** What the exporter says beyond the schema is in the table. */
export const rulesOf = (table: Table.Table, exporter: Documentation.Exporter): Problems => {
  const ours = new Map(flat(table.attributes).map((found) => [found.path, found.attribute]))
  const left = table.notInApi ?? []
  const wrong: Array<string> = []
  const rule = (
    name: string,
    paths: Iterable<string>,
    holds: (attribute: Table.Attribute, path: string) => boolean
  ) => {
    for (const path of paths) {
      if (Corrections.rules.some((one) => one.type === table.type && one.rule === name && one.path === path)) continue
      const attribute = ours.get(path)
      if (attribute === undefined ? !left.includes(path) : !holds(attribute, path)) wrong.push(`${name}: ${path}`)
    }
  }
  rule("AllowZeroValues", exporter.AllowZeroValues, (attribute) => attribute.zero === true)
  rule("AllowZeroValuesInMap", exporter.AllowZeroValuesInMap, (attribute) => attribute.zero === true)
  rule("AllowEmptyArrays", exporter.AllowEmptyArrays, (attribute) => attribute.emptyList === true)
  rule("JsonEncodeAttributes", exporter.JsonEncodeAttributes, (attribute) => attribute.kind === "json")
  rule("ExcludedAttributes", exporter.ExcludedAttributes, (attribute) => attribute.excluded === true)
  rule("UnResolvableAttributes", exporter.UnResolvableAttributes, (attribute) => attribute.unresolvable === true)
  rule(
    "RemoveIfSelfReferential",
    exporter.RemoveIfSelfReferential,
    (attribute) =>
      (attribute.kind === "string" || attribute.kind === "list" || attribute.kind === "set") &&
      attribute.ref?.notSelf === true
  )
  rule(
    "CustomValidateExports",
    Object.values(exporter.CustomValidateExports).flat(),
    (attribute) => attribute.convert !== undefined
  )
  rule(
    "CustomAttributeResolver",
    Object.keys(exporter.CustomAttributeResolver),
    (attribute) =>
      attribute.convert !== undefined ||
      (attribute.kind === "string" && (attribute.ref?.among !== undefined || attribute.ref?.data !== undefined))
  )
  rule("RemoveIfMissing", Object.keys(exporter.RemoveIfMissing), (attribute, path) =>
    attribute.kind === "block"
      ? String(attribute.removeIfMissing?.toSorted()) === String(exporter.RemoveIfMissing[path]?.toSorted())
      // What is alone needs no rule: without a value it is left out.
      : String(exporter.RemoveIfMissing[path]) === path)
  rule(
    "ThirdPartyRefAttrs",
    exporter.ThirdPartyRefAttrs,
    (attribute) => attribute.kind === "string" && attribute.file !== undefined
  )
  if (exporter.ExportAsDataFunc !== undefined && table.data === undefined) wrong.push("ExportAsDataFunc")
  if (exporter.writes_files_under !== undefined && table.files?.folder !== exporter.writes_files_under) {
    if (!Corrections.rules.some((one) => one.type === table.type && one.rule === "writes_files_under")) {
      wrong.push(`writes_files_under ${exporter.writes_files_under}`)
    }
  }
  return wrong
}
