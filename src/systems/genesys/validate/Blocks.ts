/**
 * The blocks of a configuration, one after the other, whatever the syntax and the split into files.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { createReadStream } from "node:fs"
import * as Path from "node:path"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as Disk from "../output/Disk.ts"
import * as Shape from "../output/Shape.ts"
import * as Parser from "./Parser.ts"
import * as Pieces from "./Pieces.ts"
import type { Problem } from "./Problem.ts"

/**
 * A block as it stands in a file. `body` is absent where the file is not well formed there.
 *
 * @since 0.1.0
 * @category models
 */
export interface Block {
  readonly file: string
  readonly line: number
  /** `resource`, `data`, `variable`, `terraform` ... */
  readonly keyword: string
  /** Type and label, or name. */
  readonly labels: ReadonlyArray<string>
  readonly body: Json.Json | undefined
  readonly text: string
  /** Where in the text it begins. */
  readonly at: number
}

/**
 * What a file gives: blocks, and what is wrong with it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Found {
  readonly blocks: ReadonlyArray<Block>
  readonly problems: ReadonlyArray<Problem>
}

/** A user's overrides change blocks of other files and are none themselves. */
const override = /(^|_)override\.tf(\.json)?$/

/**
 * Whether Terraform reads a file as configuration, by its name.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isConfiguration = (name: string): boolean => /^[^./][^/]*\.tf(\.json)?$/.test(name) && !override.test(name)

/**
 * The files of a folder that Terraform reads as configuration, sorted.
 *
 * @since 0.1.0
 * @category reading
 */
export const files = (folder: string): Effect.Effect<ReadonlyArray<string>, Fault.Fault> =>
  Effect.map(Disk.entries(folder), (entries) =>
    entries
      .filter((entry) => !entry.isDirectory() && isConfiguration(entry.name))
      .map(({ name }) => name))

/** How much of HCL is parsed at once, in UTF-16 units: less is slow, more takes memory that WebAssembly never returns. */
const portion = 32_768

/** How much of a file is read at once, in bytes. */
const read = 262_144

/**
 * Takes the text of a file bit by bit and gives what became whole.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reader {
  readonly take: (text: string) => Effect.Effect<Found>
  readonly end: Effect.Effect<Found>
}

/**
 * Reads the text of a file. `name` is what problems call it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reader = (name: string): Reader => {
  const isHcl = name.endsWith(".tf")
  const cutter = isHcl ? Pieces.hcl() : Pieces.json()
  const waiting: Array<Pieces.Piece> = []
  let size = 0
  const found = (pieces: ReadonlyArray<Pieces.Piece>, last: boolean): Effect.Effect<Found> => {
    if (!isHcl) return Effect.succeed(together(pieces.map((piece) => ofJson(name, piece))))
    waiting.push(...pieces)
    size += pieces.reduce((sum, { text }) => sum + text.length, 0)
    if ((size < portion && !last) || waiting.length === 0) return Effect.succeed(none)
    size = 0
    return ofHcl(name, waiting.splice(0))
  }
  return {
    take: (text) => Effect.suspend(() => found(cutter.take(text), false)),
    end: Effect.suspend(() => {
      const { pieces, problem } = cutter.end()
      return Effect.map(found(pieces, true), (last) => ({
        blocks: last.blocks,
        problems: problem === undefined
          ? last.problems
          : [...last.problems, { kind: "syntax", file: name, line: 1, detail: `not JSON: ${problem}` } as const]
      }))
    })
  }
}

/**
 * The blocks of a file. `name` is what problems call it.
 *
 * @since 0.1.0
 * @category reading
 */
export const of = (folder: string, file: string, name: string): Stream.Stream<Found, Fault.Fault> => {
  const { end, take } = reader(name)
  const path = Path.join(folder, file)
  const decoder = new TextDecoder()
  const strict = new TextDecoder("utf-8", { fatal: true })
  let isText = true
  const decoded = (chunk?: Buffer): string => {
    const options = { stream: chunk !== undefined }
    try {
      strict.decode(chunk, options)
    } catch {
      isText = false
    }
    return decoder.decode(chunk, options)
  }
  const bytes = Stream.fromAsyncIterable(
    { [Symbol.asyncIterator]: () => createReadStream(path, { highWaterMark: read })[Symbol.asyncIterator]() },
    (error) => Disk.refused(path, error)
  )
  const body = Stream.mapEffect(bytes, (chunk: Buffer) => take(decoded(chunk)))
  const last = Stream.fromEffect(
    Effect.zipWith(Effect.suspend(() => take(decoded())), end, (left, right) => {
      const problem = { kind: "syntax", file: name, line: 1, detail: "not UTF-8" } as const
      return together([left, right, isText ? none : { blocks: [], problems: [problem] }])
    })
  )
  return Stream.concat(body, last)
}

const none: Found = { blocks: [], problems: [] }

const together = (all: ReadonlyArray<Found>): Found => ({
  blocks: all.flatMap(({ blocks }) => blocks),
  problems: all.flatMap(({ problems }) => problems)
})

const blockOf = (file: string, { at, labels, line, text }: Pieces.Piece, body: Json.Json | undefined): Block => ({
  file,
  line,
  keyword: labels[0] ?? "",
  labels: labels.slice(1),
  body,
  text,
  at
})

const ofJson = (file: string, piece: Pieces.Piece): Found => {
  const body = piece.body ?? Shape.decoded(piece.text)
  const problem = { kind: "syntax", file, line: piece.line, detail: "not JSON" } as const
  return { blocks: [blockOf(file, piece, body)], problems: body === undefined ? [problem] : [] }
}

/** All at once, and one by one where they are not well formed together, so that one bad block hides no other. */
const ofHcl = (file: string, pieces: ReadonlyArray<Pieces.Piece>): Effect.Effect<Found> =>
  Parser.hcl(file, pieces.map(({ text }) => text).join("")).pipe(
    Effect.map((parsed): Found => {
      const used = new Map<string, number>()
      return { blocks: pieces.map((piece) => blockOf(file, piece, bodyOf(parsed, piece.labels, used))), problems: [] }
    }),
    Effect.catchAll((fault) => {
      const [piece] = pieces
      if (pieces.length > 1 || piece === undefined) {
        return Effect.map(Effect.forEach(pieces, (piece) => ofHcl(file, [piece])), together)
      }
      const { detail, line: within } = Parser.complaint(fault.detail)
      const line = within + startOf(piece) - 1
      return Effect.succeed<Found>({
        blocks: [blockOf(file, piece, undefined)],
        problems: [{ kind: "syntax", file, line, detail }]
      })
    })
  )

/** The line of the piece's text, which begins above the block. */
const startOf = ({ at, line, text }: Pieces.Piece): number => line - (text.slice(0, at).match(/\n/g)?.length ?? 0)

/** The parser puts blocks of equal labels into one array. */
const bodyOf = (
  parsed: { readonly [name: string]: Json.Json },
  labels: ReadonlyArray<string>,
  used: Map<string, number>
): Json.Json | undefined => {
  const key = labels.join(" ")
  const nth = used.get(key) ?? 0
  used.set(key, nth + 1)
  let at: Json.Json | undefined = parsed
  for (const label of labels) at = at === undefined ? undefined : Shape.field(at, label)
  return Array.isArray(at) ? at[nth] : at
}
