import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Util from "node:util"
import * as Connection from "../../../src/systems/elevenlabs/Connection.ts"
import * as Api from "./Api.ts"

const from = (environment: Record<string, string>) =>
  Connection.fromConfig.pipe(
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment)))),
    Effect.either
  )

const refusal = (more: Partial<Connection.Options>) => {
  const made = Connection.make({ ...Api.options, ...more })
  return Either.isLeft(made) ? made.left : undefined
}

describe("Connection", () => {
  it.effect("is read from the environment, by our names before the vendor's", () =>
    Effect.gen(function*() {
      const vendors = Either.getOrThrow(yield* from({ ELEVENLABS_API_KEY: "sk_theirs1" }))
      assert.deepStrictEqual(
        [Redacted.value(vendors.apiKey), vendors.origin, vendors.concurrency],
        ["sk_theirs1", "https://api.elevenlabs.io", 2]
      )
      const ours = Either.getOrThrow(
        yield* from({
          ELEVENLABS_API_KEY: "sk_theirs1",
          HOLDFAST_ELEVENLABS_API_KEY: " sk_ours1\n",
          HOLDFAST_ELEVENLABS_RESIDENCY: "EU",
          HOLDFAST_ELEVENLABS_CONCURRENCY: "8",
          HOLDFAST_ELEVENLABS_MAX_CONCURRENCY: "4"
        })
      )
      assert.deepStrictEqual(
        [Redacted.value(ours.apiKey), ours.origin, ours.concurrency, ours.maxConcurrency],
        ["sk_ours1", "https://api.eu.residency.elevenlabs.io", 4, 4]
      )
      const wrong = yield* from({ ELEVENLABS_API_KEY: "sk_theirs1", HOLDFAST_ELEVENLABS_CONCURRENCY: "sk_mistaken" })
      assert.strictEqual(Either.isLeft(wrong) ? wrong.left.code : "", "settings")
      assert.notInclude(Util.inspect(wrong, { depth: 9 }), "sk_mistaken")
      const none = yield* from({})
      assert.strictEqual(Either.isLeft(none) ? none.left.code : "", "api-key")
    }))

  it("refuses what cannot be right, and repeats no secret", () => {
    for (
      const text of ["YOUR_API_KEY", "your-api-key-here", "<api key>", "sk_xxxxxxxx", "${ELEVENLABS_API_KEY}", "..."]
    ) {
      assert.strictEqual(
        refusal({ apiKey: Redacted.make(text) })?.code,
        text.includes(" ") ? "api-key" : "placeholder",
        text
      )
    }
    for (const text of ["", "  ", "sk_a b", "sk_ä"]) {
      const fault = refusal({ apiKey: Redacted.make(text) })
      assert.deepStrictEqual([fault?.code, fault?.sent], ["api-key", "no"])
      if (text.trim() !== "") assert.notInclude(fault?.message ?? "", text)
    }
    for (const text of ["sk_0123456789abcdef", "21m00Tcm4TlvDq8ikWAM", Api.key]) {
      assert.isUndefined(refusal({ apiKey: Redacted.make(text) }))
    }
    assert.strictEqual(refusal({ residency: "mars" })?.code, "residency")
    assert.strictEqual(refusal({ residency: "constructor" })?.code, "residency")
    assert.strictEqual(refusal({ concurrency: 0 })?.code, "settings")
    assert.strictEqual(refusal({ maxConcurrency: 1.5 })?.code, "settings")
  })

  it("another origin is https, or this machine", () => {
    for (const origin of ["nonsense", "ftp://x.test", "https://u:p@x.test", "https://x.test/v1", "http://x.test"]) {
      const fault = refusal({ origin })
      assert.strictEqual(fault?.code, "origin", origin)
      assert.notInclude(fault?.message ?? "", "u:p")
    }
    for (const origin of ["https://x.test", "http://127.0.0.1:8080", "http://[::1]:1", "https://x.test/"]) {
      assert.isUndefined(refusal({ origin }))
    }
    assert.isUndefined(refusal({ origin: "http://x.test", insecure: true }))
  })
})
