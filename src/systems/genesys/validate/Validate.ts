/**
 * Checks an export that was written: every file is what its name says, every reference leads to a block, every variable
 * is declared and used, nothing is there twice, nothing depends on itself, the files that are named are there, the state
 * has what the configuration has, and there is as much as the report says.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import * as Disk from "../output/Disk.ts"
import * as Folder from "../output/Folder.ts"
import * as Checking from "./Checking.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Validation = Checking.Validation

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
    const places = yield* Folder.places(directory)
    yield* Folder.recover(places)
    const stats = yield* Disk.stats(places.folder)
    if (stats?.isDirectory() !== true) {
      return yield* missing(
        places.folder,
        "file-missing",
        stats === undefined ? "there is no such folder" : "it is no folder"
      )
    }
    const validation = yield* Checking.check(places.folder)
    if (validation.files === 0) {
      return yield* missing(places.folder, "no-configuration", "it has no configuration of Terraform in it")
    }
    return validation
  }).pipe(Effect.withSpan("Genesys.validate"))

const missing = (subject: string, code: string, detail: string): Fault.Fault =>
  Fault.make({
    kind: "not-found",
    system: "genesys",
    operation: "Genesys.validate",
    sent: "no",
    code,
    subject,
    detail,
    hint: "Name the folder of an export"
  })
