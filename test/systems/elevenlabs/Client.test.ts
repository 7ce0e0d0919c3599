import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Fault from "../../../src/kernel/Fault.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Serve from "../../../src/simulation/Serve.ts"
import * as Client from "../../../src/systems/elevenlabs/Client.ts"
import * as Api from "./Api.ts"
import * as Specification from "./Specification.ts"

/** Every byte there is, so no text of any encoding. */
const binary = Uint8Array.from({ length: 512 }, (_, index) => index % 256)
const upload = { filename: "llms-ü \"1\".txt", mediaType: "application/pdf", content: binary }

const document = (id: string, more?: Record<string, unknown>) => ({
  id,
  name: `name of ${id}`,
  type: "file",
  metadata: { created_at_unix_secs: "1700000000", last_updated_at_unix_secs: 1700000001, size_bytes: 12 },
  supported_usages: ["prompt", "auto"],
  access_info: { role: "admin" },
  dependent_agents: [],
  something_new: 1,
  ...more
})

const agent = {
  agent_id: "a1",
  name: "Receptionist",
  version_id: "agtvrsn_1",
  branch_id: "agtbrch_1",
  main_branch_id: "agtbrch_1",
  metadata: { updated_at_unix_secs: 5 },
  conversation_config: { agent: { prompt: { knowledge_base: [] } }, unknown_here: [1, "2"] }
}

const index = {
  id: "i",
  model: "e5_mistral_7b_instruct",
  status: "SUCCEEDED",
  progress_percentage: 100,
  document_model_index_usage: { used_bytes: 7 }
}

/** An answer for each endpoint. */
const answers: Api.Answering = ({ method, url }) => {
  const path = (url.split("?")[0] ?? "").replace("/v1/convai/", "").replace("knowledge-base", "kb")
  switch (`${method} ${path}`) {
    case "POST kb/file":
    case "POST kb/folder":
      return Api.json({ id: "new", name: "N", folder_path: [] })
    case "GET kb":
      return Api.json({ documents: [document("d1", { folder_parent_id: "f" })], next_cursor: "c2", has_more: true })
    case "GET kb/d1":
    case "PATCH kb/d1":
    case "PATCH kb/d1/update-file":
      return Api.json(document("d1", { filename: "a.txt", is_frozen: null }))
    case "POST kb/d1/move":
      return Api.json(null)
    case "DELETE kb/d1":
      return Api.json({})
    case "POST kb/bulk-delete":
      return Api.json({
        d1: { status: "success", data: {} },
        d2: {
          status: "failure",
          error_code: 400,
          error_status: "document_has_dependent_agents",
          error_message: "In use"
        },
        d3: { status: "failure", error_code: 404, error_status: "document_not_found", error_message: "Gone" }
      })
    case "GET kb/d1/dependent-agents":
    case "POST kb/dependent-agents":
      return Api.json({
        agents: [
          { type: "available", id: "a1", name: "A", access_level: "editor", created_at_unix_secs: 1 },
          { type: "unknown", id: "a2", referenced_resource_ids: ["d1"] }
        ],
        branches: [{ agent_id: "a1", agent_name: "A", branch_id: "b", branch_name: "B", is_main: false }],
        has_more: false
      })
    case "POST kb/d1/rag-index":
      return Api.json(index)
    case "GET kb/d1/rag-index":
      return Api.json({ indexes: [index] })
    case "GET kb/rag-index":
      return Api.json({ total_used_bytes: "10", total_max_bytes: 100, models: [] })
    case "GET agents":
      return Api.json({ agents: [{ agent_id: "a1", name: "A", tags: [], archived: false }], has_more: false })
    case "GET agents/a1":
    case "PATCH agents/a1":
      return Api.json(agent)
    case "GET agents/a1/versions/v2":
      return Api.json({ id: "v2", agent_id: "a1", parents: { in_branch_parent_id: "v1" }, version_description: "x" })
    case "GET agents/a1/branches":
      return Api.json({ meta: {}, results: [{ id: "b", name: "B", agent_id: "a1", is_archived: true }] })
    case "GET /v1/user/subscription":
      return Api.json({ tier: "pro", status: "active", character_count: 1, character_limit: "2" })
    default:
      return Api.json({ detail: { status: "odd", message: `${method} ${path}` } }, { status: 400 })
  }
}

