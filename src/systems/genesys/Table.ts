/**
 * A resource type as data: where its entities are listed and read, what they are called, which attributes Terraform
 * knows of them and where the API has those, and what refers to what. One engine reads the tables; to support another
 * type is to write another table.
 *
 * Attribute names, block structure and references are those of the Terraform provider for Genesys Cloud 1.84.1; paths
 * are those of the platform API v2.
 *
 * @since 0.1.0
 */
import type * as Json from "../../kernel/Json.ts"
import type { Entity, Listing, Reading } from "./Source.ts"

export type {
  /**
   * @since 0.1.0
   */
  Entity,
  /**
   * @since 0.1.0
   */
  Extra,
  /**
   * @since 0.1.0
   */
  Listing,
  /**
   * @since 0.1.0
   */
  Paging,
  /**
   * @since 0.1.0
   */
  Reading
} from "./Source.ts"

/**
 * A resource type by its full name: `genesyscloud_routing_queue`.
 *
 * @since 0.1.0
 * @category models
 */
export type TypeName = `genesyscloud_${string}`

/**
 * What a label may look at: an entity of another listing of this organisation.
 *
 * @since 0.1.0
 * @category models
 */
export type Lookup = (type: TypeName, id: string) => Entity | undefined

/**
 * What may be said of every attribute.
 *
 * @since 0.1.0
 * @category models
 */
export interface Common {
  /**
   * Where the API has it: a dotted path in the entity (`acwSettings.timeoutMs`), `@members` for an extra, `.` for the
   * value itself (within a block). A path through an array means that of each of its elements. Defaults to the
   * attribute's name in camel case.
   */
  readonly from?: string | undefined
  readonly required?: boolean | undefined
  /** The provider may fill it in: left out with `--no-export-computed`. */
  readonly computed?: boolean | undefined
  /** Computed and never set: never in the configuration, only in the state. */
  readonly readOnly?: boolean | undefined
  /** Left out with `--no-export-deprecated`. */
  readonly deprecated?: boolean | undefined
  /** Never in the configuration, although the provider knows it. */
  readonly excluded?: boolean | undefined
  /** `""`, `0` and the like are meant. Otherwise they are left out; booleans never are. */
  readonly zero?: boolean | undefined
  /** A missing list is written as `[]`. */
  readonly emptyList?: boolean | undefined
  /**
   * Not to be had from the API (a secret, a local file): a variable stands in its place. With `from` only where the API
   * has something there.
   */
  readonly unresolvable?: boolean | undefined
  /**
   * What is written for what the API has at `from`, `null` where it has nothing. Of a list, a set or a map it makes the
   * whole of it; of a block, the object or objects that the attributes in it are taken from. Pure. `undefined` leaves it
   * out.
   */
  readonly convert?: ((value: Json.Json, entity: Entity) => Json.Json | undefined) | undefined
}

/**
 * What a value refers to: a type, or one chosen by what stands beside it (a member group's type).
 *
 * @since 0.1.0
 * @category models
 */
