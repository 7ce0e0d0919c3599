import { assert, describe, it } from "@effect/vitest"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Redaction from "../../src/transport/Redaction.ts"
import * as Tracing from "./Tracing.ts"

/** A tracer that keeps every attribute. */
const recording = () => {
  const seen: Array<string> = []
  const tracer = Tracing.tracer({
    attribute: (key, value) => {
      seen.push(`${key}=${String(value)}`)
    }
  })
  return { seen, tracer }
}

const echo = (sent: Array<HttpClientRequest.HttpClientRequest>) =>
  HttpClient.make((request) => {
    sent.push(request)
    return Effect.succeed(
      HttpClientResponse.fromWeb(request, new Response("{}", { headers: { "x-key": "r3ply-s3cret" } }))
    )
  })

describe("Redaction", () => {
  it.effect("hides named headers of requests and answers from spans, and sends no trace header", () =>
    Effect.gen(function*() {
      const { seen, tracer } = recording()
      const sent: Array<HttpClientRequest.HttpClientRequest> = []
      const client = Redaction.protect(echo(sent), { headers: ["X-Key", "CSRFPreventionToken"] })
      const request = HttpClientRequest.get("http://127.0.0.1/a", {
        headers: {
          authorization: "auth-s3cret",
          "x-key": "key-s3cret",
          CSRFPreventionToken: "csrf-s3cret",
          accept: "*/*"
        }
      })
      yield* Effect.withTracer(client.execute(request), tracer)
      assert.include(seen.join("\n"), "http.request.header.accept=*/*")
      assert.include(seen.join("\n"), "http.request.header.x-key=<redacted>")
      assert.notInclude(seen.join("\n"), "s3cret")
      assert.deepStrictEqual(Object.keys(sent[0]?.headers ?? {}).filter((name) => /trace|^b3$/.test(name)), [])
      assert.strictEqual(sent[0]?.headers["x-key"], "key-s3cret")
    }))

  it.effect("makes no span of a request whose URL has a secret", () =>
    Effect.gen(function*() {
      const { seen, tracer } = recording()
      const client = Redaction.protect(echo([]), { query: ["vncticket"] })
      yield* Effect.withTracer(client.get("http://127.0.0.1/a?port=1&vncticket=s3cret"), tracer)
      yield* Effect.withTracer(client.get("http://127.0.0.1/a", { urlParams: { vncticket: "s3cret" } }), tracer)
      assert.deepStrictEqual(seen, [])
      yield* Effect.withTracer(client.get("http://127.0.0.1/a?port=1"), tracer)
      assert.include(seen.join("\n"), "url.query=port=1")
    }))

  it("takes secrets out of texts, plain or URL-encoded, and leaves short ones", () => {
    const secrets = [Redacted.make("p@ss/word one"), Redacted.make("abc"), Redacted.make("")]
    assert.strictEqual(
      Redaction.scrub("no such user: p@ss/word one (p%40ss%2Fword%20one), abc", secrets),
      "no such user: <redacted> (<redacted>), abc"
    )
  })
})
