/**
 * Many small files that are written and flushed to the disk by a thread of their own: the process that makes them has
 * other things to do, and to make a file takes longer than to make what is in it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { Worker } from "node:worker_threads"

/**
 * A text, because a file of its own would have to be found beside the program wherever that is bundled to. It answers
 * each row of files, and each word to flush them, with what it could not do, if anything. Many are flushed at once, for
 * the disk does that together.
 */
const program = `
const { close, fsync, open, writeFileSync } = require("node:fs")
const { parentPort } = require("node:worker_threads")
const flushable = process.platform === "win32" ? "r+" : "r"
const written = []
const failed = (path, { code, errno, message, syscall }) => ({ path, message, properties: { code, errno, syscall } })
const write = (files) => {
  for (const [path, bytes] of files) {
    try {
      writeFileSync(path, bytes, { flag: "wx" })
      written.push(path)
    } catch (error) {
      return failed(path, error)
    }
  }
}
const flush = () => {
  let lanes = 8
  let failure
  const next = () => {
    const path = written.pop()
    if (path === undefined || failure !== undefined) {
      lanes -= 1
      if (lanes === 0) parentPort.postMessage(failure)
      return
    }
    const over = (error) => {
      if (error) failure = failed(path, error)
      next()
    }
    open(path, flushable, (unopened, file) => {
      if (unopened) over(unopened)
      else fsync(file, (unflushed) => close(file, (unclosed) => over(unflushed || unclosed)))
    })
  }
  for (let lane = 8; lane > 0; lane -= 1) next()
}
parentPort.on("message", (files) => files === "flush" ? flush() : parentPort.postMessage(write(files)))
`

/** An error of the system loses its properties on the way from one thread to another. */
interface Told {
  readonly path: string
  readonly message: string
  readonly properties: Readonly<Record<string, unknown>>
}

const failureOf = ({ message, path, properties }: Told): Failure => ({
  path,
  error: Object.assign(new Error(message), properties)
})

/** Files that are handed over at once. */
const row = 64

/** Bytes that are on their way at most. */
const many = 8 * 1024 * 1024

/**
 * What could not be written.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failure {
  readonly path: string
  readonly error: unknown
}

/**
 * @since 0.1.0
 * @category models
 */
export class Beside {
  #thread: Worker | undefined = undefined
  #next: Array<readonly [path: string, bytes: Uint8Array]> = []
  #size = 0
  #underway = 0
  readonly #waiting = new Set<() => void>()

  /** The first thing that went wrong. */
  failure: Failure | undefined = undefined

  /**
   * Takes a file that is not there yet. What becomes of it is known when all is `done`.
   *
   * @since 0.1.0
   */
  create(path: string, bytes: Uint8Array): Effect.Effect<void> {
    this.#next.push([path, bytes])
    this.#size += bytes.length
    if (this.#next.length < row && this.#size < many) return Effect.void
    this.#hand()
    return this.#size < many ? Effect.void : this.done
  }

  /**
   * Has all of them flushed to the disk.
   *
   * @since 0.1.0
   */
  flush(): void {
    this.#hand()
    if (this.#thread !== undefined) this.#tell("flush")
  }

  /**
   * Waits until nothing is underway.
   *
   * @since 0.1.0
   */
  readonly done: Effect.Effect<void> = Effect.async<void>((resume) => {
    const look = (): void => {
      if (this.#underway > 0) return
      this.#waiting.delete(look)
      resume(Effect.void)
    }
    this.#waiting.add(look)
    look()
    return Effect.sync(() => this.#waiting.delete(look))
  })

  /**
   * Ends the thread, when it has done what it was given.
   *
   * @since 0.1.0
   */
  readonly ended: Effect.Effect<void> = Effect.suspend(() => {
    this.#next = []
    return Effect.zipRight(
      this.done,
      Effect.promise(async () => {
        await this.#thread?.terminate()
        this.#thread = undefined
      })
    )
  })

  #hand(): void {
    const files = this.#next
    this.#next = []
    if (files.length > 0) this.#tell(files)
  }

  #tell(word: ReadonlyArray<readonly [path: string, bytes: Uint8Array]> | "flush"): void {
    if (this.failure !== undefined) return
    this.#underway += 1
    this.#running.postMessage(word, [])
  }

  get #running(): Worker {
    if (this.#thread !== undefined) return this.#thread
    const thread = new Worker(program, { eval: true })
    thread.on("message", (told: Told | undefined) => this.#did(this.#underway - 1, told && failureOf(told)))
    thread.on("error", (error) => this.#did(0, { path: "", error }))
    this.#thread = thread
    return thread
  }

  #did(underway: number, failure: Failure | undefined): void {
    this.#underway = underway
    if (underway === 0) this.#size = 0
    this.failure ??= failure
    for (const look of this.#waiting) look()
  }
}
