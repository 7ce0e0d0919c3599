/**
 * Email domains and the routes in them.
 *
 * @since 0.1.0
 */
import type { Entity, Listing, Table } from "../Table.ts"
import { block, blocks, boolean, number, ref, set, string } from "../Table.ts"
import { idOf, isObject, text } from "./Conversions.ts"

const domains: Listing = { path: "/api/v2/routing/email/domains", paging: "pages" }

const domain: Table = {
  type: "genesyscloud_routing_email_domain",
  family: "routing",
  list: [domains],
  label: (entity) => text(entity, "id"),
  dataSource: { name: "domain_id" },
  attributes: {
    // The domain of the region, which the platform appends to its own, is left out.
    domain_id: string({
      from: "id",
      required: true,
      convert: (value, entity) =>
        entity["subDomain"] === true && typeof value === "string" ? value.split(".")[0] : value
    }),
    custom_smtp_server_id: string({ from: "customSMTPServer.id", unresolvable: true }),
    mail_from_domain: string({ from: "mailFromSettings.mailFromDomain" }),
    subdomain: boolean({ from: "subDomain" })
  },
  permissions: ["routing:email:manage"]
}

const replyRoute = (entity: Entity) => {
  const reply = entity["replyEmailAddress"]
  return isObject(reply) ? text(reply["route"], "id") : undefined
}

/** A route that replies as itself must not name its own id, nor a domain. */
const repliesAsItself = (entity: Entity): boolean => {
  const id = replyRoute(entity)
  return id !== undefined && id === entity["id"]
}

const route: Table = {
  type: "genesyscloud_routing_email_route",
  family: "routing",
  list: [{
    path: "/api/v2/routing/email/domains/{domainName}/routes",
    paging: "pages",
    each: { listing: domains, hole: "domainName", field: "id" }
  }],
  label: (entity) => {
    const pattern = text(entity, "pattern")
    return pattern === undefined ? undefined : `${pattern}${text(entity["@parent"], "id") ?? ""}`
  },
  dataSource: { pattern: "pattern", domain_id: "domain_id" },
  attributes: {
    domain_id: idOf("@parent", "genesyscloud_routing_email_domain", { required: true }),
    from_name: string({ required: true }),
    pattern: string({ required: true }),
    allow_multiple_actions: boolean(),
    auto_bcc: blocks({ email: string({ required: true }), name: string() }, { nesting: "set" }),
    flow_id: idOf("flow", "genesyscloud_flow"),
    from_email: string(),
    history_inclusion: string(),
    language_id: idOf("language", "genesyscloud_routing_language"),
    priority: number(),
    queue_id: idOf("queue", "genesyscloud_routing_queue"),
    reply_email_address: block({
      domain_id: idOf("domain", "genesyscloud_routing_email_domain", {
        computed: true,
        convert: (value, entity) => repliesAsItself(entity) ? undefined : value ?? undefined
      }),
      route_id: idOf("route", "genesyscloud_routing_email_route", {
        convert: (value, entity) => repliesAsItself(entity) ? undefined : value ?? undefined
      }),
      self_reference_route: boolean({
        from: ".",
        convert: (_, entity) => repliesAsItself(entity) ? true : undefined
      })
    }, { removeIfMissing: ["route_id", "self_reference_route"] }),
    skill_ids: set({ from: "skills.id", ref: ref("genesyscloud_routing_skill") }),
    spam_flow_id: idOf("spamFlow", "genesyscloud_flow")
  },
  permissions: ["routing:email:view", "routing:email:manage"]
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [domain, route]
