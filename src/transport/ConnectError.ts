/**
 * A connection that did not come to stand: refused, unresolved, too slow, or with a certificate that is not to be
 * trusted. It is raised before the first byte of a request, so whoever meets it knows that nothing was sent.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~holdfast/ConnectError"

/**
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~holdfast/ConnectError"

/**
 * The certificate a server showed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Certificate {
  /** SHA-256 over its DER form, as `AA:BB:…`. */
  readonly fingerprint: string
  /** Why it is not trusted, as OpenSSL or Node names it: `DEPTH_ZERO_SELF_SIGNED_CERT`, `CERT_HAS_EXPIRED`. */
  readonly problem: string
  /** It is not one of the pinned ones. */
  readonly pinned: boolean
  readonly validTo: string
}

/**
 * @since 0.1.0
 * @category errors
 */
export class ConnectError extends Error {
  readonly [TypeId]: TypeId = TypeId
  override readonly name = "ConnectError"
  /** The code of the system, of OpenSSL or of undici: `ECONNREFUSED`, `UND_ERR_CONNECT_TIMEOUT`. */
  readonly code: string
  readonly certificate: Certificate | undefined

  constructor(
    message: string,
    options: { readonly code: string; readonly certificate?: Certificate; cause?: unknown }
  ) {
    super(message, { cause: options.cause })
    this.code = options.code
    this.certificate = options.certificate
  }
}

/**
 * @since 0.1.0
 * @category guards
 */
export const isConnectError = (u: unknown): u is ConnectError => Predicate.hasProperty(u, TypeId)

/**
 * The code a thrown value carries, its own or that of its cause.
 *
 * @since 0.1.0
 * @category getters
 */
export const codeOf = (u: unknown): string | undefined => {
  if (!Predicate.isRecord(u) && !(u instanceof Error)) return undefined
  if (Predicate.hasProperty(u, "code") && typeof u.code === "string") return u.code
  return Predicate.hasProperty(u, "cause") && u.cause !== u ? codeOf(u.cause) : undefined
}
