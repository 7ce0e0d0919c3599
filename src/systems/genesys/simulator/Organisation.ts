/**
 * An organisation whose entities are made up when they are asked for, from the seed, their type and their number.
 * Nothing is kept of them but what has changed since.
 *
 * @since 0.1.0
 */
import * as Catalogue from "./Catalogue.ts"
import * as Draw from "./Draw.ts"
import * as Identity from "./Identity.ts"
import type { Entity, Kind, Name, Organisation, Space } from "./Kind.ts"
import { firstExtension } from "./kinds/Telephony.ts"
import * as Names from "./Names.ts"
import * as Population from "./Population.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly seed: number
  readonly resources: number
  /** Share of the users that are inactive. */
  readonly inactiveUsers: number
  /** Share of the entities that are listed but cannot be read. */
  readonly vanishing: number
  /** Share of the entities that change when they are read first. */
  readonly restless: number
  /** Whether some appear only while a listing is under way. */
  readonly growing: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Inhabited extends Organisation {
  readonly options: Options
  readonly organisationId: string
  readonly organisationName: string
  /** The number of an entity that is there, by its id. */
  readonly find: (name: Name, id: string) => number | undefined
  /** Listed, but gone when it is read. */
  readonly isGhost: (name: Name, index: number) => boolean
  readonly build: (name: Name, index: number) => Entity
  /** Lets a restless entity change, once. */
  readonly stir: (name: Name, index: number) => void
  /** Numbers of the listing, or of one part of it, in its order. */
  readonly order: (name: Name, part: string | undefined) => Uint32Array
  /** Numbers of those that hang on one parent. */
  readonly children: (name: Name, parent: number) => Uint32Array
}

/** So many of each type come in numbers order in a listing before the next stride begins. */
const strides = [7919, 104_729, 1_299_709]

/** A stride without a common factor visits every number once. */
const strideFor = (count: number): number => strides.find((stride) => count % stride !== 0) ?? 1

/** Half of the children hang on the first parent, so that one of them has many pages. */
const parentOf = (parents: number, index: number): number => index % 2 === 1 ? 0 : (index / 2) % parents

interface Entry {
  readonly kind: Kind
  readonly number: number
  /** What stands before an entity's id in its path. */
  readonly path: string
}

const pathBefore = (kind: Kind): string => {
  const path = kind.self ?? kind.read
  return path.slice(0, path.lastIndexOf("{"))
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Inhabited => {
  const { seed } = options
  const spaces = Population.make(Catalogue.kinds, options.resources, options.growing)
  const known = new Map(
    Catalogue.kinds.map((kind, number): [Name, Entry] => [kind.name, { kind, number, path: pathBefore(kind) }])
  )

  const entry = (name: Name): Entry => {
    const found = known.get(name)
    if (found === undefined) throw new Error(`there is no type ${name}`)
    return found
  }

  const space = (name: Name): Space => {
    const found = spaces.get(name)
    if (found === undefined) throw new Error(`there is no type ${name}`)
    return found
  }

  const draw = (name: Name, index: number): Draw.Draw => new Draw.Draw(organisation, name, index)

  const id = (name: Name, index: number): string => {
    const { kind, number } = entry(name)
    const uuid = Identity.uuid(seed, number, index)
    return kind.id === undefined ? uuid : kind.id(draw(name, index), uuid)
  }

  const find = (name: Name, asked: string): number | undefined => {
    const { kind, number } = entry(name)
    const source = kind.idOf === undefined ? asked : kind.idOf(asked)
    if (source === undefined) return undefined
    const index = typeof source === "number" ? source : Identity.indexOf(seed, number, source)
    return index !== undefined && Population.has(space(name), index) && id(name, index) === asked ? index : undefined
  }

  const plainName = (name: Name, index: number): string => {
    const { kind, number } = entry(name)
    const made = Names.make(kind.word, number, index)
    const revision = kind.fixed === true ? space(name).revisions.get(index) ?? 0 : 0
    return revision === 0 ? made : `${made} v${revision}`
  }

  const nameOf = (name: Name, index: number): string => {
    const { kind } = entry(name)
    return kind.named === undefined ? plainName(name, index) : kind.named(draw(name, index))
  }

  const uri = (name: Name, index: number): string => {
    const { kind, path } = entry(name)
    // UUIDs need no escaping.
    const self = kind.id === undefined ? id(name, index) : encodeURIComponent(id(name, index))
    if (kind.parent === undefined) return `${path}${self}`
    return `${path.replace(/\{[^}]*\}/, encodeURIComponent(id(kind.parent, parent(name, index))))}${self}`
  }

  const parent = (name: Name, index: number): number => {
    const above = entry(name).kind.parent
    return above === undefined ? 0 : parentOf(space(above).base, index)
  }

  const listed = (name: Name, wanted: (index: number) => boolean): Uint32Array => {
    const { number } = entry(name)
    const where = space(name)
    const count = Population.end(where)
    const stride = strideFor(count)
    const found: Array<number> = []
    const add = (index: number): void => {
      if (Population.has(where, index) && wanted(index)) found.push(index)
    }
    const isLate = (index: number): boolean => index >= where.base - where.late && index < where.base
    for (let place = 0; place < count; place++) {
      const index = (place * stride + number) % count
      if (!isLate(index)) add(index)
    }
    // What appears late comes last, or earlier pages would shift.
    for (let index = where.base - where.late; index < where.base; index++) add(index)
    return Uint32Array.from(found)
  }

  const remembered = (name: Name, key: string, make: () => Uint32Array): Uint32Array => {
    const { orders } = space(name)
    const before = orders.get(key)
    if (before !== undefined) return before
    const made = make()
    orders.set(key, made)
    return made
  }

  const organisation: Inhabited = {
    seed,
    inactiveUsers: options.inactiveUsers,
    options,
    organisationId: Identity.drawn(seed, 0x6f7267),
    organisationName: "Simulated \"Org\" ${one}",
    kind: (name) => entry(name).kind,
    number: (name) => entry(name).number,
    space,
    id,
    nameOf,
    plainName,
    uri,
    draw,
    find,
    parentOf: parent,
    extensionIn: (pool) => String(firstExtension(pool) + 7),
    isGhost: (name, index) =>
      options.vanishing > 0 && entry(name).kind.rooted !== true && draw(name, index).at("ghost") < options.vanishing,
    build: (name, index) => entry(name).kind.build(draw(name, index)),
    stir: (name, index) => {
      if (options.restless === 0 || entry(name).kind.fixed === true) return
      const { revisions } = space(name)
      if (revisions.has(index) || draw(name, index).at("restless") >= options.restless) return
      revisions.set(index, 1)
    },
    order: (name, part) =>
      remembered(name, part ?? "", () => {
        const of = entry(name).kind.part
        return listed(name, (index) => part === undefined || of === undefined || of(draw(name, index)) === part)
      }),
    children: (name, parent) =>
      remembered(name, `of ${parent}`, () => {
        const kind = entry(name).kind.parent
        const parents = kind === undefined ? 1 : space(kind).base
        return listed(name, (index) => parentOf(parents, index) === parent)
      })
  }
  return organisation
}
