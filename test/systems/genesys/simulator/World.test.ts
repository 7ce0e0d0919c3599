import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Simulator from "../../../../src/systems/genesys/Simulator.ts"
import * as Api from "./Api.ts"

const ids = (answer: Api.Answer): ReadonlyArray<string> =>
  Api.list(answer.body, "entities").map((entity) => String(Api.field(entity, "id")))

/** All ids of a listing, as often as they stand in it, and what it promised on its first page and on its last. */
const walk = (api: Api.Api, url: string, pageSize: number) =>
  Effect.gen(function*() {
    const found: Array<string> = []
    const totals: Array<number> = []
    for (let page = 1, count = 1; page <= count; page++) {
      const answer = yield* api.get(`${url}?pageSize=${pageSize}&pageNumber=${page}`)
      count = Number(Api.field(answer.body, "pageCount"))
      totals.push(Number(Api.field(answer.body, "total")))
      assert.isAtMost(ids(answer).length, pageSize)
      found.push(...ids(answer))
    }
    return { found, totals }
  })

describe("names", () => {
  it.effect("of a small organisation are already of every kind", () =>
    Effect.gen(function*() {
      const { simulator: { world } } = yield* Api.make({ resources: 400 })
      const names = world.types.flatMap((type) => world.ids(type).map((id) => world.name(type, id) ?? ""))
      const kinds: Readonly<Record<string, (name: string) => boolean>> = {
        "interpolation": (name) => name.includes("${"),
        "directive": (name) => name.includes("%{"),
        "quote": (name) => name.includes("\""),
        "backslash": (name) => name.includes("\\"),
        "newline": (name) => name.includes("\n"),
        "emoji": (name) => name.includes("🚀"),
        "leading digit": (name) => /^\d/.test(name),
        "empty": (name) => name === "",
        "Cyrillic": (name) => /\p{Script=Cyrillic}/u.test(name),
        "Han": (name) => /\p{Script=Han}/u.test(name),
        "Arabic": (name) => /\p{Script=Arabic}/u.test(name),
        "Hangul": (name) => /\p{Script=Hangul}/u.test(name),
        "blanks around": (name) => name !== name.trim()
      }
      assert.deepStrictEqual(
        Object.entries(kinds).filter(([, is]) => !names.some(is)).map(([kind]) => kind),
        []
      )
    }))

  it.effect("stand twice in a type, and are equal only as labels", () =>
    Effect.gen(function*() {
      const { simulator: { world } } = yield* Api.make({ resources: 5_000 })
      const names = world.ids("outbound_contact_list").map((id) => world.name("outbound_contact_list", id) ?? "")
      assert.isBelow(new Set(names).size, names.length)
      const distinct = [...new Set(names)]
      const labels = distinct.map((name) => name.replace(/[^0-9A-Za-z_-]/g, "_"))
      assert.isBelow(new Set(labels).size, distinct.length)
    }))
})

describe("references", () => {
  it.effect("lead to entities, but for a few that are deleted or gone", () =>
    Effect.gen(function*() {
      const { simulator: { world } } = yield* Api.make({ resources: 10_000 })
      const flows = new Set(world.ids("flow"))
      const unpublished = new Set(world.skipped("flow"))
      let there = 0
      let deleted = 0
      let gone = 0
      for (const id of world.ids("routing_queue")) {
        const flow = Api.field(world.entity("routing_queue", id), "queueFlow", "id")
        if (typeof flow !== "string") continue
        if (flows.has(flow)) there++
        else if (unpublished.has(flow)) deleted++
        else gone++
      }
      assert.isAbove(there, 20 * (deleted + gone))
      assert.isAbove(deleted + gone, 0)
    }))

  it.effect("make circles: flows by dependency tracking, sites by each other", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 2_000 })
      const { world } = api.simulator
      const uses = new Map<string, ReadonlyArray<unknown>>()
      for (const id of world.ids("flow")) {
        const flow = world.entity("flow", id)
        const type = String(flow?.["type"])
        const version = String(Api.field(flow, "publishedVersion", "id"))
        const answer = yield* api.get(
          `/api/v2/architect/dependencytracking/consumedresources?id=${id}&version=${version}&objectType=${
            type === "WORKFLOW" ? type : `${type}FLOW`
          }`
        )
        assert.strictEqual(answer.status, 200)
        uses.set(id, ids(answer))
      }
      const circles = [...uses].filter(([id, used]) =>
        used.some((other) => typeof other === "string" && uses.get(other)?.includes(id))
      )
      assert.isAbove(circles.length, 1)
      const site = (id: string) => String(Api.field(world.entity(sites, id), "secondarySites", 0, "id"))
      const sites = "telephony_providers_edges_site"
      assert.isTrue(world.ids(sites).some((id) => site(id) !== id && site(site(id)) === id))
    }))
})

