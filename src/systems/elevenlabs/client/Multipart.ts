/**
 * Bodies of `multipart/form-data`, written out by hand: the bytes of a file arrive as they are on disk, with the name
 * and the media type that were given and no others.
 *
 * Source: RFC 7578, and for names in headers the HTML standard, section "Multipart form data".
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"

interface File {
  readonly filename: string
  /** `text/plain`, `application/pdf`. */
  readonly mediaType: string
  readonly content: Uint8Array
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Form {
  /** Those that are `undefined` are left out. */
  readonly fields: Readonly<Record<string, string | undefined>>
  /** In the field `file`, after the others. */
  readonly file: File
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Encoded {
  readonly contentType: string
  readonly bytes: Uint8Array
}

const escaped = (name: string): string => name.replaceAll("\r", "%0D").replaceAll("\n", "%0A").replaceAll("\"", "%22")

/** The same content has the same boundary, so that a request that is sent again is the same request. */
const boundaryFor = (content: Uint8Array, texts: ReadonlyArray<string>): string => {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  // That it is not in the content is looked up below; the beginning is enough to draw it from.
  const beginning = bytes.subarray(0, 4096)
  for (let salt = 0;; salt++) {
    const drawn = createHash("sha256").update(`${salt} ${bytes.length} `).update(beginning).digest("hex")
    const boundary = `holdfast-${drawn.slice(0, 32)}`
    if (!bytes.includes(boundary) && texts.every((text) => !text.includes(boundary))) return boundary
  }
}

/** One line of visible ASCII: anything else would end the header. */
const mediaType = /^[\x20-\x7e]+$/

/**
 * @since 0.1.0
 * @category constructors
 */
export const encode = ({ fields, file }: Form): Encoded => {
  const given = Object.entries(fields).flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const])
  const boundary = boundaryFor(file.content, [file.filename, ...given.map(([, value]) => value)])
  const head = given.map(([name, value]) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(name)}"\r\n\r\n${value}\r\n`
  )
  head.push(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${escaped(file.filename)}"\r\n` +
      `Content-Type: ${mediaType.test(file.mediaType) ? file.mediaType : "application/octet-stream"}\r\n\r\n`
  )
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    bytes: Buffer.concat([Buffer.from(head.join(""), "utf8"), file.content, Buffer.from(`\r\n--${boundary}--\r\n`)])
  }
}
