/**
 * Builds the command once for the tests that run it as a user does.
 */
import type { TestProject } from "vitest/node"
import * as Bundle from "./Bundle.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** The path of the built command. */
    readonly command: string
  }
}

export default (project: TestProject): () => void => {
  const { command, remove } = Bundle.make()
  project.provide("command", command)
  return remove
}
