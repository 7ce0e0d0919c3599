/**
 * What one seed stands for: sites with their files, agents, what is done in which order, what other people do in between,
 * and what goes wrong meanwhile.
 */
import * as Dice from "../Dice.ts"
import * as Ending from "../Ending.ts"
import * as Files from "./Files.ts"
import * as Trouble from "./Trouble.ts"

export interface Command {
  readonly name: "sync" | "plan" | "status" | "remove" | "assign" | "rebuild" | "repair" | "migrate"
  /** By their numbers. */
  readonly sites: ReadonlyArray<number>
  readonly ending: Ending.Ending
  readonly strategy: "swap" | "in-place" | undefined
  readonly force: boolean
  readonly parallel: number
  readonly attachBatch: number
  /** For remove: only one file of each site. */
  readonly one: boolean
}

/** What happens before a stage, to the files, to the records or in the workspace. `pick` says to which of those there are. */
export type Change =
  | { readonly _tag: "Files"; readonly site: number; readonly files: Files.Files }
  /** The state file: gone, cut in the middle, or with something in it that does not belong there. */
  | { readonly _tag: "State"; readonly site: number; readonly damage: "lost" | "torn" | "extra" }
  /** What an older tool left: documents that the agents of the site know, and a file that tells of them. */
  | { readonly _tag: "Older"; readonly site: number }
  /** Somebody deletes a document of ours by force, gives it another name, or takes it from an agent. */
  | { readonly _tag: "Deleted" | "Renamed" | "Taken"; readonly site: number; readonly pick: number }
  /** Somebody puts a document of theirs into our folder. */
  | { readonly _tag: "Guest"; readonly site: number }
  /** Somebody gives a document of ours to an agent or a branch that is not the site's, or to a node of a workflow. */
  | {
    readonly _tag: "Borrowed"
    readonly site: number
    readonly pick: number
    readonly by: "agent" | "branch" | "node"
  }
  /** The next run is made on another machine: it has the files and the records, and no journal. */
  | { readonly _tag: "Moved" }

export interface Stage {
  readonly before: ReadonlyArray<Change>
  /** Two run at the same time, the second begins so much later. */
  readonly commands: readonly [Command] | readonly [Command, Command]
  readonly secondAfterMillis: number
  /** Nothing goes wrong in it. */
  readonly quiet: boolean
  /** How long nobody does anything before it. */
  readonly pauseMillis: number
}

export interface Site {
  readonly host: string
  /** By their numbers. */
  readonly agents: ReadonlyArray<number>
  readonly strategy: "swap" | "in-place"
  readonly usageMode: "auto" | "prompt"
}

interface Agent {
  readonly retrieval: boolean
  /** Documents of others that it has from the start. */
  readonly foreign: number
  /** It has a workflow with a node that has documents of its own. */
  readonly node: boolean
}

export interface Scenario {
  readonly seed: number
  readonly kind: string
  readonly sites: ReadonlyArray<Site>
  readonly agents: ReadonlyArray<Agent>
  readonly world: Trouble.World
  readonly trouble: Trouble.Trouble
  readonly stages: ReadonlyArray<Stage>
}

const hosts = ["example.com", "my-shop.example", "my.shop.example"]

const runs: Ending.Ending = { _tag: "Runs" }

/** Most of what happens, happens in the first seconds. */
const moment = (dice: Dice.Dice): number => Math.round(dice.pick(500, 3000, 15_000, 60_000) * dice.unit())

const cut = (dice: Dice.Dice): Ending.Ending => {
  if (dice.chance(0.3)) return { _tag: "Interrupted", afterMillis: moment(dice) }
  return dice.chance(0.25)
    ? { _tag: "Killed", afterMillis: moment(dice) }
    : { _tag: "KilledAt", call: dice.between(1, dice.pick(8, 25, 80)), acted: dice.chance(0.6) }
}

interface Drawing {
  readonly dice: Dice.Dice
  readonly sites: ReadonlyArray<Site>
  /** What the files of a site are now, by its number. */
  readonly files: Array<Files.Files>
}

const everySite = ({ sites }: Drawing): ReadonlyArray<number> => sites.map((_, index) => index)

const command = (
  drawing: Drawing,
  name: Command["name"],
  ending: Ending.Ending,
  sites: ReadonlyArray<number> = everySite(drawing)
): Command => {
  const { dice } = drawing
  return {
    name,
    sites,
    ending,
    strategy: dice.chance(0.25) ? dice.pick("swap", "in-place") : undefined,
    force: dice.chance(0.05),
    parallel: dice.pick(1, 4, 16),
    attachBatch: dice.pick(1, 3, 20),
    one: dice.chance(0.7)
  }
}

const stage = ({ dice }: Drawing, one: Command, more: Partial<Stage> = {}): Stage => ({
  before: [],
  commands: [one],
  secondAfterMillis: 0,
  quiet: false,
  pauseMillis: Math.round(dice.pick(50, 3000, 40_000) * dice.unit()),
  ...more
})

