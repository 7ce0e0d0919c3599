/**
 * An API that answers as a test says, and what it was asked.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Client from "../../../src/systems/elevenlabs/Client.ts"

export const key = "sk_4f1c9d0e-of+the/workspace"
export const options: Client.Options = { apiKey: Redacted.make(key) }

export const json = (value: unknown, more?: Omit<Parameters<typeof Endpoint.answer>[0], "body">): Endpoint.Reply =>
  Endpoint.answer({ ...more, body: JSON.stringify(value) })

export interface Part {
  readonly name: string
  readonly filename: string | undefined
  readonly mediaType: string | undefined
  readonly content: Buffer
}

/** The parts of a form, read without the code under test. */
export const parts = (request: Endpoint.Request): ReadonlyArray<Part> => {
  const boundary = /boundary=([^;]+)$/.exec(request.headers["content-type"] ?? "")?.[1]
  if (boundary === undefined) throw new Error("no form")
  // Latin-1 has a character for each byte.
  const text = Buffer.from(Endpoint.requestBytes(request)).toString("latin1")
  const pieces = text.split(`--${boundary}`)
  if (pieces[0] !== "" || pieces.at(-1) !== "--\r\n") throw new Error("a form that does not begin and end")
  return pieces.slice(1, -1).map((piece) => {
    const end = piece.indexOf("\r\n\r\n")
    const head = Buffer.from(piece.slice(0, end), "latin1").toString("utf8")
    return {
      name: /; name="([^"]*)"/.exec(head)?.[1] ?? "",
      filename: /; filename="([^"]*)"/.exec(head)?.[1],
      mediaType: /Content-Type: (.+)/.exec(head)?.[1],
      content: Buffer.from(piece.slice(end + 4, -2), "latin1")
    }
  })
}

/** The body of a request as the API description sees it. */
export const bodyOf = (request: Endpoint.Request): unknown => {
  const type = request.headers["content-type"] ?? ""
  if (type.startsWith("multipart/form-data")) {
    return Object.fromEntries(parts(request).map(({ content, name }) => [name, content.toString("utf8")]))
  }
  return request.body === "" ? undefined : JSON.parse(request.body)
}

export type Answering = (request: Endpoint.Request, number: number) => Endpoint.Reply | Effect.Effect<Endpoint.Reply>

const isReply = (answer: ReturnType<Answering>): answer is Endpoint.Reply =>
  "_tag" in answer && !Effect.isEffect(answer)

/** The endpoint, and what came. */
export const scripted = (answering: Answering) => {
  const calls: Array<Endpoint.Request> = []
  const endpoint: Endpoint.Endpoint = (request) =>
    Effect.suspend(() => {
      calls.push(request)
      const answer = answering(request, calls.length)
      return isReply(answer) ? Effect.succeed(answer) : answer
    })
  return { endpoint, calls }
}

/** A client of a script, in process. */
export const client = (answering: Answering, more?: Partial<Client.Options>) =>
  Effect.gen(function*() {
    const { calls, endpoint } = scripted(answering)
    const service = yield* Client.make({ ...options, ...more }).pipe(
      Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(endpoint))
    )
    return { service, calls }
  })
