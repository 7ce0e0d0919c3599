import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { stripAnsi } from "../../src/cli/Screen.ts"
import { run, start } from "./Command.ts"
import { tree } from "./Organisation.ts"
import * as Terminal from "./Terminal.ts"
import { serve, type Served } from "./Workspace.ts"

const faults = fileURLToPath(new URL("../../examples/elevenlabs/faults.yaml", import.meta.url))

const json = (stdout: string) => JSON.parse(stdout)

const names = ({ simulator }: Served) =>
  simulator.world.documents().map(({ name }) => name.split(" #")[0] ?? "").toSorted()

/** The names of what an agent knows. */
const known = ({ agents, simulator }: Served, index: number) =>
  simulator.world.attached(agents[index] ?? "").map((id) => simulator.world.document(id)?.name.split(" #")[0])

const writes = ({ simulator }: Served) => simulator.world.documents().map(({ id, hash }) => [id, hash])

describe.concurrent("holdfast elevenlabs", { timeout: 300_000 }, () => {
  it.live("first sync, nothing changed, update and removal", () =>
    Effect.gen(function*() {
      const served = yield* serve
      const planned = yield* served.run("kb plan")
      expect([planned.code, names(served)]).toEqual([0, []])
      expect(planned.stdout).toContain(
        "example.com: 2 to create\n  + a.txt: to create (new)\n  + b.md: to create (new)"
      )
      const first = yield* served.run("elevenlabs sync sites.yaml")
      expect([first.code, names(served)]).toEqual([0, ["a", "b.md", "s"]])
      expect(first.stdout).toContain("my-shop.example: done: 1 created\n  + s.txt: created (new)")
      expect(first.stderr).toMatch(/ info {2}a\.txt: created .*site=example\.com\n/)
      expect([known(served, 0).toSorted(), known(served, 1)]).toEqual([["a", "b.md", "s"], ["s"]])

      const before = writes(served)
      const again = yield* served.run("kb sync")
      expect(again.stderr).toBe("")
      expect([again.code, again.stdout]).toEqual([
        0,
        "example.com: done: 2 the same\nmy-shop.example: done: 1 the same\n2 sites: 3 the same\n"
      ])
      expect(writes(served)).toEqual(before)

      served.write("out/example-com/a.txt", "another")
      rmSync(join(served.folder, "out/example-com/b.md"))
      expect((yield* served.run("kb status")).code).toBe(2)
      const dry = yield* served.run("kb sync --dry-run --json")
      const [updating, more] = json(dry.stdout).sites[0].documents
      expect([updating.action, more.action]).toEqual(["Update", "Remove"])
      expect(writes(served)).toEqual(before)
      const changed = yield* served.run("kb sync --site www.example.com --json -q")
      expect([changed.code, changed.stderr, names(served)]).toEqual([0, "", ["a", "s"]])
      const [done, removed] = json(changed.stdout).sites[0].documents
      expect(json(changed.stdout).sites).toMatchObject([{ site: "example.com", outcome: "Done", skipped: [] }])
      expect([done.action, done.replaced, removed.action]).toEqual(["Update", updating.documentId, "Remove"])
      expect((yield* served.run("kb list")).stdout).toContain(done.documentId)
      expect(known(served, 0).toSorted()).toEqual(["a", "s"])
      served.write("out/example-com/data.csv", "1,2")
      const status = yield* served.run("kb status")
      expect([status.code, status.stdout]).toEqual([
        0,
        expect.stringMatching(/^ {2}- data\.csv: left out \(no document: /m)
      ])

      const list = json((yield* served.run("run list --json")).stdout).runs
      expect(list.map(({ command, state }: Readonly<Record<string, string>>) => [command, state])).toEqual(
        Array.from({ length: 3 }, () => ["elevenlabs sync", "done"])
      )
      expect(served.printed()).not.toContain(served.secret)
      const files = Object.entries(tree(served.folder)).filter(([, text]) => text.includes(served.secret))
      expect(files.map(([path]) => path)).toEqual([])
    }).pipe(Effect.scoped))

  it.live("killed in the middle: the same command, or run resume, ends with one document a file", () =>
    Effect.gen(function*() {
      for (const again of ["kb sync", "run resume"]) {
        const served = yield* serve
        const reached = yield* served.holdSave
        const killed = yield* served.start("kb sync")
        yield* reached
        const [running] = json((yield* served.run("run list --json")).stdout).runs
        const second = yield* served.run("kb sync")
        expect([second.code, second.stderr.includes("Wait for it with --wait")]).toEqual([3, true])
        killed.child.kill("SIGKILL")
        yield* killed.ends
        const resumed = yield* served.run(again === "run resume" ? `run resume ${running.id}` : again)
        expect([again, resumed.code]).toEqual([again, 0])
        expect(names(served)).toEqual(["a", "b.md", "s"])
        expect([known(served, 0).toSorted(), known(served, 1)]).toEqual([["a", "b.md", "s"], ["s"]])
      }
    }).pipe(Effect.scoped))

  it.live("Ctrl-C ends with 130 and says how it stands and how to go on", () =>
    Effect.gen(function*() {
      const served = yield* serve
      const reached = yield* served.holdSave
      const running = yield* served.start("kb sync")
      yield* reached
      running.child.kill("SIGINT")
      const { code, stderr } = yield* running.ends
      expect(code).toBe(130)
      expect(stderr).toContain("to go on, run the same command again")
      expect(stderr).toMatch(/or: holdfast run resume \S+/)
      expect((yield* served.run("kb sync")).code).toBe(0)
      expect(names(served)).toEqual(["a", "b.md", "s"])
    }).pipe(Effect.scoped))

  it.live("what cannot be right is refused, and nothing is changed: 3", () =>
    Effect.gen(function*() {
      const served = yield* serve
      expect((yield* served.run("kb sync")).code).toBe(0)
      const before = writes(served)
      const refused = (line: string, env?: Readonly<Record<string, string>>) =>
        Effect.map(served.run(line, env), ({ code, stderr, stdout }) => {
          expect([line, env, code]).toEqual([line, env, 3])
          return stdout + stderr
        })
      expect(yield* refused("kb sync", { HOLDFAST_ELEVENLABS_API_KEY: "your_api_key_here" })).toContain(
        "The API key is a placeholder"
      )
      expect(yield* refused("kb sync", { HOLDFAST_ELEVENLABS_API_KEY: "" })).toContain("No API key is given")
      expect(yield* refused("kb sync --site nowhere.example")).toContain("no configured site has the host")
      expect(yield* refused("kb sync nowhere.yaml")).toContain("there is no such file")
      served.write("bad.yaml", "sites:\n  - url: https://www.example.com\n    agents: [agent_id_here]\n")
      expect(yield* refused("kb sync bad.yaml")).toMatch(/bad\.yaml:3:\d+ {2}sites\[0\]\.agents\[0\]/)
      rmSync(join(served.folder, "out/my--shop-example/s.txt"))
      expect(yield* refused("kb sync --site my-shop.example")).toContain("there is no document in it")
      served.write("out/my--shop-example/t.txt", "t")
      expect(yield* refused("kb sync --site my-shop.example --max-delete 0")).toContain("--max-delete 1")
      rmSync(join(served.folder, "out/my--shop-example"), { recursive: true })
      expect(yield* refused("kb sync --site my-shop.example")).toContain("there is no such folder")
      const state = "config/elevenlabs/example-com.json"
      const whole = readFileSync(join(served.folder, state), "utf8")
      served.write(state, whole.slice(0, 100))
      const calls = served.simulator.calls.total
      expect(yield* refused("kb sync --site example.com")).toContain(`${state}: `)
      expect([served.simulator.calls.total, readFileSync(join(served.folder, state), "utf8")]).toEqual([
        calls,
        whole.slice(0, 100)
      ])
      expect(writes(served)).toEqual(before)
      for (const wrong of ["--max-delete=101%", "--branch main"]) {
        expect([wrong, (yield* served.run(`kb sync ${wrong}`)).code]).toEqual([wrong, 64])
      }
    }).pipe(Effect.scoped))

  it.live("a wrong key and nobody there: 1; an agent that does not exist: 3; and nothing is made or told", () =>
    Effect.gen(function*() {
      const served = yield* serve
      const wrong = yield* served.run("kb sync", { HOLDFAST_ELEVENLABS_API_KEY: "sk_00000000000000000000wrong" })
      expect([wrong.code, (wrong.stdout + wrong.stderr).includes("sk_0000")]).toEqual([1, false])
      expect(wrong.stdout).toContain("Invalid API key")
      served.write(
        "other.yaml",
        "sites:\n  - url: https://www.example.com\n    agents: [agent_7101k5zvyjhmfg983brhmhkd98n6]\n"
      )
      for (const verb of ["plan", "sync", "assign"]) {
        const missing = yield* served.run(`kb ${verb} other.yaml`)
        expect([verb, missing.code, names(served)]).toEqual([verb, 3, []])
        expect(missing.stdout).toContain("There is no such agent")
        expect(missing.stdout).toContain("state: nothing was done")
      }
      const offline = yield* served.run("kb list --json", { HOLDFAST_ELEVENLABS_ORIGIN: "http://127.0.0.1:9" })
      expect([offline.code, json(offline.stdout).error.detail]).toEqual([
        1,
        expect.stringContaining("127.0.0.1:9 refused the connection")
      ])
    }).pipe(Effect.scoped))

  it.live("list, assign, remove, rebuild and repair", () =>
    Effect.gen(function*() {
      const served = yield* serve
      expect((yield* served.run("kb sync")).code).toBe(0)
      const state = "config/elevenlabs/example-com.json"
      const whole = readFileSync(join(served.folder, state), "utf8")
      const list = yield* served.run("kb list")
      expect(list.stdout).toMatch(/^my-shop\.example +s\.txt +\S+ +1 +recorded +2$/m)

      const [agent = ""] = served.agents
      const sites = [{ url: "https://www.example.com", agents: served.agents }]
      served.write("more.yaml", JSON.stringify({ sites }))
      expect((yield* served.run("kb assign more.yaml")).code).toBe(0)
      expect(known(served, 1).toSorted()).toEqual(["a", "b.md", "s"])

      rmSync(join(served.folder, state))
      expect((yield* served.run("kb rebuild --site example.com")).stdout).toBe("example.com: 2 files recorded\n")
      const idsOf = (text: string) =>
        Object.entries<Readonly<Record<string, unknown>>>(json(text).documents).map(([file, { documentId, hash }]) => [
          file,
          documentId,
          hash
        ])
      expect(idsOf(readFileSync(join(served.folder, state), "utf8"))).toEqual(idsOf(whole))

      served.write(state, JSON.stringify({ ...json(whole), pendingDelete: "none" }))
      expect((yield* served.run("kb repair --dry-run --json")).stdout).toContain("pendingDelete")
      expect((yield* served.run("kb plan")).code).not.toBe(0)
      expect((yield* served.run("kb repair")).stdout).toContain("example.com: 1 mended\n  pendingDelete ")
      expect((yield* served.run("kb plan")).code).toBe(0)

      served.write(state, whole.slice(0, 9))
      expect((yield* served.run("kb repair")).stdout).toContain("the file lacks 2 document ids of its last good copy")
      expect((yield* served.run("kb sync -q")).stdout).toContain("example.com: done: 2 adopted")
      expect(idsOf(readFileSync(join(served.folder, state), "utf8"))).toEqual(idsOf(whole))

      expect((yield* served.run("kb remove --site example.com")).code).toBe(64)
      expect((yield* served.run("kb remove --yes")).code).toBe(64)
      const one = yield* served.run("kb remove --site example.com --file b.md --yes")
      expect([one.code, names(served), known(served, 0).includes("b.md")]).toEqual([0, ["a", "s"], false])
      expect((yield* served.run("kb remove --site example.com --site my-shop.example --yes")).code).toBe(0)
      expect([names(served), served.simulator.world.attached(agent)]).toEqual([[], []])
    }).pipe(Effect.scoped))

  it.live.skipIf(Terminal.missing !== undefined)(
    `on a terminal: a bar for each site, and what was done${Terminal.missing === undefined ? "" : " (no terminal)"}`,
    () =>
      Effect.gen(function*() {
        const served = yield* serve
        const running = yield* Terminal.start(["kb", "sync"], { cwd: served.folder, env: served.env })
        const { code, stdout } = yield* running.ends
        expect(code).toBe(0)
        const [last = ""] = stdout.split("\u001b[0J").slice(-1)
        expect(stripAnsi(last).replaceAll("\r", "")).toMatch(
          /^✔ example\.com +in step +0:\d\d 2 done\n✔ my-shop\.example +in step +0:\d\d 1 done\n2 of 2 done, /m
        )
        expect(stripAnsi(last)).toContain("2 sites: 3 created")
        expect(stdout).not.toContain(" info ")
      }).pipe(Effect.scoped)
  )

  it.live("doctor says what is well and what is not, with a key and without: 0 or 3", () =>
    Effect.gen(function*() {
      const served = yield* serve
      const doctor = (line = "", env: Readonly<Record<string, string>> = {}) =>
        Effect.map(served.run(`kb doctor --json -q${line}`, env), ({ code, stdout }) => {
          const { checks, healthy } = json(stdout)
          expect(healthy).toBe(code === 0)
          const bad = checks.filter(({ state }: Readonly<Record<string, string>>) => state === "fail")
          return [code, ...bad.map(({ detail, name }: Readonly<Record<string, string>>) => `${name}: ${detail}`)]
        })
      expect(yield* doctor()).toEqual([0])
      const before = served.simulator.calls.total
      expect(yield* doctor("", { HOLDFAST_ELEVENLABS_API_KEY: "" })).toEqual([3, "configuration: No API key is given"])
      expect(served.simulator.calls.total).toBe(before)
      served.write("config/elevenlabs/example-com.json", "{")
      served.write(
        "other.yaml",
        "sites:\n  - url: https://www.example.com\n    agents: [agent_7101k5zvyjhmfg983brhmhkd98n6]\n"
      )
      expect(yield* doctor(" other.yaml")).toEqual([
        3,
        expect.stringContaining("agent agent_7101k5zvyjhmfg983brhmhkd98n6: "),
        expect.stringContaining("site example.com: files and state: config/elevenlabs/example-com.json: ")
      ])
      const text = yield* served.run("kb doctor nowhere.yaml")
      expect([text.code, text.stdout]).toEqual([3, expect.stringMatching(/^FAIL {2}sites file: .*\n {6}next: /m)])
      expect(text.stdout).toContain("\n1 of 3 checks failed\n")
      expect(served.printed()).not.toContain(served.secret)
    }).pipe(Effect.scoped))

  it.live("sim elevenlabs serves a workspace, and kb is short for elevenlabs", () =>
    Effect.gen(function*() {
      const served = yield* serve
      const words = ["sim", "elevenlabs", "--agents", "1", "--json", "--faults", faults]
      const server = yield* start(words, { cwd: served.folder })
      yield* server.says("Ctrl-C ends it")
      const { agents, environment } = json(server.stdout())
      served.write("mine.yaml", JSON.stringify({ sites: [{ url: "https://example.com", agents: [agents[0].id] }] }))
      expect((yield* served.run("kb sync mine.yaml", environment)).code).toBe(0)
      expect(names(served)).toEqual([])
      const help = yield* run(["kb", "sync", "--help"])
      expect([help.code, help.stdout]).toEqual([0, expect.stringContaining("holdfast elevenlabs sync [SITES]")])
    }).pipe(Effect.scoped))
})
