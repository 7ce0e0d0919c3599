/**
 * E-mail domains and the routes below them.
 *
 * @since 0.1.0
 */
import type { Draw } from "../Draw.ts"
import type { Entity, Kind } from "../Kind.ts"

const pattern = (index: number): string => `inbox${index}`

/**
 * A route and the domain it hangs on.
 *
 * @since 0.1.0
 * @category constructors
 */
export const emailAddress = (draw: Draw): Entity => {
  const space = draw.organisation.space("routing_email_route")
  const route = Math.floor(draw.unit() * space.referable)
  const domain = draw.organisation.parentOf("routing_email_route", route)
  return {
    domain: draw.address("routing_email_domain", domain),
    route: { id: draw.organisation.id("routing_email_route", route), pattern: pattern(route), fromName: "" }
  }
}

const domainName = (index: number): string => `mail${index}.example.com`

const emailDomains: Kind = {
  name: "routing_email_domain",
  weight: 1,
  rooted: true,
  word: "Domain",
  permissions: ["routing:email:manage", "routing:email:view"],
  listing: { path: "/api/v2/routing/email/domains", style: "pages" },
  read: "/api/v2/routing/email/domains/{domainId}",
  id: (draw) => domainName(draw.index),
  idOf: (id) => /^mail(\d{1,7})\.example\.com$/.test(id) ? Number(id.slice(4, -".example.com".length)) : undefined,
  named: (draw) => domainName(draw.index),
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    mxRecordStatus: draw.revision % 2 === 0 ? "VALID" : "NOT_AVAILABLE",
    subDomain: draw.chance(0.5),
    mailFromSettings: { status: "VERIFIED", records: [], mailFromDomain: `from${draw.revision}.${draw.name}` },
    customSMTPServer: draw.maybe(0.4, () => ({ id: draw.uuid(), name: "relay" })),
    selfUri: draw.uri
  })
}

const emailRoutes: Kind = {
  name: "routing_email_route",
  weight: 6,
  word: "Route",
  parent: "routing_email_domain",
  permissions: ["routing:email:view", "routing:email:manage"],
  read: "/api/v2/routing/email/domains/{domainName}/routes/{routeId}",
  named: (draw) => pattern(draw.index),
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    pattern: pattern(draw.index),
    queue: draw.maybe(0.5, () => draw.ref("routing_queue")),
    priority: draw.between(0, 10) + draw.revision,
    skills: draw.refs("routing_skill", 2),
    language: draw.maybe(0.3, () => draw.ref("routing_language")),
    fromName: `Team ${draw.index}`,
    fromEmail: `team${draw.index}@example.com`,
    flow: draw.maybe(0.5, () => draw.ref("flow")),
    // To itself now and then.
    replyEmailAddress: draw.maybe(0.5, () =>
      draw.chance(0.4)
        ? {
          domain: draw.address("routing_email_domain", draw.organisation.parentOf("routing_email_route", draw.index)),
          route: { id: draw.id, pattern: pattern(draw.index), fromName: "" }
        }
        : emailAddress(draw)),
    autoBcc: draw.several(2, (index) => ({ email: `archive${index}@example.com`, name: `Archive ${index}` })),
    spamFlow: draw.maybe(0.3, () => draw.ref("flow")),
    historyInclusion: draw.pick(["Include", "Exclude", "Optional"]),
    allowMultipleActions: draw.chance(0.5),
    status: "Active",
    selfUri: draw.uri
  })
}

/**
 * @since 0.1.0
 * @category constants
 */
export const kinds: ReadonlyArray<Kind> = [emailDomains, emailRoutes]
