import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Size from "../../../src/systems/proxmox/grammar/Size.ts"

const bytes = (text: string) => Either.getOrThrowWith(Size.parse(text), (message) => new Error(message))
const refusal = (text: string) => Either.getOrThrow(Either.flip(Size.parse(text)))

const memory = (input: string | number) => Either.getOrElse(Size.parseMemory(input), (message) => message)

describe("Size", () => {
  it("reads every way to write a size", () => {
    expect(["100G", "100GiB", "100Gi", "100 g", "102400M", "107374182400"].map(bytes)).toStrictEqual(
      Array.from({ length: 6 }, () => 100 * Size.GiB)
    )
    expect(bytes("1.5T")).toBe(1536 * Size.GiB)
    expect(bytes("0.5K")).toBe(512)
    expect(bytes("0")).toBe(0)
  })

  it("refuses what is no size, what mixes units, and what is no whole number of bytes", () => {
    expect(refusal("lots")).toContain("not a size")
    expect(refusal("")).toContain("not a size")
    expect(refusal("-1G")).toContain("not a size")
    expect(refusal("1e3G")).toContain("not a size")
    expect(refusal("10GB")).toContain("GiB")
    expect(refusal("0.1G")).toContain("whole number of bytes")
    expect(refusal("9999999999T")).toContain("too large")
  })

  it("prints the largest unit that is exact", () => {
    expect(
      [1025 * Size.GiB, 1024 * Size.GiB, 1536 * Size.GiB, 100 * Size.GiB, 3584 * Size.MiB, 1025, 0].map(Size.print)
    )
      .toStrictEqual(["1025G", "1T", "1536G", "100G", "3584M", "1025", "0"])
  })

  it("reads back what it prints", () => {
    const sizes = FastCheck.oneof(
      FastCheck.maxSafeNat(),
      FastCheck.tuple(FastCheck.nat(4096), FastCheck.constantFrom(Size.KiB, Size.MiB, Size.GiB, Size.TiB))
        .map(([count, unit]) => count * unit)
    )
    FastCheck.assert(FastCheck.property(sizes, (size) => {
      const printed = Size.print(size)
      expect(printed).toMatch(/^\d+[KMGT]?$/)
      expect(bytes(printed)).toBe(size)
    }))
  })

  it("never throws", () => {
    FastCheck.assert(FastCheck.property(FastCheck.string(), (text) => {
      expect(Either.isEither(Size.parse(text))).toBe(true)
    }))
  })

  it("reads memory in MiB, bare or with a unit", () => {
    expect([memory(8192), memory("8192"), memory("8GiB"), memory("8G"), memory("8192M"), memory("0.5G")])
      .toStrictEqual([8192, 8192, 8192, 8192, 8192, 512])
    expect(memory("3.3G")).toContain("whole number of MiB")
    expect(memory("512K")).toContain("whole number of MiB")
    expect(memory(1.5)).toContain("whole number of MiB")
    expect(memory("8GB")).toContain("GiB")
    expect(memory("big")).toContain("not a size")
  })

  it("tells memory to people", () => {
    expect([8192, 1536, 512].map(Size.printMemory)).toStrictEqual(["8 GiB", "1536 MiB", "512 MiB"])
  })
})
