/**
 * How two exports differ, in resources and attributes: whatever their syntax and however they are split into files.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Path from "node:path"
import * as Fault from "../../../kernel/Fault.ts"
import * as Json from "../../../kernel/Json.ts"
import * as Folder from "../output/Folder.ts"
import * as Shape from "../output/Shape.ts"
import * as Blocks from "../validate/Blocks.ts"
import type { Problem } from "../validate/Problem.ts"
import * as Expression from "./Expression.ts"

/**
 * An attribute that differs. `undefined`: it is not there.
 *
 * @since 0.1.0
 * @category models
 */
interface AttributeChange {
  /** Dotted; blocks and elements by index: `members.0.user_id`. */
  readonly path: string
  readonly before: Json.Json | undefined
  readonly after: Json.Json | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
interface Changed {
  readonly address: string
  readonly attributes: ReadonlyArray<AttributeChange>
}

/**
 * By address, sorted: `genesyscloud_routing_queue.Sales`, `data.genesyscloud_script.Default`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Difference {
  readonly added: ReadonlyArray<string>
  readonly removed: ReadonlyArray<string>
  readonly changed: ReadonlyArray<Changed>
  readonly unchanged: number
}

/**
 * @since 0.1.0
 * @category predicates
 */
export const isNone = ({ added, changed, removed }: Difference): boolean =>
  added.length + removed.length + changed.length === 0

const operation = "Genesys.diff"

/**
 * How the second folder differs from the first. Fails with the codes `file-missing` where there is no folder,
 * `no-configuration` where one has no file of Terraform, and `syntax` where one cannot be read.
 *
 * @since 0.1.0
 * @category operations
 */
export const folders = (before: string, after: string): Effect.Effect<Difference, Fault.Fault> =>
  Effect.gen(function*() {
    const old = new Map<string, string>()
    yield* each(before, (address, body) => {
      old.set(address, body)
    })
    const added: Array<string> = []
    const changed: Array<Changed> = []
    let unchanged = 0
    yield* each(after, (address, body) => {
      const was = old.get(address)
      old.delete(address)
      if (was === undefined) added.push(address)
      else if (was === body) unchanged += 1
      else changed.push({ address, attributes: differences(parsed(was), parsed(body), "") })
    })
    return {
      added: added.toSorted(),
      removed: [...old.keys()].toSorted(),
      changed: changed.toSorted((left, right) => (left.address < right.address ? -1 : 1)),
      unchanged
    }
  }).pipe(Effect.withSpan(operation))

const parsed = (text: string): Json.Json => Shape.decoded(text) ?? null

/** Visits the resources of a folder: the canonical text of each. */
const each = (
  directory: string,
  visit: (address: string, body: string) => void
): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const folder = yield* Folder.existing(directory, operation)
    const files = yield* Blocks.files(folder)
    if (files.length === 0) return yield* Folder.withoutConfiguration(folder, operation)
    for (const file of files) {
      yield* Stream.runForEach(Blocks.of(folder, file, file), ({ blocks, problems }) => {
        const [problem] = problems
        if (problem !== undefined) return unreadable(Path.join(folder, file), problem)
        return Effect.sync(() => {
          for (const { body, keyword, labels } of blocks) {
            if (keyword !== "resource" && keyword !== "data") {
              continue
            }
            visit(
              (keyword === "data" ? ["data", ...labels] : labels).join("."),
              Json.canonical(comparable(body ?? null))
            )
          }
        })
      })
    }
  })

const unreadable = (subject: string, { detail, line }: Problem): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "genesys",
    operation,
    sent: "no",
    code: "syntax",
    subject,
    detail: `line ${line}: ${detail}`,
    hint: "A check of the folder (genesys validate) tells of all that is wrong with it"
  })

/** A body in the one form that both syntaxes have. Terraform compares text in Unicode's form C. */
const comparable = (body: Json.Json): Json.Json => {
  if (typeof body === "string") return Expression.canonical(body).normalize("NFC")
  if (isArray(body)) return body.map(comparable)
  if (!Shape.isEntity(body)) return body
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) =>
      [
        key.normalize("NFC"),
        key === "depends_on" && isArray(value) ? value.map(dependency).toSorted() : comparable(value)
      ] as const
    )
  )
}

const dependency = (value: Json.Json): string => String(value).replace(/^\$\{(.*)\}$/, "$1")

const isArray = (value: Json.Json): value is ReadonlyArray<Json.Json> => Array.isArray(value)

const differences = (
  before: Json.Json | undefined,
  after: Json.Json | undefined,
  path: string
): ReadonlyArray<AttributeChange> => {
  if (before !== undefined && after !== undefined) {
    if (Json.equals(before, after)) return []
    if (isNested(before) && isNested(after)) {
      const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
      const inside = path === "" ? "" : `${path}.`
      return keys.flatMap((key) => differences(at(before, key), at(after, key), inside + key))
        .toSorted((left, right) => left.path.localeCompare(right.path, "en", { numeric: true }))
    }
  }
  return [{ path, before, after }]
}

const isNested = (value: Json.Json): value is Nested => typeof value === "object" && value !== null

type Nested = ReadonlyArray<Json.Json> | { readonly [key: string]: Json.Json }

const at = (value: Nested, key: string): Json.Json | undefined =>
  isArray(value) ? value[Number(key)] : Shape.field(value, key)
