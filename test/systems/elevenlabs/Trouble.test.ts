import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Operations from "../../../src/systems/elevenlabs/Operations.ts"
import type * as Report from "../../../src/systems/elevenlabs/Report.ts"
import * as Simulator from "../../../src/systems/elevenlabs/Simulator.ts"
import * as Lab from "./Lab.ts"

const old = { "a.txt": Lab.text("Apples"), "b.txt": Lab.text("Pears"), "c.txt": Lab.text("Plums") }
const changed = { ...old, "a.txt": Lab.text("Green apples") }

const synced = (lab: Lab.Lab, files: Readonly<Record<string, string>>, host?: string) =>
  Effect.gen(function*() {
    const target = lab.target(host)
    lab.files(target, files)
    yield* lab.process(Operations.sync([target]))
    return target
  })

const failureCodes = (report: Report.SiteReport): ReadonlyArray<string | undefined> =>
  report.documents.flatMap(({ outcome }) => outcome._tag === "Failed" ? [outcome.fault.code] : [])

describe("interruption", () => {
  it.effect("finishes and records the step in flight, tells how far it got, and begins nothing else", () =>
    Lab.run({ latencyMillis: 200 }, (lab) =>
      Effect.gen(function*() {
        const target = lab.target()
        lab.files(target, old)
        const uploading = yield* Deferred.make<void>()
        const journal: Lab.Entries = new Map()
        const reports: Array<Report.Report> = []
        const wire: Lab.Wire = (endpoint) => (request) =>
          request.method === "POST" && request.url.includes("/file")
            ? Effect.zipRight(Deferred.succeed(uploading, undefined), endpoint(request))
            : endpoint(request)
        const fiber = yield* Effect.fork(lab.process(
          Operations.sync([target], {
            parallel: 1,
            onInterrupted: (report) => Effect.sync(() => reports.push(report))
          }),
          { journal, wire }
        ))
        yield* Deferred.await(uploading)
        yield* Fiber.interrupt(fiber)
        expect([...journal.values()].filter(({ _tag }) => _tag === "Begun")).toEqual([])
        expect(lab.world.documents()).toHaveLength(1)
        expect(lab.state(target).pendingDelete).toEqual(lab.world.documents().map(({ id }) => id))
        expect(reports.map((report) => Lab.only(report).outcome._tag)).toEqual(["Interrupted"])
        expect(lab.calls()).toBe(lab.simulator.calls.log.length)
        yield* lab.process(Operations.sync([target]), { journal })
        expect(lab.check(target, old)).toEqual([])
        expect(lab.world.documents()).toHaveLength(3)
        expect(lab.violations).toEqual([])
      })))
})

describe("many sites", () => {
  it.effect("are brought in step at once, share an agent, and do not fail each other", () =>
    Lab.run({ latencyMillis: 50 }, (lab) =>
      Effect.gen(function*() {
        const hosts = ["one.example", "two.example", "three.example"]
        const targets = hosts.map((host) => lab.target(host))
        for (const target of targets) lab.files(target, old)
        const broken = lab.target("broken.example")
        const report = yield* lab.process(Operations.sync([...targets, broken]))
        expect(report.sites.map(({ outcome }) => outcome._tag)).toEqual(["Done", "Done", "Done", "Failed"])
        expect(targets.flatMap((target) => lab.check(target, old))).toEqual([])
        expect(lab.world.attached(lab.agents[0] ?? "")).toHaveLength(9)
        expect(lab.violations).toEqual([])
      })))
})

describe("a site that fails", () => {
  it.effect("does not take from another what it was looking up for both", () =>
    Lab.run({ latencyMillis: 50, agents: [{ name: "Support" }, { name: "Sales" }] }, (lab) =>
      Effect.gen(function*() {
        const [first = "", second = ""] = lab.agents
        const targets = [
          lab.target("one.example", { agents: [first, second] }),
          lab.target("two.example", { agents: [second] })
        ]
        for (const target of targets) lab.files(target, old)
        const page = Endpoint.answer({ headers: { "content-type": "text/html" }, body: "<p>Sign in</p>" })
        const wire = Lab.rules({
          method: "GET",
          path: /one\.example/,
          reply: () => Effect.delay(Effect.succeed(page), 10)
        })
        const report = yield* lab.process(Operations.sync(targets), { wire })
        expect(report.sites.map(({ outcome }) => outcome._tag)).toEqual(["Failed", "Done"])
      })))
})

describe("retrieval", () => {
  it.effect("keeps the old document where the new one cannot be indexed", () =>
    Lab.run({ agents: [{ name: "Support", retrieval: true }] }, (lab) =>
      Effect.gen(function*() {
        const target = yield* synced(lab, old)
        const before = lab.world.documents().map(({ id }) => id)
        lab.files(target, changed)
        const wire: Lab.Wire = (endpoint) => (request) =>
          request.method === "POST" && request.url.endsWith("/rag-index")
            ? Effect.zipRight(
              Effect.sync(() => {
                for (const { id } of lab.world.documents()) if (!before.includes(id)) lab.world.failIndex(id)
              }),
              endpoint(request)
            )
            : endpoint(request)
        const report = Lab.only(yield* lab.process(Operations.sync([target]), { wire }))
        expect(failureCodes(report)).toEqual(["index-failed"])
        expect(lab.world.documents().map(({ id }) => id)).toEqual(before)
        expect(lab.check(target, old)).toEqual([])
        expect(lab.violations).toEqual([])
      })))
})

