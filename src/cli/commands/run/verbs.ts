/**
 * The verbs about runs.
 *
 * @since 0.1.0
 */
import { dryRun, waitWhile } from "../../SharedFlags.ts"
import { group, verb } from "../../Verb.ts"

const id = { name: "ID", description: "The run, or the beginning of its id", required: true } as const

/**
 * @since 0.1.0
 * @category verbs
 */
export const list = verb({
  name: "list",
  summary: "List the latest runs, and how they ended",
  description: "Every command that changes something is a run. Lists them, the latest first. A run whose process is "
    + "gone is interrupted: the same command, or holdfast run resume, finishes it.",
  flags: {
    limit: { kind: "integer", name: "limit", value: "N", minimum: 1, description: "At most so many", fallback: "100" }
  },
  args: {},
  examples: [{
    line: "holdfast run list --json | jq '.runs[] | select(.state == \"interrupted\")'",
    says: "What is open?"
  }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const show = verb({
  name: "show",
  summary: "Show a run and what became of each of its changes",
  description: "A change is done or failed, or unknown: it may have been sent, and nobody has looked yet what became "
    + "of it. The next run of the same target looks.",
  flags: {},
  args: { id },
  examples: [{ line: "holdfast run show mi8x2k", says: "By the beginning of its id" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const resume = verb({
  name: "resume",
  summary: "Finish a run that was interrupted or failed",
  description: "Does what the run was to do, with the same files and options, and continues from what is there. "
    + "Refuses (exit 3) when the run is done, when its file is gone, or when another cluster or organisation is "
    + "configured by now.",
  flags: {
    wait: waitWhile("has its target")
  },
  args: { id },
  examples: [{ line: "holdfast run resume mi8x2k", says: "Go on where it stopped" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const unlock = verb({
  name: "unlock",
  summary: "Free what a run holds",
  description: "Needed only where nobody can tell that its process is gone: it ran on another machine. Refuses "
    + "(exit 3) while the process lives, unless forced; then that process changes nothing more.",
  flags: { force: { kind: "boolean", name: "force", description: "Also from a process that lives" }, dryRun },
  args: { id },
  examples: [{ line: "holdfast run unlock mi8x2k", says: "The machine it ran on is lost" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const prune = verb({
  name: "prune",
  summary: "Forget old runs",
  description: "Forgets runs that ended, with the history of their changes, and outcomes that have expired. A run of "
    + "which a change is open stays until the next run of its target has looked what became of it.",
  flags: {
    olderThan: {
      kind: "duration",
      name: "older-than",
      value: "DURATION",
      description: "Only runs that began longer ago: 12h, 90d",
      fallback: "30d"
    },
    dryRun
  },
  args: {},
  examples: [
    { line: "holdfast run prune --older-than 90d", says: "Keep a quarter of a year" },
    { line: "holdfast run prune --dry-run", says: "How much is old?" }
  ]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const runs = group({
  name: "run",
  summary: "Runs: what was done, what was interrupted, who holds what",
  description: "Every command that changes something is a run, kept in .holdfast/holdfast.db of the current folder, or "
    + "where store.file or HOLDFAST_DATABASE_URL say. One run at a time has a target.",
  children: [list, show, resume, unlock, prune],
  examples: [{ line: "holdfast run list", says: "What has happened here?" }]
})
