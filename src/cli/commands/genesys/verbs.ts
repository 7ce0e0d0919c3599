/**
 * The verbs of Genesys Cloud. The options of an export have the names of the provider's `genesyscloud_tf_export`.
 *
 * @since 0.1.0
 */
import { waitWhile } from "../../SharedFlags.ts"
import { group, verb } from "../../Verb.ts"

const pattern = "TYPE[::NAME]"

/**
 * What an export can be told.
 *
 * @since 0.1.0
 * @category options
 */
const options = {
  directory: {
    kind: "text",
    name: "directory",
    value: "DIR",
    description: "Where the files go; the folder is replaced whole, and only if an export made it",
    fallback: "./genesyscloud"
  },
  includeFilterResources: {
    kind: "texts",
    name: "include-filter-resources",
    value: pattern,
    description:
      "Only these: a type, or TYPE::EXPRESSION (RE2, anywhere in the name or the label); may be repeated, as "
      + "may all that take a TYPE"
  },
  includeFilterResourcesById: {
    kind: "texts",
    name: "include-filter-resources-by-id",
    value: "TYPE::ID",
    description: "Only these, by id"
  },
  excludeFilterResources: {
    kind: "texts",
    name: "exclude-filter-resources",
    value: pattern,
    description: "All but these: a type, or TYPE::EXPRESSION"
  },
  resourceTypes: {
    kind: "texts",
    name: "resource-types",
    value: pattern,
    description: "Only these: a type, or TYPE::NAME by its exact name",
    fallback: "every type"
  },
  replaceWithDatasource: {
    kind: "texts",
    name: "replace-with-datasource",
    value: pattern,
    description: "Write these as data blocks"
  },
  excludeAttributes: {
    kind: "texts",
    name: "exclude-attributes",
    value: "TYPE.ATTRIBUTE",
    description: "Leave an attribute out, as in routing_queue.acw_timeout_ms"
  },
  includeStateFile: {
    kind: "boolean",
    name: "include-state-file",
    description: "Also write terraform.tfstate, so that Terraform knows what it has"
  },
  exportFormat: {
    kind: "choice",
    name: "export-format",
    choices: ["json", "hcl", "json_hcl", "hcl_json"],
    description: "JSON, HCL or both",
    fallback: "json"
  },
  exportAsHcl: { kind: "boolean", name: "export-as-hcl", description: "The same as --export-format hcl" },
  splitFilesByResource: { kind: "boolean", name: "split-files-by-resource", description: "One file for each type" },
  enableDependencyResolution: {
    kind: "boolean",
    name: "enable-dependency-resolution",
    description: "Also export what the exported resources refer to, and tell what flows depend on"
  },
  ignoreCyclicDeps: {
    kind: "toggle",
    name: "ignore-cyclic-deps",
    description: "Report a circle of dependencies instead of failing; it is broken either way",
    fallback: "on"
  },
  compress: { kind: "boolean", name: "compress", description: "Also write one zip of it all, beside the folder" },
  exportComputed: {
    kind: "toggle",
    name: "export-computed",
    description: "Write what the provider could compute as well",
    fallback: "on"
  },
  exportDeprecated: {
    kind: "toggle",
    name: "export-deprecated",
    description: "Write deprecated attributes as well",
    fallback: "on"
  },
  exportOmitUnresolvedRefs: {
    kind: "boolean",
    name: "export-omit-unresolved-refs",
    description: "Leave out optional attributes whose id is not in the export"
  },
  useLegacyArchitectFlowExporter: {
    kind: "toggle",
    name: "use-legacy-architect-flow-exporter",
    description: "Off: download every flow as YAML",
    fallback: "on"
  },
  hashedLabels: { kind: "boolean", name: "hashed-labels", description: "Labels that all end in a hash of the name" },
  logPermissionErrors: {
    kind: "toggle",
    name: "log-permission-errors",
    description: "Leave out a type that may not be listed and exit 2",
    fallback: "on"
  },
  failOnDenied: {
    kind: "boolean",
    name: "fail-on-denied",
    description: "Fail where a type may not be listed, as --no-log-permission-errors does"
  },
  maxConcurrent: {
    kind: "integer",
    name: "max-concurrent",
    also: ["max-concurrent-threads", "max-concurrent-operations"],
    value: "N",
    minimum: 1,
    description: "Requests at once, over all types",
    fallback: "10"
  },
  sinceLast: {
    kind: "boolean",
    name: "since-last",
    description:
      "Read only what changed since the last export that is kept in the store, and tell what did; the files are "
      + "those of an export of everything"
  },
  trustListing: {
    kind: "boolean",
    name: "trust-listing",
    description:
      "With --since-last: read still less, and miss what no listing shows, as who is in a queue (see holdfast "
      + "genesys types)"
  },
  resumeWithin: {
    kind: "duration",
    name: "resume-within",
    value: "DURATION",
    description: "What an export that did not end has read within this time is not read again",
    fallback: "24h"
  },
  wait: waitWhile("exports this organisation")
} as const

