/**
 * A document's source file, by the signed link the API gives. It lies on the storage of somebody else, who never sees the
 * key; and whoever has the link has the file, so that of a link only the host is ever told.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Exchange from "../../../transport/Exchange.ts"

const operation = "ElevenLabs.source"
const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

const fault = (
  said: Pick<Fault.Options, "kind" | "code" | "detail" | "sent" | "status">,
  subject: string
): Fault.Fault => Fault.make({ ...said, system: "elevenlabs", operation, subject })

const refused = (status: number, host: string, subject: string): Fault.Fault =>
  fault({
    kind: status === 429 ? "throttled" : status >= 500 || status === 408 ? "transient" : "failed",
    code: "download-failed",
    status,
    detail: `The file's storage at ${host} answered ${status}`
  }, subject)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make =
  (exchange: Exchange.Exchange) => (link: string, subject: string): Effect.Effect<Uint8Array, Fault.Fault> => {
    const wrong = (detail: string) =>
      Effect.fail(fault({ kind: "failed", code: "invalid-link", sent: "no", detail }, subject))
    if (!URL.canParse(link)) return wrong("The link to the file is not a valid address")
    const { host, hostname, origin, pathname, protocol, search } = new URL(link)
    if (protocol !== "https:" && !(protocol === "http:" && loopback.test(hostname))) {
      return wrong(`The link to the file leads to ${protocol}//${host}, unencrypted`)
    }
    return Effect.flatMap(
      exchange.bytes(
        { method: "GET", origin, path: pathname + search, headers: { accept: "*/*" } },
        { system: "elevenlabs", operation, subject }
      ),
      ({ bytes, status }) => status === 200 ? Effect.succeed(bytes) : Effect.fail(refused(status, host, subject))
    )
  }
