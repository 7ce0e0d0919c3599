/**
 * What depends on what, and which dependencies to leave out so that nothing depends on itself.
 *
 * The graph is kept in numbers: it has a node for each resource of an organisation.
 *
 * @since 0.1.0
 */

interface Edge {
  readonly from: number
  readonly to: number
}

/**
 * Addresses, and what each of them names. An edge is `soft` where it stands in `depends_on` only.
 *
 * @since 0.1.0
 * @category models
 */
export class Graph {
  /**
   * @since 0.1.0
   */
  readonly addresses: Array<string> = []
  readonly #indices = new Map<string, number>()
  /** The edges of a node are a chain: the first of each node, and of each edge where it leads and the next. */
  #first: Int32Array = new Int32Array(1024)
  #to: Int32Array = new Int32Array(1024)
  #next: Int32Array = new Int32Array(1024)
  #edges = 0

  /**
   * The number of an address.
   *
   * @since 0.1.0
   */
  node(address: string): number {
    const known = this.#indices.get(address)
    if (known !== undefined) return known
    this.#indices.set(address, this.addresses.length)
    return this.add(address)
  }

  /**
   * A new node, for whoever knows by himself which addresses have one.
   *
   * @since 0.1.0
   */
  add(address: string): number {
    return this.addresses.push(address) - 1
  }

  /**
   * @since 0.1.0
   */
  find(address: string): number | undefined {
    return this.#indices.get(address)
  }

