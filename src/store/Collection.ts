/**
 * Many small texts under one name, each by its key: what a long piece of work has got so far, or has got the last time.
 * Written in batches, read back in the order of keys without ever holding them all.
 *
 * @since 0.1.0
 */
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Fault } from "../kernel/Fault.ts"
import { escapeKey, orderOf, unescapeKey } from "./CollectionKey.ts"
import * as Database from "./Database.ts"
import * as StoreFault from "./StoreFault.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Item {
  readonly key: string
  /** What its source says changes when it does. `null`: the source says nothing. */
  readonly stamp: string | null
  /** What the writer wants to know of it without reading it. */
  readonly digest: string
  /** As `JSON.stringify` writes it: text without NUL and without halves of characters. */
  readonly value: string
}

/**
 * An item without its value.
 *
 * @since 0.1.0
 * @category models
 */
export interface Mark {
  readonly stamp: string | null
  readonly digest: string
  /** When it was written, in milliseconds since 1970 by the clock of the store. */
  readonly at: number
}

/**
 * Done in this order, all or nothing.
 *
 * @since 0.1.0
 * @category models
 */
export type Change =
  | { readonly _tag: "Clear"; readonly collection: string }
  | { readonly _tag: "Delete"; readonly collection: string; readonly keys: ReadonlyArray<string> }
  | { readonly _tag: "Put"; readonly collection: string; readonly items: ReadonlyArray<Item> }

/**
 * @since 0.1.0
 * @category models
 */
export interface ScanOptions {
  /** Only what comes after this key. Defaults to all. */
  readonly after?: string | undefined
  /** Items that are held at once, a whole number of at least 1. Defaults to 200. */
  readonly pageSize?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** The time by the clock of the store, in milliseconds since 1970. */
  readonly now: Effect.Effect<number, Fault>
  /** In one transaction. What is there under a key is replaced. */
  readonly put: (collection: string, items: ReadonlyArray<Item>) => Effect.Effect<void, Fault>
  readonly get: (collection: string, key: string) => Effect.Effect<Option.Option<Item>, Fault>
  /** Those of the keys that are there. Meant for some hundreds of keys. */
  readonly getMany: (
    collection: string,
    keys: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyMap<string, Item>, Fault>
  /** In the order of keys: by code points. What is written meanwhile is seen if it comes later in that order. */
  readonly scan: (collection: string, options?: ScanOptions) => Stream.Stream<Item, Fault>
  /** All of a collection without the values. */
  readonly stamps: (collection: string) => Effect.Effect<ReadonlyMap<string, Mark>, Fault>
  readonly delete: (collection: string, keys: ReadonlyArray<string>) => Effect.Effect<void, Fault>
  readonly clear: (collection: string) => Effect.Effect<void, Fault>
  /** Several of these in one transaction. */
  readonly write: (changes: ReadonlyArray<Change>) => Effect.Effect<void, Fault>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Collections extends Context.Tag("holdfast/store/Collections")<Collections, Service>() {}

/** Rows in one statement; the parameters of a statement are limited to 32766 in SQLite. */
const rowsAtOnce = 200

const marksAtOnce = 2000

interface Row extends Item {
  readonly at: number
}

const isRecord = (u: unknown): u is Readonly<Record<string, unknown>> => typeof u === "object" && u !== null

/** Checked by hand and not by a schema: there may be hundreds of thousands. */
const rowOf = (row: unknown): Row | undefined => {
  if (!isRecord(row)) return undefined
  const { digest, key, stamp, value = "" } = row
  const at = Number(row["at"])
  if (typeof key !== "string" || typeof digest !== "string" || typeof value !== "string") return undefined
  if ((typeof stamp !== "string" && stamp !== null) || !Number.isSafeInteger(at)) return undefined
  return { key: unescapeKey(key), stamp, digest, value, at }
}

const chunksOf = <A>(all: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size))

/** One statement cannot write a row twice. */
const latest = (
  items: ReadonlyArray<Item>
): ReadonlyArray<Item> => [...new Map(items.map((item) => [item.key, item])).values()]

class Stored implements Service {
  private readonly database: Database.Service

