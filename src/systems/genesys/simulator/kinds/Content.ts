/**
 * What agents and visitors see: canned responses, scripts, the messenger on web pages.
 *
 * @since 0.1.0
 */
import type { Draw } from "../Draw.ts"
import type { Entity, Kind } from "../Kind.ts"
import { without } from "../Shown.ts"

const libraries: Kind = {
  name: "responsemanagement_library",
  weight: 3,
  rooted: true,
  word: "Library",
  permissions: ["responses:library:view"],
  listing: { path: "/api/v2/responsemanagement/libraries", style: "pages" },
  read: "/api/v2/responsemanagement/libraries/{libraryId}",
  fixed: true,
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    version: draw.version(),
    dateCreated: draw.created(),
    division: draw.division(),
    selfUri: draw.uri
  })
}

const substitutions = [
  { id: "name", description: "The \"name\"", defaultValue: "${customer}" },
  { id: "empty", description: "", defaultValue: "" }
]

/** What only responses of one type have. */
const special = (draw: Draw): Entity => {
  switch (draw.between(0, 5)) {
    case 0:
      return { responseType: draw.pick(["CampaignSmsTemplate", "CampaignEmailTemplate"]) }
    case 1:
      return { responseType: "Footer", footer: { type: "Signature", applicableResources: ["Campaign"] } }
    case 2:
      return {
        responseType: "MessagingTemplate",
        messagingTemplate: { whatsApp: { name: "hello", namespace: "space", language: "en_US" } }
      }
    default:
      return {}
  }
}

const responses: Kind = {
  name: "responsemanagement_response",
  weight: 40,
  word: "Response",
  parent: "responsemanagement_library",
  permissions: ["responses:response:view"],
  read: "/api/v2/responsemanagement/responses/{responseId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    version: draw.version(),
    libraries: [draw.ref(
      "responsemanagement_library",
      draw.organisation.parentOf("responsemanagement_response", draw.index)
    )],
    texts: [
      {
        content: `<p>Dear {{name}}, \${amount} %{percent} ${draw.text("the order")}</p>\n<br/>`,
        contentType: draw.pick(["text/html", "text/plain"]),
        type: draw.maybe(0.5, () => "body")
      },
      ...draw.several(1, () => ({ content: "About \"it\"", contentType: "text/plain", type: "subject" }))
    ],
    dateCreated: draw.created(),
    interactionType: draw.pick(["chat", "email"]),
    substitutions: substitutions.slice(0, draw.between(0, 2)),
    substitutionsSchema: draw.maybe(0.2, () => ({ id: draw.uuid() })),
    ...special(draw),
    assets: draw.maybe(
      0.4,
      () =>
        draw.targets("responsemanagement_responseasset", 2).map((asset) =>
          draw.address("responsemanagement_responseasset", asset)
        )
    ),
    selfUri: draw.uri
  })
}

const assets: Kind = {
  name: "responsemanagement_responseasset",
  weight: 10,
  word: "Asset",
  permissions: ["responseAssets:asset:view"],
  listing: { path: "/api/v2/responsemanagement/responseassets/search", style: "search" },
  read: "/api/v2/responsemanagement/responseassets/{responseAssetId}",
  named: (draw) => `folder ${draw.index % 3}/asset-${draw.index}.txt`,
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    division: draw.division(),
    contentLength: 24,
    contentLocation: `/storage/assets/${draw.id}?version=${draw.revision}`,
    contentType: "text/plain",
    dateCreated: draw.created(),
    dateModified: draw.modified(),
    selfUri: draw.uri
  })
}

const defaultScript = "Default Outbound Script"

const scripts: Kind = {
  name: "script",
  weight: 12,
  least: 3,
  rooted: true,
  word: "Script",
  permissions: ["scripter:script:view"],
  listing: { path: "/api/v2/scripts", style: "pages" },
  read: "/api/v2/scripts/{scriptId}",
  named: (draw) => draw.index === 0 ? defaultScript : draw.organisation.plainName("script", draw.index),
  owned: (draw) => draw.index === 0,
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    division: draw.division(),
    versionId: `${draw.version()}`,
    createdDate: draw.created(),
    modifiedDate: draw.modified(),
    publishedDate: draw.modified(),
    versionDate: draw.modified(),
    startPageId: "start",
    startPageName: "Start",
    features: {},
    variables: [],
    customActions: [],
    selfUri: draw.uri
  })
}