export interface Reference {
  readonly to: TypeName | ((siblings: Entity) => TypeName | undefined)
  /** All types that `to` may answer, where it is a function. */
  readonly among?: ReadonlyArray<TypeName> | undefined
  /** Values that are no ids and stay as they are: `*`. */
  readonly except?: ReadonlyArray<string> | undefined
  /** Left out where it refers to the very resource it stands in. */
  readonly notSelf?: boolean | undefined
  /** Names the objects that the API has of its own (`Default Outbound Script`): written as a data block of that name. */
  readonly data?:
    | ((id: string, entity: Entity) => { readonly type: TypeName; readonly name: string } | undefined)
    | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Scalar extends Common {
  readonly kind: "string" | "number" | "boolean"
  readonly ref?: Reference | undefined
  /**
   * Filled in for the file that is written beside the configuration: its path, or the hash of its bytes. What goes
   * `with` it is written only where there is one.
   */
  readonly file?: "path" | "hash" | "with" | undefined
}

/**
 * Scalars in a row, or by name.
 *
 * @since 0.1.0
 * @category models
 */
export interface Several extends Common {
  readonly kind: "list" | "set" | "map"
  readonly of: "string" | "number" | "boolean"
  readonly ref?: Reference | undefined
  /**
   * Of a map: the names whose text is JSON (`jsonencode(...)` in HCL), and the references inside, as of `Encoded`.
   */
  readonly encoded?: Readonly<Record<string, Readonly<Record<string, Reference>>>> | undefined
}

/**
 * JSON in a string attribute: `jsonencode(...)` in HCL.
 *
 * @since 0.1.0
 * @category models
 */
export interface Encoded extends Common {
  readonly kind: "json"
  /** References inside it, by the dotted path within the JSON; `*` stands for any name or index. */
  readonly refs?: Readonly<Record<string, Reference>> | undefined
}

/**
 * A nested block. `set` and `list` may repeat; with `max: 1` the API has one object there and not an array.
 *
 * @since 0.1.0
 * @category models
 */
export interface Block extends Common {
  readonly kind: "block"
  readonly nesting: "list" | "set"
  readonly max?: number | undefined
  readonly attributes: Attributes
  /** The block is dropped where all of these are missing in it. */
  readonly removeIfMissing?: ReadonlyArray<string> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export type Attribute = Scalar | Several | Encoded | Block

/**
 * In the order of the provider's documentation, which is no matter: output is sorted.
 *
 * @since 0.1.0
 * @category models
 */
export type Attributes = { readonly [name: string]: Attribute }

/**
 * A file that is written beside the configuration.
 *
 * @since 0.1.0
 * @category models
 */
export interface FileRule {
  /** Folder below the output: `audio_prompts`, `scripts`, `architect_flows`, `contacts`, `response_assets`. */
  readonly folder: string
  /** The writer of the engine that fetches it. */
  readonly writer: "prompt-audio" | "script" | "flow" | "contacts" | "response-asset"
  /** Its bytes cannot change without the change stamp of its entity. Defaults to `false`: then it is fetched each time. */
  readonly stamped?: boolean | undefined
  /** Where its entity is asked for, when a file is not there and the entity was listed whole: `/api/v2/flows/{id}`. */
  readonly entity?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Table {
  readonly type: TypeName
  /**
   * Raised when what its functions make of an answer changes, so that what was kept before is read again. The rest of
   * the table speaks for itself. Defaults to 1.
   */
  readonly revision?: number | undefined
  /** Of the API, for the circuit breaker and metrics: `routing`. */
  readonly family: string
  readonly list: ReadonlyArray<Listing>
  /** Absent: what is listed is whole. */
  readonly read?: Reading | undefined
  /** Makes the id of an entity. Defaults to its `id`. */
  readonly id?: ((entity: Entity) => string | undefined) | undefined
  /** What it is called before it is made a label. Defaults to its `name`. */
  readonly label?: ((entity: Entity, lookup: Lookup) => string | undefined) | undefined
  /** Types whose listed entities `label` looks up. */
  readonly labelNeeds?: ReadonlyArray<TypeName> | undefined
  /** Fields that tell two of one name apart, for the second label algorithm. */
  readonly hashed?: ReadonlyArray<string> | undefined
  /** Path of the change stamp in the *listed* entity. Absent: it has none, and changes where anything listed of it does. */
  readonly stamp?: string | undefined
  /** Paths of the *listed* entity that tell of what belongs to it, though its stamp does not: `memberCount`. */
  readonly shows?: ReadonlyArray<string> | undefined
  /** Entities that are not exported at all: deleted, unpublished. Of listed entities. */
  readonly skip?: ((entity: Entity) => boolean) | undefined
  /** Entities that the API made and Terraform must not own: written as `data` blocks. Of entities that were read. */
  readonly data?: ((entity: Entity) => boolean) | undefined
  /**
   * What a `data` block of this type is found by: attribute by the path of an attribute of the resource (`config.name`),
   * or by what makes it of the resource's values. Defaults to `{ name: "name" }`. Empty: the provider has no such data
   * source.
   */
  readonly dataSource?: Readonly<Record<string, string | ((values: Entity) => string | undefined)>> | undefined
  readonly attributes: Attributes
  /** Paths of attributes that Terraform knows and the API does not answer: never written, by any option. */
  readonly notInApi?: ReadonlyArray<string> | undefined
  readonly files?: FileRule | undefined
  /** Its dependencies are asked of dependency tracking. */
  readonly tracked?: boolean | undefined
  /** Permission that its listing needs, for the report: `routing:queue:view`. */
  readonly permissions?: ReadonlyArray<string> | undefined
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const string = (options: Omit<Scalar, "kind"> = {}): Scalar => ({ ...options, kind: "string" })

/**
 * @since 0.1.0
 * @category constructors
 */
export const number = (options: Omit<Scalar, "kind"> = {}): Scalar => ({ ...options, kind: "number" })

/**
 * @since 0.1.0
 * @category constructors
 */
export const boolean = (options: Omit<Scalar, "kind"> = {}): Scalar => ({ ...options, kind: "boolean" })

/**
 * A list, a set or a map of strings unless `of` says otherwise.
 *
 * @since 0.1.0
 * @category constructors
 */
export const list = (options: Partial<Omit<Several, "kind">> = {}): Several => ({
  of: "string",
  ...options,
  kind: "list"
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const set = (options: Partial<Omit<Several, "kind">> = {}): Several => ({
  of: "string",
  ...options,
  kind: "set"
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const map = (options: Partial<Omit<Several, "kind">> = {}): Several => ({
  of: "string",
  ...options,
  kind: "map"
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const json = (options: Omit<Encoded, "kind"> = {}): Encoded => ({ ...options, kind: "json" })

/**
 * A block that may repeat, in order.
 *
 * @since 0.1.0
 * @category constructors
 */
export const blocks = (attributes: Attributes, options: Omit<Partial<Block>, "kind" | "attributes"> = {}): Block => ({
  nesting: "list",
  ...options,
  kind: "block",
  attributes
})

/**
 * A block that stands once at the most.
 *
 * @since 0.1.0
 * @category constructors
 */
export const block = (
  attributes: Attributes,
  options: Omit<Partial<Block>, "kind" | "attributes" | "max"> = {}
): Block => ({
  nesting: "list",
  ...options,
  kind: "block",
  max: 1,
  attributes
})

/**
 * A reference to a resource of one type.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ref = (to: TypeName, options: Omit<Reference, "to" | "among"> = {}): Reference => ({ ...options, to })
