import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Merge from "../../../src/systems/elevenlabs/state/Merge.ts"
import * as State from "../../../src/systems/elevenlabs/state/State.ts"
import * as States from "./States.ts"

const merge = (base: State.State | null, ours: State.State, theirs: State.State) =>
  Either.getOrThrow(Merge.merge(base, ours, theirs))

const entry = (documentId: string, uploadedAt: string, hash = "0".repeat(64)): State.Entry => ({
  documentId,
  name: null,
  hash,
  size: 1,
  uploadedAt
})
const state = (documents: Record<string, State.Entry>, more: Partial<State.State> = {}): State.State => ({
  ...State.empty(States.host),
  documents,
  ...more
})

const folder = (folderId: string | null) => state({}, { folderId })

const [early, late] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"] as const

const maybeState = FastCheck.option(States.state)

/** What collides in three ways is rare. */
const often = { fastCheck: { numRuns: 500 } }

describe("Merge.merge", () => {
  it("takes what only one side changed, removals too", () => {
    const base = state({ "a.txt": entry("doc_a", early), "b.txt": entry("doc_b", early) })
    const ours = state({ "a.txt": entry("doc_x", late), "b.txt": entry("doc_b", early) }, { pendingDelete: ["doc_a"] })
    const theirs = state({ "a.txt": entry("doc_a", early), "c.txt": entry("doc_c", late) }, { orphans: ["doc_b"] })
    expect(merge(base, ours, theirs)).toStrictEqual(
      state({ "a.txt": entry("doc_x", late), "c.txt": entry("doc_c", late) }, {
        pendingDelete: ["doc_a"],
        orphans: ["doc_b"]
      })
    )
  })

  it("keeps the later of two uploads of one file, and deletes the other", () => {
    const base = state({ "a.txt": entry("doc_a", early) })
    const ours = state({ "a.txt": entry("doc_x", "2026-01-02T00:00:00.5Z") }, { pendingDelete: ["doc_a"] })
    const theirs = state({ "a.txt": entry("doc_y", late) }, { pendingDelete: ["doc_a"] })
    expect(merge(base, ours, theirs)).toStrictEqual(
      state({ "a.txt": entry("doc_x", "2026-01-02T00:00:00.5Z") }, { pendingDelete: ["doc_a", "doc_y"] })
    )
  })

  it("keeps what one side uploaded and the other removed", () => {
    const base = state({ "a.txt": entry("doc_a", early) })
    const ours = state({}, { pendingDelete: ["doc_a"] })
    const theirs = state({ "a.txt": entry("doc_y", late) }, { pendingDelete: ["doc_a"] })
    expect(merge(base, ours, theirs)).toStrictEqual(theirs)
  })

  it("does not bring back an id that one side has deleted", () => {
    const base = state({}, { pendingDelete: ["doc_a", "doc_b"], orphans: ["doc_o"] })
    const merged = merge(base, state({}, { pendingDelete: ["doc_b"] }), base)
    expect([merged.pendingDelete, merged.orphans]).toStrictEqual([["doc_b"], []])
  })

  it("does not claim to know what two writers left in one document", () => {
    const base = state({ "a.txt": entry("doc_a", early) })
    const ours = state({ "a.txt": entry("doc_a", late, "1".repeat(64)) })
    const theirs = state({ "a.txt": entry("doc_a", late, "2".repeat(64)) })
    expect(merge(base, ours, theirs).documents["a.txt"]).toMatchObject({ documentId: "doc_a", hash: null })
  })

  it("looks a folder up again when both sides made one", () => {
    expect(merge(null, folder("fold_1"), folder("fold_2")).folderId).toBe(null)
    expect(merge(folder("fold_1"), folder("fold_1"), folder("fold_2")).folderId).toBe("fold_2")
  })

  it("refuses states of different sites", () => {
    expect(Either.isLeft(Merge.merge(null, state({}), State.empty("example.com")))).toBe(true)
  })

  const sides = { base: maybeState, ours: States.state, theirs: States.state }

  it.prop("is the same whichever side is ours", sides, ({ base, ours, theirs }) => {
    expect(merge(base, ours, theirs)).toStrictEqual(merge(base, theirs, ours))
  }, often)

  it.prop("is the other side where one changed nothing", sides, ({ base, ours }) => {
    const ancestor = base ?? State.empty(States.host)
    expect({ ...merge(ancestor, ours, ancestor), quarantine: [] }).toStrictEqual({ ...ours, quarantine: [] })
    expect(merge(base, ours, ours)).toStrictEqual(ours)
  }, often)

  it.prop("keeps its contract", sides, ({ base, ours, theirs }) => {
    const merged = merge(base, ours, theirs)
    expect(State.decode(State.encode(merged), States.host)).toStrictEqual(Either.right(merged))
  }, often)

  it.prop("loses no document but those that one side is done with", sides, ({ base, ours, theirs }) => {
    const before = State.idsOf(base ?? State.empty(States.host))
    const kept = State.idsOf(merge(base, ours, theirs))
    for (const [side, other] of [[ours, theirs], [theirs, ours]] as const) {
      for (const id of State.idsOf(side)) {
        if (!before.has(id) || State.idsOf(other).has(id)) expect(kept).toContain(id)
      }
    }
  }, often)
})
