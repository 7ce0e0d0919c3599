/**
 * `holdfast genesys export`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Progress from "../../../observe/Progress.ts"
import * as Operations from "../../../systems/genesys/Operations.ts"
import type { Outcome } from "../../../systems/genesys/Report.ts"
import type { Handler, Resume } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Heap from "../../Heap.ts"
import * as Output from "../../Output.ts"
import * as ProgressBars from "../../ProgressBars.ts"
import { whenInterrupted } from "../../Session.ts"
import * as Stored from "../../Stored.ts"
import * as Tracked from "../../Tracked.ts"
import * as Asked from "./Asked.ts"
import { connected } from "./Connection.ts"
import * as Describe from "./Describe.ts"
import * as Flags from "./Flags.ts"
import type { exportVerb as verb } from "./verbs.ts"

const outcome = (outcome: Outcome) => ({
  state: Describe.outcomeCode(outcome) === ExitCode.done ? "done" : "failed",
  detail: Describe.summary(outcome)
} as const)

const tracked = (asked: Asked.Asked) =>
  Stored.open(Effect.gen(function*() {
    const identity = yield* Operations.identify
    // Who waits for another export may do so for long: then it is asked again.
    const known = asked.wait === undefined ? identity : undefined
    return yield* Tracked.run({
      command: "genesys export",
      target: `genesys/${identity.organisation.id}`,
      input: Asked.recorded(asked),
      wait: asked.wait,
      resumes: asked.resumes,
      outcome
    }, Effect.mapError(Operations.exportOrganisation(asked.options, known), Flags.ofFault))
  }))

/** All names begin alike, and a bar has little room. */
const shortNames = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Progress.Progress, ({ report }) =>
    Effect.provideService(effect, Progress.Progress, {
      report: (update) => report({ ...update, item: update.item.replace(/^genesyscloud_/, "") })
    }))

const work = (asked: Asked.Asked) =>
  Effect.gen(function*() {
    yield* Effect.mapError(Operations.check(asked.options), Flags.ofFault)
    yield* whenInterrupted("what was read is kept; to go on, run the same command again")
    const result = yield* tracked(asked).pipe(shortNames, connected, Effect.provide(ProgressBars.layer))
    yield* Output.print({ json: () => Describe.outcomeJson(result), text: Describe.outcomeText(result) })
    return Describe.outcomeCode(result)
  }).pipe(Heap.keptSmall)

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.flatMap(Asked.fromFlags(input), work)

/**
 * @since 0.1.0
 * @category handlers
 */
export const resume: Resume = (recorded, wait) => Effect.flatMap(Asked.fromRun(recorded, wait), work)
