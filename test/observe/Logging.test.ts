import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Logging from "../../src/observe/Logging.ts"

const logged = (effect: Effect.Effect<void>, options: Partial<Logging.Options> = {}) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const layer = Logging.layer({ level: "info", write: (line) => lines.push(line), ...options })
    return Effect.as(Effect.provide(effect, layer), lines)
  })

const everyLevel = Effect.all([
  Effect.logDebug("one"),
  Effect.logInfo("two"),
  Effect.logWarning("three"),
  Effect.logError("four")
], { discard: true })

const words = (lines: ReadonlyArray<string>) => lines.map((line) => line.split(/ +/)[2])

describe("Logging", () => {
  it.effect("writes one line a record: time, level, message, key=value", () =>
    Effect.gen(function*() {
      const lines = yield* logged(
        Effect.logInfo("clone started\nin two lines").pipe(
          Effect.annotateLogs({ task: "UPID:pve1:1:", says: "two words", quote: "a\"b" })
        )
      )
      const [line = ""] = lines
      expect(lines.length).toBe(1)
      expect(line.startsWith("1970-01-01T00:00:00.000Z info  clone started in two lines ")).toBe(true)
      const pairs = line.slice(line.indexOf("lines ") + 6)
      expect(pairs).toContain("task=UPID:pve1:1:")
      expect(pairs).toContain("says=\"two words\"")
      expect(pairs).toContain("quote=\"a\\\"b\"")
    }))

  for (
    const [level, expected] of [
      ["error", ["four"]],
      ["warn", ["three", "four"]],
      ["info", ["two", "three", "four"]],
      ["debug", ["one", "two", "three", "four"]]
    ] as const
  ) {
    it.effect(`${level} lets through ${expected.join(", ")}`, () =>
      Effect.gen(function*() {
        expect(words(yield* logged(everyLevel, { level }))).toEqual(expected)
      }))
  }

  it.effect("a system's level decides about its records and no others", () =>
    Effect.gen(function*() {
      const both = Effect.zipRight(everyLevel, Logging.forSystem("proxmox")(everyLevel))
      expect(words(yield* logged(both, { level: "error", systems: { proxmox: "debug" } }))).toEqual([
        "four",
        "one",
        "two",
        "three",
        "four"
      ])
      expect(words(yield* logged(both, { level: "debug", systems: { proxmox: "error" } }))).toEqual([
        "one",
        "two",
        "three",
        "four",
        "four"
      ])
    }))

  it.effect("prints no secret, wherever it stands", () =>
    Effect.gen(function*() {
      const secret = Redacted.make("hunter2-hunter2")
      const lines = yield* logged(
        Effect.logInfo("token", secret, { nested: { secret } }).pipe(Effect.annotateLogs({ token: secret })),
        { verbose: true }
      )
      expect(lines.length).toBe(1)
      expect(lines[0]).toContain("<redacted>")
      expect(lines[0]).not.toContain("hunter2")
    }))

  it.effect("a cause stays on the line, and shows its stack only when verbose", () =>
    Effect.gen(function*() {
      const fault = Fault.make({
        kind: "locked",
        system: "proxmox",
        operation: "Proxmox.clone",
        detail: "VM is locked"
      })
      const record = Effect.logWarning("trying again", Cause.fail(fault))
      const [short = ""] = yield* logged(record)
      const [long = ""] = yield* logged(record, { verbose: true })
      expect(short).toContain("cause=\"VM is locked\"")
      expect(short).not.toContain("at ")
      expect(long).toContain("VM is locked at ")
      expect(long).not.toContain("\n")
    }))
})
