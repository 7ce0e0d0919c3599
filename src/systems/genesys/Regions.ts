/**
 * The regions of Genesys Cloud: the name that AWS has for each, and the domain under which its hosts are.
 *
 * Source: the region table of the Genesys Cloud Terraform provider 1.84.1; `dca` and `tca` are the vendor's own.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Suggestion from "../../kernel/Suggestion.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Region {
  /** `eu-west-1` */
  readonly name: string
  /** `mypurecloud.ie` */
  readonly domain: string
}

const domains: Readonly<Record<string, string>> = {
  "us-east-1": "mypurecloud.com",
  "us-east-2": "use2.us-gov-pure.cloud",
  "us-west-2": "usw2.pure.cloud",
  "ca-central-1": "cac1.pure.cloud",
  "sa-east-1": "sae1.pure.cloud",
  "mx-central-1": "mxc1.pure.cloud",
  "eu-west-1": "mypurecloud.ie",
  "eu-west-2": "euw2.pure.cloud",
  "eu-central-1": "mypurecloud.de",
  "eu-central-2": "euc2.pure.cloud",
  "eusc-de-east-1": "edee1.eusc-pure.cloud",
  "me-central-1": "mec1.pure.cloud",
  "ap-south-1": "aps1.pure.cloud",
  "ap-southeast-1": "apse1.pure.cloud",
  "ap-southeast-2": "mypurecloud.com.au",
  "ap-northeast-1": "mypurecloud.jp",
  "ap-northeast-2": "apne2.pure.cloud",
  "ap-northeast-3": "apne3.pure.cloud",
  "dca": "inindca.com",
  "tca": "inintca.com"
}

/**
 * @since 0.1.0
 * @category constants
 */
export const all: ReadonlyArray<Region> = Object.entries(domains).map(([name, domain]) => ({ name, domain }))

/** The nearest first; of those as near, in the order of the table. */
const nearest = (text: string): ReadonlyArray<string> =>
  all.flatMap(({ domain, name }) => [name, domain])
    .map((word) => ({ word, far: Suggestion.distance(text, word) }))
    .toSorted((left, right) => left.far - right.far)
    .slice(0, 3)
    .map(({ word }) => word)

/**
 * A region from its name or its domain, in any case; also from the address of one of its hosts, as in
 * `https://apps.mypurecloud.ie`. The left side says what is near instead.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Either.Either<Region, string> => {
  const wanted = text.trim().toLowerCase()
  const host = wanted.replace(/^https:\/\//, "").replace(/\/+$/, "").replace(/^(?:api|login|apps)\./, "")
  const found = all.find(({ domain, name }) => name === wanted || domain === host)
  if (found !== undefined) return Either.right(found)
  return wanted === ""
    ? Either.left("The region is empty")
    : Either.left(`There is no region "${text.trim()}"; the nearest are ${nearest(host).join(", ")}`)
}
