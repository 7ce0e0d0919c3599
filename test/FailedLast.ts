/** Says at the very end which tests failed: whoever has only the tail of a log reads it there. */
import { relative } from "node:path"
import type { Reporter, TestModule } from "vitest/node"

const firstLine = (message: string) => message.split("\n", 1)[0]?.slice(0, 200) ?? ""

const failed = (module: TestModule): ReadonlyArray<string> =>
  [...module.children.allTests("failed")].map((test) => {
    const reason = test.result().errors?.[0]?.message ?? ""
    return `failed: ${relative("", module.moduleId)} > ${test.fullName}: ${firstLine(reason)}\n`
  })

export default class FailedLast implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const lines = modules.flatMap(failed).join("")
    // The summary of the other reporter comes after this call.
    process.once("exit", () => process.stderr.write(lines))
  }
}
