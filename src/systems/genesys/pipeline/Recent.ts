/**
 * A store that remembers what was written to it, as long as that is not much: an organisation of the usual size is
 * written to the files without being read back.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Collection from "../../../store/Collection.ts"

/** Characters that are remembered, most of them of one byte. When there are more, all are forgotten. */
const room = 24 * 1024 * 1024

class Memory {
  private readonly isUsual: () => boolean
  private readonly collections = new Map<string, Map<string, Collection.Item>>()
  private size = 0
  private isFull = false

  constructor(isUsual: () => boolean) {
    this.isUsual = isUsual
  }

  item(collection: string, key: string): Collection.Item | undefined {
    return this.collections.get(collection)?.get(key)
  }

  saw(change: Collection.Change): void {
    if (!this.isFull && !this.isUsual()) this.fill()
    const { collection } = change
    if (change._tag === "Put") { for (const item of change.items) this.put(collection, item) }
    else if (change._tag === "Delete") { for (const key of change.keys) this.forget(collection, key) }
    else for (const key of this.collections.get(collection)?.keys() ?? []) this.forget(collection, key)
  }

  private put(collection: string, item: Collection.Item): void {
    this.forget(collection, item.key)
    this.size += item.value.length
    if (this.isFull || this.size > room) return this.fill()
    const items = this.collections.get(collection)
    if (items === undefined) this.collections.set(collection, new Map([[item.key, item]]))
    else items.set(item.key, item)
  }

  private fill(): void {
    this.isFull = true
    this.collections.clear()
  }

  private forget(collection: string, key: string): void {
    const known = this.item(collection, key)
    if (known === undefined) return
    this.size -= known.value.length
    this.collections.get(collection)?.delete(key)
  }
}

/**
 * The same store with a memory. Nobody else may write to what is written by it meanwhile.
 *
 * @param isUsual Whether there is no more to come than there is room for, as far as that is known.
 * @since 0.1.0
 * @category combinators
 */
export const remembering = (store: Collection.Service, isUsual: () => boolean): Collection.Service => {
  const memory = new Memory(isUsual)
  const write: Collection.Service["write"] = (changes) =>
    Effect.tap(store.write(changes), () =>
      Effect.sync(() => {
        for (const change of changes) memory.saw(change)
      }))
  const getMany: Collection.Service["getMany"] = (collection, keys) => {
    const found = new Map<string, Collection.Item>()
    const others: Array<string> = []
    for (const key of keys) {
      const item = memory.item(collection, key)
      if (item === undefined) others.push(key)
      else found.set(key, item)
    }
    if (others.length === 0) return Effect.succeed(found)
    if (found.size === 0) return store.getMany(collection, keys)
    return Effect.map(store.getMany(collection, others), (rest) => new Map([...found, ...rest]))
  }
  return {
    now: store.now,
    get: (collection, key) => store.get(collection, key),
    scan: (collection, options) => store.scan(collection, options),
    stamps: (collection) => store.stamps(collection),
    getMany,
    write,
    put: (collection, items) => write([{ _tag: "Put", collection, items }]),
    delete: (collection, keys) => write([{ _tag: "Delete", collection, keys }]),
    clear: (collection) => write([{ _tag: "Clear", collection }])
  }
}
