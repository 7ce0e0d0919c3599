import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Name from "../../../src/systems/elevenlabs/documents/Name.ts"
import * as Guard from "../../../src/systems/elevenlabs/plan/Guard.ts"
import type * as Plan from "../../../src/systems/elevenlabs/plan/Plan.ts"
import * as Reconcile from "../../../src/systems/elevenlabs/plan/Reconcile.ts"
import * as State from "../../../src/systems/elevenlabs/state/State.ts"
import * as States from "./States.ts"
import * as Worlds from "./Worlds.ts"

const { agent, document, entry, hashOf, remote } = Worlds

const recorded = (documents: Record<string, State.Entry>, more: Partial<State.State> = {}): State.State => ({
  ...State.empty(States.host),
  documents,
  ...more
})

const plan = (
  input: Partial<Omit<Plan.Input, "disk" | "remote">> & {
    readonly disk?: ReadonlyArray<ReturnType<typeof document>>
    readonly refused?: ReadonlyArray<string>
    readonly remote?: ReadonlyArray<Plan.RemoteDocument>
    readonly agents?: ReadonlyArray<Plan.AgentView>
  }
): Plan.Plan => {
  const { agents = [], disk = [], refused = [], remote: documents = [], ...rest } = input
  return Reconcile.plan({
    site: States.host,
    recorded: State.empty(States.host),
    ...rest,
    disk: { documents: disk, refused: refused.map((file) => ({ file })) },
    remote: { documents, agents }
  })
}

/** The actions, without the documents of the disk. */
const told = ({ actions }: Plan.Plan) =>
  actions.map((action) => {
    if (!("document" in action)) return action
    const { document: _, ...rest } = action
    return rest
  })

const named = (file: string, content: string) => Name.of(file, hashOf(content))

const shuffled = <A>(items: ReadonlyArray<A>, seed: number): Array<A> =>
  items.map((item, index) => [item, (index * 7919 + seed) % 31] as const).toSorted(([, a], [, b]) => a - b)
    .map(([item]) => item)

