/**
 * Looks whether everything is there that a fleet needs, and changes nothing: the server, its certificate and version,
 * the credentials, nodes, templates, storages and every single privilege. Whatever fails is one check; the others are
 * made all the same, as far as they can be.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fault from "../../kernel/Fault.ts"
import * as Check from "./doctor/Check.ts"
import { Client, type Service } from "./Client.ts"
import type { Connection } from "./Connection.ts"
import * as Findings from "./doctor/Findings.ts"
import type { Fleet } from "./Fleet.ts"
import type * as Model from "./Model.ts"
import * as Needs from "./doctor/Needs.ts"
import * as Permission from "./doctor/Permission.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How the client is connected, to speak about TLS and about whose credentials these are. */
  readonly connection?: Connection | undefined
  /** For each question to the server. Defaults to 20 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
}

type Answer<A> = Either.Either<A, Fault.Fault>

const ask = <A>(question: Effect.Effect<A, Fault.Fault>, options: Options | undefined): Effect.Effect<Answer<A>> =>
  question.pipe(
    Effect.timeoutFail({
      duration: options?.timeout ?? "20 seconds",
      onTimeout: () =>
        Fault.make({
          kind: "timed-out",
          system: "proxmox",
          operation: "Proxmox.doctor",
          code: "attempt-timeout",
          sent: "maybe",
          detail: "The server did not answer in time"
        })
    }),
    Effect.either
  )

/** Which check a fault of the very first question belongs to; the ones before it are well then. */
const stage = (fault: Fault.Fault): "endpoint" | "tls" | "credentials" | "version" => {
  if (fault.code?.startsWith("certificate-") === true || fault.code === "tls-handshake") return "tls"
  if (fault.kind === "unauthenticated") return "credentials"
  return fault.sent === "no" || fault.code === "not-json" || fault.code === "no-such-path" || fault.kind === "timed-out"
      || fault.kind === "transient" || fault.code === "not-http"
    ? "endpoint"
    : "version"
}

const stages = ["endpoint", "tls", "credentials", "version"] as const

const answered = (connection: Connection | undefined): Check.Check =>
  Check.ok("endpoint", `${connection?.origin ?? "The server"} answers`)

const encrypted = (connection: Connection | undefined): Check.Check => {
  switch (connection?.security) {
    case undefined:
      return Check.skipped("tls", "It is not known how the server is connected")
    case "authority":
      return Check.ok("tls", "The certificate is signed by a trusted authority")
    case "pinned":
      return Check.ok("tls", "The certificate is the pinned one")
    case "insecure":
      return Check.warn(
        "tls",
        "Any certificate is trusted: whoever stands in between can read the credentials",
        "Set HOLDFAST_PROXMOX_FINGERPRINT or HOLDFAST_PROXMOX_CA, and drop PROXMOX_VE_INSECURE"
      )
    case "plain":
      return Check.warn("tls", "The connection is not encrypted", "Use https:// for anything but a simulator")
  }
}

const admitted = (connection: Connection | undefined): Check.Check => {
  const credentials = connection?.credentials
  if (credentials === undefined) return Check.ok("credentials", "The credentials are accepted")
  return Check.ok(
    "credentials",
    credentials._tag === "Token" ? `The token ${credentials.id} is accepted` : `${credentials.username} is logged in`
  )
}

/** The first four checks, from one question. */
const connected = (version: Answer<Model.Version>, connection: Connection | undefined): ReadonlyArray<Check.Check> => {
  const passed = [answered(connection), encrypted(connection), admitted(connection)]
  if (Either.isRight(version)) return [...passed, Findings.version(version.right)]
  const fault = version.left
  const at = stages.indexOf(stage(fault))
  return stages.map((name, index) => {
    if (index === at) return Check.fromFault(name, fault)
    return index < at ? passed[index] ?? Check.ok(name, "") : Check.skipped(name, `Not looked at: ${stages[at]} failed`)
  })
}

