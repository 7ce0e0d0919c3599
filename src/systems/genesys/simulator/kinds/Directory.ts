/**
 * People, groups, teams and places; divisions, roles and clients.
 *
 * @since 0.1.0
 */
import type { Draw } from "../Draw.ts"
import type { Entity, Kind } from "../Kind.ts"

/** The user's e-mail address, which is what exports call a user by. */
const email = (index: number): string => `agent.${index}@example.com`

const inactive = (draw: Draw): boolean => draw.at("part") < draw.organisation.inactiveUsers

const roundProficiency = (draw: Draw): number => draw.between(0, 5)

const userSkills = (draw: Draw): Array<Entity> =>
  draw.targets("routing_skill", 4).map((skill) => {
    const { id, name, selfUri } = draw.ref("routing_skill", skill)
    return { id, name, proficiency: roundProficiency(draw), state: "active", skillUri: selfUri, selfUri }
  })

const userLanguages = (draw: Draw): Array<Entity> =>
  draw.targets("routing_language", 2).map((language) => {
    const { id, name, selfUri } = draw.ref("routing_language", language)
    return { id, name, proficiency: roundProficiency(draw), state: "active", languageUri: selfUri, selfUri }
  })

const addresses = (draw: Draw): Array<Entity> => {
  const phones: Array<Entity> = draw.several(2, (index) =>
    draw.chance(0.5)
      ? { address: draw.number(), mediaType: "PHONE", type: index === 0 ? "WORK" : "WORK2", countryCode: "US" }
      : {
        mediaType: "PHONE",
        type: index === 0 ? "WORK" : "WORK2",
        extension: draw.organisation.extensionIn(draw.target("telephony_providers_edges_extension_pool"))
      })
  return [
    { address: email(draw.index), mediaType: "EMAIL", type: "PRIMARY" },
    ...draw.several(1, () => ({ address: `home.${draw.index}@example.org`, mediaType: "EMAIL", type: "HOME" })),
    ...phones
  ]
}

const expandable = {
  skills: userSkills,
  languages: userLanguages,
  locations: (draw: Draw): Array<Entity> =>
    draw.targets("location", 1).map((location) => ({
      id: draw.organisation.id("location", location),
      notes: "desk 4",
      locationDefinition: draw.ref("location", location)
    })),
  profileSkills: (draw: Draw): Array<string> => draw.several(2, (index) => `profile ${index}`),
  certifications: (draw: Draw): Array<string> => draw.several(2, (index) => `certificate ${index}`),
  employerInfo: (draw: Draw): Entity | undefined =>
    draw.maybe(0.4, () => ({
      officialName: `${draw.name} (official)`,
      employeeId: String(100_000 + draw.index),
      employeeType: "Full-time",
      dateHire: "2021-03-18"
    }))
}

const user = (draw: Draw): Entity => ({
  id: draw.id,
  name: draw.name,
  division: draw.division(),
  chat: { jabberId: `${draw.id.slice(0, 8)}@conference.example.com` },
  department: draw.maybe(0.7, () => draw.pick(["Service", "Vertrieb", "Back \"Office\"", "${dept}"])),
  email: email(draw.index),
  primaryContactInfo: [{ address: email(draw.index), mediaType: "EMAIL", type: "PRIMARY" }],
  addresses: addresses(draw),
  state: inactive(draw) ? "inactive" : "active",
  title: draw.text("the job") || undefined,
  username: email(draw.index),
  manager: draw.index > 0
    ? draw.maybe(
      0.6,
      () => ({ ...draw.address("user", Math.floor(draw.unit() * Math.min(draw.index, 40))), version: 1 })
    )
    : undefined,
  version: draw.version(),
  acdAutoAnswer: draw.chance(0.3),
  skills: expandable.skills(draw),
  languages: expandable.languages(draw),
  locations: expandable.locations(draw),
  profileSkills: expandable.profileSkills(draw),
  certifications: expandable.certifications(draw),
  employerInfo: expandable.employerInfo(draw),
  selfUri: draw.uri
})

