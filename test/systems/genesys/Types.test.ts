/**
 * Holds the tables of the resource types against the vendor's documentation, read from the folder `HOLDFAST_SPECS` names.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Table from "../../../src/systems/genesys/Table.ts"
import * as Types from "../../../src/systems/genesys/Types.ts"
import * as ApiCheck from "./ApiCheck.ts"
import * as Corrections from "./Corrections.ts"
import * as Documentation from "./Documentation.ts"
import * as TableCheck from "./TableCheck.ts"

const known: ReadonlySet<string> = new Set([...Types.all.map((table) => table.type), ...Corrections.withoutTable])

/** All that is wrong with a table. */
const problems = (table: Table.Table): ReadonlyArray<string> => {
  const exporter = Documentation.exporters()[table.type]
  return exporter === undefined ? [] : [
    ...TableCheck.schema(table, exporter),
    ...TableCheck.referencesOf(table, exporter, known),
    ...TableCheck.rulesOf(table, exporter),
    ...ApiCheck.calls(table),
    ...ApiCheck.places(table),
    ...ApiCheck.values(table)
  ]
}

describe("registry", () => {
  it("has every type once, in order", () => {
    const names = Types.all.map((table) => table.type)
    expect(names).toEqual([...new Set(names)].toSorted())
  })

  it("finds a type with and without its prefix", () => {
    expect(Option.getOrThrow(Types.byName("genesyscloud_routing_queue")).type).toBe("genesyscloud_routing_queue")
    expect(Option.getOrThrow(Types.byName("routing_queue")).type).toBe("genesyscloud_routing_queue")
    expect(Types.byName("routing_queues")).toEqual(Option.none())
  })

  it.each([
    ["datatables", "genesyscloud_architect_datatable"],
    ["genesyscloud_phones", "genesyscloud_telephony_providers_edges_phone"],
    ["architect_groups", "genesyscloud_architect_schedulegroups"],
    ["architect_groups", "genesyscloud_architect_emergencygroup"],
    ["queues", "genesyscloud_routing_queue"],
    ["routing_quue", "genesyscloud_routing_queue"],
    ["USERS", "genesyscloud_user"]
  ])("knows what may be meant by %s: %s", (name, type) => {
    expect(Types.suggest(name)).toContain(type)
  })

  it("suggests nothing for what is like nothing", () => {
    expect(Types.suggest("zzzzzzzz")).toEqual([])
    expect(Types.suggest("")).toEqual([])
  })

  it("has every attribute's reference lead to a type it has, or to one that is known to have no table", () => {
    for (const table of Types.all) {
      for (const { path, reference } of TableCheck.references(table)) {
        const to = typeof reference.to === "string" ? [reference.to] : reference.among ?? []
        expect(to.filter((target) => !known.has(target)), `${table.type}.${path}`).toEqual([])
      }
    }
  })
})

describe.skipIf(!Documentation.isThere)(
  Documentation.isThere ? "documentation" : `documentation (${Documentation.skipped})`,
  () => {
    it("knows the types that are documented", () => {
      expect(Types.all.map((table) => table.type)).toEqual(Object.keys(Documentation.exporters()).toSorted())
    })

    it("has no correction of what no table has", () => {
      const types = new Set<string>(Types.all.map((table) => table.type))
      const corrected = [...Corrections.references, ...Corrections.rules, ...Corrections.undescribed]
      expect(corrected.filter((one) => !types.has(one.type))).toEqual([])
      expect(Corrections.withoutTable.filter((type) => types.has(type))).toEqual([])
    })

    describe("a table that is broken", () => {
      const queue = Option.getOrThrow(Types.byName("routing_queue"))
      const change = (attributes: Table.Attributes): Table.Table => ({
        ...queue,
        attributes: { ...queue.attributes, ...attributes }
      })
      const { name: _, ...nameless } = queue.attributes

      it.each<readonly [string, Table.Table, string]>([
        ["forgets an attribute", { ...queue, attributes: nameless }, "name: not mapped, and not in notInApi"],
        ["invents an attribute", change({ colour: Table.string({ from: "name" }) }), "colour: not documented"],
        ["names as missing what it maps", { ...queue, notInApi: ["name"] }, "name: mapped, and in notInApi"],
        [
          "mistakes a kind",
          change({ peer_id: Table.number() }),
          "peer_id: kind number (documented: String | Optional)"
        ],
        [
          "mistakes what is required",
          change({ name: Table.string() }),
          "name: required (documented: String | Required)"
        ],
        [
          "drops a reference",
          change({ queue_flow_id: Table.string({ from: "queueFlow.id" }) }),
          "queue_flow_id -> genesyscloud_flow: not carried"
        ],
        [
          "refers to no type",
          change({ peer_id: Table.string({ ref: Table.ref("genesyscloud_peer") }) }),
          "peer_id -> genesyscloud_peer: no such type"
        ],
        ["drops a rule", change({ members: Table.blocks({}, { nesting: "set" }) }), "RemoveIfMissing: members"],
        [
          "looks where nothing is",
          change({ peer_id: Table.string({ from: "peer.id" }) }),
          "peer_id: nothing at peer.id"
        ],
        [
          "takes an object for a text",
          change({ queue_flow_id: Table.string({ from: "queueFlow" }) }),
          "queue_flow_id: string from {\"$ref\":\"#/definitions/DomainEntityRef\"} at queueFlow"
        ],
        [
          "converts all away",
          change({ peer_id: Table.string({ convert: () => undefined }) }),
          "peer_id: never has a value"
        ],
        [
          "asks for another path",
          { ...queue, read: { path: "/api/v2/routing/queue/{id}" } },
          "GET /api/v2/routing/queue/{id}: no such call"
        ],
        ["asks with another query", {
          ...queue,
          list: [{ path: "/api/v2/routing/queues", query: { peer: "true" }, paging: "pages" }]
        }, "/api/v2/routing/queues: takes no peer"],
        [
          "pages otherwise",
          { ...queue, list: [{ path: "/api/v2/routing/queues", paging: "cursor" }] },
          "/api/v2/routing/queues: is not paged by after"
        ],
        ["has no such stamp", { ...queue, stamp: "version" }, "/api/v2/routing/queues: its entities have no version"]
      ])("%s", (_, table, problem) => {
        expect(problems(table)).toContain(problem)
      })
    })

    describe.each(Types.all.map((table) => [table.type, table] as const))("%s", (type, table) => {
      it("has the attributes that are documented", () => {
        const exporter = Documentation.exporters()[type]
        expect(exporter === undefined ? ["no such type"] : TableCheck.schema(table, exporter)).toEqual([])
      })

      it("carries every reference", () => {
        const exporter = Documentation.exporters()[type]
        expect(exporter === undefined ? ["no such type"] : TableCheck.referencesOf(table, exporter, known)).toEqual([])
      })

      it("carries every rule", () => {
        const exporter = Documentation.exporters()[type]
        expect(exporter === undefined ? ["no such type"] : TableCheck.rulesOf(table, exporter)).toEqual([])
      })

      it("makes calls that the API has", () => {
        expect(ApiCheck.calls(table)).toEqual([])
      })

      it("takes every attribute from where the API has it", () => {
        expect(ApiCheck.places(table)).toEqual([])
      })

      it("gives every attribute a value", () => {
        expect(ApiCheck.values(table)).toEqual([])
      })
    })
  }
)
