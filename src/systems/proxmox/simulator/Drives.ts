/**
 * The drives of a machine's configuration.
 *
 * @since 0.1.0
 */
import * as ConfigKeys from "./ConfigKeys.ts"
import * as PropertyString from "./PropertyString.ts"
import * as Storages from "./Storages.ts"
import type * as World from "./World.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Drive {
  readonly key: string
  readonly properties: PropertyString.Properties
  /** `storage:name`, `none`, `cdrom` or a path. */
  readonly file: string
}

/**
 * @since 0.1.0
 * @category decoding
 */
export const parse = (key: string, text: string): Drive | undefined => {
  const grammar = ConfigKeys.drive(key) ?? (/^unused\d+$/.test(key) ? ConfigKeys.find(key)?.grammar : undefined)
  if (grammar === undefined) return undefined
  const properties = PropertyString.read(grammar, text)
  const file = properties["file"]
  return file === undefined ? undefined : { key, properties, file }
}

/**
 * @since 0.1.0
 * @category encoding
 */
export const print = (key: string, properties: PropertyString.Properties): string => {
  const grammar = ConfigKeys.drive(key)
  return grammar === undefined ? "" : PropertyString.print(grammar, properties)
}

/**
 * The drives of a configuration, sorted by key; unused volumes only where asked for.
 *
 * @since 0.1.0
 * @category getters
 */
export const of = (
  config: ReadonlyMap<string, string>,
  options?: { readonly unused?: boolean }
): ReadonlyArray<Drive> =>
  [...config].flatMap(([key, text]) => {
    if (!/^(ide|sata|scsi|virtio|unused)\d+$|^(efidisk0|tpmstate0)$/.test(key)) return []
    if (options?.unused !== true && key.startsWith("unused")) return []
    const drive = parse(key, text)
    return drive === undefined ? [] : [drive]
  }).toSorted((a, b) => a.key < b.key ? -1 : 1)

/**
 * @since 0.1.0
 * @category predicates
 */
export const isCdRom = (drive: Drive): boolean => drive.properties["media"] === "cdrom"

/**
 * @since 0.1.0
 * @category predicates
 */
export const isCloudInit = (drive: Drive): boolean =>
  /(?:^|[:/-])cloudinit(?:\.\w+)?$/.test(drive.file) && drive.file.includes(":")

/**
 * The volumes of this node and the shared ones that a configuration mentions.
 *
 * @since 0.1.0
 * @category getters
 */
export const volumes = (world: World.World, machine: World.Machine): ReadonlyArray<World.Volume> => {
  const found = new Map<string, World.Volume>()
  const note = (config: ReadonlyMap<string, string>): void => {
    for (const drive of of(config, { unused: true })) {
      const volume = Storages.find(world, drive.file, machine.node)
      if (volume !== undefined) found.set(volume.id, volume)
    }
  }
  note(machine.config)
  note(new Map([...machine.pending].flatMap(([key, value]) => value === undefined ? [] : [[key, value] as const])))
  for (const snapshot of machine.snapshots) note(snapshot.config)
  return [...found.values()]
}

/**
 * A free `unused[n]` key.
 *
 * @since 0.1.0
 * @category getters
 */
export const unusedKey = (config: ReadonlyMap<string, string>): string => {
  let index = 0
  while (config.has(`unused${index}`)) index += 1
  return `unused${index}`
}
