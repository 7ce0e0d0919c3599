/**
 * Reads a body of `multipart/form-data`, byte for byte.
 *
 * Source: RFC 7578, RFC 2046 section 5.1.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface Part {
  readonly name: string
  /** Absent for a plain field. */
  readonly filename: string | undefined
  readonly mediaType: string | undefined
  readonly bytes: Uint8Array
}

const unescaped = (text: string): string =>
  text.replace(/%0D/gi, "\r").replace(/%0A/gi, "\n").replace(/%22/g, "\"").replace(/\\(["\\])/g, "$1")

const parameter = (header: string, name: string): string | undefined => {
  const found = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, "i").exec(header)
  const value = found?.[1] ?? found?.[2]
  return value === undefined ? undefined : unescaped(value)
}

const header = (head: string, name: string): string =>
  new RegExp(`^${name}:[ \\t]*(.*)$`, "im").exec(head)?.[1]?.trim() ?? ""

const partOf = (section: Buffer): Part | undefined => {
  const end = section.indexOf("\r\n\r\n")
  if (end < 0) return undefined
  const head = section.subarray(0, end).toString("utf8")
  const disposition = header(head, "content-disposition")
  const name = parameter(disposition, "name")
  if (name === undefined) return undefined
  return {
    name,
    filename: parameter(disposition, "filename"),
    mediaType: header(head, "content-type") || undefined,
    // A copy: what is kept must not be changed by whoever owns the request.
    bytes: new Uint8Array(section.subarray(end + 4))
  }
}

/**
 * The parts in their order; `undefined` where the body is not what its content type says.
 *
 * @since 0.1.0
 * @category conversions
 */
export const parse = (contentType: string, body: Uint8Array): ReadonlyArray<Part> | undefined => {
  if (!/^multipart\/form-data\b/i.test(contentType)) return undefined
  const boundary = parameter(contentType, "boundary")
  if (boundary === undefined) return undefined
  const whole = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const delimiter = `\r\n--${boundary}`
  const parts: Array<Part> = []
  if (!whole.subarray(0, boundary.length + 2).equals(Buffer.from(`--${boundary}`))) return undefined
  let from = boundary.length + 2
  while (whole.subarray(from, from + 2).toString("latin1") !== "--") {
    const end = whole.indexOf(delimiter, from)
    if (end < 0) return undefined
    const part = partOf(whole.subarray(whole.indexOf("\r\n", from) + 2, end))
    if (part === undefined) return undefined
    parts.push(part)
    from = end + delimiter.length
  }
  return parts
}
