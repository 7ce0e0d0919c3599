/**
 * The store of a command: opened when a verb needs it and not before, so that nothing else pays for a database, nor
 * fails for want of one.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { accessSync } from "node:fs"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import type * as Fault from "../kernel/Fault.ts"
import * as FileFault from "../store/FileFault.ts"
import type * as Store from "../store/Store.ts"
import { type Service, Session } from "./Session.ts"

/**
 * What is kept.
 *
 * @since 0.1.0
 * @category models
 */
export type Parts = Layer.Layer.Success<ReturnType<typeof Store.layer>>

const folder = ".holdfast"

/** Where it is: a server, or a file. */
const place = ({ settings }: Service): { readonly url: string } | { readonly file: string } => {
  const url = settings.get("store.url")
  return url === undefined
    ? { file: settings.get("store.file") ?? Path.join(folder, "holdfast.db") }
    : { url }
}

/** What is in it belongs to this place of work and to nobody's history. */
const keepOutOfGit = (file: string): Effect.Effect<void> => {
  const directory = Path.dirname(file)
  if (Path.basename(directory) !== folder) return Effect.void
  return Effect.tryPromise(() => Fs.writeFile(Path.join(directory, ".gitignore"), "*\n", { flag: "wx" })).pipe(
    Effect.catchAll(({ error }) =>
      error instanceof Error && "code" in error && error.code === "EEXIST"
        ? Effect.void
        : Effect.logDebug(`${directory} has no .gitignore: ${String(error)}`)
    )
  )
}

/**
 * Runs with the store open. Until the effect says otherwise by {@link begins}, a failure means that nothing was done.
 *
 * @since 0.1.0
 * @category combinators
 */
export const open = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Fault.Fault, Exclude<R, Parts> | Session> =>
  Effect.gen(function*() {
    const session = yield* Session
    session.settings.secrets.forEach(session.screen.conceal)
    session.ending.begun = false
    const where = place(session)
    const { layer } = yield* Effect.promise(() => import("../store/Store.ts"))
    const result = yield* ("url" in where
      ? Effect.provide(effect, layer({ url: Redacted.make(where.url) }))
      : Effect.provide(Effect.zipRight(keepOutOfGit(where.file), effect), layer({ file: where.file })))
    session.ending.begun = true
    return result
  })

/**
 * From here on something may be changed.
 *
 * @since 0.1.0
 * @category combinators
 */
export const begins = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Session> =>
  Effect.flatMap(Session, (session) => {
    session.ending.begun = true
    return effect
  })

/** What is there and cannot be reached is not missing. */
const isMissing = (file: string): boolean => {
  try {
    accessSync(file)
    return false
  } catch (error) {
    return FileFault.codeOf(error) === "ENOENT"
  }
}

/**
 * Like {@link open}, for a verb that makes nothing where nothing was ever kept.
 *
 * @since 0.1.0
 * @category combinators
 */
export const openExisting = <A, E, R, E2, R2>(
  effect: Effect.Effect<A, E, R>,
  otherwise: Effect.Effect<A, E2, R2>
): Effect.Effect<A, E | E2 | Fault.Fault, Exclude<R, Parts> | R2 | Session> =>
  Effect.flatMap(Session, (session): Effect.Effect<A, E | E2 | Fault.Fault, Exclude<R, Parts> | R2 | Session> => {
    const where = place(session)
    if ("url" in where || !isMissing(where.file)) return open(effect)
    session.ending.begun = false
    return otherwise
  })
