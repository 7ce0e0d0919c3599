/**
 * The report that is written beside the configuration: the same for every export of the same organisation.
 *
 * @since 0.1.0
 */
import type { Exception, Report } from "../Report.ts"

/**
 * @since 0.1.0
 * @category constants
 */
export const fileName = "export-report.json"

const order = ({ attribute, detail, id, reason, type }: Exception): string =>
  JSON.stringify([type, id, reason, attribute, detail])

/**
 * With what was found while it was written, in the order of types, ids, reasons and attributes.
 *
 * @since 0.1.0
 * @category conversions
 */
export const merged = (report: Report, exceptions: ReadonlyArray<Exception>): Report => ({
  ...report,
  types: report.types.toSorted((left, right) => (left.type < right.type ? -1 : 1)),
  exceptions: [...report.exceptions, ...exceptions]
    .map((each) => ({ each, key: order(each) }))
    .toSorted((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0))
    .map(({ each }) => each)
})

/**
 * As it is in the file: without what names one request.
 *
 * @since 0.1.0
 * @category conversions
 */
export const text = (report: Report): string =>
  `${
    JSON.stringify(
      { ...report, exceptions: report.exceptions.map((each) => ({ ...each, correlationId: null })) },
      undefined,
      2
    )
  }\n`
