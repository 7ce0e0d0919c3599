/**
 * The sentences in which Proxmox VE says why it did not do something, and what each means.
 *
 * The API has no error codes: nearly everything is a `500` with a sentence, permanent and passing causes alike, and
 * the same sentences come back as the exit text of a task. So they are known here, whole: every pattern is anchored
 * at both ends, and what varies (ids, names, paths) only ever fills a hole.
 *
 * Source: the texts of qemu-server 9.2, pve-guest-common, pve-storage, pve-cluster 9.1, pve-common 9.2 and
 * pve-access-control, and of the versions before where they differ.
 *
 * @since 0.1.0
 */
import type * as Fault from "../../../kernel/Fault.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Part = string | ((holes: ReadonlyArray<string>) => string)

/**
 * One sentence. `remote` and `hint` may use what fills its holes, in their order.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rule {
  readonly pattern: RegExp
  readonly kind: Fault.Kind
  readonly code: string
  readonly remote?: Part
  readonly hint?: Part
}

const freeStorage = "Free space on the storage, or choose another one"

const locks: ReadonlyArray<Rule> = [
  {
    // flock on the machine's configuration: 10 s, and 1 s for the new id of a clone.
    pattern: /^can't lock file '\/var\/lock\/qemu-server\/lock-(\d+)\.conf' - got timeout$/,
    kind: "locked",
    code: "lock-timeout",
    remote: ([vmid]) => `another operation holds the lock of VM ${vmid}`
  },
  {
    pattern: /^can't lock file '\/var\/lock\/pve-manager\/pve-storage-([^'/]+)' - got timeout$/,
    kind: "locked",
    code: "storage-lock-timeout",
    remote: ([storage]) => `another operation holds the lock of storage ${storage}`
  },
  {
    pattern: /^can't lock file '[^']+' - got timeout$/,
    kind: "locked",
    code: "lock-timeout"
  },
  {
    pattern: /^(?:VM|CT)(?: \d+)? is locked \(([a-z-]+)\)$/,
    kind: "locked",
    code: "vm-locked",
    remote: ([lock]) => `it is locked by ${lock}`
  },
  {
    pattern: /^(?:cfs-lock 'storage-([^']+)' error|error with cfs lock 'storage-([^']+)'): got lock request timeout$/,
    kind: "locked",
    code: "storage-lock-timeout",
    remote: ([now, before]) => `another operation holds the lock of storage ${now === "" ? before : now}`
  },
  {
    pattern: /^(?:cfs-lock '[^']+' error|error with cfs lock '[^']+'): got lock request timeout$/,
    kind: "locked",
    code: "lock-timeout"
  },
  {
    // The command ran under the lock for 60 s and was cut off: unlike the ones above, it did begin.
    pattern: /^'storage-([^']+)'-locked command timed out - aborting$/,
    kind: "transient",
    code: "storage-lock-timeout",
    remote: ([storage]) => `storage ${storage} was too slow and the server gave up`
  }
]

const cluster: ReadonlyArray<Rule> = [
  {
    pattern: /^got no worker upid - start worker failed$/,
    kind: "transient",
    code: "no-worker"
  },
  {
    pattern: /^(?:(?:cfs-lock '[^']+' error|error with cfs lock '[^']+'): )?(?:cluster not ready - )?no quorum[!?]$/,
    kind: "transient",
    code: "no-quorum",
    hint: "Too few nodes of the cluster are up to change anything; check `pvecm status`"
  },
  {
    pattern: /^no such cluster node(?: '([^']+)')?$/,
    kind: "not-found",
    code: "no-such-node",
    hint: ([node]) => node === "" ? "Check the node's name" : `The cluster has no node "${node}"; check the name`
  },
  {
    pattern: /^hostname lookup '([^']+)' failed - .+$/,
    kind: "not-found",
    code: "no-such-node",
    hint: ([node]) => `The server does not know a node "${node}"; check the name`
  }
]

const identities: ReadonlyArray<Rule> = [
  {
    pattern: /^VM (\d+) already exists(?: on node '[^']+')?$/,
    kind: "conflict",
    code: "vmid-taken",
    remote: ([vmid]) => `the id ${vmid} is in use`
  },
  {
    pattern: /^unable to create VM (\d+)(?: -|:) (?:config file already exists|VM \d+ already exists on node '[^']+')$/,
    kind: "conflict",
    code: "vmid-taken",
    remote: ([vmid]) => `the id ${vmid} is in use`
  },
  {
    // Two nodes created the same file in the cluster file system at the same time.
    pattern: /^unable to create VM (\d+) .*failed: File exists$/,
    kind: "conflict",
    code: "vmid-taken",
    remote: ([vmid]) => `the id ${vmid} was taken on another node at the same moment`
  },
  {
    pattern: /^checksum miss?match \(file change by other user\?\)$/,
    kind: "conflict",
    code: "digest-mismatch",
    hint: "Somebody else changed the configuration meanwhile; run the same command again"
  },
  {
    pattern: /^detected modified configuration - file changed by other user\? Try again\.?$/,
    kind: "conflict",
    code: "digest-mismatch",
    hint: "Somebody else changed the configuration meanwhile; run the same command again"
  },
  {
    pattern: /^Configuration file '[^']+' does not exist$/,
    kind: "not-found",
    code: "config-missing"
  },
  {
    pattern: /^unable to find configuration file for (?:VM|CT) (\d+) on node '([^']+)'$/,
    kind: "not-found",
    code: "config-missing",
    remote: ([vmid, node]) => `there is no VM ${vmid} on node ${node}`
  },
  {
    pattern: /^no such task$/,
    kind: "not-found",
    code: "no-such-task",
    hint: "The task ran on another node, or its log was already pruned"
  },
  {
    pattern: /^unable to parse worker upid(?: .*)?$/,
    kind: "invalid",
    code: "param"
  },
  {
    pattern: /^pool '([^']+)' does not exist$/,
    kind: "not-found",
    code: "no-such-pool",
    hint: ([pool]) => `There is no pool "${pool}"; check the name, or make it first`
  },
  {
    pattern: /^VM \d+ is already a pool member$/,
    kind: "conflict",
    code: "already-in-pool"
  },
  {
    pattern: /^VM \d+ belongs already to pool '([^']+)'$/,
    kind: "conflict",
    code: "other-pool",
    remote: ([pool]) => `it is in pool ${pool}`
  },
  {
    pattern: /^bridge '([^']+)' does not exist$/,
    kind: "not-found",
    code: "no-such-bridge",
    hint: ([bridge]) => `The node has no bridge "${bridge}"`
  },
  {
    pattern: /^snapshot '([^']+)' does not exist$/,
    kind: "not-found",
    code: "no-such-snapshot"
  }
]

const storages: ReadonlyArray<Rule> = [
  {
    pattern: /^storage '([^']+)' does not exist$/,
    kind: "not-found",
    code: "no-such-storage",
    hint: ([storage]) => `There is no storage "${storage}"; check the name`
  },
  {
    pattern: /^storage '([^']+)' is (?:disabled|not available on node '[^']+')$/,
    kind: "invalid",
    code: "storage-unavailable",
    hint: "Enable the storage for that node, or choose another one"
  },
  {
    pattern: /^storage '([^']+)' does not support content-type '([^']+)'$/,
    kind: "invalid",
    code: "storage-unavailable",
    hint: ([storage, content]) => `Allow ${content} on "${storage}", or choose another storage`
  },
  {
    pattern: /^storage '([^']+)' is not online$/,
    kind: "transient",
    code: "storage-offline",
    hint: ([storage]) => `The node does not reach "${storage}"`
  },
  {
    // A volume that was just written, seen late on network storage.
    pattern: /^volume '([^']+)' does not exist$/,
    kind: "not-found",
    code: "volume-missing"
  },
  {
    pattern: /^(?:.*: )?No space left on device(?: \(\d+\))?$/,
    kind: "failed",
    code: "storage-full",
    hint: freeStorage
  },
  {
    pattern: /^(?:.*\s)?Volume group "[^"]+" has insufficient free space \(\d+ extents\): \d+ required\.?$/,
    kind: "failed",
    code: "storage-full",
    hint: freeStorage
  },
  {
    pattern: /^(?:.*\s)?Cannot create new thin volume, free space in thin pool \S+ reached threshold\.?$/,
    kind: "failed",
    code: "storage-full",
    hint: freeStorage
  },
  {
    pattern: /^(?:.*: )?out of space$/,
    kind: "failed",
    code: "storage-full",
    hint: freeStorage
  },
  {
    pattern: /^can't clone to non-shared storage '([^']+)'$/,
    kind: "invalid",
    code: "not-shared-storage",
    hint: ([storage]) =>
      `"${storage}" exists on one node only: clone on that node, or keep every volume on shared ` +
      "storage, the cloud-init drive included"
  },
  {
    pattern: /^Can't clone VM to node '([^']+)' \(VM uses local storage\)$/,
    kind: "invalid",
    code: "not-shared-storage",
    hint: "Clone on the template's node, or keep every volume of it on shared storage, the cloud-init drive included"
  },
  {
    pattern: /^Linked clone feature is not supported for drive '([^']+)'$/,
    kind: "invalid",
    code: "no-linked-clone",
    hint: "Ask for a full clone"
  },
  {
    pattern: /^base volume '([^']+)' is still in use by linked cloned? '([^']+)'$/,
    kind: "conflict",
    code: "in-use",
    hint: "Destroy its linked clones first"
  },
  {
    pattern: /^(?:unable to shrink disk size|shrinking disks is not supported)$/,
    kind: "invalid",
    code: "shrink",
    hint: "A disk can only grow; ask for at least its present size"
  }
]

const machines: ReadonlyArray<Rule> = [
  {
    pattern: /^VM (\d+) (?:is )?already running$/,
    kind: "conflict",
    code: "vm-running"
  },
  {
    pattern: /^VM (\d+) is running - destroy failed$/,
    kind: "conflict",
    code: "vm-running",
    hint: "Stop it first"
  },
  {
    pattern: /^VM (\d+) (?:is )?not running$/,
    kind: "conflict",
    code: "vm-not-running"
  },
  {
    pattern: /^No QEMU guest agent configured$/,
    kind: "invalid",
    code: "agent-not-configured",
    hint: "Switch the guest agent on for this machine (`agent: 1`) and start it again"
  },
  {
    // Said of every machine while it boots: worth asking again, and nothing against the health of the server.
    pattern: /^QEMU guest agent is not running$/,
    kind: "locked",
    code: "agent-not-running",
    hint: "The agent answers once the guest has booted, if it is installed there"
  },
  {
    pattern: /^can't remove (?:VM|CT) (\d+) - protection mode enabled$/,
    kind: "invalid",
    code: "protected",
    hint: "Switch its protection off first"
  },
  {
    pattern: /^unable to remove (?:VM|CT) (\d+) - used in HA resources and purge parameter not set\.?$/,
    kind: "invalid",
    code: "ha-managed",
    hint: "Destroy it with purge, or take it out of high availability first"
  },
  {
    pattern: /^VM quit\/powerdown failed - got timeout$/,
    kind: "failed",
    code: "shutdown-timeout",
    hint: "The guest did not shut down in time; stop it instead, or give it longer"
  },
  {
    pattern: /^you can't start a vm if it's a template$/,
    kind: "invalid",
    code: "is-template"
  },
  {
    pattern: /^parameter '([^']+)' not allowed for linked clones$/,
    kind: "invalid",
    code: "param",
    hint: ([name]) => `Ask for a full clone, or leave "${name}" out`
  },
  {
    pattern: /^SSH public key validation error$/,
    kind: "invalid",
    code: "ssh-key",
    hint: "One of the SSH public keys is not valid; `ssh-keygen -l -f <file>` tells which"
  },
  {
    pattern: /^invalid bootorder: device '([^']+)' does not exist'?$/,
    kind: "invalid",
    code: "param"
  },
  {
    pattern: /^(?:interrupted by signal|received interrupt)$/,
    kind: "failed",
    code: "aborted"
  }
]

/**
 * @since 0.1.0
 * @category models
 */
export const rules: ReadonlyArray<Rule> = [...locks, ...cluster, ...identities, ...storages, ...machines]