describe("what the API owns", () => {
  it.effect("is known by its name, or said to be managed", () =>
    Effect.gen(function*() {
      const { simulator: { world } } = yield* Api.make()
      const owned = (type: string) => world.owned(type).map((id) => world.name(type, id))
      assert.deepStrictEqual(owned("script"), ["Default Outbound Script"])
      assert.deepStrictEqual(owned("location"), ["Default PCV Location"])
      const sites = world.owned("telephony_providers_edges_site")
      assert.isAbove(sites.length, 0)
      for (const id of sites) {
        assert.isTrue(Api.field(world.entity("telephony_providers_edges_site", id), "managed"))
      }
      for (const id of world.owned("integration_action")) assert.match(id, /^static/)
    }))
})

describe("listings", () => {
  it.effect("are capped for inactive users, and for prompts and phones unless sorted by id", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 100_000 })
      const status = (url: string) => Effect.map(api.get(url), (answer) => answer.status)
      assert.strictEqual(yield* status("/api/v2/users?state=inactive&pageSize=500&pageNumber=20"), 200)
      assert.strictEqual(yield* status("/api/v2/users?state=inactive&pageSize=500&pageNumber=21"), 400)
      assert.strictEqual(yield* status("/api/v2/users?state=active&pageSize=500&pageNumber=21"), 200)
      const phones = "/api/v2/telephony/providers/edges/phones?pageSize=100&pageNumber=101"
      assert.strictEqual(yield* status(phones), 400)
      assert.strictEqual(yield* status(`${phones}&sortBy=id`), 200)
      assert.strictEqual(yield* status("/api/v2/architect/prompts?pageSize=100&pageNumber=101"), 400)
    }))

  it.effect("of inactive users alone can be longer than the API lets see", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 100_000, inactiveUsers: 0.9 })
      const first = yield* api.get("/api/v2/users?state=inactive&pageSize=500")
      assert.isAbove(Number(Api.field(first.body, "total")), 10_000)
    }))

  it.effect("that say no total end with an empty page", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 10_000 })
      const found: Array<string> = []
      for (let page = 1, last = 1; last > 0; page++) {
        const answer = yield* api.get(`/api/v2/integrations/actions?pageSize=100&pageNumber=${page}`)
        last = ids(answer).length
        assert.strictEqual(Api.field(answer.body, "total"), last)
        found.push(...ids(answer))
      }
      assert.deepStrictEqual(found.toSorted(), api.simulator.world.ids("integration_action").toSorted())
    }))

  it.effect("by cursor go from page to page by their next link", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 10_000, trouble: { repeating: true } })
      for (
        const [url, type] of [
          ["/api/v2/teams?pageSize=20", "team"],
          ["/api/v2/routing/skillgroups?pageSize=20", "routing_skill_group"],
          ["/api/v2/integrations/credentials/listing?pageSize=20", "integration_credential"],
          ["/api/v2/webdeployments/deployments?pageSize=20", "webdeployments_deployment"]
        ] as const
      ) {
        const found = new Set<string>()
        for (let next: unknown = url; typeof next === "string";) {
          const answer = yield* api.get(next)
          for (const id of ids(answer)) found.add(id)
          next = Api.field(answer.body, "nextUri")
        }
        assert.deepStrictEqual([...found].toSorted(), api.simulator.world.ids(type).toSorted())
      }
      assert.strictEqual((yield* api.get("/api/v2/teams?after=nonsense")).status, 400)
    }))

  it.effect("of rows have a large table and small ones", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 10_000 })
      const { world } = api.simulator
      const found: Array<string> = []
      for (const table of world.ids("architect_datatable")) {
        for (let page = 1, count = 1; page <= count; page++) {
          const url = `/api/v2/flows/datatables/${table}/rows?showbrief=false&pageSize=100&pageNumber=${page}`
          const answer = yield* api.get(url)
          count = Number(Api.field(answer.body, "pageCount"))
          for (const row of Api.list(answer.body, "entities")) {
            const key = String(Api.field(row, "key"))
            assert.strictEqual(world.parent("architect_datatable_row", key), table)
            found.push(key)
          }
        }
      }
      assert.deepStrictEqual(found.toSorted(), world.ids("architect_datatable_row").toSorted())
    }))
})