  constructor(database: Database.Service) {
    this.database = database
  }

  get now(): Effect.Effect<number, Fault> {
    return this.database.now
  }

  put(collection: string, items: ReadonlyArray<Item>): Effect.Effect<void, Fault> {
    return this.write([{ _tag: "Put", collection, items }])
  }

  delete(collection: string, keys: ReadonlyArray<string>): Effect.Effect<void, Fault> {
    return this.write([{ _tag: "Delete", collection, keys }])
  }

  clear(collection: string): Effect.Effect<void, Fault> {
    return this.write([{ _tag: "Clear", collection }])
  }

  write(changes: ReadonlyArray<Change>): Effect.Effect<void, Fault> {
    const { database } = this
    return database.transaction(
      "Collection.write",
      Effect.gen(this, function*() {
        const at = yield* database.now
        for (const change of changes) yield* this.change(change, at)
      })
    )
  }

  get(collection: string, key: string): Effect.Effect<Option.Option<Item>, Fault> {
    return Effect.map(this.getMany(collection, [key]), (found) => Option.fromNullable(found.get(key)))
  }

  getMany(collection: string, keys: ReadonlyArray<string>): Effect.Effect<ReadonlyMap<string, Item>, Fault> {
    const { sql } = this.database
    return Effect.map(
      Effect.forEach(chunksOf(keys, rowsAtOnce), (some) =>
        this.rows(
          "Collection.get",
          sql`SELECT key, stamp, digest, value, at FROM holdfast_collections
            WHERE collection = ${collection} AND key IN ${sql.in(some.map(escapeKey))}`
        )),
      (pages) => new Map(pages.flat().map((row) => [row.key, itemOf(row)]))
    )
  }

  scan(collection: string, options: ScanOptions = {}): Stream.Stream<Item, Fault> {
    const { sql } = this.database
    const size = options.pageSize ?? 200
    const columns = sql`key, stamp, digest, value, at`
    return Stream.map(this.pages("Collection.scan", collection, columns, size, options.after), itemOf)
  }

  stamps(collection: string): Effect.Effect<ReadonlyMap<string, Mark>, Fault> {
    const columns = this.database.sql`key, stamp, digest, at`
    const marks = new Map<string, Mark>()
    return this.pages("Collection.stamps", collection, columns, marksAtOnce, undefined).pipe(
      Stream.runForEachChunk((rows) =>
        Effect.sync(() => {
          for (const { at, digest, key, stamp } of rows) marks.set(key, { stamp, digest, at })
        })
      ),
      Effect.as(marks)
    )
  }

  private pages(
    operation: string,
    collection: string,
    columns: Fragment,
    size: number,
    after: string | undefined
  ): Stream.Stream<Row, Fault> {
    const { sql } = this.database
    return Stream.paginateChunkEffect(after, (after) =>
      Effect.map(
        this.rows(
          operation,
          sql`SELECT ${columns} FROM holdfast_collections WHERE collection = ${collection} ${
            after === undefined ? sql`` : sql`AND key > ${escapeKey(after)}`
          } ORDER BY key LIMIT ${size}`
        ),
        (rows) => {
          const last = rows.at(-1)
          const more = last === undefined || rows.length < size ? Option.none() : Option.some(last.key)
          return [Chunk.unsafeFromArray(rows), more]
        }
      ))
  }

  private rows(
    operation: string,
    statement: Effect.Effect<ReadonlyArray<unknown>, SqlError>
  ): Effect.Effect<ReadonlyArray<Row>, Fault> {
    const { database } = this
    return Effect.flatMap(database.read(operation, statement), (found) => {
      const rows: Array<Row> = []
      for (const one of found) {
        const row = rowOf(one)
        if (row === undefined) {
          return StoreFault.corrupt({ ...database, operation }, {
            detail: "an item of a collection is torn or was not written by holdfast"
          })
        }
        rows.push(row)
      }
      return Effect.succeed(rows)
    })
  }

