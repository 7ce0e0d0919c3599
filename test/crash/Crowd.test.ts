import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { inject } from "vitest"
import * as Endpoint from "../../src/simulation/Endpoint.ts"
import * as Serve from "../../src/simulation/Serve.ts"
import * as Simulator from "../../src/systems/elevenlabs/Simulator.ts"
import * as State from "../../src/systems/elevenlabs/state/State.ts"
import * as Child from "./Child.ts"

const command = inject("command")

const host = "example.com"
const state = "config/elevenlabs/example-com.json"

/** After all others, one by which nothing comes late. */
const last = 17

/** Which of them is killed, at which of its requests, and whether the server has done that. */
const deaths = new Map([
  [1, { request: 1, acted: false }],
  [4, { request: 2, acted: true }],
  [7, { request: 3, acted: true }],
  [10, { request: 3, acted: false }],
  [13, { request: 4, acted: true }]
])

describe("sixteen processes at work on one site", () => {
  it.live(
    "some of them killed, leave one document for each file, and lose none that another has recorded",
    () =>
      Effect.gen(function*() {
        const cwd = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "holdfast-crowd-"))),
          (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
        )
        const write = (path: string, text: string): void => {
          mkdirSync(dirname(join(cwd, path)), { recursive: true })
          writeFileSync(join(cwd, path), text)
        }
        const simulator = yield* Simulator.make({ agents: [{ name: "Support" }] })
        const { world } = simulator
        const [agent = ""] = world.agents().map(({ id }) => id)
        write("sites.yaml", JSON.stringify({ sites: [{ url: `https://${host}`, agents: [agent] }] }))

        const killed = new Set<number>()
        const run = (number: number) =>
          Effect.gen(function*() {
            const death = deaths.get(number)
            let child: Child.Child | undefined
            let requests = 0
            // Each has a port of its own, so that it is known who asks.
            const endpoint: Endpoint.Endpoint = (request) =>
              Effect.suspend(() => {
                requests += 1
                // It may have seen which files there are, so that this one is left to the next.
                if (requests === 1 && number !== last) {
                  write(`out/example-com/${number}-late.txt`, `What came late about ${number}.`)
                }
                if (requests !== death?.request) {
                  return simulator.endpoint(request)
                }
                killed.add(number)
                const die = Effect.as(Effect.sync(() => child?.send("SIGKILL")), Endpoint.reset)
                return death.acted ? Effect.zipRight(simulator.endpoint(request), die) : die
              })
            const server = yield* Serve.serve(endpoint, { grace: 0 })
            write(`out/example-com/${number}.txt`, `What there is to know about ${number}.`)
            // Some know nothing of what the others have begun, as on another machine, and only the lock keeps them apart.
            const file = number % 4 === 0 ? `${number}/holdfast.db` : ".holdfast/holdfast.db"
            write(`${number}.json`, JSON.stringify({ store: { file } }))
            child = yield* Child.start({
              command,
              words: ["elevenlabs", "sync", "sites.yaml", "--wait", "10m", "--config", `${number}.json`],
              cwd,
              environment: {
                HOLDFAST_ELEVENLABS_ORIGIN: server.url,
                HOLDFAST_ELEVENLABS_API_KEY: simulator.credentials.apiKey
              }
            })
            const { code, signal, stderr } = yield* child.ended
            assert.deepStrictEqual([number, code ?? signal, stderr], [
              number,
              killed.has(number) ? "SIGKILL" : 0,
              stderr
            ])
          }).pipe(Effect.scoped)

        const numbers = Array.from({ length: 16 }, (_, index) => index)
        yield* Effect.forEach(numbers, run, { concurrency: numbers.length })
        assert.isAtLeast(killed.size, 3)
        yield* run(16)
        yield* run(last)

        const files = readdirSync(join(cwd, "out", "example-com")).toSorted()
        assert.lengthOf(files, 35)
        const { documents, orphans, pendingDelete } = Either.getOrThrow(
          State.decode(readFileSync(join(cwd, state)), host)
        )
        assert.deepStrictEqual(Object.keys(documents).toSorted(), files)
        assert.deepStrictEqual([...pendingDelete, ...orphans], [])
        const ids = Object.values(documents).map(({ documentId }) => documentId).toSorted()
        assert.deepStrictEqual(world.documents().map(({ id }) => id).toSorted(), ids)
        assert.deepStrictEqual(world.attached(agent).toSorted(), ids)
        assert.lengthOf(world.folders(), 1)
      }).pipe(Effect.scoped, Effect.orDie),
    600_000
  )
})
