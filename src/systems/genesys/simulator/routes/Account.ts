/**
 * The organisation itself, and who is asking.
 *
 * @since 0.1.0
 */
import * as Answer from "../Answer.ts"
import type { Entity } from "../Kind.ts"
import * as Listing from "../Listing.ts"

const organisation = (call: Answer.Call): Entity => ({
  id: call.organisation.organisationId,
  name: call.organisation.organisationName,
  defaultLanguage: "en-US",
  defaultCountryCode: "US",
  thirdPartyOrgName: `simulated-${call.organisation.seed}`,
  domain: `simulated-${call.organisation.seed}`,
  features: { realtimeCIC: true, purecloud: true },
  version: 7,
  state: "active",
  defaultSiteId: call.organisation.id("telephony_providers_edges_site", 0),
  voicemailEnabled: true,
  productPlatform: "GenesysCloud",
  selfUri: `/api/v2/organizations/${call.organisation.organisationId}`
})

const named = (call: Answer.Call): Entity => ({
  id: call.organisation.organisationId,
  name: call.organisation.organisationName
})

const domains = ["architect", "authorization", "directory", "outbound", "routing", "telephony"]

const permissions = (): ReadonlyArray<Entity> =>
  domains.map((domain) => ({
    id: domain,
    name: domain,
    domain,
    permissionMap: {
      entity: ["add", "delete", "edit", "view"].map((action) => ({
        domain,
        entityType: "entity",
        action,
        label: `${action} in ${domain}`,
        allowsConditions: false,
        divisionAware: true
      }))
    },
    selfUri: `/api/v2/authorization/permissions/${domain}`
  }))

const me: Answer.Route["answer"] = () =>
  // A client's token stands for no user.
  Answer.failure(
    400,
    "bad.request",
    "This request requires a user context. Client credentials cannot be used for requests to this resource."
  )

const get = (path: string, answer: Answer.Route["answer"], kind?: Answer.Route["kind"]): Answer.Route => ({
  method: "GET",
  path,
  kind,
  answer
})

/**
 * @since 0.1.0
 * @category constants
 */
export const routes: ReadonlyArray<Answer.Route> = [
  get("/api/v2/organizations/me", (call) => Answer.value(organisation(call))),
  get("/api/v2/tokens/me", (call) =>
    Answer.value({
      organization: named(call),
      homeOrganization: named(call),
      authorizedScope: [],
      OAuthClient: {
        id: call.organisation.id("oauth_client", 0),
        name: "export",
        authorizedGrantType: "CLIENT-CREDENTIALS",
        scope: [],
        roleDivisions: [],
        state: "active",
        organization: named(call)
      }
    })),
  get("/api/v2/users/me", me),
  get(
    "/api/v2/authorization/divisions/home",
    (call) => Answer.value(call.organisation.build("auth_division", 0)),
    "auth_division"
  ),
  get("/api/v2/authorization/permissions", (call) => Listing.of(permissions(), "pages", call)),
  get(
    "/api/v2/authorization/products",
    () => Answer.value({ total: 2, entities: [{ id: "collaborateFree" }, { id: "purecloud3" }] })
  ),
  get("/api/v2/telephony/mediaregions", () =>
    Answer.value({
      awsHomeRegion: "us-east-1",
      awsCoreRegions: ["us-east-1", "eu-central-1"],
      awsSatelliteRegions: ["ap-south-1"]
    }), "telephony_providers_edges_site")
]
