/**
 * Holds our grammars against the vendor's own description of the API, read from the folder `HOLDFAST_SPECS` names.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as CloudInit from "../../../src/systems/proxmox/grammar/CloudInit.ts"
import * as Difference from "../../../src/systems/proxmox/difference/Difference.ts"
import * as Disk from "../../../src/systems/proxmox/grammar/Disk.ts"
import * as Hardware from "../../../src/systems/proxmox/grammar/Hardware.ts"
import * as Network from "../../../src/systems/proxmox/grammar/Network.ts"
import * as PropertyString from "../../../src/systems/proxmox/grammar/PropertyString.ts"
import * as Size from "../../../src/systems/proxmox/grammar/Size.ts"
import * as Pretend from "./PretendConfig.ts"

const folder = process.env["HOLDFAST_SPECS"]
const file = folder === undefined ? undefined : join(folder, "proxmox-apidoc.json")
const isThere = file !== undefined && existsSync(file)

const Field = Schema.Struct({
  alias: Schema.optional(Schema.String),
  keyAlias: Schema.optional(Schema.String),
  type: Schema.optional(Schema.String),
  enum: Schema.optional(Schema.Array(Schema.String)),
  default: Schema.optional(Schema.Unknown),
  default_key: Schema.optional(Schema.Unknown),
  optional: Schema.optional(Schema.Unknown),
  minimum: Schema.optional(Schema.Unknown),
  maximum: Schema.optional(Schema.Unknown),
  pattern: Schema.optional(Schema.String)
})
const Parameter = Schema.Struct({
  format: Schema.optional(Schema.Union(
    Schema.String,
    Schema.Record({ key: Schema.String, value: Field })
  )),
  typetext: Schema.optional(Schema.String),
  default: Schema.optional(Schema.Unknown),
  minimum: Schema.optional(Schema.Unknown),
  maximum: Schema.optional(Schema.Unknown),
  maxLength: Schema.optional(Schema.Unknown),
  pattern: Schema.optional(Schema.String),
  enum: Schema.optional(Schema.Array(Schema.String))
})
const Call = Schema.Struct({
  parameters: Schema.Struct({ properties: Schema.Record({ key: Schema.String, value: Parameter }) })
})
const Description = Schema.parseJson(Schema.Struct({
  paths: Schema.Struct({
    "/nodes/{node}/qemu/{vmid}/config": Schema.Struct({ POST: Call }),
    "/nodes/{node}/qemu/{vmid}/resize": Schema.Struct({ PUT: Call })
  })
}))

const read = () => {
  const { paths } = Schema.decodeUnknownSync(Description)(readFileSync(file ?? "", "utf8"))
  return {
    config: paths["/nodes/{node}/qemu/{vmid}/config"].POST.parameters.properties,
    resize: paths["/nodes/{node}/qemu/{vmid}/resize"].PUT.parameters.properties
  }
}

type Fields = Readonly<Record<string, typeof Field.Type>>

const fields = (key: string): Fields => {
  const format = read().config[key]?.format
  if (format === undefined || typeof format === "string") throw new Error(`${key} has no format`)
  return format
}

/** The properties that a text form names, for the formats the description leaves out. */
const named = (key: string): ReadonlyArray<string> =>
  [...(read().config[key]?.typetext ?? "").matchAll(/([a-z0-9-]+)=/g)].map((match) => match[1] ?? "")

const kinds: Readonly<Record<PropertyString.Kind, ReadonlyArray<string>>> = {
  boolean: ["boolean"],
  number: ["integer", "number"],
  text: ["string"],
  mac: ["string"],
  size: ["string"],
  list: ["string"],
  address: ["string"]
}

