import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as CommandLine from "../../src/cli/CommandLine.ts"
import { root } from "../../src/cli/commands/verbs.ts"
import { paint } from "../../src/cli/Paint.ts"
import * as ProgressBars from "../../src/cli/ProgressBars.ts"
import type { Screen } from "../../src/cli/Screen.ts"
import { type Service, Session } from "../../src/cli/Session.ts"
import type { Level } from "../../src/observe/Logging.ts"
import * as Progress from "../../src/observe/Progress.ts"

const look = { columns: 100, rows: 24, unicode: false, colors: paint(false) }

const rowsOf = (...updates: ReadonlyArray<Progress.Update>) =>
  updates.map((update) => ProgressBars.advance(undefined, update, 0))

const running = (item: string, more: Partial<Progress.Update> = {}): Progress.Update => ({
  item,
  state: "running",
  phase: "cloning",
  ...more
})

interface Recorder {
  readonly printed: Array<string>
  readonly drawn: Array<ReadonlyArray<string>>
}

const recorded = <A, E>(
  effect: Effect.Effect<A, E>,
  options: { readonly live: boolean; readonly line?: string; readonly level?: Level }
): Effect.Effect<Recorder, E> =>
  Effect.suspend(() => {
    const recorder: Recorder = { printed: [], drawn: [] }
    const screen: Screen = {
      color: { out: false, err: false },
      live: options.live,
      unicode: false,
      size: () => ({ columns: 100, rows: 24 }),
      out: () => {},
      err: (line) => recorder.printed.push(line),
      draw: (lines) => recorder.drawn.push(lines),
      conceal: () => {},
      closed: () => false,
      flush: () => Promise.resolve(),
      restore: () => {}
    }
    const { globals } = CommandLine.read(root, ["demo", ...(options.line === undefined ? [] : [options.line])])
    const session: Service = {
      globals,
      screen,
      settings: {
        file: undefined,
        environment: {},
        level: options.level ?? "warn",
        systems: {},
        get: () => undefined,
        variables: new Map(),
        secrets: []
      },
      ending: { code: 0, begun: true },
      resume: { hint: undefined, document: undefined }
    }
    return effect.pipe(
      Effect.provide(ProgressBars.layer),
      Effect.provideService(Session, session),
      Effect.as(recorder)
    )
  })

describe("ProgressBars.lines", () => {
  it("one line an item, and a summary", () => {
    const rows = rowsOf(
      running("web-1", { fraction: 0.5, detail: "UPID:pve1" }),
      { item: "web-22", state: "failed", phase: "configuring", detail: "VM is locked" },
      { item: "web-3", state: "done", phase: "done" }
    )
    expect(ProgressBars.lines(rows, 0, 65_000, look)).toEqual([
      "- web-1   cloning          ##########----------  50%    1:05 UPID:pve1",
      "x web-22  configuring                                   0:00 VM is locked",
      "+ web-3   done                                          0:00",
      "1 of 3 done, 1 failed, 1:05"
    ])
  })

  it("never wider than the terminal, whatever the texts are", () => {
    const long = "x".repeat(300)
    for (const columns of [20, 60, 80, 200]) {
      const rows = rowsOf(running(long, { phase: long, detail: `${long}\n${long}`, fraction: 7 }), running("b"))
      for (const line of ProgressBars.lines(rows, 0, 1, { ...look, columns })) {
        expect(line.length).toBeLessThan(columns)
        expect(line).not.toContain("\n")
      }
    }
  })

  it("with more items than rows shows failures and running ones, and says how many are missing", () => {
    const rows = rowsOf(
      ...Array.from(
        { length: 50 },
        (_, index): Progress.Update => ({ item: `w${index}`, state: "waiting", phase: "" })
      ),
      { item: "bad", state: "failed", phase: "cloning" },
      running("busy")
    )
    const lines = ProgressBars.lines(rows, 0, 0, { ...look, rows: 6 })
    expect(lines.length).toBe(5)
    expect(lines[0]).toContain("bad")
    expect(lines[1]).toContain("busy")
    expect(lines[4]).toContain("48 more not shown")
  })

  it("time stops when an item has ended", () => {
    const begun = ProgressBars.advance(undefined, running("a"), 1000)
    const ended = ProgressBars.advance(begun, { item: "a", state: "done", phase: "done" }, 61_000)
    expect([ended.since, ended.until]).toEqual([1000, 61_000])
    expect(ProgressBars.lines([ended], 0, 999_000, look)[0]).toContain("1:00")
  })
})

describe("ProgressBars.layer", () => {
  it.effect("draws on a terminal while it lives, and leaves the last picture above", () =>
    Effect.gen(function*() {
      const { drawn, printed } = yield* recorded(
        Effect.gen(function*() {
          yield* Progress.report(running("web-1"))
          yield* TestClock.adjust("1 second")
          yield* Progress.report({ item: "web-1", state: "done", phase: "done" })
        }),
        { live: true }
      )
      expect(drawn.length).toBeGreaterThan(5)
      expect(drawn.at(-1)).toEqual([])
      expect(printed.map((line) => line.split(/ +/).slice(0, 3).join(" "))).toEqual(["+ web-1 done", "1 of 1"])
    }))

  it.effect("elsewhere prints a line a step, not a line an update", () =>
    Effect.gen(function*() {
      const updates: ReadonlyArray<Progress.Update> = [
        { item: "a", state: "waiting", phase: "waiting" },
        running("a", { fraction: 0 }),
        running("a", { fraction: 0.1 }),
        running("a", { fraction: 0.26 }),
        running("a", { fraction: 0.5 }),
        running("a", { phase: "starting", detail: "UPID:x\nsecond line" }),
        { item: "a", state: "failed", phase: "starting" },
        { item: "b", state: "done", phase: "done" }
      ]
      const { drawn, printed } = yield* recorded(Effect.forEach(updates, Progress.report), { live: false })
      expect(drawn).toEqual([])
      expect(printed).toEqual([
        "a: cloning 0%",
        "a: cloning 26%",
        "a: starting (UPID:x second line)",
        "a: failed starting",
        "b: done"
      ])
    }))

  it.effect("stays silent where the log tells every step, and never for bars", () =>
    Effect.gen(function*() {
      const work = Progress.report(running("a"))
      expect((yield* recorded(work, { live: false, level: "info" })).printed).toEqual([])
      expect((yield* recorded(work, { live: true, level: "info" })).printed.length).toBe(2)
    }))

  it.effect("--quiet shows nothing", () =>
    Effect.gen(function*() {
      const work = Effect.zipRight(Progress.report(running("a")), TestClock.adjust("1 second"))
      for (const live of [true, false]) {
        expect(yield* recorded(work, { live, line: "--quiet" })).toEqual({ printed: [], drawn: [] })
      }
    }))
})
