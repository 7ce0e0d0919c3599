/**
 * `POST /oauth/token`: from an OAuth client's id and secret to a token, by the grant "Client Credentials". It gives no
 * refresh token; a new token is fetched as the first one was.
 *
 * Source: the Genesys Cloud developer centre and the Terraform provider 1.84.1. The endpoint says that it is throttled
 * with status 400, the error `invalid_request` and a description that names the rate limit.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Fault from "../../../kernel/Fault.ts"
import * as RateHints from "../../../kernel/RateHints.ts"
import type * as Exchange from "../../../transport/Exchange.ts"
import * as Http from "../../../transport/Http.ts"
import * as Redaction from "../../../transport/Redaction.ts"
import type { OAuthClient } from "../Connection.ts"
import * as Failure from "../Failure.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Token {
  readonly text: Redacted.Redacted<string>
  readonly lifeMillis: number
}

const operation = "Genesys.token"
const encoded = "application/x-www-form-urlencoded"
const form = "grant_type=client_credentials"

/** Where the endpoint does not say how long a token lives. A refused one is renewed in any case. */
const defaultLifeMillis = 60 * 60 * 1000

const basic = ({ id, secret }: OAuthClient): string =>
  Buffer.from(`${id}:${Redacted.value(secret)}`, "utf8").toString("base64")

/**
 * What must not be seen of an OAuth client: its secret, and the header in which it travels.
 *
 * @since 0.1.0
 * @category getters
 */
export const secretsOf = (client: OAuthClient): ReadonlyArray<Redacted.Redacted<string>> => [
  client.secret,
  Redacted.make(basic(client))
]

const checkHint = (client: OAuthClient): string =>
  `Check the secret of the OAuth client ${client.id}, that it is of this region, that it is enabled, and that its ` +
  "grant type is Client Credentials"

const textOf = (body: unknown, name: string): string =>
  Predicate.hasProperty(body, name) && typeof body[name] === "string" ? body[name] : ""

/** RFC 6749 section 5.2. */
const refusals = new Set(["invalid_client", "unauthorized_client", "invalid_grant", "unsupported_grant_type"])

/** The one place where a sentence is read: the endpoint has no other word for it, and this body no correlation id. */
const isThrottled = (error: string, body: unknown): boolean =>
  error === "invalid_request" &&
  ["description", "error_description"].some((name) => /rate limit exceeded/i.test(textOf(body, name)))

const failed = (reply: Http.Reply, client: OAuthClient, wallMillis: number): Fault.Fault => {
  const text = Redaction.scrub(reply.text, secretsOf(client))
  const body = Either.getOrUndefined(Http.json({ ...reply, text }))
  const error = textOf(body, "error")
  const { retryAfterMillis } = RateHints.parse(reply.headers, wallMillis)
  const context = { operation, subject: `OAuth client ${client.id}` }
  const requestId = Failure.requestId(reply.headers)
  const about = {
    system: "genesys",
    ...context,
    status: reply.status,
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfterMillis === undefined ? {} : { retryAfterMillis })
  }
  if (reply.status === 429 || (reply.status === 400 && isThrottled(error, body))) {
    return Fault.make({
      ...about,
      kind: "throttled",
      code: "token-throttled",
      detail: "Too many tokens were asked for in a short time"
    })
  }
  if (reply.status === 401 || reply.status === 403 || refusals.has(error)) {
    return Fault.make({
      ...about,
      kind: "unauthenticated",
      code: error === "" ? "invalid_client" : error,
      detail: "The login did not accept the OAuth client",
      hint: checkHint(client)
    })
  }
  return Failure.classify({ status: reply.status, headers: reply.headers, body: text, retryAfterMillis }, context)
}

/** What a header can carry. */
const visible = /^[\x21-\x7e]+$/

const notJson = {
  who: "The login",
  hint: "Check the region or the login origin, and that no proxy is in between"
}

const read = (reply: Http.Reply, client: OAuthClient): Either.Either<Token, Fault.Fault> => {
  const context = { operation, subject: `OAuth client ${client.id}` }
  const json = Http.json(reply)
  if (Either.isLeft(json)) return Either.left(Failure.notJson(reply, notJson, context))
  const body = json.right
  const text = textOf(body, "access_token")
  if (!visible.test(text)) {
    return Either.left(Failure.unreadable({
      code: "unexpected-reply",
      status: reply.status,
      headers: reply.headers,
      detail: "The login answered with something that is not a token",
      hint: "Check the region, or the login origin"
    }, context))
  }
  const seconds = Predicate.hasProperty(body, "expires_in") ? Number(body.expires_in) : Number.NaN
  const lifeMillis = seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : defaultLifeMillis
  return Either.right({ text: Redacted.make(text), lifeMillis })
}

/**
 * Fetches one token, with one request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fetch = (
  exchange: Exchange.Exchange,
  loginOrigin: string,
  client: OAuthClient
): Effect.Effect<Token, Fault.Fault> =>
  exchange.text({
    method: "POST",
    origin: loginOrigin,
    path: "/oauth/token",
    headers: { authorization: `Basic ${basic(client)}`, accept: "application/json", "content-type": encoded },
    body: form
  }, { system: "genesys", operation, subject: `OAuth client ${client.id}` }).pipe(
    Effect.flatMap((reply) =>
      reply.status >= 200 && reply.status < 300
        ? read(reply, client)
        : Effect.clockWith((clock) =>
          Effect.flatMap(clock.currentTimeMillis, (wall) => Effect.fail(failed(reply, client, wall)))
        )
    )
  )
