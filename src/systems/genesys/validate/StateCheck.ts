/**
 * Whether `terraform.tfstate` knows what the configuration has, and nothing else. A state is as large as the
 * configuration, and is read resource by resource.
 *
 * Source: hashicorp/terraform, internal/states/statefile/version4.go.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { createReadStream } from "node:fs"
import * as Path from "node:path"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Disk from "../output/Disk.ts"
import * as Residents from "../output/Residents.ts"
import * as Shape from "../output/Shape.ts"
import * as Elements from "./Elements.ts"
import type { Problem } from "./Problem.ts"
import type { Scope } from "./Scope.ts"

/** Of a state that an export wrote. Terraform counts on, and then it is Terraform that knows what it has in it. */
const own = 1

const problem = (line: number, detail: string): Problem => ({ kind: "state", file: Residents.stateFile, line, detail })

const text = (of: unknown, name: string): string | undefined => {
  const value = Shape.isEntity(Object(of)) ? Object(of)[name] : undefined
  return typeof value === "string" && value !== "" ? value : undefined
}

/** Source: hashicorp/terraform, internal/addrs/provider_config.go, ParseAbsProviderConfigStr. */
const provider = /^(module\..+\.)?provider\["[^"]+"\](\.\w+)?$/

/** What the state has of one resource: its address, and the ids of its instances. */
const known = (element: string) => {
  const resource = Shape.decoded(element)
  const [type, name, mode] = ["type", "name", "mode"].map((field) => text(resource, field))
  if (!Shape.isEntity(resource ?? null) || type === undefined || name === undefined) return undefined
  const { instances } = Object(resource)
  return {
    type,
    address: mode === "data" ? `data.${type}.${name}` : `${type}.${name}`,
    isProvided: provider.test(text(resource, "provider") ?? ""),
    ids: Array.isArray(instances) ? instances.map((each: unknown) => text(Object(each).attributes, "id")) : []
  }
}

/** What is met on the way through a state. */
class Reading {
  readonly problems: Array<Problem> = []
  /** With the lines where they are. */
  readonly addresses = new Map<string, number>()
  readonly #owners = new Map<string, string>()

  take({ line, text: element }: Elements.Element): void {
    const found = known(element)
    if (found === undefined) {
      this.problems.push(problem(line, "a resource without type and name"))
      return
    }
    const { address, ids, isProvided, type } = found
    if (!isProvided) this.problems.push(problem(line, `${address} has no provider that Terraform could find`))
    if (this.addresses.has(address)) this.problems.push(problem(line, `${address} is there twice`))
    else this.addresses.set(address, line)
    for (const id of ids.length === 0 ? [undefined] : ids) {
      if (id === undefined) {
        this.problems.push(problem(line, `${address} has no id`))
        continue
      }
      const key = `${address.startsWith("data.") ? "data." : ""}${type} ${id}`
      const owner = this.#owners.get(key)
      if (owner === undefined) this.#owners.set(key, address)
      else if (owner !== address) this.problems.push(problem(line, `${address} has the id of ${owner}: ${id}`))
    }
  }
}

/**
 * Nothing where there is no state, or where Terraform has worked with it since it was written. Data blocks may be missing in it: Terraform reads them when it plans.
 *
 * @since 0.1.0
 * @category operations
 */
export const check = (folder: string, scope: Scope): Effect.Effect<ReadonlyArray<Problem>, Fault.Fault> =>
  Effect.gen(function*() {
    const path = Path.join(folder, Residents.stateFile)
    if ((yield* Disk.stats(path)) === undefined) return []
    const elements = new Elements.Cutter("resources")
    const reading = new Reading()
    const decoder = new TextDecoder()
    const take = (chunk: string): void => {
      for (const element of elements.take(chunk)) reading.take(element)
    }
    yield* Stream.runForEach(
      Stream.fromAsyncIterable(
        { [Symbol.asyncIterator]: () => createReadStream(path)[Symbol.asyncIterator]() },
        (error) => Disk.refused(path, error)
      ),
      (chunk: Buffer) => Effect.sync(() => take(decoder.decode(chunk, { stream: true })))
    )
    const rest = Shape.decoded(elements.rest)
    if (!Shape.isEntity(rest ?? null)) return [{ ...problem(1, "not JSON"), kind: "syntax" as const }]
    const { serial, version } = Object(rest)
    if (version !== 4) return [problem(1, `it is of version ${JSON.stringify(version)}, and not 4`)]
    if (typeof serial !== "number") return [problem(1, "it has no serial")]
    return serial === own ? [...reading.problems, ...compare(reading.addresses, scope)] : []
  })

const compare = (addresses: ReadonlyMap<string, number>, scope: Scope): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  const left = new Map(addresses)
  for (const [address, place] of scope.declared) {
    if (left.delete(address) || address.startsWith("data.")) continue
    problems.push({ kind: "state", ...place, detail: `${address} is not in ${Residents.stateFile}` })
  }
  for (const [address, line] of left) problems.push(problem(line, `${address} is not in the configuration`))
  return problems
}
