import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Doctor from "../../../src/systems/elevenlabs/Doctor.ts"
import * as Operations from "../../../src/systems/elevenlabs/Operations.ts"
import type * as Report from "../../../src/systems/elevenlabs/Report.ts"
import { StateFiles } from "../../../src/systems/elevenlabs/run/StateFiles.ts"
import * as Lab from "./Lab.ts"

const files = { "a.txt": Lab.text("Apples"), "b.txt": Lab.text("Pears") }

/** A site in step. */
const site = (lab: Lab.Lab, host?: string) =>
  Effect.gen(function*() {
    const target = lab.target(host)
    lab.files(target, files)
    yield* lab.process(Operations.sync([target]))
    return target
  })

describe("plan", () => {
  it.effect("tells what would be done, and changes nothing", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = lab.target()
        lab.files(target, files)
        const report = Lab.only(yield* lab.process(Operations.plan([target])))
        expect(Lab.words(report)).toEqual(["NotStarted", "Create a.txt", "Create b.txt"])
        expect(lab.world.documents()).toEqual([])
        expect(Fs.existsSync(target.state)).toBe(false)
        expect([...lab.simulator.calls.routes.keys()].every((route) => route.startsWith("GET "))).toBe(true)
      })))
})

describe("assign", () => {
  it.effect("gives an agent what it lacks, and sends no file", () =>
    Lab.run({ agents: [{ name: "Support" }, { name: "Sales" }] }, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab)
        const [first = "", second = ""] = lab.agents
        const documents = lab.world.documents()
        expect(lab.world.attached(second)).toEqual([])
        const both = { ...target, agents: [first, second] }
        const report = Lab.only(yield* lab.process(Operations.assign([both])))
        expect(Lab.words(report)).toEqual(["Attach a.txt", "Attach b.txt"])
        expect(lab.world.attached(second).toSorted()).toEqual(lab.world.attached(first).toSorted())
        expect(lab.world.documents()).toEqual(documents)
        expect(lab.violations).toEqual([])
      })))
})

describe("remove", () => {
  it.effect("takes a file's document from every agent and from the workspace", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab)
        lab.removed.add("a")
        const report = Lab.only(yield* lab.process(Operations.remove([target], { files: ["a.txt"] })))
        expect(Lab.words(report)).toEqual(["Remove a.txt"])
        const { "a.txt": _, ...left } = files
        expect(lab.check(target, left)).toEqual([])
        expect(lab.world.documents()).toHaveLength(1)
      })))

  it.effect("takes all of a site", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab)
        for (const file of ["a", "b"]) lab.removed.add(file)
        yield* lab.process(Operations.remove([target]))
        expect(lab.check(target, {})).toEqual([])
        expect(lab.world.documents()).toEqual([])
        expect(lab.agents.flatMap((agent) => lab.world.attached(agent))).toEqual([])
      })))

  it.effect("refuses what is not recorded, and changes nothing", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab)
        const report = Lab.only(yield* lab.process(Operations.remove([target], { files: ["a.txt", "z.txt"] })))
        expect(report.outcome).toMatchObject({ _tag: "Failed", fault: { code: "unknown-file" } })
        expect(lab.check(target, files)).toEqual([])
      })))
})

describe("list and status", () => {
  it.effect("tell what is there, what agents lack and what others put there", () =>
    Lab.run({ agents: [{ name: "Support" }, { name: "Sales" }] }, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab)
        const [first = "", second = ""] = lab.agents
        const folder = lab.world.folders()[0]?.id ?? ""
        yield* lab.world.addForeignDocument({ name: "Notes", folder })
        const both = { ...target, agents: [first, second] }
        const [found] = yield* lab.process(Operations.list([both]))
        expect(found?.documents.map(({ agents, file, standing }) => ({ agents, file, standing }))).toEqual([
          { agents: [], file: null, standing: "foreign" },
          { agents: [first], file: "a.txt", standing: "recorded" },
          { agents: [first], file: "b.txt", standing: "recorded" }
        ])
        expect(found?.lacking).toEqual([{ agent: second, file: "a.txt" }, { agent: second, file: "b.txt" }])
        const [status] = yield* lab.process(Operations.status([both]))
        expect(status?.lockedBy).toBeUndefined()
        expect(status?.plan.documents.map(({ action }) => action._tag)).toEqual(["Attach", "Attach", "Keep", "Keep"])
      })))
})

