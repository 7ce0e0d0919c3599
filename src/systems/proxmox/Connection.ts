/**
 * Where the Proxmox VE server is, whom to trust there and as whom to ask; checked whole before the first request.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import * as Fault from "../../kernel/Fault.ts"
import * as Setting from "../../transport/Setting.ts"
import type * as Tls from "../../transport/Tls.ts"
import * as Credentials from "./client/Credentials.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Tls.Options {
  /** `https://pve1.example:8006`, any node of the cluster. `/api2/json` may follow. */
  readonly endpoint: string
  /** An API token, `user@realm!name=secret`. It wins over a user name. */
  readonly token?: Redacted.Redacted<string> | undefined
  /** `user@realm`. Needs `password`. */
  readonly username?: string | undefined
  readonly password?: Redacted.Redacted<string> | undefined
  /** A one-time code, for a user with a second factor. Good for the first login only. */
  readonly otp?: Redacted.Redacted<string> | undefined
}

/**
 * How the server proves who it is: `authority` (a signed certificate), `pinned` (its fingerprint), `insecure` (not at
 * all) or `plain` (no TLS).
 *
 * @since 0.1.0
 * @category models
 */
export type Security = "authority" | "pinned" | "insecure" | "plain"

/**
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  /** `https://pve1.example:8006`. */
  readonly origin: string
  /** `https://pve1.example:8006/api2/json`, without a slash at the end. */
  readonly base: string
  readonly security: Security
  readonly credentials: Credentials.Credentials
}

const refuse = (code: string, detail: string, hint: string): Fault.Fault =>
  Fault.make({ kind: "invalid", code, system: "proxmox", operation: "Proxmox.connect", detail, hint, sent: "no" })

const endpointHint = "Set PROXMOX_VE_ENDPOINT to the address of a node, as in https://pve1.example:8006"
const bad = (detail: string) => Either.left(refuse("endpoint", detail, endpointHint))

const endpoint = (options: Options): Either.Either<URL, Fault.Fault> => {
  const text = options.endpoint.trim()
  if (text === "") return bad("The endpoint is empty")
  if (!/^[a-z]+:\/\//i.test(text)) return bad(`The endpoint "${text}" does not begin with https://`)
  if (!URL.canParse(text)) return bad(`The endpoint "${text}" is not a valid URL`)
  const url = new URL(text)
  // From here on nothing of the text is repeated: it may hold a password or a token.
  if (url.username !== "" || url.password !== "") return bad("The endpoint must not hold a user name or a password")
  if (url.search !== "" || url.hash !== "") return bad("The endpoint must not have a query or a fragment")
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return bad(`${url.protocol}// is not a scheme for an endpoint`)
  }
  if (Setting.isExposed(url) && options.insecure !== true) {
    return Either.left(refuse(
      "endpoint",
      `The endpoint ${url.origin} is not encrypted: the credentials would travel in the clear`,
      "Use https://, or ask for it by name with PROXMOX_VE_INSECURE=true"
    ))
  }
  return Either.right(url)
}

const credentials = (options: Options): Either.Either<Credentials.Credentials, Fault.Fault> => {
  const hint = "Set PROXMOX_VE_API_TOKEN, or PROXMOX_VE_USERNAME and PROXMOX_VE_PASSWORD"
  if (options.token !== undefined) {
    return Either.mapLeft(Credentials.token(options.token), (detail) => refuse("credentials", detail, hint))
  }
  const { otp, password, username } = options
  if (username === undefined) return Either.left(refuse("credentials", "There are no credentials", hint))
  if (password === undefined) {
    return Either.left(refuse("credentials", `There is no password for ${username}`, "Set PROXMOX_VE_PASSWORD"))
  }
  return Either.mapLeft(
    Credentials.password({ username, password, otp }),
    (detail) => refuse("credentials", detail, "Set PROXMOX_VE_USERNAME to user@realm, as in root@pam")
  )
}

const securityOf = (url: URL, options: Options): Security => {
  if (url.protocol === "http:") return "plain"
  if ((options.fingerprint ?? "").trim() !== "") return "pinned"
  return options.insecure === true ? "insecure" : "authority"
}

/**
 * Checks the options. A fault says which one is wrong, how it must read, and no secret.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Either.Either<Connection, Fault.Fault> =>
  Either.gen(function*() {
    const url = yield* endpoint(options)
    const path = url.pathname.replace(/\/+$/, "").replace(/\/api2(?:\/json)?$/, "")
    return {
      origin: url.origin,
      base: `${url.origin}${path}/api2/json`,
      security: securityOf(url, options),
      credentials: yield* credentials(options)
    }
  })

/**
 * The options from the environment, by the names that other Proxmox VE tools use: `PROXMOX_VE_ENDPOINT`,
 * `PROXMOX_VE_API_TOKEN`, `PROXMOX_VE_USERNAME`, `PROXMOX_VE_PASSWORD`, `PROXMOX_VE_OTP`, `PROXMOX_VE_INSECURE`; and
 * `HOLDFAST_PROXMOX_FINGERPRINT` and `HOLDFAST_PROXMOX_CA` (PEM text or a path).
 *
 * @since 0.1.0
 * @category config
 */
export const config: Config.Config<Options> = Config.all({
  endpoint: Config.string("PROXMOX_VE_ENDPOINT"),
  token: Setting.optional(Config.redacted(Config.nonEmptyString("PROXMOX_VE_API_TOKEN"))),
  username: Setting.optional(Config.nonEmptyString("PROXMOX_VE_USERNAME")),
  password: Setting.optional(Config.redacted(Config.nonEmptyString("PROXMOX_VE_PASSWORD"))),
  otp: Setting.optional(Config.redacted(Config.nonEmptyString("PROXMOX_VE_OTP"))),
  insecure: Setting.optional(Config.boolean("PROXMOX_VE_INSECURE")),
  fingerprint: Setting.optional(Config.nonEmptyString("HOLDFAST_PROXMOX_FINGERPRINT")),
  ca: Setting.optional(Config.nonEmptyString("HOLDFAST_PROXMOX_CA"))
})

/**
 * A setting that is missing or cannot be read, as a fault. What was read is not repeated: it may be a secret.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromConfigError = (error: ConfigError.ConfigError): Fault.Fault => {
  const names = Setting.namesOf(error)
  const named = [...names].join(", ")
  return names.has("PROXMOX_VE_ENDPOINT")
    ? refuse("endpoint", "PROXMOX_VE_ENDPOINT is not set", endpointHint)
    : refuse("settings", `${named} cannot be read`, "PROXMOX_VE_INSECURE is true or false; the others are texts")
}

/**
 * Where {@link config} leads, for whoever wants to speak about the connection without making it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load: Effect.Effect<Connection, Fault.Fault> = config.pipe(
  Effect.mapError(fromConfigError),
  Effect.flatMap(make)
)
