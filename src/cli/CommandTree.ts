/**
 * The verbs as a tree of `@effect/cli`, which parses values, asks the wizard's questions and writes completions.
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type * as Terminal from "@effect/platform/Terminal"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Record from "effect/Record"
import type * as Fault from "../kernel/Fault.ts"
import type { Run } from "../store/Run.ts"
import type { ExitCode } from "./ExitCode.ts"
import { conclude, type Session } from "./Session.ts"
import { durationMillis } from "./Settings.ts"
import {
  type Argument,
  type Arguments,
  type Flag,
  type Flags,
  globals,
  type Group,
  type Input,
  type Node,
  type Verb,
  wordsOf
} from "./Verb.ts"

/**
 * What a handler may use.
 *
 * @since 0.1.0
 * @category models
 */
export type Environment = FileSystem.FileSystem | Path.Path | Session | Terminal.Terminal

/**
 * How a handler may fail.
 *
 * @since 0.1.0
 * @category models
 */
export type Failure = Fault.Fault | Terminal.QuitException

/**
 * What a verb does. Its value is the exit status.
 *
 * @since 0.1.0
 * @category models
 */
export type Handler<F extends Flags, P extends Arguments> = (
  input: Input<F, P>
) => Effect.Effect<ExitCode, Failure, Environment>

/**
 * Does again what a run was to do, by the same way as its verb, waiting so many milliseconds for another run.
 *
 * @since 0.1.0
 * @category models
 */
export type Resume = (run: Run, wait: number | undefined) => Effect.Effect<ExitCode, Failure, Environment>

/**
 * The handler of a verb, not loaded yet.
 *
 * @since 0.1.0
 * @category models
 */
export interface Binding {
  readonly verb: Verb
  readonly run: (values: Readonly<Record<string, unknown>>) => Effect.Effect<ExitCode, Failure, Environment>
}

/**
 * Binds a verb to the module that does it, loaded when it is run and not before.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bind = <F extends Flags, P extends Arguments>(
  verb: Verb & { readonly flags: F; readonly args: P },
  load: () => Promise<{ readonly run: Handler<F, P> }>
): Binding => ({
  verb,
  // The values were parsed by options and arguments made from these very flags, so they have this shape.
  run: (values) => Effect.flatMap(Effect.promise(load), ({ run }) => run(values as Input<F, P>))
})

const asValue = <A>(option: Options.Options<A>): Options.Options<A | undefined> =>
  Options.withDefault(option, undefined)

const invalid = (text: string) => ValidationError.invalidValue(HelpDoc.p(text))

const duration = (flag: Flag): Options.Options<number | undefined> =>
  asValue(Options.mapEffect(Options.text(flag.name), (text) => {
    const millis = durationMillis(text)
    return millis === undefined
      ? Either.left(invalid(`--${flag.name} must be a duration such as 90s, 30m or 2h, and "${text}" was given`))
      : Either.right(millis)
  }))

const numeric = (flag: Flag, whole: boolean): Options.Options<number | undefined> =>
  asValue(Options.mapEffect(Options.text(flag.name), (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text)
    const minimum = flag.minimum ?? Number.NEGATIVE_INFINITY
    const fits = Number.isFinite(value) && value >= minimum && (!whole || Number.isSafeInteger(value))
    const from = flag.minimum === undefined ? "" : ` from ${flag.minimum}`
    return fits
      ? Either.right(value)
      : Either.left(invalid(`--${flag.name} must be a ${whole ? "whole " : ""}number${from}, and "${text}" was given`))
  }))

const option = (flag: Flag): Options.Options<unknown> => {
  const made = (): Options.Options<unknown> => {
    switch (flag.kind) {
      case "boolean":
        return Options.boolean(flag.name)
      case "toggle":
        return asValue(Options.map(Options.choice(flag.name, ["true", "false"]), (text) => text === "true"))
      case "texts":
        return Options.repeated(Options.text(flag.name))
      case "choice":
        return asValue(Options.choice(flag.name, [...(flag.choices ?? [])]))
      case "integer":
        return numeric(flag, true)
      case "number":
        return numeric(flag, false)
      case "duration":
        return duration(flag)
      case "text":
        return asValue(Options.text(flag.name))
    }
  }
  return Options.withDescription(made(), flag.description)
}

const argument = (arg: Argument): Args.Args<unknown> => {
  const text = Args.withDescription(Args.text({ name: arg.name }), arg.description)
  return arg.required ? text : Args.withDefault(text, undefined)
}

/** One verb as a command of its own, with the options that every verb takes or without them. */
const leaf = (binding: Binding, everywhere: Flags) => {
  const { run, verb } = binding
  const own: Flags = { ...everywhere, ...verb.flags }
  const flags: Options.Options<Readonly<Record<string, unknown>>> = Record.isEmptyReadonlyRecord(own)
    ? Options.map(Options.none, () => ({}))
    : Options.all(Record.map(own, option))
  const args: Args.Args<Readonly<Record<string, unknown>>> = Record.isEmptyReadonlyRecord(verb.args)
    ? Args.map(Args.none, () => ({}))
    : Args.all(Record.map(verb.args, argument))
  return Command.make(
    verb.name,
    { flags, args },
    (parsed) => Effect.flatMap(run({ ...parsed.flags, ...parsed.args }), conclude)
  ).pipe(Command.withDescription(verb.summary))
}

/** A command as the library takes it among subcommands; it does not tell them apart by type. */
type Child = Parameters<typeof Command.withSubcommands>[1][number]

const branch = (node: Node, name: string, bindings: ReadonlyArray<Binding>, shown: Shown): Child => {
  if (node._tag === "Verb") {
    const binding = bindings.find((candidate) => candidate.verb === node)
    return leaf(
      binding ?? { verb: node, run: () => Effect.dieMessage(`no handler for ${node.name}`) },
      shown.globals ? globals : {}
    )
  }
  const group = Command.make(name).pipe(Command.withDescription(node.summary))
  const [first, ...more] = node.children.flatMap((child) =>
    (shown.aliases ? wordsOf(child) : [child.name]).map((word) => branch(child, word, bindings, shown))
  )
  return first === undefined ? group : Command.withSubcommands(group, [first, ...more])
}

interface Shown {
  /** Whether verbs show the options that every verb takes. The wizard had better not ask for each of them. */
  readonly globals: boolean
  /** Whether groups appear under their other words as well: completions know them, and the wizard asks once. */
  readonly aliases: boolean
}

/**
 * Runs words on the whole tree: the wizard and completions need all of it.
 *
 * @since 0.1.0
 * @category combinators
 */
export const runTree = (
  options: {
    readonly root: Group
    readonly bindings: ReadonlyArray<Binding>
    readonly version: string
    readonly shown: Shown
  },
  words: ReadonlyArray<string>
): Effect.Effect<void, Failure | ValidationError.ValidationError, Environment> =>
  Command.run(
    branch(options.root, options.root.name, options.bindings, options.shown),
    identity(options.version)
  )(["node", "holdfast", ...words])

/**
 * Runs the words of one verb.
 *
 * @since 0.1.0
 * @category combinators
 */
export const runLeaf = (
  options: { readonly binding: Binding; readonly version: string },
  words: ReadonlyArray<string>
): Effect.Effect<void, Failure | ValidationError.ValidationError, Environment> =>
  Command.run(leaf(options.binding, globals), identity(options.version))(["node", "holdfast", ...words])

const identity = (version: string) => ({ name: "holdfast", version, executable: "holdfast" })
