/**
 * A run of the command: settings, logging and telemetry around the verb, and the exit status after it.
 *
 * @since 0.1.0
 */
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Cause from "effect/Cause"
import type { Console } from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Fault from "../kernel/Fault.ts"
import * as Logging from "../observe/Logging.ts"
import type { Asked, Globals } from "./CommandLine.ts"
import { type Environment, type Failure, runLeaf, runTree } from "./CommandTree.ts"
import { root } from "./commands/verbs.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Interrupt from "./Interrupt.ts"
import { paint } from "./Paint.ts"
import * as Prompting from "./Prompting.ts"
import * as ErrorText from "./ErrorText.ts"
import { usage } from "./UsageFault.ts"
import { bindings } from "./Root.ts"
import { type Screen, stripAnsi } from "./Screen.ts"
import { type Service, Session } from "./Session.ts"
import * as Settings from "./Settings.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly asked: Asked
  readonly screen: Screen
  readonly version: string
}

/** How long cleaning up after the first signal may take. */
const patienceMillis = 15_000

type Problem = Failure | ValidationError.ValidationError

const work = ({ asked, version }: Options): Effect.Effect<void, Problem, Environment> => {
  switch (asked._tag) {
    case "Completions":
      return runTree({ root, bindings, version, shown: { globals: true, aliases: true } }, [
        "--completions",
        asked.shell
      ])
    case "Wizard":
      if (!Prompting.isInteractive()) {
        return usage("the wizard asks, and there is no terminal to ask on", "say the verb")
      }
      return runTree({ root, bindings, version, shown: { globals: false, aliases: false } }, [
        ...asked.path,
        "--wizard"
      ])
    case "Run": {
      const binding = bindings.find((candidate) => candidate.verb === asked.verb)
      return binding === undefined
        ? Effect.dieMessage(`no handler for ${asked.path.join(" ")}`)
        : runLeaf({ binding, version }, asked.words)
    }
    default:
      return Effect.void
  }
}

const logging = (
  settings: Settings.Settings,
  screen: Screen,
  { debug, logLevel, quiet }: Globals
): Layer.Layer<never> => {
  const silent = quiet && !debug && logLevel === undefined
  const colors = paint(screen.color.err)
  const tone = { error: colors.red, warn: colors.yellow, info: (line: string) => line, debug: colors.dim }
  return Logging.layer({
    level: settings.level,
    systems: settings.systems,
    // A result tells of its own failures, and with --quiet it is all that is said.
    write: silent ? () => {} : screen.err,
    paint: (line, level) => tone[level](line),
    verbose: debug
  })
}

/** Loaded only when the environment asks for it. */
const telemetry = (environment: Settings.Environment, version: string): Layer.Layer<never> => {
  const named = Object.entries(environment).some(([name, value]) =>
    name.startsWith("OTEL_EXPORTER_OTLP_") && name.endsWith("ENDPOINT") && (value ?? "") !== ""
  )
  if (!named) return Layer.empty
  return Layer.unwrapEffect(Effect.map(
    Effect.promise(() => import("../observe/Telemetry.ts")),
    ({ fromEnvironment, layer }) => {
      const options = fromEnvironment(environment, { serviceName: "holdfast", serviceVersion: version })
      return options === undefined ? Layer.empty : layer(options)
    }
  ))
}

/** The library prints for itself: its results go out as ours do, and its errors are printed once, by us. */
const ownConsole = (screen: Screen) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.consoleWith((base) => Effect.withConsole(effect, { ...base, ...printsTo(screen) }))

const printsTo = (screen: Screen): Pick<Console, "log" | "info" | "error"> => {
  const log: Console["log"] = (...words) => Effect.sync(() => screen.out(`${words.map(String).join(" ").trimEnd()}\n`))
  return { log, info: log, error: () => Effect.void }
}

const begin = ({ asked, version }: Options, settings: Settings.Settings): Effect.Effect<void> =>
  Effect.logDebug("begin").pipe(Effect.annotateLogs({
    command: ["holdfast", ...asked.path].join(" "),
    version,
    node: process.version,
    configuration: settings.file ?? "none"
  }))

const program = (options: Options, outcome: Outcome): Effect.Effect<void, Problem> =>
  Effect.gen(function*() {
    const { asked, screen, version } = options
    const { globals } = asked
    const settings = yield* Settings.load({
      globals,
      environment: process.env,
      directory: process.cwd(),
      // Where bars show what happens, records of it would only push them about.
      level: screen.live ? "warn" : "info"
    })
    const session: Service = { globals, screen, settings, ...outcome }
    yield* begin(options, settings).pipe(
      Effect.zipRight(work(options)),
      Effect.withSpan(["holdfast", ...asked.path].join(" ")),
      ownConsole(screen),
      Effect.provideService(Session, session),
      Effect.provide(Layer.mergeAll(NodeFileSystem.layer, NodePath.layer, Prompting.terminal)),
      Effect.provide(
        telemetry(settings.environment, version).pipe(
          Layer.provideMerge(logging(settings, screen, globals))
        )
      )
    )
  })

