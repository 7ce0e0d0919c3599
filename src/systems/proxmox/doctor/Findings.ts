/**
 * From what was learnt of a cluster to checks. Pure: all questions have been asked.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Check from "./Check.ts"
import type * as Credentials from "../client/Credentials.ts"
import * as Disk from "../grammar/Disk.ts"
import type * as Model from "../Model.ts"
import * as Needs from "./Needs.ts"
import * as Permission from "./Permission.ts"
import * as Size from "../grammar/Size.ts"

type Answer<A> = Either.Either<A, Fault.Fault>

/**
 * The answers of a cluster, each of which may be a fault instead.
 *
 * @since 0.1.0
 * @category models
 */
export interface World {
  readonly nodes: Answer<ReadonlyArray<Model.Node>>
  readonly resources: Answer<ReadonlyArray<Model.Resource>>
  readonly permissions: Answer<Model.Permissions>
  /** By node. */
  readonly storages: ReadonlyMap<string, Answer<ReadonlyArray<Model.Storage>>>
  /** Of templates, by vmid. */
  readonly configs: ReadonlyMap<number, Answer<Model.Config>>
}

const nameOfNode = ({ node }: Needs.NodeNeed): string => `node ${node}`
const nameOfTemplate = ({ template }: Needs.TemplateNeed): string => Needs.describeTemplate(template)
const nameOfStorage = ({ node, storage }: Needs.StorageNeed): string => `storage ${storage} on ${node}`
const nameOfPrivileges = ({ why }: Needs.PrivilegeNeed): string => `privileges ${why}`

/**
 * The names of all checks that needs lead to.
 *
 * @since 0.1.0
 * @category getters
 */
export const names = (needs: Needs.Needs): ReadonlyArray<string> => [
  ...new Set([
    ...needs.nodes.map(nameOfNode),
    ...needs.templates.map(nameOfTemplate),
    ...needs.storages.map(nameOfStorage),
    ...needs.privileges.map(nameOfPrivileges)
  ])
]

const list = (names: ReadonlyArray<string>): string => (names.length === 0 ? "none" : [...names].toSorted().join(", "))

/**
 * Supported are 8 and 9; 7.4 works and gets no more security updates from its makers (since July 2024).
 *
 * @since 0.1.0
 * @category checks
 */
export const version = ({ version }: Model.Version): Check.Check => {
  const release = Permission.parseRelease(version)
  const says = `Proxmox VE ${version}`
  if (release === undefined) return Check.warn("version", `${says}, which is not a version that is known`)
  if (release.major >= 10) {
    return Check.warn("version", `${says}, which is newer than the versions tested with (8 and 9)`)
  }
  if (release.major >= 8) return Check.ok("version", says)
  return release.major === 7 && release.minor >= 4
    ? Check.warn("version", `${says}, which no longer gets updates`, "Upgrade to Proxmox VE 8 or 9")
    : Check.fail("version", `${says} is too old`, "Upgrade to Proxmox VE 8 or 9; 7.4 is the oldest that works")
}

/**
 * @since 0.1.0
 * @category checks
 */
export const node = (need: Needs.NodeNeed, world: World): Check.Check => {
  const name = nameOfNode(need)
  if (Either.isLeft(world.nodes)) return Check.fromFault(name, world.nodes.left)
  const nodes = world.nodes.right
  const found = nodes.find(({ node }) => node === need.node)
  if (found === undefined) {
    return Check.fail(
      name,
      `The cluster has no node "${need.node}" (${need.why})`,
      `Its nodes are: ${list(nodes.map(({ node }) => node))}`
    )
  }
  if (found.status === "online") return Check.ok(name, `It is online (${need.why})`)
  const detail = `It is ${found.status} (${need.why})`
  return need.required
    ? Check.fail(name, detail, "Start it, or place the machines elsewhere")
    : Check.warn(name, detail, "The machines that may be placed elsewhere will be")
}

/** The volumes of a template whose storage only its own node has. */
const localVolumes = (config: Model.Config, home: string, world: World): ReadonlyArray<string> => {
  const storages = world.storages.get(home)
  if (storages === undefined || Either.isLeft(storages)) return []
  const shared = new Set(storages.right.filter(({ shared }) => shared === true).map(({ storage }) => storage))
  return [...Disk.drives(config)].flatMap(([name, drive]) => {
    const storage = Disk.storageOf(drive)
    return storage === undefined || shared.has(storage) ? [] : [`${name} on ${storage}`]
  })
}