/** The files of every site, changed. */
const edited = (drawing: Drawing, how: "changed" | "removed"): ReadonlyArray<Change> =>
  drawing.sites.map((_, site): Change => {
    const before = drawing.files[site] ?? {}
    const files = Files.change(drawing.dice.of(`files ${site} ${Object.keys(before).length}`), before, how)
    drawing.files[site] = files
    return { _tag: "Files", site, files }
  })

const prepared = (drawing: Drawing): Stage => stage(drawing, command(drawing, "sync", runs), { quiet: true })

const sync = (drawing: Drawing, ending: Ending.Ending, before: ReadonlyArray<Change> = []): Stage =>
  stage(drawing, command(drawing, "sync", ending), { before })

const drift = ({ dice, sites }: Drawing): ReadonlyArray<Change> =>
  Array.from({ length: dice.between(1, 3) }, (): Change => {
    const site = dice.between(0, sites.length - 1)
    const pick = dice.between(0, 100)
    return dice.pick<Change>(
      { _tag: "Deleted", site, pick },
      { _tag: "Renamed", site, pick },
      { _tag: "Taken", site, pick },
      { _tag: "Guest", site },
      { _tag: "Borrowed", site, pick, by: dice.pick("agent", "branch", "node") }
    )
  })

const moved: Change = { _tag: "Moved" }

type Kind = readonly [name: string, draw: (drawing: Drawing) => ReadonlyArray<Stage>]

const kinds: ReadonlyArray<Kind> = [
  ["first upload", (drawing) => [sync(drawing, runs)]],
  ["first upload cut", (drawing) => [sync(drawing, cut(drawing.dice)), sync(drawing, runs)]],
  ["update", (drawing) => [prepared(drawing), sync(drawing, runs, edited(drawing, "changed"))]],
  ["update cut", (drawing) => [
    prepared(drawing),
    sync(drawing, cut(drawing.dice), edited(drawing, "changed")),
    sync(drawing, runs)
  ]],
  ["update cut twice", (drawing) => [
    prepared(drawing),
    sync(drawing, cut(drawing.dice), edited(drawing, "changed")),
    sync(drawing, cut(drawing.dice)),
    sync(drawing, runs)
  ]],
  ["changed after a cut", (drawing) => [
    prepared(drawing),
    sync(drawing, cut(drawing.dice), edited(drawing, "changed")),
    sync(drawing, drawing.dice.chance(0.5) ? cut(drawing.dice) : runs, edited(drawing, "changed"))
  ]],
  ["removal", (drawing) => [
    prepared(drawing),
    sync(drawing, drawing.dice.chance(0.6) ? cut(drawing.dice) : runs, edited(drawing, "removed")),
    sync(drawing, runs)
  ]],
  ["remove", (drawing) => [
    prepared(drawing),
    stage(drawing, command(drawing, "remove", drawing.dice.chance(0.6) ? cut(drawing.dice) : runs)),
    sync(drawing, runs)
  ]],
  ["another machine", (drawing) => [
    sync(drawing, cut(drawing.dice)),
    stage(drawing, command(drawing, "sync", cut(drawing.dice)), {
      before: [moved, ...edited(drawing, "changed")],
      pauseMillis: 30_000
    }),
    stage(drawing, command(drawing, "sync", runs), { before: [moved], pauseMillis: 30_000 })
  ]],
  ["two at once", (drawing) => {
    const { dice, sites } = drawing
    const all = everySite(drawing)
    // The same site, so that one waits for the other; or others, which share agents.
    const [first, second] = sites.length === 1 || dice.chance(0.4) ? [all, all] : [all.slice(0, 1), all.slice(1)]
    return [
      prepared(drawing),
      stage(drawing, command(drawing, "sync", runs, first), {
        before: edited(drawing, "changed"),
        commands: [
          command(drawing, "sync", dice.chance(0.4) ? cut(dice) : runs, first),
          command(drawing, "sync", runs, second)
        ],
        secondAfterMillis: Math.round(dice.pick(0, 100, 5000) * dice.unit())
      })
    ]
  }],
  ["assign", (drawing) => [
    prepared(drawing),
    stage(drawing, command(drawing, "assign", drawing.dice.chance(0.5) ? cut(drawing.dice) : runs), {
      before: [{ _tag: "Taken", site: 0, pick: 0 }, { _tag: "Taken", site: 0, pick: 1 }]
    }),
    stage(drawing, command(drawing, "assign", runs))
  ]],
  ["rebuild", (drawing) => [
    drawing.dice.chance(0.5) ? prepared(drawing) : sync(drawing, cut(drawing.dice)),
    stage(drawing, command(drawing, "rebuild", drawing.dice.chance(0.4) ? cut(drawing.dice) : runs), {
      before: [{ _tag: "State", site: 0, damage: drawing.dice.pick("lost", "torn") }],
      pauseMillis: 30_000
    }),
    stage(drawing, command(drawing, "rebuild", runs, [0])),
    sync(drawing, drawing.dice.chance(0.3) ? cut(drawing.dice) : runs, edited(drawing, "changed"))
  ]],
  ["repair", (drawing) => [
    prepared(drawing),
    sync(drawing, runs, [{ _tag: "State", site: 0, damage: "extra" }]),
    stage(drawing, command(drawing, "repair", drawing.dice.chance(0.3) ? cut(drawing.dice) : runs)),
    stage(drawing, command(drawing, "repair", runs)),
    sync(drawing, runs, edited(drawing, "changed"))
  ]],
  ["migrate", (drawing) => [
    stage(drawing, command(drawing, "migrate", drawing.dice.chance(0.3) ? cut(drawing.dice) : runs, [0]), {
      before: [{ _tag: "Older", site: 0 }]
    }),
    stage(drawing, command(drawing, "migrate", runs, [0])),
    sync(drawing, drawing.dice.chance(0.5) ? cut(drawing.dice) : runs, edited(drawing, "changed")),
    sync(drawing, runs)
  ]],
  ["drift", (drawing) => [
    prepared(drawing),
    sync(drawing, drawing.dice.chance(0.4) ? cut(drawing.dice) : runs, [
      ...drift(drawing),
      ...edited(drawing, "changed")
    ]),
    sync(drawing, runs, drift(drawing))
  ]],
  ["looks", (drawing) => [
    sync(drawing, cut(drawing.dice)),
    stage(drawing, command(drawing, "plan", runs)),
    stage(drawing, command(drawing, "status", runs)),
    sync(drawing, runs)
  ]],
  ["churn", (drawing) =>
    Array.from(
      { length: drawing.dice.between(3, 6) },
      () =>
        sync(
          drawing,
          drawing.dice.chance(0.6) ? cut(drawing.dice) : runs,
          drawing.dice.chance(0.7) ? edited(drawing, drawing.dice.pick("changed", "removed")) : []
        )
    )]
]

