/**
 * What a verb was asked for: from flags and settings, and kept with the run so that it can be run again.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Path from "node:path"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Json from "../../../kernel/Json.ts"
import type { Run } from "../../../store/Run.ts"
import * as Operations from "../../../systems/elevenlabs/Operations.ts"
import * as Guard from "../../../systems/elevenlabs/plan/Guard.ts"
import type * as Plan from "../../../systems/elevenlabs/plan/Plan.ts"
import * as Sites from "../../../systems/elevenlabs/site/Sites.ts"
import { Session } from "../../Session.ts"
import * as Tracked from "../../Tracked.ts"
import { usage } from "../../UsageFault.ts"

/** What a run keeps. It holds no secrets. */
const Recorded = Schema.Struct({
  sites: Schema.String,
  folder: Schema.String,
  root: Schema.String,
  states: Schema.String,
  only: Schema.Array(Schema.String),
  strategy: Schema.optional(Schema.Literal("swap", "in-place")),
  force: Schema.optional(Schema.Boolean),
  maxDelete: Schema.optional(Schema.String),
  files: Schema.optional(Schema.Array(Schema.String)),
  git: Schema.optional(Schema.Boolean),
  branch: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Flags {
  readonly sites: string | undefined
  readonly site: ReadonlyArray<string>
  readonly strategy?: "swap" | "in-place" | undefined
  readonly force?: boolean | undefined
  readonly maxDelete?: string | undefined
  readonly git?: boolean | undefined
  readonly branch?: string | undefined
  /** Nothing is to be changed, not even the clone. */
  readonly dryRun?: boolean | undefined
  readonly wait?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Asked extends Schema.Schema.Type<typeof Recorded> {
  /** How long to wait for another run, in milliseconds. */
  readonly wait: number | undefined
  /** The run that is run again. */
  readonly resumes?: Run | undefined
}

const withoutGit = usage("--branch says where to push, and nothing is pushed without --git", "say --git too")

/**
 * Flags first, then the settings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromFlags = (flags: Flags): Effect.Effect<Asked, Fault.Fault, Session> =>
  Effect.map(flags.branch === undefined || flags.git === true ? Session : withoutGit, ({ settings }) => ({
    sites: flags.sites ?? settings.get("elevenlabs.sites") ?? "sites.yaml",
    folder: process.cwd(),
    root: settings.get("elevenlabs.root") ?? "out",
    states: settings.get("elevenlabs.states") ?? "config/elevenlabs",
    only: flags.site,
    strategy: flags.strategy,
    force: flags.force,
    maxDelete: flags.maxDelete,
    git: flags.git === true && flags.dryRun !== true,
    branch: flags.branch,
    wait: flags.wait
  }))

/**
 * What was asked for when a run began.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromRun = (run: Run, wait: number | undefined): Effect.Effect<Asked, Fault.Fault> =>
  Option.match(Schema.decodeUnknownOption(Recorded)(run.input), {
    onNone: () => Effect.fail(Tracked.unreadable(run)),
    onSome: (options) => Effect.succeed({ ...options, wait, resumes: run })
  })

/**
 * What is kept of it. A run may be resumed from another folder.
 *
 * @since 0.1.0
 * @category conversions
 */
export const recorded = ({ resumes: _resumes, wait: _wait, ...asked }: Asked): Json.Json => {
  const absolute = (path: string) => Path.resolve(asked.folder, path)
  return Option.getOrElse(
    Json.fromUnknown({
      ...asked,
      sites: absolute(asked.sites),
      root: absolute(asked.root),
      states: absolute(asked.states)
    }),
    () => null
  )
}

/**
 * The sites that are asked for.
 *
 * @since 0.1.0
 * @category accessors
 */
export const targets = (
  { folder, only, resumes, root, sites, states }: Asked
): Effect.Effect<ReadonlyArray<Operations.Target>, Fault.Fault, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const found = yield* Operations.targets(yield* Sites.load(sites), {
      only: only.length === 0 ? undefined : only,
      root,
      states
    })
    // The sites file may name folders relative to where the run began.
    return resumes === undefined
      ? found
      : found.map((target) => ({ ...target, folder: Path.resolve(folder, target.folder) }))
  })

const limitOf = (text: string): Either.Either<Plan.MaxDelete, Fault.Fault> =>
  Either.mapLeft(
    Guard.parse(text),
    (problem) => usage(`--max-delete: ${problem}`, "say for example --max-delete 5 or --max-delete 20%")
  )

/**
 * How it is to be done.
 *
 * @since 0.1.0
 * @category accessors
 */
export const options = (
  { force, maxDelete, strategy, wait }: Asked
): Either.Either<Operations.SyncOptions, Fault.Fault> =>
  Either.map(maxDelete === undefined ? Either.right(undefined) : limitOf(maxDelete), (limit) => ({
    strategy,
    force,
    maxDelete: limit,
    lockTimeout: wait
  }))
