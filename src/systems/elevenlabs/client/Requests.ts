/**
 * Every call of the client: method, path, parameters and what comes back.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { Dependents, Service } from "../Client.ts"
import * as Fault from "../../../kernel/Fault.ts"
import * as Json from "../../../kernel/Json.ts"
import * as Failure from "../Failure.ts"
import * as Model from "../Model.ts"
import * as Placeholder from "./Placeholder.ts"
import type { Wire } from "./Wire.ts"

const base = "/v1/convai/knowledge-base"
const documentRoute = `${base}/{documentation_id}`
const agentRoute = "/v1/convai/agents/{agent_id}"

const ofDocument = (id: string) => ({ at: { documentation_id: id }, subject: `document ${id}` })
const ofAgent = (id: string, branch?: string | null) =>
  ({
    at: { agent_id: id },
    subject: branch === undefined || branch === null ? `agent ${id}` : `agent ${id}, branch ${branch}`,
    about: "agent"
  }) as const

const refuse = (method: string, code: string, detail: string, subject?: string): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    code,
    system: "elevenlabs",
    operation: `ElevenLabs.${method}`,
    sent: "no",
    detail,
    ...(subject === undefined ? {} : { subject })
  })

/** Nothing is sent about an agent that cannot be meant. */
const meant = <A>(
  method: string,
  id: string,
  send: () => Effect.Effect<A, Fault.Fault>
): Effect.Effect<A, Fault.Fault> =>
  Placeholder.is(id)
    ? Effect.fail(
      refuse(method, "placeholder", "The agent's id is a placeholder", `agent ${id}`).with({
        hint: "Put the id of the agent there, as its page shows it"
      })
    )
    : Effect.suspend(send)

/** What a call may be about: at most so many, each once. */
const several = <A>(
  method: string,
  ids: ReadonlyArray<string>,
  empty: A,
  send: () => Effect.Effect<A, Fault.Fault>
): Effect.Effect<A, Fault.Fault> => {
  if (ids.length === 0) return Effect.succeed(empty)
  if (ids.length > 20) return Effect.fail(refuse(method, "param", `At most 20 documents at once, not ${ids.length}`))
  if (new Set(ids).size < ids.length) return Effect.fail(refuse(method, "param", "A document is named twice"))
  return Effect.suspend(send)
}

const anything = Schema.Unknown
const sourceUrl = Schema.Struct({
  url: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("signed_url"))
})

type Writes = Pick<Service, "createFile" | "createFolder" | "rename" | "updateFile" | "move" | "delete" | "bulkDelete">

const writes = ({ call }: Wire): Omit<Writes, "bulkDelete"> => ({
  createFile: ({ content, filename, folder, mediaType, name }) =>
    call({
      name: "createFile",
      method: "POST",
      route: `${base}/file`,
      form: { fields: { name, parent_folder_id: folder }, file: { content, filename, mediaType } },
      subject: `file ${JSON.stringify(name)}`
    }, Model.Created),
  createFolder: ({ name, parent }) =>
    call({
      name: "createFolder",
      method: "POST",
      route: `${base}/folder`,
      body: { name, ...(parent === undefined ? {} : { parent_folder_id: parent }) },
      subject: `folder ${JSON.stringify(name)}`
    }, Model.Created),
  rename: ({ id, name }) =>
    call({ name: "rename", method: "PATCH", route: documentRoute, ...ofDocument(id), body: { name } }, Model.Document),
  updateFile: ({ content, filename, id, mediaType }) =>
    call({
      name: "updateFile",
      method: "PATCH",
      route: `${documentRoute}/update-file`,
      ...ofDocument(id),
      form: { fields: {}, file: { content, filename, mediaType } }
    }, Model.Document),
  move: ({ id, to }) =>
    call({
      name: "move",
      method: "POST",
      route: `${base}/{document_id}/move`,
      at: { document_id: id },
      subject: `document ${id}`,
      body: { move_to: to }
    }, anything).pipe(Effect.asVoid),
  delete: (id) =>
    call({
      name: "delete",
      method: "DELETE",
      route: documentRoute,
      ...ofDocument(id),
      query: { force: false }
    }, anything).pipe(Effect.asVoid)
})

