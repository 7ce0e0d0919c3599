import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as InGit from "../../src/cli/commands/elevenlabs/InGit.ts"
import * as ExitCode from "../../src/cli/ExitCode.ts"
import { paint } from "../../src/cli/Paint.ts"
import * as Fault from "../../src/kernel/Fault.ts"

const pulled = { outcome: "replayed", commit: "c0ffee", ahead: 1, merged: ["a.json"], recovered: [] } as const

const pushed = {
  commit: "c0ffee",
  committed: true,
  pushed: 2,
  tries: 3,
  merged: ["a.json"],
  blocked: [],
  recovered: []
}

const refused = Fault.make({
  kind: "denied",
  system: "git",
  operation: "Git.push",
  subject: "main on origin",
  code: "protected-branch",
  detail: "the push was refused: protected branch hook declined",
  remote: "the commits are kept in this clone and go with the next run"
})

const lines = (outcome: InGit.Outcome | undefined) => InGit.lines(outcome, paint(false))

describe("InGit", () => {
  it("tells what was pushed, what was merged, and what keeps the work tree where it is", () => {
    expect(lines(undefined)).toEqual([])
    expect(lines({ pulled, pushed: Either.right({ ...pushed, blocked: ["out/a.txt", "sites.yaml"] }) })).toEqual([
      "git: 2 commits pushed, after 3 tries",
      "  ~ a.json: merged with what others recorded",
      "  warning: the work tree stays where it was: you changed out/a.txt, sites.yaml, and so did others. Everything is "
      + "pushed; commit your changes or take them back before the next run"
    ])
  })

  it("what is done and not pushed is done in part; a worse code stays", () => {
    const outcome: InGit.Outcome = { pulled, pushed: Either.left(refused) }
    expect(lines(outcome)).toEqual([
      "git: not pushed",
      "error: main on origin: the push was refused: protected branch hook declined",
      "  state: the commits are kept in this clone and go with the next run"
    ])
    const codes = [ExitCode.done, ExitCode.failed, ExitCode.refused]
    expect(codes.map((code) => InGit.codeOf(code, outcome))).toEqual([2, 1, 3])
    expect(codes.map((code) => InGit.codeOf(code, { pulled, pushed: Either.right(pushed) }))).toEqual(codes)
    expect(InGit.json(outcome)).toMatchObject({ git: { pulled, error: { code: "protected-branch" } } })
  })
})