describe.skipIf(!isThere)("the grammars, against the API description (skipped where HOLDFAST_SPECS is unset)", () => {
  it.each(
    [
      ["net[n]", Network.grammar],
      ["scsi[n]", Disk.grammar],
      ["sata[n]", Disk.grammar],
      ["ide[n]", Disk.grammar],
      ["agent", Hardware.agent],
      ["memory", Hardware.memory]
    ] as const
  )("%s has our properties, with our types, defaults, aliases and default key", (key, grammar) => {
    const known = fields(key)
    const missing = key === "scsi[n]" ? [] : ["iothread"]
    for (const [name, property] of Object.entries(grammar.properties)) {
      if (missing.includes(name) && known[name] === undefined) continue
      expect([name, kinds[property.kind]]).toStrictEqual([name, expect.arrayContaining([known[name]?.type])])
      const told = known[name]?.default
      if (told !== undefined) expect([name, property.default]).toStrictEqual([name, String(told)])
    }
    const defaultKey = Object.keys(known).find((name) => known[name]?.default_key !== undefined)
    expect(grammar.defaultKey).toBe(defaultKey)
    const aliases = Object.entries(known).filter(([, field]) =>
      field.alias !== undefined && field.keyAlias === undefined
    )
    const ours = Object.entries(grammar.aliases ?? {})
    const wanted = aliases.flatMap(([name, field]) =>
      Object.hasOwn(grammar.properties, field.alias ?? "") ? [[name, field.alias]] : []
    )
    expect(ours.toSorted()).toStrictEqual(wanted.toSorted())
  })

  it("virtio[n] has no ssd, and the buses without an iothread are those that we refuse it on", () => {
    expect(fields("virtio[n]")["ssd"]).toBeUndefined()
    const threaded = ["scsi[n]", "virtio[n]", "sata[n]", "ide[n]"].filter((key) =>
      fields(key)["iothread"] !== undefined
    )
    expect(threaded).toStrictEqual(["scsi[n]", "virtio[n]"])
  })

  it("the card models, and their pair of model and MAC address, are the server's", () => {
    const known = fields("net[n]")
    expect(Network.models.toSorted()).toStrictEqual([...known["model"]?.enum ?? []].toSorted())
    const pairs = Object.entries(known).filter(([, field]) => field.keyAlias !== undefined)
    expect(pairs.map(([name]) => name).toSorted()).toStrictEqual(Network.models.toSorted())
    for (const [, field] of pairs) {
      expect([field.keyAlias, field.alias]).toStrictEqual([Network.grammar.pair?.key, Network.grammar.pair?.value])
    }
    expect([known["tag"]?.minimum, known["tag"]?.maximum].map(Number)).toStrictEqual([1, 4094])
    expect([known["mtu"]?.minimum, known["mtu"]?.maximum].map(Number)).toStrictEqual([1, 65_520])
    expect([known["queues"]?.minimum, known["queues"]?.maximum].map(Number)).toStrictEqual([0, 64])
  })

  it("the formats that are told as text have our properties", () => {
    expect(Object.keys(CloudInit.addressGrammar.properties).toSorted()).toStrictEqual(
      [...new Set(named("ipconfig[n]"))].toSorted()
    )
    expect(Object.keys(CloudInit.snippetsGrammar.properties).toSorted()).toStrictEqual(
      [...new Set(named("cicustom"))].toSorted()
    )
    expect(Object.keys(Hardware.cpu.properties).toSorted()).toStrictEqual([...new Set(named("cpu"))].toSorted())
  })

  it("the disks that can be resized are those that can be named, and sizes are in the wanted form", () => {
    const { resize } = read()
    const extra = ["efidisk0", "tpmstate0"]
    expect([...Disk.names, ...extra].toSorted()).toStrictEqual([...resize["disk"]?.enum ?? []].toSorted())
    const pattern = new RegExp(`^(?:${resize["size"]?.pattern})$`)
    FastCheck.assert(FastCheck.property(FastCheck.maxSafeNat(), (bytes) => {
      expect(Size.print(bytes)).toMatch(pattern)
    }))
  })

  it("every key that a difference sends is one the server takes, and every property too", () => {
    const { config } = read()
    FastCheck.assert(
      FastCheck.property(Pretend.spec, Pretend.observed, (spec, observed) => {
        const difference = Difference.of(spec, observed)
        for (const key of [...Object.keys(difference.set), ...difference.delete]) {
          const general = key.replace(/^(net|scsi|virtio|sata|ide|ipconfig)\d+$/, "$1[n]")
          const parameter = config[general]
          expect([key, parameter !== undefined]).toStrictEqual([key, true])
          const format = parameter?.format
          if (format === undefined || typeof format === "string") continue
          const grammar = key.startsWith("net")
            ? Network.grammar
            : general.endsWith("[n]")
            ? Disk.grammar
            : Hardware.agent
          const values = Either.getOrThrow(PropertyString.parse(difference.set[key] ?? "", grammar))
          for (const name of values.keys()) {
            // Bare numbers have no properties, and `future` stands for a property of a newer server.
            if (key === "memory" || name === "future" || (name === "ssd" && key.startsWith("virtio"))) continue
            if (name === "iothread" && key.startsWith("ide")) continue
            expect([key, name, Object.hasOwn(format, name)]).toStrictEqual([key, name, true])
          }
        }
      })
    )
  })
})
