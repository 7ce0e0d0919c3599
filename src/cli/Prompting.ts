/**
 * Questions. They are asked on standard error, so that a result can be piped away.
 *
 * @since 0.1.0
 */
import * as Prompt from "@effect/cli/Prompt"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as Terminal from "@effect/platform/Terminal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * Reads from standard input and writes to standard error.
 *
 * @since 0.1.0
 * @category layers
 */
export const terminal: Layer.Layer<Terminal.Terminal> = Layer.scoped(
  Terminal.Terminal,
  Effect.map(NodeTerminal.make(), (base) =>
    Terminal.Terminal.of({
      ...base,
      columns: Effect.sync(() => process.stderr.columns || 80),
      rows: Effect.sync(() => process.stderr.rows || 24),
      isTTY: Effect.sync(isInteractive),
      display: (text) => Effect.sync(() => void process.stderr.write(text))
    }))
)

/**
 * Whether there is somebody to ask.
 *
 * @since 0.1.0
 * @category getters
 */
export const isInteractive = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

/**
 * Asks for yes or no; no is the default. Ctrl-C fails with `QuitException`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const confirm = (message: string): Effect.Effect<boolean, Terminal.QuitException, Prompt.Prompt.Environment> =>
  Prompt.run(Prompt.confirm({ message, initial: false }))
