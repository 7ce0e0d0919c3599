/**
 * Making a machine what it should be: read it, compare, change the difference, and look again until there is none. What
 * somebody else changes in between is seen, because every change carries the digest of what was read.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import type { Journal } from "../../../kernel/Journal.ts"
import * as Poll from "../../../kernel/Poll.ts"
import * as Difference from "../difference/Difference.ts"
import type { MachineSpec } from "../Fleet.ts"
import * as Identity from "../plan/Identity.ts"
import type * as Model from "../Model.ts"
import * as Plan from "../plan/Plan.ts"
import * as Policies from "./Policies.ts"
import * as Settle from "./Settle.ts"
import * as Track from "./Track.ts"
import * as Work from "./Work.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Target {
  readonly spec: MachineSpec
  readonly vmid: number
  readonly node: string
}

const operation = "Proxmox.configureMachine"

/** Successful changes after which nothing may differ any more. One is the rule; the rest is for changes of others. */
const maxChanges = 4
/** How often somebody else may change it while we do. */
const maxConflicts = 10

interface Seen {
  readonly config: Model.Config
  readonly difference: Difference.Difference
}

/** Its configuration, once nothing holds it. Fails where it is not ours. */
const read = (work: Work.Work, track: Track.Track, target: Target): Effect.Effect<Seen, Fault.Fault> =>
  Effect.gen(function*() {
    const { node, spec, vmid } = target
    const subject = Work.nameOf(vmid, node)
    const config = yield* Poll.until(
      Effect.tap(work.policies.read.run(work.client.config({ node, vmid })), (config) => owned(work, target, config)),
      (config) => config["lock"] === undefined,
      {
        operation,
        system: "proxmox",
        subject,
        first: "1 second",
        cap: "15 seconds",
        describe: (config) => `it is locked (${config["lock"] ?? "?"})`,
        onProgress: (config) =>
          config["lock"] === undefined ? Effect.void : Effect.zipRight(
            Track.enter(track, "waiting", { detail: `it is locked (${config["lock"]})` }),
            Effect.logInfo(`${subject} is locked (${config["lock"]}), waiting for that to end`)
          )
      }
    )
    const mark = Identity.settled(config, { fleet: work.fleet, machine: spec.name })
    const difference = Difference.of(spec, config, mark === undefined ? undefined : Identity.print(mark))
    const [problem] = difference.problems
    if (problem !== undefined) return yield* problem
    return { config, difference }
  })

const owned = (
  work: Work.Work,
  { node, spec, vmid }: Target,
  config: Model.Config
): Effect.Effect<void, Fault.Fault> => {
  const whose = Identity.whose(config, { fleet: work.fleet, machine: spec.name })
  const found = { node, config, name: config["name"] ?? "" }
  if (whose._tag !== "Stranger" && whose._tag !== "Dying") return Effect.void
  const because = whose._tag === "Stranger" ? whose.because : "it is being destroyed"
  return Effect.fail(Work.stranger({ machine: spec.name, vmid, found, because }))
}

/** The same machine as it is now, for settling: nothing of the difference in keys is left. */
const isSet = (work: Work.Work, { node, spec, vmid }: Target): Effect.Effect<boolean, Fault.Fault> =>
  Effect.map(work.policies.read.run(work.client.config({ node, vmid })), (config) => {
    const mark = Identity.settled(config, { fleet: work.fleet, machine: spec.name })
    const now = Difference.of(spec, config, mark === undefined ? undefined : Identity.print(mark))
    return Object.keys(now.set).length === 0 && now.delete.length === 0
  })

const set = (
  work: Work.Work,
  track: Track.Track,
  target: Target,
  { config, difference }: Seen
): Effect.Effect<void, Fault.Fault, Journal> =>
  Effect.gen(function*() {
    const { node, spec, vmid } = target
    yield* Track.enter(track, "configuring")
    const digest = config["digest"]
    const request = {
      node,
      vmid,
      set: difference.set,
      delete: difference.delete,
      ...(digest === undefined ? {} : { digest })
    }
    yield* Settle.change(work, track, {
      machine: spec.name,
      vmid,
      node,
      step: "configure",
      operation,
      intent: request,
      send: work.client.updateConfig(request),
      isDone: isSet(work, target)
    })
    const sizes = new Set(difference.resizes.map((resize) => `${resize.disk}.size`))
    const changes = Plan.visible(difference.changes).filter((change) => !sizes.has(change.key))
    yield* Track.changed(track, changes)
    yield* Effect.logInfo(`configured ${Work.nameOf(vmid, node)}: ${changes.map(({ key }) => key).join(", ")}`)
  }).pipe(Track.timed(track, "configure"))

