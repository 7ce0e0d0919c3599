/**
 * From a request to its reply: authentication, permission, verification, the daemon's workers, and the patience of
 * the proxy in front of them.
 *
 * Sources: pve-manager `HTTPServer.pm`, pve-http-server `AnyEvent.pm`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Endpoint from "../../../simulation/Endpoint.ts"
import type * as VirtualTime from "../../../simulation/VirtualTime.ts"
import * as Access from "./Access.ts"
import * as Cluster from "./Cluster.ts"
import * as Faults from "./Faults.ts"
import type * as Invocation from "./Invocation.ts"
import * as Parameters from "./Parameters.ts"
import * as Routes from "./Routes.ts"
import type * as RouteTable from "./RouteTable.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Session from "./Session.ts"
import * as Wire from "./Wire.ts"
import * as World from "./World.ts"

/** After that the proxy in front of the daemon gives up, with 596; the work goes on. */
const proxyMillis = 30_000

const base = "/api2/json"

interface Split {
  readonly path: string
  readonly query: string
}

const split = (url: string): Split => {
  const mark = url.indexOf("?")
  return mark < 0 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) }
}

const anonymous: Access.Caller = { id: "", user: "", token: false, separated: false }

/** What the HTTP server refuses before it looks at anything. */
const malformed = (request: Endpoint.Request, path: string): Endpoint.Reply | undefined => {
  const { headers, method } = request
  if (headers["transfer-encoding"] !== undefined) return Wire.bare(501, "chunked transfer encoding not supported")
  const hasBody = request.body !== "" || Number(headers["content-length"] ?? 0) > 0
  if ((method === "GET" || method === "DELETE") && hasBody) {
    return Wire.bare(501, `Unexpected content for method '${method}'`)
  }
  if (request.body.length > 512 * 1024) return Wire.bare(501, "for data too large")
  if (!path.startsWith(`${base}/`) && path !== base) return Wire.bare(501, `no such file '${path}'`)
  return undefined
}

const machinePaths = (world: World.World, path: string): ReadonlyArray<string> => {
  if (!path.startsWith("/vms/")) return [path]
  const pool = Cluster.poolOf(world, Number(path.slice(5)))
  return pool === undefined ? [path] : [path, `/pool/${pool}`]
}

const invocation = (
  world: World.World,
  process: Scheduler.Process,
  caller: Access.Caller,
  parameters: Readonly<Record<string, string>>
): Invocation.Invocation => ({
  world,
  process,
  caller,
  parameters,
  node: parameters["node"] ?? [...world.nodes.keys()][0] ?? "",
  vmid: Number(parameters["vmid"]),
  check: (path, privileges, any) =>
    Access.check(world.access, caller, machinePaths(world, path), privileges, any === "any"),
  can: (path, privilege) =>
    machinePaths(world, path).some((one) => world.access.privileges(caller, one).has(privilege)),
  meetsLock: (type) => Faults.ofCall(world.faults, type, World.count(world, `call ${type}`))
})

const checkNode = (world: World.World, node: string): void => {
  if (!world.nodes.has(node)) {
    throw new Scheduler.Death(
      `hostname lookup '${node}' failed - failed to get address info for: ${node}: Name or service not known\n`
    )
  }
  if (!World.isOnline(world, node)) throw new Scheduler.Death("No route to host", { status: 595 })
}

function* serve(world: World.World, route: RouteTable.Route, call: Invocation.Invocation): Scheduler.Body<unknown> {
  route.permit?.(call)
  checkNode(world, call.node)
  const errors = Parameters.verify(route.schema, call.parameters)
  if (errors !== undefined) throw Wire.invalid(errors)
  if (call.parameters["skiplock"] === "1" && call.caller.id !== "root@pam") {
    throw Wire.invalid({ skiplock: "Only root may use this option." })
  }
  const node = world.nodes.get(call.node)
  if (route.protected && node !== undefined) yield* node.daemon.enter(call.process)
  return route.serve._tag === "Answer" ? route.serve.handle(call) : yield* route.serve.handle(call)
}

