/**
 * What already stands in the folder of an export: its own files, what is not its own and is carried over, and what
 * forbids to replace it.
 *
 * Carried over are the entries whose name begins with a dot (`.git`, `.terraform`, `.terraform.lock.hcl`), which are no
 * configuration to Terraform, and those that Terraform and its users add to generated configuration: `*.auto.tfvars`,
 * `override.tf` and `*_override.tf` (each also as JSON), `terraform.tfstate.backup`, and a `terraform.tfstate` or
 * `terraform.tfvars` that the export did not write or that was changed since; what is filled in there also goes into the
 * new `terraform.tfvars`, if there is one. Anything else that the export did not write forbids it.
 *
 * Source: developer.hashicorp.com/terraform/language/files, "dotfiles", "Override Files"; .../values/variables.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import * as Fault from "../../../kernel/Fault.ts"
import * as FileFault from "../../../store/FileFault.ts"
import * as Disk from "./Disk.ts"
import * as Manifest from "./Manifest.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Residents {
  /** Names of entries that move to the new folder. */
  readonly carried: ReadonlyArray<string>
  /** Paths of what is neither carried nor the export's own. */
  readonly foreign: ReadonlyArray<string>
}

/**
 * @since 0.1.0
 * @category constants
 */
export const stateFile = "terraform.tfstate"

/**
 * @since 0.1.0
 * @category constants
 */
export const variableFile = "terraform.tfvars"

const conventional = /^(\..*|.*\.auto\.tfvars(\.json)?|(.*_)?override\.tf(\.json)?|terraform\.tfstate\.backup)$/

/**
 * Who is in a folder.
 *
 * @since 0.1.0
 * @category reading
 */
export const of = (folder: string): Effect.Effect<Residents, Fault.Fault> =>
  Effect.gen(function*() {
    const own = (yield* Manifest.read(folder))?.files ?? {}
    const carried: Array<string> = []
    const foreign: Array<string> = []
    for (const { name } of yield* Disk.entries(folder)) {
      if (name === Manifest.fileName) continue
      if (conventional.test(name)) carried.push(name)
      else if (name === stateFile || name === variableFile) {
        if (own[name] === undefined || own[name] !== (yield* digest(Path.join(folder, name)))) carried.push(name)
      } else foreign.push(...yield* strangers(folder, name, own))
    }
    return { carried, foreign }
  })

const digest = (path: string): Effect.Effect<string | undefined, Fault.Fault> =>
  Effect.map(
    Disk.bytes(path),
    (bytes) => bytes === undefined ? undefined : createHash("sha256").update(bytes).digest("hex")
  )

/** What the export did not write, at a path and below. */
const strangers = (
  folder: string,
  name: string,
  own: Readonly<Record<string, string>>
): Effect.Effect<ReadonlyArray<string>, Fault.Fault> =>
  Effect.gen(function*() {
    const path = Path.join(folder, name)
    const stats = yield* Disk.stats(path)
    if (stats?.isDirectory() !== true) return own[name] === undefined ? [name] : []
    const entries = yield* Disk.entries(path)
    // Nobody writes an empty folder here, but one who empties a folder of prompts leaves one.
    if (entries.length === 0 && !Object.keys(own).some((file) => file.startsWith(`${name}/`))) return [`${name}/`]
    const below = yield* Effect.forEach(entries, (entry) => strangers(folder, `${name}/${entry.name}`, own))
    return below.flat()
  })

/** How many names a message has room for. */
const shown = 5

/**
 * What is written besides the configuration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Besides {
  readonly state: boolean
  /** The path of the archive, where there is to be one. */
  readonly archive?: string | undefined
}

/**
 * Fails where a folder must not be replaced: it is no folder, holds something foreign, or has a state that is not the
 * export's own while the export has one to write; where an archive would take the place of something else; or where it
 * cannot be: it is where the process is, a mount, or lies in what is no folder or may not be written to.
 *
 * @since 0.1.0
 * @category reading
 */
export const check = (folder: string, { archive, state }: Besides): Effect.Effect<Residents, Fault.Fault> =>
  Effect.gen(function*() {
    yield* checkGround(Path.dirname(folder))
    if (archive !== undefined) yield* checkArchive(archive)
    const stats = yield* Disk.stats(folder)
    if (stats !== undefined && !stats.isDirectory()) {
      return yield* refusal(folder, "output-not-a-folder", "is not a folder", "Choose another directory")
    }
    const parent = yield* Disk.stats(Path.dirname(folder))
    if (stats !== undefined && parent !== undefined && stats.dev !== parent.dev) return yield* mounted(folder)
    if (stats !== undefined && (yield* isAround(folder))) {
      return yield* refusal(folder, "output-current", "is the current folder, or around it", "Name a folder below it")
    }
    const residents = yield* of(folder)
    const { carried, foreign } = residents
    if (foreign.length > 0) {
      const more = foreign.length > shown ? ` and ${foreign.length - shown} more` : ""
      return yield* refusal(
        folder,
        "output-foreign",
        `holds what no export wrote: ${foreign.slice(0, shown).join(", ")}${more}`,
        "Choose another directory, or move these away"
      )
    }
    if (state && carried.includes(stateFile)) {
      return yield* refusal(
        folder,
        "output-state",
        `has a ${stateFile} that Terraform has worked with since the last export`,
        "Export without the state file, or to another directory"
      )
    }
    return residents
  })

/** What the new folder is made in: the nearest that is there. */
const checkGround = (parent: string): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const stats = yield* Disk.attempt(parent, () => Fs.stat(parent)).pipe(
      Effect.catchIf((fault) => fault.kind === "not-found", () => Effect.succeed(undefined))
    )
    if (stats === undefined && Path.dirname(parent) !== parent) return yield* checkGround(Path.dirname(parent))
    if (stats?.isDirectory() === false) {
      return yield* refusal(parent, "output-not-a-folder", "is not a folder", "Choose another directory")
    }
    yield* Disk.attempt(parent, () => Fs.access(parent, Fs.constants.W_OK | Fs.constants.X_OK))
  })

/** The name of the first entry of a zip begins here. Source: PKWARE, .ZIP File Format Specification, 4.3.7. */
const firstName = 30

/** An archive that an export wrote begins with the manifest of its folder. */
const checkArchive = (path: string): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const stats = yield* Disk.stats(path)
    if (stats === undefined) return
    const head = stats.isFile() ? yield* Disk.head(path, firstName + Manifest.fileName.length) : Buffer.alloc(0)
    if (head.subarray(0, 2).toString() === "PK" && head.subarray(firstName).toString() === Manifest.fileName) return
    return yield* refusal(
      path,
      "output-archive",
      "stands where the archive goes, and no export wrote it",
      "Move it away, choose another directory, or export without an archive"
    )
  })

/** Whether the process works in a folder: it would be in one that is gone, and so would the user's shell. */
const isAround = (folder: string): Effect.Effect<boolean> =>
  Effect.try(() => process.cwd()).pipe(
    Effect.map((current) => {
      const way = Path.relative(folder, current)
      return way === "" || !(way === ".." || way.startsWith(`..${Path.sep}`) || Path.isAbsolute(way))
    }),
    // The folder that the process is in was removed: then it is not this one.
    Effect.orElseSucceed(() => false)
  )

const mounted = (folder: string): Fault.Fault =>
  refusal(folder, "output-mount", "is a mount, which no other folder can take the place of", "Name a folder below it")

/**
 * What it means that a folder cannot be renamed.
 *
 * Source: rename(2), EBUSY: in use by the system as a mount point; EXDEV: not on the same mounted file system.
 *
 * @since 0.1.0
 * @category conversions
 */
export const stuck = (fault: Fault.Fault): Fault.Fault =>
  ["EBUSY", "EXDEV"].includes(FileFault.codeOf(fault.cause) ?? "") ? mounted(fault.subject ?? "") : fault

/**
 * What it means that what a folder's name leads to is not there, though the name is.
 *
 * @since 0.1.0
 * @category conversions
 */
export const astray = (fault: Fault.Fault): Fault.Fault =>
  fault.kind === "not-found"
    ? refusal(
      fault.subject ?? "",
      "output-astray",
      "is a symbolic link that leads to nothing",
      "Choose another directory"
    )
    : fault

const refusal = (folder: string, code: string, detail: string, hint: string): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "genesys",
    operation: "Genesys.write",
    sent: "no",
    code,
    subject: folder,
    detail,
    remote: "nothing was changed",
    hint
  })