  private change(change: Change, at: number): Effect.Effect<void, SqlError> {
    const { sql } = this.database
    const { collection } = change
    switch (change._tag) {
      case "Clear":
        return Effect.asVoid(sql`DELETE FROM holdfast_collections WHERE collection = ${collection}`)
      case "Delete":
        return Effect.forEach(
          chunksOf(change.keys, rowsAtOnce),
          (keys) =>
            sql`DELETE FROM holdfast_collections
              WHERE collection = ${collection} AND key IN ${sql.in(keys.map(escapeKey))}`,
          { discard: true }
        )
      case "Put":
        return Effect.forEach(
          chunksOf(latest(change.items), rowsAtOnce),
          (items) =>
            sql`INSERT INTO holdfast_collections ${
              sql.insert(items.map(({ digest, key, stamp, value }) => ({
                collection,
                key: escapeKey(key),
                stamp,
                digest,
                value,
                at
              })))
            } ON CONFLICT (collection, key) DO UPDATE SET
              stamp = excluded.stamp, digest = excluded.digest, value = excluded.value, at = excluded.at`,
          { discard: true }
        )
    }
  }
}

class InMemory implements Service {
  readonly now: Effect.Effect<number> = Clock.currentTimeMillis
  private readonly all = new Map<string, Map<string, Row>>()

  put(collection: string, items: ReadonlyArray<Item>): Effect.Effect<void> {
    return this.write([{ _tag: "Put", collection, items }])
  }

  delete(collection: string, keys: ReadonlyArray<string>): Effect.Effect<void> {
    return this.write([{ _tag: "Delete", collection, keys }])
  }

  clear(collection: string): Effect.Effect<void> {
    return this.write([{ _tag: "Clear", collection }])
  }

  write(changes: ReadonlyArray<Change>): Effect.Effect<void> {
    return Effect.map(this.now, (at) => {
      for (const change of changes) {
        const rows = this.all.get(change.collection) ?? new Map<string, Row>()
        this.all.set(change.collection, rows)
        if (change._tag === "Clear") rows.clear()
        else if (change._tag === "Delete") { for (const key of change.keys) rows.delete(key) }
        else for (const item of change.items) rows.set(item.key, { ...item, at })
      }
    })
  }

  get(collection: string, key: string): Effect.Effect<Option.Option<Item>> {
    return Effect.map(this.getMany(collection, [key]), (found) => Option.fromNullable(found.get(key)))
  }

  getMany(collection: string, keys: ReadonlyArray<string>): Effect.Effect<ReadonlyMap<string, Item>> {
    return Effect.sync(() => {
      const rows = this.all.get(collection)
      return new Map(keys.flatMap((key) => {
        const row = rows?.get(key)
        return row === undefined ? [] : [[key, itemOf(row)] as const]
      }))
    })
  }

  scan(collection: string, options: ScanOptions = {}): Stream.Stream<Item> {
    const size = options.pageSize ?? 200
    return Stream.paginateChunk(options.after, (after) => {
      const rows = [...this.all.get(collection)?.values() ?? []]
        .filter(({ key }) => after === undefined || orderOf(key, after) > 0)
        .toSorted((left, right) => orderOf(left.key, right.key))
      const page = rows.slice(0, size)
      const last = page.at(-1)
      const more = last === undefined || page.length < size ? Option.none() : Option.some(last.key)
      return [Chunk.unsafeFromArray(page.map(itemOf)), more]
    })
  }

  stamps(collection: string): Effect.Effect<ReadonlyMap<string, Mark>> {
    return Effect.sync(() =>
      new Map(
        Array.from(this.all.get(collection)?.values() ?? [], ({ at, digest, key, stamp }) => [
          key,
          { stamp, digest, at }
        ])
      )
    )
  }
}

const itemOf = ({ digest, key, stamp, value }: Row): Item => ({ key, stamp, digest, value })

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Service, never, Database.Database> = Effect.map(
  Database.Database,
  (database) => new Stored(database)
)

/**
 * In the database.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Collections, never, Database.Database> = Layer.effect(Collections, make)

/**
 * In this process only.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory: Effect.Effect<Service> = Effect.sync(() => new InMemory())

/**
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<Collections> = Layer.effect(Collections, makeMemory)
