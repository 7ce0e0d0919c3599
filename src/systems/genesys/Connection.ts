/**
 * Where the organisation is and as whom to ask; checked whole before the first request.
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
import * as Regions from "./Regions.ts"

/**
 * An OAuth client with the grant type "Client Credentials".
 *
 * @since 0.1.0
 * @category models
 */
export interface OAuthClient {
  readonly id: string
  readonly secret: Redacted.Redacted<string>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Tls.Options {
  /** The name of the region or its domain: `eu-west-1`, `mypurecloud.ie`. Needed unless both origins are given. */
  readonly region?: string | undefined
  /** Where the API is instead, as in `http://127.0.0.1:8080`: a simulator, a proxy. Defaults to that of the region. */
  readonly origin?: string | undefined
  /** Where tokens are fetched instead. Defaults to that of the region; without one, to `origin`. */
  readonly loginOrigin?: string | undefined
  /** At least one. The API counts requests per token, so several make it faster. */
  readonly clients: ReadonlyArray<OAuthClient>
  /** Tokens of each client, 1 to 50. Defaults to 1. */
  readonly tokensPerClient?: number | undefined
  /**
   * Requests a minute that a token may make until the API says what it allows. Defaults to 300, the API's own default
   * (`client.credentials.token.rate.per.minute`).
   */
  readonly requestsPerMinute?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  /** `https://api.mypurecloud.ie` */
  readonly origin: string
  /** `https://login.mypurecloud.ie` */
  readonly loginOrigin: string
  readonly region: Regions.Region | undefined
  readonly clients: ReadonlyArray<OAuthClient>
  readonly tokensPerClient: number
  readonly requestsPerMinute: number
}

const refuse = (code: string, detail: string, hint: string): Fault.Fault =>
  Fault.make({ kind: "invalid", code, system: "genesys", operation: "Genesys.connect", detail, hint, sent: "no" })

const refused = <A>(
  code: string,
  setting: Either.Either<A, Setting.Refusal>
): Either.Either<A, Fault.Fault> => Either.mapLeft(setting, ({ detail, hint }) => refuse(code, detail, hint))

const origin = (what: string, text: string, insecure: boolean) =>
  refused("origin", Setting.origin(text, { what, secret: "secrets", insecure }))

const regionHint =
  "Set HOLDFAST_GENESYS_REGION to the region of the organisation, by name or domain, as in eu-west-1 " +
  "or mypurecloud.ie"

const places = (
  options: Options
): Either.Either<Pick<Connection, "origin" | "loginOrigin" | "region">, Fault.Fault> =>
  Either.gen(function*() {
    const region = options.region === undefined ? undefined : yield* Either.mapLeft(
      Regions.parse(options.region),
      (detail) => refuse("region", detail, regionHint)
    )
    const insecure = options.insecure === true
    const api = options.origin === undefined ? undefined : yield* origin("The origin", options.origin, insecure)
    const login = options.loginOrigin === undefined
      ? undefined
      : yield* origin("The login origin", options.loginOrigin, insecure)
    if (region === undefined && api === undefined) {
      return yield* Either.left(refuse("region", "No region is given", regionHint))
    }
    const ofApi = api ?? `https://api.${region?.domain ?? ""}`
    return {
      region,
      origin: ofApi,
      loginOrigin: login ?? (region === undefined ? ofApi : `https://login.${region.domain}`)
    }
  })

const clientHint = "Set HOLDFAST_GENESYS_CLIENT_ID and HOLDFAST_GENESYS_CLIENT_SECRET to those of an OAuth client " +
  "with the grant type Client Credentials; of several, separated by commas and in the same order"

const visible = /^[\x21-\x7e]+$/

const bad = (detail: string) => Either.left(refuse("credentials", detail, clientHint))

const clientsOf = ({ clients }: Options): Either.Either<ReadonlyArray<OAuthClient>, Fault.Fault> => {
  if (clients.length === 0) return bad("No OAuth client is given")
  const ids = new Set<string>()
  for (const [index, { id, secret }] of clients.entries()) {
    const which = clients.length === 1 ? "The OAuth client" : `OAuth client ${index + 1}`
    if (!visible.test(id) || id.includes(":")) return bad(`${which} has no id, or one that cannot be right`)
    if (!visible.test(Redacted.value(secret))) return bad(`${which} has no secret, or one that cannot be right`)
    if (ids.has(id)) return bad(`${which} is given twice`)
    ids.add(id)
  }
  return Either.right(clients)
}

const whole = (what: string, value: number, most: number) => refused("settings", Setting.whole(what, value, most))

/**
 * Checks the options. A fault says which one is wrong, how it must read, and no secret.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Either.Either<Connection, Fault.Fault> =>
  Either.gen(function*() {
    return {
      ...(yield* places(options)),
      clients: yield* clientsOf(options),
      tokensPerClient: yield* whole("The number of tokens of a client", options.tokensPerClient ?? 1, 50),
      requestsPerMinute: yield* whole("The number of requests a minute", options.requestsPerMinute ?? 300, 1_000_000)
    }
  })

/** Our name first, then the vendor's. */
const either = (name: string, vendors: string): Config.Config<string | undefined> =>
  Config.all([Setting.optional(Config.nonEmptyString(name)), Setting.optional(Config.nonEmptyString(vendors))]).pipe(
    Config.map(([ours, theirs]) => ours ?? theirs)
  )

const split = (text: string | undefined): ReadonlyArray<string> =>
  text === undefined ? [] : text.split(",").map((part) => part.trim())

/** A missing secret is an empty one, which {@link make} refuses with a word about which. */
const paired = (ids: ReadonlyArray<string>, secrets: ReadonlyArray<string>): ReadonlyArray<OAuthClient> =>
  Array.from({ length: Math.max(ids.length, secrets.length) }, (_, index) => ({
    id: ids[index] ?? "",
    secret: Redacted.make(secrets[index] ?? "")
  }))

/**
 * The options from the environment: `HOLDFAST_GENESYS_REGION`, `HOLDFAST_GENESYS_CLIENT_ID` and
 * `HOLDFAST_GENESYS_CLIENT_SECRET` (several separated by commas), or by the vendor's names `GENESYSCLOUD_REGION`,
 * `GENESYSCLOUD_OAUTHCLIENT_ID`, `GENESYSCLOUD_OAUTHCLIENT_SECRET`; and `HOLDFAST_GENESYS_ORIGIN`,
 * `HOLDFAST_GENESYS_LOGIN_ORIGIN`, `HOLDFAST_GENESYS_TOKENS_PER_CLIENT`, `HOLDFAST_GENESYS_CA` (PEM text or a path).
 *
 * @since 0.1.0
 * @category config
 */
export const config: Config.Config<Options> = Config.all({
  region: either("HOLDFAST_GENESYS_REGION", "GENESYSCLOUD_REGION"),
  origin: Setting.optional(Config.nonEmptyString("HOLDFAST_GENESYS_ORIGIN")),
  loginOrigin: Setting.optional(Config.nonEmptyString("HOLDFAST_GENESYS_LOGIN_ORIGIN")),
  clients: Config.all([
    either("HOLDFAST_GENESYS_CLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_ID"),
    either("HOLDFAST_GENESYS_CLIENT_SECRET", "GENESYSCLOUD_OAUTHCLIENT_SECRET")
  ]).pipe(Config.map(([ids, secrets]) => paired(split(ids), split(secrets)))),
  tokensPerClient: Setting.optional(Config.integer("HOLDFAST_GENESYS_TOKENS_PER_CLIENT")),
  ca: Setting.optional(Config.nonEmptyString("HOLDFAST_GENESYS_CA"))
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
    "HOLDFAST_GENESYS_TOKENS_PER_CLIENT is a number; the others are texts that are not empty"
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
