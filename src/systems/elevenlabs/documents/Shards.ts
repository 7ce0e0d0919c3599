/**
 * Splits a text that is over the limit of one document, between its records and nowhere else. A record begins with a line
 * `<|https://...|>`.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Limits from "./Limits.ts"

/**
 * From `start` up to `end`, in bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Range {
  readonly start: number
  readonly end: number
}

interface Record extends Range {
  readonly characters: number
}

/**
 * The parts of a text: together they are all of it, in its order, and each holds as many records as fit. What comes before
 * the first record goes with it. Refused is a text without records, and one whose record alone is over the limit.
 *
 * @since 0.1.0
 * @category combinators
 */
export const split = (content: Uint8Array, limits: Limits.Limits): Either.Either<ReadonlyArray<Range>, string> => {
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const records = recordsOf(text)
  if (records.length < 2) return Either.left(`has no lines <|https://...|> to split it at`)
  const large = records.find((record) => !fits(record, limits))
  if (large !== undefined) {
    return Either.left(`has one record of ${large.characters} characters, ${firstLine(text, large)}`)
  }
  const parts: Array<Record> = []
  for (const record of records) {
    const last = parts.at(-1)
    const both = last === undefined ? record : {
      start: last.start,
      end: record.end,
      characters: last.characters + record.characters
    }
    if (last === undefined || !fits(both, limits)) parts.push(record)
    else parts[parts.length - 1] = both
  }
  return Either.right(parts.map(({ end, start }) => ({ start, end })))
}

const fits = ({ characters, end, start }: Record, limits: Limits.Limits): boolean =>
  end - start <= limits.bytes && characters <= limits.characters

const recordsOf = (text: Buffer): ReadonlyArray<Record> => {
  const starts = boundaries(text)
  const cuts = [0, ...starts.slice(1), text.length]
  return starts.length === 0 ? [] : cuts.slice(0, -1).map((start, index) => {
    const end = cuts[index + 1] ?? text.length
    return { start, end, characters: Limits.characters(text.subarray(start, end)) }
  })
}

const newline = 0x0A

/** Where lines `<|https://...|>` begin. */
const boundaries = (text: Buffer): ReadonlyArray<number> => {
  const starts: Array<number> = []
  for (let at = text.indexOf("<|"); at >= 0; at = text.indexOf("<|", at + 1)) {
    if (at > 0 && text[at - 1] !== newline) continue
    if (/^<\|[a-z][a-z0-9+.-]*:\/\/.*\|>\s*$/i.test(lineAt(text, at))) starts.push(at)
  }
  return starts
}

const lineAt = (text: Buffer, at: number): string => {
  const end = text.indexOf(newline, at)
  return text.toString("latin1", at, Math.min(end < 0 ? text.length : end, at + 4096))
}

const firstLine = (text: Buffer, { end, start }: Range): string => {
  const part = text.subarray(start, end)
  const [at = 0] = boundaries(part)
  return lineAt(part, at).trim().slice(0, 200)
}
