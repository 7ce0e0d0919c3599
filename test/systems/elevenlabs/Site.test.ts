import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as NodePath from "node:path"
import * as Site from "../../../src/systems/elevenlabs/site/Site.ts"

const hostOf = (text: string) => Either.map(Site.parse(text), ({ host }) => host)
const siteOf = (text: string) => Either.getOrThrow(Site.parse(text))

const isUrlHost = (text: string): boolean => Either.isRight(Either.try(() => new URL(`https://${text}`)))

const label = FastCheck.stringMatching(/^[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?$/)
const host = FastCheck.array(FastCheck.oneof(label, FastCheck.constant("www")), { minLength: 2, maxLength: 4 }).map((
  labels
) => labels.join(".")).filter(isUrlHost)

describe("Site.normalise", () => {
  it.each([
    ["www.example.com", "example-com"],
    ["example.com", "example-com"],
    ["jgengineering.ie", "jgengineering-ie"],
    ["example-com", "example-com"]
  ])("%s is %s, as it always was", (text, slug) => {
    expect(Site.normalise(text)).toStrictEqual(Either.right(slug))
  })

  it.each([
    ["mywww.ie", "mywww-ie"],
    ["awww.example.com", "awww-example-com"],
    ["www.www.com", "www-com"],
    ["www.ie", "www-ie"],
    ["www.co.uk", "www-co-uk"],
    ["www.github.io", "www-github-io"],
    ["www.foo.co.uk", "foo-co-uk"],
    ["foo-co.uk", "foo--co-uk"],
    ["my-shop.ie", "my--shop-ie"],
    ["my.shop.ie", "my-shop-ie"],
    ["HTTPS://WWW.Example.COM:8443/a/b?c#d", "example-com"],
    ["example.com.", "example-com"],
    ["localhost:3000", "localhost"],
    ["http://my-host", "my--host"],
    ["https://bücher.example", "xn----bcher--kva-example"],
    ["  example.com ", "example-com"],
    ["Example-Com", "example-com"]
  ])("%s is %s", (text, slug) => {
    expect(Site.normalise(text)).toStrictEqual(Either.right(slug))
  })

  it.each([
    "",
    " ",
    ".",
    "..",
    "../etc/passwd",
    "..\\..\\windows",
    "example..com",
    "example.com..",
    ".example.com",
    "example.com/path",
    "exa mple.com",
    "exa\u0000mple.com",
    "exa\u202Emple.com",
    "__proto__",
    "https://__proto__",
    "https://-a.com",
    "https://a-.com",
    "https://%2e%2e/",
    "https://[::1]/",
    "https://exa*mple.com",
    "ftp://example.com",
    "file:///etc/passwd",
    "https://user:secret@example.com",
    "https://user:se cret secret@example.com",
    `https://${"a".repeat(64)}.com`,
    `https://${Array.from({ length: 60 }, () => "a-a").join(".")}.com`,
    "a".repeat(300)
  ])("%j is refused", (text) => {
    const result = Site.normalise(text)
    expect(Either.isLeft(result)).toBe(true)
    expect(JSON.stringify(result)).not.toContain("secret")
  })

  it.prop(
    "changes nothing when it runs again",
    { text: FastCheck.oneof(host, FastCheck.string(), FastCheck.webUrl()) },
    ({ text }) => {
      const once = Site.normalise(text)
      if (Either.isRight(once)) expect(Site.normalise(once.right)).toStrictEqual(once)
    }
  )

  it.prop(
    "never leads out of a folder, whatever is written",
    {
      text: FastCheck.oneof(
        FastCheck.string(),
        FastCheck.string({ unit: "grapheme" }),
        FastCheck.stringMatching(/^[./\\%a2eE:@-]{1,12}$/)
      )
    },
    ({ text }) => {
      for (const input of [text, `https://${text}`]) {
        const slug = Site.normalise(input)
        if (Either.isLeft(slug)) continue
        expect(NodePath.dirname(NodePath.resolve("/out", slug.right))).toBe("/out")
        expect(slug.right).toMatch(/^[a-z0-9][a-z0-9_-]*$/)
      }
    }
  )
})

describe("Site.parse", () => {
  it.prop("gives two hosts two slugs", { left: host, right: host }, ({ left, right }) => {
    const [a, b] = [siteOf(left), siteOf(right)]
    expect(a.slug === b.slug).toBe(a.host === b.host)
  })

  it("gives hosts that older tools mixed up two slugs", () => {
    const labels = ["a", "b", "a-b", "a--b", "b-a"]
    const hosts = labels.flatMap((x) => labels.flatMap((y) => [`${x}.${y}`, ...labels.map((z) => `${x}.${y}.${z}`)]))
    expect(new Set(hosts.map((text) => siteOf(text).slug)).size).toBe(hosts.length)
  })

  it.prop("reads a host that it gave as the same site", { text: host }, ({ text }) => {
    const site = siteOf(`https://${text}/`)
    expect(Site.parse(site.host)).toStrictEqual(Either.right(site))
  })

  it("takes a word without a dot for a slug, and asks for the URL", () => {
    expect(hostOf("my-shop-ie")).toStrictEqual(
      Either.left("\"my-shop-ie\" is no URL and no host with a dot: write https://my-shop-ie")
    )
  })

  it("knows the slug that older tools made", () => {
    expect([siteOf("my-shop.ie"), siteOf("my.shop.ie"), siteOf("mywww.ie")].map(({ legacySlug }) => legacySlug))
      .toStrictEqual(["my-shop-ie", "my-shop-ie", "myie"])
  })
})

describe("Site.resolve", () => {
  const configured = ["my-shop.ie", "my.shop.ie", "example.com", "http://localhost"].map(siteOf)
  const tell = (key: string) => {
    const found = Site.resolve(key, configured)
    if (found._tag === "Known") return found.site.host
    return found._tag === "Ambiguous" ? found.candidates.map(({ host }) => host) : undefined
  }

  it("finds a site by URL, host, slug and older slug", () => {
    expect(
      ["https://www.example.com/x", "example.com", "example-com", "my--shop-ie", "localhost", "my-shop.ie"].map(tell)
    )
      .toStrictEqual(["example.com", "example.com", "example.com", "my-shop.ie", "localhost", "my-shop.ie"])
  })

  it("names the candidates where several sites had one slug", () => {
    expect(tell("my-shop-ie")).toStrictEqual(["my-shop.ie", "my.shop.ie"])
  })

  it("never makes up a site that nobody configured", () => {
    expect(["other-com", "other.com", "shop.ie", "constructor", "", "../x"].map(tell)).toStrictEqual(
      Array.from({ length: 6 }, () => undefined)
    )
  })
})
