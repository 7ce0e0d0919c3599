/**
 * The text of a block before the labels of the others are known: with holes where references and variables will stand.
 * It is made when a resource is read, while the API is waited for, so that what is left to do at the end is little. For
 * an organisation of the usual size, that is: what is made of a large one is not worth the memory.
 *
 * @since 0.1.0
 */
import { randomUUID } from "node:crypto"
import type * as Model from "../Model.ts"
import type { TypeName } from "../Table.ts"
import * as Plan from "./Plan.ts"
import { type Body, Expression } from "./Rendered.ts"
import type * as Rendering from "./Rendering.ts"
import type { Syntax } from "./Syntax.ts"
import * as Values from "./Values.ts"

/** What stands in a hole. */
type Hole =
  | { readonly type: TypeName; readonly id: string; readonly path: string }
  | { readonly type: undefined; readonly of: Rendering.VariableType; readonly path: string }

/**
 * @since 0.1.0
 * @category models
 */
export interface Text {
  readonly mode: Model.Resource["mode"]
  /** What stands before, between and behind the holes. */
  readonly literals: ReadonlyArray<string>
  readonly holes: ReadonlyArray<Hole>
  /** What the resource refers to, in turn type and id. */
  readonly refers: ReadonlyArray<readonly [type: TypeName, id: string]>
  /** What of its values is not in the text: what the API has of its own. */
  readonly values: Model.Values
}

/** Ids that stand for themselves wherever they stand. */
const plain = /^[0-9A-Za-z_-]+$/

/** Characters that are held, most of them of one byte. When there are more, all are let go of. */
const room = 24 * 1024 * 1024

/** So many resources are many: to know of all of them while they are written takes memory that is needed to write them. */
const many = 20_000

/** The number is asked for each time that so many were added. */
const asking = 100

/**
 * Whether an organisation is of the usual size.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isUsual = (resources: number): boolean => resources <= many

/**
 * The texts of an export.
 *
 * @since 0.1.0
 * @category models
 */
export class Shelf {
  /** @since 0.1.0 */
  readonly style: Plan.Style
  readonly #form: Syntax["form"]
  readonly #mark = `hole${randomUUID().replaceAll("-", "")}`
  readonly #marks: RegExp
  readonly #texts = new Map<TypeName, Map<string, Text>>()
  #size = 0
  #asked = 0
  #isOpen = true

  constructor(style: Plan.Style, form: Syntax["form"]) {
    this.style = style
    this.#form = form
    this.#marks = form.pattern(this.#mark)
  }

  /**
   * Makes the text of a resource, if that can be made now.
   *
   * @param listed How many resources there are, as far as that is known.
   * @since 0.1.0
   */
  add(resource: Omit<Model.Resource, "stamp">, listed: () => number): void {
    if (!this.#isOpen) return
    if (this.#asked++ % asking === 0 && !isUsual(listed())) return this.#close()
    this.#texts.get(resource.type)?.delete(resource.id)
    if (resource.files.length > 0 || resource.dependsOn.length > 0) return
    const renders = Plan.compiled(this.style, resource.type)
    const text = renders === undefined ? undefined : this.#attempt(renders, resource)
    if (text === undefined) return
    for (const literal of text.literals) this.#size += literal.length
    if (this.#size > room) return this.#close()
    const known = this.#texts.get(resource.type)
    if (known === undefined) this.#texts.set(resource.type, new Map([[resource.id, text]]))
    else known.set(resource.id, text)
  }

  /**
   * The text of a resource that is written as what it is.
   *
   * @since 0.1.0
   */
  get({ id, mode, type }: Pick<Model.Resource, "type" | "id" | "mode">): Text | undefined {
    const text = this.#texts.get(type)?.get(id)
    return text?.mode === this.style.modeOf(type, mode) ? text : undefined
  }

  #close(): void {
    this.#isOpen = false
    this.#texts.clear()
  }

  /** A table that cannot make anything of it fails at the end, as it does without a shelf. */
  #attempt(renders: Plan.Renders, resource: Omit<Model.Resource, "stamp">): Text | undefined {
    try {
      return this.#text(renders, resource)
    } catch {
      return undefined
    }
  }

  #text(renders: Plan.Renders, resource: Omit<Model.Resource, "stamp">): Text | undefined {
    const { id, type, values } = resource
    const mode = this.style.modeOf(type, resource.mode)
    const holes: Array<Hole> = []
    const hole = (one: Hole): Expression => new Expression(`${this.#mark}_${holes.push(one) - 1}_`)
    let isPlain = true
    const context: Rendering.Context = {
      id,
      values,
      files: [],
      refer: (type, id, path) => {
        isPlain &&= plain.test(id)
        return hole({ type, id, path })
      },
      unresolved: () => undefined,
      variable: (path, of) => hole({ type: undefined, of, path })
    }
    const body: Body = Plan.render(renders, { ...resource, mode }, context)
    if (!isPlain) return undefined
    const refers: Array<readonly [TypeName, string]> = []
    if (mode === "data") { for (const one of holes) if (one.type !== undefined) refers.push([one.type, one.id]) }
    else Plan.references(renders, { id, values }, (type, id) => refers.push([type, id]))
    const own = values[Values.dataKey]
    const literals: Array<string> = []
    const order: Array<Hole> = []
    for (const [index, part] of this.#form.text(body).split(this.#marks).entries()) {
      if (index % 2 === 0) literals.push(part)
      else order.push(holes[Number(part)] ?? { type, id, path: "" })
    }
    return { mode, literals, holes: order, refers, values: own === undefined ? {} : { [Values.dataKey]: own } }
  }
}

/**
 * The whole text, once everything is known.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fill = ({ holes, literals }: Text, form: Syntax["form"], context: Rendering.Context): string => {
  let text = literals[0] ?? ""
  for (const [index, hole] of holes.entries()) {
    text += form.value(filling(hole, context)) + (literals[index + 1] ?? "")
  }
  return text
}

const filling = (hole: Hole, context: Rendering.Context): Expression | string => {
  if (hole.type === undefined) return context.variable(hole.path, hole.of)
  const found = context.refer(hole.type, hole.id, hole.path)
  if (found === undefined) context.unresolved(hole.type, hole.id, hole.path, true)
  return found ?? hole.id
}
