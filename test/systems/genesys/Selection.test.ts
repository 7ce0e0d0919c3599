import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import type { ExportOptions } from "../../../src/systems/genesys/Options.ts"
import * as Selection from "../../../src/systems/genesys/pipeline/Selection.ts"
import { isWhole } from "../../../src/systems/genesys/Report.ts"
import type { TypeName } from "../../../src/systems/genesys/Table.ts"
import * as Types from "../../../src/systems/genesys/Types.ts"
import * as Validate from "../../../src/systems/genesys/validate/Validate.ts"
import * as Lab from "./Lab.ts"

const make = (options: ExportOptions) => Selection.make(options, Types.all)

const resource = (name: string, type: TypeName = "genesyscloud_routing_queue", id = "1") => ({ type, id, name })

describe("Selection", () => {
  const wanted: ReadonlyArray<readonly [options: ExportOptions, names: ReadonlyArray<string>]> = [
    [{}, ["Sales", "sales & more", "[x"]],
    [{ resourceTypes: ["genesyscloud_routing_queue"] }, ["Sales", "sales & more", "[x"]],
    [{ resourceTypes: ["routing_queue::Sales"] }, ["Sales"]],
    [{ resourceTypes: ["routing_queue::[x"] }, ["[x"]],
    [{ includeFilterResources: ["routing_queue::(?i)^sales"] }, ["Sales", "sales & more"]],
    [{ includeFilterResources: ["routing_queue::ales"] }, ["Sales", "sales & more"]],
    [{ includeFilterResources: ["routing_queue::___more$"] }, ["sales & more"]],
    [{ includeFilterResources: ["routing_queue::^a", "routing_queue::x"] }, ["[x"]],
    [{ includeFilterResources: ["user"] }, []],
    [{ excludeFilterResources: ["routing_queue"] }, []],
    [{ excludeFilterResources: ["routing_queue::^S"] }, ["sales & more", "[x"]],
    [{ includeFilterResourcesById: ["routing_queue::1"] }, ["Sales", "sales & more", "[x"]],
    [{ includeFilterResourcesById: ["routing_queue::2"] }, []]
  ]
  for (const [options, names] of wanted) {
    it.effect(`${JSON.stringify(options)} wants ${names.join(", ")}`, () =>
      Effect.gen(function*() {
        const selection = yield* make(options)
        const listed = new Set(selection.tables.map(({ type }) => type))
        const found = ["Sales", "sales & more", "[x"].filter((name) =>
          listed.has("genesyscloud_routing_queue") && selection.wants(resource(name))
        )
        assert.deepStrictEqual(found, names)
      }))
  }

  it.effect("lists only the types that filters name, and none that is excluded", () =>
    Effect.gen(function*() {
      const some = yield* make({ includeFilterResources: ["user::x", "routing_skill", "user"] })
      assert.deepStrictEqual(some.tables.map(({ type }) => type), ["genesyscloud_routing_skill", "genesyscloud_user"])
      const rest = yield* make({ excludeFilterResources: ["user", "routing_skill::x"] })
      assert.strictEqual(rest.tables.length, Types.all.length - 1)
      assert.isFalse(rest.allows(resource("a", "genesyscloud_user")))
      assert.isTrue(rest.allows(resource("a", "genesyscloud_routing_skill")))
    }))

  it.effect("replaces by type, by name and by expression", () =>
    Effect.gen(function*() {
      const { asData } = yield* make({ replaceWithDatasource: ["user", "routing_queue::Sales", "routing_skill::^A"] })
      assert.isTrue(asData(resource("x", "genesyscloud_user")))
      assert.isTrue(asData(resource("Sales")))
      assert.isFalse(asData(resource("Other")))
      assert.isTrue(asData(resource("Ab", "genesyscloud_routing_skill")))
    }))

  const refused: ReadonlyArray<readonly [options: ExportOptions, problems: ReadonlyArray<string>]> = [
    [{ resourceTypes: ["routing_que"] }, ["there is no type \"routing_que\" (did you mean genesyscloud_routing_queue"]],
    [{ resourceTypes: ["user"], excludeFilterResources: ["group"] }, [
      "resource_types and exclude_filter_resources exclude each other"
    ]],
    [{ includeFilterResources: ["user::[a"] }, ["\"user::[a\" is no regular expression: "]],
    [{ includeFilterResources: ["user::(?=x)"] }, ["is no regular expression"]],
    [{ includeFilterResourcesById: ["user"] }, ["write type::id"]],
    [{ resourceTypes: ["user::"] }, ["nothing behind the \"::\""]],
    [{ excludeAttributes: ["user.nme"] }, ["genesyscloud_user has no attribute \"nme\""]],
    [{ excludeAttributes: ["nothing"] }, ["not of the form type.attribute"]],
    [{ excludeAttributes: ["no_such_type.name"] }, ["there is no type \"no_such_type\""]],
    [{ maxConcurrent: 0 }, ["max_concurrent must be a whole number from 1"]],
    [
      { maxConcurrent: 1.5, replaceWithDatasource: ["usr::("], excludeAttributes: ["user.nme", "group.x"] },
      ["max_concurrent", "replace_with_datasource: there is no type \"usr\"", "\"nme\"", "\"x\""]
    ]
  ]
  for (const [options, problems] of refused) {
    it.effect(`refuses ${JSON.stringify(options)}`, () =>
      Effect.gen(function*() {
        const fault = yield* Effect.flip(make(options))
        assert.strictEqual(fault.kind, "invalid")
        assert.strictEqual(fault.code, "invalid-options")
        for (const problem of problems) assert.include(fault.detail, problem)
      }))
  }

  it.effect("takes attributes by type, by expression, and in blocks", () =>
    make({
      excludeAttributes: ["user.department", "genesyscloud_routing_.*.description", "routing_queue.members.ring_num"]
    }))

  it.live("says what was asked for by id or name and is not there, and which expression matches nothing", () =>
    Lab.run({ resources: 60 }, (lab) =>
      Effect.gen(function*() {
        const { world } = lab.simulator
        const [id = ""] = world.ids("user")
        const byId = yield* lab.exports({ includeFilterResourcesById: [`user::${id}`, "user::none", "group::none"] })
        const absent = Lab.exceptions(byId, "absent")
        assert.deepStrictEqual(absent.map(({ id, type }) => [type, id]), [
          ["genesyscloud_group", "none"],
          ["genesyscloud_user", "none"]
        ])
        assert.isFalse(isWhole(byId.report))
        assert.strictEqual(Lab.summary(byId, "user").exported, 1)
        assert.deepStrictEqual((yield* Validate.folder(byId.directory)).problems, [])

        const [deleted = ""] = world.skipped("routing_skill")
        const byName = yield* lab.exports({ resourceTypes: ["user::nobody", "team"] })
        assert.deepStrictEqual(Lab.exceptions(byName, "absent").map(({ id }) => id), ["nobody"])
        const left = yield* lab.exports({ includeFilterResourcesById: [`routing_skill::${deleted}`] })
        assert.deepStrictEqual(left.report.exceptions.map(({ id, reason }) => [id, reason]), [[deleted, "skipped"]])

        const byPattern = yield* lab.exports({ includeFilterResources: ["user::^nobody$", "user::example"] })
        assert.isTrue(isWhole(byPattern.report))
        assert.include(lab.logs, "\"^nobody$\" matches nothing of genesyscloud_user")
        assert.isFalse(lab.logs.some((line) => line.startsWith("\"example\"")))

        const denied = yield* lab.exports({ includeFilterResourcesById: ["user::none"] }, {
          wire: Lab.intercept(({ url }) =>
            url.startsWith("/api/v2/users?") ? Endpoint.answer({ status: 403, body: "{}" }) : undefined
          )
        })
        assert.deepStrictEqual(denied.report.exceptions.map(({ reason }) => reason), ["denied"])
      })))

  it.live("asks the API nothing when it refuses", () =>
    Lab.run({ resources: 60 }, (lab) =>
      Effect.gen(function*() {
        yield* Effect.flip(lab.exports({ resourceTypes: ["queues"] }))
        assert.strictEqual(lab.simulator.calls.total, 0)
      })))
})
