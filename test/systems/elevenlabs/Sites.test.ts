import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Sites from "../../../src/systems/elevenlabs/site/Sites.ts"

/** Each problem as `line:column path: message`. */
const problems = (text: string) =>
  Effect.map(
    Sites.decode(text),
    Either.match({
      onLeft: (found) => found.map(({ column, line, message, path }) => `${line}:${column} ${path}: ${message}`),
      onRight: () => []
    })
  )

const sites = (...urls: ReadonlyArray<string>) =>
  Sites.parse(`sites:\n${urls.map((url) => `  - { url: "${url}", agents: [] }\n`).join("")}`)

const folders = (existing: ReadonlyArray<string>) =>
  Effect.map(
    sites("https://my-shop.ie", "https://my.shop.ie", "https://a-b.com"),
    (all) =>
      all.map((spec) =>
        Either.match(Sites.folderOf(spec, all, { existing: new Set(existing) }), {
          onLeft: ({ code }) => code,
          onRight: (folder) => folder
        })
      )
  )

describe("Sites.parse", () => {
  it.effect("reads sites, with what they leave out", () =>
    Effect.gen(function*() {
      const found = yield* Sites.parse(`sites:
  - url: https://www.example.com/
    agents: [agent_01jz3k8ry9f2x, J3Pbu5gP6NNKBscdCdwB]
  - { url: my-shop.example, agents: [], folder: exports/my-shop, usageMode: prompt, strategy: in-place }
`)
      expect(found).toStrictEqual([
        {
          site: { host: "example.com", slug: "example-com", legacySlug: "example-com" },
          agents: ["agent_01jz3k8ry9f2x", "J3Pbu5gP6NNKBscdCdwB"],
          folder: undefined,
          usageMode: "auto",
          strategy: "swap"
        },
        {
          site: { host: "my-shop.example", slug: "my--shop-example", legacySlug: "my-shop-example" },
          agents: [],
          folder: "exports/my-shop",
          usageMode: "prompt",
          strategy: "in-place"
        }
      ])
      expect(yield* Sites.parse("{\"sites\":[{\"url\":\"https://a.com\",\"agents\":[]}]}")).toHaveLength(1)
    }))

  it.effect("tells every problem at once, where it is", () =>
    Effect.gen(function*() {
      const found = yield* problems(`sites:
  - url: https://www.example.com
    agents: [agent_id_here, YOUR_AGENT_ID, "<agent id>", agent_1, agent_1, a/b, 7]
  - url: example.com
    agent: agent_1
    folder: ""
  - url: example-com
    agents: agent_1
    usageMode: automatic
    strategy: inplace
  - just a text
website: x
`)
      expect(found).toStrictEqual([
        "3:14 sites[0].agents[0]: \"agent_id_here\" stands for an id: write the id that the agent's page shows",
        "3:29 sites[0].agents[1]: \"YOUR_AGENT_ID\" stands for an id: write the id that the agent's page shows",
        "3:44 sites[0].agents[2]: \"<agent id>\" stands for an id: write the id that the agent's page shows",
        "3:67 sites[0].agents[4]: \"agent_1\" is there twice",
        "3:76 sites[0].agents[5]: \"a/b\" is not the id of an agent",
        "3:81 sites[0].agents[6]: 7 is not the id of an agent",
        "4:5 sites[1].agents: is missing: list the ids of the agents that use the documents, or write [] for none",
        "4:10 sites[1].url: is the same site as sites[0], example-com: keep one of them",
        "5:5 sites[1].agent: \"agent\" is not a known key; did you mean agents?",
        "6:13 sites[1].folder: is empty: write the folder of the site's files, or take the key out",
        "7:10 sites[2].url: \"example-com\" is no URL and no host with a dot: write https://example-com",
        "8:13 sites[2].agents: \"agent_1\" is not a list: list the ids of the agents that use the documents, or write [] for none",
        "9:16 sites[2].usageMode: \"automatic\" is none of auto, prompt",
        "10:15 sites[2].strategy: \"inplace\" is none of swap, in-place; did you mean in-place?",
        "11:5 sites[3]: \"just a text\" is not a site: write its url and its agents below it, one a line",
        "12:1 website: \"website\" is not a known key; known here: sites"
      ])
    }))

  it.effect("refuses two sites with one folder, or one in the other", () =>
    Effect.gen(function*() {
      const found = yield* problems(`sites:
  - { url: a.com, agents: [] }
  - { url: b.com, agents: [], folder: out/a-com/ }
  - { url: c.com, agents: [], folder: out }
  - { url: d.com, agents: [], folder: out-d }
`)
      expect(found.map((line) => line.slice(0, 24))).toStrictEqual([
        "3:39 sites[1].folder: ho",
        "4:39 sites[2].folder: ho"
      ])
    }))

  it.effect("says what is wrong with the text itself", () =>
    Effect.gen(function*() {
      expect(yield* problems("sites:\n  - url: a.com\n    url: b.com\n")).toStrictEqual([
        "3:5 : the same key is there twice: keep one"
      ])
      expect(yield* problems("")).toStrictEqual([
        "1:1 : nothing is not a file of sites: write sites: and a list below it"
      ])
      expect(yield* problems("sites: []")).toStrictEqual([
        "1:8 sites: is missing: list the sites, each with its url and its agents"
      ])
      expect(yield* problems("[".repeat(20_000))).toHaveLength(1)
    }))

  it.effect.prop("never dies, whatever is written", {
    text: FastCheck.oneof(
      FastCheck.string(),
      FastCheck.jsonValue().map((value) => JSON.stringify(value)),
      FastCheck.jsonValue().map((value) => JSON.stringify({ sites: value })),
      FastCheck.array(FastCheck.dictionary(
        FastCheck.constantFrom("url", "agents", "folder", "usageMode", "strategy", "__proto__"),
        FastCheck.jsonValue({ maxDepth: 1 })
      )).map((value) => JSON.stringify({ sites: value }))
    )
  }, ({ text }) =>
    Effect.gen(function*() {
      for (const line of yield* problems(text)) expect(line).toMatch(/^\d+:\d+ /)
    }))

  it.effect("fails with one fault that lists them, without passwords", () =>
    Effect.gen(function*() {
      const fault = yield* Effect.flip(Sites.parse("sites:\n  - url: https://me:hidden@a.com\n", "sites.yaml"))
      expect(fault).toMatchObject({ kind: "invalid", code: "sites-file", sent: "no", subject: "sites.yaml" })
      expect(fault.message).toContain("sites.yaml:2:10  sites[0].url: holds a user or a password")
      expect(fault.message).not.toContain("hidden")
    }))
})

