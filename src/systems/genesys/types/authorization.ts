/**
 * Divisions and roles.
 *
 * @since 0.1.0
 */
import type { Table } from "../Table.ts"
import { block, blocks, boolean, set, string } from "../Table.ts"
import { idOf } from "./Conversions.ts"

const division: Table = {
  type: "genesyscloud_auth_division",
  family: "authorization",
  list: [{ path: "/api/v2/authorization/divisions", paging: "pages" }],
  attributes: {
    name: string({ required: true }),
    description: string(),
    home: boolean({ from: "homeDivision" })
  }
}

const operand = {
  type: string({ required: true }),
  queue_id: idOf("queue", "genesyscloud_routing_queue"),
  user_id: idOf("user", "genesyscloud_user"),
  value: string()
}

const term = {
  variable_name: string({ required: true }),
  operator: string({ required: true }),
  operands: blocks(operand, { nesting: "set", required: true, removeIfMissing: ["queue_id", "user_id", "value"] })
}

const conditions = {
  conjunction: string({ required: true }),
  terms: blocks(term, { nesting: "set", required: true, removeIfMissing: ["operands"] })
}

const role: Table = {
  type: "genesyscloud_auth_role",
  family: "authorization",
  list: [{ path: "/api/v2/authorization/roles", paging: "pages" }],
  attributes: {
    name: string({ required: true }),
    description: string(),
    default_role_id: string(),
    permissions: set(),
    permission_policies: blocks({
      domain: string({ required: true }),
      entity_name: string({ required: true }),
      action_set: set({ required: true }),
      conditions: block(conditions, { from: "resourceConditionNode", removeIfMissing: ["terms"] })
    }, { nesting: "set" })
  },
  permissions: ["authorization:role:view"]
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [division, role]
