/**
 * @since 0.1.0
 */
import type { Table } from "../Table.ts"

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = []
