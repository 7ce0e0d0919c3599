/** The truth about a simulated workspace: what is checked, what is heard, and what others do. */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as Endpoint from "../../../../src/simulation/Endpoint.ts"
import * as Simulator from "../../../../src/systems/elevenlabs/Simulator.ts"
import * as Api from "./Api.ts"

const root = Api.knowledgeBase
const agents = "/v1/convai/agents"

/** Names with a hash, as a synchronisation gives them. */
const [old, young, other] = ["shop #0123456789ab", "shop #ba9876543210", "help #0123456789ab"]

const setting = (options?: Simulator.Options) =>
  Effect.gen(function*() {
    const api = yield* Api.make({ agents: [{ name: "Support", nodes: { desk: [] } }], ...options })
    const agent = api.world.agents()[0]?.id ?? ""
    const folder = Api.idOf(yield* api.post(`${root}/folder`, { name: "holdfast" }))
    const make = (name: string) => Effect.map(api.upload({ name, content: name, folder }), (id) => ({ id, name }))
    const attach = (documents: ReadonlyArray<{ readonly id: string; readonly name: string }>, branch = "") =>
      api.patch(`${agents}/${agent}${branch === "" ? "" : `?branch_id=${branch}`}`, Api.attaching(documents))
    return { api, world: api.world, agent, folder, make, attach }
  })

const invariants = (violations: ReadonlyArray<{ readonly invariant: string }>): ReadonlyArray<string> =>
  violations.map(({ invariant }) => invariant)

describe("what an agent had", () => {
  it.effect("may be exchanged for another document of the same file", () =>
    Effect.gen(function*() {
      const { attach, make, world } = yield* setting()
      const [one, two] = [yield* make(old), yield* make(young)]
      yield* attach([one])
      yield* attach([two])
      assert.deepStrictEqual(world.check(), [])
    }))

  it.effect("may not be missing in between", () =>
    Effect.gen(function*() {
      const { attach, make, world } = yield* setting()
      const [one, two] = [yield* make(old), yield* make(other)]
      yield* attach([one])
      yield* attach([two])
      assert.deepStrictEqual(invariants(world.check()), ["I1"])
      assert.deepStrictEqual(world.check({ removed: ["shop"] }), [])
      yield* attach([one, two])
      assert.deepStrictEqual(world.check(), [])
    }))

  it.effect("may not be lost by a delete, on any branch or in any node", () =>
    Effect.gen(function*() {
      const { agent, api, attach, make, world } = yield* setting()
      const one = yield* make(old)
      yield* attach([one])
      yield* api.patch(`${agents}/${agent}`, {
        workflow: { nodes: { desk: { additional_knowledge_base: [{ type: "file", ...one }] } } }
      })
      const branch = yield* world.addBranch(agent, "Trial")
      yield* attach([], branch)
      assert.deepStrictEqual(invariants(world.check()), ["I1"])
      assert.include(world.check()[0]?.detail ?? "", "Trial")
      yield* api.remove(`${root}/${one.id}?force=true`)
      assert.strictEqual(world.check().length, 4)
    }))

  it.effect("is kept by an update in place, whatever the document is called then", () =>
    Effect.gen(function*() {
      const { api, attach, make, world } = yield* setting()
      const one = yield* make(old)
      yield* attach([one])
      yield* api.sendFile("PATCH", `${root}/${one.id}/update-file`, { filename: "shop.txt", content: "new" })
      assert.deepStrictEqual(world.check(), [])
    }))

  it.effect("and others take out is not missed, but what was missing before is", () =>
    Effect.gen(function*() {
      const { agent, attach, make, world } = yield* setting()
      const [one, two] = [yield* make(old), yield* make(other)]
      yield* attach([one, two])
      yield* world.deleteDocument(one.id)
      assert.deepStrictEqual(world.check(), [])
      yield* attach([])
      yield* world.editAgent(agent, (content) => ({ ...content, name: "Renamed" }))
      assert.deepStrictEqual(world.check().map(({ detail }) => detail.endsWith("has lost help")), [true])
    }))

  it.effect("is nobody's concern once the agent is deleted", () =>
    Effect.gen(function*() {
      const { agent, api, attach, make, world } = yield* setting()
      const one = yield* make(old)
      yield* attach([one])
      yield* world.deleteAgent(agent)
      assert.strictEqual((yield* api.get(`${agents}/${agent}`)).status, 404)
      assert.strictEqual((yield* api.remove(`${root}/${one.id}`)).status, 200)
      assert.deepStrictEqual(world.check(), [])
    }))

  it.effect("of others may not be lost either", () =>
    Effect.gen(function*() {
      const { attach, world } = yield* setting()
      const id = yield* world.addForeignDocument({ name: "Theirs" })
      yield* attach([{ id, name: "Theirs" }])
      yield* attach([])
      assert.deepStrictEqual(invariants(world.check()), ["I1"])
    }))
})

