/**
 * What the command can do, as plain data: its verbs, their options and arguments, and an example of each. Help,
 * suggestions, completions and parsing all read this one description, and none of it loads a system.
 *
 * @since 0.1.0
 */

/**
 * An option of a verb. `fallback` is what the help says of an absent one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Flag {
  /**
   * `toggle` is on or off by default as its verb has it: `--name`, `--no-name`, `--name=false`. `texts` may be given
   * many times.
   */
  readonly kind: "boolean" | "toggle" | "text" | "texts" | "integer" | "number" | "duration" | "choice"
  /** Without the dashes: `on-interrupt`. */
  readonly name: string
  readonly alias?: string
  /** Other names for the same, without the dashes. */
  readonly also?: ReadonlyArray<string>
  /** How the help names the value: `FILE`. */
  readonly value?: string
  readonly choices?: ReadonlyArray<string>
  /** The value where the option stands alone. Then it takes the next word only if that begins with a digit. */
  readonly bare?: string
  readonly minimum?: number
  readonly description: string
  readonly fallback?: string
}

/**
 * A word after the options. A verb takes its arguments in order; only the last may be optional.
 *
 * @since 0.1.0
 * @category models
 */
export interface Argument {
  readonly name: string
  readonly description: string
  readonly required: boolean
  readonly fallback?: string
}

/**
 * @since 0.1.0
 * @category models
 */
export type Flags = Readonly<Record<string, Flag>>

/**
 * @since 0.1.0
 * @category models
 */
export type Arguments = Readonly<Record<string, Argument>>

type ValueOf<F extends Flag> = F extends { readonly kind: "boolean" } ? boolean
  : F extends { readonly kind: "toggle" } ? boolean | undefined
  : F extends { readonly kind: "texts" } ? ReadonlyArray<string>
  : F extends { readonly kind: "integer" | "number" | "duration" } ? number | undefined
  : F extends { readonly kind: "choice"; readonly choices: ReadonlyArray<infer C> } ? C | undefined
  : string | undefined

/**
 * What a verb's handler receives: a value for each flag (durations in milliseconds) and each argument.
 *
 * @since 0.1.0
 * @category models
 */
export type Input<F extends Flags, P extends Arguments> =
  & { readonly [K in keyof F]: ValueOf<F[K]> }
  & { readonly [K in keyof P]: P[K] extends { readonly required: true } ? string : string | undefined }

/**
 * @since 0.1.0
 * @category models
 */
export interface Example {
  readonly line: string
  readonly says: string
}

/**
 * A leaf: something the command does.
 *
 * @since 0.1.0
 * @category models
 */
export interface Verb {
  readonly _tag: "Verb"
  readonly name: string
  /** A few words for the list of verbs. */
  readonly summary: string
  /** Paragraphs for its own help. */
  readonly description: string
  readonly flags: Flags
  readonly args: Arguments
  readonly examples: ReadonlyArray<Example>
}

/**
 * A branch: verbs under one word.
 *
 * @since 0.1.0
 * @category models
 */
export interface Group {
  readonly _tag: "Group"
  readonly name: string
  /** Other words for the same: `kb`. */
  readonly aliases?: ReadonlyArray<string>
  readonly summary: string
  readonly description: string
  readonly children: ReadonlyArray<Verb | Group>
  readonly examples: ReadonlyArray<Example>
}

/**
 * @since 0.1.0
 * @category models
 */
export type Node = Verb | Group

/**
 * @since 0.1.0
 * @category constructors
 */
export const verb = <const F extends Flags, const P extends Arguments>(
  fields: Omit<Verb, "_tag" | "flags" | "args"> & { readonly flags: F; readonly args: P }
): Verb & { readonly flags: F; readonly args: P } => ({ _tag: "Verb", ...fields })

/**
 * @since 0.1.0
 * @category constructors
 */
export const group = (fields: Omit<Group, "_tag">): Group => ({ _tag: "Group", ...fields })

/**
 * The options that every verb takes, before or after it.
 *
 * @since 0.1.0
 * @category constants
 */
export const globals = {
  json: {
    kind: "boolean",
    name: "json",
    description: "Print the result as one JSON document; streams print one JSON line a record"
  },
  quiet: { kind: "boolean", name: "quiet", alias: "q", description: "Say nothing but the result and errors" },
  noColor: { kind: "boolean", name: "no-color", description: "No colours and no live bars (also NO_COLOR=1)" },
  debug: { kind: "boolean", name: "debug", description: "Log every poll, and print the cause of an error" },
  logLevel: {
    kind: "choice",
    name: "log-level",
    value: "LEVEL",
    choices: ["error", "warn", "info", "debug"],
    description: "How much to log to standard error",
    fallback: "HOLDFAST_LOG_LEVEL, else info; warn where bars are drawn"
  },
  config: {
    kind: "text",
    name: "config",
    value: "FILE",
    description: "The configuration file",
    fallback: "the nearest holdfast.config.json|yaml upward"
  }
} as const satisfies Flags

/**
 * What the command answers without doing anything.
 *
 * @since 0.1.0
 * @category constants
 */
export const builtIns = {
  help: { kind: "boolean", name: "help", alias: "h", description: "Show this help" },
  version: { kind: "boolean", name: "version", description: "Show the version" },
  wizard: { kind: "boolean", name: "wizard", description: "Put the command line together by questions" },
  completions: {
    kind: "choice",
    name: "completions",
    value: "SHELL",
    choices: ["sh", "bash", "zsh", "fish"],
    description: "Print a completion script for a shell"
  }
} as const satisfies Flags

/**
 * Every word that means it, its name first.
 *
 * @since 0.1.0
 * @category getters
 */
export const wordsOf = (node: Node): ReadonlyArray<string> =>
  node._tag === "Group" ? [node.name, ...node.aliases ?? []] : [node.name]

/**
 * Every path of a tree, groups included: `["proxmox", "task", "wait"]`.
 *
 * @since 0.1.0
 * @category getters
 */
export const paths = (root: Group): ReadonlyArray<readonly [path: ReadonlyArray<string>, node: Node]> =>
  root.children.flatMap((child) => [
    [[child.name], child] as const,
    ...(child._tag === "Group"
      ? paths(child).map(([path, node]) => [[child.name, ...path], node] as const)
      : [])
  ])
