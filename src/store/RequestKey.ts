/**
 * What tells one run of an operation from another, and the same run from itself.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { createHash } from "node:crypto"
import * as Fault from "../kernel/Fault.ts"
import * as Json from "../kernel/Json.ts"

/**
 * What is asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  /** Which operation: `K3s.createInstances`. */
  readonly operation: string
  /**
   * What tells one run from another: plain JSON, in any order of fields. Fields without a value count as missing. What
   * JSON would change in silence (a date, a map, a class, `NaN`) is refused, with the code `idempotency-parameters`.
   */
  readonly parameters: unknown
  /**
   * A name for this run that the caller chose, as a client token. The same name with other parameters is refused, with
   * the code `idempotency-mismatch`. Defaults to none: the parameters are the name.
   */
  readonly key?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Identity {
  /** The SHA-256 that it is known by, in hexadecimal. Two operations never have the same, whatever their parameters. */
  readonly key: string
  readonly operation: string
  /** Of the parameters only this is kept: they may hold what nobody should read. */
  readonly digest: string
}

const sha256 = (json: Json.Json): string => createHash("sha256").update(Json.canonical(json)).digest("hex")

/**
 * Fails with kind `invalid` where there is no name, or where the parameters might be taken for others.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (method: string, request: Request): Effect.Effect<Identity, Fault.Fault> =>
  Effect.gen(function*() {
    const refuse = (code: string, detail: string, hint?: string) =>
      raise(method, request.operation, "invalid", code, { detail, ...(hint === undefined ? {} : { hint }) })
    if (request.operation === "") return yield* refuse("idempotency-operation", "the operation has no name")
    if (request.key === "") return yield* refuse("idempotency-key", "the key is empty")
    const parameters = Option.filter(Json.fromUnknown(request.parameters ?? null), () => isPlain(request.parameters))
    if (Option.isNone(parameters)) {
      return yield* refuse(
        "idempotency-parameters",
        "the parameters are not plain JSON, so two different runs might look the same",
        "Encode dates, maps and classes first"
      )
    }
    // A list, in which nothing can be taken for its neighbour.
    const named: Json.Json = request.key === undefined ? ["parameters", parameters.value] : ["key", request.key]
    return {
      key: sha256([request.operation, named]),
      operation: request.operation,
      digest: sha256(parameters.value)
    }
  })

/** JSON keeps all of it. The value has been written as JSON before, so it does not contain itself. */
const isPlain = (value: unknown): boolean => {
  if (value === null || value === undefined || typeof value === "string" || typeof value === "boolean") return true
  if (typeof value === "number") return Number.isFinite(value)
  if (Array.isArray(value)) return Array.from<unknown>(value).every((item) => item !== undefined && isPlain(item))
  if (typeof value !== "object") return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === null || prototype === Object.prototype) && Object.values(value).every(isPlain)
}

/**
 * A fault of a run.
 *
 * @internal
 */
export const raise = (
  method: string,
  operation: string,
  kind: Fault.Kind,
  code: string,
  more: Pick<Fault.Options, "detail"> & Partial<Pick<Fault.Options, "hint" | "cause" | "sent">>
): Fault.Fault =>
  Fault.make({
    kind,
    system: "holdfast",
    operation: `Idempotency.${method}`,
    sent: "no",
    code,
    subject: `operation ${operation === "" ? "without a name" : operation}`,
    ...more
  })
