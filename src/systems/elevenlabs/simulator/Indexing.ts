/**
 * The life of an index for retrieval: created, processing with progress, and its end. Nothing runs: what an index is at a
 * moment follows from when it was begun.
 *
 * Source: the API description, `RAGIndexStatus`; documents of less than 500 bytes are not indexed but go into the prompt.
 *
 * @since 0.1.0
 */
import type { Ids } from "./Ids.ts"
import type { Index, Item, Library, Model } from "./Library.ts"

const leastBytes = 500

type Status = "created" | "processing" | Index["ending"]

interface State {
  readonly status: Status
  /** Per cent. */
  readonly progress: number
  readonly usedBytes: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Indexing {
  /** The index there is; otherwise, and where the one there is failed, another is begun. */
  readonly ensure: (item: Item, model: Model, now: number) => Index
  /** The content is another: all its indexes are begun again. */
  readonly again: (item: Item, now: number) => void
  readonly state: (item: Item, index: Index, now: number) => State
  /** By model, those that are begun or done. */
  readonly used: (model: Model) => number
  readonly limitBytes: number
  /** Whether an agent can find something in it: its index is done, or it needs none. */
  readonly isReady: (item: Item, model: Model, now: number) => boolean
  /** The next indexes of this document fail. */
  readonly fail: (id: string) => void
  /** They do not fail any more. */
  readonly mend: (id: string) => void
}

/**
 * @since 0.1.0
 * @category constants
 */
export const models: ReadonlyArray<Model> = ["e5_mistral_7b_instruct", "multilingual_e5_large_instruct"]

/**
 * @since 0.1.0
 * @category predicates
 */
export const isModel = (text: unknown): text is Model => models.some((model) => model === text)

/** Against the quota. */
const counts = ({ ending }: Index): boolean => ending === "succeeded"

/** It takes no time to say so. */
const isAtOnce = ({ ending }: Index): boolean => ending === "document_too_small" || ending === "rag_limit_exceeded"

/**
 * @param options.millis How long an index takes.
 * @param options.limitBytes Of all indexes together.
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  library: Library,
  ids: Ids,
  options: { readonly millis: number; readonly limitBytes: number }
): Indexing => {
  const failing = new Set<string>()

  const used = (model: Model): number =>
    [...library.items.values()].reduce((sum, item) => {
      const index = item.indexes.get(model)
      return sum + (index !== undefined && counts(index) ? item.bytes.length : 0)
    }, 0)

  const endingOf = (item: Item): Index["ending"] => {
    if (item.bytes.length < leastBytes) return "document_too_small"
    const total = models.reduce((sum, model) => sum + used(model), 0)
    if (total + item.bytes.length > options.limitBytes) return "rag_limit_exceeded"
    return failing.has(item.id) ? "failed" : "succeeded"
  }

  const begin = (item: Item, model: Model, now: number): Index => {
    item.indexes.delete(model)
    const index: Index = { id: ids.index(), model, startedAt: now, ending: endingOf(item) }
    item.indexes.set(model, index)
    return index
  }

  const state = (item: Item, index: Index, now: number): State => {
    const done = isAtOnce(index) || options.millis <= 0 ? 1 : (now - index.startedAt) / options.millis
    const usedBytes = counts(index) ? item.bytes.length : 0
    if (done >= 1) return { status: index.ending, progress: index.ending === "succeeded" ? 100 : 0, usedBytes }
    return { status: done < 0.1 ? "created" : "processing", progress: Math.floor(done * 100), usedBytes }
  }

  const ensure = (item: Item, model: Model, now: number): Index => {
    const there = item.indexes.get(model)
    const is = there === undefined ? undefined : state(item, there, now).status
    return there === undefined || is === "failed" || is === "rag_limit_exceeded" ? begin(item, model, now) : there
  }

  return {
    ensure,
    again: (item, now) => {
      for (const model of models) if (item.indexes.has(model)) begin(item, model, now)
    },
    state,
    used,
    limitBytes: options.limitBytes,
    isReady: (item, model, now) => {
      if (item.kind === "folder" || item.bytes.length < leastBytes) return true
      const index = item.indexes.get(model)
      return index !== undefined && state(item, index, now).status === "succeeded"
    },
    fail: (id) => void failing.add(id),
    mend: (id) => void failing.delete(id)
  }
}
