/**
 * The fields of a fleet file, each with the rule the server has for it and a message that says the next step.
 *
 * Source: the formats of pve-common `PVE::JSONSchema` 9.2.1 (`pve-storage-id`, `pve-bridge-id`, `mac-addr`, …).
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Description from "../grammar/Description.ts"
import type { TemplateRef } from "../Fleet.ts"
import * as Hardware from "../grammar/Hardware.ts"
import * as PropertyString from "../grammar/PropertyString.ts"
import * as Size from "../grammar/Size.ts"
import * as SshKey from "../grammar/SshKey.ts"
import * as Tags from "../grammar/Tags.ts"

/**
 * Reads one field, or says what is wrong with it.
 *
 * @since 0.1.0
 * @category models
 */
export type Reader<A> = (input: unknown) => Either.Either<A, string>

/**
 * What stands there, for a message.
 *
 * @since 0.1.0
 * @category conversions
 */
export const show = (input: unknown): string => {
  if (typeof input === "string") return JSON.stringify(input.length > 60 ? `${input.slice(0, 60)}...` : input)
  if (typeof input === "number" || typeof input === "boolean") return String(input)
  if (input === null || input === undefined) return "nothing"
  return Array.isArray(input) ? "a list" : "a mapping"
}

/**
 * The schema of one field.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <A>(to: Schema.Schema<A>, read: Reader<A>): Schema.Schema<A, unknown> =>
  Schema.transformOrFail(Schema.Unknown, to, {
    strict: true,
    decode: (input, _, ast) => Either.mapLeft(read(input), (message) => new ParseResult.Type(ast, input, message)),
    encode: (value) => ParseResult.succeed(value)
  })

/**
 * A text that is not empty, trimmed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const text: Reader<string> = (input) => {
  if (typeof input === "number" || typeof input === "boolean") {
    return Either.left(`${input} is read as a ${typeof input}: put it in quotes`)
  }
  if (typeof input !== "string") return Either.left(`${show(input)} is not a text`)
  return input.trim() === "" ? Either.left("is empty: give a value or take the key out") : Either.right(input.trim())
}

/**
 * A text of a certain form; `expected` says which.
 *
 * @since 0.1.0
 * @category constructors
 */
export const matching = (grammar: RegExp, expected: string): Schema.Schema<string, unknown> =>
  make(
    Schema.String,
    (input) =>
      Either.flatMap(text(input), (value) =>
        grammar.test(value) ? Either.right(value) : Either.left(`${show(value)} is not ${expected}`))
  )

/**
 * One of a few words.
 *
 * @since 0.1.0
 * @category constructors
 */
export const oneOf = <const A extends string>(values: ReadonlyArray<A>): Schema.Schema<A, unknown> =>
  make(Schema.Literal(...values), (input) => {
    const found = values.find((value) => value === input)
    return found === undefined
      ? Either.left(`${show(input)} is none of ${values.join(", ")}`)
      : Either.right(found)
  })

/**
 * A whole number in a range.
 *
 * @since 0.1.0
 * @category constructors
 */
export const whole = (least: number, most: number, what: string): Reader<number> => (input) => {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  return typeof input === "number" && Number.isSafeInteger(input) && input >= least && input <= most
    ? Either.right(input)
    : Either.left(`${show(input)} is not ${what}: give a whole number ${range}`)
}

/**
 * The schema of {@link whole}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const number = (least: number, most: number, what: string): Schema.Schema<number, unknown> =>
  make(Schema.Number, whole(least, most, what))

/**
 * One part of a DNS name.
 *
 * @since 0.1.0
 * @category constants
 */
export const hostLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i

/**
 * @since 0.1.0
 * @category schemas
 */
