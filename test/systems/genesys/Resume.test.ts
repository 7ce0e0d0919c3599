/**
 * What outlives an export: the spool of one that died, and what the last one had.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Collection from "../../../src/store/Collection.ts"
import type { ExportOptions } from "../../../src/systems/genesys/Options.ts"
import { isWhole } from "../../../src/systems/genesys/Report.ts"
import * as Table from "../../../src/systems/genesys/Table.ts"
import * as Types from "../../../src/systems/genesys/Types.ts"
import * as Collections from "../../../src/store/Collection.ts"
import * as Store from "../../../src/store/Store.ts"
import * as Lab from "./Lab.ts"

/** Of a process that is dead: what it still wants to write does not arrive. */
const mortal = (collections: Collection.Service, life: { over: boolean }): Collection.Service => ({
  now: collections.now,
  put: (collection, items) => life.over ? Effect.never : collections.put(collection, items),
  get: collections.get.bind(collections),
  getMany: collections.getMany.bind(collections),
  scan: collections.scan.bind(collections),
  stamps: collections.stamps.bind(collections),
  delete: (collection, keys) => life.over ? Effect.void : collections.delete(collection, keys),
  clear: (collection) => life.over ? Effect.void : collections.clear(collection),
  write: (changes) => life.over ? Effect.void : collections.write(changes)
})

/** Exports until so many requests were sent, and dies there as a process dies: nothing is cleaned up. */
const dieAfter = (lab: Lab.Lab, requests: number, options: ExportOptions = {}): Effect.Effect<void> =>
  Effect.gen(function*() {
    const life = { over: false }
    const death = yield* Deferred.make<void>()
    let sent = 0
    const wire: Lab.Wire = (endpoint) => (request) => {
      if (++sent <= requests) return Effect.zipRight(Effect.sleep(100), endpoint(request))
      life.over = true
      return Effect.zipRight(Deferred.succeed(death, undefined), Effect.never)
    }
    const collections = mortal(lab.collections, life)
    const fiber = yield* Effect.fork(lab.exports({ directory: lab.folder("died"), ...options }, { wire, collections }))
    yield* Effect.raceFirst(Deferred.await(death), Fiber.await(fiber))
    yield* Fiber.interrupt(fiber)
  })

/** As an export of its own would have it, that knows nothing of earlier ones. */
const fresh = (lab: Lab.Lab, options: ExportOptions = {}) =>
  Effect.flatMap(Collections.makeMemory, (collections) =>
    Effect.flatMap(
      lab.exports({ ...options, directory: lab.folder("fresh") }, { collections }),
      (outcome) => Effect.map(Lab.tree(outcome.directory), (files) => ({ outcome, files }))
    ))

const types = (addresses: ReadonlyArray<string> = []) => addresses.map((address) => address.split(".")[0]).toSorted()

