/**
 * What a system's failures are told from: what the server answered, and which call it answered.
 *
 * @since 0.1.0
 */

/**
 * What the server answered.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answer {
  readonly status: number
  /** The reason phrase of the status line. */
  readonly statusText?: string | undefined
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The text as it came, whole or cut off, empty where there was none. */
  readonly body?: string | undefined
  /** How long to wait, in milliseconds. */
  readonly retryAfterMillis?: number | undefined
}

/**
 * Which call it answers.
 *
 * @since 0.1.0
 * @category models
 */
export interface Asked {
  /** As in the span: `Proxmox.clone`. Defaults to the system's `request`. */
  readonly operation?: string | undefined
  /** Which object: `VM 401 on pve1`, `agent J3Pbu5gP`. */
  readonly subject?: string | undefined
}

/** Longer texts say no more; a reply may carry a whole page. */
const detailLimit = 1000

/**
 * What a server says, as a message can hold it: control characters and lines would break a log.
 *
 * @since 0.1.0
 * @category conversions
 */
export const oneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, " ").trim().slice(0, detailLimit)
