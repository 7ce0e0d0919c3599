/**
 * Integrations, their actions and credentials, and OAuth clients.
 *
 * @since 0.1.0
 */
import type { Entity, Table } from "../Table.ts"
import { block, blocks, boolean, json, map, number, ref, set, string } from "../Table.ts"
import { text } from "./Conversions.ts"

const toFlow = ref("genesyscloud_flow")

/** What the platform stores for an empty note. */
const emptyNote = "node_dynamodb_empty_string"

const integration: Table = {
  type: "genesyscloud_integration",
  family: "integrations",
  list: [{ path: "/api/v2/integrations", paging: "until-empty" }],
  read: {
    path: "/api/v2/integrations/{id}",
    listed: true,
    extras: { config: { path: "/api/v2/integrations/{id}/config/current" } }
  },
  dataSource: { name: "config.name" },
  attributes: {
    integration_type: string({ from: "integrationType.id", required: true }),
    config: block({
      advanced: json({ computed: true }),
      credentials: map({ ref: ref("genesyscloud_integration_credential") }),
      name: string({ computed: true }),
      notes: string({ convert: (value) => value === emptyNote ? undefined : value ?? undefined }),
      properties: json({
        computed: true,
        refs: {
          groups: ref("genesyscloud_group"),
          createTimeOffRequests: toFlow,
          timeOffBalances: toFlow,
          timeOffTypes: toFlow,
          updateTimeOffRequests: toFlow,
          userAccountIds: toFlow
        }
      })
    }, { from: "@config", computed: true }),
    intended_state: string()
  },
  permissions: ["integrations:integration:view"]
}

/** Actions that come with an integration. They have no templates, and nobody can make one. */
const isStatic = (action: Entity): boolean => text(action, "id")?.startsWith("static") === true

/** Actions that run code of the organisation's own. */
const isFunction = (action: Entity): boolean =>
  (text(action, "category") ?? "").toLowerCase().replace(/[_-]/g, " ").includes("function data action")

const isDynamic = (action: Entity): boolean => !isStatic(action)

/** Templates and functions change only with a version of their action, which is published. */
const templates = "/api/v2/integrations/actions/{id}/templates"

const action: Table = {
  type: "genesyscloud_integration_action",
  family: "integrations",
  list: [{ path: "/api/v2/integrations/actions", paging: "until-empty" }],
  read: {
    path: "/api/v2/integrations/actions/{id}",
    query: { expand: "contract", includeConfig: "true" },
    extras: {
      requestTemplate: {
        path: `${templates}/requesttemplate.vm`,
        text: true,
        optional: true,
        when: isDynamic,
        stamped: true
      },
      successTemplate: {
        path: `${templates}/successtemplate.vm`,
        text: true,
        optional: true,
        when: isDynamic,
        stamped: true
      },
      function: {
        path: "/api/v2/integrations/actions/{id}/function",
        optional: true,
        when: isFunction,
        stamped: true
      }
    }
  },
  label: (entity, lookup) => {
    const own = `${text(entity, "category") ?? ""}_${text(entity, "name") ?? ""}`
    if (!isStatic(entity)) return own
    const owner = text(lookup("genesyscloud_integration", text(entity, "integrationId") ?? ""), "name")
    return owner === undefined ? own : `${owner}___${own}`
  },
  labelNeeds: ["genesyscloud_integration"],
  hashed: ["category"],
  stamp: "version",
  data: isStatic,
  attributes: {
    category: string({ required: true }),
    contract_input: json({ from: "contract.input.inputSchema", required: true }),
    contract_output: json({ from: "contract.output.successSchema", required: true }),
    integration_id: string({ required: true, ref: ref("genesyscloud_integration") }),
    name: string({ required: true }),
    config_request: block({
      request_type: string({ required: true }),
      headers: map(),
      request_template: string({ from: "@requestTemplate", computed: true }),
      // Of a function it is an id that the platform makes anew in each organisation.
      request_url_template: string({
        convert: (value, entity) => isFunction(entity) ? undefined : value ?? undefined
      })
    }, { from: "config.request" }),
    config_response: block({
      success_template: string({ from: "@successTemplate", computed: true }),
      translation_map: map(),
      translation_map_defaults: map({ zero: true })
    }, { from: "config.response", computed: true }),
    config_timeout_seconds: number({ from: "config.timeoutSeconds" }),
    function_config: block({
      // The archive of a function cannot be had back.
      file_path: string({ required: true, unresolvable: true }),
      description: string({ computed: true }),
      handler: string({ computed: true }),
      runtime: string({ computed: true }),
      timeout_seconds: number({ computed: true }),
      zip_id: string({ computed: true, excluded: true })
    }, { from: "@function.function", computed: true }),
    secure: boolean()
  },
  permissions: ["integrations:action:view", "bridge:actions:view"]
}

const credential: Table = {
  type: "genesyscloud_integration_credential",
  family: "integrations",
  list: [{ path: "/api/v2/integrations/credentials/listing", paging: "cursor" }],
  stamp: "modifiedDate",
  attributes: {
    credential_type_name: string({ from: "type.name", required: true }),
    fields: map({ unresolvable: true }),
    name: string()
  },
  permissions: ["integrations:integration:view"]
}

const oauthClient: Table = {
  type: "genesyscloud_oauth_client",
  family: "oauth",
  list: [{ path: "/api/v2/oauth/clients", paging: "once" }],
  // Former versions of the listing leave out the grant type, and nothing else. Source: OAuthClientListing of the SDKs.
  read: { path: "/api/v2/oauth/clients/{id}", unless: "authorizedGrantType" },
  stamp: "dateModified",
  // Disabled by the vendor's support.
  skip: (entity) => entity["state"] === "disabled",
  attributes: {
    authorized_grant_type: string({ required: true }),
    name: string({ required: true }),
    access_token_validity_seconds: number(),
    description: string(),
    registered_redirect_uris: set({ from: "registeredRedirectUri" }),
    roles: blocks({
      role_id: string({ required: true, ref: ref("genesyscloud_auth_role") }),
      division_id: string({ computed: true, ref: ref("genesyscloud_auth_division", { except: ["*"] }) })
    }, { from: "roleDivisions", nesting: "set", removeIfMissing: ["role_id"] }),
    scopes: set({ from: "scope" }),
    state: string(),
    client_id: string({ from: "id", readOnly: true })
  },
  // What the provider makes of the secret of a client that it creates; nobody can read it afterwards.
  notInApi: [
    "client_secret",
    "directory_client_secret",
    "expose_client_secret",
    "integration_credential_id",
    "integration_credential_name"
  ],
  permissions: ["oauth:client:view"]
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [integration, action, credential, oauthClient]
