import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Disk from "../../../src/systems/proxmox/grammar/Disk.ts"
import * as Hardware from "../../../src/systems/proxmox/grammar/Hardware.ts"
import * as Network from "../../../src/systems/proxmox/grammar/Network.ts"
import * as PropertyString from "../../../src/systems/proxmox/grammar/PropertyString.ts"

const parse = (text: string, grammar: PropertyString.Grammar) =>
  Object.fromEntries(Either.getOrThrowWith(PropertyString.parse(text, grammar), (message) => new Error(message)))
const refusal = (text: string, grammar: PropertyString.Grammar) =>
  Either.getOrThrow(Either.flip(PropertyString.parse(text, grammar)))

const value = FastCheck.string({ minLength: 1, maxLength: 12 }).filter((text) =>
  !text.includes(",") && text.trim() !== ""
)

const print = (values: Record<string, string>, grammar: PropertyString.Grammar) =>
  PropertyString.print(new Map(Object.entries(values)), grammar)

describe("PropertyString", () => {
  it("reads the three ways to write a card's model", () => {
    const card = { model: "virtio", macaddr: "BC:24:11:00:00:01", bridge: "vmbr0" }
    for (
      const text of [
        "virtio=BC:24:11:00:00:01,bridge=vmbr0",
        "model=virtio,macaddr=BC:24:11:00:00:01,bridge=vmbr0",
        "virtio,bridge=vmbr0,macaddr=BC:24:11:00:00:01"
      ]
    ) expect(parse(text, Network.grammar)).toStrictEqual(card)
    expect(parse("virtio,bridge=vmbr0", Network.grammar)).toStrictEqual({ model: "virtio", bridge: "vmbr0" })
  })

  it("reads values with = in them, lists, aliases and what it does not know", () => {
    expect(parse("volume=ceph:vm-1-disk-0,serial=a=b=c,future=x", Disk.grammar)).toStrictEqual({
      file: "ceph:vm-1-disk-0",
      serial: "a=b=c",
      future: "x"
    })
    expect(parse("e1000=BC:24:11:00:00:01,trunks=1-5;7", Network.grammar)["trunks"]).toBe("1-5;7")
    expect(parse("1,guest-fsfreeze=0", Hardware.agent)).toStrictEqual({ enabled: "1", "freeze-fs": "0" })
  })

  it("skips what is empty between commas, as the server does", () => {
    expect(parse("virtio,,bridge=vmbr0,", Network.grammar)).toStrictEqual({ model: "virtio", bridge: "vmbr0" })
    expect(parse("", Network.grammar)).toStrictEqual({})
  })

  it("refuses duplicates, a second bare value, and keys without a value", () => {
    expect(refusal("virtio,bridge=a,bridge=b", Network.grammar)).toContain("\"bridge\" is there twice")
    expect(refusal("virtio,e1000", Network.grammar)).toContain("\"model\" is there twice")
    expect(refusal("virtio=BC:24:11:00:00:01,model=e1000", Network.grammar)).toContain("twice")
    expect(refusal("file=a,volume=b", Disk.grammar)).toContain("twice")
    expect(refusal("virtio,bridge=", Network.grammar)).toContain("not key=value")
    expect(refusal("=x", Network.grammar)).toContain("not key=value")
    expect(refusal("bare", { properties: {} })).toContain("needs a key")
  })

  it("prints the default key bare, then what is required, then the rest by name", () => {
    expect(print({ tag: "2", bridge: "vmbr0", macaddr: "BC:24:11:00:00:01", model: "virtio" }, Network.grammar)).toBe(
      "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=2"
    )
    expect(print({ tag: "2", bridge: "vmbr0", model: "virtio" }, Network.grammar)).toBe("virtio,bridge=vmbr0,tag=2")
    expect(print({ z: "1", must: "2", a: "3" }, { properties: { must: { kind: "text", required: true } } })).toBe(
      "must=2,a=3,z=1"
    )
    expect(print({ file: "/dev/disk/by-id/x=y" }, Disk.grammar)).toBe("file=/dev/disk/by-id/x=y")
  })

  it.each([["net", Network.grammar], ["disk", Disk.grammar], ["agent", Hardware.agent]] as const)(
    "reads back what it prints: %s",
    (_, grammar) => {
      const reserved = new Set([...(grammar.pair?.names ?? []), ...Object.keys(grammar.aliases ?? {})])
      const known = FastCheck.constantFrom(...Object.keys(grammar.properties))
      const strange = FastCheck.stringMatching(/^[a-z][a-z_-]{0,8}$/).filter((key) => !reserved.has(key))
      const values = FastCheck.dictionary(FastCheck.oneof(known, strange), value)
      FastCheck.assert(FastCheck.property(values, (entries) => {
        const printed = PropertyString.print(new Map(Object.entries(entries)), grammar)
        expect(parse(printed, grammar)).toStrictEqual({ ...entries })
      }))
    }
  )

  it("prints what it read in one order, whatever order it was in", () => {
    const entries = FastCheck.dictionary(FastCheck.constantFrom(...Object.keys(Disk.grammar.properties)), value)
    FastCheck.assert(FastCheck.property(entries, (values) => {
      const reversed = Object.fromEntries(Object.entries(values).toReversed())
      expect(print(reversed, Disk.grammar)).toBe(print(values, Disk.grammar))
    }))
  })

  it("never throws", () => {
    FastCheck.assert(FastCheck.property(FastCheck.string(), (text) => {
      expect(Either.isEither(PropertyString.parse(text, Network.grammar))).toBe(true)
    }))
    expect(parse("__proto__=x,constructor=y", Disk.grammar)["constructor"]).toBe("y")
  })

  it("compares by meaning", () => {
    expect(["1", "on", "yes", "TRUE"].map((text) => PropertyString.canonical("boolean", text))).toStrictEqual([
      "1",
      "1",
      "1",
      "1"
    ])
    expect(["0", "off", "No", "false", "2"].map(PropertyString.parseBoolean)).toStrictEqual([
      false,
      false,
      false,
      false,
      undefined
    ])
    expect(PropertyString.canonical("size", "1T")).toBe(PropertyString.canonical("size", "1024G"))
    expect(PropertyString.canonical("mac", "bc-24-11-00-00-01")).toBe("BC:24:11:00:00:01")
    expect(PropertyString.canonical("list", "20-29;10")).toBe("10;20-29")
    expect(PropertyString.canonical("number", "12.50")).toBe("12.5")
    expect(PropertyString.canonical("address", "2001:DB8:0:0::1/64")).toBe("2001:db8::1/64")
    expect(PropertyString.canonical("address", "dhcp")).toBe("dhcp")
  })

  it("amends only what differs, and keeps the server's spelling of the rest", () => {
    const observed = new Map([["file", "a:b"], ["ssd", "yes"], ["discard", "ignore"]])
    const amend = (wanted: ReadonlyArray<[string, string | undefined]>) =>
      PropertyString.amend(observed, new Map(wanted), Disk.grammar)
    expect(amend([["ssd", "1"], ["backup", "1"], ["discard", undefined]])).toStrictEqual({
      values: observed,
      changes: []
    })
    expect(amend([["ssd", "0"], ["cache", "unsafe"]]).changes).toStrictEqual([
      { key: "ssd", from: "yes", to: "0" },
      { key: "cache", from: undefined, to: "unsafe" }
    ])
  })
})
