/**
 * Documents and folders: making, reading, changing, deleting.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../../kernel/Json.ts"
import * as Answer from "../Answer.ts"
import * as Call from "../Call.ts"
import type * as Library from "../Library.ts"
import * as Shown from "../Shown.ts"
import * as Tree from "../Tree.ts"
import * as Uploads from "../Uploads.ts"

const root = "/v1/convai/knowledge-base"
const one = `${root}/{documentation_id}`

const encoder = new TextEncoder()

/** Where the new one goes; an answer where there is no such folder. */
const folderOf = (
  given: Json.Json | undefined,
  call: Call.Call
): { readonly folder: string | null } | { readonly refused: Answer.Answer } => {
  if (given === undefined || given === null || given === "") return { folder: null }
  const folder = typeof given === "string" ? call.workspace.library.items.get(given) : undefined
  return folder?.kind === "folder" ? { folder: folder.id } : { refused: Answer.noDocument(JSON.stringify(given)) }
}

const add = (item: Library.NewItem, call: Call.Call): Answer.Answer => {
  const { library, limits } = call.workspace
  const documents = [...library.items.values()].filter(({ kind }) => kind !== "folder").length
  if (item.kind !== "folder" && documents >= limits.documents) {
    return Answer.failure(
      401,
      "authorization_error",
      "quota_exceeded",
      `This workspace can have at most ${limits.documents} documents.`
    )
  }
  const added = library.add(item, call.now)
  return Answer.value({
    id: added.id,
    name: added.name,
    folder_path: library.above(added).map(({ id }): Json.Json => ({ id }))
  })
}

/** A name that was given must not be empty. */
const named = (
  given: Json.Json | undefined,
  otherwise: string
): { readonly name: string } | { readonly refused: Answer.Answer } => {
  if (given === undefined || given === null) return { name: otherwise }
  if (typeof given !== "string") {
    return { refused: Answer.invalid(["body", "name"], "Input should be a valid string", "string_type") }
  }
  return given === ""
    ? { refused: Answer.invalid(["body", "name"], "String should have at least 1 character", "string_too_short") }
    : { name: given }
}

/** Made of a JSON body. */
const fromFields = (
  otherwise: string | undefined,
  item: (fields: Tree.Fields) => Omit<Library.NewItem, "name" | "folder"> | Answer.Answer
) =>
  Call.withFields((body, call) => {
    if (otherwise === undefined && body["name"] === undefined) return Answer.missing("body", "name")
    const made = item(body)
    if ("_tag" in made) return made
    const name = named(body["name"], made.url ?? otherwise ?? "")
    if ("refused" in name) return name.refused
    const place = folderOf(body["parent_folder_id"], call)
    if ("refused" in place) return place.refused
    const refused = made.bytes === undefined
      ? undefined
      : Uploads.refuse("text/plain", made.bytes, call.workspace.limits)
    return refused ?? add({ ...made, name: name.name, folder: place.folder }, call)
  })

const createFile = (call: Call.Call): Answer.Answer => {
  const upload = Uploads.read(call)
  if ("refused" in upload) return upload.refused
  const name = named(upload.fields["name"], upload.file.filename)
  if ("refused" in name) return name.refused
  const place = folderOf(upload.fields["parent_folder_id"], call)
  if ("refused" in place) return place.refused
  return add({ kind: "file", ...upload.file, name: name.name, folder: place.folder }, call)
}

const createText = fromFields("Text", (body) => {
  const text = body["text"]
  if (text === undefined) return Answer.missing("body", "text")
  return typeof text === "string"
    ? { kind: "text", bytes: encoder.encode(text) }
    : Answer.invalid(["body", "text"], "Input should be a valid string", "string_type")
})

const createUrl = fromFields("Page", (body) => {
  const url = body["url"]
  if (url === undefined) return Answer.missing("body", "url")
  if (typeof url !== "string" || !URL.canParse(url)) {
    return Answer.failure(400, "validation_error", "invalid_url", "The URL is not valid.", { param: "url" })
  }
  return { kind: "url", url, bytes: encoder.encode(`What stands at ${url}.`) }
})

const createFolder = fromFields(undefined, () => ({ kind: "folder" }))

const read = (item: Library.Item, { workspace }: Call.Call): Answer.Answer =>
  Answer.value(Shown.whole(item, workspace.library))

const change = (item: Library.Item, call: Call.Call): Answer.Answer =>
  Call.withFields((body) => {
    const name = named(body["name"], item.name)
    if ("refused" in name) return name.refused
    const content = body["content"]
    if (typeof content === "string") {
      if (item.kind === "folder") {
        return Answer.failure(400, "validation_error", "invalid_parameters", "A folder has no content.")
      }
      const bytes = encoder.encode(content)
      const refused = Uploads.refuse("text/plain", bytes, call.workspace.limits)
      if (refused !== undefined) return refused
      if (item.kind === "file") item.edited = content
      else item.bytes = bytes
      call.workspace.indexing.again(item, call.now)
    }
    item.name = name.name
    item.updatedAt = call.now
    return read(item, call)
  })(call)

/** "The document name, content, and metadata are updated to reflect the new file." */
const updateFile = (item: Library.Item, call: Call.Call): Answer.Answer => {
  if (item.kind !== "file") {
    return Answer.failure(
      400,
      "validation_error",
      "invalid_parameters",
      "Only the file of a file document can be updated."
    )
  }
  const upload = Uploads.read(call)
  if ("refused" in upload) return upload.refused
  Object.assign(item, upload.file, { name: upload.file.filename, edited: null, updatedAt: call.now })
  call.workspace.indexing.again(item, call.now)
  return read(item, call)
}

