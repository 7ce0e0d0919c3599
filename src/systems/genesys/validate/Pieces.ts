/**
 * Configuration in pieces, so that a large file is never in memory as a whole: blocks of HCL, members of JSON.
 *
 * @since 0.1.0
 */

import type * as Json from "../../../kernel/Json.ts"
import * as Shape from "../output/Shape.ts"

/**
 * A block: its keyword, its type and its label, as far as it has them; and its text.
 *
 * @since 0.1.0
 * @category models
 */
export interface Piece {
  readonly labels: ReadonlyArray<string>
  /** From 1, where the block begins. */
  readonly line: number
  readonly text: string
  /** Where in the text the block begins, behind comments and empty lines. */
  readonly at: number
  /** What it says, where that is known already. */
  readonly body?: Json.Json | undefined
}

/**
 * Takes a file bit by bit and gives what became whole.
 *
 * @since 0.1.0
 * @category models
 */
export interface Cutter {
  readonly take: (text: string) => ReadonlyArray<Piece>
  /** What is left at the end of the file, and what of it is not well formed. */
  readonly end: () => { readonly pieces: ReadonlyArray<Piece>; readonly problem?: string | undefined }
}

/** What a scanner of HCL is in, outermost first: braces, quotation marks, a sequence inside them. */
type Inside = "brace" | "quote" | "sequence"

/**
 * Cuts HCL behind the line that closes an outermost block.
 *
 * @since 0.1.0
 * @category constructors
 */
export const hcl = (): Cutter => {
  const inside: Array<Inside> = []
  let text = ""
  let index = 0
  let start = 0
  let line = 1
  let startLine = 1
  let heredoc: string | undefined = undefined

  /** One step; `false` where more text is needed first. */
  const step = (last: boolean): boolean => {
    if (heredoc !== undefined) return skipHeredoc(last)
    const character = text[index]
    const next = text[index + 1]
    if (index + 2 >= text.length && !last) return false
    const within = inside.at(-1)
    if (character === "\n") line += 1
    if (within === "quote") {
      if (character === "\\") index += 1
      else if (character === "\"") inside.pop()
      else if ((character === "$" || character === "%") && next === character && text[index + 2] === "{") index += 2
      else if ((character === "$" || character === "%") && next === "{") {
        inside.push("sequence")
        index += 1
      }
    } else if (character === "\"") inside.push("quote")
    else if (character === "{") inside.push("brace")
    else if (character === "}") inside.pop()
    else if (character === "#" || (character === "/" && next === "/")) return skipTo("\n", 0, last)
    else if (character === "/" && next === "*") return skipTo("*/", 2, last)
    else if (character === "<" && next === "<") return openHeredoc(last)
    index += 1
    return true
  }

  const skipTo = (mark: string, length: number, last: boolean): boolean => {
    const end = text.indexOf(mark, index + length)
    if (end < 0 && !last) return false
    const to = end < 0 ? text.length : end + length
    line += newlines(text, index, to)
    index = to
    return true
  }

  const openHeredoc = (last: boolean): boolean => {
    const end = text.indexOf("\n", index)
    if (end < 0 && !last) return false
    const name = /^<<-?\s*([^\s]+)/.exec(text.slice(index, end < 0 ? undefined : end))?.[1]
    if (name === undefined || end < 0) index += 2
    else {
      heredoc = name
      index = end + 1
      line += 1
    }
    return true
  }

  /** Line by line, up to the one that is the name. */
  const skipHeredoc = (last: boolean): boolean => {
    const end = text.indexOf("\n", index)
    if (end < 0 && !last) return false
    const to = end < 0 ? text.length : end
    if (text.slice(index, to).trim() === heredoc) heredoc = undefined
    else if (end >= 0) line += 1
    index = heredoc === undefined ? to : to + 1
    return true
  }

  const scan = (last: boolean): ReadonlyArray<Piece> => {
    const pieces: Array<Piece> = []
    while (index < text.length) {
      const at = index
      const depth = inside.length
      const before = text[at]
      if (!step(last)) break
      if (depth === 0 || inside.length > 0 || before !== "}") continue
      pieces.push(pieceOf(text.slice(start, index), startLine))
      start = index
      startLine = line
    }
    text = text.slice(start)
    index -= start
    start = 0
    return pieces
  }

  return {
    take: (more) => {
      text += more
      return scan(false)
    },
    end: () => {
      const pieces = scan(true)
      return { pieces: text.trim() === "" ? pieces : [...pieces, pieceOf(text, startLine)] }
    }
  }
}

const newlines = (text: string, from: number, to: number): number => {
  let count = 0
  for (let index = text.indexOf("\n", from); index >= 0 && index < to; index = text.indexOf("\n", index + 1)) count += 1
  return count
}

const pieceOf = (text: string, line: number): Piece => {
  const lead = /^(?:\s+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/.exec(text)?.[0] ?? ""
  const header = /^[^{=]*/.exec(text.slice(lead.length))?.[0] ?? ""
  const labels = header.match(/"[^"]*"|[^\s"]+/g) ?? []
  return {
    labels: labels.map((label) => label.replaceAll("\"", "")),
    line: line + newlines(lead, 0, lead.length),
    text,
    at: lead.length
  }
}

/** How deep the blocks of a member of the outermost object are. */
const depths: ReadonlyMap<string, number> = new Map([["resource", 3], ["data", 3], ["variable", 2]])

