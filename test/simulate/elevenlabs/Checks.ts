/**
 * What must hold after a command, and in the end.
 */
import type * as Operations from "../../../src/systems/elevenlabs/Operations.ts"
import { createHash } from "node:crypto"
import type { Problem } from "../System.ts"
import * as Files from "./Files.ts"
import type { Lab } from "./Lab.ts"
import * as Others from "./Others.ts"
import * as Run from "./Run.ts"
import type { Command } from "./Scenario.ts"

/** Whoever interrupts waits for the step in flight, and not for long; in milliseconds. */
const longestCleaning = 12_000

const readers = new Set<Command["name"]>(["plan", "status"])

/** @param alone Nobody else ran meanwhile. */
export const afterCommand = (
  command: Command,
  { changes, end }: Run.Result,
  alone: boolean
): ReadonlyArray<Problem> => {
  const found: Array<Problem> = []
  const add = (invariant: string, detail: string): void => void found.push({ invariant, detail })
  if (end._tag === "Crashed") add("a defect", end.message)
  if (end._tag === "Endless") add("it does not end", command.name)
  if (end._tag === "Interrupted" && end.millis > longestCleaning) add("slow to stop", `${end.millis} ms`)
  if (end._tag === "Faulted" && end.fault.kind === "unknown" && alone) add("unknown outcome", end.fault.message)
  if (readers.has(command.name) && alone && changes > 0) add("a look changed something", `${changes} requests`)
  return found
}

/** Everything that was to be done is done. */
export const done = (command: Command, { end }: Run.Result): ReadonlyArray<Problem> => {
  if (end._tag !== "Reported") return [{ invariant: "no report in the end", detail: Run.describe(end) }]
  return end.report.flatMap((site) =>
    site.outcome._tag === "Done" && site.documents.every(({ outcome }) => outcome._tag === "Done")
      ? []
      : [{ invariant: "not done in the end", detail: `${command.name} ${Run.siteText(site)}` }]
  )
}

/** Nothing is left to be done. */
export const atRest = ({ changes, end }: Run.Result): ReadonlyArray<Problem> => {
  const actions = end._tag === "Reported"
    ? end.report.flatMap(({ documents, site }) =>
      documents.filter(({ action }) => action._tag !== "Keep").map(({ action, item }) =>
        `${action._tag} ${site} ${item}`
      )
    )
    : [Run.describe(end)]
  return [
    ...(actions.length > 0 ? [{ invariant: "the plan is not at rest", detail: actions.join(", ") }] : []),
    ...(changes > 0 ? [{ invariant: "not idempotent", detail: `${changes} requests that change something` }] : [])
  ]
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex")

const ofSite = (lab: Lab, target: Operations.Target, files: Files.Files): ReadonlyArray<Problem> => {
  const { simulator: { world }, watch } = lab
  const { host } = target.site
  const state = watch.stateOf({ host, state: target.state })
  if (state === undefined) return [{ invariant: "the state cannot be read", detail: host }]
  const found: Array<Problem> = []
  const add = (invariant: string, detail: string): void =>
    void found.push({ invariant, detail: `${detail} of ${host}` })
  for (const [file, text] of Object.entries(Files.texts(files))) {
    const entry = state.documents[file]
    if (entry === undefined) {
      add("I3", `${file} has no document`)
      continue
    }
    const document = world.document(entry.documentId)
    if (entry.hash !== hashOf(text)) add("I4", `${file} is recorded with another content`)
    if (document?.hash !== hashOf(text)) add("I4", `${file} is there with another content`)
    for (const agent of target.agents) {
      const times = world.attached(agent).filter((id) => id === entry.documentId).length
      if (times !== 1) add("I1", `agent ${agent} knows ${file} ${times} times`)
    }
  }
  for (const file of Object.keys(state.documents)) if (!(file in files)) add("I3", `${file} is recorded and is no more`)
  for (const id of [...state.pendingDelete, ...state.orphans]) add("I3", `document ${id} is still to be deleted`)
  const folders = world.folders().filter(({ name }) => name === `holdfast/${host}`)
  if (folders.length > 1) add("I3", `there are ${folders.length} folders`)
  return found
}

export const atTheEnd = (lab: Lab): ReadonlyArray<Problem> => {
  const { isTheirs, simulator: { world }, targets, watch } = lab
  const recorded = new Set(
    targets.flatMap(({ site, state }) =>
      Object.values(watch.stateOf({ host: site.host, state })?.documents ?? {}).map(({ documentId }) => documentId)
    )
  )
  return [
    ...targets.flatMap((target, index) => ofSite(lab, target, lab.files[index] ?? {})),
    ...world.documents().filter(({ id }) => !isTheirs(id) && !recorded.has(id)).map(({ id, name }) => ({
      invariant: "I3",
      detail: `document ${id}, ${name} is of no file`
    })),
    ...watch.lost().map((detail) => ({ invariant: "I1", detail: `${detail} in the end` })),
    ...Others.problems(world, isTheirs)
  ]
}
