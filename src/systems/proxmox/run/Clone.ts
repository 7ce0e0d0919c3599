/**
 * Making a machine from its template: an id, one clone request that happens once whatever becomes of its reply, and the
 * end of its task.
 *
 * The new id is what makes the request safe to repeat: the server makes a machine of one id once. So a reply that was
 * lost is settled by reading what stands at the id, and only our own mark there makes it ours.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Fault from "../../../kernel/Fault.ts"
import type { Journal } from "../../../kernel/Journal.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as Mutation from "../../../kernel/Mutation.ts"
import * as Change from "./Change.ts"
import * as Client from "../Client.ts"
import * as CloneWait from "./CloneWait.ts"
import type { MachineSpec } from "../Fleet.ts"
import * as Identity from "../plan/Identity.ts"
import type * as Limits from "../plan/Limits.ts"
import * as Policies from "./Policies.ts"
import * as Track from "./Track.ts"
import * as Upid from "../Upid.ts"
import * as VmId from "../client/VmId.ts"
import * as Work from "./Work.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Target {
  readonly spec: MachineSpec
  readonly template: { readonly vmid: number; readonly node: string }
  /** Where the machine shall be. */
  readonly node: string
  readonly limits: Limits.Clone
  /** Ids that other machines of the fleet want. */
  readonly avoid: ReadonlySet<number>
}

const Intent = Schema.Struct({
  source: Schema.Struct({ node: Schema.String, vmid: Schema.Number }),
  newid: Schema.Number,
  nonce: Schema.String,
  request: Schema.Record({ key: Schema.String, value: Schema.Union(Schema.String, Schema.Boolean) })
})
type Intent = typeof Intent.Type

const Result = Schema.Struct({ task: Change.TaskName, taken: Schema.Boolean })
type Result = typeof Result.Type

const operation = "Proxmox.clone"

/** How long a request may wait in a proxy and behind the locks of its worker before the new id shows. */
const actsWithin = "5 seconds"

const wanted = ({ node, spec, template }: Target): Intent["request"] => ({
  name: spec.name,
  full: spec.clone === "full",
  ...(spec.description === undefined ? {} : { description: spec.description }),
  ...(spec.pool === undefined ? {} : { pool: spec.pool }),
  ...(spec.clone === "full" && spec.storage !== undefined ? { storage: spec.storage } : {}),
  ...(node === template.node ? {} : { target: node })
})

const requestOf = (work: Work.Work, target: Target, { newid, nonce }: Intent): Client.CloneRequest => {
  const { spec, template } = target
  const mark: Identity.Mark = { fleet: work.fleet, machine: spec.name, proof: { _tag: "Nonce", nonce } }
  return {
    ...template,
    newid,
    name: spec.name,
    description: Identity.describe(spec.description, mark),
    full: spec.clone === "full",
    ...(spec.pool === undefined ? {} : { pool: spec.pool }),
    ...(spec.clone === "full" && spec.storage !== undefined ? { storage: spec.storage } : {}),
    ...(target.node === template.node ? {} : { target: target.node })
  }
}

/** What stands at the id now, as an answer to a request whose reply was lost. */
const settle = (
  work: Work.Work,
  target: Target,
  newid: number
): Effect.Effect<Mutation.Settled<Result>, Fault.Fault> =>
  Effect.map(Work.find(work, newid, target.template.node), (found) => {
    if (Option.isNone(found)) return Mutation.notDone
    const whose = Identity.whose(found.value.config, { fleet: work.fleet, machine: target.spec.name })
    switch (whose._tag) {
      case "Ours":
      case "HalfMade":
        return Mutation.done({ task: null, taken: false })
      case "Hidden":
        return Mutation.pendingBecause(`VM ${newid} is being cloned, and for whom is not written there yet`)
      case "Dying":
        return Mutation.pendingBecause(`VM ${newid} is being destroyed`)
      case "Stranger":
        return Mutation.done({ task: null, taken: true })
    }
  })

/** Another id was asked for. A machine that shows there late would be there twice. */
const settleEarlier =
  (work: Work.Work, target: Target) => (earlier: Json.Json): Effect.Effect<Mutation.Settled<Result>, Fault.Fault> =>
    Option.match(Schema.decodeUnknownOption(Intent)(earlier), {
      onNone: () => Effect.succeed(Mutation.notDone),
      onSome: ({ newid }) =>
        Effect.map(
          settle(work, target, newid),
          (settled) => settled._tag === "Done" && settled.value.taken ? Mutation.notDone : settled
        )
    })

const send = (
  work: Work.Work,
  track: Track.Track,
  target: Target,
  intent: Intent
): Effect.Effect<Result, Fault.Fault> =>
  Effect.gen(function*() {
    const cloning = { source: target.template, vmid: intent.newid }
    yield* Track.update(track, { vmid: intent.newid, node: target.node, cloning, touched: true })
    const upid = yield* work.client.clone(requestOf(work, target, intent))
    work.claimed.add(upid.text)
    yield* Track.update(track, { cloning: { ...cloning, task: upid } })
    yield* Effect.logInfo(`clone of VM ${target.template.vmid} to VM ${intent.newid} started`).pipe(
      Effect.annotateLogs("task", upid.text)
    )
    return { task: upid.text, taken: false }
  })

