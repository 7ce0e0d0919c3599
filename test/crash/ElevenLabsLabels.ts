/**
 * What a request to ElevenLabs is about. Documents and agents are named by their names, because ids differ from run to run.
 */
import type * as Json from "../../src/kernel/Json.ts"
import type * as Endpoint from "../../src/simulation/Endpoint.ts"
import type * as Simulator from "../../src/systems/elevenlabs/Simulator.ts"
import * as Tree from "../../src/systems/elevenlabs/simulator/Tree.ts"
import type { Label } from "./System.ts"

/** Documents are also asked for by POST. */
const isRead = (method: string, path: string): boolean => method === "GET" || path.endsWith("/dependent-agents")

/** An agent that has these documents. */
export const withList = (content: Tree.Fields, list: ReadonlyArray<Json.Json>): Tree.Fields =>
  Tree.merge(content, { conversation_config: { agent: { prompt: { knowledge_base: list } } } })

export const make = (world: Simulator.Simulator["world"]): (request: Endpoint.Request) => Label => {
  /** Of what is gone as well. */
  const names = new Map<string, string>()

  const nameOf = (id: string): string => {
    for (const { id, name } of [...world.documents(), ...world.folders()]) names.set(id, name)
    const agent = world.agents().find((one) => one.id === id)
    return agent === undefined ? names.get(id) ?? id : String(Tree.at(world.content(id), "name"))
  }

  return ({ body, method, url }) => {
    const { pathname, searchParams } = new URL(url, "http://simulated")
    const path = pathname.replace("/v1/convai", "").replace(/^\/storage/, "")
    const objects: Array<string> = []
    const route = path.replace(/(?<=\/)(?:agent_|agtvrsn_)?[A-Za-z0-9]{20,}(?=\/|$)/g, (id) => {
      // Versions are as many as there are saves.
      objects.push(id.startsWith("agtvrsn_") ? "version" : nameOf(id))
      return "{}"
    })
    const folder = searchParams.get("parent_folder_id")
    const branch = searchParams.get("branch_id")
    const about = [
      ...objects,
      ...(folder === null ? [] : [`in ${nameOf(folder)}`]),
      ...(branch === null ? [] : ["a branch"]),
      ...(searchParams.has("version_id") ? ["a version"] : []),
      ...(searchParams.get("search") === null ? [] : [`${searchParams.get("search")}*`]),
      ...(path === "/knowledge-base/file" ? [/name="name"\r\n\r\n([^\r]*)/.exec(body)?.[1] ?? "?"] : []),
      ...(path.endsWith("/dependent-agents") || path.endsWith("/bulk-delete")
        ? (body.match(/[A-Za-z0-9]{20}/g) ?? []).map(nameOf).toSorted()
        : [])
    ]
    return {
      name: `${method} ${route}${about.length === 0 ? "" : ` ${about.join(", ")}`}`,
      route: `${method} ${route}`,
      read: isRead(method, path),
      phase: ""
    }
  }
}
