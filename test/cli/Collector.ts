/**
 * An OTLP collector that remembers what it was sent.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { createServer } from "node:http"

interface Received {
  readonly path: string
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: string
}

export interface Collector {
  readonly url: string
  readonly received: ReadonlyArray<Received>
}

/** Answers everything with the status, or never where it is 0. */
export const collector = (status = 200): Effect.Effect<Collector, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Collector & { readonly close: () => void }>((resume) => {
      const received: Array<Received> = []
      const server = createServer((request, response) => {
        let body = ""
        request.setEncoding("utf8")
        request.on("data", (chunk: string) => {
          body += chunk
        })
        request.on("end", () => {
          received.push({ path: request.url ?? "", headers: request.headers, body })
          if (status === 0) return
          response.writeHead(status, { "content-type": "application/json" })
          response.end("{}")
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({
          url: `http://127.0.0.1:${port}`,
          received,
          close: () => {
            server.closeAllConnections()
            server.close()
          }
        }))
      })
    }),
    (server) => Effect.sync(server.close)
  )