const moveTo = (item: Library.Item, to: Json.Json | undefined, call: Call.Call): Answer.Answer => {
  const place = folderOf(to, call)
  if ("refused" in place) return place.refused
  const target = place.folder === null ? undefined : call.workspace.library.items.get(place.folder)
  if (target !== undefined && [...call.workspace.library.above(target), target].includes(item)) {
    return Answer.failure(400, "validation_error", "invalid_parameters", "A folder cannot be moved into itself.")
  }
  item.folder = place.folder
  return Answer.empty
}

const bulkMove = Call.withFields((body, call) => {
  const asked = Call.idsIn(body, 20)
  if ("refused" in asked) return asked.refused
  const items = asked.ids.map((id) => call.workspace.library.items.get(id))
  const missing = asked.ids.find((_, index) => items[index] === undefined)
  if (missing !== undefined) return Answer.noDocument(missing)
  for (const item of items) {
    const moved = item === undefined ? Answer.empty : moveTo(item, body["move_to"], call)
    if (moved !== Answer.empty) return moved
  }
  return Answer.empty
})

const remove = (item: Library.Item, call: Call.Call): Answer.Answer =>
  call.workspace.remove(item, { force: call.query.get("force") === "true", foreign: false, now: call.now }) ??
    Answer.value({})

const bulkDelete = Call.withFields((body, call) => {
  const asked = Call.idsIn(body, 20)
  if ("refused" in asked) return asked.refused
  const removal = { force: body["force"] === true, foreign: false, now: call.now }
  return Answer.value(Object.fromEntries(asked.ids.map((id) => {
    const item = call.workspace.library.items.get(id)
    const refused = item === undefined ? Answer.noDocument(id) : call.workspace.remove(item, removal)
    return [id, Call.outcome(refused ?? Answer.value({ id }))]
  })))
})

const summaries = (call: Call.Call): Answer.Answer => {
  const ids = call.query.getAll("document_ids")
  if (ids.length === 0) return Answer.missing("query", "document_ids")
  if (ids.length > 100) {
    return Answer.invalid(["query", "document_ids"], "List should have at most 100 items", "too_long")
  }
  const { library } = call.workspace
  return Answer.value(Object.fromEntries(ids.map((id) => {
    const item = library.items.get(id)
    return [id, Call.outcome(item === undefined ? Answer.noDocument(id) : Answer.value(Shown.summary(item, library)))]
  })))
}

const content = (item: Library.Item): Answer.Answer =>
  item.kind === "folder"
    ? Answer.failure(400, "validation_error", "invalid_parameters", "A folder has no content.")
    : { _tag: "Text", text: Shown.content(item), type: "text/html; charset=utf-8" }

/** For how long a link to a file is good. */
const linkMillis = 15 * 60_000

const source = (item: Library.Item, { now, origin, workspace }: Call.Call): Answer.Answer => {
  if (item.kind !== "file") {
    return Answer.failure(400, "validation_error", "invalid_parameters", "Only file documents have a source file.")
  }
  const signature = workspace.ids.signature()
  workspace.links.set(signature, { document: item.id, until: now + linkMillis })
  return Answer.value({
    signed_url: `${origin}/storage/knowledge-base/${item.id}?Expires=${
      Shown.seconds(now + linkMillis)
    }&Signature=${signature}`
  })
}

/** The file itself, from where the link leads. Storage has error bodies of its own. */
const stored = ({ at, now, query, workspace }: Call.Call): Answer.Answer => {
  const link = workspace.links.get(query.get("Signature") ?? "")
  const item = workspace.library.items.get(at["document"] ?? "")
  if (link === undefined || link.document !== at["document"] || link.until <= now) {
    return { _tag: "Plain", status: 403, text: "Access denied." }
  }
  if (item === undefined) return { _tag: "Plain", status: 404, text: "No such object." }
  return { _tag: "Bytes", bytes: item.bytes, type: item.mediaType, filename: item.filename }
}

/**
 * @since 0.1.0
 * @category constants
 */
export const routes: ReadonlyArray<Call.Route> = [
  { method: "POST", path: `${root}/file`, answer: createFile },
  { method: "POST", path: `${root}/text`, answer: createText },
  { method: "POST", path: `${root}/url`, answer: createUrl },
  { method: "POST", path: `${root}/folder`, answer: createFolder },
  { method: "POST", path: `${root}/bulk-delete`, answer: bulkDelete },
  { method: "POST", path: `${root}/bulk-move`, answer: bulkMove },
  { method: "GET", path: `${root}/summaries`, answer: summaries },
  { method: "GET", path: one, answer: Call.withItem(read) },
  { method: "PATCH", path: one, answer: Call.withItem(change) },
  { method: "DELETE", path: one, answer: Call.withItem(remove) },
  { method: "PATCH", path: `${one}/update-file`, answer: Call.withItem(updateFile) },
  { method: "GET", path: `${one}/content`, answer: Call.withItem(content) },
  { method: "GET", path: `${one}/source-file-url`, answer: Call.withItem(source) },
  {
    method: "POST",
    path: `${root}/{document_id}/move`,
    answer: Call.withItem((item, call) =>
      call.request.body === ""
        ? moveTo(item, null, call)
        : Call.withFields((body) => moveTo(item, body["move_to"], call))(call)
    )
  },
  { method: "GET", path: "/storage/knowledge-base/{document}", open: true, answer: stored }
]
