/**
 * What must be known of all resources before the first of them is written: which dependencies would close a circle,
 * and which data blocks stand for what the API has of its own.
 *
 * @since 0.1.0
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { createHash } from "node:crypto"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Model from "../Model.ts"
import type { Attributes, Table, TypeName } from "../Table.ts"
import * as Cycles from "./Cycles.ts"
import { type Body, Expression } from "./Rendered.ts"
import * as Rendering from "./Rendering.ts"
import * as Shape from "./Shape.ts"
import * as Values from "./Values.ts"

/**
 * How the resources of an output are written.
 *
 * @since 0.1.0
 * @category models
 */
export interface Style {
  /** Sorted. */
  readonly types: ReadonlyArray<TypeName>
  /** Renderings of types, as far as they were asked for. */
  readonly compiled: Map<TypeName, Renders>
  readonly table: (type: TypeName) => Table | undefined
  readonly settings: (type: TypeName) => Rendering.Settings
  /** A type that has no data source is managed. */
  readonly modeOf: (type: TypeName, mode: Model.Resource["mode"]) => Model.Resource["mode"]
}

/**
 * What an output is made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source extends Style {
  /** Those that may have resources. */
  readonly inhabited: ReadonlySet<TypeName>
  readonly resources: (type: TypeName) => Stream.Stream<Model.Resource, Fault.Fault>
  readonly resolve: Model.Resolve
}

/**
 * A data block for what the API has of its own.
 *
 * @since 0.1.0
 * @category models
 */
export interface Own {
  readonly type: TypeName
  readonly name: string
  readonly id: string
  readonly label: string
}

/**
 * The numbers of addresses. To look one up makes no text of it, for that is done for every reference.
 *
 * @since 0.1.0
 * @category models
 */
class Nodes {
  /**
   * @since 0.1.0
   */
  readonly graph = new Cycles.Graph()
  readonly #labels = { data: new Map<string, Map<string, number>>(), managed: new Map<string, Map<string, number>>() }

  /**
   * @since 0.1.0
   */
  of(address: Model.Address): number {
    const types = this.#labels[address.mode]
    let labels = types.get(address.type)
    if (labels === undefined) {
      labels = new Map()
      types.set(address.type, labels)
    }
    const known = labels.get(address.label)
    if (known !== undefined) return known
    const node = this.graph.add(addressText(address))
    labels.set(address.label, node)
    return node
  }

