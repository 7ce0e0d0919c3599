/**
 * Entities made from the description of the API: with every field it has, and of an array as many elements as there are
 * values of its longest enumeration, so that every one of them occurs.
 */
import type * as Json from "../../../src/kernel/Json.ts"
import * as Documentation from "./Documentation.ts"

/** How often a definition may contain itself. */
const limit = 1

interface Making {
  readonly path: string
  /** Which value of an enumeration is taken. */
  readonly variant: number
  readonly within: ReadonlyArray<string>
  /** What stands at some paths, where the description does not say it. */
  readonly known: Readonly<Record<string, Json.Json>>
}

const scalar = ({ enum: values, type }: Documentation.Shape, { path, variant }: Making): Json.Json => {
  if (values !== undefined && values.length > 0) return values[variant % values.length] ?? path
  if (type === "integer" || type === "number") return variant + 1
  return type === "boolean" ? true : path
}

const variants = (shape: Documentation.Shape): number =>
  Math.max(
    1,
    ...Object.values(Documentation.whole(shape).properties ?? {}).map((each) =>
      Documentation.whole(each).enum?.length ?? 1
    )
  )

const isSimple = (shape: Documentation.Shape): boolean => {
  const { items, type } = Documentation.whole(shape)
  return items === undefined && type !== "object"
}

/** Of an entity within others there is no more than what a reference to it has. */
const fields = (shape: Documentation.Shape, within: ReadonlyArray<string>) => {
  const all = Object.entries(Documentation.whole(shape).properties ?? {})
  const isEntity = all.some(([field]) => field === "selfUri")
  return isEntity && within.length > 1 ? all.filter(([, each]) => isSimple(each)) : all
}

const make = (shape: Documentation.Shape, making: Making): Json.Json => {
  const known = making.known[making.path]
  if (known !== undefined) return known
  const name = shape.$ref
  if (name !== undefined && making.within.filter((one) => one === name).length > limit) return null
  const within = name === undefined ? making.within : [...making.within, name]
  const { additionalProperties, items, type } = Documentation.whole(shape)
  const special = Object.keys(making.known).flatMap((path) => {
    const field = path.slice(making.path.length + 1)
    return path.startsWith(`${making.path}/`) && !field.includes("/") ? [field] : []
  })
  const inside = (field: string, variant = making.variant): Making => ({
    ...making,
    path: `${making.path}/${field}`,
    variant,
    within
  })
  if (items !== undefined) {
    return Array.from({ length: variants(items) }, (_, index) => make(items, inside(String(index), index)))
  }
  if (type !== "object") return scalar(Documentation.whole(shape), making)
  return {
    ...(additionalProperties === undefined ? {} : { one: make(additionalProperties, inside("one")) }),
    ...Object.fromEntries(
      fields(shape, within).map(([field, each]) => [field, make(each, inside(field))] as const)
    ),
    ...Object.fromEntries(special.map((field) => [field, make({}, inside(field))] as const))
  }
}

/** One that is described so. All its texts are different. */
const of = (shape: Documentation.Shape, known: Readonly<Record<string, Json.Json>> = {}): Json.Json =>
  make(shape, { path: "", variant: 0, within: [], known })

type Known = Readonly<Record<string, Json.Json>>

const utilization = { maximumCapacity: 1, interruptableMediaTypes: ["email"], includeNonAcd: true }
const recall = { nbrAttempts: 1, minutesBetweenAttempts: 2 }
const reaction = { reactionType: "transfer_flow", data: "1", name: "name" }
const property = (instance: Json.Json) => ({ value: { instance } })

/** Where the description only says that there is an object, and what depends on a special value. */
const known: Readonly<Record<string, Known>> = {
  genesyscloud_architect_datatable: {
    "/schema/properties": { size: { type: "string", title: "Size", default: "1", displayOrder: 1 } }
  },
  genesyscloud_architect_datatable_row: { "/key": "key" },
  genesyscloud_outbound_attempt_limit: {
    "/recallEntries": { answeringMachine: recall, busy: recall, fax: recall, noAnswer: recall }
  },
  genesyscloud_outbound_callanalysisresponseset: {
    "/responses": Object.fromEntries(
      [
        "callable.busy",
        "callable.disconnect",
        "callable.fax",
        "callable.lineconnected",
        "callable.machine",
        "callable.noanswer",
        "callable.person",
        "callable.sit",
        "uncallable.notfound",
        "uncallable.sit"
      ].map((name) => [`disposition.classification.${name}`, reaction])
    )
  },
  genesyscloud_routing_email_route: { "/replyEmailAddress/route/id": "/id" },
  genesyscloud_telephony_providers_edges_phone: {
    "/lines/0/properties": {
      station_identity_address: property("+13175550123"),
      station_remote_address: property("+13175550124")
    }
  },
  genesyscloud_telephony_providers_edges_phonebasesettings: {
    "/lines/0/properties": {
      station_persistent_enabled: property(true),
      station_persistent_timeout: property(1),
      station_persistent_webrtc_enabled: property(true)
    }
  },
  genesyscloud_user: {
    "/@pools/0": { id: "/@pools/0/id", startNumber: "4000", endNumber: "4999", state: "active" },
    "/addresses/0": { mediaType: "PHONE", type: "WORK", extension: "4711", display: "4711" },
    "/@utilization/utilization": {
      call: utilization,
      callback: utilization,
      chat: utilization,
      email: utilization,
      message: utilization
    }
  },
  genesyscloud_webdeployments_configuration: {
    "/supportCenter/enabledCategories/0/image": { source: { defaultUrl: "https://example.com/image.png" } }
  }
}

/** Entities of a type. Together they have all that the API may answer of it. */
export const all = (type: string, shape: Documentation.Shape): ReadonlyArray<Json.Json> => {
  const special = known[type]
  return special === undefined ? [of(shape)] : [of(shape), of(shape, special)]
}