describe("Reconcile, what must never be deleted", () => {
  const many = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [`${index}.txt`, entry(`doc_${index}`, `${index}.txt`, "1")])
  )
  const stored = Object.entries(many).map(([file, { documentId }]) => remote(documentId, named(file, "1")))

  it("the documents of a folder that seems empty, or half empty", () => {
    const empty = plan({ recorded: recorded(many), remote: stored, maxDelete: { percent: 100 } })
    expect(empty.refusals.map(({ code }) => code)).toStrictEqual(["empty-disk"])
    const disk = Array.from({ length: 4 }, (_, index) => document(`${index}.txt`, "1"))
    expect(plan({ disk, recorded: recorded(many), remote: stored }).refusals).toStrictEqual([{
      code: "too-many-deletions",
      message: "6 of 10 documents would be removed; at most 50% (5) may go without --max-delete 6: " +
        "check the folder first"
    }])
    const allowed = plan({ disk, recorded: recorded(many), remote: stored, maxDelete: { count: 6 } })
    expect(allowed.refusals).toStrictEqual([])
    expect(allowed.actions.filter(({ _tag }) => _tag === "Remove")).toHaveLength(6)
  })

  it("the documents of a state that was lost, while the folder is half empty", () => {
    const { refusals } = plan({ disk: [document("0.txt", "1")], remote: stored })
    expect(refusals.map(({ code }) => code)).toStrictEqual(["too-many-deletions"])
  })

  it("the document that a crash left uploaded and not written down, nor the old one before its time", () => {
    const interrupted = plan({
      disk: [document("a.txt", "2")],
      recorded: recorded({ "a.txt": entry("doc_old", "a.txt", "1") }),
      remote: [remote("doc_old", named("a.txt", "1")), remote("doc_new", named("a.txt", "2"))],
      agents: [agent("agent_1", ["doc_old"])]
    })
    expect(told(interrupted)).toStrictEqual([{
      _tag: "Adopt",
      file: "a.txt",
      documentId: "doc_new",
      supersedes: "doc_old",
      reason: "uploaded-before"
    }])
  })

  it("a document of the list of deletions that holds a file again", () => {
    const back = plan({
      disk: [document("a.txt", "1")],
      recorded: recorded({ "a.txt": entry("doc_2", "a.txt", "2") }, { pendingDelete: ["doc_1"] }),
      remote: [remote("doc_1", named("a.txt", "1")), remote("doc_2", named("a.txt", "2"))]
    })
    expect(told(back)).toMatchObject([{ _tag: "Adopt", documentId: "doc_1", supersedes: "doc_2" }])
  })

  it("what others put into the folder, and folders, whoever names them", () => {
    const { actions, drift, refusals } = plan({
      disk: [document("a.txt", "1")],
      recorded: recorded({}, { orphans: ["fold_1"] }),
      remote: [
        remote("doc_1", "price list"),
        remote("doc_2", named("a.txt", "2"), { type: "url" }),
        remote("doc_3", named("a.txt", "3"), { isInFolder: false }),
        remote("fold_1", named("a.txt", "4"), { type: "folder" })
      ]
    })
    expect(actions.map(({ _tag }) => _tag)).toStrictEqual(["Create"])
    expect(drift.map(({ documentId, kind }) => [kind, documentId])).toStrictEqual([
      ["foreign", "doc_1"],
      ["foreign", "doc_2"]
    ])
    expect(refusals.map(({ code }) => code)).toStrictEqual(["not-a-document"])
  })

  it("the document of a file that is there and is refused, or of its parts, or of a folder that is refused", () => {
    const held = plan({
      disk: [document("b.txt", "1")],
      refused: ["a.txt", "sub"],
      recorded: recorded({
        "a.txt": entry("doc_1", "a.txt", "1"),
        "a.txt#2": entry("doc_2", "a.txt#2", "1"),
        "sub/x.txt": entry("doc_3", "sub/x.txt", "1"),
        "b.txt": entry("doc_4", "b.txt", "1")
      }),
      remote: ["1", "2", "3", "4"].map((id) => remote(`doc_${id}`, "x")).concat(
        remote("doc_5", named("sub/y.txt", "1"))
      )
    })
    expect(held.actions.map(({ _tag }) => _tag)).toStrictEqual(["Hold", "Hold", "Hold", "Keep"])
  })

  it("anything, by the state of another site", () => {
    const { refusals } = plan({
      recorded: { ...recorded(many), site: "other.example" },
      disk: [document("a.txt", "1")]
    })
    expect(refusals.map(({ code }) => code)).toContain("other-site")
  })
})

