/**
 * What concerns the guest of a running machine: changes that wait for its reboot, its cloud-init drive, its addresses.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Fault from "../../../kernel/Fault.ts"
import type { Journal } from "../../../kernel/Journal.ts"
import * as Poll from "../../../kernel/Poll.ts"
import type * as Model from "../Model.ts"
import * as Settle from "./Settle.ts"
import * as Track from "./Track.ts"
import * as Work from "./Work.ts"

interface At {
  readonly vmid: number
  readonly node: string
}

/**
 * Configuration keys that take effect with the next reboot, sorted.
 *
 * @since 0.1.0
 * @category accessors
 */
export const pendingKeys = (
  { client, policies }: Work.Work,
  { node, vmid }: At
): Effect.Effect<ReadonlyArray<string>, Fault.Fault> =>
  Effect.map(
    policies.read.run(client.pending({ node, vmid })),
    (entries) =>
      entries.flatMap((entry) => (entry.pending !== undefined || entry.delete !== undefined ? [entry.key] : []))
        .toSorted()
  )

const cloudInitKey =
  /^(?:ipconfig\d+|ciuser|cipassword|citype|cicustom|ciupgrade|sshkeys|nameserver|searchdomain)(?:\.|$)/

/**
 * After changes to the cloud-init part of a running machine: writes its drive anew, and tells the keys, which the guest
 * reads when it boots.
 *
 * @since 0.1.0
 * @category operations
 */
export const renewCloudInit = (
  work: Work.Work,
  track: Track.Track,
  at: At
): Effect.Effect<ReadonlyArray<string>, Fault.Fault, Journal> =>
  Effect.gen(function*() {
    const { changes } = yield* Ref.get(track.state)
    const keys = changes.flatMap(({ key }) => (cloudInitKey.test(key) ? [key] : []))
    if (keys.length === 0) return []
    yield* Settle.change(work, track, {
      machine: track.machine,
      ...at,
      step: "cloud-init",
      operation: "Proxmox.regenerateCloudInit",
      intent: { ...at, keys },
      send: Effect.as(work.client.regenerateCloudInit(at), Option.none()),
      // Writing it twice is the same as writing it once.
      isDone: Effect.succeed(false)
    })
    return [...new Set(keys.map((key) => key.replace(/\..*$/, "")))].toSorted()
  })

const addressesOf = (interfaces: ReadonlyArray<Model.GuestInterface>, mac: string | undefined): ReadonlyArray<string> =>
  interfaces
    .filter((one) => mac === undefined ? one.name !== "lo" : one["hardware-address"]?.toUpperCase() === mac)
    .flatMap((one) => one["ip-addresses"] ?? [])
    .map((address) => address["ip-address"])
    .filter((address) => !/^(?:127\.|::1$|fe80:|169\.254\.)/i.test(address))

const macOf = (config: Model.Config): string | undefined =>
  /(?:^|[,=])((?:[0-9A-F]{2}:){5}[0-9A-F]{2})(?:,|$)/i.exec(config["net0"] ?? "")?.[1]?.toUpperCase()

/**
 * The addresses of the machine's first card, once its guest agent tells them. Not having them is a warning, because the
 * machine is what was asked for.
 *
 * @since 0.1.0
 * @category accessors
 */
export const addresses = (
  work: Work.Work,
  track: Track.Track,
  at: At,
  millis: number
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function*() {
    yield* Track.enter(track, "waiting for addresses")
    const config = yield* work.policies.read.run(work.client.config(at))
    const mac = macOf(config)
    const read = Effect.map(
      work.policies.poll.run(work.client.agentInterfaces(at)),
      (interfaces) => addressesOf(interfaces, mac)
    )
    return yield* Poll.until(read, (found) => found.length > 0, {
      operation: "Proxmox.addresses",
      system: "proxmox",
      subject: Work.nameOf(at.vmid, at.node),
      first: "1 second",
      cap: "5 seconds",
      deadline: millis,
      tolerate: (fault) => Fault.isRetryable(fault) || fault.code === "vm-not-running"
    })
  }).pipe(
    Effect.catchAll((fault) => Effect.as(Track.warn(track, [`its addresses are not known: ${fault.message}`]), []))
  )
