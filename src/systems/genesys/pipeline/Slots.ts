/**
 * How many requests of an export are under way at once. A slot is free again as soon as the reply has come, before
 * anybody looks at it, and the next request is sent first: an answer can wait, a free slot is time lost.
 *
 * Requests for single resources go before pages of listings, which keep a share of the slots: a page takes long to take
 * apart, and so many at the start of an export would let it do nothing else. While no single one waits, pages take all.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Exchange from "../../../transport/Exchange.ts"
import { Row } from "./Row.ts"

/**
 * What a request asks for.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = "page" | "single"

/** One of so many slots is the pages' own. */
const pagesShare = 4

class Waiter {
  state: "waiting" | "granted" | "gone" = "waiting"
  private resume: ((effect: Effect.Effect<void>) => void) | undefined = undefined

  /** Until it is granted. */
  readonly turn: Effect.Effect<void> = Effect.async<void>((resume) => {
    if (this.state === "granted") resume(Effect.void)
    else this.resume = resume
  })

  grant(): void {
    this.state = "granted"
    this.resume?.(Effect.void)
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export class Slots {
  private free: number
  private readonly share: number
  /** How many slots pages hold. */
  private pages = 0
  private readonly rows: Readonly<Record<Kind, Row<Waiter>>> = { page: new Row(), single: new Row() }

  constructor(size: number) {
    this.free = size
    this.share = Math.max(1, Math.round(size / pagesShare))
  }

  /**
   * The gate for requests of one kind.
   *
   * @since 0.1.0
   */
  gate(kind: Kind): Exchange.Gate {
    return (send) => this.hold(kind, send)
  }

  private hold<A>(
    kind: Kind,
    send: (replied: () => void) => Effect.Effect<A, Fault.Fault>
  ): Effect.Effect<A, Fault.Fault> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        let held = true
        const giveBack = (): void => {
          if (!held) return
          held = false
          this.release(kind)
        }
        const run = (): Effect.Effect<A, Fault.Fault> =>
          Effect.matchCauseEffect(restore(send(giveBack)), {
            onFailure: (cause) => {
              giveBack()
              return Effect.failCause(cause)
            },
            onSuccess: (value) => {
              giveBack()
              return Effect.succeed(value)
            }
          })
        if (this.free > 0) {
          this.take(kind)
          return run()
        }
        const waiter = new Waiter()
        this.rows[kind].push(waiter)
        return Effect.matchCauseEffect(restore(waiter.turn), {
          onFailure: (cause) => {
            // It may have been its turn in the same moment.
            if (waiter.state === "granted") this.release(kind)
            waiter.state = "gone"
            return Effect.failCause(cause)
          },
          onSuccess: run
        })
      })
    )
  }

  private take(kind: Kind): void {
    this.free -= 1
    if (kind === "page") this.pages += 1
  }

  private release(kind: Kind): void {
    this.free += 1
    if (kind === "page") this.pages -= 1
    const [first, second] = this.pages < this.share ? kinds : kinds.toReversed()
    if (!this.grant(first)) this.grant(second)
  }

  /** Lets the first of a row go, if there is one. */
  private grant(kind: Kind | undefined): boolean {
    if (kind === undefined) return false
    for (;;) {
      const waiter = this.rows[kind].take()
      if (waiter === undefined) return false
      if (waiter.state === "gone") continue
      this.take(kind)
      waiter.grant()
      return true
    }
  }
}

const kinds = ["page", "single"] as const
