/**
 * What routing is made of: skills, languages, wrap-up codes, skill groups.
 *
 * @since 0.1.0
 */
import type { Draw } from "../Draw.ts"
import type { Entity, Kind } from "../Kind.ts"
import { without } from "../Shown.ts"

const state = (draw: Draw): string => draw.isDead ? "deleted" : "active"

const skills: Kind = {
  name: "routing_skill",
  weight: 30,
  dead: 60,
  word: "Skill",
  fixed: true,
  permissions: ["routing:skill:view"],
  listing: { path: "/api/v2/routing/skills", style: "pages", maximum: 500 },
  read: "/api/v2/routing/skills/{skillId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    division: draw.maybe(0.2, () => draw.division()),
    dateModified: draw.modified(),
    state: state(draw),
    version: String(draw.version()),
    selfUri: draw.uri
  })
}

const languages: Kind = {
  name: "routing_language",
  weight: 2,
  dead: 100,
  word: "Language",
  fixed: true,
  permissions: ["routing:language:view"],
  listing: { path: "/api/v2/routing/languages", style: "pages" },
  read: "/api/v2/routing/languages/{languageId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    dateModified: draw.modified(),
    state: state(draw),
    version: String(draw.version()),
    selfUri: draw.uri
  })
}

const wrapupCodes: Kind = {
  name: "routing_wrapupcode",
  weight: 40,
  word: "Outcome",
  permissions: ["routing:wrapupCode:view"],
  listing: { path: "/api/v2/routing/wrapupcodes", style: "pages" },
  read: "/api/v2/routing/wrapupcodes/{codeId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    division: draw.chance(0.2) ? { id: "*", name: "All divisions" } : draw.division(),
    description: draw.text(draw.name),
    dateCreated: draw.created(),
    dateModified: draw.modified(),
    createdBy: draw.sureIdOf("user"),
    modifiedBy: draw.maybe(0.5, () => draw.sureIdOf("user")),
    selfUri: draw.uri
  })
}

const condition = (draw: Draw): Entity => ({
  routingSkillConditions: [{
    routingSkill: draw.organisation.nameOf("routing_skill", draw.target("routing_skill")),
    comparator: "GreaterThan",
    proficiency: draw.between(0, 5),
    childConditions: []
  }],
  languageSkillConditions: draw.several(1, () => ({
    languageSkill: draw.organisation.nameOf("routing_language", draw.target("routing_language")),
    comparator: "EqualTo",
    proficiency: draw.between(0, 5),
    childConditions: []
  })),
  operation: "And"
})

const skillGroups: Kind = {
  name: "routing_skill_group",
  weight: 6,
  word: "Skill Group",
  permissions: ["routing:skillGroup:view"],
  listing: {
    path: "/api/v2/routing/skillgroups",
    style: "cursor",
    show: without("skillConditions", "status")
  },
  read: "/api/v2/routing/skillgroups/{skillGroupId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    division: draw.division(),
    description: draw.text(draw.name),
    memberCount: draw.between(0, 50),
    dateModified: draw.modified(),
    dateCreated: draw.created(),
    status: "Complete",
    skillConditions: [condition(draw)],
    selfUri: draw.uri
  })
}

/**
 * @since 0.1.0
 * @category constants
 */
export const kinds: ReadonlyArray<Kind> = [
  skills,
  languages,
  wrapupCodes,
  skillGroups
]
