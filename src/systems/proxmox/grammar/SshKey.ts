/**
 * Public keys of SSH, as one line each: `ssh-ed25519 AAAA... comment`.
 *
 * The server gives every line to `ssh-keygen` and refuses the whole request when one fails, without saying which; so a
 * line is checked here: the type it names, and that its body decodes and names the same type.
 *
 * Source: RFC 4253 section 6.6 for the body; the types of OpenSSH 9.9 `ssh-keygen`.
 *
 * @since 0.1.0
 */
import * as Encoding from "effect/Encoding"
import * as Either from "effect/Either"

const types: ReadonlyArray<string> = [
  "ssh-ed25519",
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com"
]

/** The fields of a key's body: each is a length in four bytes and then as many bytes, and nothing is left over. */
const fields = (body: Uint8Array): ReadonlyArray<Uint8Array> | undefined => {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const found: Array<Uint8Array> = []
  let at = 0
  while (at + 4 <= body.length) {
    const end = at + 4 + view.getUint32(at)
    if (end > body.length) return undefined
    found.push(body.subarray(at + 4, end))
    at = end
  }
  return at === body.length ? found : undefined
}

const namedType = (body: Uint8Array): string | undefined => {
  const [name, ...rest] = fields(body) ?? []
  if (name === undefined || rest.length === 0) return undefined
  const type = new TextDecoder().decode(name)
  return type === "ssh-ed25519" && (rest.length !== 1 || rest[0]?.length !== 32) ? undefined : type
}

/**
 * The line, trimmed, with single spaces between type and body; or what is wrong with it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (line: string): Either.Either<string, string> => {
  const trimmed = line.trim()
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(trimmed)) {
    return Either.left("is a private key: give the public one (the file that ends in .pub)")
  }
  if (/[\r\n\0]/.test(trimmed)) return Either.left("holds a line break: give one key an entry")
  const [type = "", body = "", ...comment] = trimmed.split(/\s+/)
  if (!types.includes(type)) {
    return Either.left(`begins with "${shorten(type)}", which is no key type (${types.slice(0, 3).join(", ")}, ...)`)
  }
  const decoded = Encoding.decodeBase64(body)
  if (body === "" || Either.isLeft(decoded)) return Either.left(`has a ${type} body that is not base64: it may be cut`)
  const inside = namedType(decoded.right)
  if (inside === undefined) return Either.left(`has a ${type} body that is cut short or too long`)
  if (inside !== type) return Either.left(`says ${type} but its body is of type "${shorten(inside)}"`)
  return Either.right([type, body, ...comment].join(" "))
}

const shorten = (text: string): string => text.length > 32 ? `${text.slice(0, 16)}...` : text

/**
 * A key for people: its type, the end of its body and its comment.
 *
 * @since 0.1.0
 * @category conversions
 */
export const describe = (line: string): string => {
  const [type = "", body = "", ...comment] = line.trim().split(/\s+/)
  return [type, `...${body.slice(-8)}`, ...comment].join(" ")
}
