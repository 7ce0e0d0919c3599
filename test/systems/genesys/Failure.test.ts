import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import type * as Fault from "../../../src/kernel/Fault.ts"
import * as Failure from "../../../src/systems/genesys/Failure.ts"

const body = (fields: object): string => JSON.stringify(fields)

const hint = (message: string) => Failure.classify({ status: 403, body: body({ message }) }).hint ?? ""

describe("Failure", () => {
  it("numbers and ids in a message never decide", () => {
    FastCheck.assert(FastCheck.property(
      FastCheck.constantFrom(400, 401, 403, 404, 408, 409, 410, 429, 500, 501, 502, 503, 504),
      FastCheck.oneof(FastCheck.uuid(), FastCheck.constantFrom("403", "501", "404 not found", "timeout", "rate limit")),
      (status, text) => {
        const plain = Failure.classify({ status })
        const told = Failure.classify({ status, body: body({ message: `API Error: ${text}`, contextId: text }) })
        assert.deepStrictEqual([told.kind, told.code, told.sent], [plain.kind, plain.code, plain.sent])
      }
    ))
  })

  it("is by status", () => {
    const expected: ReadonlyArray<readonly [number, Fault.Kind, string]> = [
      [400, "invalid", "bad-request"],
      [401, "unauthenticated", "unauthenticated"],
      [403, "denied", "denied"],
      [404, "not-found", "not-found"],
      [410, "not-found", "not-found"],
      [408, "transient", "gateway-timeout"],
      [409, "conflict", "conflict"],
      [429, "throttled", "throttled"],
      [500, "transient", "server-error"],
      [501, "denied", "not-enabled"],
      [503, "transient", "server-error"],
      [504, "transient", "gateway-timeout"],
      [302, "invalid", "unexpected-answer"]
    ]
    for (const [status, kind, code] of expected) {
      for (const text of ["", "<html><title>403 Forbidden</title>", "{\"message\": \"cut o"]) {
        const fault = Failure.classify({ status, body: text })
        assert.deepStrictEqual([fault.kind, fault.code, fault.status], [kind, code, status])
      }
    }
  })

  it("keeps the code, the request's id, the limit and the details of the error body", () => {
    const fault = Failure.classify({
      status: 429,
      headers: { "inin-correlation-id": "aaaa-403" },
      retryAfterMillis: 7000,
      body: body({
        message: "Rate limit exceeded the maximum [300] requests within [60] seconds",
        code: "too.many.requests",
        contextId: "bbbb",
        limit: { key: "client.credentials.token.rate.per.minute", namespace: "platform.api", value: 300 }
      })
    }, { subject: "queue" })
    assert.deepInclude(fault.options, { code: "too.many.requests", requestId: "aaaa-403", retryAfterMillis: 7000 })
    assert.include(fault.message, "client.credentials.token.rate.per.minute is 300")
    const details = body({ code: "bad", contextId: "c-1", details: [{ fieldName: "name", errorCode: "too.long" }] })
    const invalid = Failure.classify({ status: 400, body: details })
    assert.strictEqual(invalid.requestId, "c-1")
    assert.include(invalid.detail, "name: too.long")
  })

  it("names missing permissions only from the list in brackets", () => {
    assert.include(
      hint("You must have at least one of [routing:queue:view, routing:queue:edit]"),
      "routing:queue:view or"
    )
    assert.notInclude(hint("Missing routing:queue:view for [8c7f-403]"), "routing:queue:view")
  })

  it("a message is one line without control characters, of bounded length", () => {
    const fault = Failure.classify({ status: 400, body: body({ message: `a\n\u001b[31m${"x".repeat(5000)}` }) })
    assert.isTrue(/^[\x20-\x7e]+$/.test(fault.detail) && fault.detail.length <= 1000)
  })
})