type Outcome = Pick<Service, "ending" | "resume">

interface Ending {
  readonly code: ExitCode.ExitCode
  readonly lines: ReadonlyArray<string>
  /** With `--json`, the document in place of the result. */
  readonly json?: unknown
}

const ofFailure = (problem: Problem, { asked, screen }: Options, begun: boolean): Ending => {
  const colors = paint(screen.color.err)
  if (ValidationError.isValidationError(problem)) {
    const said = stripAnsi(HelpDoc.toAnsiText(problem.error)).trim()
    const help = `  ${["holdfast", ...asked.path].join(" ")} --help tells what it takes`
    const json = { error: { kind: "usage", message: said } }
    return { code: ExitCode.usage, lines: [`${colors.red("error:")} ${said}`, help], json }
  }
  if (Fault.isFault(problem)) {
    const lines = ErrorText.faultLines(problem, colors, asked.globals.debug)
    const code = begun ? ExitCode.ofFault(problem) : ExitCode.ofFaultBefore(problem)
    return { code, lines, json: { error: ErrorText.faultJson(problem) } }
  }
  return { code: ExitCode.interrupted, lines: ["cancelled; nothing was done"] }
}

const ofInterruption = (signal: Interrupt.Signal | undefined, outcome: Outcome): Ending => {
  const { document, hint } = outcome.resume
  const code = signal === undefined ? ExitCode.interrupted : Interrupt.codes[signal]
  const lines = ["interrupted", ...(hint === undefined ? [] : [`  ${hint}`])]
  return { code, lines, json: document ?? { error: { kind: "interrupted", signal, next: hint } } }
}

const endingOf = (
  exit: Exit.Exit<void, Problem>,
  options: Options,
  outcome: Outcome,
  signal: Interrupt.Signal | undefined
): Ending => {
  if (Exit.isSuccess(exit)) return { code: outcome.ending.code, lines: [] }
  const { cause } = exit
  if (signal !== undefined || Cause.isInterruptedOnly(cause)) return ofInterruption(signal, outcome)
  const failure = Cause.failureOption(cause)
  if (Option.isSome(failure)) return ofFailure(failure.value, options, outcome.ending.begun)
  const lines = ErrorText.defectLines(cause, paint(options.screen.color.err), options.asked.globals.debug)
  return { code: ExitCode.defect, lines, json: { error: { kind: "defect", message: String(Cause.squash(cause)) } } }
}

/**
 * Runs what was asked for, and ends the process.
 *
 * @since 0.1.0
 * @category combinators
 */
export const start = (options: Options): void => {
  const { asked, screen } = options
  const outcome: Outcome = {
    ending: { code: ExitCode.done, begun: true },
    resume: { hint: undefined, document: undefined }
  }
  let signal: Interrupt.Signal | undefined
  // A fiber that waits for another fiber holds no handle, and node would leave in silence with 0.
  const alive = setInterval(() => {}, 2 ** 30)

  let left = false
  const leave = (ending: Ending): void => {
    if (left) return
    left = true
    screen.draw([])
    for (const line of ending.lines) screen.err(line)
    if (asked.globals.json && ending.json !== undefined) screen.out(`${JSON.stringify(ending.json, undefined, 2)}\n`)
    clearInterval(alive)
    void screen.flush().then(() => process.exit(ending.code))
  }

  process.once("exit", screen.restore)
  process.once("uncaughtException", (error) =>
    leave({
      code: ExitCode.defect,
      lines: ErrorText.defectLines(Cause.die(error), paint(screen.color.err), asked.globals.debug)
    }))

  // As a value, for a fiber that fails also logs it, and failures are told once, below.
  const fiber = Effect.runFork(Effect.exit(program(options, outcome)))
  const deaf = Interrupt.listen({
    patienceMillis,
    stop: (received) => {
      signal = received
      if (!asked.globals.quiet) {
        screen.err("stopping: no new work begins, running work is cleaned up (again to quit now)")
      }
      fiber.unsafeInterruptAsFork(FiberId.none)
    },
    quit: (received, late) => {
      screen.restore()
      const why = late ? `cleaning up took longer than ${patienceMillis / 1000} s; ` : ""
      const next = outcome.resume.hint ?? "run the same command again; it continues from what is there"
      screen.err(`${why}left at once\n  ${next}`)
      process.exit(Interrupt.codes[received])
    }
  })
  fiber.addObserver((exit) => {
    deaf()
    leave(endingOf(Exit.flatten(exit), options, outcome, signal))
  })
}
