import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Site from "../../../src/systems/elevenlabs/site/Site.ts"
import * as Migrate from "../../../src/systems/elevenlabs/state/Migrate.ts"
import * as State from "../../../src/systems/elevenlabs/state/State.ts"
import * as States from "./States.ts"

const sites = (...hosts: ReadonlyArray<string>) => hosts.map((host) => Either.getOrThrow(Site.parse(host)))

const md5 = "d41d8cd98f00b204e9800998ecf8427e"
const old = (id: string, uploaded_at: string, more = {}) => ({ document_id: id, uploaded_at, hash: md5, ...more })

/** What collides in three ways is rare. */
const often = { fastCheck: { numRuns: 500 } }

describe("Migrate.legacy", () => {
  it("takes over the entries of a site under either of its keys", () => {
    const { problems, states } = Migrate.legacy({
      "jgengineering-ie": { "llms-1.txt": old("doc_a", "2025-10-04T12:34:56.789012", { file_size: 12 }) },
      "www.jgengineering.ie": { "llms-2.txt": old("doc_b", "2025-10-04T12:34:56+02:00") }
    }, sites("jgengineering.ie"))
    expect(problems).toStrictEqual([])
    expect(states).toStrictEqual([{
      ...State.empty("jgengineering.ie"),
      documents: {
        "llms-1.txt": {
          documentId: "doc_a",
          name: null,
          hash: `md5:${md5}`,
          size: 12,
          uploadedAt: "2025-10-04T12:34:56.789Z"
        },
        "llms-2.txt": {
          documentId: "doc_b",
          name: null,
          hash: `md5:${md5}`,
          size: null,
          uploadedAt: "2025-10-04T10:34:56.000Z"
        }
      }
    }])
  })

  it("merges by file: an id, then the later upload, then the hyphenated key", () => {
    const { states } = Migrate.legacy({
      "a-com": {
        "1.txt": { hash: md5, uploaded_at: "2025-12-01T00:00:00" },
        "2.txt": old("doc_new", "2025-10-04T09:00:00"),
        "3.txt": old("doc_same", "2025-10-04T09:00:00"),
        "4.txt": old("doc_one", "2025-10-04T09:00:00")
      },
      "a.com": {
        "1.txt": old("doc_only", "2025-10-01T00:00:00"),
        "2.txt": old("doc_old", "2025-10-04T08:59:59.999999", { previous_document_id: "doc_older" }),
        "3.txt": old("doc_dotted", "2025-10-04T09:00:00"),
        "4.txt": old("doc_one", "2025-10-04T09:00:00")
      }
    }, sites("a.com"))
    const [state = State.empty("")] = states
    expect(Object.values(state.documents).map(({ documentId }) => documentId)).toStrictEqual([
      "doc_only",
      "doc_new",
      "doc_same",
      "doc_one"
    ])
    expect(state.orphans).toStrictEqual(["doc_dotted", "doc_old", "doc_older"])
  })

  it("gives no site the documents of another one whose key looks alike", () => {
    const { problems, states } = Migrate.legacy({
      "my-shop-ie": { "1.txt": old("doc_a", "2025-10-04T09:00:00") },
      "my.shop.ie": { "1.txt": old("doc_b", "2025-10-04T09:00:00") },
      "gone-com": { "1.txt": old("doc_c", "2025-10-04T09:00:00"), "2.txt": old("doc_d", "2025-10-04T09:00:00") }
    }, sites("my-shop.ie", "my.shop.ie"))
    expect(states.map(({ documents, site }) => [site, Object.keys(documents).length])).toStrictEqual([[
      "my.shop.ie",
      1
    ]])
    expect(problems).toStrictEqual([
      {
        path: "\"gone-com\"",
        message:
          "no configured site has the slug gone-com: 2 documents stay in the old file; add the site to the sites file"
      },
      {
        path: "\"my-shop-ie\"",
        message:
          "may mean my-shop.ie or my.shop.ie: 1 document stays in the old file; write the host in place of the key"
      }
    ])
  })

  it("keeps a site whose key has no dot and no dash", () => {
    const { states } = Migrate.legacy(
      { localhost: { "1.txt": old("doc_a", "2025-10-04T09:00:00") } },
      sites("http://localhost")
    )
    expect(states.map((state) => [...State.idsOf(state)])).toStrictEqual([["doc_a"]])
  })

  it.each([null, [], 7, "x"])("says that %j is no state", (input) => {
    expect(Migrate.legacy(input, sites("a.com")).problems).toHaveLength(1)
  })

  const file = FastCheck.oneof(
    FastCheck.jsonValue({ maxDepth: 1 }),
    FastCheck.record({
      document_id: FastCheck.oneof(States.id, FastCheck.constantFrom(null, 4, "")),
      previous_document_id: States.id,
      hash: FastCheck.constantFrom(md5, "x", null),
      uploaded_at: FastCheck.constantFrom("2025-10-04T09:00:00", "2025-10-05T09:00:00.5", "soon", null)
    }, { requiredKeys: [] })
  )
  const legacy = FastCheck.dictionary(
    FastCheck.constantFrom("a.com", "a-com", "www.a.com", "my-shop-ie", "my.shop.ie", "my--shop-ie", "__proto__"),
    FastCheck.oneof(
      FastCheck.dictionary(FastCheck.oneof(States.file, FastCheck.constantFrom("..", "__proto__")), file),
      FastCheck.jsonValue({ maxDepth: 1 })
    )
  )
  const configured = sites("a.com", "my-shop.ie", "my.shop.ie")

  it.prop(
    "loses no document id of a known site, and makes states that keep their contract",
    { legacy },
    ({ legacy }) => {
      const { states } = Migrate.legacy(legacy, configured)
      for (const [key, files] of Object.entries(legacy)) {
        const site = Site.resolve(key, configured)
        if (site._tag !== "Known") continue
        const state = states.find((found) => found.site === site.site.host) ?? State.empty("")
        for (const [, id] of JSON.stringify(files).matchAll(/"(?:previous_)?document_id":"(doc_[a-z])"/g)) {
          expect(State.idsOf(state)).toContain(id)
        }
      }
      for (const state of states) {
        expect(State.decode(State.encode(state), state.site)).toStrictEqual(
          Either.right(state)
        )
      }
    },
    often
  )

  it.prop("does not depend on the order of keys, and to run it again changes nothing", { legacy }, ({ legacy }) => {
    const once = Migrate.legacy(legacy, configured)
    expect(Migrate.legacy(turned(legacy), configured)).toStrictEqual(once)
    expect(Migrate.legacy(legacy, configured, once.states)).toStrictEqual(once)
  }, often)
})

const turned = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, turned(inner)]).toReversed())
}
