/**
 * Files in YAML or JSON.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs/promises"
import * as Fault from "../kernel/Fault.ts"

const refuse = (path: string, error: unknown): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "holdfast",
    operation: "Holdfast.readFile",
    sent: "no",
    subject: path,
    detail: `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    hint: "check the path and the file"
  })

/**
 * The content of a file, by its ending: `.json` is JSON, everything else YAML. Fails with kind `invalid`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (path: string): Effect.Effect<unknown, Fault.Fault> =>
  Effect.gen(function*() {
    const text = yield* Effect.tryPromise({
      try: (signal) => Fs.readFile(path, { encoding: "utf8", signal }),
      catch: (error) => refuse(path, error)
    })
    if (path.endsWith(".json")) {
      return yield* Effect.try({ try: (): unknown => JSON.parse(text), catch: (error) => refuse(path, error) })
    }
    // The parser takes a while to load, and few runs need it. Of a CommonJS module a bundle has the default export only.
    const { default: yaml } = yield* Effect.tryPromise({
      try: () => import("yaml"),
      catch: (error) => refuse(path, error)
    })
    return yield* Effect.try({ try: (): unknown => yaml.parse(text), catch: (error) => refuse(path, error) })
  })
