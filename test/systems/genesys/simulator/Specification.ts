/**
 * The vendor's API description, and whether an answer is as it says. It is read from the folder `HOLDFAST_SPECS` names;
 * without one nothing is checked.
 */
import * as Schema from "effect/Schema"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

const folder = process.env["HOLDFAST_SPECS"]
const file = (name: string): string => join(folder ?? "", name)

/** Whether there is a description to check against. */
export const isThere = folder !== undefined && existsSync(file("genesys-openapi.json")) &&
  existsSync(file("genesys-exporters.json"))

/** Why the checks are skipped, for the name of a test. */
export const skipped = "skipped: HOLDFAST_SPECS names no folder with genesys-openapi.json and genesys-exporters.json"

interface Shape {
  readonly $ref?: string | undefined
  readonly type?: string | undefined
  readonly format?: string | undefined
  readonly enum?: ReadonlyArray<unknown> | undefined
  readonly items?: Shape | undefined
  readonly properties?: { readonly [name: string]: Shape } | undefined
  readonly additionalProperties?: Shape | boolean | undefined
  readonly required?: ReadonlyArray<string> | undefined
}

const Shape: Schema.Schema<Shape> = Schema.Struct({
  $ref: Schema.optional(Schema.String),
  type: Schema.optional(Schema.String),
  format: Schema.optional(Schema.String),
  enum: Schema.optional(Schema.Array(Schema.Unknown)),
  items: Schema.optional(Schema.suspend(() => Shape)),
  properties: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.suspend(() => Shape) })),
  additionalProperties: Schema.optional(Schema.Union(Schema.Boolean, Schema.suspend(() => Shape))),
  required: Schema.optional(Schema.Array(Schema.String))
})

const Operation = Schema.Struct({
  parameters: Schema.optional(Schema.Array(Schema.Struct({ name: Schema.String, in: Schema.String }))),
  responses: Schema.Record({ key: Schema.String, value: Schema.Struct({ schema: Schema.optional(Shape) }) })
})

const Description = Schema.parseJson(Schema.Struct({
  paths: Schema.Record({ key: Schema.String, value: Schema.Record({ key: Schema.String, value: Operation }) }),
  definitions: Schema.Record({ key: Schema.String, value: Shape })
}))

const Exporters = Schema.parseJson(Schema.Record({
  key: Schema.String,
  value: Schema.Struct({ api: Schema.Array(Schema.String) })
}))

let description: typeof Description.Type | undefined

const read = (): typeof Description.Type =>
  description ??= Schema.decodeUnknownSync(Description)(readFileSync(file("genesys-openapi.json"), "utf8"))

/** The calls of each resource type: `GET /api/v2/routing/queues`. */
export const calls = (): { readonly [type: string]: ReadonlyArray<string> } =>
  Object.fromEntries(
    Object.entries(Schema.decodeUnknownSync(Exporters)(readFileSync(file("genesys-exporters.json"), "utf8")))
      .map(([type, { api }]) => [type, api])
  )

/** Of a call as it is named there. */
const operation = (call: string): typeof Operation.Type | undefined => {
  const [method = "", path = ""] = call.split(" ")
  return read().paths[path]?.[method.toLowerCase()]
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

const scalar = (shape: Shape, value: unknown): boolean => {
  switch (shape.type) {
    case "string":
      return typeof value === "string" && (shape.format !== "date-time" || dateTime.test(value))
    case "integer":
      return Number.isInteger(value)
    case "number":
      return typeof value === "number"
    case "boolean":
      return typeof value === "boolean"
    default:
      return true
  }
}

const check = (shape: Shape, value: unknown, where: string, problems: Set<string>): void => {
  if (shape.$ref !== undefined) {
    const name = shape.$ref.slice(shape.$ref.lastIndexOf("/") + 1)
    const target = read().definitions[name]
    if (target === undefined) problems.add(`${where}: no definition ${name}`)
    else check(target, value, where, problems)
    return
  }
  if (shape.type === "array") {
    if (!Array.isArray(value)) problems.add(`${where}: no array`)
    else for (const item of value) check(shape.items ?? {}, item, `${where}[]`, problems)
    return
  }
  if (shape.properties !== undefined) return checkObject(shape, shape.properties, value, where, problems)
  if (isObject(shape.additionalProperties)) {
    if (!isObject(value)) problems.add(`${where}: no object`)
    // Said to be objects, where the vendor's own answers have values of any kind.
    else if (shape.additionalProperties.type !== "object" || shape.additionalProperties.properties !== undefined) {
      for (const one of Object.values(value)) check(shape.additionalProperties, one, `${where}.*`, problems)
    }
    return
  }
  if (!scalar(shape, value)) {
    problems.add(`${where}: ${JSON.stringify(value)} is no ${shape.format ?? shape.type ?? ""}`)
  } else if (shape.enum !== undefined && !shape.enum.includes(value)) {
    problems.add(`${where}: ${JSON.stringify(value)} is none of ${shape.enum.slice(0, 5).join(", ")}`)
  }
}

const checkObject = (
  shape: Shape,
  properties: { readonly [name: string]: Shape },
  value: unknown,
  where: string,
  problems: Set<string>
): void => {
  if (!isObject(value)) {
    problems.add(`${where}: no object`)
    return
  }
  for (const name of shape.required ?? []) if (!(name in value)) problems.add(`${where}: no ${name}`)
  for (const [name, one] of Object.entries(value)) {
    const known = properties[name]
    if (known === undefined) problems.add(`${where}: unknown field ${name}`)
    else check(known, one, `${where}.${name}`, problems)
  }
}

/** What is wrong with an answer to a call, in words; fields that are not described included. */
export const problems = (call: string, status: number, body: unknown): ReadonlyArray<string> => {
  const found = new Set<string>()
  const shape = status < 300
    ? operation(call)?.responses[String(status)]?.schema
    : { $ref: "#/definitions/ErrorBody" }
  if (shape === undefined) return [`${call}: no description of ${status}`]
  check(shape, body, call, found)
  return [...found]
}
