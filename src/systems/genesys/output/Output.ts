/**
 * Writes an export: configuration, variables, state, files, the report and the archive, into a new folder that then
 * takes the place of the old one, whole. The same resources give the same bytes, in whatever order they were read.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Model from "../Model.ts"
import type { ExportOptions } from "../Options.ts"
import * as AttributePath from "../pipeline/AttributePath.ts"
import type { Exception, Report } from "../Report.ts"
import type { Table, TypeName } from "../Table.ts"
import * as Types from "../Types.ts"
import * as Checking from "../validate/Checking.ts"
import * as Archive from "./Archive.ts"
import type * as Cycles from "./Cycles.ts"
import * as Draft from "./Draft.ts"
import * as Filled from "./Filled.ts"
import * as Folder from "./Folder.ts"
import * as Manifest from "./Manifest.ts"
import * as Pages from "./Pages.ts"
import * as Plan from "./Plan.ts"
import * as Prepared from "./Prepared.ts"
import * as Record from "./Record.ts"
import * as ReportFile from "./ReportFile.ts"
import * as Residents from "./Residents.ts"
import * as Steps from "./Steps.ts"
import { Variables } from "./Variables.ts"
import * as VariableFile from "./Variables.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Input {
  /** Where to; a leading `~` is the home folder. */
  readonly directory: string
  readonly options: ExportOptions
  /** Types that may have resources. */
  readonly types: ReadonlyArray<TypeName>
  /** The resources of a type, sorted by label. It is read twice: files are written the first time, blocks the second. */
  readonly resources: (type: TypeName) => Stream.Stream<Model.Resource, Fault.Fault>
  /** Finds the block of an id, of what is read here as well as of what refers to it. */
  readonly resolve: Model.Resolve
  /** What was found so far; `exported` of each type is checked against what was written. */
  readonly report: Report
  readonly readFile: (file: Model.File) => Effect.Effect<Uint8Array, Fault.Fault>
  /** Defaults to all of `Types`. */
  readonly tables?: ReadonlyArray<Table> | undefined
  /** What made the texts of resources that have one, with the same options and tables. */
  readonly prepared?: Prepared.Shelf | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Written {
  /** Absolute. */
  readonly directory: string
  /** Relative to it, sorted. */
  readonly files: ReadonlyArray<string>
  readonly archive?: string | undefined
  /** With what was found while it was written. */
  readonly report: Report
}

/**
 * Writes an export. Whatever fails, the output of before is intact, and so it is after a crash, once the next run or
 * `Validate.folder` has looked at it.
 *
 * Fails with the codes `output-foreign`, `output-state`, `output-current`, `output-mount` and `output-not-a-folder` where the folder
 * must not or cannot be replaced,
 * `lock-held` while another export writes to it, `cyclic-dependencies` where a circle of `depends_on` is to be an error,
 * `invalid-output` where what was written does not pass its own check, and with those of the disk: `disk-full`,
 * `permission`, `read-only`.
 *
 * @since 0.1.0
 * @category writing
 */
export const write = (input: Input): Effect.Effect<Written, Fault.Fault> =>
  Effect.gen(function*() {
    const source = yield* sourceOf(input)
    const places = yield* Folder.places(input.directory)
    const { files, report } = yield* Folder.replace(
      places,
      { writes: besides(input.options, places), purpose: `export ${input.report.organisation.name}` },
      (fresh, archive) => fill(input, source, places, fresh, archive)
    )
    return {
      directory: places.folder,
      files,
      report,
      ...(input.options.compress === true ? { archive: places.archive } : {})
    }
  }).pipe(Effect.withSpan("Genesys.write"))

/**
 * Whether a folder may be replaced, before there is anything to write. Finishes first what a crash left there. Fails
 * with the codes `output-foreign`, `output-state`, `output-current`, `output-mount` and `output-not-a-folder`.
 *
 * @since 0.1.0
 * @category reading
 */
export const check = (directory: string, options: ExportOptions): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const places = yield* Folder.places(directory)
    yield* Folder.recover(places)
    yield* Residents.check(places.folder, besides(options, places))
  })

const besides = ({ compress, includeStateFile }: ExportOptions, { archive }: Folder.Places): Residents.Besides => ({
  state: includeStateFile === true,
  archive: compress === true ? archive : undefined
})

