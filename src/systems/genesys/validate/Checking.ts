/**
 * Checks the configuration in a folder, with its files and its state, and everything that is wrong with it at once.
 *
 * A folder that holds the same configuration in both syntaxes has the second one in `json`; each is checked by itself.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Path from "node:path"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Disk from "../output/Disk.ts"
import * as Manifest from "../output/Manifest.ts"
import * as ReportFile from "../output/ReportFile.ts"
import * as Residents from "../output/Residents.ts"
import * as Report from "../Report.ts"
import * as Blocks from "./Blocks.ts"
import * as Named from "./Named.ts"
import * as Parser from "./Parser.ts"
import * as Problem from "./Problem.ts"
import * as Scope from "./Scope.ts"
import * as StateCheck from "./StateCheck.ts"

export { text } from "./Problem.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Validation {
  /** By file and line. None: the configuration is sound. */
  readonly problems: ReadonlyArray<Problem.Problem>
  readonly files: number
  readonly resources: number
  readonly data: number
  readonly variables: number
  /** Whether there was a report to compare with. */
  readonly report: boolean
}

/**
 * Sees the text of a file while it is written.
 *
 * @since 0.1.0
 * @category models
 */
export interface Watch {
  readonly take: (text: string) => Effect.Effect<void>
  /** With the SHA-256 in hex of all that was written. */
  readonly end: (digest: string) => Effect.Effect<void>
}

/** What is known of a folder that Terraform works in. */
interface Module {
  readonly scope: Scope.Scope
  readonly named: Named.Files
  readonly take: (found: Blocks.Found) => void
}

const prefixes = ["", "json/"]

const decodeReport = Schema.decodeUnknownOption(Schema.parseJson(Report.Report))

/**
 * What is known of the configuration in a folder by its text, whether that is read from its files or seen while they are
 * written.
 *
 * @since 0.1.0
 * @category models
 */
export class Examination {
  readonly #problems: Array<Problem.Problem> = []
  readonly #modules = new Map<string, Module>()
  /** SHA-256 in hex of what was seen. */
  readonly #seen = new Map<string, string>()

  /**
   * What is to be told the text of a file while it is written, by its path in the folder; `undefined` where it is none of
   * the configuration.
   *
   * @since 0.1.0
   */
  watch(name: string): Watch | undefined {
    const prefix = prefixes.findLast((prefix) => name.startsWith(prefix)) ?? ""
    if (!Blocks.isConfiguration(name.slice(prefix.length))) return undefined
    const reader = Blocks.reader(name)
    const { take } = this.#module(prefix)
    return {
      take: (text) => Effect.map(reader.take(text), take),
      end: (digest) =>
        Effect.map(reader.end, (found) => {
          take(found)
          this.#seen.set(name, digest)
        })
    }
  }

  /**
   * What is wrong with a folder. A file that was seen is not read again, but for its bytes being those that were seen.
   *
   * @since 0.1.0
   */
  conclude(folder: string): Effect.Effect<Validation, Fault.Fault> {
    return Effect.gen(this, function*() {
      const problems: Array<Problem.Problem> = []
      const left = new Map(this.#seen)
      const modules: Array<{ readonly scope: Scope.Scope; readonly files: ReadonlyArray<string> }> = []
      for (const prefix of prefixes) {
        const files = yield* Blocks.files(Path.join(folder, prefix))
        if (prefix !== "" && files.length === 0) continue
        const { named, scope, take } = this.#module(prefix)
        for (const file of files) {
          const name = prefix + file
          const digest = left.get(name)
          if (digest === undefined) {
            yield* Stream.runForEach(
              Blocks.of(Path.join(folder, prefix), file, name),
              (found) => Effect.sync(() => take(found))
            )
          } else if ((yield* Disk.digest(Path.join(folder, name))) === digest) left.delete(name)
        }
        problems.push(...scope.problems(), ...yield* named.missing(Path.join(folder, prefix)))
        problems.push(...yield* checkValues(folder, `${prefix}${Residents.variableFile}`))
        modules.push({ scope, files })
      }
      for (const file of left.keys()) {
        problems.push({ kind: "file", file, line: 1, detail: "it is not what was written" })
      }
      return yield* this.#total(folder, modules, [...this.#problems, ...problems])
    })
  }

  #module(prefix: string): Module {
    const known = this.#modules.get(prefix)
    if (known !== undefined) return known
    const scope = new Scope.Scope()
    const named = new Named.Files()
    const take = ({ blocks, problems }: Blocks.Found): void => {
      this.#problems.push(...problems)
      for (const block of blocks) {
        scope.add(block)
        named.add(block)
      }
    }
    const module = { scope, named, take }
    this.#modules.set(prefix, module)
    return module
  }