const userShown = (entity: Entity, query: Readonly<Record<string, string>>): Entity => {
  const asked = new Set((query["expand"] ?? "").split(","))
  return Object.fromEntries(
    Object.entries(entity).filter(([name]) => !(name in expandable) || asked.has(name))
  )
}

const users: Kind = {
  name: "user",
  weight: 250,
  least: 4,
  word: "Agent",
  permissions: ["directory:user:view"],
  listing: {
    path: "/api/v2/users",
    style: "pages",
    maximum: 500,
    part: (query) => query["state"] === "any" ? undefined : query["state"] ?? "active",
    // Inactive users beyond that are refused, whatever the page size.
    cap: (query) => query["state"] === "inactive" ? 10_000 : undefined,
    show: userShown
  },
  read: "/api/v2/users/{userId}",
  part: (draw) => inactive(draw) ? "inactive" : "active",
  build: user,
  shown: userShown
}

const groups: Kind = {
  name: "group",
  weight: 20,
  word: "Group",
  permissions: ["directory:group:view"],
  listing: { path: "/api/v2/groups", style: "pages", maximum: 500 },
  read: "/api/v2/groups/{groupId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    description: draw.text(draw.name),
    dateModified: draw.modified(),
    memberCount: individuals(draw.organisation.draw("group", draw.index)).length,
    state: "active",
    version: draw.version(),
    type: draw.pick(["official", "social"]),
    addresses: draw.several(1, () =>
      draw.chance(0.5)
        ? { address: "+1 (317) 555-0199", type: "GROUPRING", mediaType: "PHONE" }
        : { address: "", extension: "4711", type: "GROUPPHONE", mediaType: "PHONE" }),
    rulesVisible: draw.chance(0.5),
    visibility: draw.pick(["public", "owners", "members"]),
    rolesEnabled: draw.chance(0.5),
    includeOwners: draw.chance(0.5),
    callsEnabled: draw.chance(0.5),
    owners: draw.targets("user", 2).map((owner) => ({ ...draw.ref("user", owner), version: 1 })),
    selfUri: draw.uri
  })
}

/**
 * Who is in a group: asked for apart from it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const individuals = (draw: Draw): Array<Entity> =>
  draw.targets("user", 8).map((member) => ({
    ...draw.ref("user", member),
    email: email(member),
    version: 1
  }))

const teams: Kind = {
  name: "team",
  weight: 6,
  word: "Team",
  permissions: ["groups:team:view"],
  listing: { path: "/api/v2/teams", style: "cursor" },
  read: "/api/v2/teams/{teamId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    division: draw.division(),
    description: draw.text(draw.name),
    dateCreated: draw.created(),
    dateModified: draw.modified(),
    memberCount: teamMembers(draw.organisation.draw("team", draw.index)).length,
    selfUri: draw.uri
  })
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const teamMembers = (draw: Draw): Array<Entity> => draw.refs("user", draw.index % 20 === 3 ? 120 : 5)

const pcv = "Default PCV Location"

const locations: Kind = {
  name: "location",
  weight: 8,
  least: 3,
  rooted: true,
  word: "Location",
  permissions: ["directory:location:view"],
  listing: { path: "/api/v2/locations", style: "pages" },
  read: "/api/v2/locations/{locationId}",
  named: (draw) => draw.index === 0 ? pcv : draw.organisation.plainName("location", draw.index),
  owned: (draw) => draw.index === 0,
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    emergencyNumber: draw.maybe(0.4, () => ({ e164: "+13175550100", number: "+1 317 555 0100", type: "default" })),
    address: draw.maybe(0.7, () => ({
      city: "Indianapolis",
      country: "US",
      countryName: "United States of America",
      state: "IN",
      street1: `${draw.index} "Main" Street`,
      street2: "",
      zipcode: "46278"
    })),
    state: "active",
    notes: draw.text(draw.name),
    version: draw.version(),
    path: ancestors(draw),
    addressVerified: false,
    addressStored: true,
    selfUri: draw.uri
  })
}

/** From the root down, without the location itself. */
const ancestors = (draw: Draw): Array<string> => {
  const path: Array<string> = []
  for (let index = draw.index; index > 2 && path.length < 3;) {
    index = Math.floor(index / 3)
    if (index > 0) path.unshift(draw.organisation.id("location", index))
  }
  return path
}