describe("trouble", () => {
  it.effect("lets entities vanish between the listing and the read", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 2_000, trouble: { vanishing: 0.05 } })
      const { world } = api.simulator
      const { found } = yield* walk(api, "/api/v2/routing/wrapupcodes", 100)
      const gone = world.vanished("routing_wrapupcode")
      assert.isAbove(gone.length, 0)
      for (const id of found) {
        const { status } = yield* api.get(`/api/v2/routing/wrapupcodes/${id}`)
        assert.strictEqual(status, gone.includes(id) ? 404 : 200)
      }
      assert.deepStrictEqual(found.toSorted(), [...world.ids("routing_wrapupcode"), ...gone].toSorted())
    }))

  it.effect("lets entities change when they are read, their stamp with them, once", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 2_000, trouble: { restless: 0.2 } })
      const stamps = () =>
        Effect.map(
          api.get("/api/v2/routing/wrapupcodes?pageSize=100"),
          ({ body }) => Api.list(body, "entities").map((entity) => String(Api.field(entity, "dateModified")))
        )
      const before = yield* stamps()
      const read = []
      for (const id of ids(yield* api.get("/api/v2/routing/wrapupcodes?pageSize=100"))) {
        read.push(String(Api.field((yield* api.get(`/api/v2/routing/wrapupcodes/${id}`)).body, "dateModified")))
      }
      const after = yield* stamps()
      assert.deepStrictEqual(read, after)
      const moved = after.filter((stamp, index) => stamp !== before[index]).length
      assert.isAbove(moved, 0)
      assert.isBelow(moved, after.length)
    }))

  it.effect("lets deployments stay with the version of their configuration, which goes on", () =>
    Effect.gen(function*() {
      const { get, simulator: { world } } = yield* Api.make({ resources: 400 })
      const configurationOf = (id: string) =>
        Effect.map(get(`/api/v2/webdeployments/deployments/${id}`), ({ body }) => Api.field(body, "configuration"))
      const deployments = world.ids("webdeployments_deployment")
      const before = yield* Effect.forEach(deployments, configurationOf)
      const { changed, removed } = world.mutate(100)
      assert.isAbove(changed.filter(({ type }) => type === "genesyscloud_webdeployments_configuration").length, 0)
      const there = deployments.filter((id) => !removed.some((one) => one.id === id))
      assert.isAbove(there.length, 0)
      assert.deepStrictEqual(
        yield* Effect.forEach(there, configurationOf),
        before.filter((_, index) => there.includes(deployments[index] ?? ""))
      )
    }))

  it.effect("lets counts grow while pages are turned", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 10_000, trouble: { growing: true } })
      const { found, totals } = yield* walk(api, "/api/v2/routing/wrapupcodes", 100)
      assert.isAbove(totals.at(-1) ?? 0, totals[0] ?? 0)
      assert.strictEqual(new Set(found).size, found.length)
      assert.deepStrictEqual(found.toSorted(), api.simulator.world.ids("routing_wrapupcode").toSorted())
    }))

  it.effect("repeats entities at the borders of pages, and loses none", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 10_000, trouble: { repeating: true } })
      let repeated = 0
      for (
        const [url, type] of [
          ["/api/v2/routing/wrapupcodes", "routing_wrapupcode"],
          ["/api/v2/outbound/contactlists", "outbound_contact_list"],
          ["/api/v2/groups", "group"],
          ["/api/v2/outbound/campaigns", "outbound_campaign"]
        ] as const
      ) {
        const { found, totals } = yield* walk(api, url, 25)
        repeated += found.length - new Set(found).size
        assert.strictEqual(new Set(found).size, totals[0])
        assert.deepStrictEqual([...new Set(found)].toSorted(), api.simulator.world.ids(type).toSorted())
      }
      assert.isAbove(repeated, 0)
    }))

  it.effect("follows a fault plan, and counts", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({
        faults: {
          rules: [{
            match: { path: "/flows" },
            nth: [1, 2],
            effect: { type: "answer", status: 503, body: "{}" }
          }]
        }
      })
      const statuses = []
      for (let index = 0; index < 3; index++) statuses.push((yield* api.get("/api/v2/flows")).status)
      assert.deepStrictEqual(statuses, [503, 503, 200])
      assert.strictEqual((yield* api.simulator.faults)[0]?.fired, 2)
    }))
})

const key = ({ id, type }: { readonly type: string; readonly id: string }) => `${type} ${id}`

const sorted = (keys: Iterable<string>) => [...keys].toSorted()

describe("rough weather", () => {
  it.effect("fails now and then in every way, and mostly not", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ faults: Simulator.rough, rateLimitPerMinute: Infinity })
      let answers = 0
      for (let index = 0; index < 3_000; index++) {
        const reply = yield* simulator.endpoint({ method: "GET", url: "/api/v2/flows", headers: {}, body: "" })
        // Nobody is signed in: what is not a fault is a 401.
        if (reply._tag === "Answer" && reply.status === 401 && reply.truncateAt === undefined) answers++
      }
      const fired = (yield* simulator.faults).filter(({ fired }) => fired > 0).map(({ rule }) => rule)
      assert.deepStrictEqual(
        fired,
        Simulator.rough.rules.map(({ name }) => name).filter((name) => name !== "throttled login")
      )
      assert.isAbove(answers, 2_850)
    }))
})