describe("Resume", () => {
  for (const requests of [60, 150, 250]) {
    it.live(`killed after ${requests} requests, goes on and ends with the same bytes`, () =>
      Lab.run({ resources: 250 }, (lab) =>
        Effect.gen(function*() {
          yield* dieAfter(lab, requests)
          const resumed = yield* lab.exports()
          const { files, outcome } = yield* fresh(lab)
          assert.deepStrictEqual(yield* Lab.tree(resumed.directory), files)
          assert.strictEqual(Lab.present(resumed), Lab.present(outcome))
          if (requests > 200) {
            assert.isAbove(resumed.reused, 0)
            assert.isBelow(resumed.calls, outcome.calls)
          }
        })))
  }

  it.live("loses nothing that it read seconds before it was killed, though it only waited since", () =>
    Lab.run({ resources: 200 }, (lab) =>
      Effect.gen(function*() {
        const life = { over: false }
        const options = { resourceTypes: ["user"], maxConcurrent: 1 }
        const waiting = yield* Deferred.make<void>()
        let read = 0
        const wire: Lab.Wire = (endpoint) => (request) => {
          if (request.url.endsWith("utilization")) read += 1
          return read > 10 ? Effect.zipRight(Deferred.succeed(waiting, undefined), Effect.never) : endpoint(request)
        }
        const own = { wire, collections: mortal(lab.collections, life) }
        const fiber = yield* Effect.fork(lab.exports({ directory: lab.folder("died"), ...options }, own))
        yield* Deferred.await(waiting)
        yield* Effect.sleep("3 seconds")
        life.over = true
        yield* Fiber.interrupt(fiber)
        assert.strictEqual((yield* lab.exports(options)).reused, 10)
      })))

  it.live("reads again what changed since it died, and forgets what is gone", () =>
    Lab.run({ resources: 250 }, (lab) =>
      Effect.gen(function*() {
        yield* dieAfter(lab, 300)
        yield* Effect.sleep("25 hours")
        const changes = lab.simulator.world.mutate(20)
        assert.isAbove(changes.changed.length + changes.added.length + changes.removed.length, 20)
        const resumed = yield* lab.exports()
        assert.isTrue(isWhole(resumed.report))
        assert.strictEqual(resumed.reused, 0)
        assert.deepStrictEqual(yield* Lab.tree(resumed.directory), (yield* fresh(lab)).files)
      })))

  it.live("goes on within the time it is given, and reads again what has another stamp by then", () =>
    Lab.run({ resources: 250 }, (lab) =>
      Effect.gen(function*() {
        const stamped = Types.all.filter(({ stamp }) => stamp !== undefined).map(({ type }) => type)
        const options = { resourceTypes: stamped }
        yield* dieAfter(lab, 250, options)
        yield* Effect.sleep("10 hours")
        lab.simulator.world.mutate(20)
        const resumed = yield* lab.exports(options)
        assert.isAbove(resumed.reused, 20)
        assert.deepStrictEqual(yield* Lab.tree(resumed.directory), (yield* fresh(lab, options)).files)
      })))

  it.live("does so by a store in a file", () =>
    Lab.run({ resources: 100 }, (lab) =>
      Effect.scoped(Effect.gen(function*() {
        const context = yield* Layer.build(Store.layer({ file: `${lab.folder("store")}/holdfast.db` }))
        const collections = Context.get(context, Collections.Collections)
        const before = yield* Effect.either(
          lab.exports({}, {
            collections,
            wire: Lab.intercept((_, number) => number > 170 ? { _tag: "Refused" } : undefined)
          })
        )
        assert.isTrue(before._tag === "Right" || before.left.kind !== "invalid")
        const resumed = yield* lab.exports({ sinceLast: true }, { collections })
        assert.isAbove(resumed.reused, 0)
        const { changes: _, ...report } = resumed.report
        assert.deepStrictEqual(report, (yield* fresh(lab)).outcome.report)
      })).pipe(Effect.orDie)))

  it.live("an export that ended is not gone on with", () =>
    Lab.run({ resources: 100 }, (lab) =>
      Effect.gen(function*() {
        yield* lab.exports()
        assert.strictEqual((yield* lab.exports()).reused, 0)
      })))

  it.live("since the last: reads what changed, says so, and ends with the same bytes", () =>
    Lab.run({ resources: 250 }, (lab) =>
      Effect.gen(function*() {
        const { world } = lab.simulator
        const first = yield* lab.exports({ sinceLast: true })
        assert.strictEqual(first.report.changes?.added.length, world.count())
        const truth = world.mutate(6)
        const second = yield* lab.exports({ sinceLast: true })
        const { files, outcome } = yield* fresh(lab)
        assert.deepStrictEqual(types(second.report.changes?.added), truth.added.map(({ type }) => type).toSorted())
        assert.deepStrictEqual(types(second.report.changes?.removed), truth.removed.map(({ type }) => type).toSorted())
        assert.deepStrictEqual(types(second.report.changes?.changed), truth.changed.map(({ type }) => type).toSorted())
        assert.isBelow(second.calls, outcome.calls)
        const own = new Map(yield* Lab.tree(second.directory))
        // Only the report says what has changed.
        const differing = [...own].filter(([path, text]) => files.get(path) !== text).map(([path]) => path)
        assert.includeMembers(["export-report.json", ".holdfast-export.json"], differing)
        assert.strictEqual(own.size, files.size)
        const third = yield* lab.exports({ sinceLast: true })
        assert.deepStrictEqual(third.report.changes, { added: [], changed: [], removed: [] })
      })))

  it.live("calls nothing removed that could not be listed, or was not asked for", () =>
    Lab.run({ resources: 100 }, (lab) =>
      Effect.gen(function*() {
        yield* lab.exports()
        const wire = Lab.intercept((request) =>
          request.url.startsWith("/api/v2/groups?") ? { _tag: "Refused" } : undefined
        )
        const outcome = yield* lab.exports({ sinceLast: true, includeFilterResources: ["group", "routing_language"] }, {
          wire
        })
        assert.deepStrictEqual(outcome.report.changes, { added: [], changed: [], removed: [] })
      })))

  it.live("keeps the files of what was not asked for this time", () =>
    Lab.run({ resources: 100 }, (lab) =>
      Effect.gen(function*() {
        const { world } = lab.simulator
        const all = { sinceLast: true, resourceTypes: ["responsemanagement_responseasset"] }
        const whole = yield* lab.exports(all)
        const [one = ""] = world.ids("responsemanagement_responseasset")
        yield* lab.exports({
          includeFilterResourcesById: [`responsemanagement_responseasset::${one}`],
          sinceLast: true
        })
        const again = yield* lab.exports(all)
        assert.strictEqual(again.reused, world.count("responsemanagement_responseasset"))
        assert.deepStrictEqual(again.files, whole.files)
        assert.isTrue(isWhole(again.report))
      })))

  it.live("another version of a table reads its resources again, and no others", () =>
    Lab.run({ resources: 100 }, (lab) =>
      Effect.gen(function*() {
        const options = { sinceLast: true, resourceTypes: ["integration_action", "webdeployments_deployment"] }
        yield* lab.exports(options)
        const actions = "genesyscloud_integration_action"
        const tables = Types.all.map((table) =>
          table.type === actions ? { ...table, attributes: { ...table.attributes, extra: Table.string() } } : table
        )
        const outcome = yield* lab.exports(options, { tables })
        assert.strictEqual(outcome.read, lab.simulator.world.count(actions))
        assert.strictEqual(outcome.reused, lab.simulator.world.count("genesyscloud_webdeployments_deployment"))
      })))
})

