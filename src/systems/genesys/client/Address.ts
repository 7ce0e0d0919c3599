/**
 * Path and query of a request, from a path of the API description. The shape of a path is taken apart once; there are
 * a few hundred of them, and a hundred thousand requests.
 *
 * @since 0.1.0
 */
import type { Request } from "../Client.ts"

/** What stands between the holes, and the names of the holes: one less. */
interface Shape {
  readonly texts: ReadonlyArray<string>
  readonly holes: ReadonlyArray<string>
}

const shapes = new Map<string, Shape>()
/** Paths are few unless somebody fills them in himself; then it is no use to keep them. */
const mostShapes = 2000

const shapeOf = (path: string): Shape => {
  const known = shapes.get(path)
  if (known !== undefined) return known
  const parts = path.split(/\{([^{}]+)\}/)
  const shape = {
    texts: parts.filter((_, index) => index % 2 === 0),
    holes: parts.filter((_, index) => index % 2 === 1)
  }
  if (shapes.size < mostShapes) shapes.set(path, shape)
  return shape
}

/**
 * The names of the holes of a path.
 *
 * @since 0.1.0
 * @category getters
 */
export const holes = (path: string): ReadonlyArray<string> => shapeOf(path).holes

/** Values that would change the shape of the path, and not stand in it. */
const unfit = (value: string | undefined): value is undefined | "" | "." | ".." =>
  value === undefined || value === "" || value === "." || value === ".."

/** Ids need no escaping, and most values are ids. */
const plain = /^[\w.-]+$/

/** Half a character cannot be encoded, and no name has one. */
const half = /\p{Surrogate}/gu

const escape = (value: string): string => plain.test(value) ? value : encodeURIComponent(value.replace(half, "\ufffd"))

const queryOf = (query: Request["query"]): string => {
  let text = ""
  for (const name in query) {
    const value = query[name]
    if (value === undefined) continue
    text += `${text === "" ? "?" : "&"}${escape(name)}=${escape(String(value))}`
  }
  return text
}

/**
 * Path and query with every hole filled; `undefined` where a hole has no value, or one that would make another path
 * of it: an empty one, `.` or `..`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = ({ at, path, query }: Pick<Request, "path" | "at" | "query">): string | undefined => {
  const { holes, texts } = shapeOf(path)
  let text = texts[0] ?? ""
  for (const [index, hole] of holes.entries()) {
    const value = at?.[hole]
    if (unfit(value)) return undefined
    text += escape(value) + (texts[index + 1] ?? "")
  }
  return query === undefined ? text : text + queryOf(query)
}
