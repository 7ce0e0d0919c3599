import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as LastGood from "../../../src/systems/elevenlabs/state/LastGood.ts"
import * as Repair from "../../../src/systems/elevenlabs/state/Repair.ts"
import * as State from "../../../src/systems/elevenlabs/state/State.ts"
import * as States from "./States.ts"

const entry = {
  documentId: "doc_1",
  name: "a #000000000000",
  hash: "0".repeat(64),
  size: 7,
  uploadedAt: "2026-01-01T00:00:00.000Z"
}
const plain: State.State = {
  ...State.empty(States.host),
  folderId: "fold_1",
  documents: { "b.txt": { ...entry, documentId: "doc_2" }, "a.txt": entry },
  pendingDelete: ["doc_3"]
}

const problems = (content: Uint8Array | string, site?: string) =>
  Either.match(State.decode(content, site), {
    onLeft: ({ problems, reason }) => [reason, ...problems.map(({ message, path }) => `${path}: ${message}`)],
    onRight: () => []
  })

const repaired = (value: unknown) => Either.getOrThrow(Repair.repair(value, States.host))

/** Ids under keys that say so, and in the lists of ids. */
const idsIn = (value: unknown): ReadonlyArray<string> =>
  [...JSON.stringify(value).matchAll(/"(?:documentId|document_id|previous_document_id)":"(doc_[a-z])"/g)].map(
    ([, found]) => String(found)
  )

describe("State.encode", () => {
  it("is one text, with sorted keys", () => {
    expect(State.encode(plain)).toBe(`{
  "documents": {
    "a.txt": {
      "documentId": "doc_1",
      "hash": "${"0".repeat(64)}",
      "name": "a #000000000000",
      "size": 7,
      "uploadedAt": "2026-01-01T00:00:00.000Z"
    },
    "b.txt": {
      "documentId": "doc_2",
      "hash": "${"0".repeat(64)}",
      "name": "a #000000000000",
      "size": 7,
      "uploadedAt": "2026-01-01T00:00:00.000Z"
    }
  },
  "folderId": "fold_1",
  "orphans": [],
  "pendingDelete": [
    "doc_3"
  ],
  "quarantine": [],
  "site": "my-shop.example",
  "version": 1
}
`)
  })

  it.prop(
    "is read as the same state, and does not depend on the order of keys",
    { state: States.state },
    ({ state }) => {
      const text = State.encode(state)
      const again = Either.getOrThrow(State.decode(new TextEncoder().encode(text), States.host))
      expect(again).toStrictEqual(state)
      const turned = Either.getOrThrow(State.decode(JSON.stringify(States.reversed(state))))
      expect(turned.documents).toStrictEqual(state.documents)
      expect([turned.pendingDelete, turned.orphans]).toStrictEqual([state.pendingDelete, state.orphans])
      expect(State.encode(Either.getOrThrow(State.decode(JSON.stringify(keysReversed(state)))))).toBe(text)
    }
  )
})

