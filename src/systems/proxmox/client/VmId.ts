/**
 * Finding an id for a new machine. The server names a free id and reserves nothing, so two that ask get the same one;
 * whoever clones second is told that it exists. Therefore: within this process ids are reserved while they are being
 * tried, processes begin at different places, and a taken id means the next one.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Policy from "../../../kernel/Policy.ts"
import * as Client from "../Client.ts"

/**
 * The ids that are being tried, or are known to be taken. Plain and synchronous.
 *
 * @since 0.1.0
 * @category models
 */
interface Machine {
  /** The first id from `from` that nobody here tries and that is not known as taken. Reserves it. */
  readonly reserve: (from: number, avoid: ReadonlySet<number>) => number
  /** Ends a reservation. `taken`: never offer it again. */
  readonly release: (id: number, taken: boolean) => void
  readonly reserved: ReadonlySet<number>
}

/** The server's own bounds. Source: `pve-vmid` of pve-common. */
const first = 100
const last = 999_999_999

/**
 * @since 0.1.0
 * @category constructors
 */
const makeMachine = (): Machine => {
  const reserved = new Set<number>()
  const taken = new Set<number>()
  return {
    reserved,
    reserve: (from, avoid) => {
      let id = Math.max(first, from)
      while (reserved.has(id) || taken.has(id) || avoid.has(id)) id += 1
      reserved.add(id)
      return id
    },
    release: (id, wasTaken) => {
      reserved.delete(id)
      if (wasTaken) taken.add(id)
    }
  }
}

const machines = new WeakMap<Client.Service, Machine>()

/** All operations over one client share one set. */
const machineOf = (client: Client.Service): Machine => {
  const known = machines.get(client)
  if (known !== undefined) return known
  const machine = makeMachine()
  machines.set(client, machine)
  return machine
}

/**
 * Where a fleet begins to look, so that two fleets applied at the same time by two processes seldom meet: up to 7 above
 * the first free id, the same for the same fleet.
 *
 * @since 0.1.0
 * @category getters
 */
export const offsetOf = (fleet: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < fleet.length; index++) {
    hash = Math.imul(hash ^ fleet.charCodeAt(index), 0x01000193) >>> 0
  }
  return hash % 8
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly fleet: string
  /** Ids that are spoken for although nothing is there yet. */
  readonly avoid: ReadonlySet<number>
  /** For asking which ids are free. */
  readonly policy: Policy.Policy
  /** How many ids may turn out to be taken before it gives up. Defaults to 50. */
  readonly attempts?: number | undefined
}

const isTaken = (fault: Fault.Fault): boolean => fault.code === "vmid-taken"

const exhausted = (attempts: number): Fault.Fault =>
  Fault.make({
    kind: "conflict",
    system: "proxmox",
    operation: "Proxmox.allocateId",
    code: "vmid-exhausted",
    sent: "no",
    detail: `no free id was found in ${attempts} attempts`,
    hint: "give the machine a vmid in the fleet file, or check next-id in the datacenter options"
  })

/**
 * Offers ids to `use` until it takes one. `use` answers `None` where the id turned out to be somebody else's. The
 * reservation is held while `use` runs and no longer; so `use` ends as soon as the server knows the machine.
 *
 * @since 0.1.0
 * @category combinators
 */
export const allocate = <A, R>(
  options: Options,
  use: (id: number) => Effect.Effect<Option.Option<A>, Fault.Fault, R>
): Effect.Effect<A, Fault.Fault, R | Client.Client> =>
  Effect.flatMap(Client.Client, (client) => {
    const machine = machineOf(client)
    const attempts = options.attempts ?? 50
    const isFree = (id: number) =>
      options.policy.run(client.nextId(id)).pipe(
        Effect.as(true),
        Effect.catchIf(isTaken, () => Effect.succeed(false))
      )
    const attempt = (from: number): Effect.Effect<Option.Option<A>, Fault.Fault, R> =>
      Effect.uninterruptibleMask((restore) => {
        const id = machine.reserve(from, options.avoid)
        if (id > last) return Effect.zipRight(Effect.sync(() => machine.release(id, false)), exhausted(attempts))
        return restore(Effect.flatMap(isFree(id), (free) => free ? use(id) : Effect.succeedNone)).pipe(
          Effect.tap((result) => Effect.sync(() => machine.release(id, Option.isNone(result)))),
          Effect.onError(() => Effect.sync(() => machine.release(id, false)))
        )
      })
    const loop = (from: number, left: number): Effect.Effect<A, Fault.Fault, R> =>
      left <= 0
        ? exhausted(attempts)
        : Effect.flatMap(
          attempt(from),
          Option.match({
            onNone: () => loop(from, left - 1),
            onSome: Effect.succeed
          })
        )
    return Effect.flatMap(options.policy.run(client.nextId()), (free) => loop(free + offsetOf(options.fleet), attempts))
  })
