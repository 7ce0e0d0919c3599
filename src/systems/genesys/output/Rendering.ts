/**
 * From the values of a resource to the body of its block, in the order of the provider's own exporter: what is left
 * out for what it is, what is missing, references, variables for what cannot be had, zero values, and blocks that lack
 * what they need.
 *
 * Unlike it, a required attribute keeps its zero value, for the configuration is not valid without it.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import type { File } from "../Model.ts"
import type {
  Attribute,
  Attributes,
  Block,
  Encoded as EncodedAttribute,
  Entity,
  Reference,
  Scalar,
  Several,
  Table,
  TypeName
} from "../Table.ts"
import * as Escape from "./Escape.ts"
import { Blocks, type Body, Encoded, Entries, Expression, type Rendered } from "./Rendered.ts"
import * as Shape from "./Shape.ts"
import * as Values from "./Values.ts"

/**
 * What holds for all resources of an export.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  readonly exportComputed: boolean
  readonly exportDeprecated: boolean
  /** Optional attributes whose id is not in the export are left out. */
  readonly omitUnresolved: boolean
  /** Paths of attributes that the user wants left out, with all that is below them. */
  readonly excluded: ReadonlyArray<string>
}

/**
 * The types of variables, as they are declared.
 *
 * @since 0.1.0
 * @category models
 */
export type VariableType = `${"list" | "set" | "map"}(${"string" | "number" | "bool"})` | "string" | "number" | "bool"

/**
 * What a resource asks of the export while it is rendered, and tells it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Context {
  readonly id: string
  readonly values: Entity
  readonly files: ReadonlyArray<File>
  /** What refers to an id, or the id where nothing must refer to it; `undefined` where it is not in the export. */
  readonly refer: (type: TypeName, id: string, path: string) => Expression | string | undefined
  readonly unresolved: (type: TypeName, id: string, path: string, kept: boolean) => void
  readonly variable: (path: string, type: VariableType) => Expression
}

/** Where a value stands. */
interface Place {
  readonly context: Context
  readonly siblings: Entity
  /** What leads to the block that it stands in, indices included: `resources.0.` */
  readonly trail: string
}

type Render = (value: Json.Json | undefined, place: Place) => Rendered | undefined

type Bodies = (place: Place) => Body

/**
 * Compiles a table.
 *
 * @since 0.1.0
 * @category constructors
 */
export const compile = (table: Table, settings: Settings): (context: Context) => Body => {
  const render = bodies(table.attributes, "", settings)
  return (context) => render({ context, siblings: context.values, trail: "" })
}

/**
 * Compiles what a `data` block of a type is found by.
 *
 * @since 0.1.0
 * @category constructors
 */
export const compileData = (table: Table, settings: Settings): (context: Context, name: string) => Body => {
  const by = Object.entries(table.dataSource ?? { name: "name" }).toSorted(([left], [right]) => left < right ? -1 : 1)
  const renders = by.map(([key, path]) => {
    if (typeof path === "function") return { key, value: ({ values }: Context) => path(values) }
    const attribute = table.attributes[path]
    if (attribute === undefined || attribute.kind === "block") {
      return { key, value: ({ values }: Context) => textAt(values, path.split(".")) }
    }
    const render = present(attribute, path, settings)
    const value = (context: Context): Rendered | undefined =>
      render(context.values[path], { context, siblings: context.values, trail: "" })
    return { key, value }
  })
  return (context, name) =>
    renders.flatMap(({ key, value: made }) => {
      const value = made(context) ?? (key === "name" ? name : undefined)
      return value === undefined ? [] : [[key, value] as const]
    })
}

/** The text at a path of attributes; of blocks that repeat, in the first of them. */
const textAt = (values: Json.Json | undefined, path: ReadonlyArray<string>): string | undefined => {
  const [name, ...rest] = path
  if (name === undefined) return typeof values === "string" ? values : undefined
  const one: Json.Json | undefined = Array.isArray(values) ? values[0] : values
  return one === undefined ? undefined : textAt(Shape.field(one, name), rest)
}

