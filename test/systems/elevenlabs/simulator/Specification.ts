/**
 * The vendor's API description, and whether an answer is as it says. It is read from the folder `HOLDFAST_SPECS` names;
 * without one nothing is checked.
 */
import * as Schema from "effect/Schema"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

const folder = process.env["HOLDFAST_SPECS"]
const file = join(folder ?? "", "elevenlabs-openapi.json")

/** Whether there is a description to check against. */
export const isThere = folder !== undefined && existsSync(file)

/** Why the checks are skipped, for the name of a test. */
export const skipped = "skipped: HOLDFAST_SPECS names no folder with elevenlabs-openapi.json"

interface Shape {
  readonly $ref?: string | undefined
  readonly type?: string | undefined
  readonly const?: unknown
  readonly enum?: ReadonlyArray<unknown> | undefined
  readonly items?: Shape | undefined
  readonly properties?: { readonly [name: string]: Shape } | undefined
  readonly additionalProperties?: Shape | boolean | undefined
  readonly required?: ReadonlyArray<string> | undefined
  readonly anyOf?: ReadonlyArray<Shape> | undefined
  readonly oneOf?: ReadonlyArray<Shape> | undefined
}

const inner = Schema.suspend((): Schema.Schema<Shape> => Shape)

const Shape: Schema.Schema<Shape> = Schema.Struct({
  $ref: Schema.optional(Schema.String),
  type: Schema.optional(Schema.String),
  const: Schema.optional(Schema.Unknown),
  enum: Schema.optional(Schema.Array(Schema.Unknown)),
  items: Schema.optional(inner),
  properties: Schema.optional(Schema.Record({ key: Schema.String, value: inner })),
  additionalProperties: Schema.optional(Schema.Union(Schema.Boolean, inner)),
  required: Schema.optional(Schema.Array(Schema.String)),
  anyOf: Schema.optional(Schema.Array(inner)),
  oneOf: Schema.optional(Schema.Array(inner))
})

const Operation = Schema.Struct({
  responses: Schema.Record({
    key: Schema.String,
    value: Schema.Struct({
      content: Schema.optional(
        Schema.Record({ key: Schema.String, value: Schema.Struct({ schema: Schema.optional(Shape) }) })
      )
    })
  })
})

const Description = Schema.parseJson(Schema.Struct({
  paths: Schema.Record({ key: Schema.String, value: Schema.Record({ key: Schema.String, value: Operation }) }),
  components: Schema.Struct({ schemas: Schema.Record({ key: Schema.String, value: Shape }) })
}))

let description: typeof Description.Type | undefined

const read = (): typeof Description.Type =>
  description ??= Schema.decodeUnknownSync(Description)(readFileSync(file, "utf8"))

/** Of a call as it is named there: `GET /v1/convai/agents`. */
const operation = (call: string): typeof Operation.Type | undefined => {
  const [method = "", path = ""] = call.split(" ")
  return read().paths[path]?.[method.toLowerCase()]
}

export const has = (call: string): boolean => operation(call) !== undefined

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const scalar = (shape: Shape, value: unknown): boolean => {
  switch (shape.type) {
    case "string":
      return typeof value === "string"
    case "integer":
      return Number.isInteger(value)
    case "number":
      return typeof value === "number"
    case "boolean":
      return typeof value === "boolean"
    case "null":
      return value === null
    case "array":
      return Array.isArray(value)
    case "object":
      return isObject(value)
    default:
      return true
  }
}

const resolved = (shape: Shape): Shape => {
  if (shape.$ref === undefined) return shape
  const name = shape.$ref.slice(shape.$ref.lastIndexOf("/") + 1)
  const target = read().components.schemas[name]
  if (target === undefined) throw new Error(`no schema ${name}`)
  return target
}

const within = (shape: Shape, value: unknown, where: string): ReadonlyArray<string> => {
  const target = resolved(shape)
  const choices = target.anyOf ?? target.oneOf
  if (choices !== undefined) return nearest(choices.map((choice) => within(choice, value, where)))
  if (target.const !== undefined && target.const !== value) return [`${where}: not ${String(target.const)}`]
  if (target.enum !== undefined && !target.enum.includes(value)) {
    return [`${where}: ${JSON.stringify(value)} is none of ${target.enum.join(", ")}`]
  }
  if (!scalar(target, value)) return [`${where}: ${JSON.stringify(value)} is no ${target.type ?? ""}`]
  if (Array.isArray(value)) return value.flatMap((item) => within(target.items ?? {}, item, `${where}[]`))
  return isObject(value) ? fields(target, value, where) : []
}

/** What the choice says that fits best. */
const nearest = (problems: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> =>
  problems.reduce((best, one) => one.length < best.length ? one : best)

const fields = (shape: Shape, value: Readonly<Record<string, unknown>>, where: string): ReadonlyArray<string> => {
  const { additionalProperties, properties, required } = shape
  const missing = (required ?? []).filter((name) => !Object.hasOwn(value, name))
  return [
    ...missing.map((name) => `${where}: no ${name}`),
    ...Object.entries(value).flatMap(([name, one]) => {
      const known = properties?.[name]
      if (known !== undefined) return within(known, one, `${where}.${name}`)
      if (isObject(additionalProperties)) return within(additionalProperties, one, `${where}.*`)
      return properties === undefined || additionalProperties === true ? [] : [`${where}: unknown field ${name}`]
    })
  ]
}

/** What is wrong with an answer to a call, in words; fields that are not described included. */
export const problems = (call: string, status: number, body: unknown): ReadonlyArray<string> => {
  const described = operation(call)
  if (described === undefined) return [`${call} is not described`]
  if (status === 422 && Array.isArray(isObject(body) ? body["detail"] : undefined)) {
    return within({ $ref: "#/components/schemas/HTTPValidationError" }, body, call)
  }
  const response = described.responses[String(status)]
  if (response === undefined) return [`${call}: no description of ${status}`]
  const [content] = Object.values(response.content ?? {})
  return [...new Set(within(content?.schema ?? {}, body, call))]
}
