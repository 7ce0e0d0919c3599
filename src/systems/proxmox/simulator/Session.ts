/**
 * `/access`.
 *
 * @since 0.1.0
 */
import * as Access from "./Access.ts"
import type * as Invocation from "./Invocation.ts"
import * as World from "./World.ts"

/**
 * Tickets issued before then are worth nothing, by the fault plan.
 *
 * @since 0.1.0
 * @category getters
 */
export const expiredBefore = (world: World.World): number => {
  let latest = 0
  for (const fault of world.faults) {
    if (fault.fault === "expired-tickets" && World.elapsed(world) >= fault.at) {
      latest = Math.max(latest, world.began + fault.at * 1000)
    }
  }
  return latest
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const login = (call: Invocation.Invocation): unknown => {
  const { password = "", realm, username = "" } = call.parameters
  const name = realm === undefined || username.includes("@") ? username : `${username}@${realm}`
  const session = call.world.access.login(name, password, expiredBefore(call.world))
  const caller: Access.Caller = { id: session.username, user: session.username, token: false, separated: false }
  return {
    username: session.username,
    ticket: session.ticket,
    CSRFPreventionToken: session.csrf,
    clustername: "simulated",
    cap: { vms: Access.permissions(call.world.access, caller, "/vms")["/vms"] ?? {} }
  }
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const permissions = (call: Invocation.Invocation): unknown =>
  Access.permissions(call.world.access, call.caller, call.parameters["path"])