describe("Reconcile", () => {
  it("creates, updates, removes and keeps", () => {
    const found = plan({
      disk: [document("new.txt", "1"), document("same.txt", "1"), document("other.txt", "2")],
      recorded: recorded({
        "same.txt": entry("doc_1", "same.txt", "1"),
        "other.txt": entry("doc_2", "other.txt", "1"),
        "gone.txt": entry("doc_3", "gone.txt", "1")
      }, { pendingDelete: ["doc_4"], orphans: ["doc_5"] }),
      remote: [
        remote("doc_1", named("same.txt", "1")),
        remote("doc_2", named("other.txt", "1")),
        remote("doc_3", named("gone.txt", "1"))
      ]
    })
    expect(found.refusals).toStrictEqual([])
    expect(told(found)).toStrictEqual([
      { _tag: "Create", file: "new.txt", supersedes: null, reason: "new" },
      { _tag: "Update", file: "other.txt", documentId: "doc_2", strategy: "swap", reason: "content" },
      { _tag: "Remove", file: "gone.txt", documentId: "doc_3" },
      { _tag: "DeletePending", documentId: "doc_4", reason: "pending" },
      { _tag: "DeletePending", documentId: "doc_5", reason: "orphan" },
      { _tag: "Keep", file: "same.txt", documentId: "doc_1" }
    ])
  })

  it("sends the very same bytes in place, for a second document would have the name of the first", () => {
    const same = {
      disk: [document("a.txt", "1")],
      recorded: recorded({ "a.txt": entry("doc_1", "a.txt", "1") })
    }
    expect(told(plan({ ...same, remote: [remote("doc_1", named("a.txt", "1"))], force: true }))).toMatchObject([
      { _tag: "Update", strategy: "in-place", reason: "forced" }
    ])
    expect(told(plan({ ...same, remote: [remote("doc_1", named("a.txt", "1"), { hash: hashOf("9") })] })))
      .toMatchObject([{ _tag: "Update", strategy: "in-place", reason: "remote-changed" }])
    expect(told(plan({ ...same, remote: [remote("doc_1", "legacy")], force: true }))).toMatchObject([
      { _tag: "Update", strategy: "swap", reason: "forced" }
    ])
  })

  it("takes over what another tool sent, by its MD5", () => {
    const legacy = { ...entry("doc_1", "a.txt", "1"), hash: `md5:${"1".repeat(32)}`, name: null }
    const input = {
      recorded: recorded({ "a.txt": legacy }),
      remote: [remote("doc_1", "legacy", { isInFolder: false })]
    }
    expect(told(plan({ ...input, disk: [document("a.txt", "1")] }))).toStrictEqual([
      { _tag: "Adopt", file: "a.txt", documentId: "doc_1", supersedes: null, reason: "taken-over" }
    ])
    expect(told(plan({ ...input, disk: [document("a.txt", "2")] }))).toMatchObject([{
      _tag: "Update",
      reason: "content"
    }])
    const unknown = { ...input, recorded: recorded({ "a.txt": { ...legacy, hash: null } }) }
    expect(told(plan({ ...unknown, disk: [document("a.txt", "1")] }))).toMatchObject([{ reason: "hash-unknown" }])
  })

  it("brings back what somebody deleted, and keeps the oldest of equal documents", () => {
    const input = {
      disk: [document("a.txt", "1")],
      recorded: recorded({ "a.txt": entry("doc_1", "a.txt", "1") })
    }
    expect(told(plan(input))).toStrictEqual([
      { _tag: "Create", file: "a.txt", supersedes: "doc_1", reason: "remote-gone" }
    ])
    const twice = [
      remote("doc_3", named("a.txt", "1"), { createdAt: 9 }),
      remote("doc_2", named("a.txt", "1"), { createdAt: 10 })
    ]
    expect(told(plan({ ...input, remote: twice }))).toMatchObject([
      { _tag: "Adopt", documentId: "doc_3" },
      { _tag: "DeletePending", documentId: "doc_2", reason: "duplicate" }
    ])
    expect(told(plan({ ...input, remote: [...twice, remote("doc_1", named("a.txt", "1"), { createdAt: 11 })] })))
      .toMatchObject([
        { _tag: "DeletePending", documentId: "doc_2" },
        { _tag: "DeletePending", documentId: "doc_3" },
        { _tag: "Keep", documentId: "doc_1" }
      ])
  })

  it("gives the configured agents what they lack, in the place of what leaves, and takes nothing before", () => {
    const found = plan({
      disk: [document("a.txt", "1"), document("b.txt", "2")],
      recorded: recorded({ "a.txt": entry("doc_a", "a.txt", "1"), "b.txt": entry("doc_b", "b.txt", "1") }, {
        pendingDelete: ["doc_a0", "doc_b0", "doc_g0", "doc_x"]
      }),
      remote: [
        remote("doc_a", named("a.txt", "1")),
        remote("doc_b", named("b.txt", "1")),
        remote("doc_a0", named("a.txt", "0")),
        remote("doc_b0", named("b.txt", "0")),
        remote("doc_g0", named("gone.txt", "0")),
        remote("doc_x", "legacy")
      ],
      agents: [
        agent("agent_1", ["doc_a0", "doc_b0", "doc_x"]),
        agent("agent_2", ["doc_a0", "doc_a", "doc_g0", "doc_x"], false),
        agent("agent_3", ["doc_b"], false)
      ]
    })
    expect(told(found).filter(({ _tag }) => _tag === "Attach" || _tag === "Detach")).toStrictEqual([
      { _tag: "Attach", agentId: "agent_1", branchId: null, file: "a.txt", documentId: "doc_a", replaces: "doc_a0" },
      { _tag: "Detach", agentId: "agent_2", branchId: null, documentId: "doc_a0" },
      { _tag: "Detach", agentId: "agent_2", branchId: null, documentId: "doc_g0" }
    ])
    expect(found.drift.map(({ detail, documentId, kind }) => [kind, documentId, detail])).toStrictEqual([
      ["still-named", "doc_b0", "agent_1"],
      ["still-named", "doc_x", "agent_1"],
      ["still-named", "doc_x", "agent_2"]
    ])
  })

  it("tells what others did", () => {
    const { drift } = plan({
      disk: [document("a.txt", "1")],
      recorded: recorded({
        "a.txt": entry("doc_a", "a.txt", "1"),
        "b.txt": entry("doc_b", "b.txt", "1"),
        "c.txt": entry("doc_c", "c.txt", "1"),
        "d.txt": entry("doc_d", "d.txt", "1")
      }),
      remote: [
        remote("doc_a", named("a.txt", "1"), { updatedAt: 1_767_225_600 + 299 }),
        remote("doc_b", "renamed", { updatedAt: 1_767_225_600 + 301 }),
        remote("doc_c", named("c.txt", "1"), { hash: hashOf("9") })
      ]
    })
    expect(drift.map(({ documentId, kind }) => [kind, documentId])).toStrictEqual([
      ["changed", "doc_c"],
      ["gone", "doc_d"],
      ["renamed", "doc_b"],
      ["touched", "doc_b"]
    ])
  })
})

