/**
 * Roles and the privileges in them.
 *
 * Source: pve-access-control `AccessControl.pm`. PVE 9 split `VM.Monitor` into `VM.GuestAgent.*`.
 *
 * @since 0.1.0
 */

const machine = [
  "VM.Allocate",
  "VM.Audit",
  "VM.Backup",
  "VM.Clone",
  "VM.Config.CDROM",
  "VM.Config.CPU",
  "VM.Config.Cloudinit",
  "VM.Config.Disk",
  "VM.Config.HWType",
  "VM.Config.Memory",
  "VM.Config.Network",
  "VM.Config.Options",
  "VM.Console",
  "VM.Migrate",
  "VM.PowerMgmt",
  "VM.Snapshot",
  "VM.Snapshot.Rollback"
]

const agent = (version: 7 | 8 | 9): ReadonlyArray<string> =>
  version >= 9
    ? ["VM.GuestAgent.Audit", "VM.GuestAgent.FileRead", "VM.GuestAgent.FileWrite"].concat([
      "VM.GuestAgent.FileSystemMgmt",
      "VM.GuestAgent.Unrestricted"
    ])
    : ["VM.Monitor"]

const audit = ["Datastore.Audit", "Mapping.Audit", "Pool.Audit", "SDN.Audit", "Sys.Audit", "VM.Audit"]

const everything = [
  ...audit,
  ...machine,
  "Datastore.Allocate",
  "Datastore.AllocateSpace",
  "Datastore.AllocateTemplate",
  "Group.Allocate",
  "Mapping.Modify",
  "Mapping.Use",
  "Permissions.Modify",
  "Pool.Allocate",
  "Realm.Allocate",
  "Realm.AllocateUser",
  "SDN.Allocate",
  "SDN.Use",
  "Sys.AccessNetwork",
  "Sys.Console",
  "Sys.Incoming",
  "Sys.Modify",
  "Sys.PowerMgmt",
  "Sys.Syslog",
  "User.Modify"
]

/** The least that cloning, configuring, starting and destroying machines needs. */
const provisioner = [
  ...["CDROM", "CPU", "Cloudinit", "Disk", "HWType", "Memory", "Network", "Options"].map((part) => `VM.Config.${part}`),
  "Datastore.AllocateSpace",
  "Datastore.Audit",
  "Pool.Allocate",
  "Pool.Audit",
  "SDN.Use",
  "Sys.Audit",
  "VM.Allocate",
  "VM.Audit",
  "VM.Clone",
  "VM.PowerMgmt",
  "VM.Snapshot",
  "VM.Snapshot.Rollback"
]

/**
 * @since 0.1.0
 * @category getters
 */
export const privileges = (version: 7 | 8 | 9, role: string): ReadonlySet<string> => {
  switch (role) {
    case "Administrator":
      return new Set([...everything, ...agent(version)])
    case "PVEAuditor":
      return new Set(audit)
    case "Provisioner":
      return new Set([...provisioner, version >= 9 ? "VM.GuestAgent.Audit" : "VM.Monitor"])
    default:
      return new Set()
  }
}

/**
 * What reading from a guest's agent needs.
 *
 * @since 0.1.0
 * @category getters
 */
export const guestAgent = (version: 7 | 8 | 9): ReadonlyArray<string> =>
  version >= 9 ? ["VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted"] : ["VM.Monitor"]
