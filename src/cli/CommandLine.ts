/**
 * From the words of a command line to the verb they mean.
 *
 * The parser below this one wants options in fixed places, matches a verb's name inside values, and answers a slip
 * with the names of the root. So the words are put in order first: options may stand anywhere, and an unknown word
 * is refused with the nearest name of the place it stands in.
 *
 * @since 0.1.0
 */
import { nearest } from "../kernel/Suggestion.ts"
import { builtIns, type Flag, globals, type Group, type Node, type Verb, wordsOf } from "./Verb.ts"

/**
 * The options that every verb takes, as they stand on the line.
 *
 * @since 0.1.0
 * @category models
 */
export interface Globals {
  readonly json: boolean
  readonly quiet: boolean
  readonly noColor: boolean
  readonly debug: boolean
  readonly logLevel: string | undefined
  readonly config: string | undefined
}

/**
 * What a command line asks for. `path` names the deepest verb or group that was recognised.
 *
 * @since 0.1.0
 * @category models
 */
export type Asked =
  & { readonly globals: Globals; readonly path: ReadonlyArray<string>; readonly node: Node }
  & (
    | { readonly _tag: "Run"; readonly verb: Verb; readonly words: ReadonlyArray<string> }
    | { readonly _tag: "Help" }
    | { readonly _tag: "Version" }
    | { readonly _tag: "Wizard" }
    | { readonly _tag: "Completions"; readonly shell: string }
    | { readonly _tag: "Wrong"; readonly problem: string; readonly suggestion: string | undefined }
  )

interface Option {
  readonly flag: Flag | undefined
  readonly text: string
  readonly value: string | undefined
}

const longNames = (flag: Flag): ReadonlyArray<string> => [flag.name, ...flag.also ?? []]

const isNegation = (flag: Flag, text: string): boolean =>
  flag.kind === "toggle" && longNames(flag).some((name) => text === `--no-${name}`)

const matches = (flag: Flag, text: string): boolean =>
  longNames(flag).some((name) => text === `--${name}`)
  || (flag.alias !== undefined && text === `-${flag.alias}`)
  || isNegation(flag, text)

/** Whether it stands alone, and a value only behind `=`. */
const isSwitch = (flag: Flag): boolean => flag.kind === "boolean" || flag.kind === "toggle"

/** What a toggle is set to. */
const toggled = (flag: Flag, text: string, inline: string | undefined): string | undefined => {
  if (!isNegation(flag, text)) return inline ?? "true"
  return inline === undefined || inline === "true" ? "false" : inline === "false" ? "true" : inline
}

const flagsBelow = (node: Node): ReadonlyArray<Flag> =>
  node._tag === "Verb" ? Object.values(node.flags) : node.children.flatMap(flagsBelow)

const everywhere: ReadonlyArray<Flag> = [...Object.values(globals), ...Object.values(builtIns)]

const find = (text: string, node: Node): Flag | undefined =>
  everywhere.find((flag) => matches(flag, text)) ?? flagsBelow(node).find((flag) => matches(flag, text))

/** `--name=value` apart; a short option stands alone. */
const split = (word: string): readonly [text: string, value: string | undefined] => {
  const equals = word.indexOf("=")
  return equals < 0 || !word.startsWith("--") ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)]
}

interface Walk {
  readonly path: ReadonlyArray<string>
  readonly node: Node
  readonly options: ReadonlyArray<Option>
  readonly rest: ReadonlyArray<string>
  /** A word that should have been a verb of `node` and is not. */
  readonly stranger: string | undefined
}

const walk = (root: Group, words: ReadonlyArray<string>): Walk => {
  const path: Array<string> = []
  const options: Array<Option> = []
  const rest: Array<string> = []
  let node: Node = root
  let stranger: string | undefined
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ""
    if (word === "--") {
      rest.push(...words.slice(index + 1))
      break
    }
    if (word.startsWith("-") && word.length > 1) {
      const [text, inline] = split(word)
      const flag = find(text, node)
      const next = words[index + 1]
      const alone = flag?.bare !== undefined && !/^\d/.test(next ?? "")
      const takesNext: boolean = flag !== undefined && !isSwitch(flag) && inline === undefined && !alone
      if (takesNext) index++
      const here = flag?.kind === "toggle" ? toggled(flag, text, inline) : inline ?? flag?.bare
      options.push({ flag, text, value: takesNext ? next : here })
    } else if (node._tag === "Group" && stranger === undefined) {
      const child: Node | undefined = node.children.find((candidate) => wordsOf(candidate).includes(word))
      if (child === undefined) stranger = word
      else {
        node = child
        path.push(child.name)
      }
    } else rest.push(word)
  }
  return { path, node, options, rest, stranger }
}

const isSet = (options: ReadonlyArray<Option>, flag: Flag): boolean =>
  options.some((option) => option.flag === flag && option.value !== "false")

