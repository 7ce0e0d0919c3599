/**
 * A machine's description: text for people, and a last line that says who manages it.
 *
 * @since 0.1.0
 */

/**
 * What the managing line begins with.
 *
 * @since 0.1.0
 * @category constants
 */
export const markerPrefix = "managed-by: holdfast "

/**
 * @since 0.1.0
 * @category models
 */
export interface Description {
  /** Without line breaks at its end, which the server adds and drops as it likes. */
  readonly text: string
  /** The last managing line, where there is one. */
  readonly marker?: string | undefined
}

const trimLines = (lines: ReadonlyArray<string>): string => lines.join("\n").replace(/\s+$/, "")

/**
 * @since 0.1.0
 * @category constructors
 */
export const parse = (description: string): Description => {
  const lines = description.split(/\r\n|\r|\n/)
  const text = trimLines(lines.filter((line) => !line.startsWith(markerPrefix)))
  const marker = lines.findLast((line) => line.startsWith(markerPrefix))
  return marker === undefined ? { text } : { text, marker: marker.trimEnd() }
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const print = ({ marker, text }: Description): string => {
  const body = trimLines(text.split(/\r\n|\r|\n/))
  if (marker === undefined) return body
  return body === "" ? marker : `${body}\n${marker}`
}
