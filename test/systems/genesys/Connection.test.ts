import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Connection from "../../../src/systems/genesys/Connection.ts"
import * as Regions from "../../../src/systems/genesys/Regions.ts"

const clients = [{ id: "id-1", secret: Redacted.make("hush-hush") }]

const refused = (options: Partial<Connection.Options>) => {
  const made = Connection.make({ region: "dca", clients, ...options })
  return Either.isLeft(made) ? made.left : assert.fail("was taken")
}

const load = (env: Readonly<Record<string, string>>) =>
  Connection.fromConfig.pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(env)))))

describe("Regions", () => {
  it("are found by name, domain or host, in any case", () => {
    for (const region of Regions.all) {
      for (const text of [region.name, region.domain.toUpperCase(), `https://apps.${region.domain}/`]) {
        assert.deepStrictEqual(Regions.parse(text), Either.right(region))
      }
    }
    assert.strictEqual(Regions.all.length, 20)
  })

  it("an unknown one is refused with the nearest", () => {
    const message = Either.getOrThrow(Either.flip(Regions.parse("eu-west-3")))
    assert.include(message, "eu-west-1")
    assert.include(message, "eu-west-2")
    assert.include(Either.getOrThrow(Either.flip(Regions.parse("mypurecloud.it"))), "mypurecloud.ie")
  })
})

describe("Connection", () => {
  it("knows the hosts of a region, and takes others instead", () => {
    const made = Either.getOrThrow(Connection.make({ region: "us-west-2", clients }))
    assert.deepInclude(made, { origin: "https://api.usw2.pure.cloud", loginOrigin: "https://login.usw2.pure.cloud" })
    const local = Either.getOrThrow(Connection.make({ origin: "http://127.0.0.1:8080", clients }))
    assert.deepInclude(local, { origin: "http://127.0.0.1:8080", loginOrigin: "http://127.0.0.1:8080" })
  })

  it("refuses what cannot be right, and repeats no secret", () => {
    const wrong: ReadonlyArray<readonly [Partial<Connection.Options>, string]> = [
      [{ region: "eu-west-9" }, "region"],
      [{ region: undefined }, "region"],
      [{ origin: "http://10.0.0.1" }, "origin"],
      [{ origin: "https://u:hush-hush@host" }, "origin"],
      [{ origin: "https://host/?t=hush-hush" }, "origin"],
      [{ clients: [] }, "credentials"],
      [{ clients: [...clients, ...clients] }, "credentials"],
      [{ clients: [{ id: "x", secret: Redacted.make("hush-hush two") }] }, "credentials"],
      [{ tokensPerClient: 0 }, "settings"]
    ]
    for (const [options, code] of wrong) {
      const fault = refused(options)
      assert.deepStrictEqual([fault.kind, fault.code, fault.sent], ["invalid", code, "no"])
      assert.notInclude(fault.message, "hush")
    }
  })

  it.effect("comes from the environment by our names, else by the vendor's, several by commas", () =>
    Effect.gen(function*() {
      const vendor = {
        GENESYSCLOUD_REGION: "eu-central-1",
        GENESYSCLOUD_OAUTHCLIENT_ID: "v",
        GENESYSCLOUD_OAUTHCLIENT_SECRET: "vs"
      }
      const theirs = yield* load(vendor)
      assert.strictEqual(theirs.origin, "https://api.mypurecloud.de")
      const ours = yield* load({
        ...vendor,
        HOLDFAST_GENESYS_CLIENT_ID: "a, b",
        HOLDFAST_GENESYS_CLIENT_SECRET: "s1,s2",
        HOLDFAST_GENESYS_TOKENS_PER_CLIENT: "3"
      })
      assert.deepStrictEqual(ours.clients.map(({ id, secret }) => [id, Redacted.value(secret)]), [["a", "s1"], [
        "b",
        "s2"
      ]])
      assert.strictEqual(ours.tokensPerClient, 3)
      const short = yield* Effect.flip(load({ ...vendor, GENESYSCLOUD_OAUTHCLIENT_ID: "a,b" }))
      assert.include(short.message, "OAuth client 2 has no secret")
      assert.strictEqual((yield* Effect.flip(load({}))).code, "region")
    }))
})
