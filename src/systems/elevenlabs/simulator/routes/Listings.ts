/**
 * The documents and folders of the workspace, by pages.
 *
 * Source: the API description: `search` is a prefix of the name; `page_size` from 1 to 100, 30 by default; the newest
 * first unless told otherwise.
 *
 * @since 0.1.0
 */
import * as Answer from "../Answer.ts"
import type * as Call from "../Call.ts"
import type * as Library from "../Library.ts"
import * as Page from "../Page.ts"
import * as Shown from "../Shown.ts"

const kinds: ReadonlySet<string> = new Set(["file", "url", "text", "folder"])

const keys: Readonly<Record<string, (item: Library.Item) => number | string>> = {
  name: ({ name }) => name,
  created_at: ({ createdAt }) => createdAt,
  updated_at: ({ updatedAt }) => updatedAt,
  size: ({ bytes }) => bytes.length
}

const wrong = (query: URLSearchParams): Answer.Answer | undefined => {
  const kind = query.getAll("types").find((type) => !kinds.has(type))
  if (kind !== undefined) {
    return Answer.invalid(["query", "types", 0], "Input should be 'file', 'url', 'text' or 'folder'", "enum")
  }
  const sort = query.get("sort_by")
  if (sort !== null && !Object.hasOwn(keys, sort)) {
    return Answer.invalid(["query", "sort_by"], "Input should be 'name', 'created_at', 'updated_at' or 'size'", "enum")
  }
  const direction = query.get("sort_direction")
  return direction === null || direction === "asc" || direction === "desc"
    ? undefined
    : Answer.invalid(["query", "sort_direction"], "Input should be 'asc' or 'desc'", "enum")
}

const within = ({ now, query, workspace: { library } }: Call.Call): ReadonlyArray<Library.Item> => {
  const parent = query.get("parent_folder_id")
  const ancestor = query.get("ancestor_folder_id")
  const listed = library.listed(now)
  const all = ancestor === null || ancestor === ""
    ? listed
    : listed.filter((item) => library.above(item).some(({ id }) => id === ancestor))
  return parent === null || parent === "" ? all : all.filter(({ folder }) => folder === parent)
}

const list = (call: Call.Call): Answer.Answer => {
  const { query, workspace } = call
  const refused = wrong(query)
  if (refused !== undefined) return refused
  const prefix = query.get("search") ?? ""
  const types = new Set(query.getAll("types"))
  const creator = query.get("created_by_user_id")
  const own = creator === null ? query.get("show_only_owned_documents") === "true" : creator === "@me"
  const key = keys[query.get("sort_by") ?? "created_at"] ?? (({ createdAt }) => createdAt)
  const entries = within(call)
    .filter((item) =>
      item.name.startsWith(prefix) && (types.size === 0 || types.has(item.kind)) &&
      !(own && item.foreign)
    )
    .map((item): Page.Entry<Library.Item> => ({
      group: query.get("folders_first") === "true" && item.kind !== "folder" ? 1 : 0,
      key: key(item),
      id: item.id,
      value: item
    }))
  const paged = Page.of(entries, query, query.get("sort_direction") !== "asc")
  if ("refused" in paged) return paged.refused
  const { fields, values } = paged.page
  const stuck = workspace.endless && query.has("cursor") && !fields.has_more
  return Answer.value({
    documents: values.map((item) => Shown.summary(item, workspace.library)),
    ...(stuck ? { next_cursor: query.get("cursor"), has_more: true } : fields)
  })
}

/**
 * @since 0.1.0
 * @category constants
 */
export const routes: ReadonlyArray<Call.Route> = [
  { method: "GET", path: "/v1/convai/knowledge-base", answer: list }
]
