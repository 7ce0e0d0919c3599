/**
 * An API and a login that answer as a test says, and what they were asked.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Client from "../../../src/systems/genesys/Client.ts"

export interface Seen {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  /** Seconds on the test's clock. */
  readonly at: number
}

export const secret = "sEcret-of-the-client/1+2"
export const options: Client.Options = {
  region: "eu-west-1",
  clients: [{ id: "11111111-aaaa", secret: Redacted.make(secret) }]
}

export const json = (value: unknown, more?: Omit<Parameters<typeof Endpoint.answer>[0], "body">): Endpoint.Reply =>
  Endpoint.answer({ ...more, body: JSON.stringify(value) })

/** A token whose text says which one it is: `token-<client>-<n>`. */
export const token = (text: string, seconds = 86_400): Endpoint.Reply =>
  json({ access_token: text, token_type: "bearer", expires_in: seconds })

export const bearer = ({ headers }: Seen): string => (headers["authorization"] ?? "").replace("Bearer ", "")

/** Which client asks for a token. */
export const clientOf = ({ headers }: Seen): string =>
  Buffer.from((headers["authorization"] ?? "").replace("Basic ", ""), "base64").toString().split(":")[0] ?? ""

export interface Script {
  /** Defaults to a new token each time. */
  readonly login?: (seen: Seen, n: number) => Endpoint.Reply | Effect.Effect<Endpoint.Reply>
  readonly api: (seen: Seen, n: number) => Endpoint.Reply | Effect.Effect<Endpoint.Reply>
}

const asEffect = (reply: Endpoint.Reply | Effect.Effect<Endpoint.Reply>): Effect.Effect<Endpoint.Reply> =>
  "_tag" in reply && (reply._tag === "Answer" || reply._tag === "Reset" || reply._tag === "Refused")
    ? Effect.succeed(reply)
    : reply as Effect.Effect<Endpoint.Reply>

/** The endpoint of a script, with the hosts told apart by path, and what came. */
export const scripted = (script: Script) => {
  const logins: Array<Seen> = []
  const calls: Array<Seen> = []
  const endpoint: Endpoint.Endpoint = ({ body, headers, method, url }) =>
    Effect.flatMap(Clock.currentTimeMillis, (millis) => {
      const [path = "", query = ""] = url.split("?")
      const seen: Seen = { method, path, query, body, headers, at: millis / 1000 }
      if (path === "/oauth/token") {
        logins.push(seen)
        return asEffect(script.login?.(seen, logins.length) ?? token(`token-${clientOf(seen)}-${logins.length}`))
      }
      calls.push(seen)
      return asEffect(script.api(seen, calls.length))
    })
  return { endpoint, logins, calls }
}

/** A client of a script, in process. */
export const client = (script: Script, more?: Partial<Client.Options>) =>
  Effect.gen(function*() {
    const { calls, endpoint, logins } = scripted(script)
    const service = yield* Client.make({ ...options, ...more }).pipe(
      Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(endpoint))
    )
    return { service, calls, logins }
  })

/** Time passes in steps, so that what sleeps again after a sleep does so at its own time. */
export const pass = (seconds: number): Effect.Effect<void> => Effect.repeatN(TestClock.adjust("1 second"), seconds - 1)
