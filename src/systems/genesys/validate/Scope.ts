/**
 * What the blocks of one configuration declare and refer to.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import * as Cycles from "../output/Cycles.ts"
import * as Shape from "../output/Shape.ts"
import type { Block } from "./Blocks.ts"
import type { Problem } from "./Problem.ts"
import * as Template from "./Template.ts"

interface Place {
  readonly file: string
  readonly line: number
}

/** The first use of what was not declared when it was met. */
interface Use extends Place {
  readonly by: string
  more: number
}

/** What traversals begin with that are no resources. Source: terraform/language/expressions/references. */
const known = new Set(["local", "path", "each", "count", "self", "module", "terraform"])

/**
 * @since 0.1.0
 * @category models
 */
export class Scope {
  /**
   * How many blocks each type has.
   *
   * @since 0.1.0
   */
  readonly blocks = new Map<string, number>()

  /**
   * @since 0.1.0
   */
  resources = 0

  /**
   * @since 0.1.0
   */
  data = 0

  readonly #graph = new Cycles.Graph()
  /** Where the nodes of the graph are declared. */
  readonly #places: Array<Place | undefined> = []
  /** By address, or `var.` and name. */
  readonly #ahead = new Map<string, Use>()
  readonly #variables = new Map<string, Place>()
  readonly #used = new Set<string>()
  readonly #problems: Array<Problem> = []

  /**
   * The resources and data blocks that are declared, and where.
   *
   * @since 0.1.0
   */
  get declared(): ReadonlyArray<readonly [address: string, place: Place]> {
    return this.#graph.addresses.flatMap((address, node) => {
      const place = this.#places[node]
      return place === undefined ? [] : [[address, place] as const]
    })
  }

  /**
   * @since 0.1.0
   */
  get variables(): number {
    return this.#variables.size
  }

  /**
   * @since 0.1.0
   */
  add(block: Block): void {
    const { file, keyword, labels, line } = block
    const [type = "", label = ""] = labels
    if (keyword === "variable") {
      if (this.#variables.has(type)) {
        this.#duplicate(`variable ${JSON.stringify(type)}`, block, this.#variables.get(type))
      } else this.#variables.set(type, { file, line })
    } else if (keyword === "resource" || keyword === "data") {
      this.blocks.set(type, (this.blocks.get(type) ?? 0) + 1)
      if (keyword === "data") this.data += 1
      else this.resources += 1
      const address = keyword === "data" ? `data.${type}.${label}` : `${type}.${label}`
      const node = this.#graph.node(address)
      const before = this.#places[node]
      if (before === undefined) this.#places[node] = { file, line }
      else this.#duplicate(address, block, before)
      this.#follow(block, address, node)
    } else if (keyword !== "terraform" && keyword !== "provider") this.#follow(block, keyword, undefined)
  }

  #duplicate(what: string, { file, line }: Block, before: Place | undefined): void {
    const where = before === undefined ? "" : `, first in ${before.file}:${before.line}`
    this.#problems.push({ kind: "duplicate", file, line, detail: `${what} is declared twice${where}` })
  }

  #follow(block: Block, by: string, node: number | undefined): void {
    for (const name of new Set(referred(block))) {
      const root = upTo(name, 1)
      if (known.has(root)) continue
      const target = upTo(name, root === "data" ? 3 : 2)
      if (root === "var") {
        const variable = target.slice("var.".length)
        if (!this.#used.has(variable)) this.#used.add(own(variable))
        if (!this.#variables.has(variable)) this.#use(block, by, target, name)
        continue
      }
      const to = this.#graph.find(target) ?? this.#graph.node(own(target))
      if (this.#places[to] === undefined) this.#use(block, by, target, name)
      if (node !== undefined) this.#graph.connect(node, to, false)
    }
  }

  #use(block: Block, by: string, target: string, name: string): void {
    const known = this.#ahead.get(target)
    if (known === undefined) this.#ahead.set(own(target), { file: block.file, line: lineOf(block, name), by, more: 0 })
    else known.more += 1
  }

  /**
   * Everything that is wrong, once all blocks are known.
   *
   * @since 0.1.0
   */
  problems(): ReadonlyArray<Problem> {
    const dangling = [...this.#ahead].flatMap(([name, { by, file, line, more }]): ReadonlyArray<Problem> => {
      const others = more === 0 ? "" : `, as ${more} other blocks do`
      if (name.startsWith("var.")) {
        if (this.#variables.has(name.slice("var.".length))) return []
        return [{
          kind: "undeclared-variable",
          file,
          line,
          detail: `${by} uses ${name}, which is not declared${others}`
        }]
      }
      if (this.#places[this.#graph.find(name) ?? -1] !== undefined) return []
      return [{ kind: "reference", file, line, detail: `${by} refers to ${name}, which is not there${others}` }]
    })
    const unused = [...this.#variables].flatMap(([name, place]): ReadonlyArray<Problem> =>
      this.#used.has(name) ? [] : [{ ...place, kind: "unused-variable", detail: `variable "${name}" is not used` }]
    )
    return [...this.#problems, ...dangling, ...unused, ...this.#cycles()]
  }

  #cycles(): ReadonlyArray<Problem> {
    return Cycles.cuts(this.#graph).map(({ circle }) => {
      const names = circle.map((node) => this.#graph.addresses[node] ?? "")
      const place = this.#places[circle[0] ?? -1] ?? { file: "", line: 1 }
      return { ...place, kind: "cycle", detail: `a circle: ${names.join(" -> ")}` }
    })
  }
}

/** A text that does not keep in memory the one that it was cut out of. */
const own = (text: string): string => Buffer.from(text).toString()

/** So many parts of a dotted name. */
const upTo = (name: string, parts: number): string => {
  let at = -1
  for (let part = 0; part < parts; part += 1) {
    at = name.indexOf(".", at + 1)
    if (at < 0) return name
  }
  return name.slice(0, at)
}

/** What a block refers to. */
const referred = ({ body, file, text }: Block): ReadonlyArray<string> =>
  (body !== undefined && file.endsWith(".json") ? Template.simpleReferences(text) : undefined) ?? within(body)

/** What a body refers to. `depends_on` has names, in JSON without anything around them. */
const within = (body: Json.Json | undefined): ReadonlyArray<string> => {
  const found: Array<string> = []
  const visit = (value: Json.Json, isDependency: boolean): void => {
    if (typeof value === "string") {
      found.push(...(isDependency && !value.includes("${") ? Template.referencesOf(value) : Template.references(value)))
    } else if (isArray(value)) { for (const each of value) visit(each, isDependency) }
    else if (Shape.isEntity(value)) {
      for (const [key, each] of Object.entries(value)) {
        if (key.includes("{")) found.push(...Template.references(key))
        visit(each, false)
      }
    }
  }
  if (!Shape.isEntity(body)) return []
  for (const [key, value] of Object.entries(body)) visit(value, key === "depends_on")
  return found
}

const isArray = (value: Json.Json): value is ReadonlyArray<Json.Json> => Array.isArray(value)

/** The line of a block that has this. */
const lineOf = ({ at, line, text }: Block, name: string): number => {
  const found = text.indexOf(name, at)
  let lines = line
  for (let next = text.indexOf("\n", at); next >= 0 && next < found; next = text.indexOf("\n", next + 1)) lines += 1
  return lines
}
