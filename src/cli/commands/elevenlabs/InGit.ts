/**
 * `--git`: what is recorded is brought up to date before the work, and committed and pushed after it.
 *
 * @since 0.1.0
 */
import * as NodeCommandExecutor from "@effect/platform-node/NodeCommandExecutor"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Checkout from "../../../systems/elevenlabs/Checkout.ts"
import type * as Operations from "../../../systems/elevenlabs/Operations.ts"
import { faultJson, faultLines } from "../../ErrorText.ts"
import * as ExitCode from "../../ExitCode.ts"
import { count } from "../../Output.ts"
import type { Paint } from "../../Paint.ts"
import { Session } from "../../Session.ts"
import type { Environment } from "../../Settings.ts"
import * as Asked from "./Asked.ts"

/**
 * What became of the state files in git.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome = Pick<Checkout.Kept<unknown>, "pulled" | "pushed">

/**
 * @since 0.1.0
 * @category models
 */
export interface Done<A> {
  readonly value: A
  /** `undefined` where git was not asked for. */
  readonly git: Outcome | undefined
}

const heads = "refs/heads/"

/**
 * The branch that GitHub Actions, and what is made like it, runs for. The checkout of a tag or of a pull request has none
 * to push to. Source: docs.github.com, "Variables reference", GITHUB_REF and GITHUB_REF_NAME.
 */
const branchOf = (environment: Environment): string | undefined => {
  const ref = environment["GITHUB_REF"] ?? ""
  if (ref !== "") return ref.startsWith(heads) ? ref.slice(heads.length) : undefined
  return environment["GITHUB_REF_NAME"] || undefined
}

/**
 * Works on the sites that are asked for, with git around it where that is asked for.
 *
 * @since 0.1.0
 * @category combinators
 */
export const work = <A, E, R>(
  verb: string,
  asked: Asked.Asked,
  use: (targets: ReadonlyArray<Operations.Target>) => Effect.Effect<A, E, R>
): Effect.Effect<Done<A>, E | Fault.Fault, R | FileSystem.FileSystem | Session> => {
  const targets = Asked.targets(asked)
  if (asked.git !== true) {
    return Effect.map(Effect.flatMap(targets, use), (value) => ({ value, git: undefined }))
  }
  return Effect.gen(function*() {
    const { settings } = yield* Session
    const { value, ...git } = yield* Checkout.keep({
      states: asked.states,
      branch: asked.branch,
      branchWhenDetached: branchOf(settings.environment)
    }, { verb, targets, use })
    return { value, git }
  }).pipe(Effect.provide(NodeCommandExecutor.layer))
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const lines = (git: Outcome | undefined, paint: Paint): ReadonlyArray<string> => {
  if (git === undefined) return []
  if (Either.isLeft(git.pushed)) {
    return [`${paint.bold("git")}: ${paint.red("not pushed")}`, ...faultLines(git.pushed.left, paint, false)]
  }
  const { blocked, merged, pushed, tries } = git.pushed.right
  const files = [...new Set([...git.pulled.merged, ...merged])]
  const attempts = tries > 1 ? `, after ${tries} tries` : ""
  return [
    `${paint.bold("git")}: ${pushed === 0 ? "nothing to push" : `${count(pushed, "commit")} pushed${attempts}`}`,
    ...files.map((file) => `  ${paint.cyan("~")} ${file}: merged with what others recorded`),
    ...(blocked.length === 0
      ? []
      : [
        `  ${paint.yellow("warning:")} the work tree stays where it was: you changed ${blocked.join(", ")}, and so did `
        + "others. Everything is pushed; commit your changes or take them back before the next run"
      ])
  ]
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const json = (git: Outcome | undefined) =>
  git === undefined ? {} : {
    git: {
      pulled: git.pulled,
      ...Either.match(git.pushed, {
        onLeft: (fault) => ({ error: faultJson(fault) }),
        onRight: (pushed) => ({ pushed })
      })
    }
  }

/**
 * The code of the whole: what is done and not pushed is done in part.
 *
 * @since 0.1.0
 * @category getters
 */
export const codeOf = (code: ExitCode.ExitCode, git: Outcome | undefined): ExitCode.ExitCode =>
  git !== undefined && Either.isLeft(git.pushed) && code === ExitCode.done ? ExitCode.partlyFailed : code
