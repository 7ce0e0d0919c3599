/**
 * From what Proxmox VE answers to a {@link Fault.Fault}: by the HTTP status, and below it by the sentence the server
 * gives as its reason. The same sentences arrive as the exit text of a task, and mean the same there.
 *
 * Source: the behaviour of pve-http-server 5.x and 6.x. Before 5.2.0 (Proxmox VE 8.3 and older) a failed request has
 * `{"data":null}` as its body, and the sentence stands in the reason phrase of the status line and nowhere else.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Fault from "../../kernel/Fault.ts"
import { type Answer, type Asked, oneLine } from "../../transport/Answer.ts"
import { meaning } from "./client/KnownText.ts"

const Body = Schema.parseJson(Schema.Struct({
  message: Schema.optional(Schema.Unknown),
  errors: Schema.optional(Schema.Unknown)
}))
const Errors = Schema.Record({ key: Schema.String, value: Schema.String })
const decodeBody = Schema.decodeUnknownOption(Body)
const decodeErrors = Schema.decodeUnknownOption(Errors)

/** The body first: newer servers cut the reason phrase at the first line. */
const messageOf = (reply: Answer): string => {
  const body = Option.getOrUndefined(decodeBody(reply.body ?? ""))
  const message = typeof body?.message === "string" ? oneLine(body.message) : ""
  return message === "" ? oneLine(reply.statusText ?? "") : message
}

const errorsOf = (reply: Answer): ReadonlyArray<readonly [name: string, text: string]> =>
  decodeBody(reply.body ?? "").pipe(
    Option.flatMap((body) => decodeErrors(body.errors)),
    Option.match({
      onNone: () => [],
      onSome: (errors) =>
        Object.entries(errors)
          .map(([name, text]) => [name, oneLine(text)] as const)
          .toSorted(([left], [right]) => (left < right ? -1 : 1))
    })
  )

type Said = Omit<Fault.Options, "system" | "operation" | "subject">

const fault = (context: Asked | undefined, said: Said): Fault.Fault =>
  Fault.make({
    ...said,
    system: "proxmox",
    operation: context?.operation ?? "Proxmox.request",
    ...(context?.subject === undefined ? {} : { subject: context.subject })
  })

/** `400 Parameter verification failed.`, or a known sentence about one parameter (`VM 218 already exists`). */
const parameters = (reply: Answer): Said => {
  const text = messageOf(reply)
  const errors = errorsOf(reply)
  for (const [, said] of errors) {
    const known = meaning(said)
    if (known !== undefined) return { ...known, detail: said }
  }
  const known = errors.length === 0 ? meaning(text) : undefined
  if (known !== undefined) return { ...known, detail: text }
  const named = errors.map(([name, said]) => `${name}: ${said}`).join("; ")
  const head = text === "" ? "Parameter verification failed" : text.replace(/[.\s]+$/, "")
  return { kind: "invalid", code: "param", detail: named === "" ? head : `${head}: ${named}` }
}

const expired = new Set(["permission denied - invalid pve ticket", "permission denied - invalid csrf token"])

const unauthenticated = (reply: Answer): Said => {
  const text = messageOf(reply)
  return expired.has(text.toLowerCase())
    ? { kind: "unauthenticated", code: "ticket-expired", detail: text, hint: "Log in again" }
    : {
      kind: "unauthenticated",
      code: "unauthenticated",
      detail: text === "" ? "The server did not accept the credentials" : text,
      hint:
        "Check the API token (user@realm!id=secret) or the user name, realm and password, and that it has not expired"
    }
}

/** What a refusal names: `Permission check failed (/vms/9000, VM.Clone)`. Alternatives are separated by `|`. */
const refusal = /^Permission check failed \((\/[^,()]*), ([A-Za-z.|, ]+)\)$/

const denied = (reply: Answer): Said => {
  const text = messageOf(reply)
  const [, path, privileges] = refusal.exec(text) ?? []
  return {
    kind: "denied",
    code: "permission",
    detail: text === "" ? "Permission denied" : text,
    hint: path === undefined || privileges === undefined
      ? "Ask for the missing permission; `holdfast proxmox doctor` lists what is needed"
      : `Grant ${privileges.replaceAll("|", " or ")} on ${path} to this user, and to the token too if it has ` +
        "separate privileges"
  }
}

/**
 * A `500` is a perl `die`: the sentence is all there is. One that is not known is taken as final, because the server
 * uses this status for permanent causes far more than for passing ones. Without a sentence it is no `die` but a crash,
 * of the server or of a proxy before it, and says nothing of what was done.
 */
const died = (reply: Answer): Said => {
  const text = messageOf(reply)
  if (text === "" || /^internal server error$/i.test(text)) {
    return {
      kind: "transient",
      code: "server-error",
      sent: "maybe",
      detail: "The server failed and did not say why (500)"
    }
  }
  const known = meaning(text)
  return known === undefined ? { kind: "failed", code: "server-error", detail: text } : { ...known, detail: text }
}