const Numeric = Schema.Union(Schema.Number, Schema.NumberFromString)

const deletions = Schema.Record({
  key: Schema.String,
  value: Schema.Union(
    Schema.Struct({ status: Schema.Literal("success") }),
    Schema.Struct({
      status: Schema.Literal("failure"),
      error_code: Numeric,
      error_status: Schema.String,
      error_message: Schema.String
    })
  )
})

const outcomeOf = (
  id: string,
  answer: (typeof deletions.Type)[string] | undefined
): Either.Either<void, Fault.Fault> => {
  const context = { operation: "ElevenLabs.bulkDelete", subject: `document ${id}` }
  if (answer === undefined) {
    return Either.left(Failure.unreadable({
      code: "unexpected-reply",
      status: 200,
      detail: "The answer does not say what became of it",
      mutation: true
    }, context))
  }
  return answer.status === "success" ? Either.void : Either.left(Failure.ofItem({
    code: answer.error_code,
    status: answer.error_status,
    message: answer.error_message
  }, context))
}

const bulkDelete = ({ call }: Wire): Service["bulkDelete"] => (ids) =>
  several("bulkDelete", ids, new Map<string, Either.Either<void, Fault.Fault>>(), () =>
    call({
      name: "bulkDelete",
      method: "POST",
      route: `${base}/bulk-delete`,
      body: { document_ids: ids, force: false },
      subject: `${ids.length} documents`
    }, deletions).pipe(
      Effect.map((answers) => new Map(ids.map((id) => [id, outcomeOf(id, answers[id])] as const)))
    ))

type Reads = Pick<Service, "list" | "get" | "dependents" | "dependentsOf" | "indexes" | "indexOverview" | "createIndex">

const dependentQuery = (options: Dependents | undefined) => ({
  dependent_type: options?.type ?? "all",
  page_size: options?.pageSize ?? 100,
  cursor: options?.cursor
})

const reads = ({ call }: Wire): Reads => ({
  list: (query) =>
    call({
      name: "list",
      method: "GET",
      route: base,
      about: "workspace",
      query: {
        page_size: query?.pageSize ?? 100,
        cursor: query?.cursor,
        search: query?.prefix,
        types: query?.types,
        parent_folder_id: query?.folder,
        ancestor_folder_id: query?.under,
        sort_by: query?.sortBy,
        sort_direction: query?.sortBy === undefined ? undefined : query.sortDirection ?? "asc"
      },
      subject: query?.folder === undefined ? "the knowledge base" : `folder ${query.folder}`
    }, Model.DocumentPage),
  get: (id) => call({ name: "get", method: "GET", route: documentRoute, ...ofDocument(id) }, Model.Document),
  dependents: (id, options) =>
    call({
      name: "dependents",
      method: "GET",
      route: `${documentRoute}/dependent-agents`,
      ...ofDocument(id),
      query: dependentQuery(options)
    }, Model.DependentPage),
  dependentsOf: (ids, options) =>
    several("dependentsOf", ids, { agents: [], branches: [], nextCursor: null, hasMore: false }, () =>
      call({
        name: "dependentsOf",
        method: "POST",
        route: `${base}/dependent-agents`,
        query: dependentQuery(options),
        body: { document_ids: ids },
        subject: `${ids.length} documents`,
        reads: true
      }, Model.DependentPage)),
  indexes: (id) =>
    call({ name: "indexes", method: "GET", route: `${documentRoute}/rag-index`, ...ofDocument(id) }, Model.Indexes)
      .pipe(
        Effect.map(({ indexes }) => indexes)
      ),
  indexOverview: call({
    name: "indexOverview",
    method: "GET",
    route: `${base}/rag-index`,
    about: "workspace"
  }, Model.IndexOverview),
  createIndex: ({ id, model }) =>
    call({
      name: "createIndex",
      method: "POST",
      route: `${documentRoute}/rag-index`,
      ...ofDocument(id),
      body: { model }
    }, Model.Index)
})

/** The link to a document's source file. */
const sourceLink = ({ call }: Wire) => (id: string): Effect.Effect<string, Fault.Fault> =>
  call({ name: "source", method: "GET", route: `${documentRoute}/source-file-url`, ...ofDocument(id) }, sourceUrl).pipe(
    Effect.map(({ url }) => url)
  )

