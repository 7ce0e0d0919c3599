/**
 * Whole exports against a simulated organisation. The three failures that hurt most in production come first:
 *
 * 1. An export dies in the middle and the organisation goes on changing: the next one must end with the bytes of one
 *    that never died, without reading everything again and without mixing what was with what is (Resume.test.ts).
 * 2. One type, or one resource, cannot be had: it must cost nothing else, leave no reference to what is not there, be
 *    reported, and never be called removed.
 * 3. The API browns out: for a minute most requests fail or are throttled and circuits open. An export that goes on
 *    must come out whole, and not with a hole for every request of that minute.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Clock from "effect/Clock"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Progress from "../../../src/observe/Progress.ts"
import { isWhole } from "../../../src/systems/genesys/Report.ts"
import * as Types from "../../../src/systems/genesys/Types.ts"
import * as Validate from "../../../src/systems/genesys/validate/Validate.ts"
import * as Lab from "./Lab.ts"

const refuse = (status: number, code: string): Endpoint.Reply =>
  Endpoint.answer({
    status,
    headers: { "content-type": "application/json", "inin-correlation-id": "403403af-5015-4010-8404-404404404404" },
    body: JSON.stringify({ message: `made up: ${code}`, code, status, contextId: "403" })
  })

/** Reads of one resource, and not its listing. */
const isRead = (request: Endpoint.Request, path: string): boolean =>
  new RegExp(`^${path}/[0-9a-f-]{36}(\\?|$)`).test(request.url)

/** Promises far more than there is. */
const promising: Lab.Wire = (endpoint) => (request) =>
  Effect.map(endpoint(request), (reply) => {
    if (!request.url.startsWith("/api/v2/routing/wrapupcodes?") || reply._tag !== "Answer") return reply
    return { ...reply, body: reply.body.replace(/"total":\d+/, "\"total\":999") }
  })

/** Answers no read of a user's policies. */
const silent: Lab.Wire = (endpoint) => (request) =>
  request.url.includes("/userpolicies/") ? Effect.never : endpoint(request)

