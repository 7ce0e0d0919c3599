/**
 * Attributes of canned responses and web deployments that are written in another way than the API answers them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Blocks, Expression } from "../../../src/systems/genesys/output/Rendered.ts"
import { bodyOf, referencesOf, tableOf, valuesOf } from "./TableLab.ts"

describe("responsemanagement", () => {
  it("refers to libraries and assets, and keeps the id of a schema as it is", () => {
    const entity = {
      id: "1",
      libraries: [{ id: "l2" }, { id: "l1" }],
      assets: [{ id: "a1", selfUri: "/x" }],
      substitutionsSchema: { id: "s1" },
      messagingTemplate: { whatsApp: { name: "n", namespace: "ns", language: "en_US", buttons: [] } }
    }
    const values = valuesOf("responsemanagement_response", entity)
    assert.strictEqual(values["substitutions_schema_id"], "s1")
    assert.deepStrictEqual(values["messaging_template"], [
      { whats_app: [{ language: "en_US", name: "n", namespace: "ns" }] }
    ])
    assert.deepStrictEqual(referencesOf("responsemanagement_response", entity), [
      "asset_ids responsemanagement_responseasset a1",
      "library_ids responsemanagement_library l1",
      "library_ids responsemanagement_library l2"
    ])
  })

  it("finds a response by its name in one of its libraries", () => {
    const by = tableOf("responsemanagement_response").dataSource?.["library_id"]
    assert.isTrue(typeof by === "function")
    if (typeof by !== "function") return
    assert.strictEqual(by({ library_ids: ["l1", "l2"], name: "Hello" }), "l1")
    assert.isUndefined(by({ name: "Hello" }))
  })

  it("has the file of an asset, or asks for one", () => {
    const asset = { id: "1", name: "logo.png", contentLocation: "https://x/logo.png" }
    const file = { path: "response_assets/logo.png", attribute: "filename", digest: "00" }
    assert.deepStrictEqual(
      bodyOf("responsemanagement_responseasset", asset, [file]),
      new Map(Object.entries({
        file_content_hash: new Expression("filesha256(\"response_assets/logo.png\")"),
        filename: "response_assets/logo.png",
        name: "logo.png"
      }))
    )
    assert.deepStrictEqual(
      bodyOf("responsemanagement_responseasset", asset).get("filename"),
      new Expression("var.filename")
    )
  })

  it("searches for assets, and lists responses by library", () => {
    assert.deepInclude(tableOf("responsemanagement_responseasset").list[0], { method: "POST", entities: "results" })
    assert.deepInclude(tableOf("responsemanagement_response").list[0]?.each, { hole: "libraryId", field: "id" })
  })
})

describe("webdeployments_configuration", () => {
  const name = "webdeployments_configuration"
  const holes = (versions: ReadonlyArray<string>) =>
    tableOf(name).read?.holes?.({ id: "1", "@versions": versions.map((version) => ({ id: "1", version })) })

  it("is read in its newest published version", () => {
    assert.deepStrictEqual(holes(["9", "DRAFT", "10", "2"]), { version: "10" })
    assert.deepStrictEqual(holes(["DRAFT"]), { version: "DRAFT" })
    assert.deepStrictEqual(holes([]), { version: "DRAFT" })
  })

  it("refers to knowledge where the configuration really has it", () => {
    assert.deepStrictEqual(
      referencesOf(name, {
        id: "1",
        messenger: { apps: { knowledge: { enabled: true, knowledgeBase: { id: "k1" } } } },
        supportCenter: {
          enabled: true,
          knowledgeBase: { id: "k2" },
          labelFilter: { labels: [{ id: "l1" }, { id: "l2" }] },
          enabledCategories: [{ id: "c1", image: { source: { defaultUrl: "https://x/y.png" } } }]
        },
        authenticationSettings: { enabled: true, integrationId: "i1" }
      }),
      [
        "authentication_settings.integration_id integration i1",
        "messenger.apps.knowledge.knowledge_base_id knowledge_knowledgebase k1",
        "support_center.enabled_categories.category_id knowledge_category c1",
        "support_center.knowledge_base_id knowledge_knowledgebase k2",
        "support_center.label_filter.label_ids knowledge_label l1",
        "support_center.label_filter.label_ids knowledge_label l2"
      ]
    )
  })

  it("drops authentication without an integration, and keeps a position at the very edge", () => {
    const body = bodyOf(name, {
      id: "1",
      version: "3",
      authenticationSettings: { enabled: false },
      position: { alignment: "Auto", sideSpace: 0, bottomSpace: 20 }
    })
    assert.isFalse(body.has("authentication_settings"))
    assert.isFalse(body.has("version"))
    assert.deepStrictEqual(
      body.get("position"),
      new Blocks([[["alignment", "Auto"], ["bottom_space", 20], ["side_space", 0]]])
    )
  })

  it("flattens what the API nests, and the other way round", () => {
    const values = valuesOf(name, {
      id: "1",
      headlessMode: { enabled: true },
      messenger: {
        fileUpload: { enableAttachments: true, modes: [{ fileTypes: ["image/png"], maxFileSizeKB: 100 }] },
        apps: { conversations: { enabled: true, autoStart: { enabled: false }, markdown: { enabled: true } } }
      },
      supportCenter: {
        enabled: false,
        feedback: { enabled: true },
        screens: [{
          type: "Home",
          moduleSettings: [{
            type: "Categories",
            enabled: true,
            compactCategoryModuleTemplate: { active: true },
            detailedCategoryModuleTemplate: { active: false, sidebar: { enabled: true } }
          }]
        }]
      },
      journeyEvents: {
        formsTrackEvents: [{ selector: "#f", formName: "F", captureDataOnFormAbandon: true }],
        scrollDepthEvents: [{ eventName: "top", percentage: 0 }]
      },
      customI18nLabels: [{ language: "en-us", localizedLabels: [{ key: "MessengerHomeHeaderTitle", value: "" }] }]
    })
    assert.strictEqual(values["headless_mode_enabled"], true)
    assert.deepStrictEqual(values["messenger"], [{
      apps: [{ conversations: [{ auto_start_enabled: false, enabled: true, markdown_enabled: true }] }],
      file_upload: [{ enable_attachments: true, mode: [{ file_types: ["image/png"], max_file_size_kb: 100 }] }]
    }])
    assert.deepStrictEqual(values["support_center"], [{
      enabled: false,
      feedback_enabled: true,
      screens: [{
        module_settings: [{
          compact_category_module_template_active: true,
          detailed_category_module_template: [{ active: false, sidebar_enabled: true }],
          enabled: true,
          type: "Categories"
        }],
        type: "Home"
      }]
    }])
    assert.deepStrictEqual(values["journey_events"], [{
      form_track_event: [{ capture_data_on_form_abandon: true, form_name: "F", selector: "#f" }],
      scroll_depth_event: [{ event_name: "top", percentage: 0 }]
    }])
    assert.deepStrictEqual(values["custom_i18n_labels"], [
      { language: "en-us", localized_labels: [{ key: "MessengerHomeHeaderTitle", value: "" }] }
    ])
  })
})

describe("webdeployments_deployment", () => {
  it("names its configuration without the version, which moves on", () => {
    const entity = {
      id: "1",
      name: "Shop",
      snippet: "<script/>",
      configuration: { id: "c1", version: "4", selfUri: "/x" },
      flow: { id: "f1" },
      pushIntegrations: [{ id: "p1", provider: "APNS" }],
      supportedContent: { id: "sc1" }
    }
    assert.deepStrictEqual(valuesOf("webdeployments_deployment", entity)["configuration"], [
      { id: "c1", version: "4" }
    ])
    const body = bodyOf("webdeployments_deployment", entity)
    assert.isFalse(body.has("snippet"))
    assert.deepStrictEqual(
      body.get("configuration"),
      new Blocks([[["id", new Expression("genesyscloud_webdeployments_configuration.c1.id")]]])
    )
    assert.deepStrictEqual(referencesOf("webdeployments_deployment", entity), [
      "configuration.id webdeployments_configuration c1",
      "flow_id flow f1",
      "push_integrations.id integration p1",
      "supported_content_id conversations_messaging_supportedcontent sc1"
    ])
  })
})

describe("a response asset", () => {
  it("has no address in it, which is signed and opens the file to whoever has it", () => {
    const values = valuesOf("responsemanagement_responseasset", {
      id: "1",
      name: "logo.png",
      contentLocation: "https://assets.example.com/1?X-Amz-Signature=secret"
    })
    assert.deepStrictEqual(values, { name: "logo.png" })
  })
})
