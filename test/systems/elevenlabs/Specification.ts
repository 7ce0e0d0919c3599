/**
 * The vendor's API description, and whether a request or an answer is as it says. It is read from the folder
 * `HOLDFAST_SPECS` names; without one nothing is checked.
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
  readonly enum?: ReadonlyArray<unknown> | undefined
  readonly const?: unknown
  readonly items?: Shape | undefined
  readonly properties?: { readonly [name: string]: Shape } | undefined
  readonly additionalProperties?: Shape | boolean | undefined
  readonly required?: ReadonlyArray<string> | undefined
  readonly anyOf?: ReadonlyArray<Shape> | undefined
  readonly oneOf?: ReadonlyArray<Shape> | undefined
  readonly allOf?: ReadonlyArray<Shape> | undefined
  readonly minLength?: number | undefined
  readonly minItems?: number | undefined
  readonly maxItems?: number | undefined
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
}

const lazy = (): Schema.Schema<Shape> => Shape
const many = Schema.optional(Schema.Array(Schema.suspend(lazy)))

const Shape: Schema.Schema<Shape> = Schema.Struct({
  $ref: Schema.optional(Schema.String),
  type: Schema.optional(Schema.String),
  enum: Schema.optional(Schema.Array(Schema.Unknown)),
  const: Schema.optional(Schema.Unknown),
  items: Schema.optional(Schema.suspend(lazy)),
  properties: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.suspend(lazy) })),
  additionalProperties: Schema.optional(Schema.Union(Schema.Boolean, Schema.suspend(lazy))),
  required: Schema.optional(Schema.Array(Schema.String)),
  anyOf: many,
  oneOf: many,
  allOf: many,
  minLength: Schema.optional(Schema.Number),
  minItems: Schema.optional(Schema.Number),
  maxItems: Schema.optional(Schema.Number),
  minimum: Schema.optional(Schema.Number),
  maximum: Schema.optional(Schema.Number)
})

const Content = Schema.Record({ key: Schema.String, value: Schema.Struct({ schema: Schema.optional(Shape) }) })

const Operation = Schema.Struct({
  parameters: Schema.optional(Schema.Array(Schema.Struct({
    name: Schema.String,
    in: Schema.String,
    required: Schema.optional(Schema.Boolean),
    schema: Shape
  }))),
  requestBody: Schema.optional(Schema.Struct({ content: Content })),
  responses: Schema.Record({ key: Schema.String, value: Schema.Struct({ content: Schema.optional(Content) }) })
})

const Description = Schema.parseJson(Schema.Struct({
  paths: Schema.Record({ key: Schema.String, value: Schema.Record({ key: Schema.String, value: Operation }) }),
  components: Schema.Struct({ schemas: Schema.Record({ key: Schema.String, value: Shape }) })
}))

let description: typeof Description.Type | undefined

const read = (): typeof Description.Type =>
  description ??= Schema.decodeUnknownSync(Description)(readFileSync(file, "utf8"))

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const target = (shape: Shape): Shape => {
  if (shape.$ref === undefined) return shape
  const name = shape.$ref.slice(shape.$ref.lastIndexOf("/") + 1)
  const found = read().components.schemas[name]
  if (found === undefined) throw new Error(`no schema ${name}`)
  return found
}

const hasType = (type: string | undefined, value: unknown): boolean => {
  switch (type) {
    case undefined:
      return true
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
    default:
      return isObject(value)
  }
}

type Problems = ReadonlyArray<string>

const limits = (shape: Shape, value: unknown, where: string): Problems => {
  const { maxItems, maximum, minItems, minLength, minimum } = shape
  const size = typeof value === "string" ? value.length : Array.isArray(value) ? value.length : 0
  const wrong = (typeof value === "string" && minLength !== undefined && size < minLength) ||
    (Array.isArray(value) &&
      ((minItems !== undefined && size < minItems) || (maxItems !== undefined && size > maxItems))) ||
    (typeof value === "number" &&
      ((minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum)))
  return wrong ? [`${where}: ${JSON.stringify(value)} is out of bounds`] : []
}

const ofObject = (shape: Shape, value: Readonly<Record<string, unknown>>, where: string): Problems => [
  ...(shape.required ?? []).filter((name) => !(name in value)).map((name) => `${where}: no ${name}`),
  ...Object.entries(value).flatMap(([name, one]) => {
    const known = shape.properties?.[name] ??
      (isObject(shape.additionalProperties) ? shape.additionalProperties : undefined)
    if (known !== undefined) return check(known, one, `${where}.${name}`)
    const isOpen = shape.properties === undefined || shape.additionalProperties === true
    return isOpen ? [] : [`${where}: unknown field ${name}`]
  })
]

/** Of alternatives the one that fits best tells what is wrong. */
const best = (shapes: ReadonlyArray<Shape>, value: unknown, where: string): Problems =>
  shapes.map((shape) => check(shape, value, where)).toSorted((left, right) => left.length - right.length)[0] ?? []

