/**
 * Turns the data of a sites file into sites, with everything that is wrong with it at once.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as NodePath from "node:path"
import * as Suggestion from "../../../kernel/Suggestion.ts"
import * as Placeholder from "../client/Placeholder.ts"
import * as Grammar from "../state/Grammar.ts"
import * as Site from "./Site.ts"
import type { SiteSpec } from "./Sites.ts"
import type { Path } from "./SitesText.ts"

/**
 * One thing that is wrong, and where: `key` when the key itself is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Issue {
  readonly path: Path
  readonly at: "key" | "value"
  readonly message: string
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const decode = (input: unknown): Either.Either<ReadonlyArray<SiteSpec>, ReadonlyArray<Issue>> => {
  const issues: Array<Issue> = []
  const report = (path: Path, message: string, at: Issue["at"] = "value"): void => {
    issues.push({ path, at, message })
  }
  if (!Grammar.isMapping(input)) {
    report([], `${show(input)} is not a file of sites: write sites: and a list below it`)
    return Either.left(issues)
  }
  unknownKeys(report, input, [], ["sites"])
  const items = input["sites"]
  if (!Array.isArray(items) || items.length === 0) {
    report(["sites"], "is missing: list the sites, each with its url and its agents")
    return Either.left(issues)
  }
  const specs = items.map((item: unknown, index) => readSite(report, item, ["sites", index]))
  const known = specs.flatMap((spec, index) => spec === undefined ? [] : [{ spec, index }])
  for (const [position, { index, spec }] of known.entries()) {
    const before = known.slice(0, position)
    const twin = before.find((other) => other.spec.site.slug === spec.site.slug)
    if (twin !== undefined) {
      report(["sites", index, "url"], `is the same site as sites[${twin.index}], ${spec.site.slug}: keep one of them`)
    }
    const folder = overlapping(spec, before)
    if (folder !== undefined) report(["sites", index, "folder"], folder)
  }
  return issues.length > 0 ? Either.left(issues) : Either.right(known.map(({ spec }) => spec))
}

type Report = (path: Path, message: string, at?: Issue["at"]) => void

const keys = ["url", "agents", "folder", "usageMode", "strategy"]

const readSite = (report: Report, item: unknown, path: Path): SiteSpec | undefined => {
  if (!Grammar.isMapping(item)) {
    report(path, `${show(item)} is not a site: write its url and its agents below it, one a line`)
    return undefined
  }
  unknownKeys(report, item, path, keys)
  const url = readText(report, item, path, "url", "write the address of the website, as in https://example.com")
  const site = url === undefined ? undefined : Either.match(Site.parse(url), {
    onLeft: (message) => report([...path, "url"], message),
    onRight: (found) => found
  })
  const agents = readAgents(report, item["agents"], [...path, "agents"])
  const folder = item["folder"] === undefined ? undefined : readFolder(report, item, path)
  const usageMode = oneOf(report, item["usageMode"], [...path, "usageMode"], ["auto", "prompt"])
  const strategy = oneOf(report, item["strategy"], [...path, "strategy"], ["swap", "in-place"])
  return site === undefined ? undefined : { site, agents, folder, usageMode, strategy }
}

/** What other tools call the same thing. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ["agent", "agents"],
  ["agentid", "agents"],
  ["agentids", "agents"],
  ["dir", "folder"],
  ["directory", "folder"],
  ["domain", "url"],
  ["host", "url"],
  ["mode", "usageMode"],
  ["name", "url"],
  ["out", "folder"],
  ["path", "folder"],
  ["site", "url"],
  ["usage", "usageMode"],
  ["website", "url"],
  ["websites", "sites"]
])

const unknownKeys = (
  report: Report,
  mapping: Readonly<Record<string, unknown>>,
  path: Path,
  known: ReadonlyArray<string>
): void => {
  for (const key of Object.keys(mapping)) {
    if (known.includes(key)) continue
    const meant = Suggestion.nearest(key, known, { synonyms })
    const rest = meant === undefined ? `known here: ${known.join(", ")}` : `did you mean ${meant}?`
    report([...path, key], `${JSON.stringify(key)} is not a known key; ${rest}`, "key")
  }
}

const readText = (
  report: Report,
  mapping: Readonly<Record<string, unknown>>,
  path: Path,
  key: string,
  remedy: string
): string | undefined => {
  const value = mapping[key]
  if (typeof value === "string" && value.trim() !== "") return value.trim()
  const problem = value === undefined
    ? "is missing"
    : value === null || value === ""
    ? "is empty"
    : `${show(value)} is not a text`
  report([...path, key], `${problem}: ${remedy}`)
  return undefined
}

const readAgents = (report: Report, value: unknown, path: Path): ReadonlyArray<string> => {
  if (!Array.isArray(value)) {
    const problem = value === undefined ? "is missing" : `${show(value)} is not a list`
    report(path, `${problem}: list the ids of the agents that use the documents, or write [] for none`)
    return []
  }
  const items: ReadonlyArray<unknown> = value
  for (const [index, item] of items.entries()) {
    const at = [...path, index]
    if (typeof item === "string" && Placeholder.is(item)) {
      report(at, `${show(item)} stands for an id: write the id that the agent's page shows`)
    } else if (!Grammar.isId(item)) report(at, `${show(item)} is not the id of an agent`)
    else if (items.indexOf(item) < index) report(at, `${show(item)} is there twice`)
  }
  return items.filter(Grammar.isId)
}

const readFolder = (report: Report, item: Readonly<Record<string, unknown>>, path: Path): string | undefined => {
  const folder = readText(report, item, path, "folder", "write the folder of the site's files, or take the key out")
  if (folder === undefined || !folder.includes("\0")) return folder
  report([...path, "folder"], "holds a character that no folder has")
  return undefined
}

const oneOf = <const A extends string>(
  report: Report,
  value: unknown,
  path: Path,
  known: readonly [A, ...ReadonlyArray<A>]
): A => {
  const found = known.find((word) => word === value)
  if (found !== undefined || value === undefined) return found ?? known[0]
  const meant = typeof value === "string" ? Suggestion.nearest(value, known) : undefined
  report(path, `${show(value)} is none of ${known.join(", ")}${meant === undefined ? "" : `; did you mean ${meant}?`}`)
  return known[0]
}

/** A site would remove, as no longer there, nothing of the other; but it would upload all of it. */
const overlapping = (
  { folder, site }: SiteSpec,
  others: ReadonlyArray<{ readonly spec: SiteSpec; readonly index: number }>
): string | undefined => {
  const own = NodePath.resolve(folder ?? NodePath.join("out", site.slug))
  for (const { index, spec } of others) {
    if (spec.site.slug === site.slug) continue
    const other = NodePath.resolve(spec.folder ?? NodePath.join("out", spec.site.slug))
    if (own === other || isBelow(own, other) || isBelow(other, own)) {
      return `holds, or is in, the folder of sites[${index}]: each site has a folder of its own`
    }
  }
  return undefined
}

const isBelow = (folder: string, above: string): boolean =>
  folder.startsWith(above.endsWith(NodePath.sep) ? above : `${above}${NodePath.sep}`)

const show = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value)
  if (typeof value === "number" || typeof value === "boolean") return String(value)
  if (value === null || value === undefined) return "nothing"
  return Array.isArray(value) ? "a list" : "a mapping"
}
