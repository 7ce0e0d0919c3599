/**
 * What one does with an organisation of Genesys Cloud. The command and an embedding program call these.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Fault from "../../kernel/Fault.ts"
import * as Logging from "../../observe/Logging.ts"
import type { ExportOptions } from "./Options.ts"
import * as Export from "./pipeline/Export.ts"
import type { Outcome } from "./Report.ts"
import type { TypeName } from "./Table.ts"
import * as Types from "./Types.ts"

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
 * @since 0.1.0
 * @category operations
 */
export const exportOrganisation = (options: ExportOptions): Effect.Effect<Outcome, Fault.Fault, Needs> =>
  Export.run(options, Types.all).pipe(Logging.forSystem("genesys"))

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
  /** Whether its listing says what has changed, so that `sinceLast` need not read it again. */
  readonly incremental: boolean
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
  incremental: table.stamp !== undefined || table.read === undefined,
  permissions: table.permissions ?? [],
  files: table.files !== undefined
}))
