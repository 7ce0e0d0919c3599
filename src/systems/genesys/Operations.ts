/**
 * What one does with an organisation of Genesys Cloud. The command and an embedding program call these.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../kernel/Fault.ts"
import * as Logging from "../../observe/Logging.ts"
import * as Client from "./Client.ts"
import * as Diff from "./diff/Diff.ts"
import type { ExportOptions } from "./Options.ts"
import * as Export from "./pipeline/Export.ts"
import * as Vouching from "./pipeline/Vouching.ts"
import * as Work from "./pipeline/Work.ts"
import type { Outcome } from "./Report.ts"
import type { TypeName } from "./Table.ts"
import * as Types from "./Types.ts"
import * as Validate from "./validate/Validate.ts"

/**
 * What operations need.
 *
 * @since 0.1.0
 * @category models
 */
export type Needs = Export.Needs

/**
 * Turns an organisation into Terraform configuration: lists, reads, and writes it into a folder that is replaced whole.
 * What could not be exported is in the report, and does not fail it; see `Report.isWhole`.
 *
 * What was read is kept in the store: an export that was interrupted or killed goes on from there and ends with the
 * same bytes.
 *
 * Fails with the code `invalid-options`, with every problem at once, before anything is asked of the API; with the kind
 * `unauthenticated` where the credentials are no good; with the kind `denied` under `failOnDenied`; and with the codes
 * of the store and of `Output.write`.
 *
 * @param identity Of {@link identify}, where that was asked just now; otherwise it is asked again.
 * @since 0.1.0
 * @category operations
 */
export const exportOrganisation = (
  options: ExportOptions,
  identity?: Identity
): Effect.Effect<Outcome, Fault.Fault, Needs> =>
  Export.run(options, Types.all, identity).pipe(Logging.forSystem("genesys"))

/**
 * Whether an export may begin, as far as can be told without asking the API: its options, and the folder it would
 * replace. Fails as {@link exportOrganisation} does, which looks as well.
 *
 * @since 0.1.0
 * @category operations
 */
export const check = (options: ExportOptions): Effect.Effect<void, Fault.Fault> => Export.check(options, Types.all)

/**
 * The organisation that a client belongs to.
 *
 * @since 0.1.0
 * @category models
 */
export type Identity = Work.Identity

/**
 * Which organisation the client belongs to. Of somebody who waits: gives up within seconds where nobody answers.
 *
 * @since 0.1.0
 * @category operations
 */
export const identify: Effect.Effect<Identity, Fault.Fault, Client.Client> = Effect.flatMap(
  Client.Client,
  Work.identify
).pipe(Logging.forSystem("genesys"))

/**
 * What a check of a written export found.
 *
 * @since 0.1.0
 * @category models
 */
export type Validation = Validate.Validation

/**
 * Checks a written export: see {@link Validate.folder}.
 *
 * @since 0.1.0
 * @category operations
 */
export const validate: (directory: string) => Effect.Effect<Validation, Fault.Fault> = Validate.folder

/**
 * How two written exports differ.
 *
 * @since 0.1.0
 * @category models
 */
export type Difference = Diff.Difference

/**
 * Compares two written exports: see {@link Diff.folders}.
 *
 * @since 0.1.0
 * @category operations
 */
export const diff: (before: string, after: string) => Effect.Effect<Difference, Fault.Fault> = Diff.folders

/**
 * @since 0.1.0
 * @category predicates
 */
export const isSame: (difference: Difference) => boolean = Diff.isNone

/**
 * A type that can be exported.
 *
 * @since 0.1.0
 * @category models
 */
export interface TypeInfo {
  readonly type: TypeName
  /** Of the API. */
  readonly family: string
  /**
   * What of it an export reads that has one before it: nothing, as its listing has all of it; what has changed; or also,
   * each time, what changes without a trace in its listing.
   */
  readonly incremental: "listed" | "changed" | "each time"
  /** Of `each time`, what is read each time: `members`. */
  readonly eachTime: ReadonlyArray<string>
  /** Permissions that its listing needs. */
  readonly permissions: ReadonlyArray<string>
  /** Whether files are written beside the configuration. */
  readonly files: boolean
}

/**
 * Every type, by name.
 *
 * @since 0.1.0
 * @category getters
 */
export const types: ReadonlyArray<TypeInfo> = Types.all.map((table) => ({
  type: table.type,
  family: table.family,
  incremental: Vouching.unstamped(table).length > 0
    ? "each time"
    : table.read === undefined && table.files === undefined
    ? "listed"
    : "changed",
  eachTime: Vouching.unstamped(table),
  permissions: table.permissions ?? [],
  files: table.files !== undefined
}))