/** `1`, `enabled=1,fstrim_cloned_disks=1`. */
const agentEnabled = (config: Model.Config): boolean =>
  (config["agent"] ?? "0").split(",").some((part) => /^(?:enabled=)?(?:1|on|yes|true)$/i.test(part.trim()))

const configured = (need: Needs.TemplateNeed, resource: Model.Resource, world: World): Check.Check => {
  const name = nameOfTemplate(need)
  const answer = world.configs.get(resource.vmid)
  const about = `It is VM ${resource.vmid} on ${resource.node} (${need.why})`
  if (answer === undefined) return Check.ok(name, about)
  if (Either.isLeft(answer)) return Check.fromFault(name, answer.left)
  const config = answer.right
  const elsewhere = need.placements.filter((nodes) => nodes.length > 0 && !nodes.includes(resource.node))
  const local = elsewhere.length === 0 ? [] : localVolumes(config, resource.node, world)
  if (local.length > 0) {
    return Check.fail(
      name,
      `${about}, and cannot be cloned to ${list([...new Set(elsewhere.flat())])}: ${
        local.join(", ")
      } exists only there`,
      `Place the machines on ${resource.node}, or keep every volume of the template on shared storage, the cloud-init ` +
        "drive included"
    )
  }
  if (need.cloudInit && ![...Disk.drives(config).values()].some(Disk.isCloudInit)) {
    return Check.warn(
      name,
      `${about} and has no cloud-init drive; apply adds one to each machine`,
      "The guest must have cloud-init installed for it to take effect"
    )
  }
  if (need.agent && !agentEnabled(config)) {
    return Check.warn(
      name,
      `${about} and does not have the guest agent switched on; apply does so for each machine`,
      "The guest must have qemu-guest-agent installed for it to answer"
    )
  }
  return Check.ok(name, about)
}

/**
 * @since 0.1.0
 * @category checks
 */
export const template = (need: Needs.TemplateNeed, world: World): Check.Check => {
  const name = nameOfTemplate(need)
  if (Either.isLeft(world.resources)) return Check.fromFault(name, world.resources.left)
  const found = Needs.candidates(need.template, world.resources.right)
  const [first] = found
  if (first === undefined) {
    const templates = world.resources.right.filter(({ template }) => template === true)
    return Check.fail(
      name,
      `There is none that these credentials can see (${need.why})`,
      `Visible templates are: ${
        list(templates.map(({ name, vmid }) => `${vmid}${name === undefined ? "" : ` "${name}"`}`))
      }. ` +
        "Seeing one takes VM.Audit"
    )
  }
  if (found.length > 1) {
    return Check.fail(
      name,
      `There are ${found.length}: ${list(found.map(({ vmid }) => `VM ${vmid}`))} (${need.why})`,
      "Name one by its id"
    )
  }
  if (first.type !== "qemu") {
    return Check.fail(name, `VM ${first.vmid} is a container (${need.why})`, "Name a template of virtual machines")
  }
  if (first.template !== true) {
    return Check.fail(
      name,
      `VM ${first.vmid}${
        first.name === undefined ? "" : ` "${first.name}"`
      } is a machine and not a template (${need.why})`,
      `Make it one with \`qm template ${first.vmid}\` on ${first.node}, or name another`
    )
  }
  return configured(need, first, world)
}

const gigabytes = (bytes: number): string => `${Math.floor(bytes / Size.GiB * 10) / 10} GiB`

const roomOn = (storage: Model.Storage, need: Needs.StorageNeed): Check.Check => {
  const name = nameOfStorage(need)
  const { avail } = storage
  if (avail === undefined) return Check.ok(name, `It is active (${need.why})`)
  if (avail < Size.GiB) {
    return Check.fail(name, `It is full: ${gigabytes(avail)} is free (${need.why})`, "Free space on it")
  }
  return need.bytes !== undefined && need.bytes > avail
    ? Check.warn(
      name,
      `${gigabytes(avail)} is free, and the disks can grow to ${gigabytes(need.bytes)} (${need.why})`,
      "With thin provisioning this works until they are filled"
    )
    : Check.ok(name, `${gigabytes(avail)} is free (${need.why})`)
}

