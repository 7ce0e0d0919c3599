/**
 * Flows and scripts. What they do is in files beside the configuration.
 *
 * @since 0.1.0
 */
import type { Table } from "../Table.ts"
import { string } from "../Table.ts"
import { division, isBuiltInScript, isObject, text } from "./Conversions.ts"

const flow: Table = {
  type: "genesyscloud_flow",
  family: "flows",
  list: [{ path: "/api/v2/flows", paging: "pages", pageSize: 500 }],
  label: (entity) => {
    const name = text(entity, "name")
    return name === undefined ? undefined : `${text(entity, "type") ?? ""}_${name}`
  },
  stamp: "publishedVersion.id",
  skip: (entity) => entity["deleted"] === true || !isObject(entity["publishedVersion"]),
  // There, and only there, the provider takes types in small letters.
  dataSource: { name: "name", type: (values) => text(values, "type")?.toLowerCase() },
  attributes: {
    filepath: string({ required: true, unresolvable: true, file: "path" }),
    name: string({ computed: true }),
    type: string({ computed: true }),
    file_content_hash: string({ readOnly: true, file: "hash" })
  },
  // What the provider is told, and does not read.
  notInApi: ["force_unlock", "substitutions", "update_trigger_hash"],
  files: { folder: "architect_flows", writer: "flow", stamped: true, entity: "/api/v2/flows/{id}" },
  tracked: true,
  permissions: ["architect:flow:view"]
}

const script: Table = {
  type: "genesyscloud_script",
  family: "scripts",
  // Only a published script can be exported.
  list: [{ path: "/api/v2/scripts/published", paging: "pages" }],
  stamp: "versionId",
  data: isBuiltInScript,
  dataSource: { name: "script_name" },
  attributes: {
    filepath: string({ required: true, unresolvable: true, file: "path" }),
    script_name: string({ from: "name", required: true }),
    division_id: division(),
    file_content_hash: string({ computed: true, file: "hash" })
  },
  notInApi: ["substitutions"],
  files: { folder: "scripts", writer: "script", stamped: true, entity: "/api/v2/scripts/{id}" },
  permissions: ["scripter:publishedScript:view"]
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [flow, script]
