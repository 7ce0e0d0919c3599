/**
 * A system whose whole operations can be simulated from a seed.
 */

/** Something that must not be. */
export interface Problem {
  /** The invariant, in few words: problems of one kind have the same. */
  readonly invariant: string
  readonly detail: string
}

export interface Verdict {
  readonly seed: number
  /** What was drawn, in one line. */
  readonly drawn: string
  readonly problems: ReadonlyArray<Problem>
  /** Of every call with its time and its answer. Two runs of one seed have the same. */
  readonly trace: string
  readonly calls: number
  readonly virtualSeconds: number
  /** How often what was met: faults that fired, outcomes reported, what had to be excused. */
  readonly counts: Readonly<Record<string, number>>
  /** What happened, line by line, where it was asked for. */
  readonly story: ReadonlyArray<string>
}

export interface System {
  readonly name: string
  /** `story`: `none`, what matters (`short`), or every call (`long`). */
  readonly run: (seed: number, story: "none" | "short" | "long") => Promise<Verdict>
}
