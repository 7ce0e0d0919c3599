/** How a command of a simulated process ends, if not by itself. */
export type Ending =
  | { readonly _tag: "Runs" }
  /** The user interrupts it, so it finishes or cleans up what it has begun. */
  | { readonly _tag: "Interrupted"; readonly afterMillis: number }
  /** Nothing of it runs any more. */
  | { readonly _tag: "Killed"; readonly afterMillis: number }
  /** At its k-th request: before that is sent, or when it has been answered and the answer is lost with the process. */
  | { readonly _tag: "KilledAt"; readonly call: number; readonly acted: boolean }

/** What follows the words of the command. */
export const text = (ending: Ending): string => {
  switch (ending._tag) {
    case "Runs":
      return ""
    case "Interrupted":
      return ` interrupted after ${ending.afterMillis} ms`
    case "Killed":
      return ` killed after ${ending.afterMillis} ms`
    case "KilledAt":
      return ` killed ${ending.acted ? "when its request" : "before its request"} ${ending.call}${
        ending.acted ? " was done" : ""
      }`
  }
}
