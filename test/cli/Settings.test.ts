import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as CommandLine from "../../src/cli/CommandLine.ts"
import { root } from "../../src/cli/commands/verbs.ts"
import * as Settings from "../../src/cli/Settings.ts"
import { folder } from "./Command.ts"

const globals = (line = "") => CommandLine.read(root, ["proxmox", "list", ...line.split(" ").filter(Boolean)]).globals

interface Given {
  readonly files?: Readonly<Record<string, string>>
  readonly environment?: Settings.Environment
  readonly line?: string
  readonly below?: string
}

const load = ({ below = "", environment = {}, files = {}, line = "" }: Given) =>
  Effect.gen(function*() {
    const directory = yield* folder
    mkdirSync(join(directory, below), { recursive: true })
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
    const settings = yield* Settings.load({ globals: globals(line), environment, directory: join(directory, below) })
    return { directory, settings }
  }).pipe(Effect.scoped)

const refusal = (given: Given) => Effect.map(Effect.flip(load(given)), (fault) => fault.message)

const endpoint = (from: string) => `https://${from}:8006`

const pick = (given: Given) => Effect.map(load(given), ({ settings }) => settings.variables.get("PROXMOX_VE_ENDPOINT"))

describe("Settings", () => {
  it.effect("HOLDFAST_ variables, then the file, then PROXMOX_VE_ variables", () =>
    Effect.gen(function*() {
      const files = { "holdfast.config.yaml": `proxmox:\n  endpoint: ${endpoint("file")}\n` }
      const foreign = { PROXMOX_VE_ENDPOINT: endpoint("foreign") }
      const own = { HOLDFAST_PROXMOX_ENDPOINT: endpoint("own") }
      expect(yield* pick({ files, environment: { ...foreign, ...own } })).toBe(endpoint("own"))
      expect(yield* pick({ files, environment: foreign })).toBe(endpoint("file"))
      expect(yield* pick({ environment: foreign })).toBe(endpoint("foreign"))
      expect(yield* pick({ environment: { PROXMOX_VE_ENDPOINT: " " } })).toBeUndefined()
    }))

  it.effect("the nearest file upward, JSON or YAML, is the one", () =>
    Effect.gen(function*() {
      const files = { "holdfast.config.json": JSON.stringify({ logLevel: "warn" }) }
      const { directory, settings } = yield* load({ files, below: "a/b/c" })
      expect([settings.level, settings.file]).toEqual(["warn", join(directory, "holdfast.config.json")])
    }))

  it.effect("--config names another", () =>
    Effect.gen(function*() {
      const files = { "holdfast.config.yaml": "logLevel: warn\n", "other.yaml": "logLevel: error\n" }
      const { settings } = yield* load({ files, line: "--config other.yaml" })
      expect(settings.level).toBe("error")
      expect(yield* refusal({ files, line: "--config missing.yaml" })).toContain("missing.yaml: there is no such")
    }))

  it.effect("paths in the file are meant from where it lies", () =>
    Effect.gen(function*() {
      const files = { "holdfast.config.yaml": "proxmox: { fleet: fleets/a.yaml, ca: ca.pem }\n" }
      const { directory, settings } = yield* load({ files, below: "deep" })
      expect(settings.get("proxmox.fleet")).toBe(join(directory, "fleets/a.yaml"))
      expect(settings.variables.get("HOLDFAST_PROXMOX_CA")).toBe(join(directory, "ca.pem"))
    }))

  it.effect("of several clients every secret is known, to be kept from all output", () =>
    Effect.gen(function*() {
      const { settings } = yield* load({
        environment: { GENESYSCLOUD_OAUTHCLIENT_SECRET: "first-secret, second-secret" },
        files: { "holdfast.config.yaml": "genesys: { clientId: \"one,two\", logLevel: debug }\n" }
      })
      expect(settings.secrets).toEqual(["first-secret", "second-secret"])
      expect(settings.variables.get("GENESYSCLOUD_OAUTHCLIENT_ID")).toBe("one,two")
      expect(settings.systems).toEqual({ genesys: "debug" })
    }))

  it.effect("the examples are right", () =>
    Effect.gen(function*() {
      const genesys = fileURLToPath(new URL("../../examples/genesys", import.meta.url))
      const other = yield* Settings.load({ globals: globals(), environment: {}, directory: genesys })
      expect(other.get("genesys.region")).toBe("eu-west-1")
      const elevenlabs = fileURLToPath(new URL("../../examples/elevenlabs", import.meta.url))
      const third = yield* Settings.load({ globals: globals(), environment: {}, directory: elevenlabs })
      expect([third.get("elevenlabs.residency"), third.get("elevenlabs.sites")]).toEqual([
        "eu",
        join(elevenlabs, "sites.yaml")
      ])
      const directory = fileURLToPath(new URL("../../examples/proxmox", import.meta.url))
      const settings = yield* Settings.load({ globals: globals(), environment: {}, directory })
      expect(settings.get("proxmox.fleet")).toBe(join(directory, "fleet.yaml"))
      expect(settings.get("proxmox.timeout")).toBe("20m")
    }))

  it.effect("an unknown key is refused by name, with the one that was meant", () =>
    Effect.gen(function*() {
      const message = yield* refusal({ files: { "holdfast.config.yaml": "proxmox:\n  endpiont: x\n" } })
      expect(message).toContain("holdfast.config.yaml: unknown key proxmox.endpiont")
      expect(message).toContain("Did you mean proxmox.endpoint?")
    }))

  it.effect("values that cannot be right are refused where they stand, and no secret is repeated", () =>
    Effect.gen(function*() {
      const file = (content: string) => refusal({ files: { "holdfast.config.yaml": content } })
      expect(yield* file("logLevel: loud\n")).toContain("logLevel must be error, warn, info, debug")
      expect(yield* file("proxmox: { parallel: 0 }\n")).toContain("proxmox.parallel must be a whole number above 0")
      expect(yield* file("proxmox: { timeout: soon }\n")).toContain("proxmox.timeout must be a duration")
      expect(yield* file("proxmox: { apiToken: [s3cret-value] }\n")).not.toContain("s3cret")
      expect(yield* file("- a\n")).toContain("must be a mapping")
      expect(yield* file("a: [\n")).toContain("cannot be read")
      expect(yield* refusal({ environment: { HOLDFAST_LOG_LEVEL: "loud" } })).toContain("HOLDFAST_LOG_LEVEL: must be")
      expect(yield* refusal({ environment: { PROXMOX_VE_INSECURE: "perhaps" } })).toContain("PROXMOX_VE_INSECURE: must")
    }))

  it.effect("two files side by side are refused", () =>
    Effect.gen(function*() {
      const files = { "holdfast.config.yaml": "", "holdfast.config.json": "{}" }
      expect(yield* refusal({ files })).toContain("two configuration files")
    }))

  it.effect("an empty file configures nothing", () =>
    Effect.gen(function*() {
      const { settings } = yield* load({ files: { "holdfast.config.yaml": "# nothing yet\n" } })
      expect([settings.level, settings.variables.size]).toEqual(["info", 0])
    }))

  it.effect("levels: --debug, --log-level and --quiet before the variables, a system's own beside them", () =>
    Effect.gen(function*() {
      const environment = { HOLDFAST_LOG_LEVEL: "warn", PROXMOX_LOG_LEVEL: "debug" }
      const levels = (line: string) =>
        Effect.map(load({ environment, line }), ({ settings }) => [settings.level, settings.systems["proxmox"]])
      expect(yield* levels("")).toEqual(["warn", "debug"])
      expect(yield* levels("--debug")).toEqual(["debug", undefined])
      expect(yield* levels("--log-level error")).toEqual(["error", undefined])
      expect(yield* levels("--quiet")).toEqual(["error", undefined])
      expect(yield* levels("--quiet --debug")).toEqual(["debug", undefined])
    }))

  it.effect("knows the secrets, and the part of a token that is one", () =>
    Effect.gen(function*() {
      const environment = { PROXMOX_VE_API_TOKEN: "root@pam!ci=1234-5678", PROXMOX_VE_PASSWORD: "hunter22" }
      const { settings } = yield* load({ environment })
      expect(settings.secrets.toSorted()).toEqual(["1234-5678", "hunter22", "root@pam!ci=1234-5678"])
    }))

  it.effect("the password of a URL is a secret, encoded or not, and what else stands in it is none", () =>
    Effect.gen(function*() {
      const url = "postgres://holdfast:hunter%2122@db.example/runs?sslmode=require"
      const { settings } = yield* load({ environment: { HOLDFAST_DATABASE_URL: url } })
      expect(settings.secrets).toEqual([url, "hunter%2122", "hunter!22"])
    }))
})

describe("Settings.durationMillis", () => {
  it.each([
    ["90s", 90_000],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
    ["30 minutes", 1_800_000],
    ["1 day", 86_400_000],
    ["250ms", 250],
    ["250 millis", 250],
    ["0s", undefined],
    ["-1s", undefined],
    ["90", undefined],
    ["s", undefined],
    ["", undefined]
  ])("%s", (text, expected) => {
    expect(Settings.durationMillis(text)).toBe(expected)
  })
})
