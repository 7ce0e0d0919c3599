/**
 * The client against the simulated workspace, which shares no code with it: what one writes the other must read.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Fault from "../../../src/kernel/Fault.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Serve from "../../../src/simulation/Serve.ts"
import * as VirtualClock from "../../../src/simulation/VirtualClock.ts"
import * as Agents from "../../../src/systems/elevenlabs/Agents.ts"
import * as Client from "../../../src/systems/elevenlabs/Client.ts"
import * as Paging from "../../../src/systems/elevenlabs/client/Paging.ts"
import * as Simulator from "../../../src/systems/elevenlabs/Simulator.ts"
import * as Api from "./Api.ts"
import * as Specification from "./Specification.ts"

const binary = Uint8Array.from({ length: 2048 }, (_, index) => (index * 7) % 256)

const upload = (name: string, content: Uint8Array = binary) => ({
  name,
  filename: `${name}.pdf`,
  mediaType: "application/pdf",
  content
})

const inProcess = (options: Simulator.Options) =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make(options)
    const client = yield* Client.make({ apiKey: Redacted.make(simulator.credentials.apiKey) }).pipe(
      Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(simulator.endpoint))
    )
    return { simulator, client }
  })

const overSockets = (options: Simulator.Options) =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make(options)
    const { url } = yield* Serve.serve(simulator.endpoint)
    const layer = Client.layer({ apiKey: Redacted.make(simulator.credentials.apiKey), origin: url })
    return { simulator, client: Context.get(yield* Layer.build(layer), Client.Client) }
  })

const codes = (faults: ReadonlyArray<Fault.Fault>) => faults.map(({ code, kind }) => `${kind} ${code}`)

/** A document's whole life, with folders, an agent with a node, a branch and an index. */
const life = ({ client, simulator }: { readonly client: Client.Service; readonly simulator: Simulator.Simulator }) =>
  Effect.gen(function*() {
    const { world } = simulator
    const folder = yield* client.createFolder({ name: "holdfast" })
    const inner = yield* client.createFolder({ name: "example.com", parent: folder.id })
    const one = yield* client.createFile({ ...upload("one"), folder: inner.id })
    const two = yield* client.createFile({ ...upload("twö \"2\""), folder: inner.id })
    assert.deepStrictEqual(new Uint8Array(world.document(one.id)?.bytes ?? []), binary)
    assert.strictEqual(world.document(two.id)?.mediaType, "application/pdf")
    assert.deepStrictEqual(new Uint8Array(yield* client.source(one.id)), binary)
    const listed = yield* Paging.documents(client, { folder: inner.id, pageSize: 1 })
    assert.deepStrictEqual(listed.map(({ id }) => id).toSorted(), [one.id, two.id].toSorted())
    assert.strictEqual((yield* client.list({ folder: inner.id, prefix: "tw" })).documents[0]?.name, "twö \"2\"")
    assert.deepStrictEqual(
      (yield* client.list({ types: ["folder"], sortBy: "name" })).documents.map(({ name }) => name),
      ["example.com", "holdfast"]
    )

    yield* client.rename({ id: two.id, name: "two" })
    yield* client.updateFile({ ...upload("two", binary.subarray(1)), id: two.id })
    assert.strictEqual((yield* client.get(two.id)).filename, "two.pdf")
    assert.deepStrictEqual(new Uint8Array(yield* client.source(two.id)), binary.subarray(1))
    yield* client.move({ id: two.id, to: folder.id })
    assert.strictEqual((yield* client.get(two.id)).folderId, folder.id)
    yield* client.move({ id: two.id, to: null })
    assert.isNull((yield* client.get(two.id)).folderId)

    const attached = { id: one.id, name: "one", type: "file" } as const
    const id = yield* world.addAgent({ name: "Support", documents: [attached], nodes: { sales: [attached] } })
    const branch = yield* world.addBranch(id, "trial")
    assert.isTrue((yield* Paging.agents(client)).some((agent) => agent.id === id))
    const users = yield* Paging.dependents(client, [one.id, two.id])
    assert.deepStrictEqual(users.agents.map((agent) => agent.id), [id])
    assert.isTrue(users.branches.some(({ branchId, isMain }) => branchId === branch && !isMain))
    assert.deepStrictEqual((yield* client.branches(id)).map(({ name }) => name).toSorted(), ["Main", "trial"])

    const refusals = yield* client.bulkDelete([one.id])
    const refusal = refusals.get(one.id)
    assert.deepStrictEqual(refusal === undefined || Either.isRight(refusal) ? [] : codes([refusal.left]), [
      "locked has-dependents"
    ])
    for (const on of [null, branch]) {
      const before = yield* client.agent(id, { branch: on })
      assert.isTrue(Agents.documents(before.json).has(one.id))
      const body = Agents.patch(before.json, Agents.replace(before.json, one.id, { id: two.id, name: "two" }))
      const after = yield* client.patchAgent(id, { branch: on, body: body ?? {}, description: "holdfast test" })
      assert.deepStrictEqual([...Agents.documents(after.json)], [two.id])
      assert.strictEqual(Agents.places(after.json).filter(({ entries }) => entries.length > 0).length, 2)
      const version = yield* client.version(id, after.versionId ?? "")
      assert.deepStrictEqual([version.description, version.parents.inBranch], ["holdfast test", before.versionId])
      assert.deepStrictEqual((yield* client.agent(id, { version: before.versionId })).json, before.json)
    }
    assert.deepStrictEqual(world.attached(id, branch), [two.id])
    assert.deepStrictEqual((yield* client.dependents(one.id)).agents, [])

    const index = yield* client.createIndex({ id: two.id, model: "e5_mistral_7b_instruct" })
    assert.deepStrictEqual((yield* client.indexes(two.id)).map(({ id }) => id), [index.id])
    assert.isAbove((yield* client.indexOverview).maxBytes, 0)
    assert.strictEqual((yield* client.subscription).tier, "creator")

    yield* client.delete(one.id)
    const gone = yield* Effect.forEach(
      [client.get(one.id), client.delete(one.id), client.source(one.id)],
      (call) => Effect.flip(call as Effect.Effect<unknown, Fault.Fault>)
    )
    assert.deepStrictEqual(codes(gone), ["not-found not-found", "not-found not-found", "not-found not-found"])
    const noAgent = yield* Effect.flip(client.agent("agent_0123"))
    assert.deepStrictEqual([noAgent.code, noAgent.detail], ["not-found", "There is no such agent"])
    assert.deepStrictEqual(world.documents().map(({ id }) => id), [two.id])
    assert.strictEqual(simulator.calls.keysGivenAway, 0)
  })