const screens = (draw: Draw): Entity => ({
  type: draw.pick(["Home", "Category", "SearchResults"]),
  moduleSettings: [{
    type: "Search",
    enabled: true,
    compactCategoryModuleTemplate: { active: true },
    detailedCategoryModuleTemplate: { active: false, sidebar: { enabled: true } }
  }]
})

const supportCenter = (draw: Draw): Entity => ({
  enabled: true,
  knowledgeBase: { id: draw.uuid() },
  customMessages: [{ defaultValue: "Welcome, ${visitor}", type: "Welcome" }],
  routerType: "Hash",
  screens: [screens(draw)],
  enabledCategories: [{ id: draw.uuid(), image: { source: { defaultUrl: "https://example.com/a.png" } } }],
  labelFilter: { labels: [{ id: draw.uuid() }] },
  styleSetting: {
    heroStyle: {
      backgroundColor: "#ffffff",
      textColor: "#000000",
      image: { source: { defaultUrl: "https://example.com/hero.png" } }
    },
    globalStyle: {
      backgroundColor: "#ffffff",
      primaryColor: "#0D6EFD",
      primaryColorDark: "#000000",
      primaryColorLight: "#eeeeee",
      textColor: "#111111",
      fontFamily: "Noto \"Sans\""
    }
  },
  feedback: { enabled: true }
})

const messenger = (draw: Draw): Entity => ({
  enabled: true,
  styles: { primaryColor: "#B0C0D0" },
  launcherButton: {
    visibility: draw.pick(["On", "Off", "OnDemand"]),
    displayType: "Icon",
    icon: { url: "https://example.com/icon.svg" }
  },
  fileUpload: {
    enableAttachments: true,
    modes: [{ fileTypes: ["image/png", "image/jpeg"], maxFileSizeKB: draw.between(1, 10_240) }]
  },
  apps: {
    conversations: {
      enabled: true,
      showAgentTypingIndicator: draw.chance(0.5),
      showUserTypingIndicator: draw.chance(0.5),
      autoStart: { enabled: draw.chance(0.5) },
      markdown: { enabled: true },
      conversationDisconnect: { enabled: true, type: "Send" },
      conversationClear: { enabled: false },
      humanize: { enabled: true, bot: { name: "Bot 🤖", avatarUrl: "https://example.com/bot.png" } },
      notifications: { enabled: true, notificationContentType: "IncludeMessagesContent" },
      sessionDurationSeconds: draw.between(60, 3600)
    },
    knowledge: { enabled: draw.chance(0.3), knowledgeBase: { id: draw.uuid() } }
  },
  homeScreen: { enabled: true, logoUrl: "https://example.com/logo.png" },
  sessionPersistenceType: "AcrossSubdomains"
})

const journeyEvents = (draw: Draw): Entity => ({
  enabled: true,
  excludedQueryParameters: ["secret"],
  shouldKeepUrlFragment: draw.chance(0.5),
  searchQueryParameters: ["query"],
  pageviewConfig: "Auto",
  clickEvents: [{ selector: "#buy > a[href^=\"/\"]", eventName: "buy" }],
  formsTrackEvents: [{
    selector: "form",
    formName: "checkout",
    captureDataOnFormAbandon: true,
    captureDataOnFormSubmit: false
  }],
  idleEvents: [{ eventName: "idle", idleAfterSeconds: draw.between(30, 90) }],
  inViewportEvents: [{ selector: ".footer", eventName: "seen" }],
  scrollDepthEvents: [{ percentage: 50, eventName: "half" }],
  trackingSettings: {
    excludedQueryParameters: ["token"],
    shouldKeepUrlFragment: true,
    searchQueryParameters: ["q"],
    ipFilters: [{ ipAddress: "192.0.2.1", name: "office" }]
  }
})

/**
 * The version of a messenger's configuration that counts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const webVersion = (draw: Draw): string => String(deployedVersion(draw) + draw.revision)

/** The one that its deployments show: they stay with it until somebody deploys another one. */
const deployedVersion = (draw: Draw): number => 1 + (draw.index % 4)