/** Every method once. */
const everything = (client: Client.Service) =>
  Effect.all({
    createFile: client.createFile({ ...upload, name: "N #abc", folder: "f" }),
    createFolder: client.createFolder({ name: "holdfast", parent: "p" }),
    list: client.list({
      cursor: "c1",
      prefix: "llms-",
      folder: "f",
      types: ["file", "folder"],
      sortBy: "created_at",
      pageSize: 50
    }),
    plain: client.list(),
    get: client.get("d1"),
    rename: client.rename({ id: "d1", name: "M" }),
    updateFile: client.updateFile({ ...upload, id: "d1" }),
    move: client.move({ id: "d1", to: null }),
    delete: client.delete("d1"),
    bulkDelete: client.bulkDelete(["d1", "d2", "d3", "d4"]),
    dependents: client.dependents("d1", { cursor: "x" }),
    dependentsOf: client.dependentsOf(["d1", "d2"]),
    createIndex: client.createIndex({ id: "d1", model: "e5_mistral_7b_instruct" }),
    indexes: client.indexes("d1"),
    indexOverview: client.indexOverview,
    agents: client.agents({ cursor: "x" }),
    agent: client.agent("a1", { branch: "b", version: "v" }),
    branches: client.branches("a1"),
    version: client.version("a1", "v2"),
    patchAgent: client.patchAgent("a1", {
      branch: "b",
      body: { conversation_config: { agent: { prompt: { knowledge_base: [] } } } },
      description: "holdfast 1"
    }),
    subscription: client.subscription
  })

const build = (options: Client.Options) => Effect.map(Layer.build(Client.layer(options)), Context.get(Client.Client))

const served = (answering: Api.Answering) =>
  Effect.gen(function*() {
    const { calls, endpoint } = Api.scripted(answering)
    const { url } = yield* Serve.serve(endpoint)
    return { calls, url, client: yield* build({ ...Api.options, origin: url }) }
  })

const cut = (status: number, body: string): Endpoint.Reply => ({
  _tag: "Answer",
  status,
  statusText: "",
  headers: {},
  body,
  truncateAt: 3
})

const told = (fault: Fault.Fault) => [fault.kind, fault.code, fault.sent]

const create = (client: Client.Service) => client.createFile({ ...upload, name: "N" })

