/**
 * One run of git: without prompt, pager, editor and colours, in the C locale, and never longer than its time. Whoever
 * stops waiting for it (deadline, Ctrl-C) ends it with all its children: hooks, ssh, the transport.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/platform/Command"
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import type * as PlatformError from "@effect/platform/Error"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as Deadline from "../../../kernel/Deadline.ts"
import * as Fault from "../../../kernel/Fault.ts"
import * as Finalizer from "../../../kernel/Finalizer.ts"
import * as GitFault from "./GitFault.ts"

/**
 * Where git runs and for whom.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place extends GitFault.Context {
  readonly directory: string
  /** Added to the environment of the process. */
  readonly environment: Readonly<Record<string, string>>
  /** The longest that one command may take, in milliseconds. */
  readonly timeout: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Added to the environment of this command. */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** Defaults to nothing: the command reads the end of file. */
  readonly input?: Uint8Array | string | undefined
  /** Exit codes that are answers. Defaults to `[0]`. */
  readonly accept?: ReadonlyArray<number> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Output {
  readonly exitCode: number
  readonly bytes: Uint8Array
  readonly stdout: string
  readonly stderr: string
}

/** No question to anybody, no work in the background that outlives the command, no words in another language. */
const environment = {
  LC_ALL: "C",
  LANGUAGE: "C",
  GIT_TERMINAL_PROMPT: "0",
  GIT_EDITOR: ":",
  GIT_SEQUENCE_EDITOR: ":",
  GIT_PAGER: "cat",
  GIT_OPTIONAL_LOCKS: "0",
  GCM_INTERACTIVE: "never",
  SSH_ASKPASS_REQUIRE: "never"
}

const settings = [
  "core.quotePath=false",
  "color.ui=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "core.fsmonitor=false",
  "submodule.recurse=false"
].flatMap((setting) => ["-c", setting])

/** For a child that was told to end before it is ended. */
const grace = Duration.seconds(2)

/** For output that is still on its way when git has ended. A process that git left behind may hold the pipe for ever. */
const drain = Duration.seconds(1)

const stop = (process: CommandExecutor.Process): Effect.Effect<void> =>
  Effect.gen(function*() {
    if (!(yield* Effect.orElseSucceed(process.isRunning, () => false))) return
    // Git takes its lock files away on SIGTERM; a hook may not care about it.
    yield* Effect.ignore(Effect.timeoutOption(Effect.interruptible(process.kill("SIGTERM")), grace))
    yield* Effect.ignore(process.kill("SIGKILL"))
  })

const collect = (stream: Stream.Stream<Uint8Array, PlatformError.PlatformError>) =>
  Effect.gen(function*() {
    const parts: Array<Uint8Array> = []
    const fiber = yield* Effect.forkScoped(Effect.ignore(Stream.runForEach(stream, (part) =>
      Effect.sync(() => {
        parts.push(part)
      }))))
    return Effect.map(
      Effect.timeoutOption(Fiber.join(fiber), drain),
      (): Uint8Array => new Uint8Array(Buffer.concat(parts))
    )
  })

const platformFault = (place: Place, command: string, error: PlatformError.PlatformError): Fault.Fault => {
  const missing = error._tag === "SystemError" && error.reason === "NotFound"
  return Fault.make({
    kind: missing ? "not-found" : "failed",
    system: "git",
    operation: place.operation,
    subject: place.subject,
    sent: missing ? "no" : "maybe",
    code: missing ? "git-missing" : "git-killed",
    detail: missing
      ? "git, or the folder it should run in, is not there"
      : `git ${command} was ended from outside or could not be started`,
    hint: missing ? "Install git 2.25 or newer, and check the folder" : "Run it again: what was committed is kept"
  })
}

const timedOut = (place: Place, command: string, millis: number): Fault.Fault =>
  Fault.make({
    kind: "timed-out",
    system: "git",
    operation: place.operation,
    subject: place.subject,
    sent: "maybe",
    code: "git-timeout",
    detail: `git ${command} had not ended after ${
      Duration.format(Duration.millis(Math.round(millis)))
    } and was stopped`,
    hint: "Check the network and the remote, then run it again: what was committed is kept"
  })

const stdinOf = (input: Uint8Array | string | undefined): Command.Command.Input =>
  Stream.fromChunk(
    input === undefined ? Chunk.empty() : Chunk.of(typeof input === "string" ? new TextEncoder().encode(input) : input)
  )

/**
 * Runs git and gives its answer, whatever the exit code.
 *
 * @since 0.1.0
 * @category constructors
 */
export const outcome = (
  place: Place,
  args: readonly [string, ...ReadonlyArray<string>],
  options: Options = {}
): Effect.Effect<Output, Fault.Fault, CommandExecutor.CommandExecutor> => {
  const name = args.find((arg) => !arg.startsWith("-")) ?? args[0]
  const command = Command.make("git", ...settings, ...args).pipe(
    Command.workingDirectory(place.directory),
    Command.env({ ...environment, ...place.environment, ...options.environment }),
    Command.stdin(stdinOf(options.input))
  )
  const run = Effect.scoped(Effect.gen(function*() {
    const process = yield* Finalizer.acquireRelease(Command.start(command), stop)
    const stdout = yield* collect(process.stdout)
    const stderr = yield* collect(process.stderr)
    const exitCode = yield* process.exitCode
    const bytes = yield* stdout
    const decoder = new TextDecoder()
    return { exitCode, bytes, stdout: decoder.decode(bytes), stderr: decoder.decode(yield* stderr) }
  }))
  return Effect.flatMap(Deadline.remaining, (remaining) => {
    const millis = Math.min(place.timeout, remaining)
    return run.pipe(
      Effect.mapError((error) => platformFault(place, name, error)),
      Effect.timeoutFail({ duration: Duration.millis(millis), onTimeout: () => timedOut(place, name, millis) })
    )
  })
}

/**
 * Runs git; an exit code that is not accepted is a fault.
 *
 * @since 0.1.0
 * @category constructors
 */
export const run = (
  place: Place,
  args: readonly [string, ...ReadonlyArray<string>],
  options: Options = {}
): Effect.Effect<Output, Fault.Fault, CommandExecutor.CommandExecutor> =>
  Effect.flatMap(outcome(place, args, options), (output) =>
    (options.accept ?? [0]).includes(output.exitCode)
      ? Effect.succeed(output)
      : GitFault.fromOutput(
        place,
        args.find((arg) => !arg.startsWith("-")) ?? args[0],
        output.exitCode,
        `${output.stderr}\n${output.stdout.slice(-2000)}`
      ))

/**
 * The fields of an output that separates them by NUL.
 *
 * @since 0.1.0
 * @category getters
 */
export const fields = (output: Output): ReadonlyArray<string> =>
  output.stdout.split("\0").filter((field) => field !== "")
