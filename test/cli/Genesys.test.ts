import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { stripAnsi } from "../../src/cli/Screen.ts"
import { run } from "./Command.ts"
import { serve, type Served, tree } from "./Organisation.ts"
import * as Terminal from "./Terminal.ts"

const json = (stdout: string) => JSON.parse(stdout)

/** What belongs to users is not answered in the life of a test: the command waits for them until it is killed. */
const stuck = {
  network: { rules: [{ match: { path: "/userpolicies/[^/]*$" }, after: 3, effect: { type: "latency", millis: 2e9 } }] }
}

const runs = (served: Served) =>
  Effect.map(served.run("run list --json"), ({ stdout }): ReadonlyArray<Record<string, unknown>> => json(stdout).runs)

const files = (served: Served, name: string) => tree(join(served.folder, name))

describe.concurrent("holdfast genesys", { timeout: 300_000 }, () => {
  it.live("export, export again, validate, diff, and what changed since", () =>
    Effect.gen(function*() {
      const served = yield* serve()
      const first = yield* served.run("genesys export --directory a --export-format hcl --include-state-file")
      expect(first.code).toBe(0)
      expect(first.stdout).toMatch(/^type +listed +exported +vanished +failed +skipped +denied$/m)
      expect(first.stdout).toContain("60 of 66 resources exported")
      expect(first.stdout).toContain("skipped (6): resources left out by nature")
      expect(first.stdout).toContain("next: fill in terraform.tfvars")
      expect(first.stderr).toContain("Export completed for genesyscloud_user:")
      expect(Object.keys(files(served, "a"))).toEqual(
        expect.arrayContaining(["genesyscloud.tf", "terraform.tfstate", "terraform.tfvars", "export-report.json"])
      )

      const second = yield* served.run("genesys export --directory b --export-as-hcl --include-state-file --json -q")
      expect(second.stderr).toBe("")
      expect(json(second.stdout)).toMatchObject({
        organisation: served.organisation,
        whole: true,
        directory: join(served.folder, "b")
      })
      expect(files(served, "b")).toEqual(files(served, "a"))
      const same = yield* served.run("genesys diff a b")
      expect([same.code, same.stdout]).toEqual([0, "0 added, 0 removed, 0 changed, 60 the same\n"])

      const again = yield* served.run("genesys export --directory a --export-format hcl --since-last --json")
      expect(again.code).toBe(0)
      expect(json(again.stdout).changes).toEqual({ added: [], changed: [], removed: [] })
      expect(json(again.stdout).calls).toBeLessThan(json(second.stdout).calls)

      const sound = yield* served.run("genesys validate a --json")
      expect([sound.code, json(sound.stdout)]).toMatchObject([0, { sound: true, problems: [], report: true }])
      const list = yield* runs(served)
      expect(list.map(({ command, state, target }) => [command, state, target])).toEqual(
        Array.from({ length: 3 }, () => ["genesys export", "done", `genesys/${served.organisation.id}`])
      )
      expect(served.printed()).not.toContain(served.secret)
    }).pipe(Effect.scoped))

  it.live("what is not whole ends with 2 and is told with its reason; denied types fail it where it is said so", () =>
    Effect.gen(function*() {
      const served = yield* serve({
        faults: { denied: ["group"], notEnabled: ["outbound_campaign"], trouble: { vanishing: 0.2 } }
      })
      const { code, stdout } = yield* served.run("genesys export")
      expect(code).toBe(2)
      expect(stdout).toMatch(/^genesyscloud_group .* yes$/m)
      expect(stdout).toMatch(/^denied \(2\): types left out/m)
      expect(stdout).toMatch(/^ {2}genesyscloud_group: .+\(request [\w-]+\)$/m)
      expect(stdout).toMatch(/^vanished \(\d+\): resources gone between listing and reading$/m)
      expect(stdout).toContain("--since-last tries it again")
      expect(existsSync(join(served.folder, "genesyscloud", "genesyscloud.tf.json"))).toBe(true)
      expect((yield* served.run("genesys validate genesyscloud")).code).toBe(0)
      for (const flag of ["--fail-on-denied", "--no-log-permission-errors", "--log-permission-errors=false"]) {
        const failed = yield* served.run(`genesys export --directory other ${flag}`)
        expect([failed.code, existsSync(join(served.folder, "other"))]).toEqual([1, false])
        expect(failed.stderr).toContain("error: ")
      }
    }).pipe(Effect.scoped))

  it.live("the options take effect under the vendor's names", () =>
    Effect.gen(function*() {
      // Who it is, it asks once.
      const again = { match: { path: "/organizations/me$" }, after: 1, effect: { type: "answer", status: 404 } }
      const served = yield* serve({ faults: { network: { rules: [again] } } })
      const { code, stdout } = yield* served.run(
        "genesys export --include-filter-resources routing_queue --include-filter-resources genesyscloud_routing_skill"
          + " --replace-with-datasource routing_skill --split-files-by-resource --export-format json_hcl --compress"
          + " --exclude-attributes routing_queue.description --max-concurrent-threads 2 --json"
      )
      expect(code).toBe(0)
      const { archive, types } = json(stdout)
      expect(types.map(({ type }: { readonly type: string }) => type)).toEqual([
        "genesyscloud_routing_queue",
        "genesyscloud_routing_skill"
      ])
      expect(archive).toBe(join(served.folder, "genesyscloud.zip"))
      const written = files(served, "genesyscloud")
      expect(written["genesyscloud_routing_skill.tf"]).toContain("data \"genesyscloud_routing_skill\"")
      expect(written["genesyscloud_routing_queue.tf"]).toContain("resource \"genesyscloud_routing_queue\"")
      expect(written["genesyscloud_routing_queue.tf"]).not.toMatch(/^ {2}description/m)
      expect(Object.keys(written)).toContain("json/genesyscloud_routing_queue.tf.json")
    }).pipe(Effect.scoped))

  it.live("killed in the middle and run again: the bytes of an export that was not disturbed", () =>
    Effect.gen(function*() {
      const served = yield* serve({ faults: stuck })
      const killed = yield* served.start("genesys export --directory out")
      yield* killed.says("Export completed for genesyscloud_team")
      const [running] = yield* runs(served)
      killed.child.kill("SIGKILL")
      yield* killed.ends
      expect(running).toMatchObject({ state: "running", command: "genesys export" })
      expect(existsSync(join(served.folder, "out"))).toBe(false)
      expect(yield* runs(served)).toMatchObject([{ id: running?.["id"], state: "interrupted" }])

      const other = yield* serve()
      const resumed = yield* served.run(`run resume ${String(running?.["id"])} --json`, other.env)
      expect(resumed.code).toBe(0)
      expect((yield* other.run("genesys export --directory out")).code).toBe(0)
      expect(files(served, "out")).toEqual(files(other, "out"))
    }).pipe(Effect.scoped))

  it.live("one export of an organisation at a time; Ctrl-C ends it with 130 and says how to go on", () =>
    Effect.gen(function*() {
      const served = yield* serve({ faults: stuck })
      const first = yield* served.start("genesys export --directory a")
      yield* first.says("Export completed for genesyscloud_routing_skill:")
      const second = yield* served.run("genesys export --directory b")
      expect(second.code).toBe(3)
      expect(second.stderr).toContain("Wait for it with --wait")
      const waiting = yield* served.run("genesys export --directory b --wait 1s")
      expect(waiting.stderr).toContain("waiting for run ")
      expect(waiting.code).toBe(3)
      first.child.kill("SIGINT")
      const { code, stderr } = yield* first.ends
      expect(code).toBe(130)
      expect(stderr).toContain("interrupted\n  what was read is kept; to go on, run the same command again")
      const [run] = yield* runs(served)
      expect(stderr).toContain(`or: holdfast run resume ${String(run?.["id"])}`)
      expect(run?.["state"]).toBe("interrupted")
      expect(existsSync(join(served.folder, "a"))).toBe(false)

      const other = yield* serve()
      const resumed = yield* served.run(`run resume ${String(run?.["id"])} --json`, other.env)
      expect([resumed.code, json(resumed.stdout).directory]).toEqual([0, join(served.folder, "a")])
      expect(json(resumed.stdout).reused).toBeGreaterThan(0)
    }).pipe(Effect.scoped))

  it.live("what cannot be right is refused before anything is asked: 3", () =>
    Effect.gen(function*() {
      const served = yield* serve()
      const refused = (line: string, env?: Readonly<Record<string, string>>) =>
        Effect.map(served.run(line, env), ({ code, stderr }) => {
          expect([line, code]).toEqual([line, 3])
          return stderr
        })
      expect(yield* refused("genesys export --resource-types routing_que")).toContain(
        "there is no type \"routing_que\" (did you mean genesyscloud_routing_queue?)"
      )
      expect(yield* refused("genesys export --include-filter-resources user::(")).toContain("no regular expression")
      expect(yield* refused("genesys export --resource-types user --exclude-filter-resources flow")).toContain(
        "exclude each other"
      )
      const nowhere = { HOLDFAST_GENESYS_ORIGIN: "", HOLDFAST_GENESYS_LOGIN_ORIGIN: "" }
      expect(yield* refused("genesys export", { ...nowhere, GENESYSCLOUD_REGION: "eu-wst-1" })).toContain(
        "There is no region \"eu-wst-1\"; the nearest are eu-west-1"
      )
      expect(yield* refused("genesys export", { HOLDFAST_GENESYS_CLIENT_SECRET: "" })).toContain("has no secret")
      mkdirSync(join(served.folder, "mine"))
      writeFileSync(join(served.folder, "mine", "main.tf"), "# mine\n")
      expect(yield* refused("genesys export --directory mine")).toContain("holds what no export wrote: main.tf")
      expect(tree(join(served.folder, "mine"))).toEqual({ "main.tf": "# mine\n" })
      expect(yield* runs(served)).toEqual([])
    }).pipe(Effect.scoped))

  it.live("a wrong secret, and nobody there: 1, with what to check; no secret is repeated", () =>
    Effect.gen(function*() {
      const served = yield* serve()
      const wrong = yield* served.run("genesys export", { HOLDFAST_GENESYS_CLIENT_SECRET: "not-the-secret" })
      expect([wrong.code, wrong.stderr.includes("not-the-secret")]).toEqual([1, false])
      expect(wrong.stderr).toContain("The login did not accept the OAuth client")
      const origin = "http://127.0.0.1:9"
      const offline = yield* served.run("genesys export --json", {
        HOLDFAST_GENESYS_ORIGIN: origin,
        HOLDFAST_GENESYS_LOGIN_ORIGIN: origin
      })
      expect(offline.code).toBe(1)
      expect(json(offline.stdout).error.detail).toContain("127.0.0.1:9 refused the connection")
      expect(existsSync(join(served.folder, "genesyscloud"))).toBe(false)
      expect(served.printed()).not.toContain(served.secret)
    }).pipe(Effect.scoped))

  it.live("settings come from the file as well, and flags before them", () =>
    Effect.gen(function*() {
      const served = yield* serve()
      const { HOLDFAST_GENESYS_CLIENT_ID: clientId, HOLDFAST_GENESYS_CLIENT_SECRET: clientSecret } = served.env
      writeFileSync(
        join(served.folder, "holdfast.config.json"),
        JSON.stringify({
          genesys: { origin: served.env["HOLDFAST_GENESYS_ORIGIN"], clientId, clientSecret, maxConcurrent: 2000 }
        })
      )
      const none = Object.fromEntries(Object.keys(served.env).map((name) => [name, ""]))
      const refused = yield* served.run("genesys export", none)
      expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining("from 1 to 1000, not 2000")])
      const { code } = yield* served.run("genesys export --max-concurrent 5 --resource-types location", none)
      expect(code).toBe(0)
      expect(served.printed()).not.toContain(served.secret)
    }).pipe(Effect.scoped))

  it.live("validate and diff tell what is wrong and what is different", () =>
    Effect.gen(function*() {
      const served = yield* serve()
      const words = "genesys export --resource-types routing_skill --export-format hcl --directory"
      expect((yield* served.run(`${words} a`)).code).toBe(0)
      expect((yield* served.run(`${words} b`)).code).toBe(0)
      const file = join(served.folder, "b", "genesyscloud.tf")
      const text = readFileSync(file, "utf8")
      const [, label = ""] = /resource "genesyscloud_routing_skill" "([^"]+)"/.exec(text) ?? []
      writeFileSync(file, text.replace(/^ {2}name .*$/m, "  name = genesyscloud_routing_skill.nowhere.name"))
      const validated = yield* served.run("genesys validate b")
      expect(validated.code).toBe(1)
      expect(validated.stdout).toMatch(/^genesyscloud\.tf:\d+: reference: .*nowhere/m)
      const different = yield* served.run("genesys diff a b")
      expect(different.code).toBe(2)
      expect(different.stdout).toContain(`~ genesyscloud_routing_skill.${label}\n    name: `)
      const documents = yield* served.run("genesys diff a b --json")
      expect(json(documents.stdout)).toMatchObject({
        added: [],
        removed: [],
        changed: [{ attributes: [{ path: "name" }] }]
      })
      for (const line of ["genesys validate nowhere", "genesys diff a nowhere"]) {
        expect([line, (yield* served.run(line)).code]).not.toEqual([line, 0])
      }
    }).pipe(Effect.scoped))

  it.live("types lists what can be exported", () =>
    Effect.gen(function*() {
      const text = yield* run(["genesys", "types"])
      expect(text.stdout).toMatch(
        /^genesyscloud_routing_queue +routing +each time: wrapupCodes, members +no +routing:queue:view/m
      )
      const { types } = json((yield* run(["genesys", "types", "--json"])).stdout)
      expect(types.length).toBe(text.stdout.trimEnd().split("\n").length - 1)
      expect(types.length).toBeGreaterThanOrEqual(48)
    }))
})

