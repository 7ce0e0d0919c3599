/**
 * What an export has against all that the API has of each resource. A listing that shows less of its entities than a
 * read does, and is taken for the whole, loses attributes that nobody misses until they are applied away.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Values from "../../../src/systems/genesys/output/Values.ts"
import type { Attributes, Entity } from "../../../src/systems/genesys/Table.ts"
import * as Types from "../../../src/systems/genesys/Types.ts"
import { field, list, parsed } from "../../Json.ts"
import * as Lab from "./Lab.ts"

/** Where something of `wanted` is not in `found`; what a variable stands for is in no file. */
const missing = (attributes: Attributes, wanted: Entity, found: unknown, path: string): ReadonlyArray<string> =>
  Object.entries(wanted).flatMap(([name, value]) => {
    const attribute = attributes[name]
    if (attribute === undefined || attribute.unresolvable === true) return []
    const here = field(found, name)
    const at = `${path}.${name}`
    if (attribute.kind === "block") {
      return list(value).flatMap((each, index) =>
        typeof each === "object" && each !== null
          ? missing(attribute.attributes, Object.fromEntries(Object.entries(each)), list(here)[index], at)
          : []
      )
    }
    return here === undefined ? [at] : []
  })

describe("What the API has of a resource", () => {
  it.live("is in the export, of every type", () =>
    Lab.run({ resources: 600 }, (lab) =>
      Effect.gen(function*() {
        const { directory } = yield* lab.exports({ includeStateFile: true })
        const state = parsed((yield* Lab.tree(directory)).get("terraform.tfstate") ?? "")
        const found = new Map(
          list(state, "resources").filter((each) => field(each, "mode") === "managed").map((each) => {
            const attributes = field(each, "instances", 0, "attributes")
            return [`${String(field(each, "type"))} ${String(field(attributes, "id"))}`, attributes]
          })
        )
        const seen = new Set<string>()
        const lost = Types.all.flatMap((table) =>
          lab.simulator.world.ids(table.type).flatMap((id) => {
            const entity = parsed(JSON.stringify(lab.simulator.world.entity(table.type, id)))
            const own = found.get(`${table.type} ${id}`)
            if (typeof entity !== "object" || entity === null || own === undefined) return []
            seen.add(table.type)
            return missing(
              table.attributes,
              Values.of(table, Object.fromEntries(Object.entries(entity))),
              own,
              table.type
            )
          })
        )
        assert.deepStrictEqual([...new Set(lost)], [])
        assert.isAbove(seen.size, 40)
      })))
})
