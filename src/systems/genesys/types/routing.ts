/**
 * Skills, languages, wrap-up codes and skill groups.
 *
 * @since 0.1.0
 */
import type { Table } from "../Table.ts"
import { json, list, ref, string } from "../Table.ts"
import { division, elements, isDeleted, text } from "./Conversions.ts"

const name = string({ required: true })

const skill: Table = {
  type: "genesyscloud_routing_skill",
  family: "routing",
  list: [{ path: "/api/v2/routing/skills", paging: "pages", pageSize: 500 }],
  stamp: "version",
  skip: isDeleted,
  attributes: { name },
  permissions: ["routing:skill:view"]
}

const language: Table = {
  type: "genesyscloud_routing_language",
  family: "routing",
  list: [{ path: "/api/v2/routing/languages", paging: "pages" }],
  stamp: "version",
  skip: isDeleted,
  attributes: { name }
}

const wrapUpCode: Table = {
  type: "genesyscloud_routing_wrapupcode",
  family: "routing",
  list: [{ path: "/api/v2/routing/wrapupcodes", paging: "pages" }],
  stamp: "dateModified",
  attributes: {
    name,
    description: string(),
    division_id: division({ ref: ref("genesyscloud_auth_division", { except: ["*"] }) })
  },
  permissions: ["routing:wrapupCode:view"]
}

const skillGroup: Table = {
  type: "genesyscloud_routing_skill_group",
  family: "routing",
  list: [{ path: "/api/v2/routing/skillgroups", paging: "cursor" }],
  read: {
    path: "/api/v2/routing/skillgroups/{id}",
    extras: {
      memberDivisions: { path: "/api/v2/routing/skillgroups/{id}/members/divisions", paging: "once" }
    }
  },
  stamp: "dateModified",
  shows: ["memberCount"],
  attributes: {
    name,
    description: string(),
    division_id: division(),
    // The API answers them in any order.
    member_division_ids: list({
      from: "@memberDivisions",
      ref: ref("genesyscloud_auth_division", { except: ["*"] }),
      convert: (value) => elements(value).flatMap((each) => text(each, "id") ?? []).toSorted()
    }),
    skill_conditions: json({ computed: true })
  },
  permissions: ["routing:skillGroup:view"]
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [skill, language, wrapUpCode, skillGroup]
