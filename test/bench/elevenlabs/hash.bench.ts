/**
 * Hashing the files of a site against `sha256sum` of the same files: 1 GB as fifty-four documents of 19 MB, read before
 * so that the disk does not count. The memory is what the process grows by while it hashes.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { execFileSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Scan from "../../../src/systems/elevenlabs/documents/Scan.ts"
import { type Bench, type Figures, median } from "../Bench.ts"

const files = 54
const bytes = 19_000_000
const mega = 1024 * 1024

/** Pages: what is no text is not counted in characters. */
const write = (folder: string): ReadonlyArray<string> =>
  Array.from({ length: files }, (_, index) => {
    const path = join(folder, `catalogue-${index}.pdf`)
    writeFileSync(path, randomBytes(bytes))
    return path
  })

const scan = (folder: string) =>
  Scan.collect({ folder }).pipe(
    Effect.provide(Layer.merge(NodeFileSystem.layer, NodePath.layer)),
    Effect.runPromise
  )

const millisOf = async <A>(work: () => A | Promise<A>): Promise<readonly [number, A]> => {
  const begun = performance.now()
  const result = await work()
  return [performance.now() - begun, result]
}

/** One that runs beside: what `sha256sum` does with one file after the other. */
const sums = (paths: ReadonlyArray<string>): string => execFileSync("sha256sum", [...paths], { encoding: "utf8" })

const measured = async (): Promise<Figures> => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-hash-bench-"))
  try {
    const paths = write(folder)
    for (const path of paths) createHash("sha256").update(readFileSync(path)).digest()
    await scan(folder)
    globalThis.gc?.()
    const before = process.memoryUsage.rss()
    let most = before
    const watching = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss())
    }, 20)
    const rounds: Array<readonly [ours: number, theirs: number]> = []
    for (let round = 0; round < 3; round++) {
      const [theirs, told] = await millisOf(() => sums(paths))
      const [ours, { documents }] = await millisOf(() => scan(folder))
      if (documents.some(({ hash }) => !told.includes(hash))) throw new Error("the hashes differ")
      rounds.push([ours, theirs])
    }
    clearInterval(watching)
    return {
      seconds: median(rounds.map(([ours]) => ours)) / 1000,
      sumSeconds: median(rounds.map(([, theirs]) => theirs)) / 1000,
      ratio: median(rounds.map(([ours, theirs]) => ours / theirs)),
      growthMegabytes: (most - before) / mega
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const name = "1 GB of documents"

export const bench: Bench = {
  title: "ElevenLabs: hashing the files of a site, against sha256sum",
  cases: { [name]: measured },
  nodeOptions: ["--expose-gc"],
  columns: {
    seconds: { unit: "s", digits: 2 },
    sumSeconds: { unit: "s by sha256sum", digits: 2 },
    ratio: { unit: "x sha256sum", digits: 3 },
    growthMegabytes: { unit: "MB of growth", digits: 0 }
  },
  goals: [
    { case: name, figure: "ratio", atMost: 1.3 },
    { case: name, figure: "growthMegabytes", atMost: 64 }
  ]
}
