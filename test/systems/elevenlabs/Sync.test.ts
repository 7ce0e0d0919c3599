import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Operations from "../../../src/systems/elevenlabs/Operations.ts"
import * as Lab from "./Lab.ts"

const three = { "a.txt": Lab.text("Apples"), "b.txt": Lab.text("Pears"), "sub/c.md": Lab.text("Plums") }

const numbered = (count: number, what: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index + 100}.txt`, Lab.text(`${what} ${index}`)]))

/** A site in step with these files. */
const site = (lab: Lab.Lab, files: Readonly<Record<string, string>> = three) =>
  Effect.gen(function*() {
    const target = lab.target()
    lab.files(target, files)
    yield* lab.process(Operations.sync([target]))
    lab.simulator.calls.routes.clear()
    return target
  })

const asked = (lab: Lab.Lab, route: string): number => lab.simulator.calls.routes.get(route) ?? 0

const documentIn = (entry: unknown): string =>
  typeof entry === "object" && entry !== null && "id" in entry ? String(entry.id) : ""

describe("sync", () => {
  it.effect("uploads what is new, and nothing else afterwards", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = lab.target()
        lab.files(target, three)
        const report = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(Lab.words(report)).toEqual(["Create a.txt", "Create b.txt", "Create sub/c.md"])
        expect(lab.check(target, three)).toEqual([])

        const before = lab.calls()
        const again = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(Lab.words(again)).toEqual(["Keep a.txt", "Keep b.txt", "Keep sub/c.md"])
        // The listing of the folder, and what the agent names.
        expect(lab.calls() - before).toBe(2)
        expect(lab.violations).toEqual([])
      })))

  it.effect("says which document holds a file, and which files of the folder are none", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab)
        const before = lab.state(target).documents["a.txt"]?.documentId
        lab.files(target, { ...three, "a.txt": Lab.text("Cherries"), "data.csv": "1,2", "logo.PNG": "" })
        const { documents, skipped } = Lab.only(yield* lab.process(Operations.sync([target])))
        const after = lab.state(target).documents["a.txt"]?.documentId
        expect(documents.find(({ item }) => item === "a.txt")).toMatchObject({
          action: { _tag: "Update", documentId: before },
          outcome: { _tag: "Done", documentId: after }
        })
        expect(after).not.toBe(before)
        expect(skipped.map(({ file }) => file)).toEqual(["data.csv", "logo.PNG"])
        expect(skipped[0]?.reason).toContain("no document: those end with .docx")
      })))

  it.effect("gives an agent back what somebody took from it, and sends no file for that", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab)
        const [agent = ""] = lab.agents
        const id = lab.state(target).documents["b.txt"]?.documentId ?? ""
        lab.removed.add("b")
        yield* Lab.editDocuments(lab, agent, (list) => list.filter((entry) => documentIn(entry) !== id))
        const report = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(Lab.words(report)).toEqual(["Attach b.txt", "Keep a.txt", "Keep b.txt", "Keep sub/c.md"])
        expect(asked(lab, "POST /v1/convai/knowledge-base/file")).toBe(0)
        expect(lab.check(target, three)).toEqual([])
        expect(Lab.words(Lab.only(yield* lab.process(Operations.sync([target]))))).toEqual([
          "Keep a.txt",
          "Keep b.txt",
          "Keep sub/c.md"
        ])
      })))

  it.effect("has documents indexed for an agent that is new among the site's and retrieves, and then gives them", () =>
    Lab.run({ agents: [{ name: "Support" }, { name: "Sales", retrieval: true }] }, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab)
        const [, second = ""] = lab.agents
        const both = lab.target("example.com", { agents: [...lab.agents] })
        const report = Lab.only(yield* lab.process(Operations.sync([both])))
        expect(Lab.words(report).slice(0, 3)).toEqual(["Attach a.txt", "Attach b.txt", "Attach sub/c.md"])
        expect(asked(lab, "POST /v1/convai/knowledge-base/{documentation_id}/rag-index")).toBe(3)
        expect(asked(lab, "PATCH /v1/convai/agents/{agent_id}")).toBe(1)
        expect(lab.world.attached(second).toSorted()).toEqual(lab.world.attached(target.agents[0] ?? "").toSorted())
        expect(lab.violations).toEqual([])
      })))

  it.effect("gives nothing back to an agent that names the folder, or that names the document elsewhere", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab)
        const [agent = ""] = lab.agents
        for (const name of ["a", "b", "c"]) lab.removed.add(name)
        const [folder] = lab.world.folders()
        yield* Lab.editDocuments(lab, agent, () => [
          { type: "folder", name: "all", id: folder?.id ?? "", usage_mode: "auto" }
        ])
        const report = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(Lab.words(report)).toEqual(["Keep a.txt", "Keep b.txt", "Keep sub/c.md"])
      })))

  it.effect("saves an agent, and deletes, for twenty documents at once", () =>
    Lab.run({ latencyMillis: 50, concurrencyLimit: 5 }, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab, numbered(40, "first"))
        const second = numbered(40, "second")
        lab.files(target, second)
        yield* lab.process(Operations.sync([target]))
        expect(asked(lab, "POST /v1/convai/knowledge-base/file")).toBe(40)
        expect(asked(lab, "POST /v1/convai/knowledge-base/dependent-agents")).toBe(2)
        expect(asked(lab, "PATCH /v1/convai/agents/{agent_id}")).toBe(2)
        expect(asked(lab, "POST /v1/convai/knowledge-base/bulk-delete")).toBe(2)
        expect(asked(lab, "DELETE /v1/convai/knowledge-base/{documentation_id}")).toBe(0)
        expect(lab.check(target, second)).toEqual([])
        expect(lab.violations).toEqual([])
      })))

  it.effect("one file that is refused takes nothing from those that are asked about with it", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab, numbered(5, "first"))
        const second = numbered(5, "second")
        lab.files(target, second)
        const wire = Lab.rules(
          {
            method: "POST",
            path: /\/file$/,
            reply: () => Effect.succeed(Endpoint.answer({ status: 400, body: "{\"detail\":{\"message\":\"No.\"}}" }))
          },
          { method: "POST", path: /\/dependent-agents$/, reply: Effect.delay("10 seconds") }
        )
        const report = Lab.only(yield* lab.process(Operations.sync([target]), { wire }))
        expect(report.documents.map(({ outcome }) => outcome._tag).toSorted()).toEqual([
          "Done",
          "Done",
          "Done",
          "Done",
          "Failed"
        ])
        yield* lab.process(Operations.sync([target]))
        expect(lab.check(target, second)).toEqual([])
      })))

  it.effect("keeps only what an agent names of those that are deleted at once", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const files = numbered(10, "first")
        const target = yield* site(lab, files)
        const { "p100.txt": kept = "" } = files
        const [agent = ""] = lab.agents
        // Somebody names an old document again when all of them are about to go.
        const old = lab.state(target).documents["p105.txt"]?.documentId ?? ""
        lab.files(target, { "p100.txt": kept })
        for (const file of Object.keys(files)) lab.removed.add(file.slice(0, -4))
        const wire = Lab.rules({
          method: "POST",
          path: /\/bulk-delete$/,
          reply: (answer) =>
            Effect.zipRight(
              Lab.editDocuments(lab, agent, (list) => [
                ...list,
                { type: "file", name: "p105.txt", id: old, usage_mode: "auto" }
              ]),
              answer
            )
        })
        const report = Lab.only(
          yield* lab.process(Operations.sync([target], { maxDelete: { percent: 100 } }), { wire })
        )
        expect(report.documents.filter(({ outcome }) => outcome._tag !== "Done")).toEqual([])
        expect(asked(lab, "POST /v1/convai/knowledge-base/bulk-delete")).toBe(1)
        expect(asked(lab, "DELETE /v1/convai/knowledge-base/{documentation_id}")).toBe(1)
        expect(lab.check(target, { "p100.txt": kept })).toEqual([])
        expect(lab.world.documents()).toHaveLength(1)
      })))

  it.effect("asks what became of a deletion of many whose answer was lost, and deletes nothing else", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const files = numbered(10, "first")
        const target = yield* site(lab, files)
        const { "p100.txt": kept = "" } = files
        lab.files(target, { "p100.txt": kept })
        for (const file of Object.keys(files)) lab.removed.add(file.slice(0, -4))
        const wire = Lab.rules({ method: "POST", path: /\/bulk-delete$/, reply: Lab.lostReply })
        yield* lab.process(Operations.sync([target], { maxDelete: { percent: 100 } }), { wire })
        expect(asked(lab, "POST /v1/convai/knowledge-base/bulk-delete")).toBe(1)
        expect(lab.check(target, { "p100.txt": kept })).toEqual([])
      })))
})
