import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Cycles from "../../../src/systems/genesys/output/Cycles.ts"

type Edge = readonly [from: string, to: string, soft?: boolean]

const graph = (edges: ReadonlyArray<Edge>): Cycles.Graph => {
  const graph = new Cycles.Graph()
  for (const [from, to, soft] of edges) graph.connect(graph.node(from), graph.node(to), soft ?? true)
  return graph
}

const targets = (graph: Cycles.Graph, from: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  graph.each(from, (to) => found.push(to))
  return found
}

const cuts = (edges: ReadonlyArray<Edge>): ReadonlyArray<string> => {
  const made = graph(edges)
  return Cycles.cuts(made).map(({ circle, soft }) =>
    `${soft ? "soft" : "hard"} ${circle.map((node) => made.addresses[node]).join(" ")}`
  )
}

const name = (index: number): string => `n${String(index).padStart(6, "0")}`

describe("Cycles", () => {
  it("has nothing to cut where nothing depends on itself", () => {
    assert.deepStrictEqual(cuts([["a", "b"], ["b", "c"], ["a", "c"]]), [])
  })

  it("lets the least address leave out its edge", () => {
    assert.deepStrictEqual(cuts([["b", "a"], ["a", "b"]]), ["soft a b a"])
    assert.deepStrictEqual(cuts([["c", "a"], ["b", "c"], ["a", "b"]]), ["soft a b c a"])
  })

  it("leaves out depends_on before an attribute", () => {
    assert.deepStrictEqual(cuts([["a", "b", false], ["b", "a", true]]), ["soft b a b"])
    assert.deepStrictEqual(cuts([["a", "b", false], ["b", "a", false]]), ["hard a b a"])
  })

  it("leaves out what names itself", () => {
    assert.deepStrictEqual(cuts([["a", "a", false], ["a", "b"]]), ["hard a a"])
  })

  it("survives a chain of a hundred thousand and a circle as long", () => {
    const size = 100_000
    const chain = Array.from({ length: size }, (_, index): Edge => [name(index), name((index + 1) % size)])
    const made = graph(chain)
    const found = Cycles.cuts(made)
    assert.deepStrictEqual(found.map(({ from, to }) => [made.addresses[from], made.addresses[to]]), [[
      name(0),
      name(1)
    ]])
  })

  const edges = FastCheck.array(
    FastCheck.tuple(FastCheck.nat({ max: 11 }), FastCheck.nat({ max: 11 }), FastCheck.boolean()).map((
      [from, to, soft]
    ): Edge => [`n${from}`, `n${to}`, soft]),
    { maxLength: 40 }
  )

  it("always ends without a cycle, cuts only what lies on one, and whatever the order of the edges the same", () => {
    FastCheck.assert(
      FastCheck.property(edges, FastCheck.infiniteStream(FastCheck.nat()), (edges, chance) => {
        const made = graph(edges)
        const found = Cycles.cuts(made)
        const cut = new Set(found.map(({ from, soft, to }) => `${made.addresses[from]} ${made.addresses[to]} ${soft}`))
        const rest = graph(edges.filter(([from, to, soft]) => !cut.has(`${from} ${to} ${soft}`)))
        assert.deepStrictEqual(Cycles.components(rest, rest.addresses.map((_, index) => index)), [])
        for (const { circle, from } of found) {
          assert.strictEqual(circle[0], from)
          assert.strictEqual(circle.at(-1), from)
          circle.slice(1).forEach((to, index) => {
            assert.include(targets(made, circle[index] ?? -1), to)
          })
        }
        const shuffled = edges.map((edge) => ({ edge, at: chance.next().value }))
          .toSorted((left, right) => left.at - right.at).map(({ edge }) => edge)
        assert.deepStrictEqual(
          cuts(shuffled).map((line) => line.split(" ").slice(0, 3)),
          cuts(edges).map((line) => line.split(" ").slice(0, 3))
        )
      }),
      { numRuns: 300 }
    )
  })
})
