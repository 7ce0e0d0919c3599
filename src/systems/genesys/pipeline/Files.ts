/**
 * What is exported beside the configuration: prompts, scripts, flows, contacts, assets. The bytes are kept in the store
 * until the folder is written; a file that cannot be had is reported, and its resource is exported without it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Crypto from "node:crypto"
import * as Fault from "../../../kernel/Fault.ts"
import * as Poll from "../../../kernel/Poll.ts"
import type * as Collection from "../../../store/Collection.ts"
import type * as Model from "../Model.ts"
import type { ExportOptions } from "../Options.ts"
import type { Attributes, Entity, FileRule, Table } from "../Table.ts"
import * as Contacts from "./Contacts.ts"
import type { Reader } from "./Dependencies.ts"
import * as Path from "./Path.ts"
import * as Inventory from "./Inventory.ts"
import type { Spool } from "./Spool.ts"
import * as Work from "./Work.ts"

/** What stands in a path for the label, which is known when all resources are. */
const labelHole = "{label}"

/** A file that was fetched, and which of several blocks names it. */
interface Written {
  readonly path: string
  readonly digest: string
  readonly language?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Fetched {
  readonly files: ReadonlyArray<Written>
  /** One of them could not be had, or none was asked for: the resource is read again the next time. */
  readonly incomplete: boolean
}

/**
 * @since 0.1.0
 * @category constants
 */
export const none: Fetched = { files: [], incomplete: false }

/**
 * Whether a type has files under these options. Flows are downloaded only where that is asked for.
 *
 * @since 0.1.0
 * @category predicates
 */
export const wanted = (table: Table, options: ExportOptions): boolean =>
  table.files !== undefined && (table.files.writer !== "flow" || options.useLegacyArchitectFlowExporter === false)

interface Source {
  readonly bytes: Effect.Effect<Uint8Array, Fault.Fault>
  /** What comes behind the label. */
  readonly ending: string
  readonly language?: string | undefined
}

/** What Terraform does not own it makes of no file. Source: the provider's exporter, which writes none then. */
const isOwned = ({ data }: Table, entity: Entity): boolean => {
  try {
    return data?.(entity) !== true
  } catch {
    return true
  }
}

/**
 * Fetches the files of a resource and keeps them. A data block names none: one that was asked for as such this time may
 * be a resource the next.
 *
 * @since 0.1.0
 * @category operations
 */
export const fetch = (reader: Reader, entity: Entity): Effect.Effect<Fetched, Fault.Fault> => {
  const { entry, table, work } = reader
  const rule = table.files
  if (rule === undefined || !wanted(table, work.options) || !isOwned(table, entity)) return Effect.succeed(none)
  if (work.selection.asData(entry)) return Effect.succeed({ files: [], incomplete: true })
  return Effect.gen(function*() {
    const files: Array<Written> = []
    let incomplete = false
    for (const source of sourcesOf(reader, rule, entity)) {
      const bytes = yield* Effect.catchAll(
        source.bytes,
        (fault) =>
          Effect.map(
            Effect.zipRight(
              fault.kind === "not-found" ? reader.stillThere : Effect.void,
              Work.unlessFatal(work, fault, table.family)
            ),
            (fault) => {
              Work.except(work, entry, "file", fault)
              return undefined
            }
          )
      )
      if (bytes === undefined) {
        incomplete = true
        continue
      }
      const digest = Crypto.createHash("sha256").update(bytes).digest("hex")
      work.files.keep(work.spool, entry, digest, bytes)
      yield* work.spool.due
      files.push({ path: `${rule.folder}/${labelHole}${source.ending}`, digest, language: source.language })
    }
    return { files, incomplete }
  })
}

const sourcesOf = (reader: Reader, rule: FileRule, entity: Entity): ReadonlyArray<Source> => {
  const { entry: { id }, run, work: { client } } = reader
  const subject = Inventory.subjectOf(reader.entry)
  const download = (url: string) => run(client.download(url, subject))
  const ask = (method: "GET" | "POST", path: string, body?: Entity) =>
    run(client.json({ method, path, at: { id }, subject, ...(body === undefined ? {} : { body }) }))
  switch (rule.writer) {
    case "prompt-audio":
      return recordings(entity).map(({ language, uri }) => ({
        bytes: download(uri),
        ending: `-${language.replace(/[^0-9A-Za-z_-]/g, "_")}.wav`,
        language
      }))
    case "script":
      return [{
        bytes: Effect.flatMap(
          ask("POST", "/api/v2/scripts/{id}/export", {}),
          (json) => Effect.flatMap(linkOf(json, "url", subject), download)
        ),
        ending: ".json"
      }]
    case "flow":
      return [{ bytes: flowOf(reader, subject, ask, download), ending: ".yaml" }]
    case "contacts": {
      const path = "/api/v2/outbound/contactlists/{id}/export"
      return [{
        bytes: Effect.zipRight(
          ask("POST", path, {}),
          Effect.flatMap(awaited(ask("GET", path), "uri", subject), download)
        ).pipe(Effect.map((csv) => Contacts.cut(csv, Path.textsAt(entity, "columnNames")))),
        ending: ".csv"
      }]
    }
    case "response-asset": {
      const uri = Path.textAt(entity, "contentLocation")
      return uri === undefined ? [] : [{ bytes: download(uri), ending: extensionOf(Path.textAt(entity, "name") ?? "") }]
    }
  }
}

/** The recorded languages of a prompt. */
const recordings = (prompt: Entity): ReadonlyArray<{ readonly language: string; readonly uri: string }> => {
  const resources = prompt["resources"]
  if (!Array.isArray(resources)) return []
  const found = new Map<string, string>()
  for (const resource of resources) {
    if (!Path.isEntity(resource)) continue
    const { language, mediaUri } = resource
    if (typeof language === "string" && typeof mediaUri === "string" && mediaUri !== "") found.set(language, mediaUri)
  }
  return Array.from(found, ([language, uri]) => ({ language, uri }))
}

const extensionOf = (name: string): string => /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? ""

const linkOf = (json: unknown, field: string, subject: string): Effect.Effect<string, Fault.Fault> => {
  const link = typeof json === "object" && json !== null ? new Map(Object.entries(json)).get(field) : undefined
  if (typeof link === "string" && link !== "") return Effect.succeed(link)
  return Fault.make({
    kind: "failed",
    system: "genesys",
    operation: "Genesys.file",
    subject,
    code: "no-file",
    detail: `the API did not say where the file is: there is no ${field} in its answer`
  })
}

/** An export that was begun has its link a while later; until then it is not found, or has none. */
const awaited = (ask: Effect.Effect<unknown, Fault.Fault>, field: string, subject: string) =>
  Poll.until(
    Effect.either(Effect.flatMap(ask, (json) => linkOf(json, field, subject))),
    (result) => result._tag === "Right" || !(result.left.kind === "not-found" || result.left.code === "no-file"),
    {
      first: "1 second",
      cap: "10 seconds",
      deadline: "5 minutes",
      system: "genesys",
      operation: "Genesys.file",
      subject
    }
  ).pipe(Effect.flatMap((result) => result))

const flowOf = (
  reader: Reader,
  subject: string,
  ask: (method: "GET" | "POST", path: string, body?: Entity) => Effect.Effect<unknown, Fault.Fault>,
  download: (url: string) => Effect.Effect<Uint8Array, Fault.Fault>
): Effect.Effect<Uint8Array, Fault.Fault> =>
  Effect.gen(function*() {
    const begun = yield* ask("POST", "/api/v2/flows/export/jobs", { flows: [{ flow: { id: reader.entry.id } }] })
    const job = yield* linkOf(begun, "id", subject)
    const state = reader.run(
      reader.work.client.json({ path: "/api/v2/flows/export/jobs/{job}", at: { job }, subject })
    )
    const ended = yield* Poll.until(state, (json) => Path.isEntity(json) && isOver(json["status"]), {
      first: "1 second",
      cap: "15 seconds",
      deadline: "10 minutes",
      system: "genesys",
      operation: "Genesys.file",
      subject
    })
    if (!Path.isEntity(ended) || ended["status"] !== "Success") {
      return yield* Fault.make({
        kind: "failed",
        system: "genesys",
        operation: "Genesys.file",
        subject,
        code: "flow-export-failed",
        detail: `its export job ${job} has failed`
      })
    }
    return yield* Effect.flatMap(linkOf(ended, "downloadUrl", subject), download)
  })

const isOver = (status: unknown): boolean => status === "Success" || status === "Failure"

/** The dotted path of the attribute that names the file. */
const namingOf = (attributes: Attributes): string | undefined => {
  for (const [name, attribute] of Object.entries(attributes)) {
    if (attribute.kind === "block") {
      const inner = namingOf(attribute.attributes)
      if (inner !== undefined) return `${name}.${inner}`
    } else if (attribute.kind === "string" && attribute.file === "path") return name
  }
  return undefined
}

/**
 * The files as a resource has them. Where several blocks name one each, it is the language that tells them apart.
 *
 * @since 0.1.0
 * @category conversions
 */
export const named = (
  table: Table,
  values: Model.Values,
  files: ReadonlyArray<Written>
): ReadonlyArray<Model.File> => {
  if (files.length === 0) return []
  const naming = namingOf(table.attributes)
  return files.map(({ digest, language, path }) => {
    const attribute = language === undefined || naming === undefined ? naming : indexed(naming, values, language)
    return attribute === undefined ? { path, digest } : { path, digest, attribute }
  })
}

const indexed = (naming: string, values: Model.Values, language: string): string => {
  const [block = "", ...rest] = naming.split(".")
  const blocks = values[block]
  const index = Array.isArray(blocks)
    ? blocks.findIndex((each) => Path.isEntity(each) && each["language"] === language)
    : -1
  return index < 0 ? naming : [block, index, ...rest].join(".")
}

/** Bytes in the name of a file, which is ASCII. Source: NAME_MAX of Linux, macOS and NTFS. */
const mostOfName = 255

/** Another one for each label. */
const shortened = (label: string, room: number): string =>
  label.length <= room
    ? label
    : `${label.slice(0, room - 21)}_${Crypto.createHash("sha256").update(label).digest("hex").slice(0, 20)}`

/**
 * With the label of its resource in its path; with a hash at its end where it would be too long.
 *
 * @since 0.1.0
 * @category conversions
 */
export const labelled = (file: Model.File, label: string): Model.File => {
  const others = file.path.length - file.path.lastIndexOf("/") - 1 - labelHole.length
  return { ...file, path: file.path.replace(labelHole, () => shortened(label, mostOfName - others)) }
}

/** Bytes in one item of the store. */
const pieceSize = 256 * 1024

const piecesAtOnce = 8

const whole = (file: Model.File, bytes: Buffer): Effect.Effect<Uint8Array, Fault.Fault> =>
  Crypto.hash("sha256", bytes, "hex") === file.digest ? Effect.succeed(new Uint8Array(bytes)) : lost(file)

const lost = (file: Model.File): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "holdfast",
    operation: "Genesys.file",
    code: "store-corrupt",
    sent: "no",
    subject: file.path,
    detail: "the store does not have what was downloaded",
    hint: "run the same command again"
  })