describe("State.decode", () => {
  it.prop("never throws on bytes", { bytes: FastCheck.uint8Array({ maxLength: 200 }) }, ({ bytes }) => {
    expect(Either.isLeft(State.decode(bytes))).toBe(true)
  })

  it.prop("never throws on JSON", { wreck: States.wreck }, ({ wreck }) => {
    const result = State.decode(JSON.stringify(wreck), States.host)
    if (Either.isLeft(result)) expect(result.left.problems.length).toBeGreaterThan(0)
    else expect(Either.getOrThrow(State.decode(State.encode(result.right)))).toStrictEqual(result.right)
  })

  it("never throws on what is nested without end", () => {
    const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`
    const text = JSON.stringify({ ...plain, quarantine: [{ path: "x", reason: "y", value: 0 }] }).replace(
      "\"value\":0",
      `"value":${deep}`
    )
    expect(problems(text)).toStrictEqual(["invalid", "quarantine: is no entry of the quarantine"])
    expect(problems(deep)[0]).toBe("invalid")
    const { state } = repaired(JSON.parse(text))
    expect(Either.getOrThrow(State.decode(State.encode(state)))).toStrictEqual(state)
  })

  it("tells every problem at once", () => {
    const text = JSON.stringify({
      version: 1,
      site: States.host,
      folderId: 4,
      documents: {
        "../up.txt": entry,
        "a.txt": { ...entry, hash: "abc", size: -1, more: true },
        "b.txt": { ...entry, documentId: "a/b" },
        "c.txt": []
      },
      pendingDelete: ["doc_1", ""],
      orphans: null,
      surplus: 1
    })
    expect(problems(text)).toStrictEqual([
      "invalid",
      "[\"surplus\"]: is not a known key",
      "documents[\"../up.txt\"]: is no file below the site's folder",
      "documents[\"a.txt\"].hash: is not a SHA-256 in hex",
      "documents[\"a.txt\"].size: is not a number of bytes",
      "documents[\"a.txt\"][\"more\"]: is not a known key",
      "documents[\"b.txt\"]: has no document id",
      "documents[\"c.txt\"]: is no mapping",
      "folderId: is no id of a folder",
      "orphans: is no list of document ids",
      "pendingDelete: doc_1 stands elsewhere as well",
      "pendingDelete: holds what is no document id",
      "quarantine: is missing"
    ])
  })

  it("sees a key that stands twice, which a parser forgets in silence", () => {
    const text = State.encode(plain).replace("\"b.txt\"", "\"a.txt\"")
    expect(problems(text)).toStrictEqual(["invalid", ": the key \"a.txt\" stands more than once"])
  })

  it("refuses a newer version, and does not mend it", () => {
    const text = JSON.stringify({ ...plain, version: 2, documents: [] })
    expect(problems(text)[0]).toBe("newer-version")
    expect(Either.isLeft(Repair.repair(JSON.parse(text), States.host))).toBe(true)
    expect(Either.isLeft(Repair.text(text.slice(0, -9), States.host))).toBe(true)
  })

  it("refuses the state of another site, and does not make it this one's", () => {
    expect(problems(State.encode(plain), "example.com")).toStrictEqual([
      "other-site",
      "site: is my-shop.example, and the state of example.com was asked for"
    ])
    expect(Either.isLeft(Repair.repair(plain, "example.com"))).toBe(true)
  })

  it("says what to do about it", () => {
    const fault = State.toFault("config/a.json", { reason: "not-json", problems: [{ path: "", message: "torn" }] })
    expect(fault).toMatchObject({ kind: "invalid", code: "state-corrupt", sent: "no", subject: "config/a.json" })
    expect(fault.message).toContain("torn")
  })
})

describe("Repair.repair", () => {
  it.prop("gives a state that keeps its contract, once and for all", { wreck: States.wreck }, ({ wreck }) => {
    const { state } = repaired(wreck)
    expect(repaired(state)).toStrictEqual({ state, repairs: [] })
    expect(Either.getOrThrow(State.decode(State.encode(state), States.host))).toStrictEqual(state)
  })

  it.prop("does not depend on the order of keys", { wreck: States.wreck }, ({ wreck }) => {
    const { repairs, state } = repaired(wreck)
    const turned = repaired(keysReversed(wreck))
    expect(turned.state).toStrictEqual(state)
    expect(turned.repairs).toStrictEqual(repairs)
  })

  it.prop("loses no document id", { wreck: States.wreck }, ({ wreck }) => {
    const kept = State.idsOf(repaired(wreck).state)
    const { quarantine: _, ...rest } = Object(wreck)
    for (const found of idsIn(rest)) expect(kept).toContain(found)
  })

  it("finds the ids of what it cannot read", () => {
    const { state } = repaired({
      documents: {
        "a.txt": { ...entry, previous_document_id: "doc_old" },
        "..": { nested: [{ document_id: "doc_far" }] }
      }
    })
    expect(state.documents).toStrictEqual({ "a.txt": entry })
    expect(state.orphans).toStrictEqual(["doc_far", "doc_old"])
    expect(state.quarantine.map(({ path }) => path)).toStrictEqual([
      "documents[\"..\"]",
      "documents[\"a.txt\"][\"previous_document_id\"]"
    ])
  })

  it("finds the ids of a quarantine that is damaged itself, however deep", () => {
    const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => [inner], { documentId: "doc_deep" })
    const { state } = repaired({
      ...plain,
      quarantine: [{ document_id: "doc_lost" }, { path: "", reason: "", value: deep }]
    })
    expect(state.orphans).toStrictEqual(["doc_deep", "doc_lost"])
    expect(State.encode(state)).toContain("nested too deeply")
  })

  it("leaves one document that two files claim to the later upload", () => {
    const { repairs, state } = repaired({
      ...plain,
      documents: { "a.txt": entry, "b.txt": { ...entry, uploadedAt: "2026-01-01T00:00:01.000Z" } }
    })
    expect(Object.keys(state.documents)).toStrictEqual(["b.txt"])
    expect(repairs.map(({ path }) => path)).toStrictEqual(["documents[\"a.txt\"]"])
  })
})

describe("Repair.text", () => {
  it("keeps what a torn file still tells", () => {
    const text = State.encode({ ...plain, orphans: ["doc_4"] })
    const { repairs, state } = Either.getOrThrow(Repair.text(text.slice(0, -20), States.host))
    expect(state).toStrictEqual({ ...State.empty(States.host), orphans: ["doc_1", "doc_2", "doc_3", "doc_4"] })
    expect(repairs[0]?.remedy).toBe("4 document ids were found and are kept as orphans")
  })

  it("keeps both ids of a key that stands twice", () => {
    const text = State.encode(plain).replace("\"b.txt\"", "\"a.txt\"")
    const { state } = Either.getOrThrow(Repair.text(text, States.host))
    expect(State.idsOf(state)).toStrictEqual(new Set(["doc_2", "doc_3", "doc_1"]))
    expect(Object.keys(state.documents)).toStrictEqual(["a.txt"])
  })

  it.prop("changes nothing of a good file", { state: States.state }, ({ state }) => {
    expect(Repair.text(State.encode(state), States.host)).toStrictEqual(Either.right({ state, repairs: [] }))
  })

  it.prop(
    "keeps every id of a file that is cut anywhere",
    { state: States.state, at: FastCheck.nat() },
    ({ at, state }) => {
      const text = State.encode(state)
      const cut = text.slice(0, at % text.length)
      const { state: saved } = Either.getOrThrow(Repair.text(cut, States.host))
      for (const [, found] of cut.matchAll(/"documentId": "(doc_[a-z])"/g)) expect(State.idsOf(saved)).toContain(found)
    }
  )
})

describe("LastGood.recall", () => {
  const torn = Either.getOrThrow(Repair.text("{", States.host))

  it("keeps the ids that a torn file no longer has", () => {
    const { repairs, state } = LastGood.recall(torn, State.encode({ ...plain, orphans: ["doc_4"] }))
    expect(state.orphans).toStrictEqual(["doc_1", "doc_2", "doc_3", "doc_4"])
    expect(repairs.at(-1)).toStrictEqual({
      path: "",
      problem: "lacks 4 document ids of its last good copy",
      remedy: "kept as orphans"
    })
  })

  it("is nothing where the copy is damaged too, or is of another site", () => {
    expect(LastGood.recall(torn, "{")).toStrictEqual(torn)
    expect(LastGood.recall(torn, State.encode({ ...plain, site: "other.example" }))).toStrictEqual(torn)
  })

  it.prop(
    "loses no id of the copy or of the damaged file, and adds nothing to a good one",
    { before: States.state, after: States.state, at: FastCheck.nat() },
    ({ after, at, before }) => {
      const copy = State.encode(before)
      const text = State.encode(after)
      const damaged = Either.getOrThrow(Repair.text(text.slice(0, at % (text.length - 2)), States.host))
      const { state } = LastGood.recall(damaged, copy)
      const ids = State.idsOf(state)
      for (const id of [...State.idsOf(before), ...State.idsOf(damaged.state)]) expect(ids).toContain(id)
      expect(State.decode(State.encode(state), States.host)).toStrictEqual(Either.right(state))
      const whole = Either.getOrThrow(Repair.text(text, States.host))
      expect(LastGood.recall(whole, copy)).toStrictEqual(whole)
    }
  )
})

describe("State.change", () => {
  it("takes an id that a file gets out of the lists", () => {
    const changed = State.change(plain, {
      documents: { ...plain.documents, "c.txt": { ...entry, documentId: "doc_3" } },
      orphans: ["doc_9", "doc_1"]
    })
    expect([changed.pendingDelete, changed.orphans]).toStrictEqual([[], ["doc_9"]])
  })
})

const keysReversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(keysReversed)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, keysReversed(inner)]).toReversed())
}
