/**
 * What the Proxmox VE API answers, decoded leniently: unknown fields are kept out of the way, numbers may arrive
 * as strings and booleans as `1`/`0`.
 *
 * Source: `api-viewer/apidata.js` of pve-docs 9.1.3, and the server's own source where the description is silent.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const Numeric = Schema.Union(Schema.Number, Schema.NumberFromString)
const Text = Schema.Union(
  Schema.String,
  Schema.transform(Schema.Number, Schema.String, {
    strict: true,
    decode: String,
    encode: Number
  })
)
const truthy: ReadonlySet<unknown> = new Set([true, 1, "1", "on", "yes", "true"])
const Bool = Schema.transform(Schema.Union(Schema.Boolean, Schema.Number, Schema.String), Schema.Boolean, {
  strict: true,
  decode: (value) => truthy.has(value),
  encode: (value) => (value ? 1 : 0)
})
const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true, nullable: true })

/**
 * @since 0.1.0
 * @category models
 */
export const Version = Schema.Struct({ version: Text, release: optional(Text), repoid: optional(Schema.String) })

/**
 * @since 0.1.0
 * @category models
 */
export type Version = typeof Version.Type

/**
 * @since 0.1.0
 * @category models
 */
export const Node = Schema.Struct({
  node: Schema.String,
  status: Schema.Literal("online", "offline", "unknown"),
  maxcpu: optional(Numeric),
  maxmem: optional(Numeric),
  mem: optional(Numeric)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Node = typeof Node.Type

/**
 * A storage as one node sees it. `avail`, `used` and `total` are bytes.
 *
 * @since 0.1.0
 * @category models
 */
export const Storage = Schema.Struct({
  storage: Schema.String,
  type: Schema.String,
  content: optional(Schema.String),
  shared: optional(Bool),
  active: optional(Bool),
  enabled: optional(Bool),
  avail: optional(Numeric),
  used: optional(Numeric),
  total: optional(Numeric)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Storage = typeof Storage.Type

/**
 * A machine in the cluster inventory. `status` and `name` are up to ten seconds old (pvestatd).
 *
 * @since 0.1.0
 * @category models
 */
export const Resource = Schema.Struct({
  vmid: Numeric,
  node: Schema.String,
  type: Schema.String,
  name: optional(Text),
  status: optional(Schema.String),
  lock: optional(Schema.String),
  tags: optional(Schema.String),
  template: optional(Bool),
  pool: optional(Schema.String),
  hastate: optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Resource = typeof Resource.Type

/**
 * A machine's configuration as the API prints it: every key a text, plus the `digest` that guards an update.
 *
 * @since 0.1.0
 * @category models
 */
export const Config = Schema.Record({ key: Schema.String, value: Text })

/**
 * @since 0.1.0
 * @category models
 */
export type Config = typeof Config.Type

/**
 * @since 0.1.0
 * @category models
 */
export const Pending = Schema.Struct({
  key: Schema.String,
  value: optional(Text),
  pending: optional(Text),
  delete: optional(Numeric)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Pending = typeof Pending.Type

/**
 * What a machine does right now. Unlike {@link Resource}, this is live.
 *
 * @since 0.1.0
 * @category models
 */
export const Status = Schema.Struct({
  status: Schema.Literal("running", "stopped"),
  vmid: optional(Numeric),
  name: optional(Text),
  lock: optional(Schema.String),
  qmpstatus: optional(Schema.String),
  agent: optional(Bool),
  template: optional(Bool),
  ha: optional(Schema.Struct({ managed: optional(Bool) }))
})

/**
 * @since 0.1.0
 * @category models
 */
export type Status = typeof Status.Type

/**
 * The live state of a task. `exitstatus` exists only once it has stopped: `OK`, `WARNINGS: <n>`,
 * `unexpected status`, or the error text.
 *
 * @since 0.1.0
 * @category models
 */
export const TaskStatus = Schema.Struct({
  upid: Schema.String,
  node: Schema.String,
  type: Schema.String,
  id: optional(Text),
  user: optional(Schema.String),
  starttime: optional(Numeric),
  status: Schema.Literal("running", "stopped"),
  exitstatus: optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export type TaskStatus = typeof TaskStatus.Type

/**
 * A row of a node's task list. `status` is the exit text of a finished task and `RUNNING` (or absent) otherwise.
 *
 * @since 0.1.0
 * @category models
 */
export const TaskRow = Schema.Struct({
  upid: Schema.String,
  node: Schema.String,
  type: Schema.String,
  id: optional(Text),
  user: optional(Schema.String),
  starttime: optional(Numeric),
  endtime: optional(Numeric),
  status: optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export type TaskRow = typeof TaskRow.Type

/**
 * One line of a task's log: its number, from 1, and its text.
 *
 * @since 0.1.0
 * @category models
 */
export const LogLine = Schema.Struct({ n: Numeric, t: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export type LogLine = typeof LogLine.Type

/**
 * Privileges by path: `{"/vms": {"VM.Clone": 1}}`; the value says whether it propagates.
 *
 * @since 0.1.0
 * @category models
 */
export const Permissions = Schema.Record({
  key: Schema.String,
  value: Schema.Record({ key: Schema.String, value: Bool })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Permissions = typeof Permissions.Type

/**
 * A network interface inside a guest, as its agent reports it.
 *
 * @since 0.1.0
 * @category models
 */
export const GuestInterface = Schema.Struct({
  name: Schema.String,
  "hardware-address": optional(Schema.String),
  "ip-addresses": optional(Schema.Array(Schema.Struct({
    "ip-address": Schema.String,
    "ip-address-type": optional(Schema.String),
    prefix: optional(Numeric)
  })))
})

/**
 * @since 0.1.0
 * @category models
 */
export type GuestInterface = typeof GuestInterface.Type