describe("Sites.load", () => {
  it.effect("says that a file is missing", () =>
    Effect.gen(function*() {
      const fault = yield* Effect.flip(Sites.load("/nowhere/sites.yaml"))
      expect(fault.message).toContain("/nowhere/sites.yaml: there is no such file")
    }).pipe(Effect.provide(NodeFileSystem.layer)))
})

describe("Sites.folderOf", () => {
  it.effect("is the one of the slug, or the old one where only that is there", () =>
    Effect.gen(function*() {
      expect(yield* folders([])).toStrictEqual(["out/my--shop-ie", "out/my-shop-ie", "out/a--b-com"])
      expect(yield* folders(["a-b-com", "my--shop-ie", "my-shop-ie"])).toStrictEqual([
        "out/my--shop-ie",
        "out/my-shop-ie",
        "out/a-b-com"
      ])
      expect(yield* folders(["a-b-com", "a--b-com"])).toContain("out/a--b-com")
    }))

  it.effect("is refused where it may be another site's", () =>
    Effect.gen(function*() {
      expect(yield* folders(["my-shop-ie"])).toStrictEqual(["ambiguous-site", "ambiguous-site", "out/a--b-com"])
    }))

  it.effect("is what the file says", () =>
    Effect.gen(function*() {
      const all = yield* Sites.parse(
        "sites: [{ url: my-shop.ie, agents: [], folder: x }, { url: my.shop.ie, agents: [] }]"
      )
      const found = all.map((spec) => Sites.folderOf(spec, all, { existing: new Set(["my-shop-ie"]), root: "files" }))
      expect(found).toStrictEqual([Either.right("x"), Either.right("files/my-shop-ie")])
    }))
})
