/**
 * Tables, resources and a place for tests of the output.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { createHash } from "node:crypto"
import * as Fs from "node:fs/promises"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import type * as Model from "../../../src/systems/genesys/Model.ts"
import type { ExportOptions } from "../../../src/systems/genesys/Options.ts"
import type * as Output from "../../../src/systems/genesys/output/Output.ts"
import * as Values from "../../../src/systems/genesys/output/Values.ts"
import type { Report } from "../../../src/systems/genesys/Report.ts"
import * as Table from "../../../src/systems/genesys/Table.ts"

const queue: Table.Table = {
  type: "genesyscloud_routing_queue",
  family: "routing",
  list: [],
  attributes: {
    name: Table.string({ required: true }),
    description: Table.string(),
    division_id: Table.string({ from: "division.id", ref: Table.ref("genesyscloud_auth_division", { except: ["*"] }) }),
    timeout: Table.number({ zero: true }),
    weight: Table.number(),
    enabled: Table.boolean(),
    note: Table.string({ deprecated: true }),
    version: Table.number({ computed: true }),
    date: Table.string({ readOnly: true }),
    hidden: Table.string({ excluded: true }),
    backup_queue_id: Table.string({ from: "backup", ref: Table.ref("genesyscloud_routing_queue", { notSelf: true }) }),
    overflow_queue_id: Table.string({ from: "overflow", ref: Table.ref("genesyscloud_routing_queue") }),
    owner_id: Table.string({ from: "owner", required: true, ref: Table.ref("genesyscloud_user") }),
    skills: Table.set({ ref: Table.ref("genesyscloud_user") }),
    tags: Table.map(),
    labels: Table.list({ emptyList: true }),
    config: Table.json({ refs: { "users.*": Table.ref("genesyscloud_user") } }),
    script_id: Table.string({
      from: "script.id",
      ref: Table.ref("genesyscloud_script", {
        data: (id) => id === "own" ? { type: "genesyscloud_script", name: "Default Outbound Script" } : undefined
      })
    }),
    members: Table.blocks({
      user_id: Table.string({ required: true, ref: Table.ref("genesyscloud_user") }),
      ring_num: Table.number({ zero: true })
    }, { nesting: "set", removeIfMissing: ["user_id"] }),
    media: Table.block({ call: Table.block({ seconds: Table.number(), auto: Table.boolean() }) })
  }
}

const user: Table.Table = {
  type: "genesyscloud_user",
  family: "users",
  list: [],
  attributes: {
    name: Table.string({ required: true }),
    email: Table.string(),
    password: Table.string({ unresolvable: true }),
    pins: Table.map({ of: "number", unresolvable: true }),
    manager: Table.string({ ref: Table.ref("genesyscloud_user") })
  },
  dataSource: { name: "name", email: "email" }
}

const flow: Table.Table = {
  type: "genesyscloud_flow",
  family: "flows",
  list: [],
  attributes: {
    name: Table.string({ required: true }),
    filepath: Table.string({ required: true, unresolvable: true }),
    file_content_hash: Table.string(),
    resources: Table.blocks({ language: Table.string(), filename: Table.string(), file_content_hash: Table.string() })
  }
}

const named = (type: Table.TypeName): Table.Table => ({
  type,
  family: "other",
  list: [],
  attributes: { name: Table.string({ required: true }) }
})

export const tables: ReadonlyArray<Table.Table> = [
  queue,
  user,
  flow,
  { ...named("genesyscloud_architect_datatable_row"), dataSource: {} },
  {
    ...named("genesyscloud_integration"),
    attributes: { config: Table.block({ name: Table.string() }) },
    dataSource: { name: "config.name", kind: (values) => typeof values["config"] === "object" ? "made" : undefined }
  },
  named("genesyscloud_auth_division"),
  named("genesyscloud_script")
]

const tableOf = (type: Table.TypeName): Table.Table => {
  const found = tables.find((table) => table.type === type)
  if (found === undefined) throw new Error(type)
  return found
}

/** A resource, and its label. */
export interface Made extends Model.Resource {
  readonly label: string
}

export const make = (
  type: Table.TypeName,
  id: string,
  entity: Table.Entity = {},
  more: Partial<Made> = {}
): Made => {
  const name = typeof entity["name"] === "string" ? entity["name"] : id
  return {
    type,
    id,
    name,
    label: name.replace(/[^0-9A-Za-z_-]/g, "_").replace(/^(?![A-Za-z_])/, "_"),
    mode: "managed",
    stamp: null,
    values: Values.of(tableOf(type), { name, ...entity }),
    files: [],
    dependsOn: [],
    ...more
  }
}

export const digest = (text: string): string => createHash("sha256").update(text).digest("hex")

export const input = (
  directory: string,
  resources: ReadonlyArray<Made>,
  options: ExportOptions = {},
  files: Readonly<Record<string, string>> = {}
): Output.Input => {
  const types = [...new Set(resources.map(({ type }) => type))].toSorted()
  const byId = new Map(resources.map((resource) => [`${resource.type} ${resource.id}`, resource]))
  return {
    directory,
    options,
    types,
    tables,
    resources: (type) =>
      Stream.fromIterable(
        resources.filter((resource) => resource.type === type).toSorted((left, right) =>
          left.label < right.label ? -1 : 1
        )
      ),
    resolve: (type, id) => {
      const found = byId.get(`${type} ${id}`)
      return found === undefined ? undefined : { type, label: found.label, mode: found.mode }
    },
    report: report(resources),
    readFile: ({ path }) =>
      Effect.suspend(() => {
        const text = files[path]
        return text === undefined ? Effect.die(new Error(path)) : Effect.succeed(Buffer.from(text))
      })
  }
}

const report = (resources: ReadonlyArray<Made>): Report => ({
  organisation: { id: "b1f2f3a4-0000-4000-8000-000000000001", name: "Acme" },
  types: [...new Set(resources.map(({ type }) => type))].map((type) => {
    const count = resources.filter((resource) => resource.type === type).length
    return { type, listed: count, wanted: count, exported: count, vanished: 0, failed: 0, skipped: 0, denied: false }
  }),
  exceptions: []
})

export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() => Fs.mkdtemp(Path.join(tmpdir(), "holdfast-output-"))),
  (path) => Effect.promise(() => Fs.rm(path, { recursive: true, force: true }))
)

/** A folder of its own with these files in it. */
export const folderWith = (files: Readonly<Record<string, string>>) =>
  Effect.gen(function*() {
    const directory = yield* folder
    for (const [name, text] of Object.entries(files)) {
      const path = Path.join(directory, name)
      yield* Effect.promise(() =>
        Fs.mkdir(Path.dirname(path), { recursive: true }).then(() => Fs.writeFile(path, text))
      )
    }
    return directory
  })

/** All files below a folder, by path. */
export const contents = (folder: string): Effect.Effect<Record<string, string>> =>
  Effect.promise(async () => {
    const entries = await Fs.readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => Path.join(entry.parentPath, entry.name))
    const texts = await Promise.all(files.map((file) => Fs.readFile(file, "utf8")))
    return Object.fromEntries(
      files.map((file, index) => [Path.relative(folder, file), texts[index] ?? ""] as const)
        .toSorted(([left], [right]) => (left < right ? -1 : 1))
    )
  })
