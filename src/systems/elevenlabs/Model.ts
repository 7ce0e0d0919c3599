/**
 * What the knowledge base and agent endpoints answer, as far as holdfast uses it. Decoding is lenient: what is not named
 * here is left out, numbers may come as texts, and a word that the API may add to is a string. Of an agent, whose
 * configuration is sent back in part, everything is kept as it came.
 *
 * Source: the API description of ElevenLabs, `/v1/convai/knowledge-base` and `/v1/convai/agents`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Json from "../../kernel/Json.ts"

const Numeric = Schema.Union(Schema.Number, Schema.NumberFromString)

/** Absent and `null` are the same: each endpoint has its own habit. */
const orNull = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(schema), { default: () => null })

const listOf = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.Array(schema), { default: () => [], nullable: true })

const flag = Schema.optionalWith(Schema.Boolean, { default: () => false, nullable: true })

/**
 * `file`, `text`, `url` or `folder`; a newer API may have more.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  type: Schema.String,
  /** The folder it is in; `null` at the top. */
  folderId: orNull(Schema.String).pipe(Schema.fromKey("folder_parent_id")),
  metadata: Schema.Struct({
    /** Seconds since 1970. */
    createdAt: Schema.propertySignature(Numeric).pipe(Schema.fromKey("created_at_unix_secs")),
    /** Seconds since 1970. */
    updatedAt: Schema.propertySignature(Numeric).pipe(Schema.fromKey("last_updated_at_unix_secs")),
    sizeBytes: Schema.propertySignature(Numeric).pipe(Schema.fromKey("size_bytes"))
  }),
  /** `prompt`, `auto`. */
  supportedUsages: listOf(Schema.String).pipe(Schema.fromKey("supported_usages")),
  /** Of a file, when it was asked for by itself: the name it was uploaded under. */
  filename: orNull(Schema.String),
  /** Of a `url`: where it was taken from. */
  url: orNull(Schema.String),
  /** Of a folder: how much is directly in it. */
  children: orNull(Numeric).pipe(Schema.fromKey("children_count")),
  isFrozen: flag.pipe(Schema.fromKey("is_frozen"))
})

/**
 * @since 0.1.0
 * @category models
 */
export type Document = typeof Document.Type

const paged = {
  nextCursor: orNull(Schema.String).pipe(Schema.fromKey("next_cursor")),
  hasMore: flag.pipe(Schema.fromKey("has_more"))
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const DocumentPage = Schema.Struct({ documents: Schema.Array(Document), ...paged })

/**
 * @since 0.1.0
 * @category models
 */
export type DocumentPage = typeof DocumentPage.Type

/**
 * What was just made.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Created = Schema.Struct({ id: Schema.String, name: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export type Created = typeof Created.Type

/**
 * An agent that uses a document. Of an agent that the key may not see only the id is told.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DependentAgent = Schema.Struct({
  /** `available` or `unknown`. */
  type: Schema.optionalWith(Schema.String, { default: () => "available" }),
  id: Schema.String,
  name: orNull(Schema.String),
  /** `admin`, `editor`, `commenter` or `viewer`. */
  accessLevel: orNull(Schema.String).pipe(Schema.fromKey("access_level")),
  /** Which of the documents that were asked for it uses; may be empty. */
  resources: listOf(Schema.String).pipe(Schema.fromKey("referenced_resource_ids"))
})

/**
 * @since 0.1.0
 * @category models
 */
export type DependentAgent = typeof DependentAgent.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const DependentBranch = Schema.Struct({
  agentId: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("agent_id")),
  agentName: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("agent_name")),
  branchId: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("branch_id")),
  branchName: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("branch_name")),
  isMain: Schema.propertySignature(Schema.Boolean).pipe(Schema.fromKey("is_main"))
})

/**
 * @since 0.1.0
 * @category models
 */
export type DependentBranch = typeof DependentBranch.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const DependentPage = Schema.Struct({
  agents: Schema.Array(DependentAgent),
  branches: listOf(DependentBranch),
  ...paged
})

/**
 * @since 0.1.0
 * @category models
 */
export type DependentPage = typeof DependentPage.Type

