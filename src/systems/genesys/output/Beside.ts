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
const write = ({ files, tray }) => {
  for (const [path, start, length] of files) {
    try {
      writeFileSync(path, new Uint8Array(tray, start, length), { flag: "wx" })
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
parentPort.on("message", (row) => row === undefined ? flush() : parentPort.postMessage(write(row)))
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
const most = 64

/** Bytes of them. */
const traySize = 1024 * 1024

/** So many of these at most: the thread collects no garbage while it has work, and gives them back as they are. */
const mostTrays = 8

/** Files in memory that both threads see. */
interface Row {
  readonly tray: SharedArrayBuffer
  readonly files: ReadonlyArray<readonly [path: string, start: number, length: number]>
}

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
  #tray: SharedArrayBuffer | undefined = undefined
  #files: Array<readonly [path: string, start: number, length: number]> = []
  #filled = 0
  readonly #free: Array<SharedArrayBuffer> = []
  #trays = 0
  /** What the thread was told and has not answered yet, in turn. */
  readonly #underway: Array<Row | undefined> = []
  readonly #waiting = new Set<() => void>()

  /** The first thing that went wrong. */
  failure: Failure | undefined = undefined

  /**
   * Takes a file that is not there yet, of no more than 1 MiB. What becomes of it is known when all is `done`.
   *
   * @since 0.1.0
   */
  create(path: string, bytes: Uint8Array): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.failure !== undefined) return Effect.void
      if (this.#files.length >= most || this.#filled + bytes.length > traySize) this.#hand()
      const tray = this.#tray ?? this.#another()
      this.#tray = tray
      if (tray === undefined) {
        return Effect.zipRight(
          this.#until(() => this.#free.length > 0 || this.failure !== undefined),
          this.create(path, bytes)
        )
      }
      new Uint8Array(tray, this.#filled).set(bytes)
      this.#files.push([path, this.#filled, bytes.length])
      this.#filled += bytes.length
      return Effect.void
    })
  }

  /**
   * Has all of them flushed to the disk.
   *
   * @since 0.1.0
   */
  flush(): void {
    this.#hand()
    if (this.#thread !== undefined) this.#tell(undefined)
  }

  /**
   * Waits until nothing is underway.
   *
   * @since 0.1.0
   */
  get done(): Effect.Effect<void> {
    return this.#until(() => this.#underway.length === 0)
  }

  /**
   * Ends the thread, when it has done what it was given.
   *
   * @since 0.1.0
   */
  readonly ended: Effect.Effect<void> = Effect.suspend(() => {
    this.#files = []
    return Effect.zipRight(
      this.done,
      Effect.promise(async () => {
        await this.#thread?.terminate()
        this.#thread = undefined
      })
    )
  })

  /** Looks again at each answer. */
  #until(holds: () => boolean): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      const look = (): void => {
        if (!holds()) return
        this.#waiting.delete(look)
        resume(Effect.void)
      }
      this.#waiting.add(look)
      look()
      return Effect.sync(() => this.#waiting.delete(look))
    })
  }

  #another(): SharedArrayBuffer | undefined {
    const free = this.#free.pop()
    if (free !== undefined || this.#trays >= mostTrays) return free
    this.#trays += 1
    return new SharedArrayBuffer(traySize)
  }

  #hand(): void {
    const files = this.#files
    const tray = this.#tray
    this.#files = []
    this.#filled = 0
    this.#tray = undefined
    if (tray !== undefined) this.#tell({ tray, files })
  }

  #tell(row: Row | undefined): void {
    if (this.failure !== undefined) return
    this.#underway.push(row)
    this.#running.postMessage(row, [])
  }

  get #running(): Worker {
    if (this.#thread !== undefined) return this.#thread
    // What the process was told to load first is of no use to it.
    const thread = new Worker(program, { eval: true, execArgv: [] })
    thread.on("message", (told: Told | undefined) => {
      const tray = this.#underway.shift()?.tray
      if (tray !== undefined) this.#free.push(tray)
      this.#heard(told && failureOf(told))
    })
    thread.on("error", (error) => {
      this.#underway.length = 0
      this.#heard({ path: "", error })
    })
    this.#thread = thread
    return thread
  }

  #heard(failure: Failure | undefined): void {
    this.failure ??= failure
    for (const look of this.#waiting) look()
  }
}
