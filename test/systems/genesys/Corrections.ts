/**
 * Where our tables say other than the vendor's documentation, and why.
 */

interface Correction {
  readonly type: string
  /** The reference as it is documented. */
  readonly path: string
  /** Where it really is, if it is at all. */
  readonly really?: { readonly path: string; readonly target: string } | undefined
  readonly reason: string
}

/** Documented references that are dead: a path that is no attribute, a target that is no type. */
export const references: ReadonlyArray<Correction> = [
  {
    type: "genesyscloud_responsemanagement_response",
    path: "asset_ids",
    really: { path: "asset_ids", target: "genesyscloud_responsemanagement_responseasset" },
    reason: "the target lacks its prefix"
  },
  {
    type: "genesyscloud_responsemanagement_response",
    path: "library_id",
    reason: "is an attribute of the data source only"
  },
  {
    type: "genesyscloud_webdeployments_configuration",
    path: "apps.knowledge.knowlege_base_id",
    really: { path: "messenger.apps.knowledge.knowledge_base_id", target: "genesyscloud_knowledge_knowledgebase" },
    reason: "the path lacks its beginning and a letter"
  },
  {
    type: "genesyscloud_webdeployments_configuration",
    path: "enabled_categories.category_id",
    really: { path: "support_center.enabled_categories.category_id", target: "genesyscloud_knowledge_category" },
    reason: "the path lacks its beginning"
  }
]

/** Rules (`AllowZeroValues`, `JsonEncodeAttributes`, ...) that cannot be kept as documented. */
export const rules: ReadonlyArray<{
  readonly type: string
  readonly rule: string
  readonly path: string
  readonly reason: string
}> = [
  {
    type: "genesyscloud_outbound_ruleset",
    rule: "JsonEncodeAttributes",
    path: "rules.actions.properties.skills",
    reason: "is no attribute but a name in a map, which says so itself"
  },
  {
    type: "genesyscloud_outbound_ruleset",
    rule: "CustomAttributeResolver",
    path: "rules.actions.properties.skills",
    reason: "is no attribute but a name in a map, which has the references"
  },
  {
    type: "genesyscloud_outbound_ruleset",
    rule: "CustomAttributeResolver",
    path: "rules.actions.properties",
    reason: "keeps empty texts, which the map keeps as it is"
  },
  {
    type: "genesyscloud_responsemanagement_response",
    rule: "JsonEncodeAttributes",
    path: "substitutions_schema_id",
    reason: "is an id, and no JSON"
  },
  {
    type: "genesyscloud_telephony_providers_edges_site",
    rule: "CustomAttributeResolver",
    path: "number_plans",
    reason: "adds default plans that the organisation has not; an export says what it has"
  }
]

/** Places that the API has although its description does not say so. */
export const undescribed: ReadonlyArray<{ readonly type: string; readonly path: string; readonly reason: string }> = []

/** Types that the provider knows and that have no table: what refers to them stays an id. */
export const withoutTable: ReadonlyArray<string> = [
  "genesyscloud_conversations_messaging_supportedcontent",
  "genesyscloud_knowledge_category",
  "genesyscloud_knowledge_knowledgebase",
  "genesyscloud_knowledge_label",
  "genesyscloud_outbound_contact_list_template"
]
