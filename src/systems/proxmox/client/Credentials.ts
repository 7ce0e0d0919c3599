/**
 * Who asks: an API token, or a user with a password.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"

/**
 * An API token needs no login, no renewal and no CSRF header. It has the permissions of its user, or, with privilege
 * separation, only those that both have.
 *
 * @since 0.1.0
 * @category models
 */
export interface Token {
  readonly _tag: "Token"
  /** `user@realm!name`. */
  readonly id: string
  readonly secret: Redacted.Redacted<string>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Password {
  readonly _tag: "Password"
  /** `user@realm`. */
  readonly username: string
  readonly password: Redacted.Redacted<string>
  /** A one-time code for the first login. */
  readonly otp: Redacted.Redacted<string> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export type Credentials = Token | Password

const user = /^[^\s:/!=]+@[A-Za-z][A-Za-z0-9._-]+$/
const tokenId = /^[^\s:/!=]+@[A-Za-z][A-Za-z0-9._-]+![A-Za-z][A-Za-z0-9._-]+$/
const secretText = /^[\x21-\x7e]+$/

const tokenForm = "user@realm!name=secret, as in root@pam!holdfast=12345678-1234-1234-1234-123456789abc"

/**
 * Reads `user@realm!name=secret`, with or without the `PVEAPIToken=` of the header before it. The text is never
 * repeated in the message, because part of it is the secret.
 *
 * @since 0.1.0
 * @category constructors
 */
export const token = (text: Redacted.Redacted<string>): Either.Either<Token, string> => {
  const given = Redacted.value(text).trim().replace(/^PVEAPIToken=/, "")
  const at = given.indexOf("=")
  if (at < 0) return Either.left(`The API token has no secret: it must read ${tokenForm}`)
  const [id, secret] = [given.slice(0, at), given.slice(at + 1)]
  if (!id.includes("!")) {
    return Either.left(`The API token does not name a token after its user: it must read ${tokenForm}`)
  }
  if (!tokenId.test(id) || !secretText.test(secret)) {
    return Either.left(`The API token is malformed: it must read ${tokenForm}`)
  }
  return Either.right({ _tag: "Token", id, secret: Redacted.make(secret) })
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const password = (
  options: {
    readonly username: string
    readonly password: Redacted.Redacted<string>
    readonly otp?: Redacted.Redacted<string> | undefined
  }
): Either.Either<Password, string> =>
  user.test(options.username)
    ? Either.right({
      _tag: "Password",
      username: options.username,
      password: options.password,
      otp: options.otp
    })
    : Either.left(`The user name "${options.username}" has no realm: it must read user@realm, as in root@pam`)
