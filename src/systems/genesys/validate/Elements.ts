/**
 * The elements of one large array of a JSON file, one after the other, so that the file is never in memory as a whole.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface Element {
  /** From 1, where it begins. */
  readonly line: number
  readonly text: string
}

/**
 * Takes a file bit by bit, and gives the objects that are in the array at a member of the outermost object.
 *
 * @since 0.1.0
 * @category models
 */
export class Cutter {
  /** All but the elements, which is JSON where the file is. */
  rest = ""
  readonly #member: string
  #depth = 0
  #line = 1
  #inString = false
  #escaped = false
  #lastString = ""
  #key = ""
  #element = ""
  #elementLine = 0
  #isFirst = true

  constructor(member: string) {
    this.#member = member
  }

  /** @since 0.1.0 */
  take(text: string): ReadonlyArray<Element> {
    const elements: Array<Element> = []
    let from = 0
    const isInside = (): boolean => this.#elementLine > 0
    for (let index = 0; index < text.length; index++) {
      const character = text[index]
      if (character === "\n") this.#line += 1
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (character === "\\") this.#escaped = true
        else if (character === "\"") this.#inString = false
        if (this.#inString && this.#depth === 1) this.#lastString += character ?? ""
        continue
      }
      if (character === "\"") {
        this.#inString = true
        this.#lastString = ""
      } else if (character === ":" && this.#depth === 1) this.#key = this.#lastString
      else if (character === "{" || character === "[") {
        if (character === "{" && this.#depth === 2 && this.#key === this.#member) {
          this.rest += text.slice(from, index)
          from = index
          this.#elementLine = this.#line
        }
        this.#depth += 1
      } else if (character === "}" || character === "]") {
        this.#depth -= 1
        if (this.#depth === 2 && isInside()) {
          elements.push({ line: this.#elementLine, text: this.#element + text.slice(from, index + 1) })
          from = index + 1
          this.#element = ""
          this.#elementLine = 0
          // The array is left with one element for all, and nothing between the others.
          this.rest += this.#isFirst ? "0" : ""
          this.#isFirst = false
        }
      } else if (character === "," && this.#depth === 2 && this.#key === this.#member && !this.#isFirst) {
        this.rest += text.slice(from, index)
        from = index + 1
      }
    }
    if (isInside()) this.#element += text.slice(from)
    else this.rest += text.slice(from)
    return elements
  }
}