const site = (dice: Dice.Dice, host: string, agents: number): Site => ({
  host,
  agents: Array.from({ length: agents }, (_, index) => index).filter((index) => index === 0 || dice.chance(0.3)),
  strategy: dice.chance(0.3) ? "in-place" : "swap",
  usageMode: dice.pick("auto", "auto", "prompt")
})

export const draw = (seed: number): Scenario => {
  const dice = Dice.make(seed)
  const [firstKind, ...otherKinds] = kinds
  if (firstKind === undefined) throw new Error("there are scenarios")
  const [kind, stagesOf] = dice.of("kind").pick(firstKind, ...otherKinds)
  const ground = dice.of("ground")
  const agents = Array.from({ length: ground.pick(1, 2, 3) }, (): Agent => ({
    retrieval: ground.chance(0.35),
    foreign: ground.between(0, 3),
    node: ground.chance(0.2)
  }))
  const sites = hosts.slice(0, ground.pick(1, 1, 2, 3)).map((host) => site(ground.of(host), host, agents.length))
  const first = sites.map((_, index) => Files.draw(dice.of(`files ${index}`), index, sites.length))
  const [stage, ...others] = stagesOf({ dice: dice.of("stages"), sites, files: [...first] })
  if (stage === undefined) throw new Error("there is a stage")
  const there = first.map((files, index): Change => ({ _tag: "Files", site: index, files }))
  return {
    seed,
    kind,
    sites,
    agents,
    world: Trouble.world(dice.of("world")),
    trouble: Trouble.draw(dice.of("trouble")),
    stages: [{ ...stage, before: [...there, ...stage.before] }, ...others]
  }
}

const commandText = ({ attachBatch, ending, force, name, parallel, sites, strategy }: Command): string =>
  `${name} of ${sites.join(" ")}${strategy === undefined ? "" : ` ${strategy}`}${force ? " by force" : ""}` +
  ` (${parallel} at once, ${attachBatch} a save)${Ending.text(ending)}`

const changeText = (change: Change): string =>
  change._tag === "Files" ? `files of ${change.site} ${Files.describe(change.files)}` : JSON.stringify(change)

export const describe = ({ agents, kind, seed, sites, stages, trouble, world }: Scenario): string =>
  [
    `seed ${seed}: ${kind}; ${
      sites.map(({ agents, host, strategy, usageMode }) => `${host} (${agents.join(" ")}, ${strategy}, ${usageMode})`)
        .join(", ")
    }; agents ${agents.map((agent) => JSON.stringify(agent)).join(" ")}`,
    JSON.stringify(world),
    ...stages.map(({ before, commands, pauseMillis, quiet, secondAfterMillis }) =>
      [
        ...before.map(changeText),
        `after ${pauseMillis} ms ${quiet ? "quietly " : ""}${commands.map(commandText).join(" | ")}` +
        `${commands.length === 1 ? "" : ` (${secondAfterMillis} ms later)`}`
      ].join(", ")
    ),
    `trouble: ${Trouble.describe(trouble)}`
  ].join("; ")
