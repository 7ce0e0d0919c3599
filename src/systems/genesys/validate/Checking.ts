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

const decodeReport = Schema.decodeUnknownOption(Schema.parseJson(Report.Report))

/**
 * @since 0.1.0
 * @category operations
 */
export const check = (folder: string): Effect.Effect<Validation, Fault.Fault> =>
  Effect.gen(function*() {
    const problems: Array<Problem.Problem> = []
    const modules: Array<{ readonly scope: Scope.Scope; readonly files: ReadonlyArray<string> }> = []
    for (const prefix of ["", "json/"]) {
      const files = yield* Blocks.files(Path.join(folder, prefix))
      if (prefix !== "" && files.length === 0) continue
      modules.push({ scope: yield* checkModule(Path.join(folder, prefix), prefix, files, problems), files })
      problems.push(...yield* checkValues(folder, `${prefix}${Residents.variableFile}`))
    }
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

/** How much there is in a file that cannot be parsed is not known. */
const known = (problems: ReadonlyArray<Problem.Problem>): ReadonlyArray<Problem.Problem> =>
  problems.some(({ file, kind }) => kind === "syntax" && !file.endsWith(Residents.variableFile))
    ? problems.filter(({ kind }) => kind !== "total")
    : problems

const checkModule = (
  folder: string,
  prefix: string,
  files: ReadonlyArray<string>,
  problems: Array<Problem.Problem>
): Effect.Effect<Scope.Scope, Fault.Fault> =>
  Effect.gen(function*() {
    const scope = new Scope.Scope()
    const named = new Named.Files()
    for (const file of files) {
      yield* Stream.runForEach(Blocks.of(folder, file, prefix + file), (found) =>
        Effect.sync(() => {
          problems.push(...found.problems)
          for (const block of found.blocks) {
            scope.add(block)
            named.add(block)
          }
        }))
    }
    problems.push(...scope.problems(), ...yield* named.missing(folder))
    return scope
  })

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