const check = (given: Shape, value: unknown, where: string): Problems => {
  const shape = target(given)
  const alternatives = shape.oneOf ?? shape.anyOf
  if (alternatives !== undefined) return best(alternatives, value, where)
  if (shape.allOf !== undefined) return shape.allOf.flatMap((one) => check(one, value, where))
  if (!hasType(shape.type, value)) return [`${where}: ${JSON.stringify(value)?.slice(0, 80)} is no ${shape.type}`]
  if (shape.const !== undefined && shape.const !== value) return [`${where}: is not ${JSON.stringify(shape.const)}`]
  if (shape.enum !== undefined && !shape.enum.includes(value)) {
    return [`${where}: ${JSON.stringify(value)} is none of ${shape.enum.slice(0, 8).join(", ")}`]
  }
  if (Array.isArray(value)) {
    return [...limits(shape, value, where), ...value.flatMap((one) => check(shape.items ?? {}, one, `${where}[]`))]
  }
  return isObject(value) ? ofObject(shape, value, where) : limits(shape, value, where)
}

export interface Sent {
  readonly method: string
  /** Path and query. */
  readonly url: string
  /** Of a body that is JSON its value, of a form the fields by name; `undefined` where there is none. */
  readonly body?: unknown
}

/** Routes that are written out come before those with a hole. */
const routeOf = (path: string): string | undefined =>
  Object.keys(read().paths)
    .filter((route) => new RegExp(`^${route.replace(/\{\w+\}/g, "[^/]+")}$`).test(path))
    .toSorted((left, right) => left.split("{").length - right.split("{").length)[0]

const operation = ({ method, url }: Sent) => {
  const route = routeOf(url.split("?")[0] ?? "")
  const found = route === undefined ? undefined : read().paths[route]?.[method.toLowerCase()]
  return { route: `${method} ${route ?? url}`, found }
}

/** A value of a query by its shape: everything is a text there. */
const valueOf = (shape: Shape, values: ReadonlyArray<string>): unknown => {
  const shapes = (target(shape).anyOf ?? [shape]).map(target)
  if (shapes.some(({ type }) => type === "array")) return values
  const [value = ""] = values
  if (shapes.some(({ type }) => type === "integer" || type === "number")) return Number(value)
  return shapes.some(({ type }) => type === "boolean")
    ? value === "true" ? true : value === "false" ? false : value
    : value
}

/** What is wrong with a request, in words. */
export const requestProblems = (sent: Sent): Problems => {
  const { found, route } = operation(sent)
  if (found === undefined) return [`${route}: no such call`]
  const query = new URL(sent.url, "http://x").searchParams
  const parameters = (found.parameters ?? []).filter((one) => one.in === "query")
  const known = new Map(parameters.map((one) => [one.name, one]))
  const bodies = Object.values(found.requestBody?.content ?? {})
  const [body] = bodies
  return [
    ...parameters.filter(({ name, required }) => required === true && !query.has(name)).map(({ name }) =>
      `${route}: no ${name}`
    ),
    ...[...new Set(query.keys())].flatMap((name) => {
      const parameter = known.get(name)
      return parameter === undefined
        ? [`${route}: takes no ${name}`]
        : check(parameter.schema, valueOf(parameter.schema, query.getAll(name)), `${route}?${name}`)
    }),
    ...(body?.schema === undefined
      ? (sent.body === undefined ? [] : [`${route}: takes no body`])
      : check(body.schema, sent.body, route))
  ]
}

const answered = (found: typeof Operation.Type | undefined, call: string, status: number, body: unknown): Problems => {
  if (found === undefined) return [`${call}: no such call`]
  if (status === 422 && isObject(body) && Array.isArray(body["detail"])) {
    return check({ $ref: "#/components/schemas/HTTPValidationError" }, body, call)
  }
  const response = found.responses[String(status)]
  if (response === undefined) return [`${call}: never answers ${status}`]
  const [content] = Object.values(response.content ?? {})
  return content?.schema === undefined ? [] : [...new Set(check(content.schema, body, call))]
}

/** What is wrong with the answer to a request, in words; fields that are not described included. */
export const answerProblems = (sent: Sent, status: number, body: unknown): Problems => {
  const { found, route } = operation(sent)
  return answered(found, route, status, body)
}

/** Of a call as it is named there: `GET /v1/convai/agents`. */
const named = (call: string): typeof Operation.Type | undefined => {
  const [method = "", path = ""] = call.split(" ")
  return read().paths[path]?.[method.toLowerCase()]
}

export const has = (call: string): boolean => named(call) !== undefined

/** The same as {@link answerProblems}, of a call as it is named there. */
export const problems = (call: string, status: number, body: unknown): Problems =>
  answered(named(call), call, status, body)

/** Every path from a schema to another, such as `conversation_config.agent.prompt.knowledge_base[]`. */
export const pathsTo = (from: string, to: string): ReadonlyArray<string> => {
  const found = new Set<string>()
  const walk = (shape: Shape, path: string, above: ReadonlyArray<string>): void => {
    const name = shape.$ref?.slice(shape.$ref.lastIndexOf("/") + 1)
    if (name === to) {
      found.add(path)
      return
    }
    if (name !== undefined && above.includes(name)) return
    const inside = name === undefined ? above : [...above, name]
    const { additionalProperties, allOf, anyOf, items, oneOf, properties } = target(shape)
    for (const one of [...(allOf ?? []), ...(anyOf ?? []), ...(oneOf ?? [])]) walk(one, path, inside)
    for (const [key, one] of Object.entries(properties ?? {})) walk(one, path === "" ? key : `${path}.${key}`, inside)
    if (isObject(additionalProperties)) walk(additionalProperties, `${path}.*`, inside)
    if (items !== undefined) walk(items, `${path}[]`, inside)
  }
  walk({ $ref: `#/components/schemas/${from}` }, "", [])
  return [...found].toSorted()
}