describe("Client", () => {
  it.effect("reads leniently what each endpoint answers", () =>
    Effect.gen(function*() {
      const { calls, service } = yield* Api.client(answers)
      const all = yield* everything(service)
      assert.deepStrictEqual(all.createFile, { id: "new", name: "N" })
      assert.deepStrictEqual([all.list.nextCursor, all.list.hasMore, all.list.documents[0]?.folderId], [
        "c2",
        true,
        "f"
      ])
      assert.deepStrictEqual(all.get, {
        id: "d1",
        name: "name of d1",
        type: "file",
        folderId: null,
        metadata: { createdAt: 1700000000, updatedAt: 1700000001, sizeBytes: 12 },
        supportedUsages: ["prompt", "auto"],
        filename: "a.txt",
        url: null,
        children: null,
        isFrozen: false
      })
      assert.deepStrictEqual(
        [...all.bulkDelete].map(([id, one]) => [id, Either.isLeft(one) ? told(one.left) : "done"]),
        [
          ["d1", "done"],
          ["d2", ["locked", "has-dependents", "yes"]],
          ["d3", ["not-found", "not-found", "yes"]],
          ["d4", ["unknown", "unexpected-reply", "yes"]]
        ]
      )
      assert.deepStrictEqual(
        all.dependents.agents.map(({ id, name, resources, type }) => [type, id, name, resources]),
        [
          ["available", "a1", "A", []],
          ["unknown", "a2", null, ["d1"]]
        ]
      )
      assert.deepStrictEqual([all.createIndex.status, all.createIndex.usage.bytes], ["succeeded", 7])
      assert.strictEqual(all.indexOverview.usedBytes, 10)
      assert.deepStrictEqual(all.agent.json, agent)
      assert.deepStrictEqual([all.agent.versionId, all.agent.updatedAt], ["agtvrsn_1", 5])
      assert.deepStrictEqual(all.branches, [{ id: "b", name: "B", isArchived: true, parentId: null, hasDraft: false }])
      assert.deepStrictEqual(all.version, { id: "v2", description: "x", parents: { inBranch: "v1" } })
      assert.strictEqual(all.subscription.characterLimit, 2)
      assert.isTrue(calls.every(({ headers }) => headers["xi-api-key"] === Api.key))
      assert.strictEqual(calls.find(({ method }) => method === "DELETE")?.url.split("?")[1], "force=false")
    }))

  it.effect.skipIf(!Specification.isThere)(
    Specification.isThere ? "asks as the API description says" : Specification.skipped,
    () =>
      Effect.gen(function*() {
        const { calls, service } = yield* Api.client(answers)
        yield* everything(service)
        yield* Effect.exit(service.source("d1"))
        const problems = calls.flatMap((request) =>
          Specification.requestProblems({ method: request.method, url: request.url, body: Api.bodyOf(request) })
        )
        assert.deepStrictEqual(problems, [])
        assert.strictEqual(calls.length, 23)
      })
  )

  it.scopedLive("over sockets a file arrives byte for byte, with its name and media type", () =>
    Effect.gen(function*() {
      const { calls, client } = yield* served(answers)
      const line = "\r\n--boundary--\r\n"
      for (const content of [binary, new Uint8Array(), Buffer.from(line), Buffer.alloc(18_000_000, 0xfe)]) {
        yield* client.createFile({ ...upload, content, name: "ü\r\n\"", folder: "f" })
        const request = calls.at(-1)
        const [name, folder, file] = request === undefined ? [] : Api.parts(request)
        assert.deepStrictEqual([name?.content.toString(), folder?.content.toString()], ["ü\r\n\"", "f"])
        assert.deepStrictEqual([file?.name, file?.filename, file?.mediaType], [
          "file",
          "llms-ü %221%22.txt",
          "application/pdf"
        ])
        assert.isTrue(file?.content.equals(content))
        assert.isUndefined(request?.headers["traceparent"])
      }
    }))

  it.scopedLive("knows whether a request was sent", () =>
    Effect.gen(function*() {
      const faults = new Map<string, Endpoint.Reply>([
        ["reset", Endpoint.reset],
        ["cut", cut(200, "{\"id\":\"12345\"}")],
        ["half", Endpoint.answer({ body: "{\"id\":" })],
        ["page", Endpoint.answer({ body: "<html><title>Sign in</title>" })],
        ["other", Api.json({ no: "id" })],
        ["gateway", Endpoint.answer({ status: 502, body: "<html>" })],
        ["busy", Api.json({ detail: { status: "system_busy" } }, { status: 429, headers: { "retry-after": "2" } })],
        ["torn", cut(400, "{\"detail\":1}")]
      ])
      let next = ""
      const { client, url } = yield* served(() => faults.get(next) ?? Endpoint.reset)
      const found: Array<unknown> = []
      for (const name of faults.keys()) {
        next = name
        found.push([name, ...told(yield* Effect.flip(create(client)))])
      }
      assert.deepStrictEqual(found, [
        ["reset", "transient", "connection-lost", "maybe"],
        ["cut", "transient", "truncated", "yes"],
        ["half", "transient", "truncated", "yes"],
        ["page", "unknown", "not-json", "yes"],
        ["other", "unknown", "unexpected-reply", "yes"],
        ["gateway", "transient", "server-error", "maybe"],
        ["busy", "throttled", "system-busy", "yes"],
        ["torn", "invalid", "invalid", "yes"]
      ])
      next = "busy"
      assert.strictEqual((yield* Effect.flip(create(client))).retryAfterMillis, 2000)
      next = "page"
      assert.deepStrictEqual(told(yield* Effect.flip(client.get("d1"))), ["invalid", "not-json", "yes"])
      const nobody = yield* Effect.scoped(Serve.serve(() => Effect.succeed(Endpoint.reset)))
      assert.notStrictEqual(nobody.url, url)
      const away = yield* build({ ...Api.options, origin: nobody.url })
      assert.deepStrictEqual(told(yield* Effect.flip(create(away))), ["transient", "connection-refused", "no"])
    }))

  it.effect("a source file is fetched without the key; what is no file is read as text", () =>
    Effect.gen(function*() {
      const { calls, service } = yield* Api.client(({ url }) => {
        if (url.startsWith("/v1/convai/knowledge-base/file1/")) {
          return Api.json({ signed_url: "https://storage.example/x?Signature=secret-signature" })
        }
        if (url.startsWith("/x")) return Endpoint.answer({ bytes: binary })
        if (url.endsWith("text1/content")) return Endpoint.answer({ body: "grün" })
        if (url.includes("clear1")) return Api.json({ signed_url: "http://storage.example/x?Signature=abc" })
        if (url.includes("proxy1")) {
          return Endpoint.answer({ status: url.endsWith("content") ? 200 : 404, body: "<html>" })
        }
        if (url.includes("busy1")) {
          return Endpoint.answer({ status: 503 })
        }
        return Api.json({ detail: { status: "document_not_found" } }, { status: 404 })
      })
      assert.deepStrictEqual(new Uint8Array(yield* service.source("file1")), binary)
      const last = calls.at(-1)
      assert.deepStrictEqual([last?.headers["host"], last?.headers["xi-api-key"]], ["storage.example", undefined])
      assert.strictEqual(new TextDecoder().decode(yield* service.source("text1")), "grün")
      const faults = yield* Effect.forEach(
        ["gone1", "clear1", "busy1", "proxy1"],
        (id) => Effect.flip(service.source(id))
      )
      assert.deepStrictEqual(faults.map(({ code }) => code), [
        "not-found",
        "invalid-link",
        "server-error",
        "no-such-endpoint"
      ])
      assert.notInclude(faults[1]?.message ?? "", "Signature")
    }))

  it.effect("what cannot be meant is not sent", () =>
    Effect.gen(function*() {
      const { calls, service } = yield* Api.client(answers)
      const faults = yield* Effect.forEach([
        ...["agent_id_here", "YOUR_AGENT_ID", "<agent-id>", "xxxx"].map((id) => service.agent(id)),
        service.patchAgent("your-agent-id", { body: {}, description: "x" }),
        service.branches("AGENT_ID"),
        service.get(""),
        service.delete(".."),
        service.agent("."),
        service.bulkDelete(Array.from({ length: 21 }, (_, number) => `d${number}`)),
        service.dependentsOf(["d1", "d1"])
      ], (call): Effect.Effect<Fault.Fault, unknown> => Effect.flip(call as Effect.Effect<unknown, Fault.Fault>))
      assert.deepStrictEqual(
        faults.map(({ code, sent }) => `${code} ${sent}`),
        [...Array.from({ length: 6 }, () => "placeholder no"), ...Array.from({ length: 5 }, () => "param no")]
      )
      assert.strictEqual((yield* service.bulkDelete([])).size, 0)
      assert.strictEqual(calls.length, 0)
    }))

  it.scopedLive("is built from the environment, and lets a caller watch what it sends", () =>
    Effect.gen(function*() {
      const { calls, endpoint } = Api.scripted(answers)
      const { url } = yield* Serve.serve(endpoint)
      const environment = new Map([["ELEVENLABS_API_KEY", Api.key], ["HOLDFAST_ELEVENLABS_ORIGIN", url]])
      const context = yield* Layer.build(Client.layerConfig).pipe(
        Effect.withConfigProvider(ConfigProvider.fromMap(environment))
      )
      const client = Context.get(context, Client.Client)
      assert.strictEqual(client.origin, url)
      yield* client.get("d1")
      const seen: Array<string> = []
      const watched = yield* build({
        ...Api.options,
        origin: url,
        transformClient: HttpClient.tapRequest(({ url }) => Effect.sync(() => seen.push(url)))
      })
      yield* watched.get("d1")
      assert.deepStrictEqual(seen, [`${url}/v1/convai/knowledge-base/d1`])
      assert.strictEqual(calls.length, 2)
    }))

  it.effect("an id is part of a path and never more", () =>
    Effect.gen(function*() {
      const { calls, service } = yield* Api.client(() => Api.json(document("d")))
      yield* service.get("a/../b?c#d ü")
      assert.strictEqual(calls[0]?.url, "/v1/convai/knowledge-base/a%2F..%2Fb%3Fc%23d%20%C3%BC")
    }))
})
