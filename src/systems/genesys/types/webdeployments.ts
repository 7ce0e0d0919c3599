/**
 * Web deployments and their configurations.
 *
 * Sources: the resource documentation of the provider 1.84.1 (`webdeployments_configuration`,
 * `webdeployments_deployment`) and the definitions `WebDeploymentConfigurationVersion` and `WebDeployment` of the
 * platform API.
 *
 * @since 0.1.0
 */
import type { Entity, Table } from "../Table.ts"
import { block, blocks, boolean, list, number, ref, string } from "../Table.ts"
import { idOf, objects, text } from "./Conversions.ts"
import * as WebMessenger from "./webMessenger.ts"

const configuration = "genesyscloud_webdeployments_configuration"

/** Of the published versions the newest; the draft where none is published. */
const newestVersion = (entity: Entity): string => {
  const published = objects(entity["@versions"])
    .map((each) => text(each, "version") ?? "")
    .filter((version) => /^[1-9]\d*$/.test(version))
    .map(Number)
  return published.length === 0 ? "DRAFT" : String(Math.max(...published))
}

const configurations: Table = {
  type: configuration,
  family: "webdeployments",
  list: [{ path: "/api/v2/webdeployments/configurations", paging: "cursor" }],
  read: {
    before: {
      versions: { path: "/api/v2/webdeployments/configurations/{id}/versions", paging: "cursor" }
    },
    holes: (entity) => ({ version: newestVersion(entity) }),
    path: "/api/v2/webdeployments/configurations/{id}/versions/{version}"
  },
  stamp: "dateModified",
  permissions: ["webDeployments:configuration:view"],
  attributes: {
    default_language: string({ required: true }),
    languages: list({ required: true }),
    name: string({ required: true }),
    authentication_settings: block(
      {
        enabled: boolean({ required: true }),
        integration_id: string({ ref: ref("genesyscloud_integration"), required: true }),
        allow_session_upgrade: boolean()
      },
      { removeIfMissing: ["integration_id"] }
    ),
    cobrowse: WebMessenger.cobrowse,
    custom_i18n_labels: blocks({
      language: string(),
      localized_labels: blocks({
        key: string({ required: true }),
        value: string({ required: true, zero: true })
      })
    }),
    description: string(),
    headless_mode_enabled: boolean({ from: "headlessMode.enabled" }),
    journey_events: WebMessenger.journeyEvents,
    messenger: WebMessenger.messenger,
    // No space at all is a position as well.
    position: block({
      alignment: string(),
      bottom_space: number({ zero: true }),
      side_space: number({ zero: true })
    }),
    status: string({ computed: true }),
    support_center: WebMessenger.supportCenter,
    // Every change that is applied makes another version.
    version: string({ readOnly: true, excluded: true }),
    video: WebMessenger.video
  }
}

const deployment: Table = {
  type: "genesyscloud_webdeployments_deployment",
  family: "webdeployments",
  list: [{ path: "/api/v2/webdeployments/deployments", paging: "cursor" }],
  read: { path: "/api/v2/webdeployments/deployments/{id}" },
  stamp: "dateModified",
  permissions: ["webDeployments:deployment:view"],
  attributes: {
    configuration: block(
      {
        id: string({ ref: ref(configuration), required: true }),
        version: string({ computed: true, excluded: true })
      },
      { required: true }
    ),
    name: string({ required: true }),
    allow_all_domains: boolean(),
    allowed_domains: list(),
    description: string(),
    flow_id: idOf("flow", "genesyscloud_flow"),
    push_integrations: blocks({
      id: string({ ref: ref("genesyscloud_integration"), required: true }),
      provider: string({ required: true })
    }),
    snippet: string({ readOnly: true, excluded: true }),
    status: string({ computed: true }),
    supported_content_id: idOf("supportedContent", "genesyscloud_conversations_messaging_supportedcontent")
  }
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [configurations, deployment]
