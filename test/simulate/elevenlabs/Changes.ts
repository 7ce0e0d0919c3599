/**
 * What happens between the stages of a scenario: to the files, to the records, and in the workspace by others.
 */
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import type * as Operations from "../../../src/systems/elevenlabs/Operations.ts"
import * as Tree from "../../../src/systems/elevenlabs/simulator/Tree.ts"
import * as Files from "./Files.ts"
import type { Lab } from "./Lab.ts"
import * as Others from "./Others.ts"
import * as Run from "./Run.ts"
import type { Change } from "./Scenario.ts"

/** From now on nobody can tell what was made until a moment from now, in milliseconds: what is on its way acts until then. */
export const forget = ({ millis, watch }: Lab, lag = 0): void => {
  watch.forgottenUntil = millis() + lag
}

/** The files of these sites lose their documents on purpose. */
export const give = ({ files, watch }: Lab, sites: ReadonlyArray<number>): void => {
  for (const site of sites) for (const file of Object.keys(files[site] ?? {})) watch.removed.add(file)
}

const recordedOf = ({ watch }: Lab, { site, state }: Operations.Target): ReadonlyArray<string> =>
  Object.values(watch.stateOf({ host: site.host, state })?.documents ?? {}).map(({ documentId }) => documentId)

const makeFiles = (lab: Lab, site: number, target: Operations.Target, files: Files.Files, before: Files.Files) => {
  for (const file of Object.keys(before)) if (!(file in files)) lab.watch.removed.add(file)
  lab.disk.files(target.folder, Files.texts(files))
  lab.files[site] = files
}

const damage = (lab: Lab, { state }: Operations.Target, how: "lost" | "torn" | "extra"): void => {
  const text = lab.disk.text(state)
  if (text === undefined) return
  if (how === "extra") return lab.disk.put(state, text.replace(`"version": 1`, `"version": 1,\n  "extra": true`))
  // Without the record nobody knows of what is recorded there.
  forget(lab)
  if (how === "lost") lab.disk.remove(state)
  else lab.disk.put(state, text.slice(0, Math.floor(text.length / 2)))
  lab.watch.look("after the record was lost")
}

const leaveOlder = (lab: Lab, site: number, target: Operations.Target): Effect.Effect<void> =>
  Effect.gen(function*() {
    const { disk, older, simulator: { world } } = lab
    const texts = Files.texts(lab.files[site] ?? {})
    const documents: Record<string, unknown> = {}
    for (const [file, content] of Object.entries(texts)) {
      const id = yield* world.addForeignDocument({ name: file, type: "file", content })
      older.add(id)
      documents[file] = {
        hash: createHash("md5").update(content).digest("hex"),
        document_id: id,
        uploaded_at: "2025-10-12T10:00:00"
      }
      for (const agent of target.agents) {
        yield* world.editAgent(agent, (before) =>
          Others.withList(before, [...Others.listOf(before), { type: "file", name: file, id, usage_mode: "auto" }]))
      }
    }
    disk.put(Run.legacyFile, JSON.stringify({ [target.site.host]: documents }))
  })

const borrow = (lab: Lab, id: string, by: "agent" | "branch" | "node"): Effect.Effect<void> =>
  Effect.gen(function*() {
    const { agents, simulator: { world } } = lab
    const name = world.document(id)?.name ?? ""
    const [first = ""] = agents
    switch (by) {
      case "agent":
        return void (yield* world.addAgent({
          name: "Borrower",
          documents: [{ id, name, type: "file", usage: "prompt" }]
        }))
      case "node":
        return void (yield* world.addAgent({ name: "Flow", nodes: { node: [{ id, name, type: "file" }] } }))
      case "branch": {
        const branch = yield* world.addBranch(first, "Trial")
        yield* world.editAgent(
          first,
          (content) => Others.withList(content, [{ type: "file", name, id, usage_mode: "prompt" }]),
          branch
        )
      }
    }
  })

const take = (lab: Lab, target: Operations.Target, id: string): Effect.Effect<void> =>
  Effect.forEach(
    target.agents.slice(0, 1),
    (agent) =>
      lab.simulator.world.editAgent(agent, (content) =>
        Others.withList(content, Others.listOf(content).filter((item) => Tree.idOf(item) !== id))),
    { discard: true }
  )

export const make = (lab: Lab, change: Change): Effect.Effect<void> =>
  Effect.suspend((): Effect.Effect<void> => {
    if (change._tag === "Moved") {
      forget(lab)
      lab.entries.clear()
      lab.watch.look("after the journal was lost")
      return Effect.void
    }
    const target = lab.targets[change.site]
    if (target === undefined) return Effect.void
    const { world } = lab.simulator
    const recorded = recordedOf(lab, target)
    const id = "pick" in change ? recorded[change.pick % Math.max(1, recorded.length)] : undefined
    switch (change._tag) {
      case "Files":
        return Effect.sync(() => makeFiles(lab, change.site, target, change.files, lab.files[change.site] ?? {}))
      case "State":
        return Effect.sync(() => damage(lab, target, change.damage))
      case "Older":
        return leaveOlder(lab, change.site, target)
      case "Guest": {
        const folder = world.folders().find(({ name }) => name === `holdfast/${target.site.host}`)?.id
        return Effect.asVoid(lab.others.addDocument(folder))
      }
      case "Borrowed":
        return id === undefined || world.document(id) === undefined ? Effect.void : borrow(lab, id, change.by)
      case "Taken":
        return id === undefined ? Effect.void : take(lab, target, id)
      case "Deleted":
      case "Renamed": {
        if (id === undefined || world.document(id) === undefined) return Effect.void
        lab.watch.excused.add(id)
        return change._tag === "Deleted" ? world.deleteDocument(id) : world.renameDocument(id, `Renamed ${id}`)
      }
    }
  })
