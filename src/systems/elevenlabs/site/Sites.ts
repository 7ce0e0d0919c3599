/**
 * Reads the file of the sites.
 *
 * ```yaml
 * sites:
 *   - url: https://www.example.com
 *     agents: [agent_01jz3k8ry9f2x]
 *   - url: https://my-shop.example
 *     agents: []
 *     folder: exports/my-shop
 *     usageMode: prompt
 *     strategy: in-place
 * ```
 *
 * Every key is known by name. Everything that is wrong is told at once, each with its line, column and path.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fault from "../../../kernel/Fault.ts"
import * as Site from "./Site.ts"
import * as SitesDecode from "./SitesDecode.ts"
import * as SitesText from "./SitesText.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface SiteSpec {
  readonly site: Site.Site
  /** The ids of the agents that are to have every document of the site. */
  readonly agents: ReadonlyArray<string>
  /** Where the files are. `undefined` where the file does not say: see {@link folderOf}. */
  readonly folder: string | undefined
  /** How the agents use the documents. Defaults to `auto`. */
  readonly usageMode: "auto" | "prompt"
  /** How a changed document is replaced. Defaults to `swap`. */
  readonly strategy: "swap" | "in-place"
}

/**
 * One thing that is wrong with a file. `path` is as in `sites[2].agents[0]`, and empty for the text itself; `line` and
 * `column` count from 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface Problem extends SitesText.Position {
  readonly path: string
  readonly message: string
}

/**
 * Reads a text, YAML or JSON. The problems, in the order of the file, are a value here; {@link parse} fails with them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const decode = (
  text: string
): Effect.Effect<Either.Either<ReadonlyArray<SiteSpec>, ReadonlyArray<Problem>>> =>
  Effect.map(SitesText.parse(text), ({ locate, problems, value }) =>
    problems.length > 0
      ? Either.left(sorted(problems.map((problem) => ({ path: "", ...problem }))))
      : Either.mapLeft(SitesDecode.decode(value), (issues) =>
        sorted(issues.map(({ at, message, path }) => ({ path: printPath(path), ...locate(path, at), message })))))

/**
 * Reads a text, YAML or JSON. Fails with one `invalid` fault, code `sites-file`, that lists every problem. `file` is what
 * to call it in messages, and defaults to `sites file`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string, file = "sites file"): Effect.Effect<ReadonlyArray<SiteSpec>, Fault.Fault> =>
  Effect.flatMap(decode(text), Either.mapLeft((problems) => wrong(file, problems)))

/**
 * Reads a file.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (path: string): Effect.Effect<ReadonlyArray<SiteSpec>, Fault.Fault, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (files) => files.readFileString(path)).pipe(
    Effect.mapError((cause) => {
      const isMissing = cause._tag === "SystemError" && cause.reason === "NotFound"
      return fault(path, isMissing ? "there is no such file" : `cannot be read: ${cause.message}`, cause)
    }),
    Effect.flatMap((text) => parse(text, path))
  )

/**
 * The folder of a site's files: as the sites file says, else the one of its slug below `root`, else, where only that is
 * there, the one that older tools made. Refused where the folder may as well be another site's.
 *
 * @since 0.1.0
 * @category getters
 */
export const folderOf = (
  spec: SiteSpec,
  all: ReadonlyArray<SiteSpec>,
  options: {
    /** The names of the folders below `root`. */
    readonly existing: ReadonlySet<string>
    /** Defaults to `out`. */
    readonly root?: string | undefined
  }
): Either.Either<string, Fault.Fault> => {
  const { existing, root = "out" } = options
  if (spec.folder !== undefined) return Either.right(spec.folder)
  const nameOf = ({ legacySlug, slug }: Site.Site): string =>
    existing.has(slug) || !existing.has(legacySlug) ? slug : legacySlug
  const name = nameOf(spec.site)
  const rivals = all.filter(({ folder, site }) =>
    folder === undefined && site.host !== spec.site.host && nameOf(site) === name
  )
  if (rivals.length === 0) return Either.right(`${root}/${name}`)
  const hosts = [spec, ...rivals].map(({ site }) => site.host).toSorted().join(" or ")
  return Either.left(Fault.make({
    kind: "invalid",
    system: "elevenlabs",
    operation: "ElevenLabs.sites",
    subject: `${root}/${name}`,
    detail: `it may hold the files of ${hosts}`,
    hint: "Nothing was done: give these sites a folder each in the sites file, or rename the folder to a site's slug",
    sent: "no",
    code: "ambiguous-site"
  }))
}

const wrong = (file: string, problems: ReadonlyArray<Problem>): Fault.Fault => {
  const lines = problems.map(({ column, line, message, path }) =>
    `  ${file}:${line}:${column}  ${path === "" ? "" : `${path}: `}${message}`
  )
  return fault(file, [problems.length === 1 ? "1 problem" : `${problems.length} problems`, ...lines].join("\n"))
}

const fault = (file: string, detail: string, cause?: unknown): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "elevenlabs",
    operation: "ElevenLabs.sites",
    subject: file,
    detail,
    hint: "Nothing was done: correct the file and run the command again",
    sent: "no",
    code: "sites-file",
    ...cause === undefined ? {} : { cause }
  })

const printPath = (path: SitesText.Path): string =>
  path.map((step, index) => typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${step}`).join("")

const sorted = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> =>
  problems.toSorted((left, right) => left.line - right.line || left.column - right.column)
