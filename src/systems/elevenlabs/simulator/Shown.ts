/**
 * How documents and folders look in an answer.
 *
 * Source: the API description, `GetKnowledgeBaseSummary…ResponseModel` and `GetKnowledgeBase…ResponseModel`.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import type { Item, Library } from "./Library.ts"
import type * as Tree from "./Tree.ts"

/**
 * In seconds, as the API tells time.
 *
 * @since 0.1.0
 * @category conversions
 */
export const seconds = (millis: number): number => Math.floor(millis / 1000)

/**
 * @since 0.1.0
 * @category constructors
 */
export const access = (foreign: boolean): Tree.Fields => ({
  is_creator: !foreign,
  creator_name: foreign ? "Robin Field" : "Sam Simulated",
  creator_email: foreign ? "robin@example.com" : "sam@example.com",
  role: foreign ? "editor" : "admin"
})

const base = (item: Item): Tree.Fields => ({
  type: item.kind,
  id: item.id,
  name: item.name,
  metadata: {
    created_at_unix_secs: seconds(item.createdAt),
    last_updated_at_unix_secs: seconds(item.updatedAt),
    size_bytes: item.bytes.length
  },
  supported_usages: ["prompt", "auto"],
  access_info: access(item.foreign),
  folder_parent_id: item.folder
})

const ofKind = (item: Item, library: Library): Tree.Fields => {
  switch (item.kind) {
    case "file":
      return { is_frozen: false }
    case "text":
      return {}
    case "url":
      return { url: item.url ?? "" }
    case "folder":
      return {
        children_count: library.children(item.id).length,
        document_count: library.below(item.id).filter(({ kind }) => kind !== "folder").length,
        is_frozen: false
      }
  }
}

/**
 * As a listing has it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const summary = (item: Item, library: Library): Tree.Fields => ({
  ...base(item),
  folder_path: library.above(item).map(({ id }): Json.Json => ({ id })),
  // Deprecated, and empty whatever uses it.
  dependent_agents: [],
  ...ofKind(item, library)
})

/**
 * The text of a document as the service keeps it. Of a file it is not what was sent.
 *
 * @since 0.1.0
 * @category conversions
 */
export const content = (item: Item): string => {
  if (item.edited !== null) return item.edited
  const text = Buffer.from(item.bytes).toString("utf8")
  if (item.kind === "text") return text
  return text.split(/\n{2,}/).map((part) =>
    `<p>${part.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")}</p>`
  ).join("\n")
}

/**
 * As it is when it is asked for by itself.
 *
 * @since 0.1.0
 * @category constructors
 */
export const whole = (item: Item, library: Library): Tree.Fields => ({
  ...base(item),
  folder_path: library.above(item).map(({ id, name }): Json.Json => ({ id, name })),
  ...ofKind(item, library),
  ...(item.kind === "folder" ? {} : { extracted_inner_html: content(item), content_format: "html" }),
  ...(item.kind === "file" ? { filename: item.filename } : {})
})