  /**
   * @since 0.1.0
   */
  connect(from: number, to: number, soft: boolean): void {
    const value = to * 2 + (soft ? 1 : 0)
    if (from >= this.#first.length) this.#first = larger(this.#first, from)
    for (let edge = this.#first[from] ?? 0; edge > 0; edge = this.#next[edge] ?? 0) {
      if (this.#to[edge] === value) return
    }
    this.#edges += 1
    if (this.#edges >= this.#to.length) {
      this.#to = larger(this.#to, this.#edges)
      this.#next = larger(this.#next, this.#edges)
    }
    this.#to[this.#edges] = value
    this.#next[this.#edges] = this.#first[from] ?? 0
    this.#first[from] = this.#edges
  }

  /**
   * Visits what a node names.
   *
   * @since 0.1.0
   */
  each(from: number, visit: (to: number, soft: boolean) => void): void {
    for (let edge = this.#first[from] ?? 0; edge > 0; edge = this.#next[edge] ?? 0) {
      const value = this.#to[edge] ?? 0
      visit(value >> 1, value % 2 === 1)
    }
  }
}

const larger = (array: Int32Array, index: number): Int32Array => {
  const grown = new Int32Array(Math.max(array.length * 2, index + 1))
  grown.set(array)
  return grown
}

/**
 * A dependency to leave out, and the circle that it would close: from its owner over what it names back to it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Cut extends Edge {
  /** It stands in `depends_on` only. */
  readonly soft: boolean
  readonly circle: ReadonlyArray<number>
}

/**
 * Which dependencies to leave out. The least address of a circle leaves out what it names of it; `depends_on` goes
 * before attributes. The same graph gives the same cuts, however it was put together.
 *
 * @since 0.1.0
 * @category getters
 */
export const cuts = (graph: Graph): ReadonlyArray<Cut> => {
  const removed = new Set<number>()
  const found: Array<Cut> = []
  const remaining = components(graph, graph.addresses.map((_, index) => index), removed)
  for (let component = remaining.pop(); component !== undefined; component = remaining.pop()) {
    const cut = owner(graph, component, removed)
    for (const edge of cut) {
      found.push({ ...edge, circle: circle(graph, edge, new Set(component), removed) })
    }
    for (const { from, soft, to } of cut) removed.add(key(graph, from, to, soft))
    remaining.push(...components(graph, component, removed))
  }
  const order = ({ from, to }: Edge): string => `${graph.addresses[from]} ${graph.addresses[to]}`
  return found.toSorted((left, right) => (order(left) < order(right) ? -1 : 1))
}

const key = (graph: Graph, from: number, to: number, soft: boolean): number =>
  (from * graph.addresses.length + to) * 2 + (soft ? 1 : 0)

/** What the least address that can leaves out. */
const owner = (
  graph: Graph,
  component: ReadonlyArray<number>,
  removed: ReadonlySet<number>
): ReadonlyArray<Edge & { readonly soft: boolean }> => {
  const inside = new Set(component)
  const internal = component.flatMap((from) => {
    const edges: Array<Edge & { readonly soft: boolean }> = []
    graph.each(from, (to, soft) => {
      if (inside.has(to) && !removed.has(key(graph, from, to, soft))) edges.push({ from, to, soft })
    })
    return edges
  })
  const candidates = internal.some(({ soft }) => soft) ? internal.filter(({ soft }) => soft) : internal
  const address = ({ from }: Edge): string => graph.addresses[from] ?? ""
  const least = candidates.map(address).reduce((left, right) => (right < left ? right : left))
  return candidates.filter((edge) => address(edge) === least)
}

/** The shortest way from what an edge names back to who names it, with both ends. */
const circle = (
  graph: Graph,
  { from, to }: Edge,
  inside: ReadonlySet<number>,
  removed: ReadonlySet<number>
): ReadonlyArray<number> => {
  const cameFrom = new Map<number, number>([[to, from]])
  const queue = [to]
  for (let index = 0; index < queue.length; index += 1) {
    const node = queue[index] ?? from
    if (node === from) break
    graph.each(node, (next, soft) => {
      if (!inside.has(next) || cameFrom.has(next) || removed.has(key(graph, node, next, soft))) return
      cameFrom.set(next, node)
      queue.push(next)
    })
  }
  const path = [from]
  for (let node = cameFrom.get(from); node !== undefined && node !== from; node = cameFrom.get(node)) path.push(node)
  return [from, ...path.slice(1).toReversed(), from]
}

/**
 * The sets of nodes that all depend on each other, and nodes that depend on themselves. Tarjan's algorithm, without
 * recursion.
 *
 * @since 0.1.0
 * @category getters
 */
export const components = (
  graph: Graph,
  nodes: ReadonlyArray<number>,
  removed: ReadonlySet<number> = new Set()
): Array<ReadonlyArray<number>> => {
  // Of all nodes each is its own place; of some, the place is looked up, and -1 is outside.
  const places = nodes.length === graph.addresses.length
    ? undefined
    : new Map(nodes.map((node, place) => [node, place]))
  const placeOf = (node: number): number => places === undefined ? node : places.get(node) ?? -1
  const indexOf = new Int32Array(nodes.length).fill(-1)
  const low = new Int32Array(nodes.length)
  const onStack = new Uint8Array(nodes.length)
  let entered = 0
  const stack: Array<number> = []
  const found: Array<ReadonlyArray<number>> = []
  const edgesOf = (from: number): ReadonlyArray<number> => {
    const edges: Array<number> = []
    graph.each(from, (to, soft) => {
      if (placeOf(to) >= 0 && (removed.size === 0 || !removed.has(key(graph, from, to, soft)))) edges.push(to)
    })
    return edges
  }
  for (const root of nodes) {
    if ((indexOf[placeOf(root)] ?? 0) >= 0) continue
    const work: Array<Frame> = []
    const enter = (node: number): void => {
      const place = placeOf(node)
      low[place] = entered
      indexOf[place] = entered
      onStack[place] = 1
      entered += 1
      stack.push(node)
      work.push({ node, place, edges: edgesOf(node), next: 0 })
    }
    enter(root)
    for (let frame = work.at(-1); frame !== undefined; frame = work.at(-1)) {
      const to = frame.edges[frame.next]
      frame.next += 1
      if (to !== undefined) {
        const place = placeOf(to)
        if ((indexOf[place] ?? 0) < 0) enter(to)
        else if (onStack[place] === 1) lower(low, frame.place, indexOf[place] ?? 0)
        continue
      }
      work.pop()
      const parent = work.at(-1)
      if (parent !== undefined) lower(low, parent.place, low[frame.place] ?? 0)
      if (low[frame.place] !== indexOf[frame.place]) continue
      const component = stack.splice(stack.lastIndexOf(frame.node))
      for (const node of component) onStack[placeOf(node)] = 0
      if (component.length > 1 || frame.edges.includes(frame.node)) found.push(component)
    }
  }
  return found
}

interface Frame {
  readonly node: number
  readonly place: number
  readonly edges: ReadonlyArray<number>
  next: number
}

const lower = (low: Int32Array, place: number, value: number): void => {
  low[place] = Math.min(low[place] ?? value, value)
}