describe("Reconcile, in any world", () => {
  const often = { fastCheck: { numRuns: 300 } }
  it.prop(
    "does not depend on any order",
    { world: Worlds.world, seed: FastCheck.nat(1000) },
    ({ seed, world }) => {
      const input = Worlds.input(world, false, { maxDelete: { percent: 50 } })
      const turned = Reconcile.plan({
        ...input,
        disk: { documents: shuffled(input.disk.documents, seed), refused: shuffled(input.disk.refused, seed) },
        recorded: {
          ...input.recorded,
          documents: Object.fromEntries(shuffled(Object.entries(input.recorded.documents), seed)),
          pendingDelete: shuffled(input.recorded.pendingDelete, seed),
          orphans: shuffled(input.recorded.orphans, seed)
        },
        remote: {
          documents: shuffled(input.remote.documents, seed),
          agents: shuffled(input.remote.agents, seed).map((view) => ({
            ...view,
            documents: new Set(shuffled([...view.documents], seed))
          }))
        }
      })
      expect(turned).toStrictEqual(Reconcile.plan(input))
    },
    often
  )

  it.prop(
    "sees to every file once, and deletes nothing that is needed or not ours",
    { world: Worlds.world },
    ({ world }) => {
      const { actions } = Reconcile.plan(Worlds.input(world, false))
      const seen = actions.flatMap((action) => "file" in action && action._tag !== "Attach" ? [action.file] : [])
      const expected = new Set([...world.disk.keys(), ...Object.keys(world.state.documents)])
      expect(seen.toSorted()).toStrictEqual([...expected].toSorted())
      const kept = new Set(
        actions.flatMap((action) =>
          action._tag !== "DeletePending" && action._tag !== "Detach" && "documentId" in action
            ? [action.documentId]
            : []
        )
      )
      const known = State.idsOf(world.state)
      for (const action of actions) {
        if (action._tag !== "DeletePending") continue
        expect(kept.has(action.documentId)).toBe(false)
        const found = world.remote.get(action.documentId)
        const isOurs = found !== undefined && found.isInFolder && Name.parse(found.name) !== undefined
        expect(known.has(action.documentId) || isOurs).toBe(true)
        expect(found?.type).not.toBe("url")
      }
    },
    often
  )

  it.prop(
    "comes to rest with one document a file, no agent without what it had, and nothing of others touched",
    {
      world: Worlds.world,
      verify: FastCheck.boolean(),
      strategy: FastCheck.constantFrom("swap" as const, "in-place" as const)
    },
    ({ strategy, verify, world }) => {
      const before = new Map(world.remote)
      const first = Worlds.input(world, verify, { strategy })
      if (Reconcile.plan(first).refusals.length > 0) return
      const fileOf = (id: string): string | undefined =>
        Object.entries(world.state.documents).find(([, { documentId }]) => documentId === id)?.[0] ??
          Name.parse(world.remote.get(id)?.name ?? "")?.file
      const filesOf = (documents: Iterable<string>) =>
        new Set([...documents].map(fileOf).filter((file) => file !== undefined && world.disk.has(file)))
      for (let run = 0; run < 3; run += 1) {
        for (const action of Reconcile.plan(Worlds.input(world, verify, { strategy })).actions) {
          const had = world.agents.map(({ documents }) => filesOf(documents))
          Worlds.apply(world, action)
          for (const [index, { documents }] of world.agents.entries()) {
            const has = filesOf(documents)
            for (const file of had[index] ?? []) expect(has).toContain(file)
          }
        }
      }
      const { actions, drift } = Reconcile.plan(Worlds.input(world, verify, { strategy }))
      const stuck = new Set(drift.flatMap(({ documentId, kind }) => kind === "still-named" ? [documentId] : []))
      const open = actions.filter((action) => !(action._tag === "DeletePending" && stuck.has(action.documentId)))
      expect(open.every(({ _tag }) => _tag === "Keep" || _tag === "Hold")).toBe(true)
      for (const [file, { hash, name }] of world.disk) {
        const entry = State.entryOf(world.state, file)
        const found = world.remote.get(entry?.documentId ?? "")
        expect(entry?.hash).toBe(hash)
        if (verify) expect(found?.content).toBe(hash)
        // A document that holds another file may have been given this name by somebody.
        const held = new Set(
          Object.entries(world.state.documents).flatMap(([other, { documentId }]) => other === file ? [] : [documentId])
        )
        const same = [...world.remote.values()].filter((other) =>
          other.name === name && other.isInFolder && other.type !== "url" && !held.has(other.id)
        )
        expect(same.length).toBeLessThanOrEqual(1)
        for (const { documents, isConfigured } of world.agents) {
          if (isConfigured) expect(documents).toContain(entry?.documentId)
        }
      }
      for (const [id, document] of before) {
        const isOurs = Name.parse(document.name) !== undefined && document.isInFolder && document.type !== "url"
        if (!isOurs && !State.idsOf(first.recorded).has(id)) expect(world.remote.get(id)).toStrictEqual(document)
      }
    },
    often
  )
})

describe("Guard.parse", () => {
  it.each([["12", { count: 12 }], [" 25% ", { percent: 25 }], ["0", { count: 0 }], ["100%", { percent: 100 }]])(
    "reads %s",
    (text, max) => {
      expect(Guard.parse(text)).toStrictEqual(Either.right(max))
    }
  )

  it.each(["", "-1", "101%", "1.5", "all", "%"])("refuses %j", (text) => {
    expect(Either.isLeft(Guard.parse(text))).toBe(true)
  })

  it("rounds down, but lets the one file of a site be renamed", () => {
    expect(Guard.check(1, 1, Guard.standard)).toHaveLength(0)
    expect(Guard.check(1, 3, { percent: 10 })).toHaveLength(0)
    expect(Guard.check(2, 3, Guard.standard)).toHaveLength(1)
    expect(Guard.check(1, 1, { percent: 0 })).toHaveLength(1)
    expect(Guard.check(0, 0, { count: 0 })).toHaveLength(0)
    expect(Guard.check(2, 2, { count: 1 })).toStrictEqual([{
      code: "too-many-deletions",
      message: "2 of 2 documents would be removed; at most 1 may go without --max-delete 2: check the folder first"
    }])
  })
})
