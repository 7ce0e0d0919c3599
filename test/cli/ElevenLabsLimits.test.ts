/**
 * What the workspace does not take, and where documents are named besides an agent's own list.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { serve, type Served, serveWith } from "./Workspace.ts"

const names = ({ simulator }: Served) =>
  simulator.world.documents().map(({ name }) => name.split(" #")[0] ?? "").toSorted()

const json = (text: string) => JSON.parse(text)

/** Long enough to be indexed. */
const long = (text: string) => `${text} ${"word ".repeat(200)}`

/** As an agent names a document. */
const entry = (id: string) => ({ type: "file", name: id, id, usage_mode: "prompt" })

const site = "kb sync --site my-shop.example"

describe.concurrent("kb, at the limits", { timeout: 300_000 }, () => {
  it.live("a file over the limit is told and not sent, and the others go: 2, and 3 where it is alone", () =>
    Effect.gen(function*() {
      const served = yield* serve
      const huge = "x".repeat(300_001)
      served.write("out/example-com/huge.txt", huge)
      const mixed = yield* served.run("kb sync --site example.com")
      expect([mixed.code, names(served)]).toEqual([2, ["a", "b.md"]])
      expect(mixed.stdout).toMatch(/! huge\.txt: refused, and not sent\n +error: huge\.txt: .*300,?000/)
      // A document that was there stays, however its file is now.
      served.write("out/example-com/a.txt", huge)
      served.write("out/my--shop-example/s.txt", huge)
      const both = json((yield* served.run("kb sync --json -q")).stdout)
      expect(both.sites.map(({ refused }: { readonly refused: ReadonlyArray<unknown> }) => refused.length)).toEqual([
        2,
        1
      ])
      expect(names(served)).toEqual(["a", "b.md"])
      expect((yield* served.run(`${site} -q`)).code).toBe(3)
    }).pipe(Effect.scoped))

  it.live("an index that fails, or a quota that is used up: nothing is left over, and the same command makes it good", () =>
    Effect.gen(function*() {
      for (const fails of ["index", "quota"]) {
        const served = yield* serveWith(fails === "quota" ? { indexBytes: 100 } : {})
        served.write("out/my--shop-example/s.txt", long("first"))
        if (fails === "index") {
          yield* served.simulator.world.listen(({ call, when }) =>
            Effect.sync(() => {
              if (when === "before" || call.method !== "POST" || !call.url.endsWith("/file")) return
              for (const { id } of served.simulator.world.documents()) served.simulator.world.failIndex(id)
            })
          )
        }
        const failed = yield* served.run(site)
        expect([fails, failed.code, names(served)]).toEqual([fails, 1, []])
        expect(failed.stdout).toMatch(
          fails === "quota" ? /quota for retrieval is used up\n.*Free some of it/ : /ended as failed\n/
        )
        expect(served.simulator.world.check()).toEqual([])
        if (fails === "index") continue
        served.write("out/my--shop-example/s.txt", "short")
        expect([fails, (yield* served.run(site)).code, names(served)]).toEqual([fails, 0, ["s"]])
      }
    }).pipe(Effect.scoped))

  it.live("a key that may only read, and a workspace that is full: 1, and nothing is changed", () =>
    Effect.gen(function*() {
      const reader = yield* serveWith({ readOnly: true })
      const denied = yield* reader.run("kb sync --site example.com")
      expect([denied.code, names(reader)]).toEqual([1, []])
      expect(denied.stdout).toContain("Give the key the permission to read and write")
      const full = yield* serveWith({ documents: 1 })
      const partly = yield* full.run("kb sync --site example.com")
      expect([partly.code, names(full).length]).toEqual([2, 1])
      expect(full.printed() + reader.printed()).not.toContain(full.secret)
    }).pipe(Effect.scoped))

  it.live("two sites with one slug, and a placeholder for an agent: every problem with its line, no call: 3", () =>
    Effect.gen(function*() {
      const served = yield* serve
      served.write(
        "bad.yaml",
        [
          "sites:",
          "  - url: https://www.example.com",
          "    agents: [YOUR_AGENT_ID]",
          "  - url: http://EXAMPLE.com:8080/shop",
          "    agent: []"
        ].join("\n")
      )
      const { code, stderr } = yield* served.run("kb sync bad.yaml")
      expect([code, served.simulator.calls.total]).toEqual([3, 0])
      for (const line of ["bad.yaml:3:14 ", "bad.yaml:4:10 ", "bad.yaml:5:5 "]) expect(stderr).toContain(line)
      expect(stderr).toContain("is the same site as sites[0]")
      expect(stderr).toContain("did you mean agents?")
    }).pipe(Effect.scoped))

  it.live("the one file of a site may be renamed; more than half of many may not go unasked", () =>
    Effect.gen(function*() {
      const served = yield* serve
      expect((yield* served.run("kb sync")).code).toBe(0)
      rmSync(join(served.folder, "out/my--shop-example/s.txt"))
      served.write("out/my--shop-example/t.txt", "t")
      expect([(yield* served.run(site)).code, names(served)]).toEqual([0, ["a", "b.md", "t"]])
      for (const file of ["a.txt", "b.md"]) rmSync(join(served.folder, "out/example-com", file))
      served.write("out/example-com/c.txt", "c")
      const refused = yield* served.run("kb sync --site example.com")
      expect([refused.code, names(served)]).toEqual([3, ["a", "b.md", "t"]])
      expect(refused.stdout).toContain(
        "2 of 2 documents would be removed; at most 50% (1) may go without --max-delete 2: check the folder first"
      )
    }).pipe(Effect.scoped))

  it.live("branches and workflow nodes that name a document get the new one, before the old one goes", () =>
    Effect.gen(function*() {
      const served = yield* serve
      const { world } = served.simulator
      const [agent = ""] = served.agents
      expect((yield* served.run("kb sync --site example.com")).code).toBe(0)
      const idOf = (name: string) => world.documents().find((one) => one.name.startsWith(`${name} #`))?.id ?? ""
      const old = idOf("a")
      const branch = yield* world.addBranch(agent, "trial")
      const foreign = yield* world.addForeignDocument({ name: "Notes" })
      yield* world.editAgent(agent, (content) => ({
        ...content,
        workflow: {
          ...json(JSON.stringify(content["workflow"] ?? {})),
          nodes: {
            one: {
              type: "override_agent",
              additional_knowledge_base: [entry(foreign), entry(old)],
              conversation_config: { agent: { prompt: { knowledge_base: [entry(old)] } } }
            }
          }
        }
      }))
      served.write("out/example-com/a.txt", "another")
      // At no call is a place without both: whatever named the old one names one of the two.
      const bare: Array<string> = []
      const workflow = () => JSON.stringify(world.content(agent)["workflow"])
      yield* world.listen(() =>
        Effect.sync(() => {
          const ids = world.documents().filter(({ name }) => name.startsWith("a #")).map(({ id }) => id)
          const named = (text: string) => ids.some((id) => text.includes(`"${id}"`))
          if (!named(workflow())) bare.push("workflow")
          if (!named(JSON.stringify(world.attached(agent)))) bare.push("main")
          if (!named(JSON.stringify(world.attached(agent, branch)))) bare.push("branch")
        })
      )
      const changed = yield* served.run("kb sync --site example.com")
      expect([changed.code, changed.stdout]).toEqual([0, expect.stringContaining("1 updated")])
      const id = idOf("a")
      expect([id === old, world.document(old), bare]).toEqual([false, undefined, []])
      const nodes = json(workflow()).nodes.one
      expect(nodes.additional_knowledge_base.map((one: { readonly id: string }) => one.id)).toEqual([foreign, id])
      expect(nodes.conversation_config.agent.prompt.knowledge_base).toMatchObject([{ id, usage_mode: "prompt" }])
      expect([world.attached(agent).includes(id), world.attached(agent, branch).includes(id)]).toEqual([true, true])
      expect(world.document(foreign)?.name).toBe("Notes")
      expect(world.check()).toEqual([])
    }).pipe(Effect.scoped))
})