const webConfigurations: Kind = {
  name: "webdeployments_configuration",
  weight: 3,
  word: "Messenger",
  permissions: ["webDeployments:configuration:view"],
  listing: {
    path: "/api/v2/webdeployments/configurations",
    style: "cursor",
    total: true,
    show: without("journeyEvents", "messenger", "supportCenter")
  },
  read: "/api/v2/webdeployments/configurations/{configurationId}/versions/{versionId}",
  self: "/api/v2/webdeployments/configurations/{id}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    version: webVersion(draw),
    headlessMode: { enabled: draw.chance(0.2) },
    description: draw.text(draw.name),
    languages: ["en-us", "de"],
    defaultLanguage: "en-us",
    customI18nLabels: draw.several(1, () => ({
      language: "de",
      localizedLabels: [{ key: "MessengerHomeHeaderTitle", value: "Grüß Gott, ${name}" }]
    })),
    messenger: messenger(draw),
    position: { alignment: "Auto", sideSpace: draw.between(0, 20), bottomSpace: draw.between(0, 20) },
    supportCenter: draw.maybe(0.4, () => supportCenter(draw)),
    cobrowse: draw.maybe(0.5, () => ({
      enabled: true,
      allowAgentControl: true,
      allowAgentNavigation: false,
      allowDraw: true,
      maskSelectors: [".secret"],
      channels: ["Webmessaging"],
      readonlySelectors: ["#total"],
      pauseCriteria: [{ urlFragment: "/pay?x=${y}", condition: "Includes" }]
    })),
    journeyEvents: journeyEvents(draw),
    authenticationSettings: draw.maybe(0.4, () => ({
      enabled: true,
      integrationId: draw.idOf("integration"),
      allowSessionUpgrade: draw.chance(0.5)
    })),
    video: draw.maybe(0.3, () => ({
      enabled: true,
      channels: ["Webmessaging"],
      agent: {
        allowCamera: true,
        allowScreenShare: true,
        allowMicrophone: true,
        ...(draw.chance(0.5)
          ? { background: "IMAGE", backgroundImage: { url: "https://example.com/beach.png" } }
          : { background: "BLUR" })
      },
      user: { allowCamera: true, allowScreenShare: false, allowMicrophone: true }
    })),
    dateCreated: draw.created(),
    dateModified: draw.modified(),
    datePublished: draw.modified(),
    status: draw.pick(["Active", "Inactive"]),
    selfUri: `/api/v2/webdeployments/configurations/${draw.id}/versions/${webVersion(draw)}`
  })
}

const webDeployments: Kind = {
  name: "webdeployments_deployment",
  weight: 4,
  word: "Deployment",
  permissions: ["webDeployments:deployment:view"],
  listing: { path: "/api/v2/webdeployments/deployments", style: "cursor", total: true },
  read: "/api/v2/webdeployments/deployments/{deploymentId}",
  build: (draw) => {
    const configuration = draw.target("webdeployments_configuration")
    return {
      id: draw.id,
      name: draw.name,
      description: draw.text(draw.name),
      allowAllDomains: draw.chance(0.3),
      allowedDomains: draw.several(2, (index) => `shop${index}.example.com`),
      supportedContent: draw.maybe(0.3, () => ({ id: draw.uuid(), name: "content" })),
      snippet: `<script>(function(g){g.id="${draw.id}"})(window)</script>`,
      dateCreated: draw.created(),
      dateModified: draw.modified(),
      flow: draw.maybe(0.6, () => draw.ref("flow")),
      status: draw.pick(["Active", "Inactive"]),
      pushIntegrations: draw.maybe(0.3, () => [{ id: draw.idOf("integration"), provider: "FCM" }]),
      configuration: {
        ...draw.ref("webdeployments_configuration", configuration),
        version: String(deployedVersion(draw.organisation.draw("webdeployments_configuration", configuration)))
      },
      selfUri: draw.uri
    }
  }
}

/**
 * @since 0.1.0
 * @category constants
 */
export const kinds: ReadonlyArray<Kind> = [
  libraries,
  responses,
  assets,
  scripts,
  webConfigurations,
  webDeployments
]