const decodeHead = Schema.decodeUnknown(Model.AgentHead)

/**
 * What is no file has no source file; what is not there at all has no content either. Only the API's own refusal says
 * so: what a proxy answers here it would answer there too, and its page would pass for the content.
 */
const hasNoFile = ({ code, kind, status = 0 }: Fault.Fault): boolean =>
  status >= 400 && (kind === "not-found" || kind === "invalid") && code !== "no-such-endpoint"

/** What was sent to the reader is kept whole, and its head decoded beside it. */
const asAgent =
  (id: string, operation: string, mutation: boolean) => (json: Json.Json): Effect.Effect<Model.Agent, Fault.Fault> =>
    decodeHead(json).pipe(
      Effect.mapBoth({
        onFailure: () =>
          Failure.unreadable({
            code: "unexpected-reply",
            status: 200,
            detail: "The answer is not an agent",
            hint: "The API may have changed since this version of holdfast",
            mutation
          }, { operation, subject: `agent ${id}` }),
        onSuccess: ({ metadata, ...head }): Model.Agent => ({ ...head, updatedAt: metadata.updatedAt, json })
      })
    )

type Agents = Pick<Service, "agents" | "agent" | "branches" | "version" | "patchAgent" | "subscription">

const agents = ({ call }: Wire): Agents => ({
  agents: (options) =>
    call({
      name: "agents",
      method: "GET",
      route: "/v1/convai/agents",
      about: "workspace",
      query: { page_size: options?.pageSize ?? 100, cursor: options?.cursor }
    }, Model.AgentPage),
  agent: (id, options) =>
    meant("agent", id, () =>
      call({
        name: "agent",
        method: "GET",
        route: agentRoute,
        ...ofAgent(id, options?.branch),
        query: { branch_id: options?.branch, version_id: options?.version }
      }, Json.Parsed).pipe(Effect.flatMap(asAgent(id, "ElevenLabs.agent", false)))),
  branches: (id) =>
    meant("branches", id, () =>
      call({
        name: "branches",
        method: "GET",
        route: `${agentRoute}/branches`,
        ...ofAgent(id),
        query: { include_archived: true, limit: 100 }
      }, Model.Branches).pipe(
        Effect.flatMap(({ meta, results }) =>
          meta.total !== null && meta.total > results.length
            ? Effect.fail(
              refuse("branches", "too-many", `It has ${meta.total} branches; the API lists 100`, `agent ${id}`)
            )
            : Effect.succeed(results)
        )
      )),
  version: (id, version) =>
    meant("version", id, () =>
      call({
        name: "version",
        method: "GET",
        route: `${agentRoute}/versions/{version_id}`,
        ...ofAgent(id),
        at: { agent_id: id, version_id: version }
      }, Model.Version)),
  patchAgent: (id, { body, branch, description }) =>
    meant("patchAgent", id, () =>
      call({
        name: "patchAgent",
        method: "PATCH",
        route: agentRoute,
        ...ofAgent(id, branch),
        query: { branch_id: branch },
        body: { ...body, version_description: description }
      }, Json.Parsed).pipe(Effect.flatMap(asAgent(id, "ElevenLabs.patchAgent", true)))),
  subscription: call({
    name: "subscription",
    method: "GET",
    route: "/v1/user/subscription",
    about: "workspace"
  }, Model.Subscription)
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  wire: Wire,
  download: (link: string, subject: string) => Effect.Effect<Uint8Array, Fault.Fault>
): Omit<Service, "origin"> => {
  const link = sourceLink(wire)
  const content = (id: string) =>
    Effect.map(
      wire.text({ name: "source", method: "GET", route: `${documentRoute}/content`, ...ofDocument(id) }),
      (text): Uint8Array => new TextEncoder().encode(text)
    )
  return {
    ...writes(wire),
    ...reads(wire),
    ...agents(wire),
    bulkDelete: bulkDelete(wire),
    source: (id) =>
      link(id).pipe(
        Effect.map((link) => download(link, `document ${id}`)),
        Effect.catchIf(hasNoFile, () => Effect.succeed(content(id))),
        Effect.flatten
      )
  }
}
