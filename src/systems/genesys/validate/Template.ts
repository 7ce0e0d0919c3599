/**
 * Strings of Terraform, which are templates: what is literal in them, and what they refer to.
 *
 * Source: hashicorp/hcl, hclsyntax/spec.md, "Templates".
 *
 * @since 0.1.0
 */

/**
 * What a template without sequences says; `undefined` where it has one.
 *
 * @since 0.1.0
 * @category conversions
 */
export const literal = (template: string): string | undefined => {
  if (!marked.test(template)) return template
  let hasSequence = false
  const text = template.replace(/\$\$\{|%%\{|[$%]\{/g, (mark) => {
    if (mark.length === 3) return mark.slice(1)
    hasSequence = true
    return mark
  })
  return hasSequence ? undefined : text
}

const marked = /[$%]\{/

/**
 * What the sequences of a template refer to, as it is written: `genesyscloud_routing_queue.Sales.id`, `var.key`.
 *
 * @since 0.1.0
 * @category getters
 */
export const references = (template: string): ReadonlyArray<string> => {
  if (!marked.test(template)) return []
  const found: Array<string> = []
  inTemplate({ text: template, found }, 0, false)
  return found
}

/**
 * What an expression refers to.
 *
 * @since 0.1.0
 * @category getters
 */
export const referencesOf = (expression: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  inExpression({ text: expression, found }, 0)
  return found
}

/**
 * Where a text in quotation marks ends, sequences inside it included: behind the closing one.
 *
 * @since 0.1.0
 * @category getters
 */
export const endOfQuoted = (text: string, at: number): number => inTemplate({ text, found: [] }, at + 1, true)

/** All that an export writes of sequences, but for the paths of files. */
const simple = /\$\{([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)+)\}/y

const mark = /[$%]\{/g

/**
 * What the templates in a piece of Terraform's JSON refer to, found without looking at one after the other; `undefined`
 * where there is anything that is not seen so: a dependency without a sequence, an escape of JSON that may hide a mark,
 * an expression of any other kind.
 *
 * @since 0.1.0
 * @category getters
 */
export const simpleReferences = (json: string): ReadonlyArray<string> | undefined => {
  if (json.includes("\\u") || json.includes("\"depends_on\"")) return undefined
  const found: Array<string> = []
  mark.lastIndex = 0
  for (let at = mark.exec(json)?.index; at !== undefined; at = mark.exec(json)?.index) {
    // Doubled it stands for itself.
    if (json[at - 1] === json[at]) continue
    simple.lastIndex = at
    const name = simple.exec(json)?.[1]
    if (name === undefined) return undefined
    found.push(name)
  }
  return found
}

interface Scan {
  readonly text: string
  readonly found: Array<string>
}

/** Scans a template from `at`; within quotation marks up to the closing one. Gives where it ended. */
const inTemplate = (scan: Scan, at: number, quoted: boolean): number => {
  const { text } = scan
  let index = at
  while (index < text.length) {
    const character = text[index]
    if (quoted && character === "\\") index += 2
    else if (quoted && character === "\"") return index + 1
    else if ((character === "$" || character === "%") && text[index + 1] === "{") index = inExpression(scan, index + 2)
    else if ((character === "$" || character === "%") && text.startsWith(`${character}${character}{`, index)) index += 3
    else index += 1
  }
  return index
}

const traversal = /[\p{ID_Start}_][\p{ID_Continue}-]*(?:\.[\p{ID_Start}_][\p{ID_Continue}-]*)*/uy

/** Scans an expression from `at` to the brace that closes it. Gives where it ended. */
const inExpression = (scan: Scan, at: number): number => {
  const { found, text } = scan
  let depth = 0
  let index = at
  while (index < text.length) {
    const character = text[index] ?? ""
    if (character === "\"") {
      index = inTemplate(scan, index + 1, true)
      continue
    }
    if (character === "#" || text.startsWith("//", index)) {
      const end = text.indexOf("\n", index)
      index = end < 0 ? text.length : end
      continue
    }
    if (character === "{") depth += 1
    if (character === "}") {
      if (depth === 0) return index + 1
      depth -= 1
    }
    traversal.lastIndex = index
    const [name] = traversal.exec(text) ?? []
    if (name === undefined) {
      index += 1
      // The digits of a number and what follows a bracket are no names.
      while (/[0-9]/.test(character) && /[0-9a-zA-Z_.]/.test(text[index] ?? "")) index += 1
      continue
    }
    if (name.includes(".") && text[index - 1] !== ".") found.push(name)
    index += name.length
  }
  return index
}
