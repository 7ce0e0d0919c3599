/** Asks a simulated workspace as a client would, in process. */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../../src/kernel/Fault.ts"
import * as Endpoint from "../../../../src/simulation/Endpoint.ts"
import * as Simulator from "../../../../src/systems/elevenlabs/Simulator.ts"
import { field, parsed } from "../../../Json.ts"

export { field, list } from "../../../Json.ts"

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The body's JSON; where it is none, its text. */
  readonly body: unknown
  readonly bytes: Uint8Array
}

export interface Upload {
  readonly name?: string | undefined
  readonly filename?: string | undefined
  readonly mediaType?: string | undefined
  readonly content: string | Uint8Array
  readonly folder?: string | undefined
}

export interface Api {
  readonly simulator: Simulator.Simulator
  readonly world: Simulator.Simulator["world"]
  readonly get: (path: string) => Effect.Effect<Answer>
  readonly post: (path: string, body?: unknown) => Effect.Effect<Answer>
  readonly patch: (path: string, body: unknown) => Effect.Effect<Answer>
  readonly remove: (path: string) => Effect.Effect<Answer>
  /** Makes a file document. Gives its id. */
  readonly upload: (file: Upload) => Effect.Effect<string>
  readonly sendFile: (method: string, path: string, file: Upload) => Effect.Effect<Answer>
  readonly ask: (request: Partial<Endpoint.Request>) => Effect.Effect<Answer>
  /** The reply itself, lost ones included. */
  readonly reply: (request: Partial<Endpoint.Request>) => Effect.Effect<Endpoint.Reply>
}

export const idOf = ({ body }: Answer): string => String(field(body, "id"))

export const knowledgeBase = "/v1/convai/knowledge-base"

const boundary = "0123456789abcdef"

/** As RFC 7578 has it, written out. */
const multipart = ({ content, filename = "file.txt", folder, mediaType = "text/plain", name }: Upload): Buffer =>
  Buffer.concat([
    ...Object.entries({ name, parent_folder_id: folder }).flatMap(([field, value]) =>
      value === undefined
        ? []
        : [Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`)]
    ),
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\n` +
        `Content-Type: ${mediaType}\r\n\r\n`
    ),
    Buffer.from(content),
    Buffer.from(`\r\n--${boundary}--\r\n`)
  ])

export const make = (options?: Simulator.Options): Effect.Effect<Api, Fault.Fault> =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make({ concurrencyLimit: 100, ...options })
    const headers = { "xi-api-key": simulator.credentials.apiKey, "host": "api.elevenlabs.io" }
    const reply = (request: Partial<Endpoint.Request>) =>
      simulator.endpoint({ method: "GET", url: "/", headers, body: "", ...request })
    const ask = (request: Partial<Endpoint.Request>): Effect.Effect<Answer> =>
      Effect.map(reply(request), (made) => {
        if (made._tag !== "Answer") throw new Error(`no answer but ${made._tag}`)
        const text = made.body
        return { status: made.status, headers: made.headers, text, body: parsed(text), bytes: Endpoint.bodyBytes(made) }
      })
    const json = (method: string) => (path: string, body?: unknown) =>
      ask({ method, url: path, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    const sendFile: Api["sendFile"] = (method, url, file) =>
      ask({
        method,
        url,
        headers: { ...headers, "content-type": `multipart/form-data; boundary=${boundary}` },
        ...Endpoint.requestBody(multipart(file))
      })
    return {
      simulator,
      world: simulator.world,
      ask,
      reply,
      get: (url) => ask({ url }),
      post: json("POST"),
      patch: json("PATCH"),
      remove: json("DELETE"),
      sendFile,
      upload: (file) =>
        Effect.map(sendFile("POST", `${knowledgeBase}/file`, file), (answer) => {
          if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`)
          return idOf(answer)
        })
    }
  })

/** A patch that gives the main list of an agent these documents. */
export const attaching = (documents: ReadonlyArray<{ readonly id: string; readonly name: string }>) => ({
  conversation_config: {
    agent: {
      prompt: { knowledge_base: documents.map(({ id, name }) => ({ type: "file", name, id, usage_mode: "auto" })) }
    }
  }
})
