/**
 * `holdfast genesys diff`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/genesys/Operations.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import type { Paint } from "../../Paint.ts"
import type { diff as verb } from "./verbs.ts"

type Changed = Operations.Difference["changed"][number]
type Value = Changed["attributes"][number]["before"]

/** Long values are told apart better in the files. */
const widest = 100

const said = (value: Value): string => {
  const text = value === undefined ? "(nothing)" : JSON.stringify(value)
  return text.length <= widest ? text : `${text.slice(0, widest - 1)}…`
}

const changeLines = ({ address, attributes }: Changed, paint: Paint): ReadonlyArray<string> => [
  `${paint.yellow("~")} ${address}`,
  ...attributes.map(({ after, before, path }) => `    ${path}: ${said(before)} -> ${said(after)}`)
]

const text =
  ({ added, changed, removed, unchanged }: Operations.Difference) => (paint: Paint): ReadonlyArray<string> => [
    ...added.map((address) => `${paint.green("+")} ${address}`),
    ...removed.map((address) => `${paint.red("-")} ${address}`),
    ...changed.flatMap((one) => changeLines(one, paint)),
    `${added.length} added, ${removed.length} removed, ${changed.length} changed, ${unchanged} the same`
  ]

/** With `null` where there is nothing: JSON has no other word for it. */
const json = ({ changed, ...rest }: Operations.Difference) => ({
  ...rest,
  changed: changed.map(({ address, attributes }) => ({
    address,
    attributes: attributes.map(({ after, before, path }) => ({ path, before: before ?? null, after: after ?? null }))
  }))
})

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = ({ after, before }) =>
  Effect.gen(function*() {
    const difference = yield* Operations.diff(before, after)
    yield* Output.print({ json: () => json(difference), text: text(difference) })
    return Operations.isSame(difference) ? ExitCode.done : ExitCode.partlyFailed
  })
