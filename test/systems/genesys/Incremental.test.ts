/**
 * Exports that read only what changed. What fails them in production: members, contacts and policies change and leave
 * their resource's change stamp as it was; a resource that is taken as it was listed is gone when what belongs to it is
 * read; what is the same for all resources is asked for once for each of them.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Endpoint from "../../../src/simulation/Endpoint.ts"
import { isWhole } from "../../../src/systems/genesys/Report.ts"
import * as Collections from "../../../src/store/Collection.ts"
import type { ExportOptions } from "../../../src/systems/genesys/Options.ts"
import * as Lab from "./Lab.ts"

/** As an export of its own would have it, that knows nothing of earlier ones. */
const fresh = (lab: Lab.Lab, options: ExportOptions, wire: Lab.Wire) =>
  Effect.flatMap(Collections.makeMemory, (collections) =>
    Effect.flatMap(
      lab.exports({ ...options, directory: lab.folder("fresh") }, { collections, wire }),
      ({ directory }) => Lab.tree(directory)
    ))

const undisturbed: Lab.Wire = (endpoint) => endpoint

const rewritten = (path: RegExp, change: (body: string) => string): Lab.Wire => (endpoint) => (request) =>
  Effect.map(
    endpoint(request),
    (reply): Endpoint.Reply =>
      path.test(request.url) && reply._tag === "Answer" && typeof reply.body === "string"
        ? { ...reply, body: change(reply.body) }
        : reply
  )

/** Nothing that is listed of a queue or a user says that this happened. */
const quietly = rewritten(
  /^\/api\/v2\/(routing\/queues\/[^/]+\/members|voicemail\/userpolicies\/)/,
  (body) => body.replaceAll(/"ringNumber":\d+/g, "\"ringNumber\":6").replace(/("alertTimeoutSeconds"):\d+/, "$1:77")
)

const types = ["routing_queue", "user", "group", "team", "integration_action", "telephony_providers_edges_site"]

const asked = (lab: Lab.Lab, route: string): number => lab.simulator.calls.routes.get(`GET ${route}`) ?? 0

const ofType = (changes: ReadonlyArray<{ readonly type: string }>, type: string): number =>
  changes.filter((change) => change.type === `genesyscloud_${type}`).length

const isUser = ({ type }: { readonly type: string }): boolean => type === "genesyscloud_user"

const members = "/api/v2/routing/queues/{queueId}/members"
const policies = "/api/v2/voicemail/userpolicies/{userId}"

