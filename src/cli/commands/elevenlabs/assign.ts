/**
 * `holdfast elevenlabs assign`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/elevenlabs/Operations.ts"
import type { Handler, Resume } from "../../CommandTree.ts"
import * as Asked from "./Asked.ts"
import type { assign as verb } from "./verbs.ts"
import * as Work from "./Work.ts"

const work = (asked: Asked.Asked) => Work.carryOut("assign", asked, Operations.assign)

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
