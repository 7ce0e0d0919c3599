import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Setting from "../../src/transport/Setting.ts"

const origin = (text: string, insecure?: boolean) =>
  Setting.origin(text, { what: "The origin", secret: "the key", insecure })

const detail = (text: string): string =>
  Either.match(origin(text), { onLeft: ({ detail }) => detail, onRight: () => "taken" })

const settings = Config.all({
  number: Setting.optional(Config.integer("NUMBER")),
  other: Setting.optional(Config.integer("OTHER")),
  text: Setting.optional(Config.nonEmptyString("TEXT"))
})

const read = (entries: ReadonlyArray<[string, string]>) =>
  Effect.either(Effect.withConfigProvider(settings, ConfigProvider.fromMap(new Map(entries))))

const missing = (name: string) => ConfigError.MissingData([name], "it is not set")

describe("Setting", () => {
  it("takes an origin as it is written, and over plain HTTP only this machine", () => {
    assert.deepStrictEqual(origin(" https://API.example.com/ "), Either.right("https://api.example.com"))
    assert.deepStrictEqual(origin("https://api.example.com:8443"), Either.right("https://api.example.com:8443"))
    for (const host of ["localhost:8080", "127.0.0.1", "127.3.2.1:1", "[::1]:9"]) {
      assert.deepStrictEqual(origin(`http://${host}`), Either.right(`http://${host}`))
    }
    assert.deepStrictEqual(origin("http://api.example.com", true), Either.right("http://api.example.com"))
    for (const host of ["api.example.com", "localhost.example.com", "128.0.0.1", "127.0.0.1.example.com"]) {
      assert.include(detail(`http://${host}`), "the key would travel in the clear")
    }
  })

  it("refuses what is no origin, and repeats nothing that may be a secret", () => {
    const refused = [
      ["api.example.com", "is not a valid address"],
      ["https://user:hunter2@api.example.com", "must not hold a user name or a password"],
      ["ftp://api.example.com", "must begin with https://"],
      ["https://api.example.com/hunter2", "must not have a path or a query"],
      ["https://api.example.com?key=hunter2", "must not have a path or a query"],
      ["https://api.example.com#hunter2", "must not have a path or a query"]
    ] as const
    for (const [text, problem] of refused) {
      assert.strictEqual(detail(text), `The origin ${problem}`)
      assert.notInclude(JSON.stringify(origin(text)), "hunter2")
    }
  })

  it("takes whole numbers within bounds", () => {
    assert.deepStrictEqual(Setting.whole("It", 1, 5), Either.right(1))
    assert.deepStrictEqual(Setting.whole("It", 5, 5), Either.right(5))
    for (const value of [0, 6, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.isTrue(Either.isLeft(Setting.whole("It", value, 5)))
    }
  })

  it.effect("leaves out what is not set, and names all that cannot be read, each once", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* read([["NUMBER", "7"]]),
        Either.right({ number: 7, other: undefined, text: undefined })
      )
      const wrong = yield* read([["NUMBER", "hunter2"]])
      assert.deepStrictEqual(Either.isLeft(wrong) ? [...Setting.namesOf(wrong.left)] : [], ["NUMBER"])
      const several = ConfigError.And(missing("NUMBER"), ConfigError.Or(missing("OTHER"), missing("NUMBER")))
      assert.deepStrictEqual([...Setting.namesOf(several)], ["NUMBER", "OTHER"])
    }))
})
