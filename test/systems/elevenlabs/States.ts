import * as FastCheck from "effect/FastCheck"
import * as Grammar from "../../../src/systems/elevenlabs/state/Grammar.ts"
import * as Settle from "../../../src/systems/elevenlabs/state/Settle.ts"
import * as State from "../../../src/systems/elevenlabs/state/State.ts"

export const host = "my-shop.example"

/** Few ids, files and instants, so that they meet. */
export const id = FastCheck.constantFrom(..."abcdefghijkl".split("").map((letter) => `doc_${letter}`))

export const file = FastCheck.constantFrom("a.txt", "b.md", "sub/a.txt", "c.pdf", "a.txt#2")

const hash = FastCheck.constantFrom(
  null,
  "0".repeat(64),
  "1".repeat(64),
  `md5:${"2".repeat(32)}`
)

const instant = FastCheck.constantFrom(
  null,
  "2026-01-01T00:00:00.000Z",
  "2026-01-02T00:00:00Z",
  "2026-02-01T00:00:00.5Z"
)

const entry: FastCheck.Arbitrary<State.Entry> = FastCheck.record({
  documentId: id,
  name: FastCheck.constantFrom(null, "a #000000000000"),
  hash,
  size: FastCheck.constantFrom(null, 0, 7),
  uploadedAt: instant
})

const quarantined: FastCheck.Arbitrary<State.Quarantined> = FastCheck.record({
  path: FastCheck.string(),
  reason: FastCheck.string(),
  value: FastCheck.jsonValue({ maxDepth: 2 }).map((value) => Grammar.keep(value))
})

/** States that keep their contract. */
export const state: FastCheck.Arbitrary<State.State> = FastCheck.record({
  claims: FastCheck.array(FastCheck.record({ file, entry }), { maxLength: 5 }),
  pendingDelete: FastCheck.array(id, { maxLength: 3 }),
  orphans: FastCheck.array(id, { maxLength: 3 }),
  folderId: FastCheck.constantFrom(null, "fold_1", "fold_2"),
  quarantine: FastCheck.array(quarantined, { maxLength: 2 })
}).map((parts) => Settle.settle({ ...parts, site: host }).state)

/** The same data with the keys of every mapping, and every list of ids, the other way round. */
export const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed).toReversed()
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reversed(inner)]).toReversed())
}

const damaged = FastCheck.oneof(FastCheck.jsonValue({ maxDepth: 3 }), id, FastCheck.array(id))

/** Something like a state, with damage anywhere. */
export const wreck: FastCheck.Arbitrary<unknown> = FastCheck.oneof(
  FastCheck.jsonValue(),
  FastCheck.record(
    {
      version: FastCheck.oneof(FastCheck.constantFrom(1, 0, "1", null)),
      site: FastCheck.constantFrom<unknown>(host, null, 4, "../up"),
      folderId: FastCheck.oneof(id, damaged),
      documents: FastCheck.oneof(
        FastCheck.dictionary(
          FastCheck.oneof(file, FastCheck.constantFrom("__proto__", "../a.txt", "constructor", "/etc/a.txt")),
          FastCheck.oneof(
            entry,
            damaged,
            FastCheck.record(
              {
                documentId: FastCheck.oneof(id, damaged),
                document_id: id,
                previous_document_id: id,
                hash: FastCheck.oneof(hash, damaged),
                uploadedAt: FastCheck.oneof(instant, damaged),
                extra: damaged
              },
              { requiredKeys: [] }
            )
          )
        ),
        damaged
      ),
      pendingDelete: damaged,
      orphans: damaged,
      quarantine: FastCheck.oneof(FastCheck.array(FastCheck.oneof(quarantined, damaged)), damaged),
      stranger: damaged
    },
    { requiredKeys: [] }
  )
)
