/**
 * What one seed stands for: a cluster, a fleet, what is done with it in which order, and what goes wrong meanwhile.
 */
import type { Fleet } from "../../../src/systems/proxmox/Fleet.ts"
import * as Dice from "../Dice.ts"
import * as Ending from "../Ending.ts"
import * as Fleets from "./Fleets.ts"
import * as Trouble from "./Trouble.ts"

export interface Command {
  readonly name: "apply" | "destroy"
  readonly fleet: Fleet
  readonly ending: Ending.Ending
  readonly onInterrupt: "abort" | "detach"
  readonly parallel: number
  readonly perStorage: number
  readonly addresses: boolean
  /** For destroy: how long a guest may take. */
  readonly shutdownSeconds: number
  /** What an earlier process wrote into its journal is there. */
  readonly journal: "kept" | "lost"
}

export interface Stage {
  /** Two run at the same time, the second begins so much later. */
  readonly commands: readonly [Command] | readonly [Command, Command]
  readonly secondAfterMillis: number
  /** Two processes of one host share a journal. */
  readonly shared: boolean
  /** Nothing goes wrong in it. */
  readonly quiet: boolean
  /** How long nobody does anything before it. More than a request may be on its way. */
  readonly pauseMillis: number
}

export interface Scenario {
  readonly seed: number
  readonly kind: string
  readonly ground: Fleets.Ground
  readonly ticket: boolean
  readonly stages: ReadonlyArray<Stage>
  readonly trouble: Trouble.Trouble
  /** Machines of others that are there from the start, by id. */
  readonly strangers: ReadonlyArray<number>
  readonly foreignFleet: boolean
}

const ground = (dice: Dice.Dice): Fleets.Ground => ({
  version: dice.pick<7 | 8 | 9>(7, 8, 9),
  nodes: ["pve1", "pve2", "pve3"].slice(0, dice.between(1, 3)),
  templates: dice.pick("shared", "local")
})

const command = (
  dice: Dice.Dice,
  name: Command["name"],
  fleet: Fleet,
  ending: Ending.Ending,
  journal: Command["journal"]
): Command => ({
  name,
  fleet,
  ending,
  journal,
  onInterrupt: dice.pick("abort", "detach"),
  parallel: dice.between(1, 8),
  perStorage: dice.between(1, 4),
  addresses: dice.chance(0.1),
  shutdownSeconds: dice.pick(0, 3, 60)
})

/** Most of what happens, happens in the first minute; some of it much later. */
const moment = (dice: Dice.Dice): number =>
  Math.round((dice.chance(0.3) ? 3 : dice.pick(15, 40, 90)) * 1000 * dice.unit())

const cut = (dice: Dice.Dice): Ending.Ending => {
  if (dice.chance(0.4)) return { _tag: "Interrupted", afterMillis: moment(dice) }
  return dice.chance(0.4)
    ? { _tag: "Killed", afterMillis: moment(dice) }
    : { _tag: "KilledAt", call: dice.between(1, dice.pick(12, 40, 120)), acted: dice.chance(0.6) }
}

const runs: Ending.Ending = { _tag: "Runs" }

interface Drawing {
  readonly fleet: Fleet
  readonly next: Fleet
  readonly journal: () => Command["journal"]
}

type Kind = readonly [name: string, fixed: boolean, draw: (dice: Dice.Dice, drawing: Drawing) => ReadonlyArray<Stage>]

const stage = (dice: Dice.Dice, one: Command, more: Partial<Stage> = {}): Stage => ({
  commands: [one],
  secondAfterMillis: 0,
  shared: false,
  quiet: false,
  pauseMillis: 3000 + Math.round(dice.unit() * (dice.chance(0.5) ? 20_000 : 1000)),
  ...more
})

const prepared = (dice: Dice.Dice, { fleet, journal }: Drawing): Stage =>
  stage(dice, command(dice, "apply", fleet, runs, journal()), { quiet: true })

