/**
 * `holdfast genesys validate`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/genesys/Operations.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import type { Paint } from "../../Paint.ts"
import type { validate as verb } from "./verbs.ts"

const text = (directory: string, validation: Operations.Validation) => (paint: Paint): ReadonlyArray<string> => {
  const { data, files, problems, report, resources, variables } = validation
  const what = [
    Output.count(files, "file"),
    Output.count(resources, "resource"),
    Output.count(data, "data block"),
    Output.count(variables, "variable")
  ].join(", ")
  return [
    ...problems.map(({ detail, file, kind, line }) => `${file}:${line}: ${paint.red(kind)}: ${detail}`),
    problems.length === 0
      ? `${directory}: ${paint.green("sound")}: ${what}`
      : `${directory}: ${paint.red(Output.count(problems.length, "problem"))} in ${what}`,
    ...(report ? [] : ["  it has no export-report.json, so nothing tells whether it is complete"])
  ]
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = ({ directory }) =>
  Effect.gen(function*() {
    const validation = yield* Operations.validate(directory)
    yield* Output.print({
      json: () => ({ directory, sound: validation.problems.length === 0, ...validation }),
      text: text(directory, validation)
    })
    return validation.problems.length === 0 ? ExitCode.done : ExitCode.failed
  })
