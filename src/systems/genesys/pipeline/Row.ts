/**
 * What waits for its turn: first in, first out.
 *
 * @since 0.1.0
 */

/** So many are forgotten at once when they are taken. */
const mostTaken = 1024

/**
 * @since 0.1.0
 * @category models
 */
export class Row<A> {
  private waiting: Array<A> = []
  /** Of these, how many are taken. */
  private taken = 0

  /** @since 0.1.0 */
  get isEmpty(): boolean {
    return this.taken >= this.waiting.length
  }

  /** @since 0.1.0 */
  push(one: A): void {
    this.waiting.push(one)
  }

  /** @since 0.1.0 */
  take(): A | undefined {
    const one = this.waiting[this.taken]
    if (one === undefined) return undefined
    this.taken += 1
    if (this.taken >= mostTaken) {
      this.waiting = this.waiting.slice(this.taken)
      this.taken = 0
    }
    return one
  }
}