/**
 * What makes texts of resources as they are read; `undefined` where these options leave that for the end. Fails with the
 * code `invalid-options`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const prepare = (
  options: ExportOptions,
  tables: ReadonlyArray<Table>
): Effect.Effect<Prepared.Shelf | undefined, Fault.Fault> =>
  Effect.map(styleOf(options, tables), (style) => Pages.shelf(options, style))

const sourceOf = (input: Input): Effect.Effect<Plan.Source, Fault.Fault> =>
  Effect.gen(function*() {
    const style = input.prepared?.style ?? (yield* styleOf(input.options, input.tables ?? Types.all))
    const asWritten = <A extends Model.Address | Model.Resource>(one: A): A => {
      const mode = style.modeOf(one.type, one.mode)
      return mode === one.mode ? one : { ...one, mode }
    }
    return {
      ...style,
      inhabited: new Set(input.types),
      resources: (type) => Stream.map(input.resources(type), asWritten),
      resolve: (type, id) => {
        const address = input.resolve(type, id)
        return address === undefined ? undefined : asWritten(address)
      }
    }
  })

const styleOf = (options: ExportOptions, tables: ReadonlyArray<Table>): Effect.Effect<Plan.Style, Fault.Fault> =>
  Effect.gen(function*() {
    const onlyManaged = new Set(tables.filter((table) => !hasData(table)).map(({ type }) => type))
    const byType = new Map(tables.map((table) => [table.type, table]))
    const excluded: Array<AttributePath.Excluded> = []
    for (const pattern of options.excludeAttributes ?? []) {
      const parsed = yield* AttributePath.parse(pattern, tables)
      if (Either.isLeft(parsed)) {
        return yield* refusal("invalid-options", `exclude_attributes: ${parsed.left}`, "Nothing was written")
      }
      excluded.push(...parsed.right)
    }
    const { exportComputed = true, exportDeprecated = true, exportOmitUnresolvedRefs = false } = options
    return {
      // Data blocks for what the API has of its own may be of any type.
      types: [...byType.keys()].toSorted(),
      compiled: new Map(),
      table: (type) => byType.get(type),
      settings: (type) => ({
        exportComputed,
        exportDeprecated,
        omitUnresolved: exportOmitUnresolvedRefs,
        excluded: excluded.filter(({ table }) => table.type === type).map(({ path }) => path)
      }),
      modeOf: (type, mode) => onlyManaged.has(type) ? "managed" : mode
    }
  })

/** Whether the provider has a data source for the type: where it has none, there is only the resource. */
const hasData = ({ dataSource }: Table): boolean => Object.keys(dataSource ?? { name: "name" }).length > 0

const refusal = (code: string, detail: string, hint: string): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "genesys",
    operation: "Genesys.write",
    sent: "no",
    code,
    detail,
    remote: "the output of before is intact",
    hint
  })

interface Filling {
  readonly files: ReadonlyArray<string>
  readonly report: Report
}

interface Configured {
  readonly report: Report
  /** Files into which a user filled something, without that. */
  readonly plain: ReadonlyMap<string, string>
}

const fill = (
  input: Input,
  source: Plan.Source,
  places: Folder.Places,
  fresh: string,
  archive: string
): Effect.Effect<Filling, Fault.Fault> =>
  Effect.suspend(() => {
    const examination = new Checking.Examination()
    const resources = input.report.types.reduce((sum, { exported }) => sum + exported, 0)
    const draft = Draft.make(fresh, Prepared.isUsual(resources) ? examination : undefined)
    return Effect.gen(function*() {
      // What is known of all resources meanwhile is let go of before those of a large organisation are checked.
      const { plain, report } = yield* Effect.scoped(configuration(input, source, places, draft))
      yield* draft.flushing.begin
      yield* draft.flushing.written
      yield* Steps.before("check")
      yield* refuseProblems(fresh, examination)
      yield* Draft.flush(draft)
      const files = [...draft.digests.keys()].toSorted()
      if (input.options.compress === true) {
        yield* Steps.before("archive")
        // What a user filled in is likely a secret, and an archive is made to be handed on.
        yield* Archive.write(fresh, files, plain, archive)
      }
      return { files, report }
    }).pipe(Effect.onError(() => draft.flushing.stopped))
  })

