/**
 * The paths that are served. Most are a type's listing and its reads; the rest belong to entities one by one.
 *
 * @since 0.1.0
 */
import * as Answer from "./Answer.ts"
import * as Catalogue from "./Catalogue.ts"
import type { Kind, Name } from "./Kind.ts"
import * as Listing from "./Listing.ts"
import * as AccountRoutes from "./routes/Account.ts"
import * as ExtraRoutes from "./routes/Extra.ts"
import * as FileRoutes from "./routes/Files.ts"
import * as FlowRoutes from "./routes/Flows.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Found {
  readonly route: Answer.Route
  readonly at: Readonly<Record<string, string>>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Types whose pages repeat the last entity of the page before. */
  readonly repeating: (name: Name) => boolean
}

const listing = (kind: Kind, options: Options): ReadonlyArray<Answer.Route> => {
  const listed = kind.listing
  if (listed === undefined) return []
  return [{
    method: listed.style === "search" ? "POST" : "GET",
    path: listed.path,
    kind: kind.name,
    answer: (call) =>
      Listing.ofKind(
        kind,
        listed,
        (query) => call.organisation.order(kind.name, listed.part?.(query)),
        options.repeating(kind.name),
        call
      )
  }]
}

const lastHole = (path: string): string => path.slice(path.lastIndexOf("{") + 1, -1)

/** An entity as a read answers it, with what happens to some of them when they are read. */
const reading = (kind: Kind): Answer.Route => {
  const hole = lastHole(kind.read)
  return {
    method: "GET",
    path: kind.read,
    kind: kind.name,
    answer: (call) => {
      const id = call.at[hole] ?? ""
      const index = call.organisation.find(kind.name, id)
      if (index === undefined || call.organisation.isGhost(kind.name, index)) return Answer.notFound
      if (kind.parent !== undefined && !isBelow(call, kind, index)) return Answer.notFound
      call.organisation.stir(kind.name, index)
      const entity = call.organisation.build(kind.name, index)
      return Answer.value(kind.shown === undefined ? entity : kind.shown(entity, call.query))
    }
  }
}

/** The path names the parent, and it is the right one. */
const isBelow = (call: Answer.Call, kind: Kind, index: number): boolean => {
  const [above] = Object.keys(call.at)
  if (kind.parent === undefined || above === undefined || Object.keys(call.at).length < 2) return true
  return call.organisation.find(kind.parent, call.at[above] ?? "") === call.organisation.parentOf(kind.name, index)
}

interface Node {
  readonly words: Map<string, Node>
  hole: Node | undefined
  readonly routes: Map<string, { readonly route: Answer.Route; readonly holes: ReadonlyArray<string> }>
}

const node = (): Node => ({ words: new Map(), hole: undefined, routes: new Map() })

const add = (root: Node, route: Answer.Route): void => {
  let here = root
  const holes: Array<string> = []
  for (const word of route.path.split("/").slice(1)) {
    if (word.startsWith("{")) {
      holes.push(word.slice(1, -1))
      here.hole ??= node()
      here = here.hole
      continue
    }
    const next = here.words.get(word) ?? node()
    here.words.set(word, next)
    here = next
  }
  here.routes.set(route.method, { route, holes })
}

const walk = (
  here: Node,
  words: ReadonlyArray<string>,
  depth: number,
  values: ReadonlyArray<string>
): { readonly end: Node; readonly values: ReadonlyArray<string> } | undefined => {
  const word = words[depth]
  if (word === undefined) return here.routes.size === 0 ? undefined : { end: here, values }
  const named = here.words.get(word)
  const found = named === undefined ? undefined : walk(named, words, depth + 1, values)
  if (found !== undefined || here.hole === undefined || word === "") return found
  return walk(here.hole, words, depth + 1, [...values, word])
}

const decoded = (text: string): string => {
  if (!text.includes("%")) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * Every route there is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const all = (options: Options): ReadonlyArray<Answer.Route> => [
  ...Catalogue.kinds.flatMap((kind) => [...listing(kind, options), reading(kind)]),
  ...AccountRoutes.routes,
  ...ExtraRoutes.routes,
  ...FlowRoutes.routes,
  ...FileRoutes.routes
]

/**
 * Finds the route of a request by the words of its path; a word of the path goes before a hole.
 *
 * @since 0.1.0
 * @category constructors
 */
export const finder = (
  routes: ReadonlyArray<Answer.Route>
): (method: string, path: string) => Found | "method" | undefined => {
  const root = node()
  for (const route of routes) add(root, route)
  return (method, path) => {
    const reached = walk(root, path.split("/").slice(1), 0, [])
    if (reached === undefined) return undefined
    const found = reached.end.routes.get(method)
    if (found === undefined) return "method"
    const at: Record<string, string> = {}
    for (const [index, hole] of found.holes.entries()) at[hole] = decoded(reached.values[index] ?? "")
    return { route: found.route, at }
  }
}
