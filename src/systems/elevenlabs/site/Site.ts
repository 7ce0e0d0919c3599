/**
 * A website and its one identity: the canonical host, and the slug that names its folder and its state file.
 *
 * The host is read as a browser reads it (WHATWG URL: lower case, punycode), without port, trailing dot and leading
 * `www` labels. The slug is the host with `-` written `--` and `.` written `-`. Labels neither begin nor end with `-`, so
 * two hosts never share a slug.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { getPublicSuffix } from "tldts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Site {
  /** Canonical: `my-shop.example`. */
  readonly host: string
  /** Unique to the host: `my--shop-example`. Safe as the name of a file. */
  readonly slug: string
  /** What older tools made of the host: `my-shop-example`. Several hosts may share it, so it is never turned back. */
  readonly legacySlug: string
}

/**
 * Which site a key means.
 *
 * @since 0.1.0
 * @category models
 */
export type Resolution =
  | { readonly _tag: "Known"; readonly site: Site }
  | { readonly _tag: "Ambiguous"; readonly key: string; readonly candidates: ReadonlyArray<Site> }
  | { readonly _tag: "Unknown"; readonly key: string; readonly reason: string }

/** What could leave a folder, end a path or hide in a terminal, wherever it stands. */
const forbidden = /[\\\s\p{Cc}\p{Cf}]/u

const label = /^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$/

const slugText = /^[a-z0-9][a-z0-9_-]*$/i

/** Room is left for the endings of state files, their copies and temporary files: most file systems take 255. */
const slugLimit = 200

/**
 * Reads the URL or the host of a site, or says what is wrong with it. Reading the host again gives the same site. A word
 * without a dot is refused, because it may be a slug: write it as a URL, `http://localhost`.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Site from "holdfast/systems/elevenlabs/site/Site"
 *
 * Site.parse("https://www.My-Shop.ie:8443/index.html")
 * // host "my-shop.ie", slug "my--shop-ie", legacySlug "my-shop-ie"
 */
export const parse = (text: string): Either.Either<Site, string> => {
  const input = text.trim()
  if (isSlugText(input)) return Either.left(`${show(input)} is no URL and no host with a dot: write https://${input}`)
  return Either.flatMap(hostOf(input), ofHost)
}

/**
 * The slug of a URL, a host or a slug. A word without a dot is a slug already. Running it again changes nothing.
 *
 * @since 0.1.0
 * @category conversions
 */
export const normalise = (text: string): Either.Either<string, string> => {
  const input = text.trim()
  if (!isSlugText(input)) return Either.map(parse(input), ({ slug }) => slug)
  return input.length > slugLimit ? Either.left(tooLong(input)) : Either.right(input.toLowerCase())
}

/**
 * Finds the configured site that a URL, a host, a slug or a slug of an older tool means. A slug is never turned back into
 * a host that nobody configured.
 *
 * @since 0.1.0
 * @category conversions
 */
export const resolve = (key: string, configured: ReadonlyArray<Site>): Resolution => {
  const input = key.trim()
  if (!isSlugText(input)) {
    const parsed = parse(input)
    if (Either.isLeft(parsed)) return { _tag: "Unknown", key, reason: parsed.left }
    const found = configured.find(({ host }) => host === parsed.right.host)
    if (found !== undefined) return { _tag: "Known", site: found }
    return { _tag: "Unknown", key, reason: `no configured site has the host ${parsed.right.host}` }
  }
  const slug = input.toLowerCase()
  const candidates = unique(configured.filter((site) => site.slug === slug || site.legacySlug === slug))
  const [first] = candidates
  if (first === undefined) return { _tag: "Unknown", key, reason: `no configured site has the slug ${slug}` }
  return candidates.length === 1 ? { _tag: "Known", site: first } : { _tag: "Ambiguous", key, candidates }
}

const slugOf = (host: string): string => host.replaceAll("-", "--").replaceAll(".", "-")

/** Source: `_normalize_domain_key` of the tool that wrote the old state files. */
const legacySlugOf = (host: string): string => host.replaceAll("www.", "").replaceAll(".", "-")

const isSlugText = (input: string): boolean => slugText.test(input)

/** A password may stand before an `@`. */
const show = (input: string): string => {
  const text = input.replace(/\/\/.*@/, "//...@")
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text)
}

const tooLong = (input: string): string =>
  `${show(input)} is too long: its slug would have more than ${slugLimit} letters`

const hostOf = (input: string): Either.Either<string, string> => {
  if (input === "") return Either.left("is empty: write the URL of a website, as in https://example.com")
  if (forbidden.test(input)) return Either.left(`${show(input)} holds a blank, a backslash or a control character`)
  const hasScheme = /^https?:\/\//i.test(input)
  if (!hasScheme && /^[a-z][a-z0-9+.-]*:\/\//i.test(input)) {
    return Either.left(`${show(input)} is no address of a website: write https:// or http://`)
  }
  if (!hasScheme && /[/?#]/.test(input)) {
    return Either.left(`${show(input)} is neither a host nor a URL: write https:// before it`)
  }
  return Either.flatMap(
    Either.try({ try: () => new URL(hasScheme ? input : `http://${input}`), catch: () => `${show(input)} is no URL` }),
    (url) =>
      url.username === "" && url.password === ""
        ? Either.right(url.hostname)
        : Either.left("holds a user or a password: leave them out")
  )
}

const ofHost = (hostname: string): Either.Either<Site, string> => {
  const labels = withoutWww((hostname.endsWith(".") ? hostname.slice(0, -1) : hostname).split("."))
  const host = labels.join(".")
  const wrong = labels.find((part) => !label.test(part))
  if (wrong !== undefined) {
    return Either.left(
      wrong === ""
        ? `${show(hostname)} is no host: a part of it is empty`
        : `${
          show(wrong)
        } is no part of a host: letters, digits and dashes, 63 at most, a letter or a digit at both ends`
    )
  }
  const slug = slugOf(host)
  if (host.length > 253 || slug.length > slugLimit) return Either.left(tooLong(host))
  return Either.right({ host, slug, legacySlug: legacySlugOf(host) })
}

/** `www.ie` and `www.co.uk` are sites of their own: what is left of them is where others register theirs. */
const withoutWww = (labels: ReadonlyArray<string>): ReadonlyArray<string> => {
  const rest = labels.slice(1)
  if (labels[0] !== "www" || rest.length < 2 || isPublicSuffix(rest.join("."))) return labels
  return withoutWww(rest)
}

const isPublicSuffix = (host: string): boolean => getPublicSuffix(host, { allowPrivateDomains: true }) === host

const unique = (sites: ReadonlyArray<Site>): ReadonlyArray<Site> =>
  [...new Map(sites.map((site) => [site.host, site])).values()].toSorted((a, b) => a.host < b.host ? -1 : 1)
