/**
 * What becomes of an entity by the table of its type.
 */
import * as Option from "effect/Option"
import type * as Model from "../../../src/systems/genesys/Model.ts"
import { Expression } from "../../../src/systems/genesys/output/Rendered.ts"
import * as Rendering from "../../../src/systems/genesys/output/Rendering.ts"
import * as Values from "../../../src/systems/genesys/output/Values.ts"
import type { Entity, Table } from "../../../src/systems/genesys/Table.ts"
import * as Types from "../../../src/systems/genesys/Types.ts"

export const tableOf = (name: string): Table => Option.getOrThrow(Types.byName(name))

export const valuesOf = (name: string, entity: Entity) => Values.of(tableOf(name), entity)

/** Path, type without its prefix, id: one line each, sorted. */
export const referencesOf = (name: string, entity: Entity) =>
  Values.references(tableOf(name), valuesOf(name, entity))
    .map(({ id, path, type }) => `${path} ${type.slice("genesyscloud_".length)} ${id}`)
    .toSorted()

/** As it is written when all that it refers to is in the export. */
export const bodyOf = (name: string, entity: Entity, files: ReadonlyArray<Model.File> = []) => {
  const render = Rendering.compile(tableOf(name), {
    exportComputed: true,
    exportDeprecated: true,
    omitUnresolved: false,
    excluded: []
  })
  const body = render({
    id: "1",
    values: valuesOf(name, entity),
    files,
    refer: (type, id) => new Expression(`${type}.${id}.id`),
    unresolved: () => undefined,
    variable: (path) => new Expression(`var.${path}`)
  })
  return new Map(body)
}
