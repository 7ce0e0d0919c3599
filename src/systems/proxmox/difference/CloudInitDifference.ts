/**
 * How wanted cloud-init settings differ from the observed ones.
 *
 * @since 0.1.0
 */
import * as CloudInit from "../grammar/CloudInit.ts"
import * as Disk from "../grammar/Disk.ts"
import * as Draft from "./Draft.ts"
import type { CloudInitSpec, MachineSpec } from "../Fleet.ts"
import * as SshKey from "../grammar/SshKey.ts"

/**
 * Compares every cloud-init key that is spoken about, and adds the drive that carries them when there is none.
 *
 * @since 0.1.0
 * @category combinators
 */
export const compare = (draft: Draft.Draft, spec: MachineSpec, wanted: CloudInitSpec): void => {
  addCloudInitDrive(draft, spec)
  if (wanted.user !== undefined) Draft.text(draft, "ciuser", wanted.user)
  if (wanted.sshKeys !== undefined) compareKeys(draft, wanted.sshKeys)
  if (wanted.nameservers !== undefined) compareNameservers(draft, wanted.nameservers)
  if (wanted.searchDomain !== undefined) {
    const domain = wanted.searchDomain
    Draft.text(draft, "searchdomain", domain, (from) => from.trim().toLowerCase() === domain.toLowerCase())
  }
  if (wanted.upgrade !== undefined) Draft.flag(draft, "ciupgrade", wanted.upgrade, true)
  if (wanted.snippets !== undefined) {
    Draft.properties(draft, "cicustom", CloudInit.wantedSnippets(wanted.snippets), CloudInit.snippetsGrammar)
  }
  for (const [network, address] of Object.entries(wanted.addresses)) {
    const key = CloudInit.addressKey(network)
    const problems = CloudInit.problemsOf(address)
    for (const { message } of problems) Draft.problem(draft, key, "gateway", message, "correct the fleet file")
    if (problems.length === 0) Draft.properties(draft, key, CloudInit.wantedAddress(address), CloudInit.addressGrammar)
  }
}

/** Without its drive, cloud-init settings are kept by the server and never reach the guest. */
const addCloudInitDrive = (draft: Draft.Draft, spec: MachineSpec): void => {
  const present = Disk.drives(draft.config)
  if ([...present.values()].some(Disk.isCloudInit)) return
  const place = ["ide2", "ide0", "ide1", "ide3", ...Disk.names].find((name) =>
    draft.config[name] === undefined && spec.disks[name] === undefined
  )
  const storage = Disk.defaultStorage(spec, draft.config)
  if (place === undefined || storage === undefined) {
    Draft.problem(draft, "cloud-init", "storage-unknown", "no storage is known to make its drive on", "give storage")
    return
  }
  const to = `${storage}:cloudinit`
  draft.set[place] = to
  draft.changes.push({ key: place, to })
}

const shown = (keys: ReadonlyArray<string>): string | undefined =>
  keys.length === 0 ? undefined : keys.map(SshKey.describe).join(", ")

const compareKeys = (draft: Draft.Draft, wanted: ReadonlyArray<string>): void => {
  const from = CloudInit.parseSshKeys(draft.config["sshkeys"] ?? "")
  const to = CloudInit.parseSshKeys(wanted.join("\n"))
  if (CloudInit.sameKeys(from, to)) return
  if (to.length === 0) draft.delete.push("sshkeys")
  else draft.set["sshkeys"] = CloudInit.printSshKeys(to)
  draft.changes.push({ key: "sshkeys", from: shown(from), to: shown(to) })
}

const compareNameservers = (draft: Draft.Draft, wanted: ReadonlyArray<string>): void => {
  const from = draft.config["nameserver"]
  const to = CloudInit.parseNameservers(wanted.join(" ")).join(" ")
  if (to === CloudInit.parseNameservers(from ?? "").join(" ")) return
  if (to === "") draft.delete.push("nameserver")
  else draft.set["nameserver"] = to
  draft.changes.push(to === "" ? { key: "nameserver", from } : { key: "nameserver", from, to })
}