const kinds: ReadonlyArray<Kind> = [
  ["apply", false, (dice, { fleet, journal }) => [stage(dice, command(dice, "apply", fleet, runs, journal()))]],
  ["apply cut", false, (dice, { fleet, journal }) => [
    stage(dice, command(dice, "apply", fleet, cut(dice), journal())),
    stage(dice, command(dice, "apply", fleet, runs, journal()))
  ]],
  ["apply cut twice", false, (dice, { fleet, journal }) => [
    stage(dice, command(dice, "apply", fleet, cut(dice), journal())),
    stage(dice, command(dice, "apply", fleet, cut(dice), journal())),
    stage(dice, command(dice, "apply", fleet, runs, journal()))
  ]],
  ["update", false, (dice, drawing) => [
    prepared(dice, drawing),
    stage(dice, command(dice, "apply", drawing.next, dice.chance(0.5) ? cut(dice) : runs, drawing.journal()))
  ]],
  ["changed after a cut", false, (dice, { fleet, journal, next }) => [
    stage(dice, command(dice, "apply", fleet, cut(dice), journal())),
    stage(dice, command(dice, "apply", next, runs, journal()))
  ]],
  ["two applies", true, (dice, { fleet, journal }) => {
    const shared = dice.chance(0.3)
    const ending = !shared && dice.chance(0.4) ? cut(dice) : runs
    const first = command(dice, "apply", fleet, ending, journal())
    return [stage(dice, first, {
      commands: [first, command(dice, "apply", fleet, runs, first.journal)],
      secondAfterMillis: Math.round(dice.pick(0, 10, 3000, 30_000) * dice.unit()),
      shared
    })]
  }],
  ["destroy", false, (dice, drawing) => [
    prepared(dice, drawing),
    stage(dice, command(dice, "destroy", drawing.fleet, runs, drawing.journal()))
  ]],
  ["destroy cut", false, (dice, drawing) => [
    prepared(dice, drawing),
    stage(dice, command(dice, "destroy", drawing.fleet, cut(dice), drawing.journal())),
    stage(dice, command(dice, "destroy", drawing.fleet, runs, drawing.journal()))
  ]],
  ["apply cut, destroy", false, (dice, { fleet, journal }) => [
    stage(dice, command(dice, "apply", fleet, cut(dice), journal())),
    stage(dice, command(dice, "destroy", fleet, dice.chance(0.3) ? cut(dice) : runs, journal()))
  ]],
  ["destroy cut, apply", false, (dice, drawing) => [
    prepared(dice, drawing),
    stage(dice, command(dice, "destroy", drawing.fleet, cut(dice), drawing.journal())),
    stage(dice, command(dice, "apply", drawing.fleet, runs, drawing.journal()))
  ]]
]

export const draw = (seed: number): Scenario => {
  const dice = Dice.make(seed)
  const found = ground(dice.of("ground"))
  const [firstKind, ...otherKinds] = kinds
  if (firstKind === undefined) throw new Error("there are scenarios")
  const [kind, fixed, stagesOf] = dice.of("kind").pick(firstKind, ...otherKinds)
  const fleet = Fleets.draw(dice.of("fleet"), found, fixed)
  const next = Fleets.change(dice.of("change"), found, fleet, fixed)
  const journals = dice.of("journal")
  const stages = stagesOf(dice.of("stages"), {
    fleet,
    next,
    journal: () => journals.chance(0.5) ? "kept" : "lost"
  })
  const wanted = fleet.machines.flatMap((spec) => (spec.vmid === "auto" ? [] : [spec.vmid]))
  const others = dice.of("strangers")
  return {
    seed,
    kind,
    ground: found,
    ticket: others.chance(0.2),
    stages,
    trouble: Trouble.draw(dice.of("trouble"), found, wanted),
    strangers: [
      ...others.chance(0.4) ? [103, 104] : [],
      ...others.chance(0.08) ? others.some(wanted, 1) : []
    ],
    foreignFleet: others.chance(0.3)
  }
}

const commandText = ({ ending, fleet, journal, name, onInterrupt }: Command): string =>
  `${name} ${fleet.machines.map(({ clone, vmid }) => `${vmid}${clone === "linked" ? "/linked" : ""}`).join(" ")}` +
  `${Ending.text(ending)}${ending._tag === "Interrupted" && name === "apply" ? ` (${onInterrupt})` : ""}` +
  `, journal ${journal}`

export const describe = ({ foreignFleet, ground, kind, seed, stages, strangers, ticket, trouble }: Scenario): string =>
  [
    `seed ${seed}: ${kind}; version ${ground.version}, ${ground.nodes.length} nodes, ${ground.templates} templates` +
    `${ticket ? ", by password" : ""}${foreignFleet ? ", another fleet" : ""}` +
    `${strangers.length === 0 ? "" : `, strangers ${strangers.join(" ")}`}`,
    ...stages.map(({ commands, pauseMillis, quiet, secondAfterMillis, shared }) =>
      `after ${pauseMillis} ms ${quiet ? "quietly " : ""}${commands.map(commandText).join(" | ")}` +
      `${commands.length === 1 ? "" : ` (${secondAfterMillis} ms later${shared ? ", shared journal" : ""})`}`
    ),
    `trouble: ${Trouble.describe(trouble)}`
  ].join("; ")
