/**
 * What a request needs to be let in. An API token is the same for every request. A user's ticket is good for two
 * hours: it is fetched by the first request, renewed while it is still good, and fetched anew when the server refuses
 * it. Callers that need one at the same time share one login, and none of them can spoil it by going away.
 *
 * Source: pve-access-control and pve-http-server (cookie and CSRF header, ticket life of 2 hours, a good ticket
 * accepted as the password, every refusal delayed by 3 seconds).
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Credentials from "./Credentials.ts"
import * as Login from "./Login.ts"

/**
 * What lets one request in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Grant {
  readonly headers: (method: string) => Readonly<Record<string, string>>
  /** What must not be seen of it anywhere. */
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Session {
  readonly grant: Effect.Effect<Grant, Fault.Fault>
  /** After the server refused `grant`: another one, or `None` where there can be none. */
  readonly renew: (grant: Grant) => Effect.Effect<Option.Option<Grant>, Fault.Fault>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const fromToken = (token: Credentials.Token): Session => {
  const headers = { authorization: `PVEAPIToken=${token.id}=${Redacted.value(token.secret)}` }
  const grant: Grant = { headers: () => headers, secrets: [token.secret] }
  return { grant: Effect.succeed(grant), renew: () => Effect.succeedNone }
}

/** The server's own limit. */
const lifeMillis = 2 * 60 * 60 * 1000
const renewAfterMillis = 60 * 60 * 1000
/** When a renewal failed and the ticket is still good. */
const renewAgainMillis = 60 * 1000
/** A wrong password stays wrong: it is not tried again at once by the hundred callers behind, who would lock the account. */
const refusalMillis = 60 * 1000

interface Held extends Grant {
  readonly ticket: Login.Ticket
  /** By the monotonic clock, in milliseconds. */
  readonly since: number
  readonly renewAt: number
}

interface State {
  readonly held: Held | undefined
  readonly flight: Deferred.Deferred<Option.Option<Held>, Fault.Fault> | undefined
  readonly refusal: { readonly fault: Fault.Fault; readonly until: number } | undefined
  readonly otp: Redacted.Redacted<string> | undefined
}

type Turn =
  | { readonly _tag: "Use"; readonly held: Held }
  | { readonly _tag: "Refuse"; readonly fault: Fault.Fault }
  | { readonly _tag: "Follow"; readonly flight: Deferred.Deferred<Option.Option<Held>, Fault.Fault> }
  | { readonly _tag: "Lead"; readonly state: State }

const now: Effect.Effect<number> = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos / 1_000_000n))

const hold = (ticket: Login.Ticket, since: number, credentials: Credentials.Password): Held => {
  const cookie = { cookie: `PVEAuthCookie=${encodeURIComponent(Redacted.value(ticket.text))}` }
  const changing = { ...cookie, CSRFPreventionToken: Redacted.value(ticket.csrf) }
  return {
    ticket,
    since,
    renewAt: since + renewAfterMillis,
    headers: (method) => (method === "GET" ? cookie : changing),
    secrets: [ticket.text, ticket.csrf, credentials.password]
  }
}

const settle = (state: State, exit: Exit.Exit<Held, Fault.Fault>, at: number): State => {
  const idle = { ...state, flight: undefined }
  if (Exit.isSuccess(exit)) return { ...idle, held: exit.value, refusal: undefined, otp: undefined }
  const fault = Option.getOrUndefined(Cause.failureOption(exit.cause))
  return fault?.kind === "unauthenticated"
    ? { ...idle, held: undefined, refusal: { fault, until: at + refusalMillis } }
    : idle
}

/**
 * A session of a user with a password. `post` sends a form to `/access/ticket`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromPassword = (credentials: Credentials.Password, post: Login.Post): Effect.Effect<Session> =>
  Effect.gen(function*() {
    const ref = yield* Ref.make<State>({
      held: undefined,
      flight: undefined,
      refusal: undefined,
      otp: credentials.otp
    })

    const login = (secret: Redacted.Redacted<string>, otp: Redacted.Redacted<string> | undefined) =>
      Effect.flatMap(
        now,
        (since) => Effect.map(Login.login(post, credentials, secret, otp), (ticket) => hold(ticket, since, credentials))
      )

    /** With the old ticket as the password while it is good, because that needs no second factor. */
    const renewal = ({ held, otp }: State, at: number): Effect.Effect<Held, Fault.Fault> => {
      const anew = login(credentials.password, otp)
      if (held === undefined || at - held.since >= lifeMillis) return anew
      return login(held.ticket.text, undefined).pipe(
        Effect.catchAll((fault) =>
          fault.kind === "unauthenticated" ? anew : Effect.succeed({ ...held, renewAt: at + renewAgainMillis })
        )
      )
    }

    const turn = (
      fits: (held: Held, at: number) => boolean,
      at: number,
      flight: Deferred.Deferred<Option.Option<Held>, Fault.Fault>
    ) =>
      Ref.modify(ref, (state): [Turn, State] => {
        if (state.held !== undefined && fits(state.held, at)) return [{ _tag: "Use", held: state.held }, state]
        if (state.flight !== undefined) return [{ _tag: "Follow", flight: state.flight }, state]
        if (state.refusal !== undefined && at < state.refusal.until) {
          return [{ _tag: "Refuse", fault: state.refusal.fault }, state]
        }
        return [{ _tag: "Lead", state }, { ...state, flight }]
      })

    const shared = (
      fits: (held: Held, at: number) => boolean,
      obtain: (state: State, at: number) => Effect.Effect<Held, Fault.Fault>
    ): Effect.Effect<Held, Fault.Fault> =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function*() {
          const at = yield* now
          const flight = yield* Deferred.make<Option.Option<Held>, Fault.Fault>()
          const mine = yield* turn(fits, at, flight)
          switch (mine._tag) {
            case "Use":
              return mine.held
            case "Refuse":
              return yield* mine.fault
            case "Follow": {
              // `None`: who led went away in the middle; the next one leads.
              const landed = yield* restore(Deferred.await(mine.flight))
              return Option.isSome(landed) ? landed.value : yield* restore(shared(fits, obtain))
            }
            case "Lead": {
              const exit = yield* Effect.exit(restore(obtain(mine.state, at)))
              const end = yield* now
              yield* Ref.update(ref, (state) => settle(state, exit, end))
              yield* Deferred.done(
                flight,
                Exit.isInterrupted(exit) ? Exit.succeed(Option.none()) : Exit.map(exit, Option.some)
              )
              return yield* exit
            }
          }
        })
      )

    return {
      grant: shared((held, at) => at < held.renewAt, renewal),
      renew: (refused) =>
        Effect.asSome(shared(
          (held) => held !== refused,
          (state) => login(credentials.password, state.otp)
        ))
    }
  })
