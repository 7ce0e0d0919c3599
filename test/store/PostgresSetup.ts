/**
 * One PostgreSQL server for all test files, started by the first that asks for it.
 */
import { once } from "node:events"
import { createServer } from "node:http"
import type { TestProject } from "vitest/node"
import { startPostgres } from "./PostgresServer.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** Who asks there gets the port of the server, or why there is none. */
    readonly postgres: string
  }
}

export default async (project: TestProject): Promise<() => Promise<void>> => {
  let starting: ReturnType<typeof startPostgres> | undefined
  const door = createServer((_, response) => {
    starting ??= startPostgres()
    void starting.then((server) => response.end(typeof server === "string" ? server : String(server.port)))
  })
  await once(door.listen(0, "127.0.0.1"), "listening")
  const address = door.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  project.provide("postgres", `http://127.0.0.1:${address.port}`)
  return async () => {
    door.close()
    const server = await starting
    if (server !== undefined && typeof server !== "string") await server.remove()
  }
}