const grow = (
  work: Work.Work,
  track: Track.Track,
  target: Target,
  resize: Difference.Resize
): Effect.Effect<void, Fault.Fault, Journal> =>
  Effect.gen(function*() {
    const { node, spec, vmid } = target
    const { disk, size } = resize
    yield* Track.enter(track, "resizing", { detail: `${disk} to ${size}` })
    yield* Settle.change(work, track, {
      machine: spec.name,
      vmid,
      node,
      step: `resize ${disk}`,
      operation,
      intent: { node, vmid, disk, size },
      send: work.client.resize({ node, vmid, disk, size }),
      isDone: Effect.map(
        work.policies.read.run(work.client.config({ node, vmid })),
        (config) => !Difference.of(spec, config).resizes.some((left) => left.disk === disk)
      )
    })
    const key = `${disk}.size`
    yield* Track.changed(track, [{ key, to: size }])
    yield* Effect.logInfo(`${disk} of ${Work.nameOf(vmid, node)} has ${size} now`)
  }).pipe(Track.timed(track, "resize"))

type Step = "changed" | "same"

const step = (work: Work.Work, track: Track.Track, target: Target): Effect.Effect<Step, Fault.Fault, Journal> =>
  Effect.gen(function*() {
    const seen = yield* read(work, track, target)
    const { difference } = seen
    if (Object.keys(difference.set).length > 0 || difference.delete.length > 0) {
      yield* set(work, track, target, seen)
      return "changed"
    }
    for (const resize of difference.resizes) yield* grow(work, track, target, resize)
    return difference.resizes.length > 0 ? "changed" : "same"
  })

const isConflict = (fault: Fault.Fault): boolean => fault.code === "digest-mismatch"

const unsettled = ({ node, vmid }: Target, seen: Seen): Fault.Fault =>
  Fault.make({
    kind: "failed",
    system: "proxmox",
    operation,
    subject: Work.nameOf(vmid, node),
    code: "not-converged",
    detail: `the server took the changes and still differs in ${
      seen.difference.changes.map(({ key, to }) => `${key}${to === undefined ? "" : ` (wanted ${to})`}`).join(", ")
    }`,
    hint: "write these values as the server does, or look who else changes the machine"
  })

const converge = (
  work: Work.Work,
  track: Track.Track,
  target: Target,
  changes: number,
  conflicts: number
): Effect.Effect<void, Fault.Fault, Journal> =>
  Effect.gen(function*() {
    const outcome = yield* step(work, track, target).pipe(
      Effect.catchIf(isConflict, (fault) =>
        conflicts >= maxConflicts ? fault : Effect.as(
          Effect.logInfo("somebody else changed the configuration; reading it again"),
          "conflict" as const
        ))
    )
    if (outcome === "same") return
    if (outcome === "conflict") return yield* converge(work, track, target, changes, conflicts + 1)
    if (changes + 1 < maxChanges) return yield* converge(work, track, target, changes + 1, conflicts)
    const last = yield* read(work, track, target)
    if (!Difference.isEmpty(last.difference)) return yield* unsettled(target, last)
  })

/**
 * Changes whatever differs. When it succeeds, nothing does.
 *
 * @since 0.1.0
 * @category operations
 */
export const configureMachine = Effect.fn("Proxmox.configureMachine")(
  function*(work: Work.Work, track: Track.Track, target: Target) {
    yield* Effect.annotateCurrentSpan({ "holdfast.machine": target.spec.name })
    yield* converge(work, track, target, 0, 0).pipe(
      Policies.patiently((fault, millis) => Track.waitFor(track, "configuring", fault, millis))
    )
  }
)