/**
 * The attributes whose values are written, with those of their blocks: the others refer to nothing.
 *
 * @since 0.1.0
 * @category getters
 */
export const written = (attributes: Attributes, settings: Settings, prefix = ""): Attributes =>
  Object.fromEntries(
    Object.entries(attributes)
      .filter(([name, attribute]) => attribute.unresolvable !== true && !isLeftOut(attribute, prefix + name, settings))
      .map(([name, attribute]) =>
        [
          name,
          attribute.kind === "block"
            ? { ...attribute, attributes: written(attribute.attributes, settings, `${prefix}${name}.`) }
            : attribute
        ] as const
      )
  )

const isLeftOut = (attribute: Attribute, path: string, settings: Settings): boolean =>
  attribute.readOnly === true ||
  attribute.excluded === true ||
  (attribute.required !== true && attribute.computed === true && !settings.exportComputed) ||
  (attribute.required !== true && attribute.deprecated === true && !settings.exportDeprecated) ||
  settings.excluded.some((excluded) => path === excluded || path.startsWith(`${excluded}.`))

const bodies = (attributes: Attributes, prefix: string, settings: Settings): Bodies => {
  const renders = Object.entries(attributes)
    .filter(([name, attribute]) => !isLeftOut(attribute, prefix + name, settings))
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, attribute]) => ({ name, render: rendering(name, attribute, attributes, prefix, settings) }))
  return (place) => {
    const body: Array<readonly [string, Rendered]> = []
    for (const { name, render } of renders) {
      const value = render(place.siblings[name], place)
      if (value !== undefined) body.push([name, value])
    }
    return body
  }
}

const rendering = (
  name: string,
  attribute: Attribute,
  beside: Attributes,
  prefix: string,
  settings: Settings
): Render => {
  const path = prefix + name
  const hash = hashed(name, beside)
  const render = attribute.kind === "block" ? nested(attribute, path, settings) : present(attribute, path, settings)
  const needsFile = "file" in attribute && attribute.file === "with"
  return (value, place) => {
    if (needsFile && place.context.files.length === 0) return undefined
    if (place.context.files.length > 0) {
      const file = fileAt(place, prefix, name)
      if (file !== undefined) return file
      const hashedFile = hash === undefined ? undefined : fileAt(place, prefix, hash)
      if (hashedFile !== undefined) return new Expression(`filesha256(${Escape.quoted(hashedFile)})`)
    }
    return render(value, place)
  }
}

/** The path of the file that an attribute names. */
const fileAt = ({ context, trail }: Place, prefix: string, name: string): string | undefined =>
  context.files.find(({ attribute }) => attribute === trail + name || attribute === prefix + name)?.path

const hashSuffix = "file_content_hash"

/** Which attribute names the file that an attribute is the hash of. */
const hashed = (name: string, beside: Attributes): string | undefined =>
  name.endsWith(hashSuffix)
    ? ["filepath", "filename"]
      .map((suffix) => name.slice(0, -hashSuffix.length) + suffix)
      .find((candidate) => candidate in beside)
    : undefined

const nested = (attribute: Block, path: string, settings: Settings): Render => {
  const render = bodies(attribute.attributes, `${path}.`, settings)
  const needs = attribute.removeIfMissing
  return (value, place) => {
    const found: Array<Body> = []
    const elements: ReadonlyArray<Json.Json> = Array.isArray(value) ? value : []
    elements.forEach((siblings, index) => {
      if (!Shape.isEntity(siblings)) return
      const name = path.slice(path.lastIndexOf(".") + 1)
      const trail = attribute.max === 1 ? `${place.trail}${name}.` : `${place.trail}${name}.${index}.`
      const body = render({ context: place.context, siblings, trail })
      if (body.length === 0) return
      if (needs !== undefined && !body.some(([name]) => needs.includes(name))) return
      found.push(body)
    })
    if (found.length > 0) return new Blocks(found)
    return attribute.emptyList === true ? [] : undefined
  }
}

