/**
 * Looks at the world after every call and after every write of a state file: no agent is without a document that it had,
 * every document is known to a state file or a journal, and what is recorded of its content is so.
 */
import * as Either from "effect/Either"
import { createHash } from "node:crypto"
import type * as Journal from "../../../src/kernel/Journal.ts"
import type * as Simulator from "../../../src/systems/elevenlabs/Simulator.ts"
import * as Tree from "../../../src/systems/elevenlabs/simulator/Tree.ts"
import * as State from "../../../src/systems/elevenlabs/state/State.ts"
import type { Problem } from "../System.ts"
import type { Disk } from "./Disk.ts"

export interface Place {
  readonly host: string
  readonly state: string
}

export interface Watch {
  readonly look: (when: string) => void
  readonly problems: ReadonlyArray<Problem>
  /** Journals that there are. */
  readonly journals: Set<ReadonlyMap<string, Journal.Entry>>
  /** Files that were removed on purpose. */
  readonly removed: Set<string>
  /** Documents that somebody deleted, gave another name, or of which the record was lost. */
  readonly excused: Set<string>
  /** Two work on agents at once, and each overwrites what the other has just saved, until it notices. */
  crowded: boolean
  /** A document made until then may be unknown, in milliseconds: who made it cannot tell any more. */
  forgottenUntil: number
  readonly stateOf: (place: Place) => State.State | undefined
  /** What an agent lacks now. */
  readonly lost: () => ReadonlyArray<string>
}

const hashes = new WeakMap<Uint8Array, string>()

const hashOf = (bytes: Uint8Array): string => {
  const found = hashes.get(bytes) ?? createHash("sha256").update(bytes).digest("hex")
  hashes.set(bytes, found)
  return found
}

const field = (value: unknown, name: string): string | undefined =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? String(Reflect.get(value, name))
    : undefined

/** What the latest entry of each series of uploads tells. */
const told = (entries: ReadonlyMap<string, Journal.Entry>) => {
  const latest = new Map<string, readonly [number: number, entry: Journal.Entry]>()
  for (const [key, entry] of entries) {
    if (!key.includes("/upload/")) continue
    const cut = key.lastIndexOf("/")
    const [series, number] = [key.slice(0, cut), Number(key.slice(cut + 1))]
    if (number > (latest.get(series)?.[0] ?? 0)) latest.set(series, [number, entry])
  }
  const all = [...latest.values()].map(([, entry]) => entry)
  return {
    ids: all.flatMap((entry) => entry._tag === "Completed" ? field(entry.result, "id") ?? [] : []),
    names: all.flatMap((entry) => entry._tag === "Begun" ? field(entry.intent, "name") ?? [] : [])
  }
}

export const make = (
  world: Simulator.Simulator["world"],
  disk: Disk,
  places: ReadonlyArray<Place>,
  clock: () => number
): Watch => {
  const problems: Array<Problem> = []
  const seen = new Set<string>()
  const read = new Map<string, { readonly text: string; readonly state: State.State | undefined }>()
  const created = new Map<string, number>()

  const stateOf = ({ host, state }: Place): State.State | undefined => {
    const text = disk.text(state)
    if (text === undefined) return State.empty(host)
    const before = read.get(state)
    if (before?.text === text) return before.state
    const decoded = Either.getOrUndefined(State.decode(text, host))
    read.set(state, { text, state: decoded })
    return decoded
  }

  const report = (invariant: string, detail: string, when: string): void => {
    if (seen.has(`${invariant} ${detail}`)) return
    seen.add(`${invariant} ${detail}`)
    problems.push({ invariant, detail: `${detail} ${when}` })
  }

  const lost = (): ReadonlyArray<string> =>
    world.check({ removed: watch.removed }).map(({ detail }) => detail).filter((detail) => {
      const document = /has lost document (\S+)$/.exec(detail)?.[1]
      return document === undefined || !watch.excused.has(document)
    })

  /** Which branches name a document that is forgotten, as it was left. */
  const left = new Map<string, string>()
  const isIdle = (id: string): boolean => {
    const named = world.agents().flatMap(({ branches }) => [...branches.values()]).filter(({ versions }) =>
      Tree.named(versions.at(-1)?.content ?? {}).has(id)
    ).map((branch) => branch.id).join()
    if (clock() <= watch.forgottenUntil) left.set(id, named)
    return (left.get(id) ?? "") === named
  }

  const look = (when: string): void => {
    if (!watch.crowded) {
      for (const detail of lost()) {
        // Nothing guards a save, so what others have just put there is away until it is put back.
        const document = /has lost document (\S+)$/.exec(detail)?.[1]
        if (document === undefined || world.document(document)?.foreign === false) report("I1", detail, when)
      }
    }
    const states = places.map(stateOf)
    const ids = new Set(states.flatMap((state) => state === undefined ? [] : [...State.idsOf(state)]))
    const names = new Set<string>()
    for (const entries of watch.journals) {
      const known = told(entries)
      for (const id of known.ids) ids.add(id)
      for (const name of known.names) names.add(name)
    }
    const documents = new Map(world.documents().map((document) => [document.id, document]))
    for (const { foreign, id, name } of documents.values()) {
      if (foreign || ids.has(id) || names.has(name) || watch.excused.has(id)) continue
      if (!created.has(id)) created.set(id, clock())
      // Nobody can know it any more; but nobody may do anything about it before it is written down.
      if ((created.get(id) ?? 0) <= watch.forgottenUntil && isIdle(id)) continue
      report("I2", `nobody knows of document ${id}, ${name}`, when)
    }
    for (const id of documents.keys()) if (!created.has(id)) created.set(id, clock())
    for (const state of states) {
      for (const { documentId, hash } of Object.values(state?.documents ?? {})) {
        if (hash === null || hash.startsWith("md5:") || watch.excused.has(documentId)) continue
        const found = documents.get(documentId)
        if (found === undefined) report("I4", `recorded document ${documentId} is not there`, when)
        else if (hashOf(found.bytes) !== hash) report("I4", `document ${documentId}, ${found.name} is another`, when)
      }
    }
  }

  const watch: Watch = {
    look,
    problems,
    journals: new Set(),
    removed: new Set(),
    excused: new Set(),
    crowded: false,
    forgottenUntil: 0,
    stateOf,
    lost
  }
  return watch
}
