#!/usr/bin/env node
/**
 * The command. What can be answered from the command line alone is answered here, before anything heavy is loaded.
 *
 * @since 0.1.0
 */
import * as CommandLine from "./CommandLine.ts"
import { root } from "./commands/verbs.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Help from "./Help.ts"
import { paint } from "./Paint.ts"
import * as Screen from "./Screen.ts"
import { version } from "./Version.ts"

const asked = CommandLine.read(root, process.argv.slice(2))

const screen = Screen.make({
  out: process.stdout,
  err: process.stderr,
  environment: process.env,
  noColor: asked.globals.noColor
})

const place = ["holdfast", ...asked.path].join(" ")

switch (asked._tag) {
  case "Version":
    screen.out(`${version()}\n`)
    break
  case "Help":
    screen.out(Help.render({ node: asked.node, path: asked.path, bold: paint(screen.color.out).bold }))
    break
  case "Wrong": {
    const hint = asked.suggestion === undefined ? "" : `; did you mean ${asked.suggestion}?`
    screen.err(`${paint(screen.color.err).red("error:")} ${asked.problem}${hint}`)
    screen.err(`  ${place} --help tells what it takes`)
    if (asked.globals.json) {
      const { problem: message, suggestion } = asked
      screen.out(`${JSON.stringify({ error: { kind: "usage", message, suggestion } }, undefined, 2)}\n`)
    }
    process.exitCode = ExitCode.usage
    break
  }
  default: {
    const { start } = await import("./Program.ts")
    start({ asked, screen, version: version() })
  }
}
