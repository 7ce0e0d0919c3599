/**
 * What a caller is told whose call a circuit breaker rejected.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Fault from "../Fault.ts"
import type { Reason, State } from "./CircuitState.ts"

const explain: Record<Reason, string> = {
  "consecutive-failures": "too many failures in a row",
  "failure-rate": "too large a share of failures",
  "slow-call-rate": "too large a share of slow calls",
  "probe-failed": "a probe that failed",
  "probes-succeeded": "probes that succeeded",
  "server": "the server's request to wait",
  "due": "its open time",
  "isolated": "being isolated by hand",
  "metrics-only": "being told only to count",
  "reset": "a reset",
  "restored": "being restored"
}

/** The fault of a call that was rejected. */
export const rejectionOf = (circuit: {
  readonly system: string
  readonly operation: string
  readonly name: string
  readonly state: State
  readonly reason: Reason | undefined
  /** Milliseconds until it is worth trying again. */
  readonly wait: number
}): Fault.Fault => {
  const { name, operation, reason, state, system, wait } = circuit
  if (state === "isolated") {
    return Fault.rejected({
      system,
      operation,
      code: "isolated",
      detail: `the circuit breaker "${name}" is isolated by hand`,
      hint: "reset it to let calls through"
    })
  }
  const why = state === "half-open" ? "its probes are under way" : `opened after ${explain[reason ?? "due"]}`
  return Fault.rejected({
    system,
    operation,
    code: "circuit-open",
    detail: `the circuit breaker "${name}" is ${state}: ${why}`,
    hint: `try again in ${Duration.format(Duration.millis(Math.ceil(wait)))}`,
    retryAfterMillis: wait
  })
}