  /**
   * @since 0.1.0
   */
  has({ label, mode, type }: Model.Address): boolean {
    return this.#labels[mode].get(type)?.has(label) === true
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Plan {
  readonly nodes: Nodes
  readonly cuts: ReadonlyArray<Cycles.Cut>
  /** Sorted by label. */
  readonly own: ReadonlyMap<TypeName, ReadonlyArray<Own>>
  readonly ownOf: (type: TypeName, name: string) => Own | undefined
}

/**
 * The compiled rendering of a type.
 *
 * @since 0.1.0
 * @category models
 */
export interface Renders {
  readonly managed: (context: Rendering.Context) => Body
  readonly data: (context: Rendering.Context, name: string) => Body
  /** The attributes whose values are written. */
  readonly written: Attributes
}

/**
 * The rendering of a type; `undefined` where there is no table of it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const compiled = (style: Style, type: TypeName): Renders | undefined => {
  const known = style.compiled.get(type)
  const table = style.table(type)
  if (known !== undefined || table === undefined) return known
  const settings = style.settings(type)
  const renders: Renders = {
    managed: Rendering.compile(table, settings),
    data: Rendering.compileData(table, settings),
    written: Rendering.written(table.attributes, settings)
  }
  style.compiled.set(type, renders)
  return renders
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const renders = (style: Style, type: TypeName): Effect.Effect<Renders, Fault.Fault> =>
  Effect.suspend(() => {
    const known = compiled(style, type)
    return known === undefined ? inconsistent(type, "there is no table of this type") : Effect.succeed(known)
  })

/**
 * Renders a resource as what it is exported as.
 *
 * @since 0.1.0
 * @category getters
 */
export const render = (
  renders: Renders,
  resource: Pick<Model.Resource, "mode" | "name">,
  context: Rendering.Context
): Body => resource.mode === "data" ? renders.data(context, resource.name) : renders.managed(context)

/**
 * The address by which Terraform knows it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const addressText = ({ label, mode, type }: Model.Address): string =>
  mode === "data" ? `data.${type}.${label}` : `${type}.${label}`

/**
 * Where a resource stands.
 *
 * @since 0.1.0
 * @category getters
 */
export const addressOf = (source: Source, resource: Model.Resource): Model.Address | Fault.Fault => {
  const address = source.resolve(resource.type, resource.id)
  return address === undefined
    ? inconsistent(`${resource.type} ${resource.id}`, "it is to be written and has no label")
    : { ...address, mode: resource.mode }
}

const inconsistent = (subject: string, detail: string): Fault.Fault =>
  Fault.make({ kind: "invalid", system: "genesys", operation: "Genesys.write", sent: "no", subject, detail })

/**
 * What the API has of its own under an id, as the values of who refers to it say.
 *
 * @since 0.1.0
 * @category getters
 */
export const ownData = (
  values: Model.Values,
  id: string
): { readonly type: TypeName; readonly name: string } | undefined => {
  const found = Shape.field(values[Values.dataKey] ?? null, id)
  if (!Shape.isEntity(found)) return undefined
  const { name, type } = found
  return typeof name === "string" && typeof type === "string" && isTypeName(type) ? { type, name } : undefined
}

const isTypeName = (name: string): name is TypeName => name.startsWith("genesyscloud_")

/**
 * Reads all resources once, and hands them on in passing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  source: Source,
  pass: (resources: ReadonlyArray<Model.Resource>) => Effect.Effect<void, Fault.Fault> = () => Effect.void
): Effect.Effect<Plan, Fault.Fault> =>
  Effect.gen(function*() {
    const nodes = new Nodes()
    const own = new Map<string, Omit<Own, "label">>()
    for (const type of source.types) {
      if (!source.inhabited.has(type)) continue
      const rendering = yield* renders(source, type)
      yield* Stream.runForEachChunk(source.resources(type), (chunk) => {
        for (const resource of chunk) {
          const address = addressOf(source, resource)
          if (Fault.isFault(address)) return address
          survey(source, rendering, resource, nodes.of(address), nodes, own)
        }
        return pass(Chunk.toReadonlyArray(chunk))
      })
    }
    const labelled = label([...own.values()], nodes)
    return {
      nodes,
      cuts: Cycles.cuts(nodes.graph),
      own: new Map(source.types.map((type) => [
        type,
        labelled.filter((each) => each.type === type)
      ])),
      ownOf: (type, name) => labelled.find((each) => each.type === type && each.name === name)
    }
  })

/** Notes what a resource refers to and depends on. */
const survey = (
  source: Source,
  rendering: Renders,
  resource: Model.Resource,
  from: number,
  nodes: Nodes,
  own: Map<string, Omit<Own, "label">>
): void => {
  const refer = referring(source, resource, from, nodes, own)
  if (resource.text !== undefined) {
    for (const [type, id] of resource.text.refers) refer(type, id)
    return
  }
  if (resource.mode === "data") {
    rendering.data(surveyor(resource, refer), resource.name)
    return
  }
  references(rendering, resource, refer)
  for (const { id, type } of resource.dependsOn) {
    const to = source.resolve(type, id)
    if (to !== undefined) nodes.graph.connect(from, nodes.of(to), true)
  }
}

/**
 * Every id that a resource refers to that is managed.
 *
 * @since 0.1.0
 * @category traversing
 */
export const references = (
  { written }: Renders,
  resource: Pick<Model.Resource, "id" | "values">,
  refer: (type: TypeName, id: string) => void
): void =>
  Values.each(written, resource.values, (_, type, id, { notSelf }) => {
    if (notSelf !== true || id !== resource.id) refer(type, id)
  })

/** Notes what a resource refers to. */
const referring = (
  source: Source,
  { values }: Model.Resource,
  from: number,
  nodes: Nodes,
  own: Map<string, Omit<Own, "label">>
) =>
(type: TypeName, id: string): void => {
  const to = source.resolve(type, id)
  if (to !== undefined) {
    nodes.graph.connect(from, nodes.of(to), false)
    return
  }
  const data = ownData(values, id)
  if (data === undefined) return
  const key = JSON.stringify([data.type, data.name])
  const known = own.get(key)
  // Where two ids have one name, whichever is first must not depend on the order of the resources.
  if (known === undefined || id < known.id) own.set(key, { ...data, id })
}

const surveyed = new Expression("surveyed")

/** Renders for the sake of what is referred to. */
const surveyor = (
  { files, id, values }: Model.Resource,
  refer: (type: TypeName, id: string) => void
): Rendering.Context => ({
  id,
  values,
  files,
  refer: (type, id) => {
    refer(type, id)
    return surveyed
  },
  unresolved: () => {},
  variable: () => surveyed
})

/** Labels that no block has yet. */
const label = (own: ReadonlyArray<Omit<Own, "label">>, nodes: Nodes): ReadonlyArray<Own> => {
  const taken = new Set<string>()
  const order = ({ name, type }: Omit<Own, "label">): string => JSON.stringify([type, name])
  return own
    .toSorted((left, right) => (order(left) < order(right) ? -1 : 1))
    .map((each) => {
      const plain = each.name.trim().replace(/[^0-9A-Za-z_-]/g, "_").replace(/^(?![A-Za-z_])/, "_")
      const address = (label: string): Model.Address => ({ type: each.type, label, mode: "data" })
      const isFree = !taken.has(addressText(address(plain))) && !nodes.has(address(plain))
      const suffix = createHash("sha256").update(each.name + each.id).digest("hex").slice(0, 20)
      const label = isFree ? plain : `${plain}_${suffix}`
      taken.add(addressText(address(label)))
      return { ...each, label }
    })
    .toSorted((left, right) => (left.label < right.label ? -1 : 1))
}
