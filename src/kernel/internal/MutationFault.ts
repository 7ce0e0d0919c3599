/**
 * What a mutation says when it cannot say "done".
 *
 * @since 0.1.0
 */
import * as Fault from "../Fault.ts"
import type { Json } from "../Json.ts"
import * as JsonValue from "../Json.ts"

interface Named {
  readonly key: string
  readonly operation: string
  readonly system?: string | undefined
  readonly subject?: string | undefined
}

const make = (
  { operation, subject, system = "holdfast" }: Named,
  options: Omit<Fault.Options, "system" | "operation" | "subject">
): Fault.Fault => Fault.make({ system, operation, ...(subject === undefined ? {} : { subject }), ...options })

export const intentNotJson = (named: Named): Fault.Fault =>
  make(named, {
    kind: "invalid",
    sent: "no",
    code: "intent-not-json",
    detail: `the intent of "${named.key}" cannot be written as JSON`
  })

export const resultNotJson = (named: Named, cause: unknown): Fault.Fault =>
  make(named, {
    kind: "invalid",
    code: "result-not-json",
    detail: `the result of "${named.key}" does not fit its schema`,
    remote: "it took effect",
    cause
  })

/** The keys of an object with the text of their values. */
const texts = (json: Json): ReadonlyMap<string, string> =>
  new Map(
    typeof json === "object" && json !== null
      ? Object.entries(json).map(([key, value]) => [key, JsonValue.canonical(value)] as const)
      : []
  )

const differing = (left: Json, right: Json): string => {
  const [before, after] = [texts(left), texts(right)]
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key))
  return names.length === 0 ? "" : ` in ${names.toSorted().join(", ")}`
}

/** Names what differs, not its values. */
export const intentMismatch = (named: Named, recorded: Json, given: Json): Fault.Fault =>
  make(named, {
    kind: "conflict",
    sent: "no",
    code: "intent-mismatch",
    detail: `"${named.key}" was begun with another intent, different${differing(recorded, given)}`,
    hint: "run it again as it was begun, or under another key"
  })

export const journalDisagrees = (named: Named): Fault.Fault =>
  make(named, {
    kind: "conflict",
    sent: "no",
    code: "journal-disagrees",
    detail: `"${named.key}" was done according to the journal, but reading does not find it`,
    hint: "if it was undone since, do it again under another key"
  })

/** `lost`: how the reply was lost. None when an earlier process left the entry open. */
export const unknownOutcome = (named: Named, lost: Fault.Fault | undefined, unsettled: Fault.Fault): Fault.Fault =>
  make(named, {
    kind: "unknown",
    sent: "maybe",
    code: "outcome-unknown",
    detail: lost === undefined
      ? `"${named.key}" was left open by an earlier run`
      : `the outcome of "${named.key}" is not known (${lost.detail})`,
    remote: `reading could not settle it: ${unsettled.message}`,
    hint: "run the same again: it reads what became of it before it sends anything",
    cause: lost ?? unsettled,
    ...(lost?.requestId === undefined ? {} : { requestId: lost.requestId })
  })

/**
 * Reading showed that nothing was done. Whether the request left the process no longer matters, and who looks at
 * `sent` wants to know whether there is a doubt.
 */
export const knownNotDone = (fault: Fault.Fault): Fault.Fault =>
  fault.with({ sent: "no", remote: "reading shows that it did not take effect" })

/** The change was made and its record was not. */
export const notRecorded = (named: Named, fault: Fault.Fault): Fault.Fault =>
  fault.with({
    remote: `"${named.key}" took effect, but this could not be recorded`,
    hint: "run the same again: it finds what was done"
  })

/** The journal's fault in addition to that of the change. */
export const alsoNotRecorded = (fault: Fault.Fault, journal: Fault.Fault): Fault.Fault =>
  fault.with({
    remote: [fault.remote, `the journal could not record this: ${journal.message}`]
      .filter((part) => part !== undefined).join("; ")
  })

/** What an earlier run had begun is known to be undone, and something else is to be done now. */
export const superseded = (named: Named): Fault.Fault =>
  make(named, {
    kind: "failed",
    code: "superseded",
    detail: "an earlier run was interrupted here and had done nothing; something else is to be done now"
  })

/** The world is not the one that the present change was decided by. */
export const earlierDone = (named: Named): Fault.Fault =>
  make(named, {
    kind: "conflict",
    sent: "no",
    code: "earlier-done",
    detail:
      "an earlier run was interrupted here, and what it had begun, which was something else, has been done after all",
    hint: "run the same command again; it looks at what is there"
  })
