/**
 * What is configured outside the command line. Flags come first, then the environment (`HOLDFAST_*`), then the
 * configuration file, then the names that other tools of a system read (`PROXMOX_VE_*`, `GENESYSCLOUD_*`).
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { existsSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import * as Fault from "../kernel/Fault.ts"
import { nearest } from "../kernel/Suggestion.ts"
import type { Level } from "../observe/Logging.ts"
import type { Globals } from "./CommandLine.ts"
import { known, type Setting } from "./KnownSettings.ts"
import * as StructuredFile from "./StructuredFile.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  /** The configuration file in use. */
  readonly file: string | undefined
  readonly environment: Environment
  readonly level: Level
  /** Levels of single systems. */
  readonly systems: Readonly<Record<string, Level>>
  /** The configured text of a key, wherever it comes from. */
  readonly get: (key: string) => string | undefined
  /** Everything configured, by the names that the systems' own layers read from the environment. */
  readonly variables: ReadonlyMap<string, string>
  readonly secrets: ReadonlyArray<string>
}

const names = ["holdfast.config.json", "holdfast.config.yaml", "holdfast.config.yml"]

const refuse = (subject: string, detail: string, hint: string): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "holdfast",
    operation: "Holdfast.configure",
    sent: "no",
    subject,
    detail,
    hint
  })

const upward = (directory: string): ReadonlyArray<string> => {
  const here = names.map((name) => join(directory, name)).filter((path) => existsSync(path))
  const parent = dirname(directory)
  return here.length > 0 || parent === directory ? here : upward(parent)
}

const locate = (wanted: string | undefined, directory: string): Effect.Effect<string | undefined, Fault.Fault> => {
  if (wanted !== undefined) {
    const path = resolve(directory, wanted)
    return existsSync(path)
      ? Effect.succeed(path)
      : Effect.fail(refuse(wanted, "there is no such configuration file", "check the path given with --config"))
  }
  const [first, second] = upward(directory)
  return second === undefined
    ? Effect.succeed(first)
    : Effect.fail(refuse(`${first} and ${second}`, "there are two configuration files", "keep one of them"))
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The leaves of the file with their dotted keys. */
const flatten = (value: Readonly<Record<string, unknown>>, prefix = ""): ReadonlyArray<readonly [string, unknown]> =>
  Object.entries(value).flatMap(([key, child]) =>
    isRecord(child) ? flatten(child, `${prefix}${key}.`) : [[`${prefix}${key}`, child] as const]
  )

const durationPattern = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|millis|seconds?|minutes?|hours?|days?)$/

const unitMillis: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Milliseconds of `90s`, `30m`, `2h` or `30 minutes`; `undefined` for anything else.
 *
 * @since 0.1.0
 * @category constructors
 */
export const durationMillis = (text: string): number | undefined => {
  const match = durationPattern.exec(text.trim().toLowerCase())
  if (match === null) return undefined
  const [, amount = "", unit = ""] = match
  const factor = unit === "millis" ? 1 : unitMillis[unit] ?? unitMillis[unit.slice(0, 1)]
  const value = Number(amount) * (factor ?? Number.NaN)
  return Number.isFinite(value) && value > 0 ? Math.round(value) : undefined
}

const truths: ReadonlySet<string> = new Set(["true", "1", "yes", "on"])
const falsehoods: ReadonlySet<string> = new Set(["false", "0", "no", "off"])

/** What is wrong with the text of a setting. Never repeats a secret. */
const wrong = (setting: Setting, text: string): string | undefined => {
  switch (setting.kind) {
    case "boolean":
      return truths.has(text.toLowerCase()) || falsehoods.has(text.toLowerCase()) ? undefined : "must be true or false"
    case "integer":
      return /^[1-9]\d*$/.test(text) ? undefined : "must be a whole number above 0"
    case "duration":
      return durationMillis(text) === undefined ? "must be a duration such as 90s, 30m or 2h" : undefined
    case "choice":
      return setting.choices?.includes(text) === true ? undefined : `must be ${setting.choices?.join(", ")}`
    default:
      return undefined
  }
}

const normal = (setting: Setting, text: string): string =>
  setting.kind === "boolean" ? String(truths.has(text.toLowerCase())) : text

/** A path in the file is meant from where the file lies. A certificate may also stand there itself. */
const pathFrom = (directory: string, value: string): string =>
  value.includes("-----BEGIN") ? value : resolve(directory, value)

/** Also as it reads once decoded. */
const passwordOf = (url: string): ReadonlyArray<string> => {
  const { password } = new URL(url)
  return [password, ...Option.toArray(Option.liftThrowable(decodeURIComponent)(password))].filter((part) => part !== "")
}