describe("mutate", () => {
  it.effect("changes as many as asked for, and nothing else", () =>
    Effect.gen(function*() {
      const { simulator: { world } } = yield* Api.make({ resources: 10_000 })
      const snapshot = () =>
        new Map(world.types.flatMap((type) =>
          world.ids(type).map((id) => [`${type} ${id}`, JSON.stringify(world.entity(type, id))] as const)
        ))
      const before = snapshot()
      const changes = world.mutate(1)
      const after = snapshot()
      assert.strictEqual(changes.added.length + changes.changed.length + changes.removed.length, 100)
      assert.deepStrictEqual(
        sorted([...after.keys()].filter((one) =>
          !before.has(one)
        )),
        sorted(changes.added.map(key))
      )
      assert.deepStrictEqual(
        sorted([...before.keys()].filter((one) => !after.has(one))),
        sorted(changes.removed.map(key))
      )
      assert.deepStrictEqual(
        sorted([...after].filter(([one, text]) => before.has(one) && before.get(one) !== text).map(([one]) => one)),
        sorted(changes.changed.map(key))
      )
      assert.isAbove(Math.min(changes.added.length, changes.removed.length), 10)
    }))

  it.effect("changes more of an entity than its stamp, whatever its type", () =>
    Effect.gen(function*() {
      const { simulator: { world } } = yield* Api.make({ resources: 2_000 })
      const stamps = new Set([
        "version",
        "dateModified",
        "modifiedDate",
        "versionDate",
        "publishedDate",
        "datePublished"
      ])
      const told = (type: string, id: string): string =>
        JSON.stringify(world.entity(type, id), (name, value: unknown) => stamps.has(name) ? undefined : value)
      const before = new Map(
        world.types.flatMap((type) => world.ids(type).map((id) => [key({ type, id }), told(type, id)]))
      )
      const { changed } = world.mutate(90)
      const same = changed.filter(({ id, type }) => before.get(key({ type, id })) === told(type, id))
      assert.deepStrictEqual([...new Set(same.map(({ type }) => type))], [])
      // Of all types but those that have nothing but a name, and what hangs on nothing else.
      assert.isAbove(new Set(changed.map(({ type }) => type)).size, 40)
    }))

  it.effect("moves the change stamps that listings have", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 2_000 })
      const listing = Effect.map(
        api.get("/api/v2/users?state=active&pageSize=500"),
        ({ body }) =>
          new Map(Api.list(body, "entities").map((one) => [Api.field(one, "id"), Api.field(one, "version")]))
      )
      const before = yield* listing
      const changed = api.simulator.world.mutate(10).changed.filter(({ type }) => type === "genesyscloud_user")
      const after = yield* listing
      assert.isAbove(changed.length, 0)
      for (const { id } of changed) {
        if (before.has(id)) assert.strictEqual(after.get(id), Number(before.get(id)) + 1)
      }
    }))
})

describe("files", () => {
  it.effect("are downloaded by their links, without a token, and change with their entity", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 400 })
      const { world } = api.simulator
      const [id = ""] = world.ids("architect_user_prompt")
      const prompt = `/api/v2/architect/prompts/${id}?includeResources=true&includeMediaUris=true`
      const link = Effect.map(api.get(prompt), ({ body }) => String(Api.field(body, "resources", 0, "mediaUri")))
      const media = yield* link
      assert.match(media, /^https:\/\/api\.mypurecloud\.com\/storage\//)
      const path = media.slice("https://api.mypurecloud.com".length)
      const audio = yield* api.ask({ url: path })
      assert.strictEqual(audio.headers["content-type"], "audio/wav")
      assert.strictEqual(Buffer.from(audio.bytes ?? []).subarray(0, 4).toString("latin1"), "RIFF")
      while (!world.mutate(50).changed.some((one) => one.id === id)) { /* until it is its turn */ }
      const changed = yield* api.ask({ url: (yield* link).slice("https://api.mypurecloud.com".length) })
      assert.notDeepEqual(changed.bytes, audio.bytes)
    }))

  it.effect("of flows are YAML of an export job", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const [id = ""] = api.simulator.world.ids("flow")
      const job = yield* api.post("/api/v2/flows/export/jobs", { flows: [{ flow: { id } }] })
      const url = `/api/v2/flows/export/jobs/${String(Api.field(job.body, "id"))}`
      yield* api.get(url)
      const link = String(Api.field((yield* api.get(url)).body, "downloadUrl"))
      const { text } = yield* api.ask({ url: link.slice("https://api.mypurecloud.com".length) })
      assert.include(text, `name: ${JSON.stringify(api.simulator.world.name("flow", id))}`)
    }))
})
