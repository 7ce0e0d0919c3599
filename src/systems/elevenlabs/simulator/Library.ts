/**
 * The documents and folders of a workspace. The same name twice makes two.
 *
 * @since 0.1.0
 */
import type { Ids } from "./Ids.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Kind = "file" | "text" | "url" | "folder"

/**
 * @since 0.1.0
 * @category models
 */
export type Model = "e5_mistral_7b_instruct" | "multilingual_e5_large_instruct"

/**
 * @since 0.1.0
 * @category models
 */
export interface Index {
  readonly id: string
  readonly model: Model
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly ending: "succeeded" | "failed" | "rag_limit_exceeded" | "document_too_small"
}

/**
 * A document or a folder.
 *
 * @since 0.1.0
 * @category models
 */
export interface Item {
  readonly id: string
  readonly kind: Kind
  name: string
  /** The folder it is in. */
  folder: string | null
  /** Milliseconds since 1970. */
  readonly createdAt: number
  updatedAt: number
  /** Those that were sent, each of them. Empty for a folder. */
  bytes: Uint8Array
  filename: string
  mediaType: string
  /** Of a file whose text was edited: that text. What was sent stays as it is. */
  edited: string | null
  readonly url: string | null
  /** Made by somebody else. */
  readonly foreign: boolean
  /** From when on listings have it. */
  readonly listedFrom: number
  readonly indexes: Map<Model, Index>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface NewItem {
  readonly kind: Kind
  readonly name: string
  readonly folder: string | null
  readonly bytes?: Uint8Array | undefined
  readonly filename?: string | undefined
  readonly mediaType?: string | undefined
  readonly url?: string | undefined
  readonly foreign?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Library {
  /** In the order in which they were made. */
  readonly items: ReadonlyMap<string, Item>
  readonly add: (item: NewItem, now: number) => Item
  readonly remove: (id: string, now: number) => void
  /** As listings have them: not yet what is new, and still what is gone. */
  readonly listed: (now: number) => ReadonlyArray<Item>
  /** Of a folder: what is directly in it. */
  readonly children: (folder: string | null) => ReadonlyArray<Item>
  /** What is in a folder, and in the folders in it. */
  readonly below: (folder: string) => ReadonlyArray<Item>
  /** The folders it is in, the outermost first. */
  readonly above: (item: Item) => ReadonlyArray<Item>
}

/**
 * @param options.lagMillis For how long listings do not have what is new.
 * @param options.ghostMillis For how long listings have what is gone.
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  ids: Ids,
  options: { readonly lagMillis: number; readonly ghostMillis: number }
): Library => {
  const items = new Map<string, Item>()
  const ghosts = new Map<Item, number>()

  const add = (item: NewItem, now: number): Item => {
    const added: Item = {
      id: ids.document(),
      kind: item.kind,
      name: item.name,
      folder: item.folder,
      createdAt: now,
      updatedAt: now,
      bytes: item.bytes ?? new Uint8Array(),
      filename: item.filename ?? item.name,
      mediaType: item.mediaType ?? "text/plain",
      edited: null,
      url: item.url ?? null,
      foreign: item.foreign ?? false,
      listedFrom: now + options.lagMillis,
      indexes: new Map()
    }
    items.set(added.id, added)
    return added
  }

  const children = (folder: string | null): ReadonlyArray<Item> =>
    [...items.values()].filter((item) => item.folder === folder)

  const below = (folder: string): ReadonlyArray<Item> =>
    children(folder).flatMap((item) => item.kind === "folder" ? [item, ...below(item.id)] : [item])

  const above = (item: Item): ReadonlyArray<Item> => {
    const folder = item.folder === null ? undefined : items.get(item.folder)
    return folder === undefined ? [] : [...above(folder), folder]
  }

  const remove = (id: string, now: number): void => {
    const item = items.get(id)
    if (item !== undefined && options.ghostMillis > 0) ghosts.set(item, now + options.ghostMillis)
    items.delete(id)
  }

  const listed = (now: number): ReadonlyArray<Item> => [
    ...[...items.values()].filter(({ listedFrom }) => listedFrom <= now),
    ...[...ghosts].flatMap(([item, until]) => item.listedFrom <= now && now < until ? [item] : [])
  ]

  return { items, add, remove, listed, children, below, above }
}
