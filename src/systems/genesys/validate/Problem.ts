/**
 * What is wrong with a configuration, and where.
 *
 * @since 0.1.0
 */

/**
 * What kind of a problem it is.
 *
 * - `syntax`: a file is not what its name says.
 * - `duplicate`: two blocks of one address, or two variables of one name.
 * - `reference`: it names a block that is not there.
 * - `undeclared-variable`, `unused-variable`.
 * - `cycle`: resources that depend on each other in a circle.
 * - `file`: it names a file that is not there.
 * - `state`: the state has what the configuration has not, or the other way round; or it contradicts itself.
 * - `total`: there are more or fewer blocks than the report says, or the report does not add up.
 *
 * @since 0.1.0
 * @category models
 */
type Kind =
  | "syntax"
  | "duplicate"
  | "reference"
  | "undeclared-variable"
  | "unused-variable"
  | "cycle"
  | "file"
  | "state"
  | "total"

/**
 * @since 0.1.0
 * @category models
 */
export interface Problem {
  readonly kind: Kind
  /** Relative to the folder, with `/`. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly detail: string
}

/**
 * As a compiler writes it: `genesyscloud.tf:12: ...`
 *
 * @since 0.1.0
 * @category conversions
 */
export const text = ({ detail, file, line }: Problem): string => `${file}:${line}: ${detail}`

/**
 * By file and line.
 *
 * @since 0.1.0
 * @category conversions
 */
export const sorted = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> =>
  problems.toSorted((left, right) =>
    left.file !== right.file
      ? left.file < right.file ? -1 : 1
      : left.line - right.line || (left.detail < right.detail ? -1 : 1)
  )
