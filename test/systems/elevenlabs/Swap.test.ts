import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Operations from "../../../src/systems/elevenlabs/Operations.ts"
import * as Lab from "./Lab.ts"

const old = { "a.txt": Lab.text("Apples"), "b.txt": Lab.text("Pears") }
const changed = { ...old, "a.txt": Lab.text("Green apples") }

/** A site in step, whose first file then changes. */
const changedSite = (lab: Lab.Lab) =>
  Effect.gen(function*() {
    const target = lab.target()
    lab.files(target, old)
    yield* lab.process(Operations.sync([target]))
    lab.files(target, changed)
    return target
  })

const upload = { method: "POST", path: /\/knowledge-base\/file/ }

describe("swap", () => {
  it.effect("replaces a document where agents name it, keeping order and what is not ours", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* changedSite(lab)
        const [agent = ""] = lab.agents
        const foreign = yield* lab.world.addForeignDocument({ name: "Opening hours" })
        yield* addForeign(lab, agent, foreign)
        const [first, a = "", b = ""] = lab.world.attached(agent)
        expect(first).toBe(foreign)
        const report = Lab.only(yield* lab.process(Operations.sync([target])))
        expect(Lab.words(report)).toEqual(["Update a.txt", "Keep b.txt"])
        const after = lab.world.attached(agent)
        expect(after).toEqual([foreign, lab.state(target).documents["a.txt"]?.documentId, b])
        expect(after).not.toContain(a)
        expect(lab.check(target, changed)).toEqual([])
        expect(lab.violations).toEqual([])
      })))

  it.effect("finds the upload whose reply was lost, though listings lag, and sends it once", () =>
    Lab.run({ listingLagMillis: 4000 }, (lab) =>
      Effect.gen(function*() {
        const target = yield* changedSite(lab)
        yield* Effect.sleep("1 minute")
        const before = lab.simulator.calls.routes.get("POST /v1/convai/knowledge-base/file") ?? 0
        const wire = Lab.rules({ ...upload, reply: Lab.lostReply })
        const report = Lab.only(yield* lab.process(Operations.sync([target]), { wire }))
        expect(Lab.words(report)).toEqual(["Update a.txt", "Keep b.txt"])
        expect(lab.simulator.calls.routes.get("POST /v1/convai/knowledge-base/file")).toBe(before + 1)
        expect(lab.check(target, changed)).toEqual([])
        expect(lab.violations).toEqual([])
      })))

  for (const lost of [false, true]) {
    it.effect(`goes on when it was killed between attach and commit${lost ? ", the journal lost" : ""}`, () =>
      Lab.run({}, (lab) =>
        Effect.gen(function*() {
          const target = yield* changedSite(lab)
          const journal: Lab.Entries = new Map()
          const lived = yield* Lab.killed(
            lab,
            ({ method, url }) => method === "PATCH" && url.includes("/agents/"),
            "acted",
            Operations.sync([target]),
            journal
          )
          expect(lived).toBe(true)
          const [agent = ""] = lab.agents
          expect(lab.world.attached(agent)).not.toContain(lab.state(target).documents["a.txt"]?.documentId)
          const own = lost ? {} : { journal }
          const report = Lab.only(yield* lab.process(Operations.sync([target]), own))
          expect(Lab.words(report)).toEqual(["Adopt a.txt", "Keep b.txt"])
          expect(lab.check(target, changed)).toEqual([])
          expect(lab.violations).toEqual([])
        })))
  }

  it.effect("puts back what somebody else saved between the read and the save of an agent", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* changedSite(lab)
        const [agent = ""] = lab.agents
        const foreign = yield* lab.world.addForeignDocument({ name: "Opening hours" })
        const wire = Lab.rules({
          method: "PATCH",
          path: /\/agents\//,
          reply: (answer) => Effect.zipRight(addForeign(lab, agent, foreign), answer)
        })
        const report = Lab.only(yield* lab.process(Operations.sync([target]), { wire }))
        expect(Lab.words(report)).toEqual(["Update a.txt", "Keep b.txt"])
        expect(lab.world.attached(agent)[0]).toBe(foreign)
        expect(lab.check(target, changed)).toEqual([])
        // Nothing guards a save, so for a moment theirs is away; ours never is.
        expect(lab.violations.filter((violation) => !violation.endsWith(`has lost document ${foreign}`))).toEqual([])
      })))

  it.effect("puts back one by one what the service does not take at once", () =>
    Lab.run({ attachLimit: 2 }, (lab) =>
      Effect.gen(function*() {
        const target = yield* changedSite(lab)
        const [agent = ""] = lab.agents
        const foreign = yield* Effect.forEach(["1", "2", "3"], (name) => lab.world.addForeignDocument({ name }))
        const wire = Lab.rules({
          method: "PATCH",
          path: /\/agents\//,
          reply: (answer) => Effect.zipRight(Effect.forEach(foreign, (id) => addForeign(lab, agent, id)), answer)
        })
        const report = Lab.only(yield* lab.process(Operations.sync([target]), { wire }))
        expect(Lab.words(report)).toEqual(["Update a.txt", "Keep b.txt"])
        expect(lab.world.attached(agent)).toEqual(expect.arrayContaining(foreign))
        expect(lab.check(target, changed)).toEqual([])
      })))

  it.effect("puts it back even if it was killed before it knew", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const target = yield* changedSite(lab)
        const [agent = ""] = lab.agents
        const foreign = yield* lab.world.addForeignDocument({ name: "Opening hours" })
        const journal: Lab.Entries = new Map()
        const wire = Lab.rules({
          method: "PATCH",
          path: /\/agents\//,
          reply: (answer) => Effect.zipRight(addForeign(lab, agent, foreign), answer)
        })
        yield* Lab.killed(
          lab,
          ({ method, url }) => method === "PATCH" && url.includes("/agents/"),
          "acted",
          Operations.sync([target]),
          journal,
          wire
        )
        expect(lab.world.attached(agent)).not.toContain(foreign)
        yield* lab.process(Operations.sync([target]), { journal })
        expect(lab.world.attached(agent)[0]).toBe(foreign)
        expect(lab.check(target, changed)).toEqual([])
        // Nothing guards a save, so for a moment theirs is away; ours never is.
        expect(lab.violations.filter((violation) => !violation.endsWith(`has lost document ${foreign}`))).toEqual([])
      })))
})

/** Somebody puts a document of theirs before all others. */
const addForeign = (lab: Lab.Lab, agent: string, id: string) =>
  Lab.editDocuments(lab, agent, (list) => [{ type: "text", name: "Opening hours", id, usage_mode: "prompt" }, ...list])
