/**
 * What an export was asked for: from flags and settings, and kept with the run so that it can be run again.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Path from "node:path"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Json from "../../../kernel/Json.ts"
import type { Run } from "../../../store/Run.ts"
import type { ExportOptions } from "../../../systems/genesys/Options.ts"
import { Session } from "../../Session.ts"
import * as Tracked from "../../Tracked.ts"
import { usage } from "../../UsageFault.ts"
import type { Input } from "../../Verb.ts"
import type { exportVerb } from "./verbs.ts"

type Flags = Input<(typeof exportVerb)["flags"], (typeof exportVerb)["args"]>

const Names = Schema.optional(Schema.Array(Schema.String))
const Switch = Schema.optional(Schema.Boolean)

/** What a run keeps. It holds no secrets. */
const Recorded = Schema.Struct({
  directory: Schema.String,
  resourceTypes: Names,
  includeFilterResources: Names,
  includeFilterResourcesById: Names,
  excludeFilterResources: Names,
  replaceWithDatasource: Names,
  excludeAttributes: Names,
  includeStateFile: Switch,
  exportFormat: Schema.optional(Schema.Literal("hcl", "json", "json_hcl", "hcl_json")),
  splitFilesByResource: Switch,
  enableDependencyResolution: Switch,
  ignoreCyclicDeps: Switch,
  compress: Switch,
  exportComputed: Switch,
  exportDeprecated: Switch,
  exportOmitUnresolvedRefs: Switch,
  useLegacyArchitectFlowExporter: Switch,
  hashedLabels: Switch,
  failOnDenied: Switch,
  maxConcurrent: Schema.optional(Schema.Number),
  sinceLast: Switch,
  trustListing: Switch,
  /** Milliseconds. */
  resumeWithin: Schema.optional(Schema.Number)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Asked {
  readonly options: ExportOptions & { readonly directory: string }
  /** How long to wait for another run, in milliseconds. */
  readonly wait: number | undefined
  /** The run that is run again. */
  readonly resumes?: Run | undefined
}

const named = (names: ReadonlyArray<string>): ReadonlyArray<string> | undefined =>
  names.length === 0 ? undefined : names

/** A leading `~` is the operation's to understand. */
const absolute = (directory: string): string => /^~([/\\]|$)/.test(directory) ? directory : Path.resolve(directory)

/**
 * Two flags that say different things of one. The provider lets `export_as_hcl` win without a word, for it cannot tell
 * the default of `export_format` from what was said. Source: identifyExportFormat of its exporter.
 */
const contradiction = (flags: Flags): Fault.Fault | undefined => {
  const { exportAsHcl, exportFormat = "hcl", failOnDenied, logPermissionErrors } = flags
  if (exportAsHcl && exportFormat !== "hcl") {
    return usage(
      `--export-as-hcl and --export-format ${exportFormat} contradict each other`,
      "say --export-format alone"
    )
  }
  if (failOnDenied && logPermissionErrors === true) {
    return usage("--fail-on-denied and --log-permission-errors contradict each other", "say one of them")
  }
  return undefined
}

/**
 * Flags first, then the settings. Fails where they contradict each other.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromFlags = (flags: Flags): Effect.Effect<Asked, Fault.Fault, Session> =>
  Effect.map(contradiction(flags) ?? Session, ({ settings }) => {
    const { exportAsHcl, logPermissionErrors, wait, ...rest } = flags
    const maxConcurrent = settings.get("genesys.maxConcurrent")
    return {
      wait,
      options: {
        ...rest,
        directory: absolute(flags.directory ?? "genesyscloud"),
        resourceTypes: named(flags.resourceTypes),
        includeFilterResources: named(flags.includeFilterResources),
        includeFilterResourcesById: named(flags.includeFilterResourcesById),
        excludeFilterResources: named(flags.excludeFilterResources),
        replaceWithDatasource: named(flags.replaceWithDatasource),
        excludeAttributes: named(flags.excludeAttributes),
        exportFormat: flags.exportFormat ?? (exportAsHcl ? "hcl" : undefined),
        failOnDenied: flags.failOnDenied || logPermissionErrors === false,
        maxConcurrent: flags.maxConcurrent ?? (maxConcurrent === undefined ? undefined : Number(maxConcurrent))
      }
    }
  })

/**
 * What was asked for when a run began.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromRun = (run: Run, wait: number | undefined): Effect.Effect<Asked, Fault.Fault> =>
  Option.match(Schema.decodeUnknownOption(Recorded)(run.input), {
    onNone: () => Effect.fail(Tracked.unreadable(run)),
    onSome: (options) => Effect.succeed({ options, wait, resumes: run })
  })

/**
 * What is kept of it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const recorded = ({ options }: Asked): Json.Json => Option.getOrElse(Json.fromUnknown(options), () => null)
