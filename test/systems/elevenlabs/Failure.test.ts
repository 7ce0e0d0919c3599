import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Fault from "../../../src/kernel/Fault.ts"
import * as Failure from "../../../src/systems/elevenlabs/Failure.ts"

const object = (code: string, more?: Record<string, unknown>): string =>
  JSON.stringify({ detail: { type: "x", code, message: "It says so", status: code, request_id: "req_1", ...more } })
const legacy = (status: string): string => JSON.stringify({ detail: { status, message: "It says so" } })
const text = (detail: string): string => JSON.stringify({ detail })
const page = "<!DOCTYPE html><title>Sign in</title>"

const may = (status: number, body: string) => Fault.mayResend(Failure.classify({ status, body }))

const missing = (about: "agent" | "document" | "workspace", code: string) =>
  Failure.classify({ status: 404, body: legacy(code) }, { about })

const unreadable = (code: "not-json" | "truncated", mutation: boolean) =>
  Failure.unreadable({ code, detail: "x", status: 200, mutation })

type Row = readonly [status: number, body: string, kind: Fault.Kind, code: string, sent?: Fault.Sent]

const rows: ReadonlyArray<Row> = [
  [400, object("document_has_dependent_agents"), "locked", "has-dependents"],
  [400, legacy("document_has_dependent_agents"), "locked", "has-dependents"],
  [422, legacy("rag_index_not_ready"), "locked", "index-not-ready"],
  [400, object("rag_limit_exceeded"), "denied", "quota"],
  [401, legacy("invalid_api_key"), "unauthenticated", "unauthenticated"],
  [401, legacy("quota_exceeded"), "denied", "quota"],
  [401, legacy("missing_permissions"), "denied", "denied"],
  [401, text("No"), "unauthenticated", "unauthenticated"],
  [402, "", "denied", "quota"],
  [403, "", "denied", "denied"],
  [404, legacy("knowledge_base_documentation_not_found"), "not-found", "not-found"],
  [404, text("It went away"), "not-found", "not-found"],
  // Not what was asked for is missing, but the path: to take it for a missing document would make a second one.
  [404, text("Not Found"), "invalid", "no-such-endpoint"],
  [404, page, "invalid", "no-such-endpoint"],
  [404, "", "invalid", "no-such-endpoint"],
  [409, object("already_exists"), "conflict", "already_exists"],
  [413, page, "invalid", "too-large"],
  [400, object("file_too_large"), "invalid", "too-large"],
  [423, "", "locked", "locked"],
  [429, object("rate_limit_exceeded"), "throttled", "rate-limited"],
  [429, object("concurrent_limit_exceeded"), "throttled", "concurrent-limit"],
  [429, legacy("too_many_concurrent_requests"), "throttled", "concurrent-limit"],
  [429, legacy("system_busy"), "throttled", "system-busy"],
  [429, page, "throttled", "rate-limited"],
  [422, JSON.stringify({ detail: [{ loc: ["body", "url"], msg: "field required", type: "x" }] }), "invalid", "invalid"],
  [400, object("invalid_parameters"), "invalid", "invalid"],
  [400, object("odd_thing"), "invalid", "odd_thing"],
  [408, "", "transient", "gateway-timeout", "maybe"],
  [500, "", "transient", "server-error", "yes"],
  [502, page, "transient", "server-error", "maybe"],
  // After the server has failed no code says that nothing was done.
  [503, object("system_busy"), "transient", "system_busy", "maybe"],
  [500, object("document_has_dependent_agents"), "transient", "document_has_dependent_agents", "yes"],
  [504, "", "transient", "gateway-timeout", "maybe"],
  [302, "", "invalid", "unexpected-reply"]
]

describe("Failure", () => {
  it("is told by status and code, in all shapes of the body", () => {
    for (const [status, body, kind, code, sent = "yes"] of rows) {
      const fault = Failure.classify({ status, body }, { operation: "ElevenLabs.get", subject: "document d" })
      assert.deepStrictEqual(
        [fault.kind, fault.code, fault.sent, fault.status, fault.subject],
        [kind, code, sent, status, "document d"],
        `${status} ${body}`
      )
    }
  })

  it("whether a mutation may be sent again follows from it", () => {
    assert.isTrue(may(429, object("system_busy")))
    assert.isTrue(may(400, object("document_has_dependent_agents")))
    assert.isFalse(may(503, object("system_busy")))
    assert.isFalse(may(500, ""))
  })

  it("a missing agent has a document's code, and a missing document of an agent its own", () => {
    assert.deepStrictEqual(
      [missing("agent", "document_not_found").code, missing("agent", "document_not_found").detail],
      ["not-found", "There is no such agent"]
    )
    assert.strictEqual(missing("agent", "branch_not_found").detail, "It says so")
    assert.strictEqual(missing("agent", "knowledge_base_documentation_not_found").code, "document-not-found")
    assert.strictEqual(missing("document", "document_not_found").code, "not-found")
    assert.strictEqual(missing("workspace", "folder_not_found").code, "not-found")
  })

  it("says what is wrong with a request, not what was sent", () => {
    const detail = [
      { loc: ["body", "items", 0, "name"], msg: "too short", type: "x", input: "my secret" },
      { loc: ["query", "cursor"], msg: "no cursor", type: "x" }
    ]
    const fault = Failure.classify({ status: 422, body: JSON.stringify({ detail }) })
    assert.strictEqual(fault.detail, "body.items.0.name: too short; query.cursor: no cursor")
    const named = Failure.classify({ status: 400, body: object("invalid_parameters", { param: "page_size" }) })
    assert.strictEqual(named.detail, "It says so (page_size)")
  })

  it("carries the request's id from the header, or from the body, and how long to wait", () => {
    const body = object("rate_limit_exceeded")
    const fault = Failure.classify({ status: 429, body, headers: { "x-request-id": "h1" }, retryAfterMillis: 5 })
    assert.deepStrictEqual([fault.requestId, fault.retryAfterMillis], ["h1", 5])
    assert.strictEqual(Failure.classify({ status: 429, body }).requestId, "req_1")
  })

  it("no word in a message changes anything", () => {
    const words = ["document_has_dependent_agents", "429", "invalid_api_key", "not found", "rag_index_not_ready"]
    for (const word of words) {
      assert.strictEqual(Failure.classify({ status: 400, body: text(word) }).code, "invalid")
      const body = JSON.stringify({ detail: { code: "odd", message: word } })
      assert.strictEqual(Failure.classify({ status: 400, body }).code, "odd")
    }
  })

  it("any body of any status makes a fault", () => {
    const bodies = FastCheck.oneof(
      FastCheck.string(),
      FastCheck.json(),
      FastCheck.json().map((json) => `{"detail":${json}}`)
    )
    FastCheck.assert(
      FastCheck.property(FastCheck.integer({ min: 300, max: 599 }), bodies, (status, body) => {
        const fault = Failure.classify({ status, body })
        assert.isTrue(Fault.isFault(fault) && fault.code !== undefined && fault.detail !== "")
      })
    )
  })

  it("what cannot be read leaves a mutation in doubt, and a read merely without an answer", () => {
    const [page, half, read] = [
      unreadable("not-json", true),
      unreadable("truncated", true),
      unreadable("not-json", false)
    ]
    assert.deepStrictEqual([page.kind, read.kind], ["unknown", "invalid"])
    assert.isTrue(Fault.isOutcomeUnknown(page) && Fault.isOutcomeUnknown(half))
  })
})
