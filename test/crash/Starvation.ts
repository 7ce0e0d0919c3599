/**
 * How long a process was ready to run and got no processor, because others had them. What a command may take is measured
 * by the clock, so on a machine that gives it none it takes too long through no fault of its own.
 */
import { readFileSync } from "node:fs"

/** In milliseconds, since the process began; 0 where the kernel does not tell. */
export const waited = (pid: number | "self"): number => {
  try {
    // Of its main thread: time on the processor, time in the queue for one (nanoseconds), and the number of turns.
    const [, queued = "0"] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")
    return Number(queued) / 1e6
  } catch {
    return 0
  }
}