const present = (attribute: Exclude<Attribute, Block>, path: string, settings: Settings): Render => {
  const render = attribute.kind === "json" ? json(attribute, path) : plain(attribute, path, settings)
  if (attribute.unresolvable !== true) return render
  const always = attribute.from === undefined && attribute.convert === undefined
  const type = variableType(attribute)
  const name = path.slice(path.lastIndexOf(".") + 1)
  return (value, { context, trail }) => always || value !== undefined ? context.variable(trail + name, type) : undefined
}

const variableType = (attribute: Exclude<Attribute, Block>): VariableType => {
  if (attribute.kind === "list" || attribute.kind === "set" || attribute.kind === "map") {
    return `${attribute.kind}(${attribute.of === "boolean" ? "bool" : attribute.of})`
  }
  return attribute.kind === "boolean" ? "bool" : attribute.kind === "number" ? "number" : "string"
}

const isZero = (value: Rendered): boolean => value === "" || value === 0

const plain = (attribute: Scalar | Several, path: string, settings: Settings): Render => {
  const keeps = attribute.zero === true || attribute.required === true
  const one = referring(attribute.ref, attribute.required === true || !settings.omitUnresolved, path)
  if (attribute.kind === "map") {
    const encoded = new Map(
      Object.entries(attribute.encoded ?? {}).map(([key, refs]) => [
        key,
        json({ kind: "json", refs, zero: attribute.zero }, `${path}.${key}`)
      ])
    )
    return (value, place) => {
      if (!Shape.isEntity(value)) return undefined
      const entries = Object.entries(value).flatMap(([key, each]) => {
        const rendered = (encoded.get(key) ?? one)(each, place)
        return rendered === undefined || (attribute.zero !== true && isZero(rendered)) ? [] : [[key, rendered] as const]
      })
      return entries.length > 0 || keeps ? new Entries(entries) : undefined
    }
  }
  if (attribute.kind === "list" || attribute.kind === "set") {
    const keepsEmpty = attribute.emptyList === true || attribute.required === true
    return (value, place) => {
      const elements: ReadonlyArray<Json.Json> = Array.isArray(value) ? value : []
      const list = elements.flatMap((each) => one(each, place) ?? [])
      return list.length > 0 || keepsEmpty ? list : undefined
    }
  }
  return (value, place) => {
    const rendered = value === undefined ? undefined : one(value, place)
    return rendered === undefined || (!keeps && isZero(rendered)) ? undefined : rendered
  }
}

const literal = (value: Json.Json): string | number | boolean | undefined =>
  value === null || typeof value === "object" ? undefined : value

const referring = (
  reference: Reference | undefined,
  kept: boolean,
  path: string
): (value: Json.Json, place: Place) => Rendered | undefined => {
  if (reference === undefined) return literal
  return (value, { context, siblings }) => {
    if (typeof value !== "string") return literal(value)
    if (reference.notSelf === true && value === context.id) return undefined
    const type = Values.target(reference, value, siblings)
    if (type === undefined) return value
    const found = context.refer(type, value, path)
    if (found !== undefined) return found
    context.unresolved(type, value, path, kept)
    return kept ? value : undefined
  }
}

const json = (attribute: EncodedAttribute, path: string): Render => {
  const { refs } = attribute
  const keeps = attribute.zero === true || attribute.required === true
  return (value, { context }) => {
    if (typeof value !== "string") return undefined
    const json = Shape.decoded(value)
    if (json === undefined) return value === "" && !keeps ? undefined : value
    if (refs === undefined) return new Encoded(json)
    return new Encoded(Shape.within<Expression | string>(json, refs, (reference, id, siblings) => {
      const type = Values.target(reference, id, siblings)
      if (type === undefined || (reference.notSelf === true && id === context.id)) return undefined
      const found = context.refer(type, id, path)
      if (found === undefined) context.unresolved(type, id, path, true)
      return found
    }))
  }
}