const skipAll = (needs: Needs.Needs): ReadonlyArray<Check.Check> =>
  Findings.names(needs).map((name) => Check.skipped(name, "Not looked at: the server cannot be asked"))

/** What was learnt of the cluster. Each part stands or fails for itself. */
interface Survey extends Findings.World {
  readonly release: Permission.Release | undefined
}

const concurrency = 4

const nodesToAsk = (needs: Needs.Needs, resources: Answer<ReadonlyArray<Model.Resource>>): ReadonlyArray<string> => {
  const homes = needs.templates.flatMap(({ template }) =>
    Either.isRight(resources) ? Needs.candidates(template, resources.right).map(({ node }) => node) : []
  )
  return [...new Set([...needs.storages.map(({ node }) => node), ...homes])]
}

const survey = (
  client: Service,
  needs: Needs.Needs,
  version: Model.Version,
  resources: Answer<ReadonlyArray<Model.Resource>>,
  options: Options | undefined
): Effect.Effect<Survey> =>
  Effect.gen(function*() {
    const [nodes, permissions] = yield* Effect.all([ask(client.nodes, options), ask(client.permissions, options)], {
      concurrency
    })
    const storages = yield* Effect.forEach(
      nodesToAsk(needs, resources),
      (node) => Effect.map(ask(client.storages(node), options), (answer) => [node, answer] as const),
      { concurrency }
    )
    const templates = Either.isLeft(resources) ? [] : needs.templates.flatMap(({ template }) => {
      const found = Needs.candidates(template, resources.right)
      return found.length === 1 ? found : []
    })
    const configs = yield* Effect.forEach(
      templates,
      (resource) => Effect.map(ask(client.config(resource), options), (answer) => [resource.vmid, answer] as const),
      { concurrency }
    )
    return {
      nodes,
      permissions,
      resources,
      storages: new Map(storages),
      configs: new Map(configs),
      release: Permission.parseRelease(version.version)
    }
  })

const examine = (
  needsOf: (resources: ReadonlyArray<Model.Resource>) => Needs.Needs,
  options: Options | undefined
): Effect.Effect<ReadonlyArray<Check.Check>, never, Client> =>
  Effect.gen(function*() {
    const client = yield* Client
    const version = yield* ask(client.version, options)
    const connection = connected(version, options?.connection)
    if (Either.isLeft(version)) return [...connection, ...skipAll(needsOf([]))]
    const resources = yield* ask(client.machines, options)
    const needs = needsOf(Either.getOrElse(resources, () => []))
    const world = yield* survey(client, needs, version.right, resources, options)
    return [
      ...connection,
      ...needs.nodes.map((need) => Findings.node(need, world)),
      ...needs.templates.map((need) => Findings.template(need, world)),
      ...needs.storages.map((need) => Findings.storage(need, world)),
      ...Findings.privileges(needs.privileges, world, world.release, options?.connection?.credentials)
    ]
  }).pipe(Effect.withSpan("Proxmox.doctor"))

/**
 * Looks for the given needs.
 *
 * @since 0.1.0
 * @category combinators
 */
export const run = (
  needs: Needs.Needs,
  options?: Options
): Effect.Effect<ReadonlyArray<Check.Check>, never, Client> => examine(() => needs, options)

/**
 * Looks for what a fleet needs: see {@link Needs.fromFleet}.
 *
 * @since 0.1.0
 * @category combinators
 */
export const forFleet = (
  fleet: Fleet,
  options?: Options
): Effect.Effect<ReadonlyArray<Check.Check>, never, Client> =>
  examine((resources) => Needs.fromFleet(fleet, resources), options)

/**
 * Whether work may begin: nothing failed and nothing was left unlooked at.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isHealthy = (checks: ReadonlyArray<Check.Check>): boolean =>
  checks.every(({ state }) => state === "ok" || state === "warn")
