/**
 * `POST /access/ticket`: from a user's password, a second factor where one is asked for, or a ticket that is still
 * good, to a new ticket.
 *
 * Source: pve-access-control (`create_ticket`; a challenge is answered by its own text as `tfa-challenge` and
 * `totp:<code>` as the password).
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Fault from "../../../kernel/Fault.ts"
import type { Asked } from "../../../transport/Answer.ts"
import * as Http from "../../../transport/Http.ts"
import type * as Credentials from "./Credentials.ts"
import * as Failure from "../Failure.ts"

/**
 * What the server gives for a login. `csrf` goes along with everything that is not a `GET`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ticket {
  readonly text: Redacted.Redacted<string>
  readonly csrf: Redacted.Redacted<string>
}

/**
 * Sends the form to `/access/ticket`.
 *
 * @since 0.1.0
 * @category models
 */
export type Post = (form: Readonly<Record<string, string>>) => Effect.Effect<Http.Reply, Fault.Fault>

const Answer = Schema.Struct({
  data: Schema.Struct({
    ticket: Schema.String,
    CSRFPreventionToken: Schema.optional(Schema.String),
    NeedTFA: Schema.optional(Schema.Union(Schema.Number, Schema.String, Schema.Boolean))
  })
})
const decode = Schema.decodeUnknownEither(Answer)

const operation = "Proxmox.login"

const context = (credentials: Credentials.Password): Asked => ({
  operation,
  subject: `user ${credentials.username}`
})

type Data = (typeof Answer.Type)["data"]

/** What does not decode is not quoted: it may be the ticket. */
const read = (reply: Http.Reply, credentials: Credentials.Password): Effect.Effect<Data, Fault.Fault> => {
  if (reply.status < 200 || reply.status > 299) {
    return Effect.fail(Failure.classify({ status: reply.status, statusText: reply.statusText, body: reply.text }, {
      ...context(credentials)
    }))
  }
  const answer = Either.flatMap(Http.json(reply), decode)
  return Either.isRight(answer) ? Effect.succeed(answer.right.data) : Effect.fail(Failure.unreadable({
    code: "unexpected-reply",
    detail: "The server answered the login with something that is not a ticket",
    hint: "Check that the endpoint is a Proxmox VE server: https://host:8006",
    status: reply.status,
    mutation: false
  }, context(credentials)))
}

const refused = (detail: string, hint: string, credentials: Credentials.Password): Fault.Fault =>
  Fault.make({
    kind: "unauthenticated",
    system: "proxmox",
    operation,
    subject: `user ${credentials.username}`,
    code: "second-factor",
    detail,
    hint
  })

const tokenHint = "Use an API token instead; it needs no second factor"

const answerChallenge = (
  post: Post,
  credentials: Credentials.Password,
  otp: Redacted.Redacted<string> | undefined,
  challenge: string
): Effect.Effect<Data, Fault.Fault> => {
  if (otp === undefined) {
    const spent = credentials.otp !== undefined
    return Effect.fail(refused(
      spent ? "The login needs a new one-time code" : "The login needs a second factor",
      tokenHint,
      credentials
    ))
  }
  return post({
    username: credentials.username,
    password: `totp:${Redacted.value(otp)}`,
    "tfa-challenge": challenge,
    "new-format": "1"
  }).pipe(
    Effect.flatMap((reply) => read(reply, credentials)),
    Effect.filterOrFail(
      (data) => !truthy(data.NeedTFA),
      () => refused("The one-time code was not accepted", tokenHint, credentials)
    )
  )
}

const truthy = (value: unknown): boolean => value === true || value === 1 || value === "1"

/**
 * Logs in once. `secret` is the password, or a ticket that is still good.
 *
 * @since 0.1.0
 * @category constructors
 */
export const login = (
  post: Post,
  credentials: Credentials.Password,
  secret: Redacted.Redacted<string>,
  otp: Redacted.Redacted<string> | undefined
): Effect.Effect<Ticket, Fault.Fault> =>
  post({ username: credentials.username, password: Redacted.value(secret), "new-format": "1" }).pipe(
    Effect.flatMap((reply) => read(reply, credentials)),
    Effect.flatMap((data) =>
      truthy(data.NeedTFA) ? answerChallenge(post, credentials, otp, data.ticket) : Effect.succeed(data)
    ),
    Effect.map((data) => ({
      text: Redacted.make(data.ticket),
      csrf: Redacted.make(data.CSRFPreventionToken ?? "")
    }))
  )
