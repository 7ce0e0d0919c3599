import { describe, expect, it } from "@effect/vitest"
import * as CommandLine from "../../src/cli/CommandLine.ts"
import { root } from "../../src/cli/commands/verbs.ts"
import { globals, type Node, paths, type Verb } from "../../src/cli/Verb.ts"

const read = (line: string) => CommandLine.read(root, line.split(" ").filter((word) => word !== ""))

const wrong = (line: string) => {
  const asked = read(line)
  return asked._tag === "Wrong" ? [asked.problem, asked.suggestion] : asked._tag
}

const words = (line: string) => {
  const asked = read(line)
  return asked._tag === "Run" ? [asked.path.join(" "), ...asked.words] : asked._tag
}

const verbs = paths(root).map(([, node]) => node).filter((node: Node): node is Verb => node._tag === "Verb")

describe("CommandLine", () => {
  it("puts options before arguments, wherever they stand", () => {
    const ordered = ["proxmox apply", "--parallel", "3", "--json", "--", "x.yaml"]
    expect(words("proxmox apply --parallel 3 --json x.yaml")).toEqual(ordered)
    expect(words("proxmox apply x.yaml --parallel=3 --json")).toEqual(ordered)
    expect(words("proxmox --parallel 3 --json apply x.yaml")).toEqual(ordered)
    expect(words("--parallel 3 --json proxmox apply x.yaml")).toEqual(ordered)
  })

  it("takes for the value of an option that may stand alone only what begins with a digit", () => {
    expect(words("proxmox apply --wait 90s x.yaml")).toEqual(["proxmox apply", "--wait", "90s", "--", "x.yaml"])
    expect(words("proxmox apply --wait=2h x.yaml")).toEqual(["proxmox apply", "--wait", "2h", "--", "x.yaml"])
    expect(words("proxmox apply --wait x.yaml")).toEqual(["proxmox apply", "--wait", "24h", "--", "x.yaml"])
    expect(words("proxmox apply x.yaml --wait")).toEqual(["proxmox apply", "--wait", "24h", "--", "x.yaml"])
    expect(words("proxmox apply --wait --json")).toEqual(["proxmox apply", "--wait", "24h", "--json"])
  })

  it("does not take a file called like a verb for a verb, nor a value for either", () => {
    expect(words("proxmox apply apply")).toEqual(["proxmox apply", "--", "apply"])
    expect(words("proxmox apply --only plan,list destroy")).toEqual([
      "proxmox apply",
      "--only",
      "plan,list",
      "--",
      "destroy"
    ])
    expect(words("proxmox apply -- --json")).toEqual(["proxmox apply", "--", "--json"])
    expect(words("proxmox apply true --quiet")).toEqual(["proxmox apply", "--quiet", "--", "true"])
  })

  it("knows a group by its other words, and calls it by its name", () => {
    expect(words("kb sync sites.yaml")).toEqual(["elevenlabs sync", "--", "sites.yaml"])
    expect(wrong("kbb sync")).toEqual(["holdfast has no command \"kbb\"", "kb"])
    expect(wrong("kb snyc")).toEqual(["holdfast elevenlabs has no command \"snyc\"", "sync"])
  })

  it("knows toggles by either name, options by any of their names, and lists by each of their values", () => {
    expect(words("genesys export --no-export-computed --export-deprecated")).toEqual([
      "genesys export",
      "--export-computed",
      "false",
      "--export-deprecated",
      "true"
    ])
    expect(words("genesys export --export-computed=false --no-ignore-cyclic-deps=false")).toEqual([
      "genesys export",
      "--export-computed",
      "false",
      "--ignore-cyclic-deps",
      "true"
    ])
    expect(wrong("genesys export --export-computed=maybe")).toEqual([
      "--export-computed takes only true or false, and \"maybe\" was given",
      undefined
    ])
    expect(wrong("genesys export --export-computed --no-export-computed")).toEqual([
      "--no-export-computed was given twice",
      undefined
    ])
    expect(wrong("genesys export --no-compress")[0]).toBe("holdfast genesys export has no option --no-compress")
    for (const name of ["max-concurrent", "max-concurrent-threads", "max-concurrent-operations"]) {
      expect(words(`genesys export --${name} 5`)).toEqual(["genesys export", "--max-concurrent", "5"])
    }
    expect(wrong("genesys export --max-concurrent 5 --max-concurrent-threads 6")).toEqual([
      "--max-concurrent-threads was given twice",
      undefined
    ])
    expect(words("genesys export --resource-types user --resource-types=flow")).toEqual([
      "genesys export",
      "--resource-types",
      "user",
      "--resource-types",
      "flow"
    ])
    expect(wrong("genesys export --max-concurrent-thread 5")[1]).toBe("--max-concurrent-threads")
  })

  it("reads short forms, negations and the options of every command", () => {
    expect(words("proxmox destroy -y f.yaml")).toEqual(["proxmox destroy", "--yes", "--", "f.yaml"])
    expect(words("proxmox destroy --yes=false f.yaml")).toEqual(["proxmox destroy", "--", "f.yaml"])
    expect(read("-q proxmox list --log-level=debug --config a.json --no-color").globals).toEqual({
      json: false,
      quiet: true,
      noColor: true,
      debug: false,
      logLevel: "debug",
      config: "a.json"
    })
  })

  it.each([
    ["proxmx list", "holdfast has no command \"proxmx\"", "proxmox"],
    ["proxmox aplly f.yaml", "holdfast proxmox has no command \"aplly\"", "apply"],
    ["proxmox lsit", "holdfast proxmox has no command \"lsit\"", "list"],
    ["proxmox task wiat UPID:x", "holdfast proxmox task has no command \"wiat\"", "wait"],
    ["proxmox apply --paralel 3", "holdfast proxmox apply has no option --paralel", "--parallel"],
    ["proxmox apply --jsno", "holdfast proxmox apply has no option --jsno", "--json"],
    ["proxmox list --parallel 3", "holdfast proxmox list has no option --parallel", undefined],
    ["proxmox apply --zzzzzz", "holdfast proxmox apply has no option --zzzzzz", undefined],
    ["proxmox apply --parallel", "--parallel wants a value (N)", undefined],
    ["proxmox apply --only=", "--only wants a value (NAME,NAME)", undefined],
    ["proxmox apply --on-interrupt stop", "--on-interrupt must be abort, detach, and \"stop\" was given", undefined],
    ["proxmox apply --on-interrupt detahc", "--on-interrupt must be abort, detach, and \"detahc\" was given", "detach"],
    ["proxmox apply --json=maybe", "--json takes no value, and \"maybe\" was given", undefined],
    ["proxmox apply --parallel 1 --parallel 2", "--parallel was given twice", undefined],
    ["proxmox apply a.yaml b.yaml", "holdfast proxmox apply does not take \"b.yaml\"", undefined],
    ["proxmox list a.yaml", "holdfast proxmox list does not take \"a.yaml\"", undefined],
    ["proxmox task wait", "holdfast proxmox task wait wants UPID", undefined],
    ["proxmox task", "holdfast proxmox task wants one of wait, log, abort", undefined]
  ])("%s", (line, problem, suggestion) => {
    expect(wrong(line)).toEqual([problem, suggestion])
  })

  it("help and version win over everything but an unknown verb", () => {
    expect(wrong("proxmox apply --zzzzzz --help")).toBe("Help")
    expect(wrong("--version")).toBe("Version")
    expect(wrong("")).toBe("Help")
    expect(wrong("proxmox aplly --help")).toEqual(["holdfast proxmox has no command \"aplly\"", "apply"])
    expect(read("proxmox -h").path).toEqual(["proxmox"])
    expect(read("help proxmox task")).toMatchObject({ _tag: "Help", path: ["proxmox", "task"] })
    expect(wrong("help")).toBe("Help")
  })

  it("no verb has an option twice, or one that every verb has", () => {
    for (const verb of verbs) {
      const flags = [...Object.values(verb.flags), ...Object.values(globals)]
      const names = flags.flatMap((flag) => [flag.name, ...("alias" in flag ? [flag.alias] : [])])
      expect(names.toSorted()).toEqual([...new Set(names)].toSorted())
    }
  })

  it("only the last argument of a verb may be left out", () => {
    for (const verb of verbs) {
      const required = Object.values(verb.args).map((arg) => arg.required)
      expect(required).toEqual(required.toSorted((left, right) => Number(right) - Number(left)))
    }
  })

  it("every verb that changes something has --dry-run, and every one that asks has --yes", () => {
    const flags = Object.fromEntries(verbs.map((verb) => [verb.name, Object.keys(verb.flags)]))
    for (const name of ["apply", "destroy", "abort"]) expect(flags[name]).toContain("dryRun")
    expect(flags["destroy"]).toContain("yes")
  })
})
