/**
 * Writes `terraform.tfstate`, version 4: what Terraform would know had it made the resources itself. Needs no other
 * program, has no time and no chance in it, and nothing that the API keeps secret.
 *
 * Every attribute that was read is in it, also those that the configuration leaves out, so that the first plan finds no
 * difference. `schema_version` is 0: the provider brings older states up and refuses newer ones.
 *
 * Source: hashicorp/terraform, internal/states/statefile/version4.go.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import type { Values } from "../Model.ts"
import type { Attributes, Table } from "../Table.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as Draft from "./Draft.ts"
import * as JsonSyntax from "./JsonSyntax.ts"
import * as Provider from "./Provider.ts"
import * as Residents from "./Residents.ts"
import * as Shape from "./Shape.ts"

/** The namespace of URLs. Source: RFC 9562, 6.6. */
const namespace = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"

/**
 * The UUID v5 of a text.
 *
 * Source: RFC 9562, 5.5.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lineage = (organisation: string): string => {
  const hash = createHash("sha1").update(Buffer.from(namespace.replaceAll("-", ""), "hex")).update(organisation)
    .digest()
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6)
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = hash.toString("hex").slice(0, 32)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}

/**
 * A resource as the state has it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Instance {
  readonly mode: "managed" | "data"
  readonly type: string
  readonly label: string
  readonly attributes: { readonly [name: string]: Json.Json }
}

/**
 * What the state knows of a resource that was read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const attributes = (
  table: Table,
  id: string,
  values: Values,
  files: ReadonlyArray<{ readonly path: string; readonly attribute?: string | undefined }>
): Instance["attributes"] => {
  const named = files.flatMap(({ attribute, path }) =>
    attribute === undefined || attribute.includes(".") ? [] : [[attribute, path] as const]
  )
  return { ...known(table.attributes, values), ...Object.fromEntries(named), id }
}

const known = (attributes: Attributes, values: Values): { [name: string]: Json.Json } => {
  const found: { [name: string]: Json.Json } = {}
  for (const [name, value] of Object.entries(values)) {
    const attribute = attributes[name]
    if (attribute === undefined || attribute.unresolvable === true) continue
    found[name] = attribute.kind === "block" && Array.isArray(value)
      ? value.map((each: Json.Json) => Shape.isEntity(each) ? known(attribute.attributes, each) : each)
      : value
  }
  return found
}

/**
 * @since 0.1.0
 * @category models
 */
export interface State {
  readonly add: (instance: Instance) => void
  readonly file: Draft.TextFile
  readonly finish: Draft.TextFile["finished"]
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (draft: Draft.Draft, organisation: string): State => {
  const file = new Draft.TextFile(draft, Residents.stateFile)
  let separator = "\n"
  file.append(
    `{\n  "version": 4,\n  "terraform_version": "1.5.0",\n  "serial": 1,\n  "lineage": "${lineage(organisation)}",\n` +
      `  "outputs": {},\n  "resources": [`
  )
  return {
    file,
    add: ({ attributes, label, mode, type }) => {
      const resource = {
        mode,
        type,
        name: label,
        provider: Provider.address,
        instances: [{ schema_version: 0, attributes, sensitive_attributes: [] }]
      }
      file.append(`${separator}    ${JsonSyntax.text(resource, "    ")}`)
      separator = ",\n"
    },
    finish: Effect.suspend(() => {
      file.append(`${separator === "\n" ? "" : "\n  "}],\n  "check_results": null\n}\n`)
      return file.finished
    })
  }
}