/**
 * Cuts Terraform's JSON: one piece for each resource, each data block and each variable, and one for each other member
 * of the outermost object.
 *
 * @since 0.1.0
 * @category constructors
 */
export const json = (): Cutter => {
  const keys: Array<string | undefined> = []
  let text = ""
  let index = 0
  let line = 1
  /** All but the pieces: what must be well formed besides them. Members like the one before are left out of it. */
  let skeleton = ""
  let pieceEnd = 0
  let copied = 0
  let stringAt: number | undefined = undefined
  let lastString = ""
  let held: Held | undefined = undefined
  let leaps = true
  const pieces: Array<Piece> = []

  const outside = (character: string): void => {
    if (character === ":") keys[keys.length - 1] = unquoted(lastString)
    else if (character === "}" || character === "]") keys.pop()
    else if (character === "{" || character === "[") {
      const labels = keys.filter((key) => key !== undefined)
      if (labels.length === 0 || labels.length < (depths.get(labels[0] ?? "") ?? 1)) {
        keys.push(undefined)
        return
      }
      skeleton += text.slice(copied, index)
      if (another.test(skeleton.slice(pieceEnd))) skeleton = skeleton.slice(0, pieceEnd)
      else skeleton += "null"
      pieceEnd = skeleton.length
      held = { labels, line, from: index, depth: 1, end: leaps ? endOf(text, index) : undefined, searched: index }
    }
  }

  /**
   * To the end of a piece, where it stands as an export writes it: closed on a line of its own, as far in as the line on
   * which it begins. What parses up to there is the whole piece for sure, for no part of an object is an object.
   */
  const leap = (piece: Held, end: string): void => {
    const at = text.indexOf(end, piece.searched)
    if (at < 0 && text.length - piece.from < farthest) {
      piece.searched = Math.max(piece.from, text.length - end.length)
      return
    }
    const to = at + end.length
    const whole = text.slice(piece.from, to)
    const body = at < 0 ? undefined : Shape.decoded(whole)
    if (body === undefined) {
      // Nobody writes one piece so and the next one otherwise.
      leaps = false
      piece.end = undefined
      return
    }
    pieces.push({ labels: piece.labels, line: piece.line, text: whole, at: 0, body })
    line += newlines(text, piece.from, to)
    copied = to
    index = to - 1
    held = undefined
  }

  const within = (character: string, piece: Held): void => {
    if (character === "{" || character === "[") piece.depth += 1
    else if (character === "}" || character === "]") piece.depth -= 1
    if (piece.depth > 0) return
    copied = index + 1
    pieces.push({ labels: piece.labels, line: piece.line, text: text.slice(piece.from, copied), at: 0 })
    held = undefined
  }

  /** Forgets what was looked at, but for what is not whole yet. */
  const forget = (): void => {
    const keep = held?.from ?? stringAt ?? index
    if (held === undefined) skeleton += text.slice(copied, keep)
    else {
      held.searched -= keep
      held.from = 0
    }
    text = text.slice(keep)
    index -= keep
    copied = 0
    if (stringAt !== undefined) stringAt -= keep
  }

  const scan = (last: boolean): ReadonlyArray<Piece> => {
    for (; index < text.length; index += 1) {
      if (held?.end !== undefined) {
        leap(held, held.end)
        if (held === undefined) continue
        if (held.end !== undefined && !last) break
        held.end = undefined
      }
      const character = text[index] ?? ""
      if (character === "\n") line += 1
      if (stringAt !== undefined) {
        if (character === "\\" && index + 1 >= text.length) break
        if (character === "\\") index += 1
        else if (character === "\"") {
          if (held === undefined) lastString = text.slice(stringAt, index + 1)
          stringAt = undefined
        }
      } else if (character === "\"") stringAt = index
      else if (held !== undefined) within(character, held)
      else outside(character)
    }
    forget()
    return pieces.splice(0)
  }

  return {
    take: (more) => {
      text += more
      return scan(false)
    },
    end: () => {
      const pieces = scan(true)
      try {
        JSON.parse(skeleton + text)
        return { pieces }
      } catch (error) {
        return { pieces, problem: error instanceof Error ? error.message : String(error) }
      }
    }
  }
}

/** What leads from one member to the next. */
const another = /^\s*,\s*"(?:[^"\\]|\\.)*"\s*:\s*$/

/** A piece that is not whole yet. */
interface Held {
  readonly labels: ReadonlyArray<string>
  readonly line: number
  from: number
  depth: number
  /** What is to be met at its end, as long as that is worth looking for. */
  end: string | undefined
  searched: number
}

/** How far the end of a piece is looked for, in UTF-16 units. */
const farthest = 4_194_304

/** How much of a line may stand before a piece. */
const widest = 4096

/** What closes the object that begins there, if it is written as an export writes it. */
const endOf = (text: string, at: number): string | undefined => {
  if (text.startsWith("{}", at)) return "}"
  const line = text.slice(Math.max(0, at - widest), at)
  const begun = line.lastIndexOf("\n")
  if (begun < 0 || text[at] !== "{") return undefined
  let to = begun + 1
  while (line[to] === " " || line[to] === "\t") to += 1
  return `${line.slice(begun, to)}}`
}

const unquoted = (string: string): string => {
  try {
    const text: unknown = JSON.parse(string)
    return typeof text === "string" ? text : string
  } catch {
    return string
  }
}
