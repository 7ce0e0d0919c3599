/**
 * Holds a table against the description of the API: what it asks for and where it looks. Every function answers what is
 * wrong, in words.
 */
import type * as Json from "../../../src/kernel/Json.ts"
import * as Values from "../../../src/systems/genesys/output/Values.ts"
import type * as Table from "../../../src/systems/genesys/Table.ts"
import * as Corrections from "./Corrections.ts"
import * as Documentation from "./Documentation.ts"
import * as Sample from "./Sample.ts"
import * as TableCheck from "./TableCheck.ts"

type Problems = ReadonlyArray<string>

const paged: Readonly<Record<Table.Paging, ReadonlyArray<string>>> = {
  pages: ["pageNumber", "pageSize"],
  "until-empty": ["pageNumber", "pageSize"],
  cursor: ["after", "pageSize"],
  once: []
}

interface Asking {
  readonly path: string
  readonly method?: "GET" | "POST" | undefined
  readonly query?: Readonly<Record<string, string>> | undefined
  readonly paging?: Table.Paging | undefined
}

/** The call is there, and takes what is sent with it. */
const asks = ({ method = "GET", paging = "once", path, query = {} }: Asking): Problems => {
  const call = Documentation.call(method, path)
  if (call === undefined) return [`${method} ${path}: no such call`]
  const known = new Map(call.parameters.filter((one) => one.in === "query").map((one) => [one.name, one]))
  return [
    ...(method === "GET" ? paged[paging] : []).filter((name) => !known.has(name))
      .map((name) => `${path}: is not paged by ${name}`),
    ...Object.entries(query).flatMap(([name, value]) => {
      const parameter = known.get(name)
      if (parameter === undefined) return [`${path}: takes no ${name}`]
      const allowed: ReadonlyArray<unknown> | undefined = parameter.enum ?? parameter.items?.enum
      if (allowed === undefined || value.startsWith("{")) return []
      return value.split(",").filter((one) => !allowed.includes(one)).map((one) => `${path}: ${name} is never ${one}`)
    })
  ]
}

/** What one of the entities of a page is. */
const entityOf = (asking: Asking & { readonly entities?: string | undefined }): Documentation.Shape | undefined => {
  const call = Documentation.call(asking.method ?? "GET", asking.path)
  const page = call === undefined ? undefined : Documentation.answer(call)
  if (page === undefined) return undefined
  const row = Documentation.whole(page).type === "array" && asking.entities === undefined
    ? page
    : Documentation.at(page, asking.entities ?? "entities")
  return row === undefined ? undefined : Documentation.whole(row).items
}

/** The listing with the other ways through the same entities, and those of its parents. */
const listings = ({ beyond, each, ...listing }: Table.Listing): ReadonlyArray<Table.Listing> => [
  { ...listing, each },
  ...(beyond === undefined ? [] : [{ ...listing, query: { ...listing.query, ...beyond.backwards } }]),
  ...(beyond?.ways ?? []).map((way) => ({ ...listing, ...way })),
  ...(each === undefined ? [] : listings(each.listing))
]

/** The shape of a listed entity, its parent with it. */
const listed = (listing: Table.Listing): Documentation.Shape | undefined => {
  const own = entityOf(listing)
  if (own === undefined || listing.each === undefined) return own
  const parent = listed(listing.each.listing) ?? {}
  return {
    type: "object",
    properties: { ...Documentation.whole(own).properties, "@parent": parent },
    additionalProperties: Documentation.whole(own).additionalProperties
  }
}

/** Holes that are filled from an entity: `{id}`, `{a.b}`. */
const holes = (text: string): ReadonlyArray<string> => [...text.matchAll(/\{([^}]+)\}/g)].map((match) => match[1] ?? "")

const filled = (asking: Asking, shape: Documentation.Shape): Problems =>
  [asking.path, ...Object.values(asking.query ?? {})].flatMap(holes)
    .filter((hole) => hole !== "id" && Documentation.at(shape, hole) === undefined)
    .map((hole) => `${asking.path}: nothing at ${hole}`)

