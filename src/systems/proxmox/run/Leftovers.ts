/**
 * What earlier runs had begun on a machine and nobody has heard of since, once the machine was read and there is
 * nothing left to do: each such entry of the journal is closed by what the machine shows.
 *
 * Without this a change that took effect just before its process died would stay open for ever, for nothing would ever
 * ask for it again.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import type { MachineSpec } from "../Fleet.ts"
import * as Change from "./Change.ts"
import * as Work from "./Work.ts"

/** What the machine says of each kind of change: it is there, or nothing of it is. */
type Shown = ReadonlyArray<readonly [step: string, isDone: boolean]>

const resizes = (spec: MachineSpec, isDone: boolean): Shown =>
  Object.keys(spec.disks).map((disk) => [`resize ${disk}`, isDone])

/**
 * After an apply: the machine is there, and as it should be.
 *
 * @since 0.1.0
 * @category operations
 */
export const afterApply = (
  work: Work.Work,
  spec: MachineSpec,
  isRunning: boolean
): Effect.Effect<void, never, Journal.Journal> =>
  close(work, spec, [
    ["clone", true],
    ["configure", true],
    ["pool", true],
    ...resizes(spec, true),
    ["start", isRunning],
    ["stop", !isRunning],
    ["shutdown", !isRunning],
    ["destroy", false]
  ])

/**
 * After a destroy: it is gone. A clone of which nobody has heard may still come.
 *
 * @since 0.1.0
 * @category operations
 */
export const afterDestroy = (
  work: Work.Work,
  spec: MachineSpec,
  wasThere: boolean
): Effect.Effect<void, never, Journal.Journal> =>
  close(work, spec, [
    ...(wasThere ? [["clone", true]] as const : []),
    ["configure", false],
    ["pool", false],
    ...resizes(spec, false),
    ["start", false],
    ["stop", true],
    ["shutdown", true],
    ["destroy", true]
  ])

const close = (work: Work.Work, spec: MachineSpec, shown: Shown): Effect.Effect<void, never, Journal.Journal> =>
  Effect.forEach(
    shown,
    ([step, isDone]) => closeOne(Change.seriesOf({ fleet: work.fleet, machine: spec.name, step }), isDone),
    { discard: true }
  ).pipe(
    // The work is done; whoever comes next finds the entry open, and tries again.
    Effect.catchAll((fault) => Effect.logDebug(`what an earlier run had begun stays open: ${fault.message}`))
  )

const closeOne = (series: string, isDone: boolean): Effect.Effect<void, Fault.Fault, Journal.Journal> =>
  Effect.gen(function*() {
    const journal = yield* Journal.Journal
    const isOpen = Effect.map(journal.latest(series), Option.filter(({ entry }) => entry._tag === "Begun"))
    const seen = Option.getOrUndefined(yield* isOpen)
    if (seen === undefined) return
    const key = Journal.keyOf({ series, number: seen.number })
    yield* Effect.scopedWith((scope) =>
      Effect.gen(function*() {
        yield* Scope.extend(journal.claim(key), scope)
        const now = Option.getOrUndefined(yield* isOpen)
        if (now?.number !== seen.number) return
        yield* isDone ? journal.complete(key, null) : journal.fail(key, moot(key))
      })
    )
  })

const moot = (key: string): Fault.Fault =>
  Fault.make({
    kind: "failed",
    system: "proxmox",
    operation: "Proxmox.read",
    subject: key,
    code: "superseded",
    detail: "an earlier run was interrupted here; the machine was read again, and nothing of this is left to do"
  })
