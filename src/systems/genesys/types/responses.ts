/**
 * Canned responses: their libraries, the responses, and the files that they use.
 *
 * Sources: the resource documentation of the provider 1.84.1 (`responsemanagement_*`) and the definitions `Library`,
 * `Response` and `ResponseAsset` of the platform API.
 *
 * @since 0.1.0
 */
import type { Listing, Table } from "../Table.ts"
import { block, blocks, list, ref, set, string } from "../Table.ts"
import { division, elements } from "./Conversions.ts"

const libraries: Listing = { path: "/api/v2/responsemanagement/libraries", paging: "pages" }

const library: Table = {
  type: "genesyscloud_responsemanagement_library",
  family: "responsemanagement",
  list: [libraries],
  stamp: "version",
  permissions: ["responses:library:view"],
  attributes: { name: string({ required: true }) }
}

/** Listed by library: one that is in several libraries is listed several times. */
const response: Table = {
  type: "genesyscloud_responsemanagement_response",
  family: "responsemanagement",
  list: [
    {
      path: "/api/v2/responsemanagement/responses",
      query: { expand: "substitutionsSchema" },
      paging: "pages",
      each: { listing: libraries, hole: "libraryId", field: "id" }
    }
  ],
  stamp: "version",
  dataSource: {
    library_id: (values) => elements(values["library_ids"]).find((id) => typeof id === "string"),
    name: "name"
  },
  permissions: ["responses:response:view"],
  attributes: {
    library_ids: set({
      from: "libraries",
      ref: ref("genesyscloud_responsemanagement_library"),
      required: true
    }),
    name: string({ required: true }),
    texts: blocks(
      {
        content: string({ required: true }),
        content_type: string(),
        type: string()
      },
      { nesting: "set", required: true }
    ),
    asset_ids: set({ from: "assets", ref: ref("genesyscloud_responsemanagement_responseasset") }),
    footer: block({ applicable_resources: list(), type: string() }, { nesting: "set" }),
    interaction_type: string(),
    messaging_template: block(
      {
        whats_app: block(
          {
            language: string({ required: true }),
            name: string({ required: true }),
            namespace: string()
          },
          { nesting: "set" }
        )
      },
      { nesting: "set" }
    ),
    response_type: string(),
    substitutions: blocks(
      {
        id: string({ required: true }),
        default_value: string(),
        description: string()
      },
      { nesting: "set" }
    ),
    // The id of a schema, and no JSON itself.
    substitutions_schema_id: string({ from: "substitutionsSchema.id" })
  }
}

/** Found by searching for nothing in particular; there is no listing. */
const responseAsset: Table = {
  type: "genesyscloud_responsemanagement_responseasset",
  family: "responsemanagement",
  list: [
    {
      path: "/api/v2/responsemanagement/responseassets/search",
      method: "POST",
      body: {},
      entities: "results",
      paging: "pages"
    }
  ],
  read: { path: "/api/v2/responsemanagement/responseassets/{id}", listed: true },
  stamp: "dateModified",
  files: { folder: "response_assets", writer: "response-asset", stamped: true },
  permissions: ["responseAssets:asset:view"],
  // An address that is signed for a while: it opens the file to whoever has it, and is another one each time.
  notInApi: ["content_location"],
  attributes: {
    filename: string({ required: true, unresolvable: true, file: "path" }),
    division_id: division(),
    file_content_hash: string({ file: "hash" }),
    name: string({ computed: true })
  }
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [library, response, responseAsset]