/** The whole secret, and the part that is one: the password of a URL, what follows the name in `user@realm!name=secret`. */
const secretParts = (secret: string | undefined): ReadonlyArray<string> => {
  if (secret === undefined) return []
  if (secret.includes("://") && URL.canParse(secret)) return [secret, ...passwordOf(secret)]
  const equals = secret.indexOf("=")
  return equals < 0 ? [secret] : [secret, secret.slice(equals + 1)]
}

const fromFile = (path: string, content: unknown): Effect.Effect<ReadonlyMap<string, string>, Fault.Fault> =>
  Effect.gen(function*() {
    const values = new Map<string, string>()
    if (content === null || content === undefined) return values
    if (!isRecord(content)) return yield* refuse(path, "must be a mapping of settings", "write it as `key: value`")
    for (const [key, value] of flatten(content)) {
      const setting = known.find((candidate) => candidate.key === key)
      if (setting === undefined) {
        const meant = nearest(key, known.map((candidate) => candidate.key))
        const hint = meant === undefined
          ? `it knows ${known.map((one) => one.key).join(", ")}`
          : `did you mean ${meant}?`
        return yield* refuse(path, `unknown key ${key}`, hint)
      }
      if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
        return yield* refuse(path, `${key} must be a single value`, `write ${setting.says}`)
      }
      const problem = wrong(setting, String(value))
      if (problem !== undefined) return yield* refuse(path, `${key} ${problem}`, "correct the file")
      values.set(key, setting.kind === "path" ? pathFrom(dirname(path), String(value)) : String(value))
    }
    return values
  })

const text = (environment: Environment, name: string | undefined): string | undefined => {
  const value = name === undefined ? undefined : environment[name]?.trim()
  return value === undefined || value === "" ? undefined : value
}

const isLevel = (value: string | undefined): value is Level =>
  value === "error" || value === "warn" || value === "info" || value === "debug"

const levelFor = (globals: Globals, configured: string | undefined, fallback: Level): Level => {
  if (globals.debug) return "debug"
  if (isLevel(globals.logLevel)) return globals.logLevel
  if (globals.quiet) return "error"
  return isLevel(configured) ? configured : fallback
}

const splitList = (value: string | undefined): ReadonlyArray<string> =>
  (value ?? "").split(",").map((part) => part.trim()).filter((part) => part !== "")

const systemNames = ["proxmox", "genesys", "elevenlabs"] as const

const systemLevels = (values: ReadonlyMap<string, string>): Readonly<Record<string, Level>> =>
  Object.fromEntries(systemNames.flatMap((system) => {
    const level = values.get(`${system}.logLevel`)
    return isLevel(level) ? [[system, level] as const] : []
  }))

/**
 * Reads the settings of a run. Fails with a `Fault` of kind `invalid` that names the file or variable and the key.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (options: {
  readonly globals: Globals
  readonly environment: Environment
  readonly directory: string
  /** The level where none is configured. Defaults to `info`. */
  readonly level?: Level | undefined
}): Effect.Effect<Settings, Fault.Fault> =>
  Effect.gen(function*() {
    const { directory, environment, globals } = options
    const file = yield* locate(globals.config ?? text(environment, "HOLDFAST_CONFIG"), directory)
    const filed = file === undefined
      ? new Map<string, string>()
      : yield* fromFile(file, yield* StructuredFile.read(file))
    const values = new Map<string, string>()
    for (const setting of known) {
      const own = text(environment, setting.variable)
      const foreign = text(environment, setting.foreign)
      const found = own ?? filed.get(setting.key) ?? foreign
      if (found === undefined) continue
      const problem = wrong(setting, found)
      if (problem !== undefined) {
        return yield* refuse(
          own === undefined ? setting.foreign ?? setting.key : setting.variable,
          problem,
          "correct it"
        )
      }
      values.set(setting.key, normal(setting, found))
    }
    const said = globals.debug || globals.quiet || globals.logLevel !== undefined
    return {
      file,
      environment,
      level: levelFor(globals, values.get("logLevel"), options.level ?? "info"),
      systems: said ? {} : systemLevels(values),
      get: (key) => values.get(key),
      variables: new Map(known.flatMap((setting) => {
        const value = values.get(setting.key)
        return value === undefined ? [] : [[setting.foreign ?? setting.variable, value] as const]
      })),
      secrets: known.filter(({ kind }) => kind === "secret").flatMap((setting) => {
        const value = values.get(setting.key)
        return setting.several === true ? splitList(value).flatMap(secretParts) : secretParts(value)
      })
    }
  })
