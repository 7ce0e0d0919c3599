/**
 * Integrations, their actions and credentials.
 *
 * @since 0.1.0
 */
import type { Draw } from "../Draw.ts"
import type { Entity, Kind } from "../Kind.ts"
import { without } from "../Shown.ts"

const types = [
  "custom-rest-actions",
  "embedded-client-app",
  "purecloud-data-actions",
  "aws-lambda-data-actions"
] as const

const integrationType = (draw: Draw): string => types[draw.index % types.length] ?? types[0]

/**
 * The current configuration of an integration.
 *
 * @since 0.1.0
 * @category constructors
 */
export const configuration = (draw: Draw): Entity => ({
  id: draw.id,
  name: draw.name,
  version: draw.version(),
  properties: integrationType(draw) === "embedded-client-app"
    ? {
      url: "https://app.example.com/?lang={{pcLangTag}}&x=${y}",
      groups: draw.ids("group", 2),
      displayType: "widget",
      permissions: ""
    }
    : {},
  advanced: draw.chance(0.3) ? { lifecycle: { ephemeral: true }, list: [1, "two", null] } : {},
  notes: draw.text(draw.name),
  credentials: draw.chance(0.5) ? { basicAuth: draw.ref("integration_credential") } : {},
  selfUri: `${draw.uri}/config/current`
})

const integrations: Kind = {
  name: "integration",
  weight: 5,
  least: 3,
  word: "Integration",
  permissions: ["integrations:integration:view"],
  listing: { path: "/api/v2/integrations", style: "until-empty" },
  read: "/api/v2/integrations/{integrationId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    integrationType: {
      id: integrationType(draw),
      name: integrationType(draw),
      selfUri: `/api/v2/integrations/types/${integrationType(draw)}`
    },
    notes: draw.text(draw.name),
    intendedState: draw.pick(["ENABLED", "DISABLED"]),
    config: { current: { ...configuration(draw.organisation.draw("integration", draw.index)) } },
    reportedState: { code: "ACTIVE", effective: "Active" },
    attributes: {},
    selfUri: draw.uri
  })
}

const isStatic = (draw: Draw): boolean => draw.index % 6 === 4

const isFunction = (draw: Draw): boolean => draw.index % 11 === 2

/**
 * The function behind an action; few actions are functions.
 *
 * @since 0.1.0
 * @category constructors
 */
export const functionOf = (draw: Draw): Entity | undefined =>
  isFunction(draw)
    ? {
      id: draw.id,
      function: {
        id: draw.uuid(),
        name: `function ${draw.index}`,
        description: "A \"function\"",
        handler: "src/index.handler",
        runtime: "nodejs20.x",
        timeoutSeconds: 15 + draw.revision,
        zipId: draw.uuid()
      },
      zip: { status: "Available", id: draw.uuid(), name: "function.zip" }
    }
    : undefined

const contract = (draw: Draw): Entity => ({
  input: {
    inputSchema: {
      $schema: "http://json-schema.org/draft-04/schema#",
      title: `input of \${${draw.index}}`,
      type: "object",
      required: ["id"],
      properties: { id: { type: "string" }, amount: { type: "number" } },
      additionalProperties: true
    }
  },
  output: {
    successSchema: {
      $schema: "http://json-schema.org/draft-04/schema#",
      type: "object",
      properties: {
        status: { type: "string", title: "%{status}" },
        items: { type: "array", items: { type: "integer" } }
      },
      additionalProperties: true
    }
  }
})

const config = (draw: Draw): Entity => ({
  timeoutSeconds: draw.maybe(0.3, () => draw.between(1, 60)),
  request: {
    requestUrlTemplate: `https://api.example.com/items/\${input.id}?revision=${draw.revision}`,
    requestTemplateUri: `${draw.uri}/templates/requesttemplate.vm`,
    requestType: draw.pick(["GET", "POST", "PUT"]),
    headers: { "Content-Type": "application/json", "X-Key": "$!{credentials.key}" }
  },
  response: {
    translationMap: { status: "$.status", empty: "" },
    translationMapDefaults: { status: "\"\"", nothing: "" },
    successTemplateUri: `${draw.uri}/templates/successtemplate.vm`
  }
})

/**
 * The text of a template; one action in nine has none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const template = (draw: Draw, file: string): string | undefined => {
  if (draw.index % 9 === 7) return undefined
  return file === "requesttemplate.vm"
    ? `#set($id = "\${input.id}")\n{ "id": "$id", "n": ${draw.index} }\n`
    : `{ "status": \${successTemplateUtils.firstFromArray("\${status}")}, "r": ${draw.revision} }`
}

const actions: Kind = {
  name: "integration_action",
  weight: 25,
  least: 6,
  word: "Action",
  permissions: ["integrations:action:view", "bridge:actions:view"],
  listing: {
    path: "/api/v2/integrations/actions",
    style: "until-empty",
    show: without("config", "contract")
  },
  read: "/api/v2/integrations/actions/{actionId}",
  id: (draw, uuid) => `${isStatic(draw) ? "static" : "custom"}_-_${uuid}`,
  idOf: (id) => /^(?:custom|static)_-_(.*)$/.exec(id)?.[1],
  owned: isStatic,
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    integrationId: draw.idOf("integration"),
    category: isFunction(draw)
      ? "Function Data Actions"
      : draw.pick(["Web Services Data Actions", "Genesys \"Cloud\" Data", "CRM/${x}"]),
    contract: contract(draw),
    version: draw.version(),
    secure: draw.chance(0.2),
    config: config(draw),
    selfUri: draw.uri
  }),
  shown: (entity, query) => {
    const { config: whole, contract: agreed, ...rest } = entity
    return {
      ...rest,
      ...((query["expand"] ?? "").split(",").includes("contract") ? { contract: agreed } : {}),
      ...(query["includeConfig"] === "true" ? { config: whole } : {})
    }
  }
}

const credentialType = (draw: Draw): Entity => {
  const id = draw.pick(["basicAuth", "userDefinedOAuth", "userDefined"])
  return { id, name: id }
}

const credentials: Kind = {
  name: "integration_credential",
  fixed: true,
  weight: 5,
  word: "Credential",
  permissions: ["integrations:integration:view"],
  listing: {
    path: "/api/v2/integrations/credentials/listing",
    style: "cursor",
    show: (entity) => ({ ...without("credentialFields")(entity), createdDate: "2024-02-01T00:00:00.000Z" })
  },
  read: "/api/v2/integrations/credentials/{credentialId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    type: credentialType(draw),
    // Their values are never told.
    credentialFields: { userName: "", password: "" },
    selfUri: draw.uri
  })
}

/**
 * @since 0.1.0
 * @category constants
 */
export const kinds: ReadonlyArray<Kind> = [integrations, actions, credentials]