const listingProblems = (table: Table.Table): Problems =>
  table.list.flatMap((listing) => [
    ...listings(listing).flatMap((one) => [
      ...asks(one),
      ...(entityOf(one) === undefined ? [`${one.path}: no entities at ${one.entities ?? "entities"}`] : []),
      ...(one.each !== undefined && !`${one.path} ${Object.keys(one.query ?? {}).join(" ")}`.includes(one.each.hole) &&
          !(Documentation.call(one.method ?? "GET", one.path)?.parameters.some((p) => p.name === one.each?.hole) ??
            false)
        ? [`${one.path}: no hole ${one.each.hole}`]
        : []),
      ...(one.each !== undefined && one.each.field !== "id" &&
          Documentation.at(listed(one.each.listing) ?? {}, one.each.field) === undefined
        ? [`${one.path}: its parent has no ${one.each.field}`]
        : [])
    ]),
    ...[...(table.stamp === undefined ? [] : [table.stamp]), ...(table.hashed ?? [])]
      .filter((path) => Documentation.at(listed(listing) ?? {}, path) === undefined)
      .map((path) => `${listing.path}: its entities have no ${path}`)
  ])

const extraShape = (extra: Table.Extra): Documentation.Shape | undefined => {
  if (extra.text === true) return { type: "string" }
  const call = Documentation.call("GET", extra.path)
  if (call === undefined) return undefined
  if (extra.paging === undefined && extra.entities === undefined) return Documentation.answer(call)
  const items = entityOf(extra)
  return items === undefined ? undefined : { type: "array", items }
}

/** What the attributes of a table are taken from: the entity as it is read, with its extras. */
const root = (table: Table.Table): Documentation.Shape | undefined => {
  const first = table.list[0]
  const entity = first === undefined ? undefined : listed(first)
  if (table.read === undefined) return entity
  const call = Documentation.call("GET", table.read.path)
  const answer = call === undefined ? undefined : Documentation.answer(call)
  if (answer === undefined) return undefined
  const own = Documentation.whole(answer)
  const parent = entity?.properties?.["@parent"]
  const extras = Object.entries(table.read.extras ?? {}).map(([name, extra]) =>
    [`@${name}`, extraShape(extra) ?? {}] as const
  )
  return {
    type: "object",
    properties: {
      ...own.properties,
      ...Object.fromEntries(extras),
      ...(parent === undefined ? {} : { "@parent": parent })
    },
    additionalProperties: own.additionalProperties
  }
}

const readingProblems = (table: Table.Table): Problems => {
  const shape = root(table) ?? {}
  if (table.read === undefined) return []
  return [
    ...asks(table.read),
    ...table.list.flatMap((listing) => filled(table.read ?? listing, listed(listing) ?? {})),
    ...Object.entries({ ...table.read.before, ...table.read.extras }).flatMap(([name, extra]) => [
      ...asks(extra),
      ...filled(extra, shape),
      ...(extraShape(extra) === undefined ? [`@${name}: answers nothing there`] : [])
    ])
  ]
}

/** Every path that a table lists, reads or asks for is there. */
export const calls = (table: Table.Table): Problems => {
  const allowed = table.list.flatMap(listings).flatMap((listing) =>
    Documentation.call(listing.method ?? "GET", listing.path)?.["x-inin-requires-permissions"]?.permissions ?? []
  )
  const paths = new Set(TableCheck.flat(table.attributes).map((found) => found.path))
  return [
    ...listingProblems(table),
    ...readingProblems(table),
    ...(table.permissions ?? []).filter((one) => !allowed.includes(one)).map((one) =>
      `no permission of its listing: ${one}`
    ),
    ...Object.values(table.dataSource ?? { name: "name" })
      .flatMap((path) => typeof path === "string" && !paths.has(path) ? [`data source: no attribute ${path}`] : [])
  ]
}

const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

const isScalar = (shape: Documentation.Shape, kind: "string" | "number" | "boolean"): boolean => {
  if (Documentation.isFree(shape)) return true
  const type = Documentation.whole(shape).type
  return type === kind || (kind === "number" && type === "integer")
}

