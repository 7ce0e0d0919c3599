/**
 * Which template a machine comes from, and what of it decides where the machine can be.
 *
 * @since 0.1.0
 */
import * as Disk from "../grammar/Disk.ts"
import type { TemplateRef } from "../Fleet.ts"
import type * as Model from "../Model.ts"
import * as Tags from "../grammar/Tags.ts"

/**
 * @since 0.1.0
 * @category conversions
 */
export const show = (ref: TemplateRef): string => {
  switch (ref._tag) {
    case "Id":
      return `template ${ref.id}`
    case "Name":
      return `template "${ref.name}"`
    case "Tag":
      return `template tagged "${ref.tag}"`
  }
}

/**
 * The machines a reference means, by node and id. By name or tag only templates count; by id any machine.
 *
 * @since 0.1.0
 * @category getters
 */
export const candidates = (
  ref: TemplateRef,
  rows: Iterable<Model.Resource>
): ReadonlyArray<Model.Resource> =>
  [...rows]
    .filter((row) => row.type === "qemu")
    .filter((row) => {
      if (ref._tag === "Id") return row.vmid === ref.id
      if (row.template !== true) return false
      return ref._tag === "Name" ? row.name === ref.name : Tags.parse(row.tags ?? "").includes(ref.tag.toLowerCase())
    })
    .toSorted((a, b) => a.vmid - b.vmid)

/**
 * The storages of a configuration's volumes, the cloud-init drive's included, sorted.
 *
 * @since 0.1.0
 * @category getters
 */
export const storages = (config: Model.Config): ReadonlyArray<string> => {
  const names = [...Disk.drives(config).values()].flatMap((drive) => Disk.storageOf(drive) ?? [])
  return [...new Set(names)].toSorted()
}