export const Flag = make(
  Schema.Boolean,
  (input) => typeof input === "boolean" ? Either.right(input) : Either.left(`${show(input)} is not true or false`)
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const FleetName = matching(
  /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/i,
  "a fleet's name: letters, digits, dots, dashes and underscores, 63 at most"
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const MachineName = matching(
  hostLabel,
  "a hostname: letters, digits and dashes, no dash at either end, no dots, 63 at most"
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const NodeName = matching(hostLabel, "the name of a node, as `pvecm nodes` prints it")

/**
 * @since 0.1.0
 * @category schemas
 */
export const StorageName = matching(
  /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i,
  "the name of a storage, as `pvesm status` prints it"
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const PoolName = matching(
  /^[a-z0-9._-]+(\/[a-z0-9._-]+){0,2}$/i,
  "the name of a pool: letters, digits, dots, dashes and underscores"
)

const vmidRange = whole(100, 999_999_999, "a vmid")

/**
 * @since 0.1.0
 * @category schemas
 */
export const Vmid = make(Schema.Union(Schema.Number, Schema.Literal("auto")), (input) =>
  input === "auto"
    ? Either.right("auto" as const)
    : Either.mapLeft(vmidRange(input), (message) => `${message}, or auto`))

const TemplateTarget: Schema.Schema<TemplateRef> = Schema.Union(
  Schema.TaggedStruct("Id", { id: Schema.Number }),
  Schema.TaggedStruct("Name", { name: Schema.String }),
  Schema.TaggedStruct("Tag", { tag: Schema.String })
)

const templateId = (input: unknown): Either.Either<TemplateRef, string> =>
  Either.map(whole(100, 999_999_999, "a template's vmid")(input), (id) => ({ _tag: "Id", id }))

const templateName = (input: unknown): Either.Either<TemplateRef, string> =>
  Either.flatMap(
    text(input),
    (name): Either.Either<TemplateRef, string> =>
      name.split(".").every((part) => hostLabel.test(part))
        ? Either.right({ _tag: "Name", name })
        : Either.left(`${show(name)} is not a template's name: letters, digits, dashes and dots`)
  )

const templateTag = (input: unknown): Either.Either<TemplateRef, string> =>
  Either.flatMap(
    text(input),
    (tag): Either.Either<TemplateRef, string> =>
      Tags.isTag(tag) ? Either.right({ _tag: "Tag", tag: tag.toLowerCase() }) : Either.left(`${show(tag)} is not a tag`)
  )

/**
 * A vmid, a name, or one of `{ id }`, `{ name }`, `{ tag }`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Template = make(TemplateTarget, (input) => {
  if (typeof input === "number") return templateId(input)
  if (typeof input === "string") return /^\d+$/.test(input) ? templateId(Number(input)) : templateName(input)
  const entries = typeof input === "object" && input !== null && !Array.isArray(input) ? Object.entries(input) : []
  const [key, value] = entries.length === 1 ? entries[0] ?? [] : []
  if (key === "id") return templateId(value)
  if (key === "name") return templateName(value)
  if (key === "tag") return templateTag(value)
  return Either.left(`${show(input)} names no template: give its name, its vmid, or one of {id}, {name} and {tag}`)
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const CloneMode = oneOf(["full", "linked"])

/**
 * @since 0.1.0
 * @category schemas
 */
export const Count = number(1, Number.MAX_SAFE_INTEGER, "a count")

/**
 * In MiB.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Memory = make(Schema.Number, (input) => {
  if (typeof input !== "number" && typeof input !== "string") {
    return Either.left(`${show(input)} is not an amount of memory: write it as in 8GiB, or as a number of MiB`)
  }
  return Either.flatMap(
    Size.parseMemory(input),
    (mebibytes) =>
      mebibytes >= 16
        ? Either.right(mebibytes)
        : Either.left(`${mebibytes} MiB is less than the 16 MiB a machine needs`)
  )
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const Processor = make(Schema.String, (input) =>
  Either.flatMap(text(input), (value) => {
    const values = PropertyString.parse(value, Hardware.cpu)
    if (Either.isLeft(values)) return Either.left(values.left)
    const known = Object.keys(Hardware.cpu.properties)
    const stranger = [...values.right.keys()].find((key) => !known.includes(key))
    if (stranger !== undefined) return Either.left(`"${stranger}" is no property of a CPU (${known.join(", ")})`)
    return /^[a-z0-9_.+-]+$/i.test(values.right.get("cputype") ?? "kvm64")
      ? Either.right(value)
      : Either.left(`${show(value)} is not a CPU type, such as host or x86-64-v2-AES`)
  }))

/**
 * The size of a disk, in bytes: whole GiB, because storages round anything else up, and a rounded disk would be asked
 * to shrink for ever.
 *
 * @since 0.1.0
 * @category schemas
 */
export const diskSize: Reader<number> = (input) => {
  if (typeof input === "number") return Either.left(`${input} has no unit: write ${input}G for GiB`)
  if (typeof input !== "string") return Either.left(`${show(input)} is not a size: write it as in 100G`)
  if (/^\s*\d+(\.\d+)?\s*$/.test(input)) return Either.left(`"${input}" has no unit: write ${input.trim()}G for GiB`)
  return Either.flatMap(Size.parse(input), (bytes) => {
    if (bytes >= Size.GiB && bytes % Size.GiB === 0) return Either.right(bytes)
    return Either.left(`"${input}" is not whole GiB, and storages round: write ${Math.ceil(bytes / Size.GiB) || 1}G`)
  })
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const DiskSize = make(Schema.Number, diskSize)

/**
 * @since 0.1.0
 * @category schemas
 */
export const DiskCache = oneOf(["none", "writethrough", "writeback", "unsafe", "directsync"])

/**
 * @since 0.1.0
 * @category schemas
 */
export const UserName = matching(
  /^[a-z_][a-z0-9_.-]{0,31}$/i,
  "the name of an account: a letter, then letters, digits, dots, dashes and underscores, 32 at most"
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const PublicKey = make(
  Schema.String,
  (input) =>
    typeof input === "string" ? SshKey.parse(input) : Either.left(`${show(input)} is not the line of a public key`)
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const Snippet = matching(
  /^[a-z][a-z0-9\-_.]*[a-z0-9]:snippets\/[^\s,]+$/i,
  "a snippet's volume, as in local:snippets/user.yaml"
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const Tag = make(Schema.String, (input) =>
  Either.flatMap(text(input), (value) =>
    Tags.isTag(value)
      ? Either.right(value.toLowerCase())
      : Either.left(`${show(value)} is not a tag: letters, digits and _ first, then also - + and dots`)))

/**
 * The server keeps 8192 characters, of which some are for the line that says who manages the machine.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Notes = make(Schema.String, (input) => {
  if (typeof input !== "string") return Either.left(`${show(input)} is not a text: put it in quotes`)
  if (input.length > 7_900) return Either.left(`has ${input.length} characters, and 7900 fit`)
  return Description.parse(input).marker === undefined
    ? Either.right(Description.parse(input).text)
    : Either.left(`holds a line that begins with "${Description.markerPrefix.trim()}", which holdfast writes itself`)
})
