/**
 * The files that hold the blocks of an export: one configuration in one syntax, or one in each, and the state.
 *
 * With both syntaxes the folder is the configuration in HCL, and its subfolder `json` the same in JSON: Terraform reads
 * all files of a folder, of both syntaxes, and would find everything twice.
 *
 * Source: developer.hashicorp.com/terraform/language/files, "Directories and Modules".
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { hash } from "node:crypto"
import * as Path from "node:path"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Model from "../Model.ts"
import type { ExportOptions } from "../Options.ts"
import type { Exception, Report } from "../Report.ts"
import type { Table, TypeName } from "../Table.ts"
import * as Draft from "./Draft.ts"
import * as HclWriter from "./HclWriter.ts"
import * as JsonWriter from "./JsonWriter.ts"
import * as Plan from "./Plan.ts"
import * as Prepared from "./Prepared.ts"
import * as Record from "./Record.ts"
import { type Body, Expression } from "./Rendered.ts"
import * as State from "./State.ts"
import type { Syntax } from "./Syntax.ts"
import type { Variables } from "./Variables.ts"

/**
 * A folder that Terraform works in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Module {
  readonly syntax: "hcl" | "json"
  /** What its files' names begin with. */
  readonly prefix: string
  /** What leads from it to the files beside the configuration. */
  readonly up: string
}

/**
 * @since 0.1.0
 * @category getters
 */
export const modules = ({ exportFormat = "json" }: ExportOptions): ReadonlyArray<Module> => {
  if (exportFormat === "hcl" || exportFormat === "json") return [{ syntax: exportFormat, prefix: "", up: "" }]
  return [{ syntax: "hcl", prefix: "", up: "" }, { syntax: "json", prefix: "json/", up: "../" }]
}

/**
 * Where texts can be made before all is known: there is one syntax, which needs no values afterwards, and nothing that is
 * left out for what is not there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const shelf = (options: ExportOptions, style: Plan.Style): Prepared.Shelf | undefined => {
  const [only, ...others] = modules(options)
  if (only === undefined || others.length > 0) return undefined
  if (options.includeStateFile === true || options.exportOmitUnresolvedRefs === true) return undefined
  return new Prepared.Shelf(style, only.syntax === "hcl" ? HclWriter.form : JsonWriter.form)
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Pages {
  readonly begin: (type: TypeName) => void
  readonly add: (
    desk: Record.Desk,
    renders: Plan.Renders,
    resource: Model.Resource,
    address: Model.Address,
    files: ReadonlyArray<Model.File>,
    soft: Record.Left
  ) => void
  readonly addOwn: (own: ReadonlyArray<Plan.Own>) => void
  readonly drained: Effect.Effect<void, Fault.Fault, Scope.Scope>
  readonly end: Effect.Effect<void, Fault.Fault, Scope.Scope>
  readonly finish: (variables: Variables) => Effect.Effect<void, Fault.Fault, Scope.Scope>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  draft: Draft.Draft,
  { options, report, table }: {
    readonly options: ExportOptions
    readonly report: Report
    readonly table: (type: TypeName) => Table | undefined
  }
): Pages => {
  const split = options.splitFilesByResource === true
  const writers = modules(options).map((module): Module & { readonly writer: Syntax } => ({
    ...module,
    writer: module.syntax === "hcl"
      ? HclWriter.make(draft, module.prefix, split)
      : JsonWriter.make(draft, module.prefix, split)
  }))
  const state = options.includeStateFile === true ? State.make(draft, report.organisation.id) : undefined
  const each = (run: (writer: Syntax) => Effect.Effect<void, Fault.Fault, Scope.Scope>) =>
    Effect.forEach(writers, ({ writer }) => run(writer), { discard: true })
  return {
    begin: (type) => {
      for (const { writer } of writers) writer.begin(type)
    },
    add: (desk, renders, resource, address, files, soft) => {
      const record = Record.make(desk, resource, address)
      const depends = dependsOn(desk, resource, address, soft)
      const render = (up: string): Body => {
        const body = Plan.render(renders, resource, record.context(below(files, up)))
        return depends.length === 0 ? body : sorted([...body, ["depends_on", depends]])
      }
      const first = resource.text === undefined ? render("") : []
      for (const { up, writer: { add, form } } of writers) {
        add({
          keyword: address.mode === "data" ? "data" : "resource",
          type: address.type,
          label: address.label,
          text: resource.text === undefined
            ? form.text(up === "" || files.length === 0 ? first : render(up))
            : Prepared.fill(resource.text, form, record.context(files))
        })
      }
      record.close()
      const known = table(address.type)
      if (state === undefined || known === undefined) return
      state.add({ ...address, attributes: State.attributes(known, resource.id, resource.values, files) })
    },
    addOwn: (own) => {
      for (const { id, label, name, type } of own) {
        for (const { writer: { add, form } } of writers) {
          add({ keyword: "data", type, label, text: form.text([["name", name]]) })
        }
        state?.add({ mode: "data", type, label, attributes: { id, name } })
      }
    },
    drained: Effect.zipRight(each(({ drained }) => drained), state?.file.drained ?? Effect.void),
    end: each(({ end }) => end),
    finish: (variables) => Effect.zipRight(each(({ finish }) => finish(variables)), state?.finish ?? Effect.void)
  }
}

const below = (files: ReadonlyArray<Model.File>, up: string): ReadonlyArray<Model.File> =>
  up === "" ? files : files.map((file) => ({ ...file, path: up + file.path }))

const sorted = (body: Body): Body => body.toSorted(([left], [right]) => (left < right ? -1 : 1))

/** What stands in `depends_on`, sorted; what does not is told of. */
const dependsOn = (
  { exceptions, plan, resolve }: Record.Desk,
  resource: Model.Resource,
  address: Model.Address,
  soft: Record.Left
): ReadonlyArray<Expression> => {
  if (resource.mode === "data" || resource.dependsOn.length === 0) return []
  const left = soft.get(plan.nodes.of(address))
  const found = new Set<string>()
  const missing: Array<Model.Resource["dependsOn"][number]> = []
  for (const dependency of resource.dependsOn) {
    const to = resolve(dependency.type, dependency.id)
    if (to === undefined) {
      missing.push(dependency)
      continue
    }
    const cut = left?.get(plan.nodes.of(to))
    if (cut === undefined) found.add(Plan.addressText(to))
    else exceptions.push(Record.brokenDependency(plan, resource, cut))
  }
  exceptions.push(...Record.missingDependencies(resource, missing))
  return [...found].toSorted().map((text) => new Expression(text))
}