describe("dependents", () => {
  it.effect("on branches and in workflow nodes get the new document as well", () =>
    Lab.run({ agents: [{ name: "Support" }, { name: "Flow" }] }, (lab) =>
      Effect.gen(function*() {
        const target = yield* synced(lab, old)
        const [first = "", second = ""] = lab.agents
        const a = lab.state(target).documents["a.txt"]?.documentId ?? ""
        const flow = yield* lab.world.addAgent({
          name: "Flow 2",
          nodes: { node: [{ id: a, name: "a", type: "file" }] }
        })
        const branch = yield* lab.world.addBranch(first, "trial")
        yield* Lab.editDocuments(lab, second, () => [{ type: "file", name: "a", id: a, usage_mode: "prompt" }])
        lab.files(target, changed)
        const report = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(failureCodes(report)).toEqual([])
        const now = lab.state(target).documents["a.txt"]?.documentId ?? ""
        expect(now).not.toBe(a)
        expect(lab.world.attached(first, branch)).toContain(now)
        expect(lab.world.attached(second)).toEqual([now])
        expect(JSON.stringify(lab.world.content(flow))).toContain(now)
        expect(JSON.stringify(lab.world.content(second))).toContain(`"usage_mode":"prompt"`)
        expect(lab.check(target, changed)).toEqual([])
        expect(lab.violations).toEqual([])
      })))

  it.effect("that nobody may see keep the old document, which is reported", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* synced(lab, old)
        const a = lab.state(target).documents["a.txt"]?.documentId ?? ""
        yield* lab.world.addAgent({ name: "Secret", hidden: true, documents: [{ id: a, name: "a", type: "file" }] })
        lab.files(target, changed)
        const report = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(failureCodes(report)).toEqual(["has-dependents"])
        expect(report.pendingDelete).toEqual([a])
        expect(lab.state(target).documents["a.txt"]?.hash).toBe(Lab.hashOf(changed["a.txt"]))
        expect(lab.violations).toEqual([])
      })))

  it.effect("that the API has not forgotten yet are waited for", () =>
    Lab.run({ dependencyLagMillis: 9000 }, (lab) =>
      Effect.gen(function*() {
        const target = yield* synced(lab, old)
        lab.files(target, changed)
        const report = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(failureCodes(report)).toEqual([])
        expect(lab.check(target, changed)).toEqual([])
        expect(lab.violations).toEqual([])
      })))
})

describe("options", () => {
  it.effect("force sends everything again, and leaves one document a file", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* synced(lab, old)
        const report = Lab.only(yield* lab.process(Operations.sync([target], { force: true })))
        expect(Lab.words(report)).toEqual(["Update a.txt", "Update b.txt", "Update c.txt"])
        expect(lab.check(target, old)).toEqual([])
        expect(lab.world.documents()).toHaveLength(3)
        expect(lab.violations).toEqual([])
      })))

  it.effect("more deletions than are allowed are refused, and nothing is changed", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* synced(lab, old)
        lab.files(target, { "a.txt": old["a.txt"] })
        const before = lab.calls()
        const report = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(report.outcome).toMatchObject({ _tag: "Refused", refusals: [{ code: "too-many-deletions" }] })
        expect(lab.calls() - before).toBe(2)
        for (const file of ["b", "c"]) lab.removed.add(file)
        yield* lab.process(Operations.sync([target], { maxDelete: { count: 2 } }))
        expect(lab.check(target, { "a.txt": old["a.txt"] })).toEqual([])
        expect(lab.world.documents()).toHaveLength(1)
      })))

  it.effect("an agent that is not there is noticed before anything is changed", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = lab.target("example.com", { agents: ["agent_nobody"] })
        lab.files(target, old)
        const report = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(report.outcome).toMatchObject({ _tag: "Failed", fault: { code: "no-such-agent" } })
        expect(lab.world.documents()).toEqual([])
        expect(lab.world.folders()).toEqual([])
      })))
})

/**
 * Nothing guards a save, so what somebody else has just put in is away until it is put back; our own documents never are.
 */
const ours = (lab: Lab.Lab): ReadonlyArray<string> =>
  lab.violations.filter((violation) => {
    const document = /has lost document (\w+)$/.exec(violation)?.[1]
    return document === undefined || lab.world.document(document)?.foreign !== true
  })

describe("rough weather", () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    it.effect(`ends well, seed ${seed}`, () =>
      Lab.run({
        seed,
        listingLagMillis: 2000,
        dependencyLagMillis: 1000,
        latencyMillis: 30,
        trouble: { edits: 0.2 },
        faults: { ...Simulator.rough, seed }
      }, (lab) =>
        Effect.gen(function*() {
          const target = lab.target()
          const journal: Lab.Entries = new Map()
          lab.removed.add("c")
          for (const files of [old, changed, { "a.txt": old["a.txt"], "b.txt": old["b.txt"] }]) {
            lab.files(target, files)
            for (let run = 0; run < 4; run += 1) {
              yield* lab.process(Operations.sync([target]), { journal })
              yield* Effect.sleep("30 seconds")
            }
            expect(lab.check(target, files)).toEqual([])
          }
          expect(ours(lab)).toEqual([])
        })))
  }
})