describe.skipIf(Terminal.missing !== undefined)(
  `holdfast genesys on a terminal${Terminal.missing === undefined ? "" : ` (skipped: ${Terminal.missing})`}`,
  { concurrent: true, timeout: 300_000 },
  () => {
    it.live("a bar for each type, then the table, the cursor shown", () =>
      Effect.gen(function*() {
        const served = yield* serve({ words: ["--latency", "30ms"] })
        const running = yield* served.onTerminal("genesys export")
        const { code, stdout } = yield* running.ends
        expect(code).toBe(0)
        expect(stdout.lastIndexOf("\u001b[?25h")).toBeGreaterThan(stdout.lastIndexOf("\u001b[?25l"))
        expect(stdout).toContain("routing_queue")
        expect(stripAnsi(stdout)).toMatch(/\d+ of \d+ done/)
        expect(stdout).not.toMatch(/Z info /)
        expect(stripAnsi(stdout)).toContain("60 of 66 resources exported")
      }).pipe(Effect.scoped))

    it.live("Ctrl-C in the middle of the bars: 130, how to go on, the cursor shown", () =>
      Effect.gen(function*() {
        const served = yield* serve({ faults: stuck })
        const running = yield* served.onTerminal("genesys export")
        yield* running.says("reading")
        yield* Terminal.type(running, "\u0003")
        const { code, stdout } = yield* running.ends
        expect(code).toBe(130)
        expect(stdout.lastIndexOf("\u001b[?25h")).toBeGreaterThan(stdout.lastIndexOf("\u001b[?25l"))
        expect(stripAnsi(stdout)).toContain("holdfast run resume ")
      }).pipe(Effect.scoped))
  }
)
