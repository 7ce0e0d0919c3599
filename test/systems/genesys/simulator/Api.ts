/** Asks a simulated organisation as a client would, in process. */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../../src/kernel/Fault.ts"
import type * as Endpoint from "../../../../src/simulation/Endpoint.ts"
import * as Simulator from "../../../../src/systems/genesys/Simulator.ts"
import { field, parsed } from "../../../Json.ts"

export { field, list } from "../../../Json.ts"

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The body's JSON; where it is none, its text. */
  readonly body: unknown
  readonly bytes: Uint8Array | undefined
}

export interface Api {
  readonly simulator: Simulator.Simulator
  readonly get: (url: string) => Effect.Effect<Answer>
  readonly post: (url: string, body: unknown) => Effect.Effect<Answer>
  readonly ask: (request: Partial<Endpoint.Request>) => Effect.Effect<Answer>
  /** Another token of a client, counted from 0. */
  readonly login: (client?: number) => Effect.Effect<string>
}

export const basic = ({ id, secret }: Simulator.Credentials): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`

export const make = (options?: Simulator.Options): Effect.Effect<Api, Fault.Fault> =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make({ rateLimitPerMinute: Infinity, ...options })
    const send = (request: Partial<Endpoint.Request>): Effect.Effect<Answer> =>
      Effect.map(
        simulator.endpoint({ method: "GET", url: "/", headers: {}, body: "", ...request }),
        (reply) => {
          if (reply._tag !== "Answer") throw new Error(`no answer but ${reply._tag}`)
          const { body, bytes, headers, status } = reply
          return { status, headers, text: body, body: parsed(body), bytes }
        }
      )
    const login = (client = 0) =>
      Effect.map(
        send({
          method: "POST",
          url: "/oauth/token",
          headers: { authorization: basic(simulator.credentials[client] ?? simulator.credentials[0]) },
          body: "grant_type=client_credentials"
        }),
        ({ body }) => String(field(body, "access_token"))
      )
    const token = yield* login()
    const headers = { authorization: `Bearer ${token}`, host: "api.mypurecloud.com" }
    return {
      simulator,
      login,
      ask: send,
      get: (url) => send({ url, headers }),
      post: (url, body) => send({ method: "POST", url, headers, body: JSON.stringify(body) })
    }
  })
