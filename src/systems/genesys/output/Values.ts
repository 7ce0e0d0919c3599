/**
 * From an entity as it was read to the attributes that Terraform knows of it, by the table of its type; and which ids
 * those attributes hold. Pure, and quick enough for a hundred thousand entities: a table is compiled once.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import type { Values } from "../Model.ts"
import type { Attribute, Attributes, Encoded, Entity, Reference, Table, TypeName } from "../Table.ts"
import * as Shape from "./Shape.ts"

/**
 * Where the values keep what the API has of its own and Terraform finds by name: type and name, by id. No attribute is
 * called so.
 *
 * @since 0.1.0
 * @category constants
 */
export const dataKey = "@data"

/**
 * An id that an attribute holds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Referred {
  /** Dotted, as the provider's documentation has it: without indices. */
  readonly path: string
  readonly type: TypeName
  readonly id: string
}

/** What is found on the way, and where the entity's extras are. */
interface Visit {
  readonly root: Entity
  readonly data: Map<string, Json.Json>
}

type Reader = (within: Json.Json, visit: Visit) => Json.Json | undefined

const compiled = new WeakMap<Attributes, (within: Json.Json, visit: Visit) => { [name: string]: Json.Json }>()

/**
 * The attributes of an entity. What is missing, `null` or an empty block is left out; sets are sorted; a reference may
 * also stand in the API as an object with an `id`. An attribute's `convert` gets `null` where the API has nothing, and
 * as its second argument the whole entity, extras included. `readOnly` and `excluded` attributes are there as well: the
 * state has them.
 *
 * An attribute that is `unresolvable` has a value only if its table says where from.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (table: Table, entity: Entity): Values => {
  const visit: Visit = { root: entity, data: new Map() }
  const values = readerOf(table.attributes)(entity, visit)
  if (visit.data.size > 0) {
    values[dataKey] = Object.fromEntries([...visit.data].toSorted(([left], [right]) => (left < right ? -1 : 1)))
  }
  return values
}

const readerOf = (attributes: Attributes) => {
  const known = compiled.get(attributes)
  if (known !== undefined) return known
  const readers = Object.entries(attributes)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, attribute]) => ({ name, read: reader(name, attribute) }))
  const read = (within: Json.Json, visit: Visit) => {
    const values: { [name: string]: Json.Json } = {}
    for (const { name, read } of readers) {
      const value = read(within, visit)
      if (value !== undefined) values[name] = value
    }
    return values
  }
  compiled.set(attributes, read)
  return read
}

const nothing: Reader = () => undefined

const reader = (name: string, attribute: Attribute): Reader => {
  const { convert, from } = attribute
  if (attribute.unresolvable === true && from === undefined && convert === undefined) return nothing
  const get = pathReader(from ?? camel(name))
  const shape = shaper(attribute)
  return (within, visit) => {
    const found = get(within, visit.root)
    const value = convert === undefined ? found : convert(found ?? null, visit.root)
    return value === undefined || value === null ? undefined : shape(value, visit)
  }
}

const shaper = (attribute: Attribute): (value: Json.Json, visit: Visit) => Json.Json | undefined => {
  if (attribute.kind === "block") {
    const read = readerOf(attribute.attributes)
    return (value, visit) => {
      const blocks: Array<Json.Json> = []
      for (const each of Array.isArray(value) ? value : [value]) {
        if (each === null) continue
        const block = read(each, visit)
        if (Object.keys(block).length > 0) blocks.push(block)
      }
      if (blocks.length === 0) return undefined
      if (attribute.max === 1) return blocks.slice(0, 1)
      return attribute.nesting === "set" ? Shape.sorted(blocks) : blocks
    }
  }
  if (attribute.kind === "json") return Shape.encoded
  const shape = Shape.of(attribute)
  const data = attribute.ref?.data
  if (data === undefined) return shape
  return (value, visit) => {
    const shaped = shape(value)
    for (const id of Shape.texts(shaped)) {
      const found = data(id, visit.root)
      if (found !== undefined) visit.data.set(id, { name: found.name, type: found.type })
    }
    return shaped
  }
}

/** `acw_timeout_ms` is `acwTimeoutMs` in the API. */
const camel = (name: string): string => name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

type Get = (within: Json.Json, root: Entity) => Json.Json | undefined