/**
 * The bytes, in the store.
 *
 * @since 0.1.0
 * @category models
 */
export class Kept {
  private readonly collections: Collection.Service
  private readonly collection: string
  private readonly keys = new Map<string, string>()

  constructor(collections: Collection.Service, prefix: string) {
    this.collections = collections
    this.collection = `${prefix}files`
  }

  /** @since 0.1.0 */
  keep(spool: Spool, entry: Model.Listed, digest: string, bytes: Uint8Array): void {
    let piece = 0
    for (let at = 0; at === 0 || at < bytes.length; at += pieceSize) {
      const value = JSON.stringify(Buffer.from(bytes.subarray(at, at + pieceSize)).toString("base64"))
      spool.put(this.collection, { key: `${keyOf(entry, digest)}${piece++}`, stamp: null, digest, value })
    }
  }

  /**
   * Makes known whose a file is, so that it can be read.
   *
   * @since 0.1.0
   */
  own(resource: Pick<Model.Listed, "type" | "id">, file: Model.File): void {
    this.keys.set(file.path, keyOf(resource, file.digest))
  }

  /** @since 0.1.0 */
  read(file: Model.File): Effect.Effect<Uint8Array, Fault.Fault> {
    const key = this.keys.get(file.path)
    if (key === undefined) return lost(file)
    return Effect.flatMap(this.pieces(key, 0, 1), ([first]) => {
      if (first === undefined) return lost(file)
      return first.length < pieceSize ? whole(file, first) : Effect.flatMap(
        this.rest(key),
        (rest) => whole(file, Buffer.concat([first, ...rest]))
      )
    })
  }

