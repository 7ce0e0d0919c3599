/** Documents and folders of the simulated workspace. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as Api from "./Api.ts"

const root = Api.knowledgeBase

const names = ({ body }: Api.Answer): ReadonlyArray<unknown> =>
  Api.list(body, "documents").map((document) => Api.field(document, "name"))

const all = (api: Api.Api, query: string) =>
  Effect.gen(function*() {
    const found: Array<unknown> = []
    let cursor = ""
    for (let page = 0; page < 50; page++) {
      const answer = yield* api.get(`${root}?${query}${cursor === "" ? "" : `&cursor=${cursor}`}`)
      found.push(...names(answer))
      const next = Api.field(answer.body, "next_cursor")
      assert.strictEqual(Api.field(answer.body, "has_more"), next !== null)
      if (typeof next !== "string") return found
      cursor = next
    }
    return assert.fail("the listing does not end")
  })

const idsOf = (seed: number) =>
  Effect.flatMap(Api.make({ seed }), (api) => Effect.all([api.upload({ content: "a" }), api.upload({ content: "b" })]))

describe("documents", () => {
  it.effect("keep the bytes of a file, whatever they are", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const content = Uint8Array.from({ length: 1_000 }, (_, index) => (index * 7) % 256)
      const id = yield* api.upload({ name: "Ünï \"x\"", filename: "ü.pdf", mediaType: "application/pdf", content })
      const kept = api.world.document(id)
      assert.deepStrictEqual(kept?.bytes, content)
      assert.strictEqual(kept?.filename, "ü.pdf")
      assert.strictEqual(kept?.mediaType, "application/pdf")
      assert.strictEqual(kept?.name, "Ünï \"x\"")
      const whole = yield* api.get(`${root}/${id}`)
      assert.strictEqual(Api.field(whole.body, "metadata", "size_bytes"), 1_000)
      assert.strictEqual(Api.field(whole.body, "filename"), "ü.pdf")
    }))

  it.effect("of one name twice are two", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const first = yield* api.upload({ name: "Same", content: "same" })
      const second = yield* api.upload({ name: "Same", content: "same" })
      assert.notStrictEqual(first, second)
      assert.deepStrictEqual(names(yield* api.get(`${root}?search=Same`)), ["Same", "Same"])
    }))

  it.effect("have the same ids in the same world, and others in another", () =>
    Effect.gen(function*() {
      const [one, again, other] = [yield* idsOf(3), yield* idsOf(3), yield* idsOf(4)]
      assert.deepStrictEqual(one, again)
      assert.isTrue(one.every((id) => !other.includes(id)))
      assert.match(one[0], /^[0-9A-Za-z]{20}$/)
    }))

  it.effect("give a link to the file that needs no key and ends", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const id = yield* api.upload({ content: "the source" })
      const link = String(Api.field((yield* api.get(`${root}/${id}/source-file-url`)).body, "signed_url"))
      assert.match(link, /^https:\/\/api\.elevenlabs\.io\/storage\//)
      const url = link.slice("https://api.elevenlabs.io".length)
      const got = yield* api.ask({ url, headers: {} })
      assert.strictEqual(Buffer.from(got.bytes).toString(), "the source")
      assert.strictEqual(api.simulator.calls.keysGivenAway, 0)
      yield* api.get(url)
      assert.strictEqual(api.simulator.calls.keysGivenAway, 1)
      assert.strictEqual((yield* api.ask({ url: url.slice(0, -1), headers: {} })).status, 403)
      yield* TestClock.adjust("15 minutes")
      assert.strictEqual((yield* api.ask({ url, headers: {} })).status, 403)
    }))

  it.effect("have as content their text, which of a file is not what was sent", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const words = Api.idOf(yield* api.post(`${root}/text`, { text: "a < b", name: "Words" }))
      const file = yield* api.upload({ content: "a < b" })
      assert.strictEqual((yield* api.get(`${root}/${words}/content`)).text, "a < b")
      assert.strictEqual((yield* api.get(`${root}/${file}/content`)).text, "<p>a &lt; b</p>")
    }))

  it.effect("are renamed, and take the name of a file that is put in their place", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const id = yield* api.upload({ name: "Old", content: "old" })
      yield* api.patch(`${root}/${id}`, { name: "New" })
      assert.strictEqual(api.world.document(id)?.name, "New")
      const updated = yield* api.sendFile("PATCH", `${root}/${id}/update-file`, { filename: "new.txt", content: "new" })
      assert.strictEqual(Api.field(updated.body, "name"), "new.txt")
      assert.strictEqual(Buffer.from(api.world.document(id)?.bytes ?? []).toString(), "new")
    }))

  it.effect("keep the file when their text is edited, until there is another file", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const id = yield* api.upload({ name: "Doc", content: "sent" })
      const hashes: ReadonlyArray<readonly [string, string]> = [[id, api.world.document(id)?.hash ?? ""]]
      yield* api.patch(`${root}/${id}`, { content: "edited" })
      assert.strictEqual((yield* api.get(`${root}/${id}/content`)).text, "edited")
      assert.strictEqual(Buffer.from(api.world.document(id)?.bytes ?? []).toString(), "sent")
      assert.deepStrictEqual(api.world.check({ hashes }).map(({ invariant }) => invariant), ["I4"])
      yield* api.sendFile("PATCH", `${root}/${id}/update-file`, { content: "sent" })
      assert.deepStrictEqual(api.world.check({ hashes }), [])
    }))

  it.effect("that are not there are not found", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ errors: "current" })
      const answer = yield* api.get(`${root}/nothing`)
      assert.strictEqual(answer.status, 404)
      assert.strictEqual(Api.field(answer.body, "detail", "code"), "knowledge_base_documentation_not_found")
      assert.strictEqual(Api.field(answer.body, "detail", "request_id"), answer.headers["x-request-id"])
    }))
})

describe("folders", () => {
  it.effect("hold what was made in them or moved there", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const outer = Api.idOf(yield* api.post(`${root}/folder`, { name: "outer" }))
      const inner = Api.idOf(yield* api.post(`${root}/folder`, { name: "inner", parent_folder_id: outer }))
      const made = yield* api.upload({ name: "made", content: "made", folder: inner })
      const moved = yield* api.upload({ name: "moved", content: "moved" })
      yield* api.post(`${root}/${moved}/move`, { move_to: outer })
      const sorted = "sort_by=name&sort_direction=asc"
      assert.deepStrictEqual(names(yield* api.get(`${root}?parent_folder_id=${outer}&${sorted}`)), ["inner", "moved"])
      assert.deepStrictEqual(
        names(yield* api.get(`${root}?ancestor_folder_id=${outer}&${sorted}`)),
        ["inner", "made", "moved"]
      )
      const path = Api.list((yield* api.get(`${root}/${made}`)).body, "folder_path")
      assert.deepStrictEqual(path, [{ id: outer, name: "outer" }, { id: inner, name: "inner" }])
      yield* api.post(`${root}/${moved}/move`, { move_to: null })
      assert.strictEqual(api.world.document(moved)?.folder, null)
      assert.strictEqual((yield* api.post(`${root}/${outer}/move`, { move_to: inner })).status, 400)
    }))

  it.effect("that are not empty are deleted by force only, with all in them", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const outer = Api.idOf(yield* api.post(`${root}/folder`, { name: "outer" }))
      const inner = Api.idOf(yield* api.post(`${root}/folder`, { name: "inner", parent_folder_id: outer }))
      yield* api.upload({ content: "deep", folder: inner })
      assert.strictEqual((yield* api.remove(`${root}/${outer}`)).status, 400)
      assert.strictEqual(api.world.documents().length, 1)
      assert.strictEqual((yield* api.remove(`${root}/${outer}?force=true`)).status, 200)
      assert.deepStrictEqual([api.world.documents(), api.world.folders()], [[], []])
    }))
})

describe("the listing", () => {
  it.effect("goes on behind a cursor, whatever is made and deleted in between", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const ids = yield* Effect.forEach(
        Array.from({ length: 7 }, (_, index) => `doc ${index}`),
        (name) => api.upload({ name, content: name })
      )
      const query = "sort_by=name&sort_direction=asc&page_size=3"
      const first = yield* api.get(`${root}?${query}`)
      assert.deepStrictEqual(names(first), ["doc 0", "doc 1", "doc 2"])
      yield* api.remove(`${root}/${ids[2]}`)
      yield* api.upload({ name: "a new one", content: "new" })
      const rest = yield* api.get(`${root}?${query}&cursor=${String(Api.field(first.body, "next_cursor"))}`)
      assert.deepStrictEqual(names(rest), ["doc 3", "doc 4", "doc 5"])
      assert.strictEqual((yield* api.get(`${root}?cursor=torn`)).status, 400)
    }))

  it.effect("has all of many, thirty a page unless told otherwise", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      yield* Effect.forEach(Array.from({ length: 65 }), (_, index) => api.upload({ name: `${index}`, content: "x" }))
      assert.strictEqual(names(yield* api.get(root)).length, 30)
      for (const query of ["", "page_size=7", "sort_by=size&folders_first=true&page_size=64"]) {
        assert.strictEqual(new Set(yield* all(api, query)).size, 65)
      }
    }))

  it.effect("finds the beginnings of names, in their own case", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const given = ["llms-foo-co", "llms-foo-co-uk", "LLMS-foo-co", "about llms-foo-co"]
      yield* Effect.forEach(given, (name) => api.upload({ name, content: name }))
      const found = yield* all(api, "search=llms-foo-co&sort_by=name&sort_direction=asc")
      assert.deepStrictEqual(found, ["llms-foo-co", "llms-foo-co-uk"])
    }))

  it.effect("takes a while to have what is new, though it can be read", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ listingLagMillis: 2_000 })
      const id = yield* api.upload({ name: "late", content: "late" })
      yield* TestClock.adjust(1_999)
      assert.deepStrictEqual(names(yield* api.get(root)), [])
      assert.strictEqual((yield* api.get(`${root}/${id}`)).status, 200)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(names(yield* api.get(root)), ["late"])
    }))

  it.effect("takes a while to lose what was deleted, though it cannot be read", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ deletionLagMillis: 2_000 })
      const folder = Api.idOf(yield* api.post(`${root}/folder`, { name: "F" }))
      const id = yield* api.upload({ name: "gone", content: "gone", folder })
      yield* api.remove(`${root}/${id}`)
      assert.strictEqual((yield* api.get(`${root}/${id}`)).status, 404)
      yield* TestClock.adjust(1_999)
      assert.deepStrictEqual(names(yield* api.get(`${root}?ancestor_folder_id=${folder}`)), ["gone"])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(names(yield* api.get(`${root}?parent_folder_id=${folder}`)), [])
    }))

  it.effect("names its last page as the next where it is told to", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ trouble: { endless: true } })
      yield* Effect.forEach(["a", "b", "c"], (name) => api.upload({ name, content: name }))
      const first = yield* api.get(`${root}?page_size=2`)
      const cursor = String(Api.field(first.body, "next_cursor"))
      const last = yield* api.get(`${root}?page_size=2&cursor=${cursor}`)
      assert.deepStrictEqual([Api.field(last.body, "next_cursor"), Api.field(last.body, "has_more")], [cursor, true])
    }))

  it.effect("tells what others made from what is one's own", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      yield* api.upload({ name: "mine", content: "mine" })
      yield* api.world.addForeignDocument({ name: "theirs" })
      assert.deepStrictEqual(names(yield* api.get(`${root}?created_by_user_id=@me`)), ["mine"])
      assert.strictEqual(names(yield* api.get(root)).length, 2)
    }))
})