describe("Dependencies", () => {
  it.live("exports what is referred to, to a fixed point, and lists nothing else", () =>
    Lab.run({ resources: 400 }, (lab) =>
      Effect.gen(function*() {
        const [queue = ""] = lab.simulator.world.ids("routing_queue")
        const options = { includeFilterResourcesById: [`routing_queue::${queue}`] }
        const alone = yield* lab.exports({ ...options, directory: lab.folder("alone") })
        assert.strictEqual(Lab.present(alone), 1)
        assert.isAbove(Lab.exceptions(alone, "unresolved").length, 0)
        const before = new Map(lab.simulator.calls.routes)
        const outcome = yield* lab.exports({ ...options, enableDependencyResolution: true })
        assert.isAbove(Lab.present(outcome), 5)
        assert.isBelow(Lab.present(outcome), lab.simulator.world.count() / 2)
        const known = new Set<string>(Types.all.map(({ type }) => type))
        const open = Lab.exceptions(outcome, "unresolved").filter(({ detail }) => known.has(detail.split(" ")[0] ?? ""))
        for (const { detail } of open) {
          const id = /[0-9a-f-]{36}/.exec(detail)?.[0] ?? ""
          assert.isUndefined(known.has(id) ? id : undefined)
        }
        // Pages of a listing are asked for once, and only of what is needed.
        const campaigns = "GET /api/v2/outbound/campaigns"
        assert.strictEqual(lab.simulator.calls.routes.get(campaigns), before.get(campaigns))
        const skills = "GET /api/v2/routing/skills"
        assert.isAtMost((lab.simulator.calls.routes.get(skills) ?? 0) - (before.get(skills) ?? 0), 1)
      })))

  it.live("asks dependency tracking what flows use", () =>
    Lab.run({ resources: 200 }, (lab) =>
      Effect.gen(function*() {
        const options: ExportOptions = { resourceTypes: ["flow"], exportFormat: "hcl" }
        const outcome = yield* lab.exports({ ...options, enableDependencyResolution: true })
        assert.isAbove(Lab.present(outcome), lab.simulator.world.count("flow"))
        const files = yield* Lab.tree(outcome.directory)
        assert.match(files.get("genesyscloud.tf") ?? "", /depends_on\s*=\s*\[/)
        const without = yield* lab.exports({ ...options, directory: lab.folder("without") })
        assert.strictEqual(Lab.present(without), lab.simulator.world.count("flow"))
      })))
})