/** Files that are written at once: each is flushed to the disk, and to wait for that one after the other takes long. */
const filesAtOnce = 8

interface Belonging {
  readonly resource: Model.Resource
  readonly file: Model.File
  /** Why it is not there. */
  missing: Exception | undefined
}

/**
 * Writes the files that belong to some resources. One that cannot be is told of.
 *
 * @since 0.1.0
 * @category writing
 */
export const files = (
  draft: Draft.Draft,
  readFile: (file: Model.File) => Effect.Effect<Uint8Array, Fault.Fault>,
  exceptions: Array<Exception>,
  resources: ReadonlyArray<Model.Resource>
): Effect.Effect<void, Fault.Fault> => {
  const all = resources.flatMap((resource) =>
    resource.files.map((file): Belonging => ({ resource, file, missing: undefined }))
  )
  if (all.length === 0) return Effect.void
  return Effect.gen(function*() {
    // Of those with one name the first must come first.
    const named = new Map<string, Array<Belonging>>()
    for (const one of all) {
      const same = named.get(one.file.path)
      if (same === undefined) named.set(one.file.path, [one])
      else same.push(one)
    }
    const left = [...named.values()]
    // A few fibers for all of them: one for each would cost more than to write it.
    yield* Effect.forEach(
      Array.from({ length: Math.min(filesAtOnce, left.length) }),
      () =>
        Effect.whileLoop({
          while: () => left.length > 0,
          body: () =>
            Effect.forEach(left.pop() ?? [], (one) =>
              Effect.map(file(draft, readFile, one), (missing) => {
                one.missing = missing
              }), { discard: true }),
          step: () => undefined
        }),
      { concurrency: filesAtOnce, discard: true }
    )
    for (const { missing } of all) if (missing !== undefined) exceptions.push(missing)
  })
}

/** Gives why it is not there. */
const file = (
  draft: Draft.Draft,
  readFile: (file: Model.File) => Effect.Effect<Uint8Array, Fault.Fault>,
  { file, resource }: Belonging
): Effect.Effect<Exception | undefined, Fault.Fault> =>
  Effect.suspend(() => {
    const missing = (detail: string, hint?: string) => Record.missingFile(resource, file, detail, hint)
    if (!isBelow(file.path)) return Effect.succeed(missing("the name leads out of the folder"))
    const there = draft.digests.get(file.path)
    if (there !== undefined) {
      return Effect.succeed(there === file.digest ? undefined : missing("another file has this name"))
    }
    return Effect.matchEffect(readFile(file), {
      onFailure: ({ detail, hint }) => Effect.succeed(missing(detail, hint)),
      onSuccess: (bytes) =>
        hash("sha256", bytes, "hex") === file.digest
          ? Effect.as(Draft.writeBytes(draft, file.path, bytes, file.digest), undefined)
          : Effect.succeed(missing("it is not what was read before"))
    })
  })

/** Whether a path stays in the folder, in a subfolder of it that is none of ours. */
const isBelow = (path: string): boolean =>
  Path.posix.normalize(path) === path && /^(?!json\/|\.)[^/\\]+\/./.test(path) && !path.includes("\\") &&
  !path.split("/").includes("..")