describe("Since the last export", () => {
  it.live("what changes without a stamp is not missed", () =>
    Lab.run({ resources: 200 }, (lab) =>
      Effect.gen(function*() {
        const options = { resourceTypes: types, includeStateFile: true }
        const before = yield* lab.exports(options)
        const first = yield* Lab.tree(before.directory)
        const again = yield* lab.exports({ ...options, sinceLast: true }, { wire: quietly })
        const own = yield* Lab.tree(again.directory)
        const truth = yield* fresh(lab, options, quietly)
        assert.notStrictEqual(truth.get("genesyscloud.tf.json"), first.get("genesyscloud.tf.json"))
        assert.strictEqual(own.get("genesyscloud.tf.json"), truth.get("genesyscloud.tf.json"))
        assert.strictEqual(own.get("terraform.tfstate"), truth.get("terraform.tfstate"))
        // Templates change with the version of their action.
        assert.strictEqual(again.reused, lab.simulator.world.count("integration_action"))
        assert.isAbove(again.report.changes?.changed.length ?? 0, lab.simulator.world.count("user") / 2)
      })))

  it.live("trusting the listing: reads what the listing shows, keeps the rest of what changed, and reads what is new", () =>
    Lab.run({ resources: 400 }, (lab) =>
      Effect.gen(function*() {
        const { calls, world } = lab.simulator
        const options = { resourceTypes: types, sinceLast: true, trustListing: true }
        yield* lab.exports(options)
        calls.routes.clear()
        const same = yield* lab.exports(options, { wire: quietly })
        assert.deepStrictEqual(same.report.changes, { added: [], changed: [], removed: [] })
        assert.strictEqual(asked(lab, members) + asked(lab, policies), 0)
        assert.strictEqual(same.read, 0)
        assert.isAbove(same.trusted, world.count("user"))

        const truth = world.mutate(6)
        calls.routes.clear()
        const changed = yield* lab.exports(options)
        assert.strictEqual(asked(lab, policies), truth.added.filter(isUser).length)
        assert.isAbove(truth.changed.filter(isUser).length, 0)
        // Of what is kept, nothing is lost, and nothing is out of order.
        const own = yield* Lab.tree(changed.directory)
        const { policy, rest } = split(own.get("genesyscloud.tf.json"))
        const all = split((yield* fresh(lab, { resourceTypes: types }, undisturbed)).get("genesyscloud.tf.json"))
        assert.strictEqual(rest, all.rest)
        assert.strictEqual(policy.length, all.policy.length)
      })))

  it.live("what a listing shows counts, whatever the stamp says", () =>
    Lab.run({ resources: 200 }, (lab) =>
      Effect.gen(function*() {
        const options = { resourceTypes: ["script", "user"], sinceLast: true, trustListing: true }
        const before = yield* lab.exports(options)
        const wire = rewritten(
          /^\/api\/v2\/(users|scripts\/published)\?/,
          (body) =>
            body.replaceAll(/"proficiency":\d/g, "\"proficiency\":3").replaceAll(
              /("division":\{"id":")[0-9a-f]/g,
              "$10"
            )
        )
        lab.simulator.calls.routes.clear()
        const after = yield* lab.exports(options, { wire })
        assert.strictEqual(asked(lab, policies), 0)
        const truth = yield* fresh(lab, { resourceTypes: options.resourceTypes }, wire)
        const [was, is] = [yield* Lab.tree(before.directory), yield* Lab.tree(after.directory)]
        assert.strictEqual(is.get("genesyscloud.tf.json"), truth.get("genesyscloud.tf.json"))
        assert.notStrictEqual(after.report.changes?.changed.length, 0)
        assert.strictEqual(was.size, is.size)
      })))

  it.live("trusting the listing: a count that is listed tells of members", () =>
    Lab.run({ resources: 100 }, (lab) =>
      Effect.gen(function*() {
        const options = { resourceTypes: ["routing_queue"], sinceLast: true, trustListing: true }
        yield* lab.exports(options)
        lab.simulator.calls.routes.clear()
        const wire = rewritten(/^\/api\/v2\/routing\/queues\?/, (body) =>
          body.replace(/"memberCount":\d+/, "\"memberCount\":999"))
        yield* lab.exports(options, { wire })
        // Peers are listed apart from the others.
        assert.isAbove(asked(lab, members), 0)
        assert.isAtMost(asked(lab, members), 4)
      })))

  it.live("trusting the listing: asks once who it is, and of what changed only for what may have", () =>
    Lab.run({ resources: 600 }, (lab) =>
      Effect.gen(function*() {
        const { calls, world } = lab.simulator
        const options = {
          resourceTypes: ["oauth_client", "routing_skill_group"],
          sinceLast: true,
          trustListing: true
        }
        const own = { identified: true }
        yield* lab.exports(options, own)
        const truth = world.mutate(80)
        calls.routes.clear()
        const outcome = yield* lab.exports(options, own)
        assert.isAbove(ofType(truth.changed, "routing_skill_group"), 0)
        assert.isAbove(ofType(truth.changed, "oauth_client"), 0)
        const read = [...truth.changed, ...truth.added]
        const expected = new Map(
          Object.entries({
            "GET /api/v2/organizations/me": 1,
            "GET /api/v2/oauth/clients": 1,
            "GET /api/v2/routing/skillgroups": 1,
            "GET /api/v2/routing/skillgroups/{skillGroupId}": ofType(read, "routing_skill_group"),
            "GET /api/v2/routing/skillgroups/{skillGroupId}/members/divisions": ofType(
              truth.added,
              "routing_skill_group"
            )
          }).filter(([, count]) => count > 0)
        )
        assert.deepStrictEqual(new Map(calls.routes), expected)
        assert.strictEqual(outcome.calls, [...expected.values()].reduce((sum, count) => sum + count, 0))
      })))

  it.live("reads what a former version of the API does not list whole", () =>
    Lab.run({ resources: 200 }, (lab) =>
      Effect.gen(function*() {
        const options = { resourceTypes: ["oauth_client"] }
        const { directory } = yield* lab.exports(options)
        const route = "/api/v2/oauth/clients/{clientId}"
        assert.strictEqual(asked(lab, route), 0)
        const former = rewritten(/^\/api\/v2\/oauth\/clients$/, (body) =>
          body.replaceAll(/"authorizedGrantType":"[^"]*",?/g, ""))
        const truth = yield* fresh(lab, options, former)
        assert.strictEqual(asked(lab, route), lab.simulator.world.count("oauth_client"))
        assert.deepStrictEqual(truth, yield* Lab.tree(directory))
      })))

  it.live("trusting the listing says nothing without a last export to take from", () =>
    Lab.run({ resources: 60 }, (lab) =>
      Effect.map(Effect.flip(lab.exports({ trustListing: true })), (fault) => {
        assert.strictEqual(fault.code, "invalid-options")
      })))
})

/** What a mutation of a user draws anew besides, and the trusting export does not ask for. */
const split = (text: string | undefined): { readonly policy: ReadonlyArray<string>; readonly rest: string } => {
  const policy: Array<string> = []
  const drop = (key: string, value: unknown): unknown => {
    if (!/^(voicemail_|routing_utilization|number_plans|member_ids|members$|wrapup_codes)/.test(key)) return value
    policy.push(key)
    return undefined
  }
  return { rest: JSON.stringify(JSON.parse(text ?? "null"), drop), policy }
}

describe("What is listed whole", () => {
  it.live("asks once for what is the same for all", () =>
    Lab.run({ resources: 300 }, (lab) =>
      Effect.gen(function*() {
        const outcome = yield* lab.exports({ resourceTypes: ["telephony_providers_edges_site", "user"] })
        assert.isTrue(isWhole(outcome.report))
        assert.strictEqual(
          outcome.read,
          lab.simulator.world.count("telephony_providers_edges_site") + lab.simulator.world.count("user")
        )
        assert.strictEqual(asked(lab, "/api/v2/organizations/me"), 1)
        assert.isAbove(lab.simulator.world.count("telephony_providers_edges_site"), 1)
        assert.strictEqual(asked(lab, "/api/v2/users/{userId}"), 0)
      })))

  it.live("is vanished where it is gone before what belongs to it is read", () =>
    Lab.run({ resources: 300, trouble: { vanishing: 0.1 } }, (lab) =>
      Effect.gen(function*() {
        const some = ["user", "architect_user_prompt", "outbound_contact_list", "responsemanagement_responseasset"]
        const outcome = yield* lab.exports({ resourceTypes: some })
        const truth = some.flatMap((type) => lab.simulator.world.vanished(type))
        assert.isAbove(truth.length, 3)
        assert.sameMembers(Lab.exceptions(outcome, "vanished").map(({ id }) => id), truth)
        assert.isTrue(isWhole(outcome.report))
      })))

  it.live("goes without what all share where that may not be read, and says so once", () =>
    Lab.run({ resources: 200, denied: ["telephony_providers_edges_extension_pool"] }, (lab) =>
      Effect.gen(function*() {
        const outcome = yield* lab.exports({ resourceTypes: ["user"] })
        const route = "/api/v2/telephony/providers/edges/extensionpools"
        assert.strictEqual(asked(lab, route), 1)
        const failed = Lab.exceptions(outcome, "failed")
        assert.deepStrictEqual(failed.map(({ id, type }) => [type, id]), [["genesyscloud_user", "*"]])
        assert.include(failed[0]?.detail ?? "", route)
        assert.isFalse(isWhole(outcome.report))
        assert.strictEqual(Lab.summary(outcome, "user").exported, lab.simulator.world.count("user"))
      })))
})
