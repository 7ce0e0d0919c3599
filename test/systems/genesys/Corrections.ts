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
export const references: ReadonlyArray<Correction> = []

/** Rules (`AllowZeroValues`, `JsonEncodeAttributes`, ...) that cannot be kept as documented. */
export const rules: ReadonlyArray<{
  readonly type: string
  readonly rule: string
  readonly path: string
  readonly reason: string
}> = []

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
