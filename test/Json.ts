/** Looks into JSON of which nothing is known yet. */

/** The JSON of a text; where it is none, the text. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** What stands at a path of names and indexes. */
export const field = (value: unknown, ...path: ReadonlyArray<string | number>): unknown => {
  let here = value
  for (const name of path) {
    if (typeof here !== "object" || here === null) return undefined
    here = Reflect.get(here, name)
  }
  return here
}

/** The list at a path of names and indexes; where there is none, an empty one. */
export const list = (value: unknown, ...path: ReadonlyArray<string | number>): ReadonlyArray<unknown> => {
  const found = field(value, ...path)
  return Array.isArray(found) ? found : []
}