const divisions: Kind = {
  name: "auth_division",
  weight: 4,
  least: 3,
  rooted: true,
  word: "Division",
  permissions: ["authorization:division:view"],
  listing: { path: "/api/v2/authorization/divisions", style: "pages" },
  read: "/api/v2/authorization/divisions/{divisionId}",
  named: (draw) => draw.index === 0 ? "Home" : draw.organisation.plainName("auth_division", draw.index),
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    description: draw.index === 0 && draw.revision === 0 ? "" : draw.text(draw.name),
    homeDivision: draw.index === 0,
    selfUri: draw.uri
  })
}

const policy = (draw: Draw): Entity => ({
  domain: draw.pick(["routing", "directory", "architect"]),
  entityName: draw.pick(["queue", "user", "flow"]),
  policyName: `policy ${draw.between(1, 9)}`,
  actionSet: draw.chance(0.5) ? ["*"] : ["view", "edit"],
  allowConditions: true,
  resourceConditionNode: draw.maybe(0.4, () => ({
    conjunction: "AND",
    terms: [{
      variableName: draw.pick(["Conversation.queues", "Conversation.users"]),
      operator: "EQ",
      operands: [
        { type: "QUEUE", queue: draw.ref("routing_queue") },
        { type: "USER", user: { ...draw.ref("user"), version: 1 } },
        { type: "SCALAR", value: "42" }
      ]
    }]
  }))
})

const roles: Kind = {
  name: "auth_role",
  weight: 8,
  word: "Role",
  permissions: ["authorization:role:view"],
  listing: { path: "/api/v2/authorization/roles", style: "pages" },
  read: "/api/v2/authorization/roles/{roleId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    description: draw.text(draw.name),
    defaultRoleId: draw.index < 2 ? draw.pick(["employee", "admin"]) : undefined,
    permissions: draw.several(3, (index) => `group_${["creation", "administration", "view"][index] ?? "edit"}`),
    permissionPolicies: draw.several(3, () => policy(draw)),
    userCount: 0,
    roleNeedsUpdate: false,
    base: false,
    default: draw.index < 2,
    selfUri: draw.uri
  })
}

const clients: Kind = {
  name: "oauth_client",
  weight: 5,
  word: "Client",
  permissions: ["oauth:client:view"],
  listing: { path: "/api/v2/oauth/clients", style: "all" },
  read: "/api/v2/oauth/clients/{clientId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    accessTokenValiditySeconds: 86_400,
    description: draw.text(draw.name),
    registeredRedirectUri: draw.several(2, (index) => `https://app${index}.example.com/callback?a=1&b=\${c}`),
    roleIds: [],
    dateCreated: draw.created(),
    dateModified: draw.modified(),
    authorizedGrantType: draw.pick(["CODE", "CLIENT-CREDENTIALS"]),
    scope: ["users", "routing"],
    roleDivisions: draw.targets("auth_role", 2).map((role) => ({
      roleId: draw.organisation.id("auth_role", role),
      divisionId: draw.chance(0.2) ? "*" : draw.idOf("auth_division")
    })),
    state: "active",
    selfUri: draw.uri
  })
}

/**
 * @since 0.1.0
 * @category constants
 */
export const kinds: ReadonlyArray<Kind> = [users, groups, teams, locations, divisions, roles, clients]