  #total(
    folder: string,
    modules: ReadonlyArray<{ readonly scope: Scope.Scope; readonly files: ReadonlyArray<string> }>,
    problems: Array<Problem.Problem>
  ): Effect.Effect<Validation, Fault.Fault> {
    return Effect.gen(function*() {
      const [main] = modules
      if (main !== undefined) problems.push(...yield* StateCheck.check(folder, main.scope))
      const bytes = yield* Disk.bytes(Path.join(folder, ReportFile.fileName))
      if (bytes !== undefined) {
        const report = decodeReport(new TextDecoder().decode(bytes))
        const own = (yield* Manifest.read(folder))?.own ?? {}
        if (report._tag === "None") problems.push(total("is not a report of an export"))
        else problems.push(...modules.flatMap(({ scope }) => totals(report.value, scope, own)))
      }
      // With both syntaxes it is the same twice.
      return {
        problems: Problem.sorted(known(problems)),
        files: modules.reduce((all, { files }) => all + files.length, 0),
        resources: main?.scope.resources ?? 0,
        data: main?.scope.data ?? 0,
        variables: main?.scope.variables ?? 0,
        report: bytes !== undefined
      }
    })
  }
}

/**
 * Checks the configuration in a folder.
 *
 * @since 0.1.0
 * @category operations
 */
export const check = (folder: string): Effect.Effect<Validation, Fault.Fault> =>
  Effect.suspend(() => new Examination().conclude(folder))

/** How much there is in a file that cannot be parsed is not known. */
const known = (problems: ReadonlyArray<Problem.Problem>): ReadonlyArray<Problem.Problem> =>
  problems.some(({ file, kind }) => kind === "syntax" && !file.endsWith(Residents.variableFile))
    ? problems.filter(({ kind }) => kind !== "total")
    : problems

/** An assignment of a simple value that is no template, in the grammar of HCL: attribute, literal, empty tuple or object. */
const assignment =
  /^([A-Za-z_][A-Za-z0-9_-]*) *= (?:"(?:[^"\\$%\p{Cc}]|\\["\\nrt])*"|\d+(?:\.\d+)?|true|false|\[\]|\{\})$/u

/**
 * Whether there is nothing in it but such assignments, each of another name: as an export writes it. It is sound for
 * sure then, and the whole grammar of HCL takes half a second and much memory to load.
 */
const isPlain = (text: string): boolean => {
  if (!text.endsWith("\n")) return false
  const names = text.slice(0, -1).split("\n").map((line) => assignment.exec(line)?.[1])
  return !names.includes(undefined) && new Set(names).size === names.length
}

/** The file of the variables' values, if there is one. */
const checkValues = (folder: string, name: string): Effect.Effect<ReadonlyArray<Problem.Problem>, Fault.Fault> =>
  Effect.gen(function*() {
    const bytes = yield* Disk.bytes(Path.join(folder, name))
    if (bytes === undefined) return []
    const text = new TextDecoder().decode(bytes)
    if (isPlain(text)) return []
    const fault = yield* Effect.option(Effect.flip(Parser.hcl(name, text)))
    return Option.toArray(Option.map(fault, ({ detail }): Problem.Problem => ({
      kind: "syntax",
      file: name,
      ...Parser.complaint(detail)
    })))
  })

const total = (detail: string): Problem.Problem => ({ kind: "total", file: ReportFile.fileName, line: 1, detail })

const totals = (
  report: Report.Report,
  { blocks }: Scope.Scope,
  own: Readonly<Record<string, number>>
): ReadonlyArray<Problem.Problem> => {
  const said = new Map(report.types.map(({ exported, type }) => [type, exported] as const))
  const types = [...new Set([...said.keys(), ...blocks.keys()])].toSorted()
  const counted = types.flatMap((type) => {
    const exported = said.get(type) ?? 0
    const written = (blocks.get(type) ?? 0) - (own[type] ?? 0)
    return written === exported ? [] : [total(`${type}: ${exported} exported, but ${written} in the files`)]
  })
  const unaccounted = report.types.flatMap(({ denied, exported, failed, skipped, type, vanished, wanted }) =>
    denied || wanted === exported + vanished + failed + skipped
      ? []
      : [total(`${type}: of ${wanted} wanted, ${exported + vanished + failed + skipped} are accounted for`)]
  )
  return [...counted, ...unaccounted]
}
