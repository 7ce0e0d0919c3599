/** The vendor's own SDK against the simulated organisation, over a real port. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import platform from "purecloud-platform-client-v2"
import * as Serve from "../../../src/simulation/Serve.ts"
import * as Simulator from "../../../src/systems/genesys/Simulator.ts"
import * as Api from "./simulator/Api.ts"

/** Its one client, pointed at a port by the setting it has for gateways. */
const connect = (port: number): platform.ApiClientClass => {
  const client = platform.ApiClient.instance
  client.config.logger.log_to_console = false
  client.config.live_reload_config = false
  client.setGateway({ host: "127.0.0.1", protocol: "http", port })
  return client
}

const served = (options: Simulator.Options) =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make(options)
    const server = yield* Serve.serve(simulator.endpoint)
    const client = connect(server.port)
    const [{ id, secret }] = simulator.credentials
    yield* Effect.promise(() => client.loginClientCredentialsGrant(id, secret))
    return simulator
  })

/** All pages of a listing. */
const pages = <A>(
  page: (pageNumber: number) => Promise<{ readonly entities?: Array<A>; readonly pageCount?: number }>
) =>
  Effect.gen(function*() {
    const found: Array<A> = []
    for (let number = 1, count = 1; number <= count; number++) {
      const { entities = [], pageCount = 0 } = yield* Effect.promise(() => page(number))
      found.push(...entities)
      count = pageCount
    }
    return found
  })

const idsOf = (entities: ReadonlyArray<{ readonly id?: string }>): ReadonlyArray<string> =>
  entities.map(({ id }) => id ?? "").toSorted()

// The SDK keeps one client for the whole process.
describe.sequential("the official SDK", () => {
  it.scopedLive("signs in and lists by pages", () =>
    Effect.gen(function*() {
      const { world } = yield* served({ resources: 1_500, rateLimitPerMinute: 10_000 })
      const routing = new platform.RoutingApi()
      const queues = yield* pages((pageNumber) => routing.getRoutingQueues({ pageNumber, pageSize: 25 }))
      assert.deepStrictEqual(idsOf(queues), world.ids("routing_queue").toSorted())
      const skills = yield* pages((pageNumber) => routing.getRoutingSkills({ pageNumber, pageSize: 25 }))
      assert.deepStrictEqual(
        idsOf(skills.filter(({ state }) => state === "active")),
        world.ids("routing_skill").toSorted()
      )
      const people = new platform.UsersApi()
      const users = yield* pages((pageNumber) => people.getUsers({ pageNumber, pageSize: 100, state: "active" }))
      const inactive = yield* pages((pageNumber) => people.getUsers({ pageNumber, pageSize: 100, state: "inactive" }))
      assert.isAbove(inactive.length, 0)
      assert.deepStrictEqual(idsOf([...users, ...inactive]), world.ids("user").toSorted())
      const architect = new platform.ArchitectApi()
      const flows = yield* pages((pageNumber) => architect.getFlows({ pageNumber, pageSize: 50 }))
      assert.deepStrictEqual(
        idsOf(flows.filter(({ publishedVersion }) => publishedVersion !== undefined)),
        world.ids("flow").toSorted()
      )
    }))

  it.scopedLive("follows a cursor to its end", () =>
    Effect.gen(function*() {
      const { world } = yield* served({ resources: 10_000 })
      const api = new platform.WebDeploymentsApi()
      const found: Array<string> = []
      let after: string | null = ""
      for (let page = 0; after !== null && page < 100; page++) {
        const options: platform.WebDeploymentsApi.getWebdeploymentsConfigurationsOptions = {
          pageSize: "10",
          ...(after === "" ? {} : { after })
        }
        const listing: platform.Models.WebDeploymentConfigurationVersionEntityListing = yield* Effect.promise(() =>
          api.getWebdeploymentsConfigurations(options)
        )
        found.push(...(listing.entities ?? []).map(({ id }) => id ?? ""))
        after = listing.nextUri === undefined
          ? null
          : new URL(listing.nextUri, "http://simulated").searchParams.get("after")
      }
      assert.deepStrictEqual(found.toSorted(), world.ids("webdeployments_configuration").toSorted())
      assert.isAbove(found.length, 10)
    }))

  it.scopedLive("reads entities, and what stands beside them", () =>
    Effect.gen(function*() {
      const { world } = yield* served({ resources: 1_500 })
      const [queueId = ""] = world.ids("routing_queue")
      const queue = yield* Effect.promise(() => new platform.RoutingApi().getRoutingQueue(queueId))
      assert.strictEqual(queue.name, world.name("routing_queue", queueId))
      const members = yield* Effect.promise(() =>
        new platform.RoutingApi().getRoutingQueueMembers(queueId, { memberBy: "user" })
      )
      assert.isDefined(members.entities)
      const rowId = world.ids("architect_datatable_row").find((id) => id.startsWith("x?y#z")) ?? ""
      const table = world.parent("architect_datatable_row", rowId) ?? ""
      const row = yield* Effect.promise(() =>
        new platform.ArchitectApi().getFlowsDatatableRow(table, rowId, { showbrief: false })
      )
      assert.strictEqual(Api.field(row, "key"), rowId)
      const organisation = yield* Effect.promise(() => new platform.OrganizationApi().getOrganizationsMe())
      assert.strictEqual(organisation.id, world.organisation.id)
    }))

  it.scopedLive("is told in the vendor's words what it may not do", () =>
    Effect.gen(function*() {
      yield* served({ denied: ["routing_queue"] })
      const refused = yield* Effect.promise(() =>
        new platform.RoutingApi().getRoutingQueues().then(() => undefined, (error: unknown) => error)
      )
      // The SDK rejects with the error body.
      assert.strictEqual(Api.field(refused, "status"), 403)
      assert.strictEqual(Api.field(refused, "code"), "missing.any.permissions")
      assert.include(String(Api.field(refused, "message")), "[routing:queue:view]")
    }))
})
