/**
 * Chance for one entity: what is drawn depends on the seed, the type, the number and how many draws came before, so an
 * entity is the same whenever it is made up.
 *
 * @since 0.1.0
 */
import * as Chance from "../../../simulation/Chance.ts"
import * as Identity from "./Identity.ts"
import type { Entity, Name, Organisation } from "./Kind.ts"

/** Draws with a place of their own, which other draws do not shift. */
const places = { first: 64, part: 8, ghost: 9, restless: 10 }

/** Of references, per unit: to what is deleted or unpublished, and to what is not there at all. */
const stray = { dead: 0.015, gone: 0.005 }

const begin = Date.UTC(2024, 0, 1)

const span = 600 * 86_400_000

/**
 * @since 0.1.0
 * @category models
 */
export class Draw {
  readonly organisation: Organisation
  readonly kind: Name
  readonly index: number
  readonly revision: number
  readonly #number: number
  #place = places.first

  constructor(organisation: Organisation, kind: Name, index: number) {
    this.organisation = organisation
    this.kind = kind
    this.index = index
    this.revision = organisation.space(kind).revisions.get(index) ?? 0
    this.#number = organisation.number(kind)
  }

  /** From 0 up to 1, at a place of its own. */
  at(place: keyof typeof places): number {
    return Chance.unit(this.organisation.seed, this.#number, this.index, places[place])
  }

  unit(): number {
    return Chance.unit(this.organisation.seed, this.#number, this.index, this.#place++)
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1))
  }

  pick<const A extends readonly [unknown, ...ReadonlyArray<unknown>]>(items: A): A[number] {
    return items[Math.floor(this.unit() * items.length)] ?? items[0]
  }

  /** Drawn or left out. */
  maybe<A>(probability: number, make: () => A): A | undefined {
    return this.chance(probability) ? make() : undefined
  }

  /** From none to `most` of what is made. */
  several<A>(most: number, make: (index: number) => A): Array<A> {
    return Array.from({ length: this.between(0, most) }, (_, index) => make(index))
  }

  uuid(): string {
    return Identity.drawn(this.organisation.seed, this.#number, this.index, this.#place++)
  }

  get id(): string {
    return this.organisation.id(this.kind, this.index)
  }

  get name(): string {
    return this.organisation.nameOf(this.kind, this.index)
  }

  get uri(): string {
    return this.organisation.uri(this.kind, this.index)
  }

  get isDead(): boolean {
    const { base, dead } = this.organisation.space(this.kind)
    return this.index >= base && this.index < base + dead
  }

  /** One of a type that others may refer to; now and then one that is deleted, or was never there. */
  target(kind: Name): number {
    const space = this.organisation.space(kind)
    const fate = this.unit()
    const choice = this.unit()
    if (fate < stray.gone) return 0x700000 + Math.floor(choice * 0x1000)
    if (fate < stray.gone + stray.dead && space.dead > 0) return space.base + Math.floor(choice * space.dead)
    return Math.floor(choice * space.referable)
  }

  idOf(kind: Name): string {
    return this.organisation.id(kind, this.target(kind))
  }

  /** The id of one of a type, which is surely there. */
  sureIdOf(kind: Name): string {
    return this.organisation.id(kind, Math.floor(this.unit() * this.organisation.space(kind).referable))
  }

  ref(kind: Name, index = this.target(kind)): Entity {
    const id = this.organisation.id(kind, index)
    return { id, name: this.organisation.nameOf(kind, index), selfUri: this.organisation.uri(kind, index) }
  }

  /** An id and where to find it, without a name. */
  address(kind: Name, index = this.target(kind)): Entity {
    const id = this.organisation.id(kind, index)
    return { id, selfUri: this.organisation.uri(kind, index) }
  }

  /** References without repetition, from none to `most`. */
  refs(kind: Name, most: number): Array<Entity> {
    return this.targets(kind, most).map((index) => this.ref(kind, index))
  }

  ids(kind: Name, most: number): Array<string> {
    return this.targets(kind, most).map((index) => this.organisation.id(kind, index))
  }

  targets(kind: Name, most: number): Array<number> {
    return [...new Set(this.several(most, () => this.target(kind)))]
  }

  /** The home division more often than not. */
  division(): Entity {
    const index = this.chance(0.6) ? 0 : this.target("auth_division")
    return this.ref("auth_division", index)
  }

  /** When it was made. */
  created(): string {
    return new Date(begin + Math.floor(this.at("first") * span)).toISOString()
  }

  /** When it was changed last; it moves with every change. */
  modified(): string {
    return new Date(begin + span + Math.floor(this.at("first") * 30 * 86_400_000) + this.revision * 3_600_000)
      .toISOString()
  }

  version(): number {
    return 1 + (this.index % 7) + this.revision
  }

  /** A text that every change of the entity changes. */
  text(subject: string): string {
    const base = texts[Math.floor(this.unit() * texts.length)] ?? ""
    const written = base.replaceAll("{subject}", subject)
    return this.revision === 0 ? written : `${written} (changed ${this.revision})`.trimStart()
  }

  /** A phone number in E.164. */
  number(): string {
    return `+1317${String(this.between(2_000_000, 9_999_999))}`
  }
}

const texts: ReadonlyArray<string> = [
  "",
  "Used for {subject}.",
  "Für {subject}, gepflegt vom Team Süd",
  "{subject}: see \"handbook\", chapter 3\\4",
  "Line one of {subject}\nline two\twith a tab",
  "${not.a.reference} and %{if} in {subject}",
  "{subject} の説明",
  "$${already} %%{escaped} {subject}",
  "  {subject} with blanks around  ",
  "{subject} 🙂"
]