/**
 * One document's index for retrieval with one embedding model.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Index = Schema.Struct({
  id: Schema.String,
  model: Schema.String,
  /**
   * `new`, `created`, `processing`, `failed`, `succeeded`, `rag_limit_exceeded`, `document_too_small`,
   * `cannot_index_folder`. Old documents have it in capitals; here it is always in small letters.
   */
  status: Schema.Lowercase,
  /** From 0 to 100. */
  progress: Schema.propertySignature(Numeric).pipe(Schema.fromKey("progress_percentage")),
  usage: Schema.optionalWith(
    Schema.Struct({ bytes: Schema.propertySignature(Numeric).pipe(Schema.fromKey("used_bytes")) }),
    { default: () => ({ bytes: 0 }), nullable: true }
  ).pipe(Schema.fromKey("document_model_index_usage"))
})

/**
 * @since 0.1.0
 * @category models
 */
export type Index = typeof Index.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Indexes = Schema.Struct({ indexes: Schema.Array(Index) })

/**
 * How much of the workspace's quota for retrieval is used.
 *
 * @since 0.1.0
 * @category schemas
 */
export const IndexOverview = Schema.Struct({
  usedBytes: Schema.propertySignature(Numeric).pipe(Schema.fromKey("total_used_bytes")),
  maxBytes: Schema.propertySignature(Numeric).pipe(Schema.fromKey("total_max_bytes")),
  models: listOf(
    Schema.Struct({
      model: Schema.String,
      usedBytes: Schema.propertySignature(Numeric).pipe(Schema.fromKey("used_bytes"))
    })
  )
})

/**
 * @since 0.1.0
 * @category models
 */
export type IndexOverview = typeof IndexOverview.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const AgentSummary = Schema.Struct({
  id: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("agent_id")),
  name: Schema.String,
  isArchived: flag.pipe(Schema.fromKey("archived"))
})

/**
 * @since 0.1.0
 * @category models
 */
export type AgentSummary = typeof AgentSummary.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const AgentPage = Schema.Struct({ agents: Schema.Array(AgentSummary), ...paged })

/**
 * @since 0.1.0
 * @category models
 */
export type AgentPage = typeof AgentPage.Type

/**
 * Of an agent, what tells one version from another.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AgentHead = Schema.Struct({
  id: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("agent_id")),
  name: orNull(Schema.String),
  /** Each save makes another. `null` where the agent is not versioned. */
  versionId: orNull(Schema.String).pipe(Schema.fromKey("version_id")),
  branchId: orNull(Schema.String).pipe(Schema.fromKey("branch_id")),
  mainBranchId: orNull(Schema.String).pipe(Schema.fromKey("main_branch_id")),
  metadata: Schema.optionalWith(
    Schema.Struct({ updatedAt: orNull(Numeric).pipe(Schema.fromKey("updated_at_unix_secs")) }),
    { default: () => ({ updatedAt: null }), nullable: true }
  )
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Agent {
  readonly id: string
  readonly name: string | null
  /** Each save makes another. `null` where the agent is not versioned. */
  readonly versionId: string | null
  readonly branchId: string | null
  readonly mainBranchId: string | null
  /** Seconds since 1970. */
  readonly updatedAt: number | null
  /** The whole answer, with every field that it has. See `Agents` for the documents it names. */
  readonly json: Json.Json
}

/**
 * One save of an agent, without its content.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Version = Schema.Struct({
  id: Schema.String,
  description: orNull(Schema.String).pipe(Schema.fromKey("version_description")),
  parents: Schema.optionalWith(
    /** The one that was there before it, in its branch; `null` for the first. */
    Schema.Struct({ inBranch: orNull(Schema.String).pipe(Schema.fromKey("in_branch_parent_id")) }),
    { default: () => ({ inBranch: null }), nullable: true }
  )
})

/**
 * @since 0.1.0
 * @category models
 */
export type Version = typeof Version.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Branch = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  isArchived: flag.pipe(Schema.fromKey("is_archived")),
  parentId: orNull(Schema.String).pipe(Schema.fromKey("parent_branch_id")),
  /** Somebody has changes there that are not saved as a version. */
  hasDraft: flag.pipe(Schema.fromKey("draft_exists"))
})

/**
 * @since 0.1.0
 * @category models
 */
export type Branch = typeof Branch.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Branches = Schema.Struct({
  results: Schema.Array(Branch),
  meta: Schema.optionalWith(Schema.Struct({ total: orNull(Numeric) }), {
    default: () => ({ total: null }),
    nullable: true
  })
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const Subscription = Schema.Struct({
  tier: Schema.String,
  status: orNull(Schema.String),
  characterCount: orNull(Numeric).pipe(Schema.fromKey("character_count")),
  characterLimit: orNull(Numeric).pipe(Schema.fromKey("character_limit"))
})

/**
 * @since 0.1.0
 * @category models
 */
export type Subscription = typeof Subscription.Type
