/**
 * The native module for SQLite, loaded by whoever needs it and not before.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FileFault from "./FileFault.ts"

/**
 * A statement that was prepared.
 *
 * @since 0.1.0
 * @category models
 */
export interface Prepared {
  /** It gives rows. */
  readonly reader: boolean
  readonly all: (...parameters: ReadonlyArray<unknown>) => ReadonlyArray<object>
  readonly run: (...parameters: ReadonlyArray<unknown>) => unknown
}

/**
 * An open file. Everything throws.
 *
 * @since 0.1.0
 * @category models
 */
export interface Handle {
  readonly inTransaction: boolean
  readonly prepare: (sql: string) => Prepared
  readonly exec: (sql: string) => unknown
  readonly close: () => unknown
}

/**
 * What is used of better-sqlite3. `timeout`: how long to wait for the locks of others, in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export type Driver = new(file: string, options: { readonly timeout: number }) => Handle

const isDriver = (u: unknown): u is Driver => typeof u === "function"

/** By a name that no bundler follows. */
const name: string = "better-sqlite3"

let loaded: Driver | undefined = undefined

const load: Effect.Effect<Driver, unknown> = Effect.tryPromise({
  try: async (): Promise<unknown> => (await import(name)).default,
  catch: (cause) => cause
}).pipe(Effect.filterOrDieMessage(isDriver, "better-sqlite3 has no default export"))

/**
 * Fails with what was thrown.
 *
 * @since 0.1.0
 * @category constructors
 */
export const driver: Effect.Effect<Driver, unknown> = Effect.suspend(() =>
  loaded === undefined ? Effect.tap(load, (driver) => Effect.sync(() => loaded = driver)) : Effect.succeed(loaded)
)

const codes = new Set(["ERR_DLOPEN_FAILED", "MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"])

/**
 * There is no binary for this platform or this Node, or npm was not allowed to make one.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isMissing = (error: unknown): boolean =>
  codes.has(FileFault.codeOf(error) ?? "") ||
  (error instanceof Error &&
    /could not locate the bindings file|NODE_MODULE_VERSION|invalid ELF header/i.test(error.message))
