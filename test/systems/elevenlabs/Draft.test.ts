import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Draft from "../../../src/systems/elevenlabs/state/Draft.ts"
import * as State from "../../../src/systems/elevenlabs/state/State.ts"
import * as States from "./States.ts"

const entry = (documentId: string): State.Entry => ({
  documentId,
  name: null,
  hash: null,
  size: 7,
  // Later than any other: what is recorded last holds.
  uploadedAt: "2027-01-01T00:00:00.000Z"
})

const ids = FastCheck.array(States.id, { maxLength: 3 })

const change: FastCheck.Arbitrary<Draft.Change> = FastCheck.record({
  folderId: FastCheck.constantFrom(undefined, "fold_1", "fold_2"),
  file: FastCheck.option(
    FastCheck.tuple(States.file, FastCheck.oneof(FastCheck.constant(null), States.id.map(entry))),
    { nil: undefined }
  ),
  toDelete: ids,
  deleted: ids
})

/** The same by looking at the whole state each time. */
const changed = (state: State.State, { deleted = [], file, folderId, toDelete = [] }: Draft.Change): State.State => {
  const documents = new Map(Object.entries(state.documents))
  const going: Array<string> = []
  if (file !== undefined) {
    const [name, entry] = file
    const before = documents.get(name)
    if (before !== undefined && before.documentId !== entry?.documentId) going.push(before.documentId)
    documents.delete(name)
    if (entry !== null) {
      for (const [other, { documentId }] of documents) if (documentId === entry.documentId) documents.delete(other)
      documents.set(name, entry)
    }
  }
  const pendingDelete = [...state.pendingDelete, ...going, ...toDelete]
  const next = State.change(state, {
    folderId,
    documents: Object.fromEntries(documents),
    pendingDelete,
    orphans: state.orphans.filter((id) => !pendingDelete.includes(id))
  })
  const gone = new Set(deleted)
  return State.change(next, {
    pendingDelete: next.pendingDelete.filter((id) => !gone.has(id)),
    orphans: next.orphans.filter((id) => !gone.has(id))
  })
}

describe("Draft", () => {
  it("makes of changes what looking at the whole state makes of them, and tells which change anything", () => {
    FastCheck.assert(FastCheck.property(States.state, FastCheck.array(change, { maxLength: 6 }), (from, changes) => {
      const draft = Draft.make(from)
      let whole = from
      for (const one of changes) {
        const before = whole
        whole = changed(whole, one)
        const isUndone = one.toDelete?.some((id) => one.deleted?.includes(id)) === true
        // An entry that is put anew counts, even if it says the same, and so does what one change does and undoes.
        if (!draft.apply(one)) expect(State.encode(whole)).toBe(State.encode(before))
        else if (one.file === undefined && !isUndone) expect(State.encode(whole)).not.toBe(State.encode(before))
        expect(draft.state()).toEqual(whole)
      }
    }))
  })

  it("keeps every document id of what it began with, unless it was told that it is gone", () => {
    FastCheck.assert(FastCheck.property(States.state, FastCheck.array(change, { maxLength: 6 }), (from, changes) => {
      const draft = Draft.make(from)
      const known = new Set(State.idsOf(from))
      for (const one of changes) {
        draft.apply(one)
        for (const id of [...(one.toDelete ?? []), one.file?.[1]?.documentId ?? ""]) if (id !== "") known.add(id)
        for (const id of one.deleted ?? []) if (!State.idsOf(draft.state()).has(id)) known.delete(id)
        expect([...known].filter((id) => !State.idsOf(draft.state()).has(id))).toEqual([])
      }
    }))
  })
})