const gateway = (reply: Answer): Said => {
  const text = messageOf(reply)
  const about = text === "" ? "" : `: ${text}`
  // 595..599 are the pseudo-statuses of the hop to another node or to the privileged daemon, which waits 30 s. What
  // was asked may still be done after it gave up.
  return reply.status >= 595
    ? {
      kind: "transient",
      code: "gateway-timeout",
      sent: "maybe",
      detail: `The server gave up waiting for the node that does the work (${reply.status}${about})`,
      hint: "The node may be busy or down"
    }
    : {
      kind: "transient",
      code: reply.status === 504 || reply.status === 408 ? "gateway-timeout" : "unavailable",
      sent: "maybe",
      detail: `The server or a proxy before it is not available (${reply.status}${about})`
    }
}

const byStatus = (reply: Answer): Said => {
  const { status } = reply
  const text = messageOf(reply)
  if (status === 400) return parameters(reply)
  if (status === 401) return unauthenticated(reply)
  if (status === 403) return denied(reply)
  if (status === 404) {
    return {
      kind: "not-found",
      code: "no-such-path",
      detail: `The server has no such path (404${text === "" ? "" : ` ${text}`})`,
      hint: "Check that the endpoint is a Proxmox VE server: https://host:8006"
    }
  }
  if (status === 429) return { kind: "throttled", code: "throttled", detail: text === "" ? "Too many requests" : text }
  if (status === 500) return died(reply)
  if (status === 501) {
    return {
      kind: "invalid",
      code: "not-implemented",
      detail: text === "" ? "The server does not have this call" : text,
      hint: "This version of Proxmox VE may be too old"
    }
  }
  if (status === 408 || status > 501) return gateway(reply)
  return {
    kind: "invalid",
    code: "unexpected-answer",
    detail: `The server answered ${status}${text === "" ? "" : ` ${text}`}`,
    hint: status >= 300 && status < 400
      ? "It redirects: give the endpoint as https://host:8006"
      : "Check that the endpoint is a Proxmox VE server: https://host:8006"
  }
}

/**
 * What a reply that is not a success means.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Failure from "holdfast/systems/proxmox/Failure"
 *
 * Failure.classify({ status: 500, statusText: "VM is locked (clone)", body: `{"data":null}` }).code // "vm-locked"
 */
export const classify = (reply: Answer, context?: Asked): Fault.Fault =>
  fault(context, {
    ...byStatus(reply),
    status: reply.status,
    ...(reply.retryAfterMillis === undefined ? {} : { retryAfterMillis: reply.retryAfterMillis })
  })

/** Nobody wrote down how the task ended: its worker was killed, or the node went down. */
const unrecorded = /^(?:unexpected status|unable to get last line from task log - .+)$/

/** A part of the new configuration was not taken; the rest was. */
const parameter = /^400 Parameter verification failed\.\s*(.*)$/

/**
 * What a task's `exitstatus` means when it is neither `OK` nor `WARNINGS: n`. Locks and the like count as such here
 * too: a failed clone has removed what it made.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Failure from "holdfast/systems/proxmox/Failure"
 *
 * Failure.fromExitStatus("clone failed: can't lock file '/var/lock/qemu-server/lock-401.conf' - got timeout").kind // "locked"
 */
export const fromExitStatus = (text: string, context?: Asked): Fault.Fault => {
  const detail = oneLine(text)
  if (unrecorded.test(detail)) {
    return fault(context, {
      kind: "unknown",
      code: "unexpected-status",
      detail: `The task ended without a record of how (${detail})`,
      hint: "Its worker was killed or the node went down; the state of the object tells what was done"
    })
  }
  const known = meaning(detail)
  if (known !== undefined) return fault(context, { ...known, detail })
  const [, about] = parameter.exec(detail) ?? []
  if (about !== undefined) {
    return fault(context, {
      kind: "invalid",
      code: "param",
      detail: about === "" ? "Parameter verification failed" : `Parameter verification failed: ${about}`,
      status: 400
    })
  }
  return fault(context, {
    kind: "failed",
    code: "task-failed",
    detail: detail === "" ? "The task failed and did not say why" : detail
  })
}

/**
 * What a reply means that has the status of a success and is not what the API promises. A read is merely unusable; of
 * a mutation it is not known whether it was done.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unreadable = (
  options: {
    readonly code: "not-json" | "unexpected-reply"
    readonly detail: string
    readonly hint?: string | undefined
    readonly status: number
    readonly mutation: boolean
  },
  context?: Asked
): Fault.Fault =>
  fault(context, {
    kind: options.mutation ? "unknown" : "invalid",
    code: options.code,
    detail: options.detail,
    status: options.status,
    ...(options.hint === undefined ? {} : { hint: options.hint })
  })