const valueOf = (options: ReadonlyArray<Option>, flag: Flag): string | undefined =>
  options.findLast((option) => option.flag === flag)?.value

const readGlobals = (options: ReadonlyArray<Option>): Globals => ({
  json: isSet(options, globals.json),
  quiet: isSet(options, globals.quiet),
  noColor: isSet(options, globals.noColor),
  debug: isSet(options, globals.debug),
  logLevel: valueOf(options, globals.logLevel),
  config: valueOf(options, globals.config)
})

const commandName = (path: ReadonlyArray<string>): string => ["holdfast", ...path].join(" ")

/** The first thing wrong with the options of a verb: an unknown one, a missing value, one said twice. */
const wrongOption = (node: Node, path: ReadonlyArray<string>, options: ReadonlyArray<Option>) => {
  const known = [...everywhere, ...(node._tag === "Verb" ? Object.values(node.flags) : [])]
  const seen = new Set<Flag>()
  for (const { flag, text, value } of options) {
    if (flag === undefined || !known.includes(flag)) {
      const names = known.flatMap(longNames).map((name) => `--${name}`)
      return { problem: `${commandName(path)} has no option ${text}`, suggestion: nearest(text, names) }
    }
    if (!isSwitch(flag) && (value === undefined || value === "")) {
      return { problem: `${text} wants a value (${flag.value ?? flag.kind})`, suggestion: undefined }
    }
    if (isSwitch(flag) && value !== undefined && value !== "true" && value !== "false") {
      const takes = flag.kind === "toggle" ? "only true or false" : "no value"
      return { problem: `${text} takes ${takes}, and "${value}" was given`, suggestion: undefined }
    }
    if (flag.kind === "choice" && !(flag.choices ?? []).includes(value ?? "")) {
      const choices = flag.choices ?? []
      return {
        problem: `${text} must be ${choices.join(", ")}, and "${value}" was given`,
        suggestion: nearest(value ?? "", choices)
      }
    }
    if (seen.has(flag) && flag.kind !== "texts") return { problem: `${text} was given twice`, suggestion: undefined }
    seen.add(flag)
  }
  return undefined
}

const wrongWord = (walked: Walk) => {
  const { node, path, rest, stranger } = walked
  if (node._tag === "Group") {
    const names = node.children.map((child) => child.name)
    return stranger === undefined
      ? { problem: `${commandName(path)} wants one of ${names.join(", ")}`, suggestion: undefined }
      : {
        problem: `${commandName(path)} has no command "${stranger}"`,
        suggestion: nearest(stranger, node.children.flatMap(wordsOf))
      }
  }
  const args = Object.values(node.args)
  const missing = args.filter((arg, index) => arg.required && index >= rest.length)
  if (missing.length > 0) {
    const names = missing.map((arg) => arg.name).join(" and ")
    return { problem: `${commandName(path)} wants ${names}`, suggestion: undefined }
  }
  const extra = rest[args.length]
  if (extra === undefined) return undefined
  return { problem: `${commandName(path)} does not take "${extra}"`, suggestion: undefined }
}

/** The words in the one order that leaves nothing to guess: options with their values, `--`, arguments. */
const ordered = (options: ReadonlyArray<Option>, rest: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...options.flatMap(({ flag, text, value }) => {
    const name = flag === undefined ? text : `--${flag.name}`
    if (flag?.kind === "boolean") return value === "false" ? [] : [name]
    return value === undefined ? [name] : [name, value]
  }),
  ...(rest.length === 0 ? [] : ["--", ...rest])
]

/**
 * Reads the words after the program's name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (root: Group, words: ReadonlyArray<string>): Asked => {
  // `holdfast help apply` is what many a hand types.
  if (words[0] === "help") return read(root, [...words.slice(1), "--help"])
  const walked = walk(root, words)
  const { node, options, path } = walked
  const base = { globals: readGlobals(options), path, node }
  const stranger = walked.stranger === undefined ? undefined : wrongWord(walked)
  if (stranger !== undefined) return { ...base, _tag: "Wrong", ...stranger }
  if (isSet(options, builtIns.help)) return { ...base, _tag: "Help" }
  if (isSet(options, builtIns.version)) return { ...base, _tag: "Version" }
  const wrong = wrongOption(node, path, options)
  if (wrong !== undefined) return { ...base, _tag: "Wrong", ...wrong }
  const shell = valueOf(options, builtIns.completions)
  if (shell !== undefined) return { ...base, _tag: "Completions", shell }
  if (isSet(options, builtIns.wizard)) return { ...base, _tag: "Wizard" }
  if (node === root && words.length === 0) return { ...base, _tag: "Help" }
  const misplaced = wrongWord(walked)
  if (misplaced !== undefined || node._tag === "Group") {
    return { ...base, _tag: "Wrong", problem: "", suggestion: undefined, ...misplaced }
  }
  return { ...base, _tag: "Run", verb: node, words: ordered(options, walked.rest) }
}
