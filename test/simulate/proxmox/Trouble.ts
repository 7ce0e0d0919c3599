/**
 * What goes wrong, drawn from a seed: on the way to the server and on the server itself.
 */
import type * as FaultPlan from "../../../src/simulation/FaultPlan.ts"
import type * as Faults from "../../../src/systems/proxmox/simulator/Faults.ts"
import type { Dice } from "../Dice.ts"
import type { Ground } from "./Fleets.ts"

export interface Trouble {
  /** On the way. The first rule is the ordinary latency, which never ends. */
  readonly way: ReadonlyArray<FaultPlan.Rule>
  readonly server: ReadonlyArray<Faults.Fault>
  /** In seconds from the start of the world: afterwards nothing new happens by itself. */
  readonly over: number
}

const latency = (dice: Dice): FaultPlan.Rule => {
  const millis = dice.pick(1, 5, 20)
  return { name: "latency", effect: { type: "latency", millis, maxMillis: millis + dice.pick(2, 30, 300) } }
}

const answer = (dice: Dice): FaultPlan.BuiltIn => {
  const acted = dice.chance(0.5)
  const [status, statusText] = dice.pick<readonly [number, string]>(
    [500, "Internal Server Error"],
    [502, "Bad Gateway"],
    [503, "Service Unavailable"],
    [504, "Gateway Timeout"],
    [595, "Connection refused"],
    [596, "Connection timed out"],
    [599, "Too many redirections"]
  )
  // A hop that was refused has not been passed.
  return { type: "answer", status, statusText, acted: acted && status !== 595 && status !== 503 }
}

const effect = (dice: Dice): FaultPlan.BuiltIn =>
  dice.chance(0.4) ? answer(dice) : dice.pick<FaultPlan.BuiltIn>(
    { type: "reset-before" },
    { type: "reset-after" },
    { type: "refused" },
    { type: "truncated" },
    { type: "html" },
    { type: "html", status: 502, statusText: "Bad Gateway" },
    { type: "latency", millis: 1000, maxMillis: 2500 }
  )

const match = (dice: Dice): FaultPlan.Match =>
  dice.chance(0.4) ? {} : dice.pick<FaultPlan.Match>(
    { method: "POST" },
    { method: "GET" },
    { method: "DELETE" },
    { method: "POST|PUT|DELETE" },
    { path: "/clone$" },
    { path: "/config" },
    { path: "/status/current" },
    { path: "/tasks" },
    { path: "/cluster" }
  )

const rule = (dice: Dice, index: number): FaultPlan.Rule => {
  const what = effect(dice)
  return {
    name: `${index}: ${what.type}${
      what.type === "answer" ? ` ${what.status}${what.acted === true ? " acted" : ""}` : ""
    }`,
    match: match(dice),
    after: dice.pick(0, 0, 5, 30),
    times: dice.between(1, dice.pick(1, 3, 10)),
    probability: dice.pick(0.05, 0.2, 1),
    effect: what
  }
}

const types = ["qmclone", "qmclone", "qmconfig", "resize", "qmstart", "qmshutdown", "qmstop", "qmdestroy"] as const

const nth = (dice: Dice): number | ReadonlyArray<number> =>
  dice.pick<number | ReadonlyArray<number>>(1, 2, 3, [1, 2], [1, 3, 4])

const texts = [
  "can't lock file '/var/lock/pve-manager/pve-storage-local-lvm' - got timeout",
  "cfs-lock 'storage-ceph' error: got lock request timeout",
  "'storage-nfs'-locked command timed out - aborting",
  "cluster not ready - no quorum?",
  "command '/usr/bin/qemu-img' failed: exit code 1",
  "start failed: QEMU exited with code 1"
] as const

const span = (dice: Dice, over: number): { readonly from: number; readonly for: number } => {
  const from = Math.round(dice.unit() * dice.pick(5, 40, 90))
  return { from, for: Math.max(1, Math.min(dice.between(1, dice.pick(5, 30, 90)), over - from)) }
}