const pathReader = (path: string): Get => {
  if (path === ".") return (within) => within
  const keys = path.split(".")
  const [first = "", ...rest] = keys
  if (!first.startsWith("@")) return (within) => at(within, keys, 0)
  // Of what was read besides, a block may speak as well as the entity.
  return (within, root) => at(Shape.field(within, first) ?? root[first], rest, 0)
}

/** What stands at a path; on the way through an array, what stands there in each of its elements. */
const at = (value: Json.Json | undefined, keys: ReadonlyArray<string>, index: number): Json.Json | undefined => {
  if (value === undefined || value === null) return undefined
  const key = keys[index]
  if (key === undefined) return value
  if (!Array.isArray(value)) return at(Shape.field(value, key), keys, index + 1)
  return value.flatMap((each: Json.Json) => at(each, keys, index) ?? [])
}

/**
 * Every id that the values refer to, in the order of the attributes. Ids that the values name as the API's own, and
 * values that a reference excepts, are none.
 *
 * @since 0.1.0
 * @category getters
 */
export const references = (table: Table, values: Values): Array<Referred> => {
  const found: Array<Referred> = []
  const own = values[dataKey]
  each(table.attributes, values, (path, type, id) => {
    if (Shape.field(own ?? null, id) === undefined) found.push({ path, type, id })
  })
  return found
}

/**
 * Visits every id that the values refer to, by some of a table's attributes.
 *
 * @since 0.1.0
 * @category traversing
 */
export const each = (attributes: Attributes, values: Values, found: Found): void =>
  collect(attributes, values, "", found)

type Found = (path: string, type: TypeName, id: string, reference: Reference) => void

const holders = new WeakMap<Attributes, ReadonlyArray<readonly [name: string, attribute: Attribute]>>()

/** The attributes that have references in them somewhere. */
const holdersOf = (attributes: Attributes): ReadonlyArray<readonly [name: string, attribute: Attribute]> => {
  const known = holders.get(attributes)
  if (known !== undefined) return known
  const holding = Object.entries(attributes).filter(([, attribute]) => holds(attribute))
  holders.set(attributes, holding)
  return holding
}

const holds = (attribute: Attribute): boolean =>
  attribute.kind === "block"
    ? holdersOf(attribute.attributes).length > 0
    : attribute.kind === "json"
    ? attribute.refs !== undefined
    : attribute.ref !== undefined || (attribute.kind === "map" && attribute.encoded !== undefined)

const collect = (attributes: Attributes, values: Entity, prefix: string, found: Found): void => {
  for (const [name, attribute] of holdersOf(attributes)) {
    const value = values[name]
    if (value === undefined) continue
    const path = prefix + name
    if (attribute.kind === "block") {
      for (const block of Array.isArray(value) ? value : []) {
        if (Shape.isEntity(block)) collect(attribute.attributes, block, `${path}.`, found)
      }
    } else if (attribute.kind === "json") {
      collectWithin(value, attribute.refs, path, found)
    } else {
      if (attribute.kind === "map") {
        for (const [key, refs] of Object.entries(attribute.encoded ?? {})) {
          collectWithin(Shape.field(value, key), refs, `${path}.${key}`, found)
        }
      }
      if (attribute.ref === undefined) continue
      for (const id of Shape.texts(value)) refer(attribute.ref, id, values, path, found)
    }
  }
}

const collectWithin = (value: Json.Json | undefined, refs: Encoded["refs"], path: string, found: Found): void => {
  const json = typeof value === "string" ? Shape.decoded(value) : undefined
  if (json === undefined || refs === undefined) return
  Shape.within(json, refs, (reference, id, siblings) => {
    refer(reference, id, siblings, path, found)
    return undefined
  })
}

const refer = (reference: Reference, id: string, siblings: Entity, path: string, found: Found): void => {
  const type = target(reference, id, siblings)
  if (type !== undefined) found(path, type, id, reference)
}

/**
 * Which type an id is of, by what stands beside it under its Terraform name; `undefined` where the value is no id.
 *
 * @since 0.1.0
 * @category getters
 */
export const target = (reference: Reference, id: string, siblings: Entity): TypeName | undefined => {
  if (id === "" || reference.except?.includes(id) === true) return undefined
  return typeof reference.to === "function" ? reference.to(siblings) : reference.to
}
