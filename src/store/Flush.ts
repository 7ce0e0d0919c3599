/**
 * Puts a file that somebody else writes on the disk. Who asks while that is under way is served by the next, together
 * with all who asked meanwhile, so that many who write at once wait for few flushes, and the process for none. What
 * nobody asked for is there when the scope has closed.
 *
 * @since 0.1.0
 */
import * as SqlError from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs/promises"
import * as Finalizer from "../kernel/Finalizer.ts"
import * as FileFault from "./FileFault.ts"

/**
 * Is done when all that was in the file when it was asked for is on the disk; at once where there is no such file.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (file: string): Effect.Effect<Effect.Effect<void, SqlError.SqlError>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const flushed = new Flushed(file)
    const message = "the write-ahead log cannot be put on the disk"
    const flush = Effect.tryPromise({
      try: () => flushed.flush(),
      catch: (cause) => new SqlError.SqlError({ cause, message })
    })
    yield* Finalizer.add(() =>
      flush.pipe(
        Effect.catchAll(({ cause }) => Effect.logWarning(`${message}: ${String(cause)}`)),
        Effect.zipRight(Effect.promise(() => flushed.close()))
      )
    )
    return flush
  })

class Flushed {
  private readonly file: string
  private handle: Fs.FileHandle | undefined
  private running: Promise<void> | undefined
  private next: Promise<void> | undefined

  constructor(file: string) {
    this.file = file
  }

  flush(): Promise<void> {
    if (this.running === undefined) return this.begin()
    // What is under way may have begun before the last write.
    this.next ??= this.running.catch(() => undefined).then(() => {
      this.next = undefined
      return this.running ?? this.begin()
    })
    return this.next
  }

  async close(): Promise<void> {
    await this.running?.catch(() => undefined)
    await this.handle?.close()
  }

  private begin(): Promise<void> {
    const running = this.sync().finally(() => {
      if (this.running === running) this.running = undefined
    })
    this.running = running
    return running
  }

  private async sync(): Promise<void> {
    // One that is not there, or cannot be opened, may be later.
    this.handle ??= await open(this.file)
    await this.handle?.datasync()
  }
}

/** Writable: Windows flushes nothing else. */
const open = (file: string): Promise<Fs.FileHandle | undefined> =>
  Fs.open(file, "r+").catch((error: unknown) => {
    if (FileFault.codeOf(error) === "ENOENT") return undefined
    throw error
  })
