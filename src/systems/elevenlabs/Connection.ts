/**
 * Where the workspace is and as whom to ask; checked whole before the first request.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Fault from "../../kernel/Fault.ts"
import * as Setting from "../../transport/Setting.ts"
import type * as Tls from "../../transport/Tls.ts"
import * as Placeholder from "./client/Placeholder.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Tls.Options {
  readonly apiKey: Redacted.Redacted<string>
  /**
   * Where the workspace's data lives: `global`, `us`, `eu`, `in` or `sg`. A key is of one of them only. Defaults to
   * `global`.
   */
  readonly residency?: string | undefined
  /** Where the API is instead, as in `http://127.0.0.1:8080`: a simulator, a proxy. Defaults to that of the residency. */
  readonly origin?: string | undefined
  /**
   * Requests at once until the API says how many it works on, 1 to 1000. Defaults to 2, which every plan allows. From
   * then on it is what the API says, less what others use of it.
   */
  readonly concurrency?: number | undefined
  /** Never more requests at once than this, whatever the API allows, 1 to 1000. Defaults to 32. */
  readonly maxConcurrency?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  /** `https://api.elevenlabs.io` */
  readonly origin: string
  readonly apiKey: Redacted.Redacted<string>
  readonly concurrency: number
  readonly maxConcurrency: number
}

const refuse = (code: string, detail: string, hint: string): Fault.Fault =>
  Fault.make({ kind: "invalid", code, system: "elevenlabs", operation: "ElevenLabs.connect", detail, hint, sent: "no" })

const refused = <A>(
  code: string,
  setting: Either.Either<A, Setting.Refusal>
): Either.Either<A, Fault.Fault> => Either.mapLeft(setting, ({ detail, hint }) => refuse(code, detail, hint))

/** Source: the `servers` of the API description. */
const origins: Readonly<Record<string, string>> = {
  global: "https://api.elevenlabs.io",
  us: "https://api.us.elevenlabs.io",
  eu: "https://api.eu.residency.elevenlabs.io",
  in: "https://api.in.residency.elevenlabs.io",
  sg: "https://api.sg.residency.elevenlabs.io"
}

const originOf = (options: Options): Either.Either<string, Fault.Fault> => {
  if (options.origin !== undefined) {
    return refused(
      "origin",
      Setting.origin(options.origin, { what: "The origin", secret: "the API key", insecure: options.insecure })
    )
  }
  const residency = (options.residency ?? "global").trim().toLowerCase()
  const found = Object.hasOwn(origins, residency) ? origins[residency] : undefined
  return found === undefined
    ? Either.left(refuse(
      "residency",
      "There is no such residency",
      `HOLDFAST_ELEVENLABS_RESIDENCY is one of ${Object.keys(origins).join(", ")}`
    ))
    : Either.right(found)
}

const keyHint =
  "Set HOLDFAST_ELEVENLABS_API_KEY (or ELEVENLABS_API_KEY) to an API key of the workspace that may read " +
  "and write its agents and knowledge base"

const visible = /^[\x21-\x7e]+$/

const keyOf = (apiKey: Redacted.Redacted<string>): Either.Either<Redacted.Redacted<string>, Fault.Fault> => {
  const text = Redacted.value(apiKey).trim()
  if (text === "") return Either.left(refuse("api-key", "No API key is given", keyHint))
  if (!visible.test(text)) return Either.left(refuse("api-key", "The API key cannot be right", keyHint))
  if (Placeholder.is(text)) return Either.left(refuse("placeholder", "The API key is a placeholder", keyHint))
  return Either.right(Redacted.make(text))
}

const atOnce = (what: string, value: number) => refused("settings", Setting.whole(what, value, 1000))

/**
 * Checks the options. A fault says which one is wrong, how it must read, and no secret.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Either.Either<Connection, Fault.Fault> =>
  Either.gen(function*() {
    const maxConcurrency = yield* atOnce("The most requests at once", options.maxConcurrency ?? 32)
    const concurrency = yield* atOnce("The number of requests at once", options.concurrency ?? 2)
    return {
      origin: yield* originOf(options),
      apiKey: yield* keyOf(options.apiKey),
      concurrency: Math.min(concurrency, maxConcurrency),
      maxConcurrency
    }
  })

const text = (name: string): Config.Config<string | undefined> => Setting.optional(Config.nonEmptyString(name))

/**
 * The options from the environment: `HOLDFAST_ELEVENLABS_API_KEY`, or by the vendor's name `ELEVENLABS_API_KEY`;
 * `HOLDFAST_ELEVENLABS_RESIDENCY`, `HOLDFAST_ELEVENLABS_ORIGIN`, `HOLDFAST_ELEVENLABS_CONCURRENCY`,
 * `HOLDFAST_ELEVENLABS_MAX_CONCURRENCY` and `HOLDFAST_ELEVENLABS_CA` (PEM text or a path).
 *
 * @since 0.1.0
 * @category config
 */
export const config: Config.Config<Options> = Config.all({
  // A missing key is an empty one, which `make` refuses with a word about what to set.
  apiKey: Config.all([text("HOLDFAST_ELEVENLABS_API_KEY"), text("ELEVENLABS_API_KEY")]).pipe(
    Config.map(([ours, theirs]) => Redacted.make(ours ?? theirs ?? ""))
  ),
  residency: text("HOLDFAST_ELEVENLABS_RESIDENCY"),
  origin: text("HOLDFAST_ELEVENLABS_ORIGIN"),
  concurrency: Setting.optional(Config.integer("HOLDFAST_ELEVENLABS_CONCURRENCY")),
  maxConcurrency: Setting.optional(Config.integer("HOLDFAST_ELEVENLABS_MAX_CONCURRENCY")),
  ca: text("HOLDFAST_ELEVENLABS_CA")
})

/**
 * A setting that cannot be read, as a fault. What was read is not repeated: it may be a secret.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromConfigError = (error: ConfigError.ConfigError): Fault.Fault =>
  refuse(
    "settings",
    `${[...Setting.namesOf(error)].join(", ")} cannot be read`,
    "HOLDFAST_ELEVENLABS_CONCURRENCY and HOLDFAST_ELEVENLABS_MAX_CONCURRENCY are numbers; the others are texts that " +
      "are not empty"
  )

/**
 * The connection that the environment describes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromConfig: Effect.Effect<Connection, Fault.Fault> = config.pipe(
  Effect.mapError(fromConfigError),
  Effect.flatMap(make)
)