/** Everything up to the handler's first wait happens at once. */
const begin = (
  world: World.World,
  request: Endpoint.Request,
  address: Split,
  call: World.Call
): Scheduler.Process =>
  world.scheduler.spawn(0, function*(process) {
    const path = address.path.slice(base.length)
    const found = Routes.find(request.method, path)
    const open = found?.route.open === true
    const caller = open
      ? anonymous
      : world.access.authenticate(request.headers, request.method, Session.expiredBefore(world))
    if (found === undefined) {
      throw new Scheduler.Death(`Method '${request.method} ${path}' not implemented`, { status: 501 })
    }
    if (found.route.noToken && request.headers["authorization"] !== undefined) {
      throw new Scheduler.Death("API tokens are not allowed here\n", { status: 403 })
    }
    call.route = `${request.method} ${found.route.path}`
    const parameters = Wire.form(address.query)
    Object.assign(parameters, Wire.body(request))
    for (const [name, value] of Object.entries(found.parameters)) {
      parameters[name] = Wire.unescape(value.replaceAll("+", "%2B"))
    }
    call.parameters = parameters
    return yield* serve(world, found.route, invocation(world, process, caller, parameters))
  })

const reply = (world: World.World, outcome: Scheduler.Outcome): Endpoint.Reply => {
  switch (outcome._tag) {
    case "Returned":
      return Wire.success(outcome.value)
    case "Killed":
      return { _tag: "Reset" }
    case "Died":
      return outcome.death.status === 401 || outcome.death.status === 595
        ? Wire.bare(outcome.death.status, outcome.death.message)
        : Wire.failure(world.version, outcome.death)
  }
}

/** Lets the world go on, from one due moment to the next, until the process has ended or the proxy gives up. */
const patience = (
  world: World.World,
  time: VirtualTime.VirtualTime,
  process: Scheduler.Process,
  until: number
): Effect.Effect<Scheduler.Outcome | undefined> =>
  Effect.suspend(() => {
    if (process.outcome !== undefined) return Effect.succeed(process.outcome)
    if (world.scheduler.now() >= until) return Effect.succeed(undefined)
    const earlier = Effect.async<void>((resume) => {
      const wake = (): void => resume(Effect.void)
      world.scheduler.watchers.add(wake)
      process.watchers.push(wake)
      return Effect.sync(() => world.scheduler.watchers.delete(wake))
    })
    const next = Math.min(world.scheduler.next() ?? until, until)
    return Effect.raceFirst(time.sleepUntil(next), earlier).pipe(
      Effect.zipRight(time.now),
      Effect.tap((now) => Effect.sync(() => world.scheduler.advance(now))),
      Effect.zipRight(patience(world, time, process, until))
    )
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  world: World.World,
  time: VirtualTime.VirtualTime,
  options: { readonly unauthorizedDelayMillis: number }
): Endpoint.Endpoint => {
  const finish = (call: World.Call, outcome: Scheduler.Outcome | undefined): Effect.Effect<Endpoint.Reply> => {
    const answer = outcome === undefined ? Wire.bare(596, "Connection timed out") : reply(world, outcome)
    call.status = answer._tag === "Answer" ? answer.status : undefined
    return call.status === 401 && options.unauthorizedDelayMillis > 0
      ? Effect.as(time.sleep(options.unauthorizedDelayMillis), answer)
      : Effect.succeed(answer)
  }
  const [entry = ""] = world.nodes.keys()
  return (request) =>
    Effect.flatMap(time.now, (now) => {
      world.scheduler.advance(now)
      if (!World.isOnline(world, entry)) return Effect.succeed<Endpoint.Reply>({ _tag: "Refused" })
      const address = split(request.url)
      const refused = malformed(request, address.path)
      const call: World.Call = {
        k: world.calls.length + 1,
        method: request.method,
        url: request.url,
        route: "",
        parameters: {},
        at: now,
        status: refused?._tag === "Answer" ? refused.status : undefined
      }
      world.calls.push(call)
      if (refused !== undefined) return Effect.succeed(refused)
      const process = begin(world, request, address, call)
      if (process.outcome !== undefined) return finish(call, process.outcome)
      return Effect.flatMap(
        patience(world, time, process, now + proxyMillis),
        (outcome) => finish(call, outcome)
      )
    })
}
