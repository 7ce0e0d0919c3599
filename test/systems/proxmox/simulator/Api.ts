/**
 * A plain caller of a simulated API for tests: form-encoded parameters in, status, reason and data out.
 */
import * as Effect from "effect/Effect"
import type * as Endpoint from "../../../../src/simulation/Endpoint.ts"
import * as VirtualClock from "../../../../src/simulation/VirtualClock.ts"
import * as Simulator from "../../../../src/systems/proxmox/Simulator.ts"
import * as ApiDescription from "../ApiDescription.ts"

export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [name: string]: Json }

interface Result {
  readonly status: number
  readonly reason: string
  readonly data: Json
  readonly errors: Json
  readonly message: Json
  readonly total: Json
  readonly body: string
}

/** What is found below some names and indices; `null` where there is nothing. */
export const at = (value: Json, ...path: ReadonlyArray<string | number>): Json =>
  path.reduce<Json>((found, key) => {
    if (Array.isArray(found)) return typeof key === "number" ? found[key] ?? null : null
    return typeof found === "object" && found !== null && !Array.isArray(found) ? Object(found)[key] ?? null : null
  }, value)

/** The text there. */
export const text = (value: Json, ...path: ReadonlyArray<string | number>): string => String(at(value, ...path))

type Method = "GET" | "POST" | "PUT" | "DELETE"

export interface Api {
  readonly simulator: Simulator.Simulator
  readonly call: (method: Method, path: string, parameters?: Readonly<Record<string, string>>) => Effect.Effect<Result>
  /** Until the task has stopped; returns its exit status. */
  readonly ended: (upid: string) => Effect.Effect<string>
  /** The call, which must return a task, and its exit status. */
  readonly task: (method: Method, path: string, parameters?: Readonly<Record<string, string>>) => Effect.Effect<string>
  readonly as: (headers: Readonly<Record<string, string>>) => Api["call"]
  readonly clone: (newid: number, parameters?: Readonly<Record<string, string>>) => Effect.Effect<string>
}

const read = (reply: Endpoint.Reply): Result => {
  if (reply._tag !== "Answer") throw new Error(`no answer: ${reply._tag}`)
  const json: Json = reply.body.startsWith("{") ? JSON.parse(reply.body) : {}
  return {
    status: reply.status,
    reason: reply.statusText,
    data: at(json, "data"),
    errors: at(json, "errors"),
    message: at(json, "message"),
    total: at(json, "total"),
    body: reply.body
  }
}

const withBody = (method: Method): boolean => method === "POST" || method === "PUT"

const caller = (
  endpoint: Endpoint.Endpoint,
  headers: Readonly<Record<string, string>>
): Api["call"] =>
(method, path, parameters = {}) => {
  const text = new URLSearchParams(parameters).toString()
  return Effect.map(
    endpoint({
      method,
      url: `/api2/json${path}${withBody(method) || text === "" ? "" : `?${text}`}`,
      headers: withBody(method) ? { ...headers, "content-type": "application/x-www-form-urlencoded" } : headers,
      body: withBody(method) ? text : ""
    }),
    read
  )
}

/** A world whose every request and answer is held against the API description, where there is one. */
export const make = (options?: Simulator.Options): Effect.Effect<Api> =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make(options)
    const endpoint = ApiDescription.checked(simulator.endpoint)
    const as = (headers: Readonly<Record<string, string>>): Api["call"] => caller(endpoint, headers)
    const call = as({ authorization: `PVEAPIToken=${simulator.credentials.token}` })
    const ended = (upid: string): Effect.Effect<string> =>
      Effect.flatMap(
        call("GET", `/nodes/${upid.split(":")[1]}/tasks/${encodeURIComponent(upid)}/status`),
        ({ data }) =>
          at(data, "status") === "stopped"
            ? Effect.succeed(text(data, "exitstatus"))
            : Effect.zipRight(Effect.sleep("200 millis"), ended(upid))
      )
    const task: Api["task"] = (method, path, parameters) =>
      Effect.flatMap(call(method, path, parameters), (result) =>
        typeof result.data === "string"
          ? ended(result.data)
          : Effect.dieMessage(`${method} ${path}: ${result.status} ${result.reason} ${result.body}`))
    return {
      simulator,
      call,
      ended,
      task,
      as,
      clone: (newid, parameters) =>
        task("POST", "/nodes/pve1/qemu/9000/clone", { newid: String(newid), full: "1", ...parameters })
    }
  })

/** Runs on a clock that jumps to the next thing anybody waits for. */
export const run = <A, E>(
  options: Simulator.Options | undefined,
  program: (api: Api) => Effect.Effect<A, E>
): Effect.Effect<A, E> => VirtualClock.run(Effect.flatMap(make(options), program))
