/**
 * The help of a verb or a group, from its description.
 *
 * @since 0.1.0
 */
import { meanings } from "./ExitCode.ts"
import { known } from "./KnownSettings.ts"
import { builtIns, type Example, type Flag, globals, type Group, type Node, type Verb } from "./Verb.ts"

const width = 100

/** Breaks text at spaces so that no line passes `columns`. */
const wrap = (text: string, columns: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines
}

type Row = readonly [left: string, right: string]

const table = (rows: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const left = Math.min(32, Math.max(...rows.map(([name]) => name.length)))
  return rows.flatMap(([name, text]) => {
    const [first = "", ...more] = wrap(text, width - left - 4)
    const head = name.length > left
      ? [`  ${name}`, `  ${" ".repeat(left)}  ${first}`]
      : [`  ${name.padEnd(left)}  ${first}`]
    return [...head, ...more.map((line) => `  ${" ".repeat(left)}  ${line}`)].map((line) => line.trimEnd())
  })
}

const flagRow = (flag: Flag): Row => {
  const alias = flag.alias === undefined ? "    " : `-${flag.alias}, `
  const name = flag.choices?.join("|") ?? flag.value ?? flag.kind.toUpperCase()
  const stands = flag.kind === "boolean" || flag.kind === "toggle"
  const value = stands ? "" : flag.bare === undefined ? ` ${name}` : ` [${name}]`
  const fallback = flag.fallback === undefined ? "" : ` (default: ${flag.fallback})`
  const also = flag.also === undefined ? "" : `; also ${flag.also.map((other) => `--${other}`).join(", ")}`
  const negation = flag.kind === "toggle" ? "[no-]" : ""
  return [`${alias}--${negation}${flag.name}${value}`, `${flag.description}${also}${fallback}`]
}

const usage = (node: Node, path: ReadonlyArray<string>): string => {
  const words = ["holdfast", ...path]
  if (node._tag === "Group") return [...words, "COMMAND", "[OPTIONS]"].join(" ")
  const args = Object.values(node.args).map((arg) => (arg.required ? arg.name : `[${arg.name}]`))
  return [...words, ...args, "[OPTIONS]"].join(" ")
}

const verbsOf = (group: Group): ReadonlyArray<Row> =>
  group.children.flatMap((child): ReadonlyArray<Row> =>
    child._tag === "Verb"
      ? [[
        [child.name, ...Object.values(child.args).filter((arg) => arg.required).map((arg) => arg.name)].join(" "),
        child.summary
      ]]
      : verbsOf(child).map(([name, text]) => [`${child.name} ${name}`, text])
  )

const settings: ReadonlyArray<Row> = known.map(({ choices, foreign, key, says, variable }) => [
  key,
  `${says}${choices === undefined ? "" : `: ${choices.join(", ")}`} [${[variable, foreign].filter(Boolean).join(", ")}]`
])

const settingsLead =
  "Flags come first, then HOLDFAST_* variables, then the nearest holdfast.config.yaml or .json upward, "
  + "then PROXMOX_VE_*, GENESYSCLOUD_* and ELEVENLABS_* variables."

type Heading = (text: string) => string

const section = (heading: Heading, title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? [] : ["", heading(title), ...lines]

const examplesOf = (examples: ReadonlyArray<Example>): ReadonlyArray<string> =>
  examples.flatMap(({ line, says }) => [`  # ${says}`, `  $ ${line}`])

const verbSections = (heading: Heading, verb: Verb): ReadonlyArray<string> => {
  const args = Object.values(verb.args).map((arg): Row => [
    arg.name,
    arg.fallback === undefined ? arg.description : `${arg.description} (default: ${arg.fallback})`
  ])
  const flags = Object.values(verb.flags).map(flagRow)
  return [
    ...section(heading, "ARGUMENTS", args.length === 0 ? [] : table(args)),
    ...section(heading, "OPTIONS", flags.length === 0 ? [] : table(flags))
  ]
}

/**
 * The whole help text, ending in a line break. `bold` draws the headings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const render = (options: {
  readonly node: Node
  readonly path: ReadonlyArray<string>
  readonly bold: Heading
}): string => {
  const { bold, node, path } = options
  const paragraphs = node.description.split("\n\n").flatMap((text, index) => [
    ...(index === 0 ? [] : [""]),
    ...wrap(text.replaceAll("\n", " "), width)
  ])
  const root = path.length === 0
  const lines = [
    ...paragraphs,
    ...section(bold, "USAGE", [`  ${usage(node, path)}`]),
    ...(node._tag === "Verb" ? verbSections(bold, node) : section(bold, "COMMANDS", table(verbsOf(node)))),
    ...section(
      bold,
      "OPTIONS OF EVERY COMMAND",
      table([...Object.values(globals), ...Object.values(builtIns)].map(flagRow))
    ),
    ...section(bold, "EXAMPLES", examplesOf(node.examples)),
    ...section(
      bold,
      "SETTINGS",
      root ? [...wrap(settingsLead, width - 2).map((line) => `  ${line}`), ...table(settings)] : []
    ),
    ...section(bold, "EXIT CODES", root || node._tag === "Verb" ? table(meanings) : [])
  ]
  return `${lines.join("\n")}\n`
}
