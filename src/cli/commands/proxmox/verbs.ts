/**
 * The verbs of Proxmox VE.
 *
 * @since 0.1.0
 */
import { dryRun, waitWhile, yes } from "../../SharedFlags.ts"
import { group, verb } from "../../Verb.ts"

const fleet = {
  name: "FLEET",
  description: "The fleet file, YAML or JSON",
  required: false,
  fallback: "./fleet.yaml, or proxmox.fleet of the configuration"
} as const

const upid = { name: "UPID", description: "The task's full name, UPID:NODE:…:", required: true } as const

const only = {
  kind: "text",
  name: "only",
  value: "NAME,NAME",
  description: "Only these machines of the fleet"
} as const

const timeout = {
  kind: "duration",
  name: "timeout",
  value: "DURATION",
  description: "How long one machine may take in all: 90s, 30m, 2h",
  fallback: "30m"
} as const

const onInterrupt = {
  kind: "choice",
  name: "on-interrupt",
  choices: ["abort", "detach"],
  description: "On Ctrl-C, abort the running tasks and verify that nothing is left, or leave them running and print "
    + "their names; the next run picks them up",
  fallback: "abort"
} as const

const parallel = {
  kind: "integer",
  name: "parallel",
  value: "N",
  minimum: 1,
  description: "Machines at once; the limits of storages and nodes hold below it",
  fallback: "8"
} as const

const wait = waitWhile("has this fleet")

/**
 * @since 0.1.0
 * @category verbs
 */
export const plan = verb({
  name: "plan",
  summary: "Show what apply would do",
  description: "Compares a fleet file with the cluster and prints every difference. Changes nothing.\n\n"
    + "Refuses (exit 3) where apply would refuse: a wanted id taken by a machine that is not ours, a missing "
    + "template, a disk that would shrink.",
  flags: { only },
  args: { fleet },
  examples: [{ line: "holdfast proxmox plan fleet.yaml", says: "What is missing or different?" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const apply = verb({
  name: "apply",
  summary: "Make the machines of a fleet file, and keep them as it says",
  description: "Clones what is missing from its template, configures, resizes and starts it; changes what is "
    + "different. Running it again continues from what is there, after any crash or interruption.\n\n"
    + "It is kept as a run (see holdfast run --help); one run at a time has a fleet.",
  flags: { parallel, only, onInterrupt, timeout, wait, dryRun },
  args: { fleet },
  examples: [
    { line: "holdfast proxmox apply fleet.yaml", says: "Make it so" },
    {
      line: "holdfast proxmox apply fleet.yaml --parallel 3 --on-interrupt detach",
      says: "Three at a time; Ctrl-C leaves tasks running"
    },
    { line: "holdfast proxmox apply fleet.yaml --json > result.json", says: "For a program" }
  ]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const destroy = verb({
  name: "destroy",
  summary: "Stop and purge the machines of a fleet file",
  description: "Removes machines that this fleet made, recognised by their mark and their SMBIOS uuid; anything else "
    + "at the same id is left alone (exit 3). Asks first; without a terminal it wants --yes.",
  flags: { yes, only, dryRun, parallel, timeout, wait },
  args: { fleet },
  examples: [
    { line: "holdfast proxmox destroy fleet.yaml --dry-run", says: "What would go?" },
    { line: "holdfast proxmox destroy fleet.yaml --only web-1,web-2 --yes", says: "Two machines, without asking" }
  ]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const drift = verb({
  name: "drift",
  summary: "Tell what has changed since apply",
  description: "Compares the machines that exist with the fleet file and prints every difference. Exits 0 when there "
    + "is none and 2 when there is.",
  flags: { only },
  args: { fleet },
  examples: [{ line: "holdfast proxmox drift fleet.yaml --json", says: "For a nightly check" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const list = verb({
  name: "list",
  summary: "List the machines of the cluster, and which are ours",
  description: "Every machine and template of the cluster: id, name, node, state, and the fleet that made it.",
  flags: { mine: { kind: "boolean", name: "mine", description: "Only the machines that holdfast made" } },
  args: {},
  examples: [{ line: "holdfast proxmox list --json | jq '.machines[].vmid'", says: "Every id" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const taskWait = verb({
  name: "wait",
  summary: "Wait until a task ends, and tell how",
  description: "Follows a task by its full name until it has stopped. Exits 0 for OK and warnings, 1 for an error.",
  flags: { timeout: { ...timeout, description: "How long to wait: 90s, 30m, 2h" } },
  args: { upid },
  examples: [{
    line: "holdfast proxmox task wait UPID:pve1:00001ED0:00035693:66343A23:qmclone:9000:root@pam:",
    says: "After apply --on-interrupt detach"
  }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const taskLog = verb({
  name: "log",
  summary: "Print the log of a task",
  description: "Prints every line of a task's log; with --follow until the task has stopped. With --json one document "
    + "a line.",
  flags: { follow: { kind: "boolean", name: "follow", alias: "f", description: "Go on until the task has stopped" } },
  args: { upid },
  examples: [{
    line: "holdfast proxmox task log --follow UPID:pve1:00001ED0:00035693:66343A23:qmclone:9000:root@pam:",
    says: "Watch a clone"
  }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const taskAbort = verb({
  name: "abort",
  summary: "Abort a running task",
  description: "Asks the server to end a task, and waits until it has stopped.",
  flags: { dryRun },
  args: { upid },
  examples: [{
    line: "holdfast proxmox task abort UPID:pve1:00001ED0:00035693:66343A23:qmclone:9000:root@pam:",
    says: "Give up a clone"
  }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const doctor = verb({
  name: "doctor",
  summary: "Check the host, the token, its privileges, storages and templates",
  description: "Tells whether the configured host is reachable, which version it runs, whether the token works, and, "
    + "with a fleet file, whether every privilege, storage, bridge and template it needs is there. Exits 3 when a "
    + "check fails.",
  flags: {},
  args: { fleet: { ...fleet, fallback: "no fleet: only the host and the token" } },
  examples: [{ line: "holdfast proxmox doctor fleet.yaml", says: "Before the first apply" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const proxmox = group({
  name: "proxmox",
  summary: "Virtual machines on Proxmox VE",
  description: "Virtual machines on Proxmox VE, from a fleet file.\n\n"
    + "The host comes from PROXMOX_VE_ENDPOINT (https://host:8006) and PROXMOX_VE_API_TOKEN (user@realm!name=secret), "
    + "or from the same settings in holdfast.config.yaml.",
  children: [
    plan,
    apply,
    destroy,
    drift,
    list,
    group({
      name: "task",
      summary: "Tasks by their UPID",
      description: "Tasks of the cluster, by their full name.",
      children: [taskWait, taskLog, taskAbort],
      examples: [{ line: "holdfast proxmox task log UPID:…", says: "What did it say?" }]
    }),
    doctor
  ],
  examples: [
    { line: "holdfast proxmox doctor fleet.yaml", says: "Is everything there?" },
    { line: "holdfast proxmox apply fleet.yaml", says: "Make the machines" }
  ]
})
