/**
 * What the tables make of values that Terraform writes in another way than the API answers them.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import type { Entity, Reference, Scalar, TypeName } from "../Table.ts"
import * as Table from "../Table.ts"

/**
 * @since 0.1.0
 * @category guards
 */
export const isObject = (value: Json.Json | undefined): value is Entity =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * The elements of an array; none of anything else.
 *
 * @since 0.1.0
 * @category conversions
 */
export const elements = (value: Json.Json | undefined): ReadonlyArray<Json.Json> => Array.isArray(value) ? value : []

/**
 * The objects among the elements of an array.
 *
 * @since 0.1.0
 * @category conversions
 */
export const objects = (value: Json.Json | undefined): ReadonlyArray<Entity> => elements(value).filter(isObject)

/**
 * A field that is text; `undefined` where it is missing or something else.
 *
 * @since 0.1.0
 * @category conversions
 */
export const text = (of: Json.Json | undefined, name: string): string | undefined => {
  const value = isObject(of) ? of[name] : undefined
  return typeof value === "string" ? value : undefined
}

/**
 * Objects by name as a list of objects that carry their name, in the order of the names.
 *
 * @since 0.1.0
 * @category conversions
 */
export const named = (nameField: string) => (value: Json.Json): Json.Json | undefined =>
  isObject(value)
    ? Object.entries(value)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, each]) => ({ ...(isObject(each) ? each : {}), [nameField]: name }))
    : undefined

/**
 * A phone number without spaces, hyphens and brackets, as the provider wants it in E.164.
 *
 * @since 0.1.0
 * @category conversions
 */
export const phoneNumber = (value: Json.Json): Json.Json | undefined =>
  typeof value === "string" ? value.replace(/[\s()-]/g, "") : undefined

/**
 * A local time as the provider reads it: with six digits of a second and without a zone.
 *
 * @since 0.1.0
 * @category conversions
 */
export const localTime = (value: Json.Json): Json.Json | undefined => {
  if (typeof value !== "string") return undefined
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(?:\.(\d+))?/.exec(value)
  if (match === null) return value
  const [, minutes = "", seconds = ":00", fraction = ""] = match
  return `${minutes}${seconds}.${fraction.slice(0, 6).padEnd(6, "0")}`
}

/**
 * A recurrence rule without leading zeros in `INTERVAL`, `BYMONTH` and `BYMONTHDAY`, as the provider wants it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const recurrence = (value: Json.Json): Json.Json | undefined =>
  typeof value === "string"
    ? value.replace(/\b(?:INTERVAL|BYMONTH|BYMONTHDAY)=[^;]*/g, (part) => part.replace(/([=,][+-]?)0+(?=\d)/g, "$1"))
    : undefined

/**
 * The division of an entity. The home division is filled in by the provider.
 *
 * @since 0.1.0
 * @category constructors
 */
export const division = (options: Omit<Scalar, "kind"> = {}): Scalar =>
  Table.string({
    from: "division.id",
    ref: Table.ref("genesyscloud_auth_division"),
    ...(options.required === true ? {} : { computed: true }),
    ...options
  })

/**
 * An id at `<from>.id` of the entity.
 *
 * @since 0.1.0
 * @category constructors
 */
export const idOf = (from: string, to: TypeName, options: Omit<Scalar, "kind" | "ref"> = {}): Scalar =>
  Table.string({ from: `${from}.id`, ref: Table.ref(to), ...options })

const memberGroups = new Map<string, TypeName>([
  ["GROUP", "genesyscloud_group"],
  ["SKILLGROUP", "genesyscloud_routing_skill_group"],
  ["TEAM", "genesyscloud_team"]
])

/**
 * What a member group is, by the type that stands beside its id.
 *
 * @since 0.1.0
 * @category constructors
 */
export const memberGroup: Reference = {
  to: (siblings) => memberGroups.get(text(siblings, "member_group_type") ?? ""),
  among: [...memberGroups.values()]
}

/**
 * Whether the entity is deleted. Some listings answer those as well.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isDeleted = (entity: Entity): boolean => entity["state"] === "deleted"

/** Scripts that every organisation has from the start, by their ids, which are the same everywhere. */
const builtIn = new Map([
  ["476c2b71-7429-11e4-9a5b-3f91746bffa3", "Default Outbound Script"],
  ["766f1221-047a-11e5-bba2-db8c0964d007", "Default Inbound Script"],
  ["ffde0662-8395-9b04-7dcb-b90172109065", "Default Callback Script"]
])

const builtInNames: ReadonlySet<Json.Json | undefined> = new Set(builtIn.values())

/**
 * Whether a script is one that every organisation has: its name is reserved.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBuiltInScript = (entity: Entity): boolean => builtInNames.has(entity["name"])

/**
 * A script: one of the organisation's, or one that the platform brings and Terraform finds by name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const script: Reference = Table.ref("genesyscloud_script", {
  data: (id) => {
    const name = builtIn.get(id)
    return name === undefined ? undefined : { type: "genesyscloud_script", name }
  }
})