const fault = (dice: Dice, { nodes }: Ground, wanted: ReadonlyArray<number>, over: number): Faults.Fault => {
  const type = dice.pick(types[0], ...types)
  const [first = "pve1", ...others] = nodes
  const node = dice.pick(first, ...others)
  const storage = dice.pick("ceph", "local-lvm", "nfs")
  return dice.pick<Faults.Fault>(
    { fault: "lock-timeout", where: dice.pick("http", "task"), type, nth: nth(dice) },
    { fault: "lock-timeout", where: dice.pick("http", "task"), type: "qmclone", nth: nth(dice) },
    { fault: "warnings", type, nth: nth(dice) },
    { fault: "killed", type, nth: nth(dice), after: dice.pick(0.002, 0.3, 1, 5, 12) * (0.5 + dice.unit()) },
    { fault: "killed", type: "qmclone", nth: nth(dice), after: dice.pick(0.002, 0.3, 1, 5, 12) * (0.5 + dice.unit()) },
    { fault: "exit-status", type, nth: nth(dice), text: dice.pick(texts[0], ...texts) },
    { fault: "no-worker", type, nth: nth(dice) },
    { fault: "lost-task", type, nth: nth(dice) },
    { fault: "slow", type, nth: nth(dice), factor: dice.pick(2, 5, 15) },
    { fault: "expired-tickets", at: dice.between(1, over) },
    { fault: "stranger", nth: nth(dice), node },
    {
      fault: "stranger-at",
      at: dice.between(0, over),
      vmid: dice.chance(0.5) ? dice.some(wanted, 1)[0] ?? 111 : 103 + dice.between(0, 12),
      node
    },
    { fault: "foreign-change", vmid: dice.some(wanted, 1)[0] ?? 111, nth: nth(dice) },
    { fault: "no-quorum", ...span(dice, over) },
    { fault: "node-down", node, ...span(dice, over) },
    { fault: "storage-full", storage, ...span(dice, over) },
    { fault: "storage-busy", storage, ...span(dice, over) },
    { fault: "archive-lag", seconds: dice.pick(0, 5, 30, 120) }
  )
}

export const draw = (dice: Dice, ground: Ground, wanted: ReadonlyArray<number>): Trouble => {
  const over = dice.pick(30, 60, 120)
  const server = Array.from(
    { length: dice.pick(0, 0, 1, 1, 2, 3) },
    (_, index) => fault(dice.of(index), ground, wanted, over)
  )
  return {
    way: [
      latency(dice),
      ...Array.from({ length: dice.pick(0, 0, 1, 1, 2, 4) }, (_, index) => rule(dice.of(100 + index), index + 1))
    ],
    server,
    over: server.some((one) => "at" in one || "from" in one) ? over : 0
  }
}

/**
 * Faults that leave behind what no program may take away: only root unlocks what a killed worker held. A worker that is
 * slow to clean up after it was aborted is killed, too.
 */
export const leavesRemains = ({ server }: Trouble): boolean =>
  server.some(({ fault }) => fault === "killed" || fault === "node-down" || fault === "no-quorum" || fault === "slow")

/** A clone of which the server says nothing looks dead while it runs. */
export const hidesTasks = ({ server }: Trouble): boolean => server.some(({ fault }) => fault === "lost-task")

/** Volumes of a machine that was destroyed may stay, when the storage could not be locked. The server only warns. */
export const leavesVolumes = (trouble: Trouble): boolean =>
  leavesRemains(trouble) || trouble.server.some(({ fault }) => fault === "storage-busy")

export const takesNodesDown = ({ server }: Trouble): boolean => server.some(({ fault }) => fault === "node-down")

export const describe = ({ server, way }: Trouble): string =>
  [
    ...way.map(({ after, effect, match, name, probability, times }) =>
      `${name} ${JSON.stringify({ ...match, after, times, probability, ...effect })}`
    ),
    ...server.map((one) => JSON.stringify(one))
  ].join(", ")
