/**
 * Checks an export that was written: every file is what its name says, every reference leads to a block, every variable
 * is declared and used, nothing is there twice, nothing depends on itself, the files that are named are there, the state
 * has what the configuration has, and there is as much as the report says.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Folder from "../output/Folder.ts"
import * as Checking from "./Checking.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Validation = Checking.Validation

const operation = "Genesys.validate"

/**
 * Checks a folder. Where an export was killed just while its new folder took the place of the old one, this is finished
 * first.
 *
 * Fails with the code `file-missing` where there is no folder, and `no-configuration` where it has no file of Terraform.
 *
 * @since 0.1.0
 * @category operations
 */
export const folder = (directory: string): Effect.Effect<Validation, Fault.Fault> =>
  Effect.gen(function*() {
    const folder = yield* Folder.existing(directory, operation)
    const validation = yield* Checking.check(folder)
    return validation.files === 0 ? yield* Folder.withoutConfiguration(folder, operation) : validation
  }).pipe(Effect.withSpan(operation))
