/**
 * The tokens of a client. A request takes a token that is free at once, and else the one that is free soonest: all wait
 * in one line and not behind a token, so that a throttled one holds nobody.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Fault from "../../../kernel/Fault.ts"
import * as Metrics from "../../../kernel/Metrics.ts"
import * as Policy from "../../../kernel/Policy.ts"
import * as RetryPolicy from "../../../kernel/RetryPolicy.ts"
import * as Progress from "../../../observe/Progress.ts"
import type * as Exchange from "../../../transport/Exchange.ts"
import type { Connection } from "../Connection.ts"
import { clockOf, now } from "./Moment.ts"
import * as Token from "./Token.ts"
import * as TokenLife from "./TokenLife.ts"
import * as TokenRate from "./TokenRate.ts"

/**
 * A token of the pool.
 *
 * @since 0.1.0
 * @category models
 */
export interface Member {
  readonly life: TokenLife.TokenLife
  readonly rate: TokenRate.TokenRate
}

/**
 * What lets one request go.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ticket {
  readonly member: Member
  readonly grant: TokenLife.Grant
}

/** A wait of so many milliseconds is told. */
const worthTelling = 3000

/** A JavaScript timer takes no longer wait. */
const longestSleep = 2 ** 31 - 1

/**
 * @since 0.1.0
 * @category models
 */
export class TokenPool {
  /** A ticket for whoever has no token or has to wait. Interruption leaves the line. */
  readonly take: Effect.Effect<Ticket, Fault.Fault>
  readonly size: number
  private readonly clients: number
  private readonly members: ReadonlyArray<Member>
  private readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
  private readonly waits = Metrics.counter(
    "holdfast_genesys_token_waits",
    "Requests that waited for a token",
    "genesys"
  )
  /** Whose turn it is, so that the tokens are used alike. */
  private next = 0
  private waiting = 0

  constructor(
    members: ReadonlyArray<Member>,
    secrets: ReadonlyArray<Redacted.Redacted<string>>,
    clients: number,
    line: Effect.Semaphore
  ) {
    this.members = members
    this.secrets = secrets
    this.size = members.length
    this.clients = clients
    const turn: Effect.Effect<Member> = Effect.withFiberRuntime((fiber) => {
      const clock = clockOf(fiber)
      const at = now(clock)
      const found = this.find(at, true) ?? this.find(at, false)
      if (found !== undefined) return Effect.succeed(found)
      const millis = Math.min(this.delay(at), longestSleep)
      const asleep = clock.sleep(Duration.millis(millis))
      return Effect.zipRight(millis < worthTelling ? asleep : this.told(asleep, millis), turn)
    })
    const queued = Effect.acquireUseRelease(
      Effect.sync(() => {
        this.waiting += 1
      }),
      () => line.withPermits(1)(turn),
      () =>
        Effect.sync(() => {
          this.waiting -= 1
        })
    )
    // The line is left before a token is fetched, or that would hold up the others.
    this.take = Effect.flatMap(
      queued,
      (member) => Effect.map(member.life.grant, (grant): Ticket => ({ member, grant }))
    )
  }

  /** A ticket, if a token is there and free and nobody waits. */
  tryTake(at: number): Ticket | undefined {
    const member = this.waiting === 0 ? this.find(at, true) : undefined
    const grant = member?.life.ready(at)
    if (member === undefined || grant === undefined) {
      this.waits.add(1)
      return undefined
    }
    return { member, grant }
  }

  /** Another ticket for a request whose token was refused. */
  renew({ grant, member }: Ticket): Effect.Effect<Ticket, Fault.Fault> {
    return Effect.map(member.life.renew(grant), (grant): Ticket => ({ member, grant }))
  }

  /** Milliseconds until the first token is free. */
  delay(at: number): number {
    let least = Number.POSITIVE_INFINITY
    for (const { rate } of this.members) least = Math.min(least, rate.delay(at))
    return least
  }

  /** What must not be seen anywhere. */
  hidden(): ReadonlyArray<Redacted.Redacted<string>> {
    const tokens = this.members.map(({ life }) => life.last())
    return [...this.secrets, ...tokens.filter((token) => token !== undefined)]
  }

  /** Whoever looks on would think that nothing goes on any more. */
  private told(asleep: Effect.Effect<void>, millis: number): Effect.Effect<void> {
    const allowed = Math.max(...this.members.map(({ rate }) => rate.perWindow))
    const seconds = Math.ceil(millis / 1000)
    const limit = `${allowed} requests a minute for each client`
    return Effect.logInfo(
      `Waiting ${seconds} s for the rate limit: ${limit}, of which there ${this.clients === 1 ? "is" : "are"} `
        + `${this.clients}; more clients would share the work`
    ).pipe(
      Effect.zipRight(
        Progress.report({
          item: "rate limit",
          state: "running",
          phase: "waiting",
          detail: `${seconds} s, for ${limit}`
        })
      ),
      Effect.zipRight(asleep),
      Effect.zipRight(Progress.report({ item: "rate limit", state: "done", phase: "kept", detail: limit }))
    )
  }

  /** Tokens that are there come first: one that must be fetched costs time, and may be one that cannot be had. */
  private find(at: number, ready: boolean): Member | undefined {
    const { members } = this
    for (let step = 0; step < members.length; step++) {
      const index = (this.next + step) % members.length
      const member = members[index]
      if (member === undefined || (ready && member.life.ready(at) === undefined)) continue
      if (!member.rate.take(at)) continue
      this.next = index + 1
      return member
    }
    return undefined
  }
}

/** Runs of a fetch that fails for another reason than too many tokens: whoever waits for it has a policy of its own. */
const mostRuns = 4

/** The endpoint counts too; the vendor's provider retries for a minute. */
const fetching = Policy.make({
  name: "genesys-token",
  system: "genesys",
  retry: RetryPolicy.make({ maxAttempts: 8, maxElapsed: "1 minute", base: "1 second", cap: "15 seconds" }),
  attemptTimeout: "20 seconds"
})

/**
 * The tokens of a connection. None is fetched before the first request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  connection: Connection,
  exchange: Exchange.Exchange
): Effect.Effect<TokenPool, never, Scope.Scope> =>
  Effect.gen(function*() {
    const policy = yield* fetching
    const line = yield* Effect.makeSemaphore(1)
    const renewals = Metrics.counter("holdfast_genesys_tokens", "Tokens fetched", "genesys")
    const clients = Array.from({ length: connection.tokensPerClient }, () => connection.clients).flat()
    const members = yield* Effect.forEach(clients, (client) => {
      const fetch = Effect.suspend(() => {
        let runs = 0
        return policy.run(Token.fetch(exchange, connection.loginOrigin, client), {
          retryWhen: (fault) => Fault.isRetryable(fault) && (fault.kind === "throttled" || ++runs < mostRuns)
        })
      }).pipe(
        Effect.tap(() => Effect.sync(() => renewals.add(1))),
        Effect.withSpan("Genesys.token", { kind: "client", attributes: { "server.address": connection.loginOrigin } })
      )
      return Effect.all({
        life: TokenLife.make(fetch),
        rate: TokenRate.make(connection.requestsPerMinute)
      })
    })
    return new TokenPool(members, connection.clients.flatMap(Token.secretsOf), connection.clients.length, line)
  })
