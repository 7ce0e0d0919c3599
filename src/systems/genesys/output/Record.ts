/**
 * What is to be told of a resource while it is written: ids that are not in the export, and circles that were broken.
 * An attribute is told of once, however many ids it holds.
 *
 * @since 0.1.0
 */
import type * as Model from "../Model.ts"
import type { Exception } from "../Report.ts"
import type { TypeName } from "../Table.ts"
import * as Types from "../Types.ts"
import type * as Cycles from "./Cycles.ts"
import * as Plan from "./Plan.ts"
import { Expression } from "./Rendered.ts"
import type * as Rendering from "./Rendering.ts"
import type { Variables } from "./Variables.ts"

/**
 * Everything that is to be known to write a resource.
 *
 * @since 0.1.0
 * @category models
 */
export interface Desk {
  readonly resolve: Model.Resolve
  readonly plan: Plan.Plan
  readonly variables: Variables
  readonly exceptions: Array<Exception>
  /** What is left out. */
  readonly left: Left
}

/**
 * Cuts by owner and target.
 *
 * @since 0.1.0
 * @category models
 */
export type Left = ReadonlyMap<number, ReadonlyMap<number, Cycles.Cut>>

/**
 * @since 0.1.0
 * @category constructors
 */
export const left = (plan: Plan.Plan, soft: boolean): Left => {
  const found = new Map<number, Map<number, Cycles.Cut>>()
  for (const cut of plan.cuts) {
    if (cut.soft !== soft) continue
    const known = found.get(cut.from)
    if (known === undefined) found.set(cut.from, new Map([[cut.to, cut]]))
    else known.set(cut.to, cut)
  }
  return found
}

/**
 * What writes a resource asks, and what it told.
 *
 * @since 0.1.0
 * @category models
 */
export interface Record {
  readonly context: (files: ReadonlyArray<Model.File>) => Rendering.Context
  /** To be called once, when the resource is written. */
  readonly close: () => void
}

interface Missing {
  readonly type: TypeName
  readonly kept: boolean
  readonly ids: Set<string>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (desk: Desk, resource: Model.Resource, address: Model.Address): Record => {
  const missing = new Map<string, Missing>()
  const circles = new Map<string, Cycles.Cut>()
  const variables = new Map<string, Expression>()
  const left = desk.left.size === 0 ? undefined : desk.left.get(desk.plan.nodes.of(address))
  const refer = (type: TypeName, id: string, path: string): Expression | string | undefined => {
    const to = desk.resolve(type, id)
    if (to === undefined) {
      const data = Plan.ownData(resource.values, id)
      const own = data === undefined ? undefined : desk.plan.ownOf(data.type, data.name)
      return own === undefined ? undefined : new Expression(`data.${own.type}.${own.label}.id`)
    }
    const cut = left?.get(desk.plan.nodes.of(to))
    if (cut === undefined) return new Expression(`${Plan.addressText(to)}.id`)
    circles.set(path, cut)
    return id
  }
  const unresolved = (type: TypeName, id: string, path: string, kept: boolean): void => {
    const known = missing.get(path)
    if (known === undefined) missing.set(path, { type, kept, ids: new Set([id]) })
    else known.ids.add(id)
  }
  const variable: Rendering.Context["variable"] = (path, type) => {
    const known = variables.get(path)
    if (known !== undefined) return known
    const declared = desk.variables.declare(address.type, address.label, path, type)
    variables.set(path, declared)
    return declared
  }
  return {
    context: (files) => ({ id: resource.id, values: resource.values, files, refer, unresolved, variable }),
    close: () => {
      for (const [path, each] of missing) desk.exceptions.push(unresolvedException(resource, path, each))
      for (const [path, cut] of circles) desk.exceptions.push(cycleException(desk.plan, resource, path, cut))
    }
  }
}

const exception = (
  { id, name, type }: Model.Resource,
  reason: Exception["reason"],
  attribute: string | null,
  detail: string,
  hint: string | null
): Exception => ({ type, id, name, reason, attribute, detail, hint, correlationId: null })

/** How many ids a message has room for. */
const shown = 3

const unresolvedException = (resource: Model.Resource, path: string, { ids, kept, type }: Missing): Exception => {
  const named = [...ids].toSorted()
  const more = named.length > shown ? ` and ${named.length - shown} more` : ""
  const are = named.length === 1 ? "is" : "are"
  const became = kept ? "written as the API has it" : "left out"
  return exception(
    resource,
    "unresolved",
    path,
    `${type} ${named.slice(0, shown).join(", ")}${more} ${are} not in this export: ${became}`,
    Types.byName(type)._tag === "Some"
      ? `If the filters leave ${type} out, add it or give enable_dependency_resolution; otherwise it is deleted, gone or `
        + "could not be read, which its own entry says"
      : `holdfast does not export ${type}: see to it where the configuration is applied`
  )
}

const cycleException = (plan: Plan.Plan, resource: Model.Resource, path: string, cut: Cycles.Cut): Exception =>
  exception(
    resource,
    "cycle",
    path,
    `${circleText(plan, cut)} is a circle: ${
      cut.soft ? "the dependency was left out" : "the id was written instead of the reference"
    }`,
    null
  )

/**
 * A dependency that names what is not in the export.
 *
 * @since 0.1.0
 * @category constructors
 */
export const missingDependencies = (
  resource: Model.Resource,
  missing: ReadonlyArray<{ readonly type: TypeName; readonly id: string }>
): ReadonlyArray<Exception> =>
  missing.length === 0 ? [] : [unresolvedException(resource, "depends_on", {
    type: missing[0]?.type ?? resource.type,
    kept: false,
    ids: new Set(missing.map(({ id }) => id))
  })]

/**
 * A dependency that was left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const brokenDependency = (plan: Plan.Plan, resource: Model.Resource, cut: Cycles.Cut): Exception =>
  cycleException(plan, resource, "depends_on", cut)

/**
 * A file that could not be had.
 *
 * @since 0.1.0
 * @category constructors
 */
export const missingFile = (
  resource: Model.Resource,
  file: Model.File,
  detail: string,
  hint: string | undefined
): Exception => exception(resource, "file", file.attribute ?? null, `${file.path}: ${detail}`, hint ?? null)

/**
 * A circle as people read it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const circleText = (plan: Plan.Plan, { circle }: Cycles.Cut): string => {
  const names = circle.map((node) => plan.nodes.graph.addresses[node] ?? "")
  const most = 8
  return names.length > most
    ? [...names.slice(0, most - 1), `(${names.length - most} more)`, names.at(-1) ?? ""].join(" -> ")
    : names.join(" -> ")
}