describe("what is recorded", () => {
  it.effect("is all there is in the folder, or in the making", () =>
    Effect.gen(function*() {
      const { folder, make, world } = yield* setting()
      const one = yield* make(old)
      yield* make(young)
      assert.deepStrictEqual(invariants(world.check({ folder, recorded: [one.id] })), ["I2"])
      assert.deepStrictEqual(world.check({ folder, recorded: [one.id], open: [young] }), [])
      yield* world.addForeignDocument({ name: "elsewhere" })
      assert.deepStrictEqual(world.check({ folder, recorded: [one.id], open: [young] }), [])
    }))

  it.effect("is one document for each file in the end", () =>
    Effect.gen(function*() {
      const { api, folder, make, world } = yield* setting()
      const one = yield* make(old)
      assert.deepStrictEqual(world.check({ folder, files: ["shop"] }), [])
      assert.deepStrictEqual(invariants(world.check({ folder, files: ["shop", "help"] })), ["I3"])
      yield* make(young)
      assert.deepStrictEqual(invariants(world.check({ folder, files: ["shop"] })), ["I3"])
      yield* api.remove(`${root}/${one.id}`)
      assert.deepStrictEqual(world.check({ folder, files: ["shop"] }), [])
      yield* make("of no file")
      assert.deepStrictEqual(invariants(world.check({ folder, files: ["shop"] })), ["I3"])
    }))

  it.effect("is what the documents hold", () =>
    Effect.gen(function*() {
      const { make, world } = yield* setting()
      const one = yield* make(old)
      const hash = world.document(one.id)?.hash ?? ""
      assert.match(hash, /^[0-9a-f]{64}$/)
      assert.deepStrictEqual(world.check({ hashes: [[one.id, hash]] }), [])
      yield* world.changeDocument(one.id, "another")
      assert.deepStrictEqual(invariants(world.check({ hashes: [[one.id, hash]] })), ["I4"])
      assert.deepStrictEqual(invariants(world.check({ hashes: [["nothing", hash]] })), ["I4"])
    }))
})

describe("a listener", () => {
  it.scoped("hears every call before and after it takes effect", () =>
    Effect.gen(function*() {
      const { api, make, world } = yield* setting()
      const heard: Array<string> = []
      yield* world.listen(({ call, when }) =>
        Effect.sync(() => void heard.push(`${when} ${call.route} ${call.status} ${world.documents().length}`))
      )
      yield* make(old)
      yield* api.get(`${root}/nothing`)
      assert.deepStrictEqual(heard, [
        `before POST ${root}/file 0 0`,
        `after POST ${root}/file 200 1`,
        `before GET ${root}/{documentation_id} 0 1`,
        `after GET ${root}/{documentation_id} 404 1`
      ])
    }))

  it.scoped("hears of a call whose answer is lost", () =>
    Effect.gen(function*() {
      const { api, world } = yield* setting({
        faults: { rules: [{ match: { method: "POST", path: "/text$" }, effect: { type: "reset-after" } }] }
      })
      const heard: Array<number> = []
      yield* world.listen(({ call, when }) =>
        Effect.sync(() => void (when === "after" ? heard.push(call.status) : undefined))
      )
      const reply = yield* api.reply({ method: "POST", url: `${root}/text`, body: JSON.stringify({ text: "lost" }) })
      assert.strictEqual(reply._tag, "Reset")
      assert.deepStrictEqual(heard, [200])
      assert.strictEqual(world.documents().length, 1)
      assert.deepStrictEqual((yield* api.simulator.faults).map(({ fired }) => fired), [1])
    }))

  it.scoped("may stop the caller at any call, and what was done stands", () =>
    Effect.gen(function*() {
      const { api, world } = yield* setting()
      const client = Endpoint.toHttpClient(api.simulator.endpoint)
      const { apiKey } = api.simulator.credentials
      const write = (text: string) =>
        HttpClientRequest.post(`https://api.elevenlabs.io${root}/text`).pipe(
          HttpClientRequest.setHeader("xi-api-key", apiKey),
          HttpClientRequest.bodyText(JSON.stringify({ text, name: text }), "application/json"),
          client.execute,
          Effect.scoped
        )
      const caller = yield* Deferred.make<Fiber.RuntimeFiber<unknown, unknown>>()
      let calls = 0
      yield* world.listen(({ when }) =>
        when === "after" && ++calls === 2 ? Effect.flatMap(Deferred.await(caller), Fiber.interrupt) : Effect.void
      )
      const working = yield* Effect.fork(Effect.forEach(["one", "two", "three"], write))
      yield* Deferred.succeed(caller, working)
      const exit = yield* Fiber.await(working)
      assert.isTrue(Exit.isInterrupted(exit))
      assert.deepStrictEqual(world.documents().map(({ name }) => name), ["one", "two"])
    }))

  it.scoped("that fails leaves no request unanswered, and is told of", () =>
    Effect.gen(function*() {
      const { api, make, world } = yield* setting()
      yield* world.listen(({ when }) => {
        if (when === "before") throw new Error("no such file")
        return Effect.die("not good")
      })
      yield* make(old)
      assert.strictEqual((yield* api.get(root)).status, 200)
      assert.strictEqual(world.documents().length, 1)
      const told = ["no such file", "not good", "no such file", "not good"].map((detail) =>
        `a listener failed: ${detail}`
      )
      assert.deepStrictEqual(world.check().map(({ detail }) => detail), told)
      assert.isTrue(world.check().every(({ invariant }) => invariant === "listener"))
    }))

  it.effect("hears nothing once its scope is closed", () =>
    Effect.gen(function*() {
      const { api, world } = yield* setting()
      let heard = 0
      yield* Effect.scoped(Effect.zipRight(world.listen(() => Effect.sync(() => void heard++)), api.get(root)))
      yield* api.get(root)
      assert.strictEqual(heard, 2)
    }))
})