describe("repair and rebuild", () => {
  it.effect.skipIf(process.platform !== "linux")(
    "says so where no state file can be",
    () =>
      Lab.run({}, (lab) =>
        Effect.gen(function*() {
          const target = { ...lab.target(), state: "/proc/none/config/example-com.json" }
          lab.files(target, { "a.txt": Lab.text("Apples") })
          const sync = Effect.provideService(Operations.sync([target]), StateFiles, StateFiles.defaultValue())
          const { outcome } = Lab.only(yield* lab.process(sync))
          expect(outcome).toMatchObject({
            _tag: "Failed",
            fault: { code: "file-missing", subject: "/proc/none/config/example-com.json" }
          })
          expect(lab.world.documents()).toEqual([])
        }))
  )

  it.effect("refuse to work on a state that cannot be read, then make it anew from what is there", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab)
        const whole = lab.state(target)
        Fs.writeFileSync(target.state, Fs.readFileSync(target.state).subarray(0, 200))
        const before = lab.calls()
        const refused = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(refused.outcome).toMatchObject({ _tag: "Failed", fault: { code: "state-corrupt" } })
        expect(lab.calls()).toBe(before)

        const [rebuilt] = yield* lab.process(Operations.rebuild([target]))
        const hashes = (state: typeof whole | undefined) =>
          Object.entries(state?.documents ?? {}).map(([file, { documentId, hash }]) => [file, documentId, hash])
        expect(hashes(rebuilt)).toEqual(hashes(whole))
        expect(Lab.words(Lab.only(yield* lab.process(Operations.sync([target]))))).toEqual(["Keep a.txt", "Keep b.txt"])
        expect(lab.check(target, files)).toEqual([])
      })))

  it.effect("mends what is wrong, once", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab)
        const text = Fs.readFileSync(target.state, "utf8")
        Fs.writeFileSync(target.state, text.replace(`"version": 1`, `"version": 1,\n  "extra": true`))
        const [dry] = yield* lab.process(Operations.repair([target], { dryRun: true }))
        expect(dry?.repairs).toHaveLength(1)
        const [mended] = yield* lab.process(Operations.repair([target]))
        expect(mended?.repairs).toHaveLength(1)
        const [again] = yield* lab.process(Operations.repair([target]))
        expect(again?.repairs).toEqual([])
        expect(Object.keys(lab.state(target).documents)).toEqual(["a.txt", "b.txt"])
      })))
})

describe("migrate", () => {
  it.effect("takes over the documents of an older tool, and replaces one by one what has changed", () =>
    Lab.run({ fileOf: (name) => name.replace(/(\.txt)?( #.*)?$/, "") }, (lab) =>
      Effect.gen(function*() {
        const target = lab.target()
        const [agent = ""] = lab.agents
        const ids: Record<string, string> = {}
        for (const [file, content] of Object.entries(files)) {
          ids[file] = yield* lab.world.addForeignDocument({ name: file, type: "file", content })
        }
        yield* Lab.editDocuments(lab, agent, () =>
          Object.entries(ids).map(([name, id]) => ({ type: "file", name, id, usage_mode: "auto" })))
        const legacy = Path.join(Path.dirname(target.folder), "legacy.json")
        lab.files(target, { ...files, "b.txt": Lab.text("Other pears") })
        Fs.writeFileSync(
          legacy,
          JSON.stringify({
            "example-com": Object.fromEntries(
              Object.entries(files).map(([file, content]) => [file, {
                hash: Lab.md5Of(content),
                document_id: ids[file],
                uploaded_at: "2025-10-12T10:00:00"
              }])
            )
          })
        )
        const migrated = yield* lab.process(Operations.migrate(legacy, [target]))
        expect(migrated).toEqual({ sites: [{ site: "example.com", files: 2, orphans: 0 }], problems: [] })
        const report = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(Lab.words(report)).toEqual(["Update b.txt", "Adopt a.txt"])
        const { documents } = lab.state(target)
        expect(documents["a.txt"]?.documentId).toBe(ids["a.txt"])
        expect(lab.world.attached(agent)).toEqual([ids["a.txt"], documents["b.txt"]?.documentId])
        expect(lab.violations).toEqual([])
      })))
})

const states = (checks: ReadonlyArray<Report.Check>) => checks.map(({ name, state }) => `${state} ${name}`)

const withWrongKey: Lab.Wire = (endpoint) => (request) =>
  endpoint({ ...request, headers: { ...request.headers, "xi-api-key": "sk_wrong" } })

describe("doctor", () => {
  it.effect("says that all is well", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab)
        expect(states(yield* lab.process(Doctor.examine(Effect.succeed([target]))))).toEqual([
          "ok workspace",
          "ok retrieval quota",
          "ok sites file",
          "ok agents",
          "ok site example.com: plan",
          "ok site example.com: documents"
        ])
      })))

  it.effect("tells everything that is not", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* site(lab)
        const [agent = ""] = lab.agents
        yield* Lab.editDocuments(lab, agent, () => [])
        yield* lab.world.addForeignDocument({ name: "Notes", folder: lab.world.folders()[0]?.id ?? "" })
        yield* lab.world.deleteDocument(lab.state(target).documents["b.txt"]?.documentId ?? "")
        const broken = { ...lab.target("broken.example"), agents: ["agent_7101k5zvyjhmfg983brhmhkd98n6"] }
        const checks = yield* lab.process(Doctor.examine(Effect.succeed([target, broken])))
        expect(states(checks)).toEqual([
          "ok workspace",
          "ok retrieval quota",
          "ok sites file",
          "ok agents",
          "fail agent agent_7101k5zvyjhmfg983brhmhkd98n6",
          "warn site example.com: plan",
          "warn site example.com: documents",
          "warn site example.com: documents",
          "warn site example.com: documents",
          "fail site broken.example: files and state"
        ])
      })))

  it.effect("stops where the key is wrong", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = lab.target()
        expect(states(yield* lab.process(Doctor.examine(Effect.succeed([target])), { wire: withWrongKey }))).toEqual([
          "fail workspace",
          "ok sites file",
          "ok site example.com: state",
          "fail site example.com: files"
        ])
      })))
})
