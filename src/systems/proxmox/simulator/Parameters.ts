/**
 * Parameter verification, as the API does it before a handler runs: unknown and missing names, types, limits,
 * formats and the grammars of property strings, each with the server's words.
 *
 * Source: pve-common `JSONSchema.pm` (`validate`, `check_prop`), `RESTHandler.pm`.
 *
 * @since 0.1.0
 */
import * as ConfigKeys from "./ConfigKeys.ts"
import * as Formats from "./Formats.ts"
import * as PropertyString from "./PropertyString.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Parameter extends PropertyString.Property {
  readonly maxLength?: number
  readonly grammar?: PropertyString.Grammar
}

/**
 * By name; `config` admits every key of a machine's configuration too.
 *
 * @since 0.1.0
 * @category models
 */
export interface Schema {
  readonly parameters: Readonly<Record<string, Parameter>>
  readonly config?: boolean
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const text: Parameter = { kind: "text" }

/**
 * @since 0.1.0
 * @category constructors
 */
export const flag: Parameter = { kind: "boolean" }

/**
 * @since 0.1.0
 * @category constructors
 */
export const integer = (minimum?: number, maximum?: number): Parameter => ({
  kind: "integer",
  ...(minimum === undefined ? {} : { minimum }),
  ...(maximum === undefined ? {} : { maximum })
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const oneOf = (...values: ReadonlyArray<string>): Parameter => ({ kind: "text", oneOf: values })

/**
 * @since 0.1.0
 * @category constructors
 */
export const checked = (check: Formats.Check, maxLength?: number): Parameter => ({
  kind: "text",
  check,
  ...(maxLength === undefined ? {} : { maxLength })
})

/**
 * @since 0.1.0
 * @category combinators
 */
export const required = (parameter: Parameter): Parameter => ({ ...parameter, required: true })

/**
 * @since 0.1.0
 * @category constructors
 */
export const vmid: Parameter = integer(100, 999_999_999)

/**
 * @since 0.1.0
 * @category constructors
 */
export const node: Parameter = checked(Formats.nodeName)

const unknown = "property is not defined in schema and the schema does not allow additional properties"

const grammarProblem = (name: string, grammar: PropertyString.Grammar, value: string): string | undefined => {
  const parsed = PropertyString.parse(grammar, value)
  if (parsed._tag === "Properties") return undefined
  const lines = parsed.errors.map(([property, problem]) =>
    property === "" ? problem : `${name}.${property}: ${problem}`
  )
  return `invalid format - format error\n${lines.join("\n")}\n`
}

const problem = (name: string, parameter: Parameter, value: string): string | undefined => {
  if (parameter.maxLength !== undefined && value.length > parameter.maxLength) {
    return `value may only be ${parameter.maxLength} characters long`
  }
  if (parameter.grammar !== undefined) return grammarProblem(name, parameter.grammar, value)
  const wrong = PropertyString.wrong(parameter, value)
  return wrong === undefined || !/^(value '.*' does not look|invalid|unable|storage ID)/.test(wrong)
    ? wrong
    : `invalid format - ${wrong}`
}

const find = (schema: Schema, name: string): Parameter | undefined => {
  if (Object.hasOwn(schema.parameters, name)) return schema.parameters[name]
  const key = schema.config === true ? ConfigKeys.find(name) : undefined
  if (key === undefined) return undefined
  return {
    ...key.property,
    ...(key.grammar === undefined ? {} : { grammar: key.grammar }),
    ...(key.maxLength === undefined ? {} : { maxLength: key.maxLength })
  }
}

/**
 * The errors by name, empty when there are none; booleans become `1` and `0`.
 *
 * @since 0.1.0
 * @category checks
 */
export const verify = (schema: Schema, given: Record<string, string>): Readonly<Record<string, string>> | undefined => {
  let errors: Record<string, string> | undefined
  const add = (name: string, text: string): void => {
    errors ??= {}
    errors[name] = text
  }
  for (const [name, value] of Object.entries(given)) {
    const parameter = find(schema, name)
    if (parameter === undefined) {
      add(name, unknown)
      continue
    }
    const wrong = problem(name, parameter, value)
    if (wrong !== undefined) add(name, wrong)
    else if (parameter.kind === "boolean") given[name] = PropertyString.boolean(value) ?? value
    if (parameter.requires !== undefined && !(parameter.requires in given)) {
      add(parameter.requires, `missing property - '${name}' requires this property`)
    }
  }
  for (const [name, parameter] of Object.entries(schema.parameters)) {
    if (parameter.required === true && !(name in given)) add(name, "property is missing and it is not optional")
  }
  return errors
}