/**
 * @since 0.1.0
 * @category verbs
 */
export const exportVerb = verb({
  name: "export",
  summary: "Write an organisation as Terraform configuration",
  description: "Reads an organisation and writes it as Terraform configuration into a folder that is replaced whole, "
    + "checked and byte-identical from run to run. What could not be exported is told with its reason, here and in "
    + "export-report.json, and never fails the rest: exit 2.\n\n"
    + "It is kept as a run (see holdfast run --help). Killed or interrupted, the same command goes on from what was "
    + "read and ends with the same bytes.",
  flags: options,
  args: {},
  examples: [
    { line: "holdfast genesys export --directory acme --export-format hcl --include-state-file", says: "All of it" },
    {
      line: "holdfast genesys export --include-filter-resources 'routing_queue::^Sales'",
      says: "Some queues"
    },
    { line: "holdfast genesys export --directory acme --since-last --json > changes.json", says: "Every night" }
  ]
})

const directory = (name: string, description: string) => ({ name, description, required: true } as const)

/**
 * @since 0.1.0
 * @category verbs
 */
export const validate = verb({
  name: "validate",
  summary: "Check that an export is sound",
  description: "Parses every file of an export, and checks that every reference leads to a block, that every variable "
    + "is declared, that nothing is there twice or depends on itself, that the files it names are there, that "
    + "terraform.tfstate has what the configuration has, and that there is as much as its report says. "
    + "Needs no Terraform and no organisation. Exits 1 where something is wrong.",
  flags: {},
  args: { directory: directory("DIR", "The folder of an export") },
  examples: [{ line: "holdfast genesys validate acme", says: "After a change by hand" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const diff = verb({
  name: "diff",
  summary: "Tell how two exports differ",
  description: "Compares two exports by resources and attributes, whatever their syntax and their files. Exits 0 where "
    + "they are the same and 2 where they are not.",
  flags: {},
  args: { before: directory("DIR_A", "The older one"), after: directory("DIR_B", "The newer one") },
  examples: [{ line: "holdfast genesys diff acme-monday acme-tuesday", says: "What did they do since yesterday?" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const types = verb({
  name: "types",
  summary: "List the resource types that can be exported",
  description: "Every type with the part of the API it belongs to, what --since-last reads of it, whether files are "
    + "written beside the configuration, and the permissions that listing it needs.\n\n"
    + "What --since-last reads: listed, nothing, for the listing has all of it; changed, what the listing says has "
    + "changed; each time, what changes without a trace in the listing, unless --trust-listing is given.",
  flags: {},
  args: {},
  examples: [{ line: "holdfast genesys types --json | jq -r '.types[].permissions[]' | sort -u", says: "For a role" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const genesys = group({
  name: "genesys",
  summary: "Genesys Cloud organisations as Terraform configuration",
  description: "Genesys Cloud organisations as Terraform configuration.\n\n"
    + "Where and as whom comes from GENESYSCLOUD_REGION, GENESYSCLOUD_OAUTHCLIENT_ID and "
    + "GENESYSCLOUD_OAUTHCLIENT_SECRET, or from the settings genesys.region, genesys.clientId and genesys.clientSecret. "
    + "Several clients, separated by commas, share the work.",
  children: [exportVerb, validate, diff, types],
  examples: [
    { line: "holdfast genesys export --directory acme --export-format hcl", says: "Export an organisation" },
    { line: "holdfast genesys types", says: "What can be exported?" }
  ]
})
