/**
 * Machines that the server is destroying. For the last part of it they are a lock without a name: nobody can tell whose
 * they were, and the id is not free yet.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Fault from "../../../kernel/Fault.ts"
import * as Poll from "../../../kernel/Poll.ts"
import * as Identity from "./Identity.ts"
import type { Observation } from "./Observation.ts"
import * as Track from "../run/Track.ts"
import * as Work from "../run/Work.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Place {
  readonly vmid: number
  readonly node: string
}

/**
 * @since 0.1.0
 * @category getters
 */
export const among = ({ configs, rows }: Observation): ReadonlyArray<Place> =>
  [...configs].flatMap(([vmid, config]) => {
    const row = rows.get(vmid)
    return row !== undefined && Either.isRight(config) && Identity.isDying(config.right)
      ? [{ vmid, node: row.node }]
      : []
  })

/** A task may not show although it runs: it is somebody's whose tasks we may not see. */
const graceMillis = 60_000

const isDying = (found: Option.Option<Work.Found>): boolean =>
  Option.isSome(found) && Identity.isDying(found.value.config)

/**
 * What is at an id once nothing there is being destroyed any more. Fails with code `destroy-leftover` where the task was
 * killed.
 *
 * @since 0.1.0
 * @category combinators
 */
export const end = (work: Work.Work, place: Place): Effect.Effect<Option.Option<Work.Found>, Fault.Fault> =>
  Effect.suspend(() => {
    let deadSince: number | undefined
    const read = Effect.gen(function*() {
      const found = yield* Work.find(work, place.vmid, place.node)
      if (!isDying(found)) return found
      const tasks = yield* Work.running(work, "qmdestroy", place)
      const now = yield* Track.monotonic
      deadSince = tasks.length > 0 ? undefined : deadSince ?? now
      if (deadSince === undefined || now - deadSince < graceMillis) return found
      return yield* leftover(place)
    })
    return Poll.until(read, (found) => !isDying(found), {
      operation: "Proxmox.destroyMachine",
      system: "proxmox",
      subject: Work.nameOf(place.vmid, place.node),
      first: "500 millis",
      describe: () => "it is still being destroyed"
    })
  })

const leftover = ({ node, vmid }: Place): Fault.Fault =>
  Fault.make({
    kind: "failed",
    system: "proxmox",
    operation: "Proxmox.destroyMachine",
    subject: Work.nameOf(vmid, node),
    code: "destroy-leftover",
    detail: "its destruction was cut off and no task works on it any more",
    remote: "its disks are gone, and its id stays taken (locked: destroyed)",
    hint: `as root on ${node}: qm unlock ${vmid} && qm destroy ${vmid} --purge; then run the same command again`
  })
