/**
 * The content of files in the store of git, many at once.
 *
 * @since 0.1.0
 */
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import * as GitFault from "./GitFault.ts"
import * as GitProcess from "./GitProcess.ts"

const newline = 10

/** Source: git-cat-file(1), "BATCH OUTPUT": `<id> <type> <size>`, the bytes, a newline; or `<name> missing`. */
const parse = (bytes: Uint8Array): ReadonlyArray<Uint8Array | undefined> => {
  const found: Array<Uint8Array | undefined> = []
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(newline, at)
    if (end < 0) break
    const size = /^[0-9a-f]+ \w+ (\d+)$/.exec(new TextDecoder().decode(bytes.subarray(at, end)))?.[1]
    found.push(size === undefined ? undefined : bytes.slice(end + 1, end + 1 + Number(size)))
    at = size === undefined ? end + 1 : end + 1 + Number(size) + 1
  }
  return found
}

/**
 * The bytes by name: an id, or `:path` for what an index has. `undefined` where there is nothing of that name.
 *
 * @since 0.1.0
 * @category getters
 */
export const read = (
  place: GitProcess.Place,
  names: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {}
): Effect.Effect<ReadonlyArray<Uint8Array | undefined>, Fault.Fault, CommandExecutor.CommandExecutor> =>
  names.length === 0
    ? Effect.succeed([])
    : GitProcess.run(place, ["cat-file", "--batch"], { environment, input: `${names.join("\n")}\n` }).pipe(
      Effect.map(({ bytes }) => parse(bytes)),
      Effect.filterOrFail(
        (found) => found.length === names.length,
        () => GitFault.fromOutput(place, "cat-file", 0, "fatal: it told less than it was asked")
      )
    )
