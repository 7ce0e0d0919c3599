import { assert, describe, it } from "@effect/vitest"
import * as Values from "../../../src/systems/genesys/output/Values.ts"
import * as Table from "../../../src/systems/genesys/Table.ts"

const table: Table.Table = {
  type: "genesyscloud_thing",
  family: "thing",
  list: [],
  attributes: {
    name: Table.string({ required: true }),
    acw_timeout_ms: Table.number({ from: "acwSettings.timeoutMs" }),
    division_id: Table.string({ from: "division.id", ref: Table.ref("genesyscloud_auth_division", { except: ["*"] }) }),
    script_id: Table.string({
      from: "script",
      ref: Table.ref("genesyscloud_script", {
        data: (id) => id === "own" ? { type: "genesyscloud_script", name: "Default Outbound Script" } : undefined
      })
    }),
    skills: Table.set({ from: "skills.id", ref: Table.ref("genesyscloud_routing_skill") }),
    enabled: Table.boolean(),
    secret: Table.string({ unresolvable: true }),
    server: Table.string({ unresolvable: true, from: "server.id" }),
    doubled: Table.number({ from: "count", convert: (value) => typeof value === "number" ? value * 2 : 7 }),
    tags: Table.map(),
    config: Table.json({
      refs: { "groups.*": Table.ref("genesyscloud_group"), "deep.*.flow": Table.ref("genesyscloud_flow") }
    }),
    members: Table.blocks({
      user_id: Table.string({ from: "id", ref: Table.ref("genesyscloud_user") }),
      ring_num: Table.number({ from: "ringNumber" })
    }, { from: "@members", nesting: "set" }),
    media: Table.block({
      timeout: Table.number({ from: "alerting.seconds" }),
      groups: Table.blocks({
        group_id: Table.string({
          from: "id",
          ref: {
            to: ({ group_type }) => group_type === "TEAM" ? "genesyscloud_team" : "genesyscloud_group",
            among: ["genesyscloud_team", "genesyscloud_group"]
          }
        }),
        group_type: Table.string({ from: "type" })
      })
    }),
    self: Table.block({ name: Table.string(), other: Table.string({ from: "@settings.other" }) }, { from: "." })
  }
}

const entity = {
  id: "1",
  name: "a",
  acwSettings: { timeoutMs: "30" },
  division: { id: "d1" },
  script: { id: "own", name: "x" },
  skills: [{ id: "s2" }, { id: "s1" }, { id: "s2" }, {}],
  enabled: false,
  server: { id: "srv" },
  count: 4,
  tags: { b: "2", a: 1, __proto__x: null },
  config: "{\"groups\":[\"g2\",\"g1\"],\"b\":1,\"deep\":{\"x\":{\"flow\":\"f1\"}}}",
  media: { alerting: { seconds: 8 }, groups: [{ id: "t1", type: "TEAM" }, { id: "g9", type: "GROUP" }] },
  "@members": [{ id: "u2", ringNumber: 1 }, { id: "u1", ringNumber: 2 }],
  "@settings": { other: "o" }
}

describe("Values", () => {
  it("maps an entity by its table", () => {
    assert.deepStrictEqual(Values.of(table, entity), {
      name: "a",
      acw_timeout_ms: 30,
      division_id: "d1",
      script_id: "own",
      skills: ["s1", "s2"],
      enabled: false,
      server: "srv",
      doubled: 8,
      tags: { a: "1", b: "2" },
      config: "{\"b\":1,\"deep\":{\"x\":{\"flow\":\"f1\"}},\"groups\":[\"g2\",\"g1\"]}",
      members: [{ ring_num: 1, user_id: "u2" }, { ring_num: 2, user_id: "u1" }],
      media: [{
        timeout: 8,
        groups: [{ group_id: "t1", group_type: "TEAM" }, { group_id: "g9", group_type: "GROUP" }]
      }],
      self: [{ name: "a", other: "o" }],
      "@data": { own: { name: "Default Outbound Script", type: "genesyscloud_script" } }
    })
  })

  it("leaves out what is missing and asks a conversion all the same", () => {
    assert.deepStrictEqual(Values.of(table, { id: "1" }), { doubled: 7 })
  })

  it("is the same whatever the order of sets and keys", () => {
    const other = {
      ...Object.fromEntries(Object.entries(entity).toReversed()),
      skills: entity.skills.toReversed(),
      "@members": entity["@members"].toReversed()
    }
    assert.strictEqual(JSON.stringify(Values.of(table, other)), JSON.stringify(Values.of(table, entity)))
  })

  it("finds every id that is referred to, and none that is not one", () => {
    const found = Values.references(table, Values.of(table, entity))
      .map(({ id, path, type }) => `${path} ${type.slice("genesyscloud_".length)} ${id}`)
    assert.deepStrictEqual(found, [
      "division_id auth_division d1",
      "skills routing_skill s1",
      "skills routing_skill s2",
      "config flow f1",
      "config group g2",
      "config group g1",
      "members.user_id user u2",
      "members.user_id user u1",
      "media.groups.group_id team t1",
      "media.groups.group_id group g9"
    ])
    assert.deepStrictEqual(Values.references(table, Values.of(table, { division: { id: "*" } })), [])
  })

  it("keeps text that is no JSON, and a key named __proto__", () => {
    assert.strictEqual(Values.of(table, { config: "not json" })["config"], "not json")
    const values = Values.of(table, JSON.parse("{\"tags\":{\"__proto__\":\"x\"}}"))
    assert.strictEqual(JSON.stringify(values["tags"]), "{\"__proto__\":\"x\"}")
  })
})
