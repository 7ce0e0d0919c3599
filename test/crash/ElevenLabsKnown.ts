/**
 * What a process has written down so far, read from its state files and from its journal as somebody does who comes after
 * it was killed.
 */
import * as Either from "effect/Either"
import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import type * as Simulator from "../../src/systems/elevenlabs/Simulator.ts"
import * as State from "../../src/systems/elevenlabs/state/State.ts"

export interface Known {
  /** Documents, by their ids. */
  readonly recorded: ReadonlySet<string>
  /** Documents in the making, by their names. */
  readonly open: ReadonlySet<string>
  /** The SHA-256 of a document's content, as it is recorded. */
  readonly hashes: ReadonlyArray<readonly [id: string, hash: string]>
  /** Files that agents need not have any more. */
  readonly removed: ReadonlyArray<string>
}

interface Row {
  readonly state: string
  readonly intent: string
  readonly outcome: string | null
}

const isRow = (row: unknown): row is Row =>
  typeof row === "object" && row !== null && "state" in row && "intent" in row && "outcome" in row

/** What is used of better-sqlite3. */
interface Statement {
  readonly get: () => unknown
  readonly all: () => ReadonlyArray<unknown>
}

type Driver = new(path: string, options: { readonly readonly: boolean; readonly timeout: number }) => {
  readonly prepare: (sql: string) => Statement
  readonly close: () => unknown
}

const isDriver = (module: unknown): module is Driver => typeof module === "function"

const driver: unknown = createRequire(import.meta.url)("better-sqlite3")

const rowsOf = (file: string): ReadonlyArray<Row> => {
  if (!existsSync(file)) return []
  if (!isDriver(driver)) throw new Error("better-sqlite3 is no class")
  const database = new driver(file, { readonly: true, timeout: 2000 })
  try {
    if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'holdfast_journal'").get() === undefined) return []
    // Of a series only the last one matters.
    return database.prepare(
      "SELECT state, intent, outcome FROM holdfast_journal AS one WHERE key LIKE '%/upload/%' AND number = " +
        "(SELECT max(number) FROM holdfast_journal AS other WHERE other.series = one.series)"
    ).all().filter(isRow)
  } finally {
    database.close()
  }
}

const field = (text: string | null, name: string): string | undefined => {
  const value: unknown = JSON.parse(text ?? "null")
  return typeof value === "object" && value !== null ? String(Reflect.get(value, name)) : undefined
}

export const read = (
  folder: string,
  hosts: ReadonlyArray<string>,
  stateOf: (host: string) => string
): Omit<Known, "removed"> => {
  const states = hosts.flatMap((host) => {
    const path = join(folder, stateOf(host))
    return existsSync(path) ? [Either.getOrThrow(State.decode(readFileSync(path), host))] : []
  })
  const rows = rowsOf(join(folder, ".holdfast", "holdfast.db"))
  return {
    recorded: new Set([
      ...states.flatMap((state) => [...State.idsOf(state)]),
      ...rows.flatMap(({ outcome, state }) => state === "completed" ? field(outcome, "id") ?? [] : [])
    ]),
    open: new Set(rows.flatMap(({ intent, state }) => state === "begun" ? field(intent, "name") ?? [] : [])),
    hashes: states.flatMap(({ documents }) =>
      Object.values(documents).flatMap(({ documentId, hash }): ReadonlyArray<readonly [string, string]> =>
        hash === null ? [] : [[documentId, hash]]
      )
    )
  }
}

/** What is not as it must be at any moment. */
export const problems = (
  world: Simulator.Simulator["world"],
  { hashes, open, recorded, removed }: Known
): ReadonlyArray<string> => [
  ...world.check({ removed, hashes }).map(({ detail, invariant }) => `${invariant}: ${detail}`),
  ...world.documents().filter(({ foreign, id, name }) => !foreign && !recorded.has(id) && !open.has(name)).map((
    { id, name }
  ) => `I2: nobody knows of document ${id}, ${name}`)
]
