/**
 * What a connection is made from as somebody gave it: read from the environment, checked before the first request, and
 * never repeated where it may hold a secret.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Either from "effect/Either"
import * as Option from "effect/Option"

/**
 * `undefined` where it is not set. One that is set and cannot be read is an error still.
 *
 * @since 0.1.0
 * @category config
 */
export const optional = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  Config.option(config).pipe(Config.map(Option.getOrUndefined))

/**
 * The names of the settings that an error is about, each once. What was read is not among it.
 *
 * @since 0.1.0
 * @category getters
 */
export const namesOf = (error: ConfigError.ConfigError): ReadonlySet<string> =>
  error._op === "And" || error._op === "Or"
    ? new Set([...namesOf(error.left), ...namesOf(error.right)])
    : new Set([error.path.join(".")])

/**
 * Why a setting is not taken, and how it must read.
 *
 * @since 0.1.0
 * @category models
 */
export interface Refusal {
  readonly detail: string
  readonly hint: string
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/**
 * Whether what is sent to an address would travel in the clear: not over TLS, and not within this machine.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isExposed = ({ hostname, protocol }: URL): boolean => protocol === "http:" && !loopback.test(hostname)

/**
 * An origin such as `https://api.example.com`. Of a refused one only what can hold no secret is repeated.
 *
 * @param options.what What the message calls it: `The origin`.
 * @param options.secret What would travel in the clear: `the API key`.
 * @param options.insecure Whether it may. Defaults to `false`.
 * @since 0.1.0
 * @category constructors
 */
export const origin = (
  text: string,
  options: { readonly what: string; readonly secret: string; readonly insecure?: boolean | undefined }
): Either.Either<string, Refusal> => {
  const { insecure = false, secret, what } = options
  const wrong = (problem: string) =>
    Either.left({ detail: `${what} ${problem}`, hint: "Give it as https://host, with a port where it needs one" })
  const given = text.trim()
  if (!URL.canParse(given)) return wrong("is not a valid address")
  const url = new URL(given)
  if (url.username !== "" || url.password !== "") return wrong("must not hold a user name or a password")
  if (url.protocol !== "https:" && url.protocol !== "http:") return wrong("must begin with https://")
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return wrong("must not have a path or a query")
  if (isExposed(url) && !insecure) {
    return Either.left({
      detail: `${what} ${url.origin} is not encrypted: ${secret} would travel in the clear`,
      hint: "Use https://; http:// is for this machine only"
    })
  }
  return Either.right(url.origin)
}

/**
 * A whole number from 1 to a bound.
 *
 * @since 0.1.0
 * @category constructors
 */
export const whole = (what: string, value: number, most: number): Either.Either<number, Refusal> =>
  Number.isInteger(value) && value >= 1 && value <= most
    ? Either.right(value)
    : Either.left({ detail: `${what} must be a whole number from 1 to ${most}, not ${value}`, hint: "Correct it" })