const dispatch = (
  work: Work.Work,
  track: Track.Track,
  target: Target,
  newid: number,
  nonce: string
): Effect.Effect<Result, Fault.Fault, Journal> => {
  const intent: Intent = { source: target.template, newid, nonce, request: wanted(target) }
  return Change.run({
    fleet: work.fleet,
    machine: target.spec.name,
    step: "clone",
    operation,
    subject: Work.nameOf(newid, target.node),
    intent,
    result: Result,
    send: send(work, track, target, intent),
    settle: settle(work, target, newid),
    settleEarlier: settleEarlier(work, target),
    policy: work.policies.mutate,
    actsWithin,
    settling: { deadline: "1 hour" }
  }).pipe(
    // Refused at once, so this request made nothing. What is there may still be ours, from a run before this one.
    Effect.catchIf((fault) => fault.code === "vmid-taken", () => whoHasIt(work, target, newid))
  )
}

const whoHasIt = (work: Work.Work, target: Target, newid: number): Effect.Effect<Result, Fault.Fault> =>
  Effect.flatMap(CloneWait.revealed(work, target, newid), (state): Effect.Effect<Result, Fault.Fault> => {
    switch (state._tag) {
      case "Gone":
        // Whoever had it has let it go: the next attempt gets it.
        return Effect.fail(Fault.make({
          kind: "locked",
          system: "proxmox",
          operation,
          subject: Work.nameOf(newid, target.node),
          code: "vmid-released",
          detail: "the id was taken a moment ago and is free now"
        }))
      case "Stranger":
        return Effect.succeed({ task: null, taken: true })
      default:
        return Effect.succeed({ task: null, taken: false })
    }
  })

interface Started {
  readonly vmid: number
  readonly task: Upid.Upid | undefined
}

const started = (vmid: number, result: Result): Option.Option<Started> =>
  result.taken ? Option.none() : Option.some({
    vmid,
    task: result.task === null ? undefined : Option.getOrUndefined(Either.getRight(Upid.parse(result.task)))
  })

const begin = (
  work: Work.Work,
  track: Track.Track,
  target: Target,
  vmid: number | "auto"
): Effect.Effect<Started, Fault.Fault, Journal> =>
  Effect.gen(function*() {
    const { spec } = target
    const at = (newid: number, nonce: string) =>
      Effect.map(dispatch(work, track, target, newid, nonce), (result) => started(newid, result))
    const recorded = Option.getOrUndefined(
      yield* Change.unfinished({ fleet: work.fleet, machine: spec.name, step: "clone" }, Intent)
    )
    const usable = recorded !== undefined && (vmid === "auto" || recorded.newid === vmid) &&
        !target.avoid.has(recorded.newid)
      ? recorded
      : undefined
    const newid = usable?.newid ?? (vmid === "auto" ? undefined : vmid)
    if (newid !== undefined) {
      const result = yield* at(newid, usable?.nonce ?? (yield* Identity.nonce))
      if (Option.isSome(result)) return result.value
      if (vmid !== "auto") return yield* strangerAt(work, target, newid)
    }
    return yield* VmId.allocate(
      { fleet: work.fleet, avoid: target.avoid, policy: work.policies.read },
      (candidate) => Effect.flatMap(Identity.nonce, (nonce) => at(candidate, nonce))
    ).pipe(Effect.provideService(Client.Client, work.client))
  })

const strangerAt = (work: Work.Work, target: Target, vmid: number): Effect.Effect<never, Fault.Fault> =>
  Effect.flatMap(Work.find(work, vmid, target.node), (found) => {
    const config = Option.match(found, { onNone: () => ({}), onSome: ({ config }) => config })
    const whose = Identity.whose(config, { fleet: work.fleet, machine: target.spec.name })
    return Effect.fail(Work.stranger({
      machine: target.spec.name,
      vmid,
      found: Option.getOrElse(found, () => ({ node: target.node, config: {}, name: "" })),
      because: whose._tag === "Stranger" ? whose.because : "it was made by somebody else at the same time"
    }))
  })

/** A worker that is killed leaves nothing behind, if it was killed early enough; that is worth another try. */
const anotherTry = (fault: Fault.Fault): boolean => fault.code === "clone-vanished"
const tries = 2

/**
 * Clones the template of a machine and waits until the clone is done. When it succeeds, the machine is there, ours,
 * unlocked and not configured.
 *
 * @since 0.1.0
 * @category operations
 */
export const cloneMachine = Effect.fn("Proxmox.cloneMachine")(
  function*(work: Work.Work, track: Track.Track, target: Target, vmid: number | "auto") {
    yield* Effect.annotateCurrentSpan({ "holdfast.machine": target.spec.name })
    yield* Track.enter(track, "waiting to clone")
    // An id that was found once is kept through the attempts, because something of ours may stand there.
    let chosen = vmid
    const attempt = Effect.gen(function*() {
      yield* Track.enter(track, "cloning")
      const { task, vmid } = yield* begin(work, track, target, chosen)
      chosen = vmid
      return yield* CloneWait.end(work, track, target, vmid, task).pipe(
        Effect.catchIf((fault) => fault.code === "vmid-taken", (fault) => {
          if (target.spec.vmid !== "auto") return fault
          chosen = "auto"
          return fault.with({ kind: "locked" })
        })
      )
    })
    return yield* attempt.pipe(
      Track.timed(track, "clone"),
      work.limits.clone(target.limits),
      Effect.retry({ times: tries, while: anotherTry }),
      Policies.patiently((fault, millis) => Track.waitFor(track, "cloning", fault, millis))
    )
  }
)
