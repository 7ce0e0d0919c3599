/**
 * The log of a task, which the server gives out fifty lines at a time, from the first, unless it is asked for others:
 * the reason of a failure stands at its end.
 *
 * @since 0.1.0
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Client from "../Client.ts"
import type * as Policies from "./Policies.ts"
import type { Upid } from "../Upid.ts"

const page = 500

/** What the server says of an empty log. Source: `dump_logfile` of pve-common. */
const isPlaceholder = (line: { readonly n: number; readonly t: string }, total: number): boolean =>
  total <= 1 && line.n === 1 && line.t === "no content"

/**
 * @since 0.1.0
 * @category models
 */
export interface Tools {
  readonly client: Client.Service
  readonly policies: Policies.Policies
}

/**
 * Lines from one on, and how many there are in all.
 *
 * @since 0.1.0
 * @category getters
 */
export const lines = (
  client: Client.Service,
  upid: Upid,
  start: number,
  limit: number
): Effect.Effect<{ readonly lines: ReadonlyArray<string>; readonly total: number }, Fault.Fault> =>
  Effect.map(client.taskLog(upid, { start, limit }), ({ lines, total }) => {
    const real = lines.filter((line) => !isPlaceholder(line, total))
    return { lines: real.map((line) => line.t), total: real.length === 0 && start === 0 ? 0 : total }
  })

/**
 * Its last lines. What cannot be read is not worth failing for: the task's end is known without it.
 *
 * @since 0.1.0
 * @category getters
 */
export const tail = ({ client, policies }: Tools, upid: Upid, count: number): Effect.Effect<ReadonlyArray<string>> =>
  policies.read.run(
    Effect.flatMap(lines(client, upid, 0, 1), ({ total }) =>
      total === 0 ? Effect.succeed([]) : Effect.map(
        lines(client, upid, Math.max(0, total - count), count),
        (last) => last.lines
      ))
  ).pipe(
    Effect.tapError((fault) => Effect.logDebug(`the log of task ${upid.text} cannot be read: ${fault.message}`)),
    Effect.orElseSucceed(() => [])
  )

/**
 * All its lines, from the first; with `follow` until the task has stopped.
 *
 * @since 0.1.0
 * @category constructors
 */
export const stream = (
  { client, policies }: Tools,
  upid: Upid,
  follow: boolean
): Stream.Stream<string, Fault.Fault> =>
  Stream.paginateChunkEffect(0, (start) =>
    Effect.gen(function*() {
      // The state is read first: what is in the log after that is all there will ever be.
      const stopped = !follow ||
        (yield* policies.read.run(client.taskStatus(upid))).status === "stopped"
      const found = yield* policies.read.run(lines(client, upid, start, page))
      const isLast = found.lines.length < page
      if (isLast && !stopped) yield* Effect.sleep("1 second")
      const next = isLast && stopped ? Option.none<number>() : Option.some(start + found.lines.length)
      return [Chunk.fromIterable(found.lines), next] as const
    }))
