/* oxlint-disable no-control-regex */
import { describe, expect, it } from "@effect/vitest"
import * as Screen from "../../src/cli/Screen.ts"

interface Fake extends Screen.Stream {
  readonly text: () => string
  readonly fail: () => void
}

const stream = (fields: Partial<Screen.Stream> = {}): Fake => {
  let text = ""
  const listeners: Array<(error: NodeJS.ErrnoException) => void> = []
  return {
    ...fields,
    text: () => text,
    fail: () => listeners.forEach((listener) => listener(Object.assign(new Error("EPIPE"), { code: "EPIPE" }))),
    write: (more, done) => {
      text += more
      done?.()
      return true
    },
    on: (_event, listener) => listeners.push(listener)
  }
}

const terminal = () => stream({ isTTY: true, columns: 20, rows: 10 })

/** What a terminal shows after the bytes: enough of it for lines, erasing, cursor movement and wrapping. */
const shown = (bytes: string, columns: number): ReadonlyArray<string> => {
  const rows: Array<string> = [""]
  let row = 0
  let column = 0
  for (const token of bytes.matchAll(/\u001b\[(\d*)([A-Za-z])|\u001b\[\?25[lh]|[\s\S]/g)) {
    const [all, amount = "", action] = token
    if (action === "A") row = Math.max(0, row - Number(amount || "1"))
    else if (action === "J") {
      rows.length = row + 1
      rows[row] = (rows[row] ?? "").slice(0, column)
    } else if (all === "\n") {
      row++
      column = 0
      rows[row] ??= ""
    } else if (all === "\r") column = 0
    else if (all.length === 1) {
      if (column === columns) {
        row++
        column = 0
      }
      const line = (rows[row] ?? "").padEnd(column)
      rows[row] = line.slice(0, column) + all + line.slice(column + 1)
      column++
    }
  }
  return rows
}

describe("Screen", () => {
  it("keeps what is printed above the live region", () => {
    const err = terminal()
    const screen = Screen.make({ out: stream(), err, environment: {} })
    screen.draw(["one 10%", "two 20%"])
    screen.err("a record")
    screen.draw(["one 30%", "two 40%"])
    screen.err("another")
    expect(shown(err.text(), 20)).toEqual(["a record", "another", "one 30%", "two 40%", ""])
    screen.draw([])
    expect(shown(err.text(), 20)).toEqual(["a record", "another", ""])
  })

  it("counts the rows of a line that the terminal wrapped", () => {
    const err = terminal()
    const screen = Screen.make({ out: stream(), err, environment: {} })
    screen.err("before")
    screen.draw(["0123456789012345678901234567890123456789012"])
    screen.draw(["short"])
    expect(shown(err.text(), 20)).toEqual(["before", "short", ""])
  })

  it("a result does not land inside the live region", () => {
    const both = terminal()
    const screen = Screen.make({ out: both, err: both, environment: {} })
    screen.draw(["bar"])
    screen.out("result\n")
    screen.draw(["bar 2"])
    expect(shown(both.text(), 20)).toEqual(["result", "bar 2", ""])
  })

  it("hides the cursor once and shows it once", () => {
    const err = terminal()
    const screen = Screen.make({ out: stream(), err, environment: {} })
    screen.draw(["a"])
    screen.draw(["b"])
    screen.draw([])
    screen.draw([])
    expect(err.text().match(/\u001b\[\?25[lh]/g)).toEqual(["\u001b[?25l", "\u001b[?25h"])
  })

  it.each([
    ["not a terminal", {}, {}, undefined],
    ["NO_COLOR", { isTTY: true }, { NO_COLOR: "1" }, undefined],
    ["--no-color", { isTTY: true }, {}, true],
    ["a dumb terminal", { isTTY: true }, { TERM: "dumb" }, undefined]
  ])("writes no escape sequence: %s", (_name, fields, environment, noColor) => {
    const [out, err] = [stream(fields), stream(fields)]
    const screen = Screen.make({ out, err, environment, noColor })
    screen.draw(["bar"])
    screen.out("\u001b[31mred\u001b[39m\n")
    screen.err("\u001b[1;33mbold\u001b[0m \u001b]0;title\u0007text")
    expect([out.text(), err.text()]).toEqual(["red\n", "bold text\n"])
    expect(screen.live).toBe(false)
  })

  it("an empty NO_COLOR counts as absent", () => {
    const screen = Screen.make({ out: terminal(), err: terminal(), environment: { NO_COLOR: "" } })
    expect([screen.color, screen.live]).toEqual([{ out: true, err: true }, true])
  })

  it("a server's control characters do not reach the terminal", () => {
    const err = terminal()
    Screen.make({ out: stream(), err, environment: {} }).err("a\u0007b\u0008c\rd\u007f")
    expect(err.text()).toBe("abcd\n")
  })

  it("prints no secret, in whichever way it gets there", () => {
    const [out, err] = [stream(), terminal()]
    const screen = Screen.make({ out, err, environment: {} })
    screen.conceal("s3cret-token")
    screen.out("token s3cret-token\n")
    screen.err("token s3cret-token")
    screen.draw(["token s3cret-token"])
    expect(out.text() + err.text()).not.toContain("s3cret")
    expect(out.text()).toBe("token <redacted>\n")
  })

  it("writes nothing more once nobody reads", () => {
    const out = stream()
    const screen = Screen.make({ out, err: stream(), environment: {} })
    screen.out("one\n")
    out.fail()
    screen.out("two\n")
    expect([screen.closed(), out.text()]).toEqual([true, "one\n"])
  })
})
