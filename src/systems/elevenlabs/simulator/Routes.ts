/**
 * The paths that are served.
 *
 * @since 0.1.0
 */
import type { Route } from "./Call.ts"
import * as AccountRoutes from "./routes/Account.ts"
import * as AgentRoutes from "./routes/Agents.ts"
import * as DependentRoutes from "./routes/Dependents.ts"
import * as DocumentRoutes from "./routes/Documents.ts"
import * as IndexRoutes from "./routes/Indexes.ts"
import * as ListingRoutes from "./routes/Listings.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Found {
  readonly route: Route
  readonly at: Readonly<Record<string, string>>
}

const all: ReadonlyArray<Route> = [
  ...ListingRoutes.routes,
  ...DocumentRoutes.routes,
  ...IndexRoutes.routes,
  ...DependentRoutes.routes,
  ...AgentRoutes.routes,
  ...AccountRoutes.routes
]

const holes = (path: string): number => path.split("{").length

/** Words of a path go before holes. */
const known = all
  .map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`)
  }))
  .toSorted((one, other) => holes(one.route.path) - holes(other.route.path))

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * Every call that is served, as in the API description: `GET /v1/convai/agents`.
 *
 * @since 0.1.0
 * @category constants
 */
export const names: ReadonlyArray<string> = all.map(({ method, path }) => `${method} ${path}`)

/**
 * The route of a request; `"method"` where the path is there for others only.
 *
 * @since 0.1.0
 * @category getters
 */
export const find = (method: string, path: string): Found | "method" | undefined => {
  let other = false
  for (const { pattern, route } of known) {
    const match = pattern.exec(path)
    if (match === null) continue
    if (route.method === method) {
      return {
        route,
        at: Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, text]) => [name, decoded(text)]))
      }
    }
    other = true
  }
  return other ? "method" : undefined
}
