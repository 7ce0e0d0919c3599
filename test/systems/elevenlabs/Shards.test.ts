import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Limits from "../../../src/systems/elevenlabs/documents/Limits.ts"
import * as Name from "../../../src/systems/elevenlabs/documents/Name.ts"
import * as Shards from "../../../src/systems/elevenlabs/documents/Shards.ts"
import * as States from "./States.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

const parts = (text: string, limits: Limits.Limits) =>
  Either.map(
    Shards.split(bytes(text), limits),
    (ranges) => ranges.map(({ end, start }) => new TextDecoder().decode(bytes(text).subarray(start, end)))
  )

const record = FastCheck.tuple(
  FastCheck.constantFrom("<|https://example.com/a|>\n", "<|https://example.com/b-lllmstxt|> \r\n"),
  FastCheck.string({ unit: "grapheme", maxLength: 40 }).filter((text) => !text.includes("<|"))
).map(([line, text]) => `${line}${text} <|https://example.com/no|>\n`)

describe("Shards.split", () => {
  it("is of use only where there are records", () => {
    expect(Either.isLeft(parts("x".repeat(30), { bytes: 10, characters: 10 }))).toBe(true)
    expect(Either.isLeft(parts(`<|end|>\n${"x".repeat(30)}\n<|end|>\n`, { bytes: 10, characters: 10 }))).toBe(true)
  })

  it("names the record that is over the limit alone", () => {
    const text = `<|https://example.com/a|>\nx\n<|https://example.com/b|>\n${"y".repeat(50)}\n`
    expect(parts(text, { bytes: 1000, characters: 60 })).toStrictEqual(
      Either.left("has one record of 77 characters, <|https://example.com/b|>")
    )
  })

  it("keeps what stands before the first record with it", () => {
    const text = "# Head\n<|https://example.com/a|>\na\n<|https://example.com/b|>\nb\n"
    expect(parts(text, { bytes: 40, characters: 40 })).toStrictEqual(
      Either.right(["# Head\n<|https://example.com/a|>\na\n", "<|https://example.com/b|>\nb\n"])
    )
  })

  it.prop(
    "gives parts that are the whole, fit, begin with a record, and could not be fewer",
    {
      records: FastCheck.array(record, { minLength: 2, maxLength: 12 }),
      characters: FastCheck.integer({ min: 95, max: 300 }),
      size: FastCheck.integer({ min: 900, max: 1200 })
    },
    ({ characters, records, size }) => {
      const limits = { bytes: size, characters }
      const found = Either.getOrThrow(parts(records.join(""), limits))
      expect(found.join("")).toBe(records.join(""))
      const fits = (text: string) => bytes(text).length <= size && [...text].length <= characters
      expect(found.every((part) => fits(part) && part.startsWith("<|https://"))).toBe(true)
      expect(found.every((part) => part.endsWith("\n"))).toBe(true)
      for (const [index, part] of found.entries()) {
        const [next] = (found[index + 1] ?? "").split(/(?=^<\|)/m)
        if (next !== undefined && next !== "") expect(fits(part + next)).toBe(false)
      }
    }
  )
})

describe("Limits.characters", () => {
  it.prop("counts as people do", { text: FastCheck.string({ unit: "binary" }) }, ({ text }) => {
    expect(Limits.characters(bytes(text))).toBe([...text].length)
  })
})

describe("Name", () => {
  it("is the file without .txt, and its hash", () => {
    expect(Name.of("llms-example-com-1.txt", "0123456789abcdef")).toBe("llms-example-com-1 #0123456789ab")
  })

  const file = FastCheck.oneof(
    States.file,
    FastCheck.constantFrom(
      "a",
      "a.md",
      "a.md.txt",
      "a#2.txt",
      "a.txt#2.txt",
      "v1.2.txt",
      "sub/.txt",
      "a b.txt",
      "é.txt"
    )
  ).filter((text) => text.includes("."))
  const hash = FastCheck.stringMatching(/^[0-9a-f]{64}$/)

  it.prop("leads back to the file", { file, hash }, ({ file, hash }) => {
    expect(Name.parse(Name.of(file, hash))).toStrictEqual({ file, hash: hash.slice(0, 12) })
  })

  it.prop("is of one file only", { left: file, right: file, hash }, ({ hash, left, right }) => {
    expect(Name.of(left, hash) === Name.of(right, hash)).toBe(left === right)
  })

  it.each(["", "price list", "a #0123", "a.txt #0123456789ab", "a #0123456789AB", " #0123456789ab"])(
    "does not take %j for one of ours",
    (name) => {
      expect(Name.parse(name)).toBe(undefined)
    }
  )
})
