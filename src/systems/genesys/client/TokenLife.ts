/**
 * A token that is there when it is needed. In its last minute it is renewed behind the callers' backs while they still
 * use it; where there is none, or the API refused it, all who need it wait for one renewal. The renewal belongs to none
 * of them: whoever goes away takes nothing from the others.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Fault from "../../../kernel/Fault.ts"
import { clockOf, now } from "./Moment.ts"
import type { Token } from "./Token.ts"

/**
 * A token in use.
 *
 * @since 0.1.0
 * @category models
 */
export interface Grant {
  readonly text: Redacted.Redacted<string>
  /** The headers of a request for JSON. Read by nobody but the wire. */
  readonly headers: Readonly<Record<string, string>>
  /** By the monotonic clock, in milliseconds. */
  readonly renewAt: number
  readonly expiresAt: number
}

const earlyMillis = 60_000
/** When a renewal failed and the token is still good. */
const againMillis = 10_000
/** A wrong secret stays wrong: nobody asks again at once, let alone a hundred callers. */
const refusalMillis = 60_000

const hold = (token: Token, since: number): Grant => {
  const expiresAt = since + token.lifeMillis
  return {
    text: token.text,
    headers: { authorization: `Bearer ${Redacted.value(token.text)}`, accept: "application/json" },
    // Of a token that lives for less than two minutes, the second half.
    renewAt: expiresAt - Math.min(earlyMillis, token.lifeMillis / 2),
    expiresAt
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface TokenLife {
  /** The token, if it needs no renewal. */
  readonly ready: (now: number) => Grant | undefined
  readonly grant: Effect.Effect<Grant, Fault.Fault>
  /** After the API refused `grant`: another one. Whoever comes late gets the one that is there already. */
  readonly renew: (refused: Grant) => Effect.Effect<Grant, Fault.Fault>
  /** The token that is in use or was the last one, to keep it out of texts. */
  readonly last: () => Redacted.Redacted<string> | undefined
}

type Flight = Deferred.Deferred<Grant, Fault.Fault>

class Life implements TokenLife {
  readonly grant: Effect.Effect<Grant, Fault.Fault>
  private readonly fetch: Effect.Effect<Token, Fault.Fault>
  private readonly scope: Scope.Scope
  private held: Grant | undefined = undefined
  private flight: Flight | undefined = undefined
  private refusal: { readonly fault: Fault.Fault; readonly until: number } | undefined = undefined

  constructor(fetch: Effect.Effect<Token, Fault.Fault>, scope: Scope.Scope) {
    this.fetch = fetch
    this.scope = scope
    this.grant = Effect.withFiberRuntime((fiber) => {
      const at = now(clockOf(fiber))
      const held = this.held
      if (held === undefined || at >= held.expiresAt) return this.obtain(at)
      return at < held.renewAt ? Effect.succeed(held) : Effect.as(this.launch, held)
    })
  }

  ready(now: number): Grant | undefined {
    return this.held !== undefined && now < this.held.renewAt ? this.held : undefined
  }

  last(): Redacted.Redacted<string> | undefined {
    return this.held?.text
  }

  renew(refused: Grant): Effect.Effect<Grant, Fault.Fault> {
    return Effect.withFiberRuntime((fiber) =>
      this.held !== undefined && this.held !== refused
        ? Effect.succeed(this.held)
        : this.obtain(now(clockOf(fiber)))
    )
  }

  private obtain(at: number): Effect.Effect<Grant, Fault.Fault> {
    return this.refusal !== undefined && at < this.refusal.until
      ? Effect.fail(this.refusal.fault)
      : Effect.flatMap(this.launch, Deferred.await)
  }

  /** The renewal under way, or one that begins now. */
  private readonly launch: Effect.Effect<Flight> = Effect.suspend(() => {
    if (this.flight !== undefined) return Effect.succeed(this.flight)
    return Effect.uninterruptible(Effect.gen(this, function*() {
      const flight = yield* Deferred.make<Grant, Fault.Fault>()
      this.flight = flight
      yield* Effect.forkIn(this.fly(flight), this.scope)
      return flight
    }))
  })

  /**
   * Nothing of whoever happened to start it goes along: not its deadline, its retries or its span. It always lands,
   * also when the client is closed under way.
   */
  private fly(flight: Flight): Effect.Effect<void> {
    return Effect.withFiberRuntime<void>((fiber) => {
      const clock = clockOf(fiber)
      const since = now(clock)
      return Effect.flatMap(Effect.exit(Effect.interruptible(this.fetch)), (exit) => {
        this.flight = undefined
        return Deferred.done(flight, this.settle(exit, since, now(clock)))
      })
    }).pipe(Effect.uninterruptible, Effect.locally(FiberRef.currentContext, Context.empty()))
  }

  private settle(exit: Exit.Exit<Token, Fault.Fault>, since: number, at: number): Exit.Exit<Grant, Fault.Fault> {
    if (Exit.isSuccess(exit)) {
      this.refusal = undefined
      this.held = hold(exit.value, since)
      return Exit.succeed(this.held)
    }
    if (Exit.isInterrupted(exit)) return Exit.fail(closed)
    if (exit.cause._tag === "Fail") this.note(exit.cause.error, at)
    return Exit.failCause(exit.cause)
  }

  private note(fault: Fault.Fault, at: number): void {
    if (fault.kind === "unauthenticated") {
      this.refusal = { fault, until: at + refusalMillis }
      this.held = undefined
    } else if (this.held !== undefined) {
      this.held = { ...this.held, renewAt: Math.min(at + againMillis, this.held.expiresAt) }
    }
  }
}

const closed: Fault.Fault = Fault.rejected({
  system: "genesys",
  operation: "Genesys.token",
  code: "client-closed",
  detail: "The client is closed already"
})

/**
 * `fetch` may retry by a bounded policy; a renewal is one run of it. Renewals end with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  fetch: Effect.Effect<Token, Fault.Fault>
): Effect.Effect<TokenLife, never, Scope.Scope> => Effect.map(Effect.scope, (scope) => new Life(fetch, scope))
