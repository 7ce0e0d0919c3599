/**
 * What an export may take from the last one without reading it, by what its tables say of change stamps.
 *
 * @since 0.1.0
 */
import type { ExportOptions } from "../Options.ts"
import type { Table } from "../Table.ts"
import * as Shared from "./Shared.ts"

/**
 * What makes sure that all that is read of a resource is the same while its listing is: its change stamp, or that the
 * export was told to take it so.
 *
 * @since 0.1.0
 * @category getters
 */
export const vouchedBy = (table: Table, options: ExportOptions): "stamped" | "trusted" | undefined =>
  table.stamp !== undefined && unstamped(table).length === 0
    ? "stamped"
    : options.trustListing === true
    ? "trusted"
    : undefined

/**
 * What belongs to a resource and may change while its change stamp stays: it is read each time. By name; files are
 * `files`.
 *
 * @since 0.1.0
 * @category getters
 */
export const unstamped = ({ files, read }: Table): ReadonlyArray<string> => [
  ...Object.entries({ ...read?.before, ...read?.extras })
    .filter(([, extra]) => extra.stamped !== true && !Shared.isShared(extra))
    .map(([name]) => name),
  ...(files === undefined || files.stamped === true ? [] : ["files"])
]