/**
 * @since 0.1.0
 * @category checks
 */
export const storage = (need: Needs.StorageNeed, world: World): Check.Check => {
  const name = nameOfStorage(need)
  const content = need.content ?? "images"
  const answer = world.storages.get(need.node)
  if (answer === undefined) return Check.skipped(name, "Its node was not asked")
  if (Either.isLeft(answer)) return Check.fromFault(name, answer.left)
  const found = answer.right.find(({ storage }) => storage === need.storage)
  if (found === undefined) {
    const useful = answer.right.filter((storage) => takes(storage, content))
    return Check.fail(
      name,
      `There is none that these credentials can see (${need.why})`,
      `For ${content} the node has: ${
        list(useful.map(({ storage }) => storage))
      }. Seeing one takes Datastore.Audit or ` +
        "Datastore.AllocateSpace"
    )
  }
  if (found.enabled === false) return Check.fail(name, `It is disabled (${need.why})`, "Enable it, or choose another")
  if (found.active === false) {
    return Check.fail(name, `It is not active on ${need.node} (${need.why})`, "Check that the node reaches it")
  }
  if (!takes(found, content)) {
    return Check.fail(
      name,
      `It does not take ${content}, only ${found.content ?? "nothing"} (${need.why})`,
      `Allow it: pvesm set ${need.storage} --content ${[...contents(found), content].join(",")}`
    )
  }
  return roomOn(found, need)
}

const contents = ({ content }: Model.Storage): ReadonlyArray<string> =>
  (content ?? "").split(",").map((one) => one.trim()).filter((one) => one !== "")

const takes = (storage: Model.Storage, content: string): boolean => contents(storage).includes(content)

const grant = (credentials: Credentials.Credentials | undefined): string =>
  credentials?._tag === "Token"
    ? `Give a role that has them to the user and, as the token may have separate privileges, to ${credentials.id} too`
    : "Give the user a role that has them"

const missingOf = (
  need: Needs.PrivilegeNeed,
  permissions: Model.Permissions,
  release: Permission.Release | undefined
): { readonly wanted: ReadonlyArray<string>; readonly missing: ReadonlyArray<string> } => {
  const wanted = need.privileges.flatMap((privilege) => Permission.inRelease(privilege, release) ?? [])
  const missing = wanted.filter((privilege) =>
    !need.paths.some((path) => Permission.holds(permissions, path, privilege))
  )
  return { wanted, missing }
}

/**
 * One check for each reason, and for each path where something is missing.
 *
 * @since 0.1.0
 * @category checks
 */
export const privileges = (
  needs: ReadonlyArray<Needs.PrivilegeNeed>,
  world: Pick<World, "permissions">,
  release: Permission.Release | undefined,
  credentials: Credentials.Credentials | undefined
): ReadonlyArray<Check.Check> => {
  const { permissions } = world
  if (Either.isLeft(permissions)) {
    const fault = permissions.left
    return [...new Set(needs.map(nameOfPrivileges))].map((name) => Check.fromFault(name, fault))
  }
  const checks: Array<Check.Check> = []
  const held = new Map<string, Array<string>>()
  for (const need of needs) {
    const { missing, wanted } = missingOf(need, permissions.right, release)
    const name = nameOfPrivileges(need)
    if (wanted.length === 0) continue
    if (missing.length > 0) {
      checks.push(Check.fail(name, `${missing.join(", ")} missing on ${need.paths.join(" or ")}`, grant(credentials)))
    } else {
      const paths = held.get(name) ?? []
      held.set(name, [...paths, need.paths[0]])
    }
  }
  for (const [name, paths] of held) checks.push(Check.ok(name, `All there on ${paths.join(", ")}`))
  if (needs.length === 0 || Object.keys(permissions.right).length > 0) return checks
  return [
    Check.fail(
      "permissions",
      "These credentials have no permission at all",
      credentials?._tag === "Token"
        ? `The token has separate privileges: give ${credentials.id} roles of its own, or switch privilege separation off`
        : "Give the user a role"
    ),
    ...checks
  ]
}
