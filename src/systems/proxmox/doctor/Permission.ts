/**
 * What a user or a token may do where, as `/access/permissions` tells it.
 *
 * The server answers with the effective privileges of the paths it knows of. A path it does not list has what
 * propagates from the nearest one above it. Source: pve-access-control (`get_effective_permissions`, `roles`).
 *
 * @since 0.1.0
 */
import type * as Model from "../Model.ts"

/** `/storage/local/x`, `/storage/local`, `/storage`, `/`. */
const upwards = function*(path: string): Generator<string> {
  let at = path
  while (at.length > 1) {
    yield at
    at = at.slice(0, at.lastIndexOf("/"))
  }
  yield "/"
}

/**
 * Whether a privilege holds on a path. Alternatives are separated by `|`, as the server's own messages write them.
 *
 * @since 0.1.0
 * @category predicates
 */
export const holds = (permissions: Model.Permissions, path: string, privilege: string): boolean => {
  const alternatives = privilege.split("|")
  for (const listed of upwards(path)) {
    const here = permissions[listed]
    if (here === undefined) continue
    // The nearest listed path decides: what it does not have was taken away there.
    return alternatives.some((name) => Object.hasOwn(here, name) && (listed === path || here[name] === true))
  }
  return false
}

/**
 * A version's numbers: `8.4.1` and `7.4-17` to 8.4 and 7.4.
 *
 * @since 0.1.0
 * @category models
 */
export interface Release {
  readonly major: number
  readonly minor: number
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const parseRelease = (version: string): Release | undefined => {
  const match = /^(\d+)\.(\d+)/.exec(version)
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) }
}

/**
 * The name a privilege has in a release, or nothing where the release asks for none.
 *
 * Source: the release notes of Proxmox VE 8.0 (`SDN.Use` for bridges) and 9.0 (`VM.Monitor` gave way to
 * `VM.GuestAgent.*`).
 *
 * @since 0.1.0
 * @category getters
 */
export const inRelease = (privilege: string, release: Release | undefined): string | undefined => {
  if (release === undefined) return privilege
  if (privilege === "SDN.Use") return release.major >= 8 ? privilege : undefined
  if (privilege.startsWith("VM.GuestAgent.")) return release.major >= 9 ? privilege : "VM.Monitor"
  return privilege
}
