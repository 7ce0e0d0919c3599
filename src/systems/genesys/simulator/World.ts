/**
 * The truth about a simulated organisation, for tests: what a right export of it contains.
 *
 * @since 0.1.0
 */
import * as Catalogue from "./Catalogue.ts"
import type { Entity, Kind, Name, Space } from "./Kind.ts"
import type { Inhabited } from "./Organisation.ts"
import * as Population from "./Population.ts"

/**
 * A resource type by its full name: `genesyscloud_routing_queue`.
 *
 * @since 0.1.0
 * @category models
 */
export type TypeName = `genesyscloud_${Name}`

/**
 * @since 0.1.0
 * @category models
 */
interface Changed {
  readonly type: TypeName
  readonly id: string
  readonly name: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Changes {
  readonly added: ReadonlyArray<Changed>
  readonly changed: ReadonlyArray<Changed>
  readonly removed: ReadonlyArray<Changed>
}

/**
 * Types by their full names, or without `genesyscloud_`. Asking for one that there is not throws.
 *
 * @since 0.1.0
 * @category models
 */
export interface World {
  readonly organisation: { readonly id: string; readonly name: string }
  /** All 48, sorted. */
  readonly types: ReadonlyArray<TypeName>
  /** What an export must have of a type, as of now: not the deleted, the unpublished, the vanished. In no order. */
  readonly ids: (type: string) => ReadonlyArray<string>
  /** How many that is; of all types without one. */
  readonly count: (type?: string) => number
  /** Listed, but gone when they are read. */
  readonly vanished: (type: string) => ReadonlyArray<string>
  /** Listed, and to be left out: deleted, unpublished. */
  readonly skipped: (type: string) => ReadonlyArray<string>
  /** Made by the API itself: to be written as data. */
  readonly owned: (type: string) => ReadonlyArray<string>
  readonly name: (type: string, id: string) => string | undefined
  /** What a read answers, all fields included. */
  readonly entity: (type: string, id: string) => Entity | undefined
  /** Id of what it hangs on: the data table of a row. */
  readonly parent: (type: string, id: string) => string | undefined
  /**
   * Adds, changes and removes so many per cent of all resources: half of them changed, a quarter added, a quarter
   * removed. What is removed was never referred to, so nothing else changes. Change stamps move.
   */
  readonly mutate: (percent: number) => Changes
}

const full = (name: Name): TypeName => `genesyscloud_${name}`

const kindOf = (type: string): Kind => {
  const kind = Catalogue.find(type)
  if (kind === undefined) throw new Error(`there is no type ${type}`)
  return kind
}

const range = (from: number, to: number): Array<number> =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index)

/** Numbers of those that an export must have. */
const exported = (organisation: Inhabited, kind: Kind): Array<number> => {
  const space = organisation.space(kind.name)
  return range(0, Population.end(space)).filter((index) =>
    Population.has(space, index) && !Population.isDead(space, index) && !organisation.isGhost(kind.name, index)
  )
}

/** So many of what there is, spread evenly. */
const spread = (items: ReadonlyArray<number>, count: number): ReadonlyArray<number> => {
  const step = items.length / Math.max(1, count)
  return range(0, Math.min(count, items.length)).flatMap((index) => items[Math.floor(index * step)] ?? [])
}

interface Plan {
  readonly changed: number
  readonly added: number
  readonly removed: number
}

const planFor = (kind: Kind, total: number): Plan => {
  const movable = kind.rooted !== true
  const changeable = kind.fixed !== true
  if (!movable) return { changed: changeable ? total : 0, added: 0, removed: 0 }
  const removed = Math.floor(total / 4)
  const added = changeable ? Math.floor((total + 1) / 4) : total - removed
  return { changed: total - removed - added, added, removed }
}

const mutateKind = (organisation: Inhabited, kind: Kind, plan: Plan): Changes => {
  const space = organisation.space(kind.name)
  const told = (index: number): Changed => ({
    type: full(kind.name),
    id: organisation.id(kind.name, index),
    name: organisation.nameOf(kind.name, index)
  })
  const there = exported(organisation, kind)
  const going = spread(there.filter((index) => index >= space.referable && isSettled(space, index)), plan.removed)
  const removed = going.map(told)
  for (const index of going) space.removed.add(index)
  const gone = new Set(going)
  const changing = spread(there.filter((index) => !gone.has(index)), plan.changed)
  for (const index of changing) space.revisions.set(index, (space.revisions.get(index) ?? 0) + 1)
  const changed = changing.map(told)
  const first = Population.end(space)
  space.added += plan.added
  const coming = range(first, first + plan.added).filter((index) => !organisation.isGhost(kind.name, index))
  space.orders.clear()
  return { added: coming.map(told), changed, removed }
}

/** Not one of those that appear late. */
const isSettled = (space: Space, index: number): boolean => index < space.base - space.late || index >= space.base

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (organisation: Inhabited): World => {
  const count = (type?: string): number =>
    type === undefined
      ? Catalogue.kinds.reduce((sum, kind) => sum + exported(organisation, kind).length, 0)
      : exported(organisation, kindOf(type)).length

  const select = (type: string, wanted: (index: number, space: Space, kind: Kind) => boolean): Array<string> => {
    const kind = kindOf(type)
    const space = organisation.space(kind.name)
    return range(0, Population.end(space))
      .filter((index) => Population.has(space, index) && wanted(index, space, kind))
      .map((index) => organisation.id(kind.name, index))
  }

  const mutate = (percent: number): Changes => {
    const all: { added: Array<Changed>; changed: Array<Changed>; removed: Array<Changed> } = {
      added: [],
      changed: [],
      removed: []
    }
    let owed = 0
    for (const kind of Catalogue.kinds) {
      owed += (exported(organisation, kind).length * percent) / 100
      const total = Math.floor(owed)
      const done = mutateKind(organisation, kind, planFor(kind, total))
      owed -= done.added.length + done.changed.length + done.removed.length
      all.added.push(...done.added)
      all.changed.push(...done.changed)
      all.removed.push(...done.removed)
    }
    return all
  }

  return {
    organisation: { id: organisation.organisationId, name: organisation.organisationName },
    types: Catalogue.names.map(full),
    ids: (type) => exported(organisation, kindOf(type)).map((index) => organisation.id(kindOf(type).name, index)),
    count,
    vanished: (type) =>
      select(type, (index, space, kind) => !Population.isDead(space, index) && organisation.isGhost(kind.name, index)),
    skipped: (type) => select(type, (index, space) => Population.isDead(space, index)),
    owned: (type) =>
      select(
        type,
        (index, space, kind) =>
          !Population.isDead(space, index) && !organisation.isGhost(kind.name, index) &&
          kind.owned?.(organisation.draw(kind.name, index)) === true
      ),
    name: (type, id) => {
      const { name } = kindOf(type)
      const index = organisation.find(name, id)
      return index === undefined ? undefined : organisation.nameOf(name, index)
    },
    entity: (type, id) => {
      const { name } = kindOf(type)
      const index = organisation.find(name, id)
      return index === undefined ? undefined : organisation.build(name, index)
    },
    parent: (type, id) => {
      const { name, parent } = kindOf(type)
      const index = organisation.find(name, id)
      return index === undefined || parent === undefined
        ? undefined
        : organisation.id(parent, organisation.parentOf(name, index))
    },
    mutate
  }
}
