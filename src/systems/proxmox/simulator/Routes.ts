/**
 * Which route serves a method and path.
 *
 * @since 0.1.0
 */
import * as RouteTable from "./RouteTable.ts"

interface Branch {
  readonly literal: Map<string, Branch>
  parameter: { readonly name: string; readonly branch: Branch } | undefined
  readonly routes: Map<string, RouteTable.Route>
}

const branch = (): Branch => ({ literal: new Map(), parameter: undefined, routes: new Map() })

const grow = (at: Branch, part: string): Branch => {
  if (part.startsWith("{")) {
    at.parameter ??= { name: part.slice(1, -1), branch: branch() }
    return at.parameter.branch
  }
  const next = at.literal.get(part) ?? branch()
  at.literal.set(part, next)
  return next
}

const root = branch()
for (const one of RouteTable.routes) {
  one.path.slice(1).split("/").reduce(grow, root).routes.set(one.method, one)
}

/**
 * The route of a method and path, and the parameters in the path; `undefined` = not implemented.
 *
 * @since 0.1.0
 * @category getters
 */
export const find = (
  method: string,
  path: string
): { readonly route: RouteTable.Route; readonly parameters: Record<string, string> } | undefined => {
  const parameters: Record<string, string> = {}
  let at = root
  for (const part of path.split("/")) {
    if (part === "") continue
    const literal = at.literal.get(part)
    if (literal !== undefined) at = literal
    else if (at.parameter !== undefined) {
      parameters[at.parameter.name] = part
      at = at.parameter.branch
    } else return undefined
  }
  const route = at.routes.get(method)
  return route === undefined ? undefined : { route, parameters }
}