describe("the client and the simulated workspace", () => {
  it.effect("agree, in process, in the words of today and of older times", () =>
    Effect.forEach(["current", "legacy"] as const, (errors) => Effect.flatMap(inProcess({ errors }), life)))

  it.effect.skipIf(!Specification.isThere)(
    Specification.isThere ? "both do as the API description says" : Specification.skipped,
    () =>
      Effect.gen(function*() {
        const problems = new Set<string>()
        const simulator = yield* Simulator.make()
        const checked: Endpoint.Endpoint = (request) =>
          Effect.tap(simulator.endpoint(request), (reply) => {
            const sent = { method: request.method, url: request.url, body: Api.bodyOf(request) }
            if (request.headers["xi-api-key"] === undefined) return
            for (const problem of Specification.requestProblems(sent)) problems.add(problem)
            if (reply._tag !== "Answer" || reply.status >= 300) return
            const answer: unknown = JSON.parse(reply.body)
            for (const problem of Specification.answerProblems(sent, reply.status, answer)) problems.add(problem)
          })
        const client = yield* Client.make({ apiKey: Redacted.make(simulator.credentials.apiKey) }).pipe(
          Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(checked))
        )
        yield* life({ client, simulator })
        assert.deepStrictEqual([...problems], [])
      })
  )

  it.scopedLive("agree over sockets", () => Effect.flatMap(overSockets({}), life))

  it.effect("agree on what is refused", () =>
    Effect.gen(function*() {
      for (const errors of ["current", "legacy"] as const) {
        const { client } = yield* inProcess({ errors, fileBytes: 100, documents: 1 })
        const large = yield* Effect.flip(client.createFile(upload("large")))
        yield* client.createFile(upload("small", binary.subarray(0, 50)))
        const second = yield* Effect.flip(client.createFile(upload("second", binary.subarray(0, 50))))
        const reader = yield* inProcess({ errors, readOnly: true })
        const mayNot = yield* Effect.flip(reader.client.createFolder({ name: "f" }))
        const often = yield* inProcess({ errors, requestsPerMinute: 1 })
        yield* often.client.list()
        const tooOften = yield* Effect.flip(often.client.list())
        assert.deepStrictEqual(codes([large, second, mayNot, tooOften]), [
          "invalid too-large",
          "denied quota",
          "denied denied",
          "throttled rate-limited"
        ])
        const simulator = yield* Simulator.make({ errors })
        const stranger = yield* Client.make({ apiKey: Redacted.make("sk_somebody_else") }).pipe(
          Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(simulator.endpoint))
        )
        assert.deepStrictEqual(codes([yield* Effect.flip(stranger.list())]), ["unauthenticated unauthenticated"])
      }
    }))

  it.effect("two hundred uploads at once are never too many, and use what there is", () =>
    VirtualClock.run(Effect.gen(function*() {
      const { client, simulator } = yield* inProcess({ concurrencyLimit: 5, latencyMillis: 50 })
      const started = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      yield* Effect.forEach(
        Array.from({ length: 200 }, (_, index) => index),
        (index) => client.createFile(upload(`document ${index}`, binary.subarray(0, 10 + index))),
        { concurrency: 200 }
      )
      const ended = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      assert.strictEqual(simulator.world.documents().length, 200)
      assert.isUndefined(simulator.calls.statuses.get(429))
      // A first round of two, then five at a time.
      assert.isAtMost(ended - started, 1.1 * (200 / 5) * 50)
    })))

  it.effect("in rough weather a fault says truly whether something may have been made", () =>
    VirtualClock.run(Effect.gen(function*() {
      let doubts = 0
      for (let seed = 1; seed <= 2; seed++) {
        const { client, simulator } = yield* inProcess({ seed, faults: { ...Simulator.rough, seed } })
        for (let number = 0; number < 150; number++) {
          const name = `document ${number}`
          const outcome = yield* Effect.either(client.createFile(upload(name, binary.subarray(0, 600 + number))))
          const made = simulator.world.documents().filter((one) => one.name === name).length
          if (Either.isRight(outcome)) assert.strictEqual(made, 1)
          else if (Fault.isOutcomeUnknown(outcome.left)) doubts += made
          else assert.strictEqual(made, 0, `${outcome.left.kind} ${outcome.left.code}`)
        }
        const kinds = yield* Effect.forEach(
          Array.from({ length: 200 }),
          () =>
            Effect.match(client.list(), {
              onFailure: ({ kind, system }) => `${system} ${kind}`,
              onSuccess: () => "fine"
            })
        )
        const known = ["fine", "elevenlabs transient", "elevenlabs throttled", "elevenlabs invalid"]
        assert.deepStrictEqual(kinds.filter((kind) => !known.includes(kind)), [])
      }
      // Without answers lost after the act this would have proved nothing.
      assert.isAbove(doubts, 5)
    })))

  it.effect("where others use the service too, some is left to them", () =>
    VirtualClock.run(Effect.gen(function*() {
      const { client, simulator } = yield* inProcess({ concurrencyLimit: 5, latencyMillis: 50 })
      simulator.world.setOthers(3)
      yield* Effect.forEach(Array.from({ length: 40 }), () => client.list(), { concurrency: 40 })
      assert.isUndefined(simulator.calls.statuses.get(429))
    })))
})
