/**
 * What the sweep has to know of a system: how to make a world of it, what its calls are, and what must hold in the end.
 *
 * To add a system: a file with its `System`, which makes the scenarios, one for each command that is to be killed; a line
 * in `Systems.ts`; a test in `Sweep.test.ts`. A scenario needs a world of its own for every trial, that is an endpoint
 * with a simulator behind it, names for its calls that are the same in every run, and what must hold in the end. A world
 * in which nothing happens by itself has no use for the clock.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Endpoint from "../../src/simulation/Endpoint.ts"
import type * as WorldClock from "./WorldClock.ts"

/** An outgoing call, told apart from others by what it is about, not by when it comes. */
export interface Label {
  /** The method, the route and the object: `POST web/config`. The same in every run. */
  readonly name: string
  /** What calls of one kind have in common: the method and the route, and the type of a task. */
  readonly route: string
  /**
   * It changes nothing on the server, and the process keeps nothing of the answer. A call of an export whose answer goes
   * into the store is no read.
   */
  readonly read: boolean
  /** What the server would say now, where that decides how the caller goes on: `running`. */
  readonly phase: string
}

export interface World {
  readonly endpoint: Endpoint.Endpoint
  /** What a request is, as it arrives. */
  readonly label: (request: Endpoint.Request) => Effect.Effect<Label>
  /** Told every answer, before it is sent. */
  readonly answered: (request: Endpoint.Request, reply: Endpoint.Reply) => void
  /** What is wrong after a run that stopped in an orderly way. */
  readonly afterInterruption: Effect.Effect<ReadonlyArray<string>>
  /** What is wrong in the end, there and in the folder: nothing, if all is as the command was to make it. */
  readonly problems: (folder: string) => Effect.Effect<ReadonlyArray<string>>
}

export interface Scenario {
  readonly name: string
  readonly words: ReadonlyArray<string>
  /** What is run after the crash. Defaults to the same again. */
  readonly recovery?: ReadonlyArray<string> | undefined
  /** What an interrupted run says about how to go on. */
  readonly resume: string
  /** How long the clock of the world goes after each call, in milliseconds of this machine. */
  readonly idleMillis: number
  /** A world of its own for one case, and the folder in which the command runs. */
  readonly world: (clock: WorldClock.WorldClock, folder: string) => Effect.Effect<World, never, Scope.Scope>
  /** Where the command begins to run: files by their paths, and what earlier runs left there. */
  readonly files: Readonly<Record<string, string>>
  readonly folder?: string | undefined
  readonly environment: (url: string) => Readonly<Record<string, string>>
}

export interface System {
  /** As in `holdfast <system>`. */
  readonly name: string
  /** May run the command to make what scenarios begin with; removed with the scope. */
  readonly scenarios: (
    command: string,
    size: "small" | "large"
  ) => Effect.Effect<ReadonlyArray<Scenario>, never, Scope.Scope>
}