describe("calls", () => {
  it.effect("are counted, and kept where that is wanted", () =>
    Effect.gen(function*() {
      const { calls } = (yield* setting({ record: true })).api.simulator
      assert.deepStrictEqual([...calls.routes], [[`POST ${root}/folder`, 1]])
      assert.deepStrictEqual(calls.log.map(({ method, number, status }) => [number, method, status]), [[
        1,
        "POST",
        200
      ]])
    }))

  it.effect("take effect in the middle of their time", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ latencyMillis: 100 })
      const sent = yield* Effect.fork(api.upload({ content: "x" }))
      yield* TestClock.adjust(49)
      assert.deepStrictEqual(api.world.documents(), [])
      yield* TestClock.adjust(1)
      assert.strictEqual(api.world.documents().length, 1)
      assert.isTrue(Option.isNone(yield* Fiber.poll(sent)))
      yield* TestClock.adjust(50)
      assert.isTrue(Option.isSome(yield* Fiber.poll(sent)))
    }))
})

describe("others", () => {
  it.effect("edit an agent that was just read or saved", () =>
    Effect.gen(function*() {
      const { agent, api, attach, make, world } = yield* setting({ trouble: { edits: 1 } })
      const documents = [yield* make(old), yield* make(other)]
      const newest = () => world.agent(agent).branches.get(world.agent(agent).main)?.versions.at(-1)?.id
      const saved = yield* attach(documents)
      assert.notStrictEqual(Api.field(saved.body, "version_id"), newest())
      for (let round = 0; round < 20; round++) {
        const read = yield* api.get(`${agents}/${agent}`)
        assert.notStrictEqual(Api.field(read.body, "version_id"), newest())
      }
      assert.isTrue(documents.every(({ id }) => world.attached(agent).includes(id)))
      assert.isAbove(world.documents().length, 2)
      assert.deepStrictEqual(world.check(), [])
    }))

  it.effect("rename and delete documents while one works", () =>
    Effect.gen(function*() {
      const { make, world } = yield* setting({ trouble: { renames: 0.3, deletions: 0.3 } })
      for (let round = 0; round < 20; round++) yield* make(`file ${round}`)
      const names = world.documents().map(({ name }) => name)
      assert.isBelow(names.length, 20)
      assert.isTrue(names.some((name) => name.startsWith("Renamed")))
      assert.isTrue(names.some((name) => name.startsWith("file")))
    }))

  it.effect("do the same in the same world", () =>
    Effect.gen(function*() {
      const run = Effect.gen(function*() {
        const { make, world } = yield* setting({ seed: 5, trouble: { renames: 0.3, deletions: 0.3 } })
        for (let round = 0; round < 10; round++) yield* make(`file ${round}`)
        return world.documents().map(({ id, name }) => [id, name])
      })
      assert.deepStrictEqual(yield* run, yield* run)
    }))
})

describe("rough weather", () => {
  it.effect("loses answers before and after the act", () =>
    Effect.gen(function*() {
      const { api } = yield* setting().pipe(Effect.zipRight(setting({ faults: Simulator.rough })))
      const sent = yield* Effect.forkAll(
        Array.from({ length: 300 }, (_, index) =>
          api.reply({ method: "POST", url: `${root}/text`, body: JSON.stringify({ text: "x", name: `${index}` }) }))
      )
      yield* TestClock.adjust("10 seconds")
      const replies = yield* Fiber.join(sent)
      const well = replies.filter((reply) =>
        reply._tag === "Answer" && reply.status === 200
      ).length
      assert.isBelow(well, 300)
      assert.isAbove(api.world.documents().length, well)
    }))
})