/** Languages that are paths, and one entity without an id. */
const strange: Lab.Wire = (endpoint) => (request) =>
  Effect.map(endpoint(request), (reply) =>
    reply._tag !== "Answer"
      ? reply
      : request.url.startsWith("/api/v2/architect/prompts?")
      ? { ...reply, body: reply.body.replaceAll("\"language\":\"en-us\"", "\"language\":\"../../../en\"") }
      : request.url.startsWith("/api/v2/routing/wrapupcodes?")
      ? { ...reply, body: reply.body.replace(/"id":"[^"]+",/, "") }
      : reply)

describe("Export", () => {
  it.live("has everything that is there, by valid references, the same every time", () =>
    Lab.run({ resources: 150, trouble: { growing: true, repeating: true } }, (lab) =>
      Effect.gen(function*() {
        const { world } = lab.simulator
        const first = yield* lab.exports({ exportFormat: "hcl", includeStateFile: true })
        assert.isTrue(isWhole(first.report))
        for (const { exported, type } of first.report.types) assert.strictEqual(exported, world.count(type), type)
        assert.strictEqual(first.report.types.length, world.types.length)
        assert.deepStrictEqual(first.report.organisation, { ...world.organisation })
        const before = yield* Lab.tree(first.directory)
        const validation = yield* Validate.folder(first.directory)
        assert.deepStrictEqual(validation.problems, [])
        const second = yield* lab.exports({ exportFormat: "hcl", includeStateFile: true })
        assert.strictEqual(second.reused, 0)
        assert.deepStrictEqual(yield* Lab.tree(second.directory), before)
        assert.include(lab.logs, "Successfully completed building sanitized resource maps")
        const queues = world.count("routing_queue")
        assert.include(
          lab.logs,
          `Export completed for genesyscloud_routing_queue: ${queues} resources successfully exported`
        )
      })))

  it.live("names that are longer than the name of a file may be cost nothing", () =>
    Lab.run({ resources: 100 }, (lab) =>
      Effect.gen(function*() {
        const long = "営業部".repeat(40)
        const wire: Lab.Wire = (endpoint) => (request) =>
          Effect.map(endpoint(request), (reply) =>
            reply._tag === "Answer" && /^\/api\/v2\/(architect\/prompts|scripts\/published)\?/.test(request.url)
              ? { ...reply, body: reply.body.replace(/"name":"(?!Default)/g, `$&${long}`) }
              : reply)
        const resourceTypes = ["architect_user_prompt", "script"]
        const before = yield* lab.exports({ resourceTypes, directory: lab.folder("before") })
        const outcome = yield* lab.exports({ resourceTypes, includeStateFile: true }, { wire })
        assert.isTrue(isWhole(outcome.report))
        assert.deepStrictEqual((yield* Validate.folder(outcome.directory)).problems, [])
        const lengths = outcome.files.map((file) =>
          file.length - file.lastIndexOf("/") - 1
        )
        assert.strictEqual(Math.max(...lengths), 255)
        assert.strictEqual(outcome.files.length, before.files.length + 1)
      })))

  it.live("what the API says of languages leads to no other folder, and what has no id is told of", () =>
    Lab.run({ resources: 60 }, (lab) =>
      Effect.gen(function*() {
        const resourceTypes = ["architect_user_prompt", "routing_wrapupcode"]
        const outcome = yield* lab.exports({ resourceTypes }, { wire: strange })
        const audio = outcome.files.filter((file) => file.endsWith("_en.wav"))
        assert.isAbove(audio.length, 0)
        for (const file of audio) assert.match(file, /^audio_prompts\/[^/]+-_________en\.wav$/)
        const failed = Lab.exceptions(outcome, "failed")
        assert.deepStrictEqual(failed.map(({ id, type }) => [type, id]), [["genesyscloud_routing_wrapupcode", "*"]])
        assert.include(failed[0]?.detail, "without an id")
        assert.strictEqual(
          Lab.summary(outcome, "routing_wrapupcode").exported,
          lab.simulator.world.count("routing_wrapupcode") - 1
        )
      })))

  it.live("one resource that cannot be read costs nothing else, and nothing refers to it", () =>
    Lab.run({ resources: 200 }, (lab) =>
      Effect.gen(function*() {
        const sites = "telephony_providers_edges_site"
        const [site = ""] = lab.simulator.world.ids(sites)
        const wire = Lab.intercept((request) =>
          request.url.startsWith(`/api/v2/telephony/providers/edges/sites/${site}/numberplans`)
            ? refuse(500, "internal.server.error")
            : undefined
        )
        const whole = yield* lab.exports({ exportFormat: "json" })
        const outcome = yield* lab.exports({ exportFormat: "json" }, { wire })
        assert.isFalse(isWhole(outcome.report))
        const failed = Lab.exceptions(outcome, "failed")
        assert.deepStrictEqual(failed.map(({ id }) => id), [site])
        assert.strictEqual(failed[0]?.correlationId, "403403af-5015-4010-8404-404404404404")
        assert.strictEqual(Lab.summary(outcome, sites).failed, 1)
        for (const { exported, type } of whole.report.types) {
          const less = type === `genesyscloud_${sites}` ? 1 : 0
          assert.strictEqual(Lab.summary(outcome, type.slice("genesyscloud_".length)).exported, exported - less)
        }
        assert.deepStrictEqual((yield* Validate.folder(outcome.directory)).problems, [])
        assert.isTrue(Lab.exceptions(outcome, "unresolved").length > Lab.exceptions(whole, "unresolved").length)
        assert.isTrue(lab.logs.some((line) => line.startsWith(`Retrying resource ${site} (attempt 2/8) after `)))
      })))

  it.live("types that cannot be listed are reported and stop no other", () =>
    Lab.run({ resources: 200, denied: ["group"], notEnabled: ["team"] }, (lab) =>
      Effect.gen(function*() {
        const wire = Lab.intercept((request) =>
          request.url.startsWith("/api/v2/routing/skills?") ? refuse(400, "bad.request") : undefined
        )
        const outcome = yield* lab.exports({}, { wire })
        assert.deepStrictEqual(Lab.exceptions(outcome, "denied").map(({ id, type }) => [type, id]), [
          ["genesyscloud_group", "*"],
          ["genesyscloud_team", "*"]
        ])
        assert.include(Lab.exceptions(outcome, "denied")[0]?.hint ?? "", "directory:group:view")
        assert.deepStrictEqual(Lab.exceptions(outcome, "not-listed").map(({ type }) => type), [
          "genesyscloud_routing_skill"
        ])
        assert.isTrue(Lab.summary(outcome, "group").denied)
        assert.isFalse(isWhole(outcome.report))
        const { world } = lab.simulator
        const hurt = new Set(["genesyscloud_group", "genesyscloud_team", "genesyscloud_routing_skill"])
        for (const { exported, type } of outcome.report.types) {
          assert.strictEqual(exported, hurt.has(type) ? 0 : world.count(type), type)
        }
        assert.deepStrictEqual((yield* Validate.folder(outcome.directory)).problems, [])

        const refused = yield* Effect.flip(lab.exports({ failOnDenied: true, directory: lab.folder("other") }))
        assert.strictEqual(refused.kind, "denied")
        assert.strictEqual(refused.subject, "genesyscloud_group, genesyscloud_team")
      })))

  it.live("intermittent failures cost time and nothing else", () =>
    Lab.run({ resources: 150 }, (lab) =>
      Effect.gen(function*() {
        const calm = yield* lab.exports({ directory: lab.folder("calm") })
        let number = 0
        const wire: Lab.Wire = (endpoint) => (request) => {
          number += 1
          if (number % 5 === 0) return Effect.succeed(refuse(503, "service.unavailable"))
          if (number % 17 === 0) return Effect.succeed(Endpoint.reset)
          return number % 23 === 0 ? Effect.as(Effect.sleep("3 minutes"), Endpoint.reset) : endpoint(request)
        }
        const outcome = yield* lab.exports({}, { wire })
        assert.isAbove(outcome.retries, 50)
        assert.deepStrictEqual(yield* Lab.tree(outcome.directory), yield* Lab.tree(calm.directory))
      })))

  it.live("keeps to the rate of its tokens without ever being refused", () =>
    Lab.run({ resources: 400, rateLimitPerMinute: 200, clients: 2 }, (lab) =>
      Effect.gen(function*() {
        const outcome = yield* lab.exports({ maxConcurrent: 50 })
        assert.strictEqual(outcome.retries, 0)
        assert.isUndefined(lab.simulator.calls.statuses.get(429))
        assert.strictEqual(Lab.present(outcome), lab.simulator.world.count())
      })))

  it.live("comes out whole of a minute in which the API is down", () =>
    Lab.run({ resources: 400 }, (lab) =>
      Effect.gen(function*() {
        const began = yield* Clock.currentTimeMillis
        let failing = 0
        const wire: Lab.Wire = (endpoint) => (request) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            const since = now - began
            const down = since > 60_000 && since < 130_000 && request.url.startsWith("/api/v2/")
            if (!down) return Effect.zipRight(Effect.sleep(2000), endpoint(request))
            failing += 1
            return Effect.succeed(
              failing % 5 === 0
                ? Endpoint.answer({ status: 429, headers: { "retry-after": "7" } })
                : failing % 3 === 0
                ? Endpoint.reset
                : refuse(503, "service.unavailable")
            )
          })
        const outcome = yield* lab.exports({ maxConcurrent: 20 }, { wire })
        assert.isAbove(failing, 50)
        assert.isAbove(outcome.retries, 0)
        assert.isTrue(
          isWhole(outcome.report),
          JSON.stringify(
            outcome.report.exceptions.filter(({ reason }) =>
              reason !== "skipped" && reason !== "unresolved" && reason !== "cycle"
            ).slice(0, 3)
          )
        )
        assert.strictEqual(Lab.present(outcome), lab.simulator.world.count())
        // And it did not hammer what was down: 20 at once for 70 s could be far more.
        assert.isBelow(failing, 1200)
      })))

  it.live("an API that is down for good replaces no good export", () =>
    Lab.run({ resources: 60 }, (lab) =>
      Effect.gen(function*() {
        const good = yield* lab.exports()
        const before = yield* Lab.tree(good.directory)
        const wire = Lab.intercept((request) =>
          request.url.startsWith("/api/v2/") && !request.url.includes("/organizations/me")
            ? refuse(503, "service.unavailable")
            : undefined
        )
        const fault = yield* Effect.flip(lab.exports({ resourceTypes: ["routing_queue", "user"] }, { wire }))
        assert.include(["transient", "rejected"], fault.kind)
        assert.include(fault.message, "nothing was written")
        assert.deepStrictEqual(yield* Lab.tree(good.directory), before)
      })))

  it.live("what vanishes between listing and reading is told at once and is no failure", () =>
    Lab.run({ resources: 300, trouble: { vanishing: 0.05, restless: 0.1 } }, (lab) =>
      Effect.gen(function*() {
        const outcome = yield* lab.exports()
        const vanished = Lab.exceptions(outcome, "vanished")
        const truth = Types.all.flatMap(({ read, type }) =>
          read === undefined || read.unless !== undefined ? [] : lab.simulator.world.vanished(type)
        )
        assert.isAbove(truth.length, 0)
        assert.sameMembers(vanished.map(({ id }) => id), truth)
        assert.strictEqual(outcome.retries, 0)
        assert.isTrue(isWhole(outcome.report))
        for (const { id } of vanished) assert.include(lab.logs, `Removing resource ${id} from export map`)
        assert.deepStrictEqual((yield* Validate.folder(outcome.directory)).problems, [])
      })))

  it.live("a flow that vanishes before its file is asked for is gone, and misses no file", () =>
    Lab.run({ resources: 300, trouble: { vanishing: 0.3 } }, (lab) =>
      Effect.gen(function*() {
        const resourceTypes = ["flow", "script"]
        const outcome = yield* lab.exports({ resourceTypes, useLegacyArchitectFlowExporter: false })
        const truth = resourceTypes.flatMap((type) => lab.simulator.world.vanished(type))
        assert.isAbove(truth.length, 1)
        assert.sameMembers(Lab.exceptions(outcome, "vanished").map(({ id }) => id), truth)
        assert.deepStrictEqual(Lab.exceptions(outcome, "file"), [])
        assert.isTrue(isWhole(outcome.report))
      })))

  it.live("writes contacts without what the API adds to them, which changes with every call", () =>
    Lab.run({ resources: 300 }, (lab) =>
      Effect.gen(function*() {
        const outcome = yield* lab.exports({ resourceTypes: ["outbound_contact_list"], includeStateFile: true })
        const files = [...yield* Lab.tree(outcome.directory)].filter(([path]) => path.startsWith("contacts"))
        assert.isAbove(files.length, 0)
        const state = JSON.parse((yield* Lab.tree(outcome.directory)).get("terraform.tfstate") ?? "")
        for (const { instances: [{ attributes }] } of state.resources) {
          const text = new Map(files).get(attributes["contacts_filepath"]) ?? ""
          assert.strictEqual(attributes["contacts_record_count"], text.match(/^"contact-/gm)?.length ?? 0)
        }
        for (const [, text] of files) {
          const [header] = text.split("\r\n")
          assert.match(header ?? "", /^"inin-outbound-id","Phone","Email","first name",[^,]+,"zip"$/)
          assert.notInclude(text, "Z\"")
        }
      })))

  it.live("tells of a listing that gives less than it promises", () =>
    Lab.run({ resources: 100 }, (lab) =>
      Effect.gen(function*() {
        const outcome = yield* lab.exports({ resourceTypes: ["routing_wrapupcode"] }, { wire: promising })
        const [incomplete] = Lab.exceptions(outcome, "incomplete")
        assert.strictEqual(incomplete?.type, "genesyscloud_routing_wrapupcode")
        assert.include(
          incomplete?.detail ?? "",
          `promised ${999 - lab.simulator.world.count("routing_wrapupcode")} more`
        )
        assert.isFalse(isWhole(outcome.report))
      })))

  it.live("stops at once when it is interrupted, keeps what it has, and goes on from there", () =>
    Lab.run({ resources: 200 }, (lab) =>
      Effect.gen(function*() {
        const reading = yield* Deferred.make<void>()
        let reads = 0
        const hanging: Lab.Wire = (endpoint) => (request) => {
          if (isRead(request, "/api/v2/[a-z/]+") && ++reads > 20) {
            return Effect.zipRight(Deferred.succeed(reading, undefined), Effect.never)
          }
          return endpoint(request)
        }
        const fiber = yield* Effect.fork(lab.exports({ maxConcurrent: 4 }, { wire: hanging }))
        yield* Deferred.await(reading)
        const [took, exit] = yield* Effect.timed(Fiber.interrupt(fiber))
        assert.isTrue(Exit.isInterrupted(exit))
        assert.isBelow(Duration.toMillis(took), 1000)
        const outcome = yield* lab.exports({ maxConcurrent: 4 })
        assert.isAtLeast(outcome.reused, 20)
        assert.isTrue(isWhole(outcome.report))
      })))

  it.live("reports progress for each type, up to its end", () =>
    Lab.run({ resources: 100, denied: ["team"] }, (lab) =>
      Effect.gen(function*() {
        const last = new Map<string, Progress.Update>()
        const phases = new Set<string>()
        yield* lab.exports().pipe(Effect.provideService(Progress.Progress, {
          report: (update) =>
            Effect.sync(() => {
              if (!update.item.startsWith("genesyscloud_")) return
              phases.add(update.phase)
              last.set(update.item, update)
            })
        }))
        assert.strictEqual(last.size, lab.simulator.world.types.length)
        for (const [type, { fraction, state }] of last) {
          assert.strictEqual(state, type === "genesyscloud_team" ? "failed" : "done", type)
          assert.strictEqual(fraction, 1)
        }
        assert.include([...phases], "listing")
        assert.include([...phases], "reading")
      })))

  it.live("says of a type that its listing has ended though none of its reads is answered", () =>
    Lab.run({ resources: 60 }, (lab) =>
      Effect.gen(function*() {
        const last = new Map<string, string>()
        const fiber = yield* Effect.fork(
          lab.exports({}, { wire: silent }).pipe(Effect.provideService(Progress.Progress, {
            report: ({ item, phase }) => Effect.sync(() => last.set(item, phase))
          }))
        )
        yield* Effect.sleep("5 seconds")
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual([...new Set(last.values())].toSorted(), ["read", "reading"])
        assert.strictEqual(last.get("genesyscloud_user"), "reading")
      })))

  it.live("refuses credentials that are no good before anything else", () =>
    Lab.run({ resources: 60 }, (lab) =>
      Effect.gen(function*() {
        const wire = Lab.intercept((request) =>
          request.url.startsWith("/oauth/token")
            ? Endpoint.answer({ status: 401, body: JSON.stringify({ error: "invalid_client" }) })
            : undefined
        )
        const fault = yield* Effect.flip(lab.exports({}, { wire }))
        assert.strictEqual(fault.kind, "unauthenticated")
        assert.strictEqual(lab.simulator.calls.routes.size, 0)
      })))
})

/** A script that every organisation has, by its id, and what comes with the platform. */
const builtIn = "476c2b71-7429-11e4-9a5b-3f91746bffa3"

const named = (id: string): Lab.Wire => (endpoint) => (request) =>
  Effect.map(
    endpoint({ ...request, url: request.url.replaceAll(builtIn, id) }),
    (reply): Endpoint.Reply =>
      reply._tag !== "Answer" || typeof reply.body !== "string" ? reply : {
        ...reply,
        body: reply.body.replaceAll(id, builtIn).replaceAll(
          "\"skillEvaluationMethod\"",
          `"defaultScripts":{"CALL":{"id":"${builtIn}"}},"skillEvaluationMethod"`
        )
      }
  )

describe("A script that comes with the platform", () => {
  for (const types of [["routing_queue", "script"], ["routing_queue"]]) {
    it.live(`is one data block, exported with ${types.join(" and ")}`, () =>
      Lab.run({ resources: 100 }, (lab) =>
        Effect.gen(function*() {
          const [id = ""] = lab.simulator.world.owned("script")
          const outcome = yield* lab.exports({ resourceTypes: types }, { wire: named(id) })
          const written = JSON.parse((yield* Lab.tree(outcome.directory)).get("genesyscloud.tf.json") ?? "")
          assert.deepStrictEqual(written.data["genesyscloud_script"], {
            Default_Outbound_Script: { name: "Default Outbound Script" }
          })
          for (const queue of Object.values(written.resource["genesyscloud_routing_queue"])) {
            assert.strictEqual(
              Object(queue)["default_script_ids"].CALL,
              "${data.genesyscloud_script.Default_Outbound_Script.id}"
            )
          }
          assert.deepStrictEqual((yield* Validate.folder(outcome.directory)).problems, [])
        })))
  }
})
