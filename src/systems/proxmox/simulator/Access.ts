/**
 * Users, API tokens, tickets and permissions.
 *
 * Sources: pve-access-control `AccessControl.pm`, `RPCEnvironment.pm`; pve-manager `HTTPServer.pm`.
 *
 * @since 0.1.0
 */
import type * as Random from "./Random.ts"
import * as Roles from "./Roles.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Wire from "./Wire.ts"

/** Two hours. */
const ticketMillis = 2 * 60 * 60 * 1000

/**
 * Who makes a request.
 *
 * @since 0.1.0
 * @category models
 */
export interface Caller {
  /** `user@realm`, or `user@realm!token`. */
  readonly id: string
  readonly user: string
  readonly token: boolean
  /** An intersection with the user's own permissions. */
  readonly separated: boolean
}

/** A role given to a user or token on a path and, with `propagate`, on what is below. */
interface Grant {
  readonly path: string
  /** `user@realm` or `user@realm!token`. */
  readonly to: string
  readonly role: string
  readonly propagate?: boolean
}

interface User {
  readonly password: string | undefined
  readonly tokens: ReadonlyMap<string, { readonly secret: string; readonly separated: boolean }>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Accounts {
  readonly users: ReadonlyMap<string, User>
  readonly grants: ReadonlyArray<Grant>
}

interface Ticket {
  readonly user: string
  readonly issued: number
  readonly csrf: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Access {
  /** Checks a request's credentials. Dies with 401. */
  readonly authenticate: (
    headers: Readonly<Record<string, string>>,
    method: string,
    expiredBefore: number
  ) => Caller
  readonly login: (
    username: string,
    password: string,
    expiredBefore: number
  ) => { readonly ticket: string; readonly csrf: string; readonly username: string }
  /** Privileges on one path: whether each propagates. */
  readonly privileges: (caller: Caller, path: string) => ReadonlyMap<string, boolean>
  /** Paths on which anything is granted. */
  readonly paths: ReadonlyArray<string>
}

const unauthorized = (reason: string): Scheduler.Death => new Scheduler.Death(reason, { status: 401 })

const cookie = (header: string | undefined): string | undefined => {
  const match = /(?:^|;\s*)PVEAuthCookie=([^;]*)/.exec(header ?? "")
  return match?.[1] === undefined ? undefined : decodeURIComponent(match[1].replace(/%(?![0-9a-fA-F]{2})/g, "%25"))
}

const parents = (path: string): ReadonlyArray<string> => {
  const parts = path.split("/").filter((part) => part !== "")
  return ["/", ...parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`)]
}

/** What is granted nearest to the path replaces what is granted above it. */
const granted = (accounts: Accounts, version: 7 | 8 | 9, subject: string, path: string): Map<string, boolean> => {
  if (subject === "root@pam") {
    return new Map([...Roles.privileges(version, "Administrator")].map((name) => [name, true]))
  }
  let found = new Map<string, boolean>()
  for (const parent of parents(path)) {
    const here = accounts.grants.filter((grant) =>
      grant.to === subject && grant.path === parent && (parent === path || grant.propagate !== false)
    )
    if (here.length === 0) continue
    found = new Map()
    for (const grant of here) {
      for (const name of Roles.privileges(version, grant.role)) found.set(name, grant.propagate !== false)
    }
  }
  return found
}

const intersect = (a: ReadonlyMap<string, boolean>, b: ReadonlyMap<string, boolean>): Map<string, boolean> =>
  new Map(
    [...a].filter(([name]) => b.has(name)).map(([name, propagates]) => [name, propagates && b.get(name) === true])
  )

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly accounts: Accounts
  /** Privileges that nobody but root has. */
  readonly without: ReadonlySet<string>
  readonly version: 7 | 8 | 9
  readonly scheduler: Scheduler.Scheduler
  readonly random: Random.Random
}): Access => {
  const { accounts, random, scheduler, version } = options
  const tickets = new Map<string, Ticket>()
  const cache = new Map<string, ReadonlyMap<string, boolean>>()

  const valid = (ticket: string, expiredBefore: number): Ticket | undefined => {
    const found = tickets.get(ticket)
    return found !== undefined && scheduler.now() - found.issued < ticketMillis && found.issued >= expiredBefore
      ? found
      : undefined
  }

  const byToken = (header: string): Caller => {
    const match = /^PVEAPIToken=([^!=]+)!([^=]+)=(.*)$/.exec(header)
    const [, user = "", name = "", secret = ""] = match ?? []
    const account = accounts.users.get(user)
    if (match === null) throw unauthorized("Authentication failed!")
    if (account === undefined) throw unauthorized(`no such user ('${user}')`)
    const token = account.tokens.get(name)
    if (token === undefined) throw unauthorized(`no such token '${name}' for user '${user}'`)
    if (token.secret !== secret) throw unauthorized("Authentication failed!")
    return { id: `${user}!${name}`, user, token: true, separated: token.separated }
  }

  const byTicket = (
    headers: Readonly<Record<string, string>>,
    method: string,
    text: string,
    expiredBefore: number
  ): Caller => {
    const ticket = valid(text, expiredBefore)
    if (ticket === undefined) throw unauthorized("permission denied - invalid PVE ticket")
    if (method !== "GET" && headers["csrfpreventiontoken"] !== ticket.csrf) {
      throw unauthorized("Permission denied - invalid csrf token")
    }
    return { id: ticket.user, user: ticket.user, token: false, separated: false }
  }

  const separate = (caller: Caller, path: string): ReadonlyMap<string, boolean> => {
    const user = granted(accounts, version, caller.user, path)
    if (caller.user !== "root@pam") { for (const name of options.without) user.delete(name) }
    if (!caller.token || !caller.separated) return user
    return intersect(granted(accounts, version, caller.id, path), user)
  }

  return {
    paths: [...new Set(accounts.grants.map((grant) => grant.path))],
    authenticate: (headers, method, expiredBefore) => {
      const authorization = headers["authorization"]
      if (authorization?.startsWith("PVEAPIToken") === true) return byToken(authorization)
      const text = cookie(headers["cookie"])
      if (text === undefined) throw unauthorized("No ticket")
      return byTicket(headers, method, text, expiredBefore)
    },
    login: (username, password, expiredBefore) => {
      const account = accounts.users.get(username)
      const renewed = valid(password, expiredBefore)
      const known = account !== undefined &&
        (account.password === password || (renewed !== undefined && renewed.user === username))
      if (!known) throw unauthorized("authentication failure\n")
      const stamp = Math.floor(scheduler.now() / 1000).toString(16).toUpperCase()
      const ticket = `PVE:${username}:${stamp}::${random.hex(48)}==`
      const csrf = `${stamp}:${random.hex(40)}`
      tickets.set(ticket, { user: username, issued: scheduler.now(), csrf })
      return { ticket, csrf, username }
    },
    privileges: (caller, path) => {
      const key = `${caller.id} ${path}`
      const known = cache.get(key)
      if (known !== undefined) return known
      const found = separate(caller, path)
      cache.set(key, found)
      return found
    }
  }
}

/**
 * Dies with 403 unless the caller has all of the privileges, or with `any` one of them, on the path or, for a
 * machine, on the pool it is in.
 *
 * @since 0.1.0
 * @category checks
 */
export const check = (
  access: Access,
  caller: Caller,
  paths: ReadonlyArray<string>,
  privileges: ReadonlyArray<string>,
  any: boolean
): void => {
  const has = (name: string): boolean => paths.some((path) => access.privileges(caller, path).has(name))
  if (any ? privileges.some(has) : privileges.every(has)) return
  const named = any ? privileges.join("|") : privileges.find((name) => !has(name)) ?? ""
  throw Wire.denied(paths[0] ?? "/", named)
}

/**
 * `GET /access/permissions`: by path, the privileges and whether they propagate.
 *
 * @since 0.1.0
 * @category getters
 */
export const permissions = (
  access: Access,
  caller: Caller,
  path: string | undefined
): Record<string, Record<string, number>> => {
  const base = ["/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"]
  const paths = path === undefined ? [...new Set([...base, ...access.paths])].toSorted() : [path]
  const table: Record<string, Record<string, number>> = {}
  for (const one of paths) {
    const found = access.privileges(caller, one)
    if (found.size === 0 && path === undefined) continue
    table[one] = Object.fromEntries(
      [...found].toSorted(([a], [b]) => a < b ? -1 : 1).map(([name, down]) => [name, down ? 1 : 0])
    )
  }
  return table
}