/** What is referred to may stand there as an id, or as an object that has one. */
const isOne = (attribute: Table.Scalar | Table.Several, shape: Documentation.Shape | undefined): boolean => {
  if (shape === undefined) return false
  const kind = "of" in attribute ? attribute.of : attribute.kind
  const id = attribute.ref === undefined ? undefined : Documentation.whole(shape).properties?.["id"]
  return isScalar(shape, kind) || (id !== undefined && isScalar(id, kind))
}

const fits = (attribute: Table.Attribute, shape: Documentation.Shape): boolean => {
  if (Documentation.isFree(shape)) return true
  const { additionalProperties, items, type } = Documentation.whole(shape)
  switch (attribute.kind) {
    case "json":
      return true
    case "list":
    case "set":
      return isOne(attribute, items)
    case "map":
      return isOne(attribute, additionalProperties)
    case "block":
      return attribute.max === 1 ? type === "object" : type === "array"
    default:
      return isOne(attribute, shape)
  }
}

interface Looking {
  readonly root: Documentation.Shape
  readonly type: string
}

const look = (
  looking: Looking,
  attributes: Table.Attributes,
  place: Documentation.Shape,
  prefix: string
): Problems =>
  Object.entries(attributes).flatMap(([name, attribute]) => {
    const path = `${prefix}${name}`
    if (attribute.unresolvable === true || ("file" in attribute && attribute.file !== undefined)) return []
    const from = attribute.from ?? camel(name)
    const shape = from === "." ? place : Documentation.at(from.startsWith("@") ? looking.root : place, from)
    const isExcused = Corrections.undescribed.some((one) => one.type === looking.type && one.path === path)
    if (shape === undefined) return isExcused ? [] : [`${path}: nothing at ${from}`]
    if (isExcused) return [`${path}: is described, and needs no excuse`]
    if (attribute.convert !== undefined) return []
    if (!fits(attribute, shape)) {
      return [`${path}: ${attribute.kind} from ${JSON.stringify(shape).slice(0, 80)} at ${from}`]
    }
    if (attribute.kind !== "block") return []
    const inner = attribute.max === 1 ? shape : Documentation.whole(shape).items ?? {}
    return look(looking, attribute.attributes, inner, `${path}.`)
  })

/** Every attribute that is not made by a function is where the table looks for it, and is of its kind. */
export const places = (table: Table.Table): Problems => {
  const shape = root(table)
  if (shape === undefined) return [`${table.type}: what is read is not described`]
  const { unless } = table.read ?? {}
  const shapes = unless === undefined ? [shape] : [shape, ...table.list.map((listing) => listed(listing) ?? {})]
  return [
    ...shapes.flatMap((shape) => look({ root: shape, type: table.type }, table.attributes, shape, "")),
    ...shapes.flatMap((shape) =>
      unless !== undefined && Documentation.at(shape, unless) === undefined ? [`nothing at ${unless}`] : []
    )
  ]
}

const isEntity = (value: Json.Json | undefined): value is Table.Entity =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The paths that have a value. */
const present = (values: Table.Entity, prefix = ""): ReadonlyArray<string> =>
  Object.entries(values).flatMap(([name, value]) => [
    `${prefix}${name}`,
    ...(Array.isArray(value) ? value : []).filter(isEntity).flatMap((each) => present(each, `${prefix}${name}.`))
  ])

/** Entities that have all which the API may answer. */
export const sampled = (table: Table.Table): ReadonlyArray<Json.Json> => Sample.all(table.type, root(table) ?? {})

/** Every attribute has a value of an entity that has all which the API may answer, through conversions as well. */
export const values = (table: Table.Table): Problems => {
  const samples = sampled(table).filter(isEntity)
  const found = new Set(samples.flatMap((entity) => present(Values.of(table, entity))))
  return TableCheck.flat(table.attributes)
    .filter(({ attribute }) =>
      attribute.unresolvable !== true && !("file" in attribute && attribute.file !== undefined)
    )
    .filter(({ path }) => !found.has(path))
    .map(({ path }) => `${path}: never has a value`)
}
