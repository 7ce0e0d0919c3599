/**
 * A simulated server as a plain function from request to reply. The same function answers in process, as an
 * `HttpClient` without sockets and on the test clock, or on a real port.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"

/**
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly method: string
  /** Path and query: `/api2/json/version?x=1`. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * What happens on the wire: an answer; a connection reset without one (`refused`: before the server read the
 * request, as when nothing listens); or an answer cut off in the middle of its body.
 *
 * @since 0.1.0
 * @category models
 */
export type Reply =
  | {
    readonly _tag: "Answer"
    readonly status: number
    /** The reason phrase. Older Proxmox VE says what went wrong here and nowhere else. */
    readonly statusText: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    /** Send the full `content-length` but stop after this many bytes of the body. */
    readonly truncateAt?: number
  }
  | { readonly _tag: "Reset" }
  | { readonly _tag: "Refused" }

/**
 * @since 0.1.0
 * @category models
 */
export type Endpoint = (request: Request) => Effect.Effect<Reply>
