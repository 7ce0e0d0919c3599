/**
 * What an export can be told. The names are those of the provider's `genesyscloud_tf_export`, in camel case.
 *
 * Source: the provider's documentation of `genesyscloud_tf_export`, 1.84.1.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"

/**
 * @since 0.1.0
 * @category models
 */
export type Format = "hcl" | "json" | "json_hcl" | "hcl_json"

/**
 * `type`, `type::exact name`, `type::regular expression` or `type::id`; without the prefix `genesyscloud_` as well.
 *
 * @since 0.1.0
 * @category models
 */
export type Pattern = string

/**
 * @since 0.1.0
 * @category models
 */
export interface ExportOptions {
  /** Where the files go; a leading `~` is the home folder. Defaults to `./genesyscloud`. */
  readonly directory?: string | undefined
  /** `type` or `type::name`, the exact name. Defaults to every type. Excludes the next three. */
  readonly resourceTypes?: ReadonlyArray<Pattern> | undefined
  /** `type` or `type::expression` (RE2, unanchored, against the name and the label). Several are alternatives. */
  readonly includeFilterResources?: ReadonlyArray<Pattern> | undefined
  /** `type::id` */
  readonly includeFilterResourcesById?: ReadonlyArray<Pattern> | undefined
  /** `type` or `type::expression` */
  readonly excludeFilterResources?: ReadonlyArray<Pattern> | undefined
  /** `type`, `type::name` or `type::expression`: written as `data` blocks. */
  readonly replaceWithDatasource?: ReadonlyArray<Pattern> | undefined
  /** Also write `terraform.tfstate`. Defaults to `false`. */
  readonly includeStateFile?: boolean | undefined
  /** Defaults to `json`. */
  readonly exportFormat?: Format | undefined
  /** One file for each type. Defaults to `false`. */
  readonly splitFilesByResource?: boolean | undefined
  /** Attributes to leave out: `type or expression.attribute.path`. */
  readonly excludeAttributes?: ReadonlyArray<string> | undefined
  /** Also export what the exported resources refer to, and give flows their `depends_on`. Defaults to `false`. */
  readonly enableDependencyResolution?: boolean | undefined
  /** Report cycles of `depends_on` instead of failing. They are broken either way. Defaults to `true`. */
  readonly ignoreCyclicDeps?: boolean | undefined
  /** Also write one zip of it all beside the folder. Defaults to `false`. */
  readonly compress?: boolean | undefined
  /** Defaults to `true`. */
  readonly exportComputed?: boolean | undefined
  /** Defaults to `true`. */
  readonly exportDeprecated?: boolean | undefined
  /** Leave out optional attributes whose id is not in the export. Defaults to `false`. */
  readonly exportOmitUnresolvedRefs?: boolean | undefined
  /** `false`: flows are downloaded as YAML by export jobs. Defaults to `true`. */
  readonly useLegacyArchitectFlowExporter?: boolean | undefined
  /** Requests at once, over all types. Defaults to 10. */
  readonly maxConcurrent?: number | undefined
  /** The label algorithm that hashes every label. Defaults to `false`. */
  readonly hashedLabels?: boolean | undefined
  /** A type whose listing is denied (403) or not enabled fails the export instead of being skipped. Defaults to `false`. */
  readonly failOnDenied?: boolean | undefined
  /** Read only what changed since the last export that is kept in the store. Defaults to `false`. */
  readonly sinceLast?: boolean | undefined
  /**
   * With `sinceLast`: also take what no listing shows (who is in a queue, what a user is notified of, the contacts of a
   * list) from the last export, as long as the listing shows no change of it. Defaults to `false`: it is read again each
   * time, and the export is the same as one of everything.
   */
  readonly trustListing?: boolean | undefined
  /** What was read within this time by an export that did not end is not read again. Defaults to 24 hours. */
  readonly resumeWithin?: Duration.DurationInput | undefined
}
