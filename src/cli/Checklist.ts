/**
 * What a doctor found, as lines.
 *
 * @since 0.1.0
 */
import type { Paint } from "./Paint.ts"

/**
 * One thing that was looked at.
 *
 * @since 0.1.0
 * @category models
 */
export interface Check {
  readonly name: string
  readonly state: "ok" | "warn" | "fail" | "skipped"
  readonly detail: string
  readonly hint?: string | undefined
}

const mark = ({ state }: Check, paint: Paint): string => {
  switch (state) {
    case "ok":
      return paint.green("ok  ")
    case "warn":
      return paint.yellow("warn")
    case "fail":
      return paint.red("FAIL")
    case "skipped":
      return paint.dim("skip")
  }
}

/**
 * A line for each check, below it what to do, and at the end how many failed.
 *
 * @since 0.1.0
 * @category conversions
 */
export const lines = (checks: ReadonlyArray<Check>) => (paint: Paint): ReadonlyArray<string> => {
  const failed = checks.filter(({ state }) => state === "fail").length
  return [
    ...checks.flatMap((check) => [
      ...`${mark(check, paint)}  ${paint.bold(check.name)}: ${check.detail}`.split("\n").map((line, index) =>
        index === 0 ? line : `      ${line.trimStart()}`
      ),
      ...(check.hint === undefined ? [] : [`      ${paint.dim("next:")} ${check.hint}`])
    ]),
    "",
    failed === 0 ? "nothing stands in the way" : `${failed} of ${checks.length} checks failed`
  ]
}