const configuration = (
  input: Input,
  source: Plan.Source,
  places: Folder.Places,
  draft: Draft.Draft
): Effect.Effect<Configured, Fault.Fault, Scope.Scope> =>
  Effect.gen(function*() {
    const exceptions: Array<Exception> = []
    const plan = yield* Plan.make(source, (resources) => Pages.files(draft, input.readFile, exceptions, resources))
    yield* refuseCycles(plan, input.options)
    // The disk has its work while the configuration is written.
    yield* draft.flushing.begin
    const desk: Record.Desk = {
      resolve: source.resolve,
      plan,
      variables: new Variables(),
      exceptions,
      left: Record.left(plan, false)
    }
    yield* blocks(input, source, draft, desk)
    const report = ReportFile.merged(input.report, desk.exceptions)
    const filled = yield* Filled.read(places.folder)
    const plain = yield* variableFiles(draft, desk.variables, filled, input.options)
    if (plan.cuts.length > 0) yield* Draft.write(draft, "cyclicDepends.txt", cyclicDepends(plan))
    yield* Draft.write(draft, ReportFile.fileName, ReportFile.text(report))
    const own = new Map(
      [...plan.own].map(([type, own]) => [type, own.length] as const).filter(([, count]) => count > 0)
    )
    yield* Draft.write(draft, Manifest.fileName, Manifest.text(draft.digests, own))
    return { report, plain }
  })

const blocks = (
  input: Input,
  source: Plan.Source,
  draft: Draft.Draft,
  desk: Record.Desk
): Effect.Effect<void, Fault.Fault, Scope.Scope> =>
  Effect.gen(function*() {
    const pages = Pages.make(draft, { options: input.options, report: input.report, table: source.table })
    const soft = Record.left(desk.plan, true)
    const ofType = (type: TypeName) =>
      Effect.gen(function*() {
        const renders = yield* Plan.renders(source, type)
        yield* Stream.runForEachChunk(source.resources(type), (chunk) => {
          for (const resource of chunk) {
            const address = Plan.addressOf(source, resource)
            if (Fault.isFault(address)) return address
            pages.add(desk, renders, resource, address, Draft.filesOf(draft, resource), soft)
          }
          return pages.drained
        })
      })
    for (const type of source.types) {
      const own = desk.plan.own.get(type) ?? []
      if (own.length === 0 && !source.inhabited.has(type)) continue
      pages.begin(type)
      if (source.inhabited.has(type)) yield* ofType(type)
      pages.addOwn(own)
      yield* pages.end
    }
    yield* pages.finish(desk.variables)
  })

/** One line for each dependency that was left out, as the provider's exporter writes them. */
const cyclicDepends = ({ cuts, nodes: { graph } }: Plan.Plan): string =>
  cuts.map(({ from, to }) => `${graph.addresses[from]} , ${graph.addresses[to]}\n`).join("")

/** How many circles a message has room for. */
const shown = 3

const refuseCycles = (plan: Plan.Plan, options: ExportOptions): Effect.Effect<void, Fault.Fault> => {
  const soft: ReadonlyArray<Cycles.Cut> = plan.cuts.filter((cut) => cut.soft)
  if (options.ignoreCyclicDeps !== false || soft.length === 0) return Effect.void
  const named = soft.slice(0, shown).map((cut) => Record.circleText(plan, cut)).join("; ")
  return refusal(
    "cyclic-dependencies",
    `resources depend on each other in a circle: ${named}${soft.length > shown ? `; ${soft.length - shown} more` : ""}`,
    "Break the circles in the organisation, or let the export leave one dependency of each out with ignore_cyclic_deps"
  )
}

/** The files of the variables' values; gives them as they are with nothing filled in. */
const variableFiles = (
  draft: Draft.Draft,
  variables: Variables,
  filled: Filled.Filled,
  options: ExportOptions
): Effect.Effect<ReadonlyMap<string, string>, Fault.Fault> =>
  Effect.gen(function*() {
    if (variables.sorted.length === 0) return new Map()
    const plain = VariableFile.values(variables, Filled.nothing.values)
    const text = VariableFile.values(variables, filled.values)
    const names = Pages.modules(options).map(({ prefix }) => `${prefix}${Residents.variableFile}`)
    for (const name of names) yield* Draft.writeFilled(draft, name, text, { mode: filled.mode, plain })
    return new Map(names.map((name) => [name, plain] as const))
  })

const refuseProblems = (folder: string, examination: Checking.Examination): Effect.Effect<void, Fault.Fault> =>
  Effect.flatMap(examination.conclude(folder), ({ problems }) => {
    const [first] = problems
    if (first === undefined) return Effect.void
    return refusal(
      "invalid-output",
      `what was written is not valid in ${problems.length} places, the first: ${Checking.text(first)}`,
      "This is a defect of holdfast"
    )
  })