  private rest(key: string): Effect.Effect<ReadonlyArray<Buffer>, Fault.Fault> {
    return Effect.gen(this, function*() {
      const pieces: Array<Buffer> = []
      for (;;) {
        const found = yield* this.pieces(key, 1 + pieces.length, piecesAtOnce)
        pieces.push(...found)
        if (found.length < piecesAtOnce) return pieces
      }
    })
  }

  private pieces(key: string, from: number, count: number): Effect.Effect<ReadonlyArray<Buffer>, Fault.Fault> {
    const keys = Array.from({ length: count }, (_, index) => `${key}${from + index}`)
    return Effect.map(this.collections.getMany(this.collection, keys), (found) =>
      keys.flatMap((key) => {
        const item = found.get(key)
        return item === undefined ? [] : [Buffer.from(item.value.slice(1, -1), "base64")]
      }))
  }

  /**
   * What nothing refers to any more, of the resources of which that is known: those that were written, and those that
   * are gone.
   *
   * @since 0.1.0
   */
  unused(isKnown: (type: string, id: string) => boolean): Effect.Effect<Collection.Change, Fault.Fault> {
    const used = new Set(this.keys.values())
    return Effect.map(this.collections.stamps(this.collection), (marks) => ({
      _tag: "Delete",
      collection: this.collection,
      keys: [...marks.keys()].filter((key) => {
        const [type = "", ...rest] = key.split("/")
        return !used.has(key.slice(0, key.lastIndexOf("/") + 1)) && isKnown(type, rest.slice(0, -2).join("/"))
      })
    }))
  }
}

const keyOf = ({ id, type }: Pick<Model.Listed, "type" | "id">, digest: string): string => `${type}/${id}/${digest}/`
