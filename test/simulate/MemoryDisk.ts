/**
 * A folder that is not on any disk: what the functions of `node:fs` find below {@link root} is in memory, and there at
 * once. Everything else of the file system is what it was. That a real disk does what it should is shown elsewhere; here
 * it would cost most of the time.
 *
 * Source: rename(2), open(2), rmdir(2), for what they refuse.
 */
import Fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { basename, dirname, join, normalize } from "node:path"
import { Readable } from "node:stream"

/** What is below it is in memory. Each process has another one: the locks of what is in it are real. */
export const root = `/holdfast-simulation-${process.pid}`

interface Folder {
  readonly entries: Map<string, Node>
  readonly bytes: undefined
  mode: number
}

interface File {
  readonly entries: undefined
  bytes: Buffer
  mode: number
}

type Node = Folder | File

const folder = (mode = 0o755): Folder => ({ entries: new Map(), bytes: undefined, mode })

const top = folder()

const numbers: Readonly<Record<string, number>> = { ENOENT: -2, EEXIST: -17, ENOTDIR: -20, EISDIR: -21, ENOTEMPTY: -39 }

const refusal = (code: string, syscall: string, path: string): Error =>
  Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, syscall, path, errno: numbers[code] ?? -5 })

const isHere = (path: unknown): path is string =>
  typeof path === "string" && (path === root || path.startsWith(`${root}/`))

const find = (path: string): Node | undefined => {
  let node: Node | undefined = top
  for (const name of normalize(path).slice(root.length).split("/")) {
    if (name !== "") node = node?.entries?.get(name)
  }
  return node
}

const have = (path: string, syscall: string): Node => {
  const node = find(path)
  if (node === undefined) throw refusal("ENOENT", syscall, path)
  return node
}

const fileOf = (path: string, syscall: string): File => {
  const node = have(path, syscall)
  if (node.entries !== undefined) throw refusal("EISDIR", syscall, path)
  return node
}

/** The entries of the folder that a path is in. */
const around = (path: string, syscall: string): Map<string, Node> => {
  const { entries } = have(dirname(path), syscall)
  if (entries === undefined) throw refusal("ENOTDIR", syscall, path)
  return entries
}

const kindOf = (node: Node) => ({
  isDirectory: () => node.entries !== undefined,
  isFile: () => node.entries === undefined,
  isSymbolicLink: () => false
})

const stats = (node: Node) => ({ ...kindOf(node), mode: node.mode, size: node.bytes?.length ?? 0, dev: 1 })

const stat = (path: string) => stats(have(path, "stat"))

const access = (path: string): void => void have(path, "access")

const mkdir = (path: string, options?: { readonly recursive?: boolean; readonly mode?: number }): undefined => {
  if (options?.recursive === true && find(dirname(path)) === undefined) mkdir(dirname(path), options)
  const entries = around(path, "mkdir")
  const known = entries.get(basename(path))
  if (known === undefined) entries.set(basename(path), folder(options?.mode))
  else if (options?.recursive !== true || known.entries === undefined) throw refusal("EEXIST", "mkdir", path)
}

const mkdtemp = (prefix: string): string => {
  let number = 1
  while (find(prefix + number) !== undefined) number += 1
  mkdir(prefix + number)
  return prefix + number
}

const realpath = (path: string): string => path

const rename = (from: string, to: string): void => {
  const node = have(from, "rename")
  const [source, target] = [around(from, "rename"), around(to, "rename")]
  const known = target.get(basename(to))
  if (known !== undefined && (known.entries === undefined) !== (node.entries === undefined)) {
    throw refusal(known.entries === undefined ? "ENOTDIR" : "EISDIR", "rename", to)
  }
  if (known?.entries !== undefined && known.entries.size > 0) throw refusal("ENOTEMPTY", "rename", to)
  source.delete(basename(from))
  target.set(basename(to), node)
}

const rm = (path: string, options?: { readonly recursive?: boolean; readonly force?: boolean }): void => {
  const node = find(path)
  if (node === undefined) {
    if (options?.force === true) return
    throw refusal("ENOENT", "rm", path)
  }
  if (node.entries !== undefined && options?.recursive !== true) throw refusal("EISDIR", "rm", path)
  around(path, "rm").delete(basename(path))
}

const entriesOf = (path: string, recursive: boolean): ReadonlyArray<object> => {
  const { entries } = have(path, "scandir")
  if (entries === undefined) throw refusal("ENOTDIR", "scandir", path)
  return Array.from(entries, ([name, node]) => [
    { ...kindOf(node), name, parentPath: path, path },
    ...recursive && node.entries !== undefined ? entriesOf(join(path, name), true) : []
  ]).flat()
}

const readdir = (path: string, options: { readonly withFileTypes: true; readonly recursive?: boolean }) =>
  entriesOf(path, options.recursive === true)

const readFile = (
  path: string,
  options?: BufferEncoding | { readonly encoding?: BufferEncoding }
): Buffer | string => {
  const { bytes } = fileOf(path, "open")
  const encoding = typeof options === "string" ? options : options?.encoding
  return encoding === undefined ? Buffer.from(bytes) : bytes.toString(encoding)
}

/** A file that is open. What is written goes to its end. */
const handleOf = (node: Node) => {
  const append = async (data: string | Uint8Array): Promise<void> => {
    if (node.entries === undefined) node.bytes = Buffer.concat([node.bytes, Buffer.from(data)])
  }
  /** Where a read goes on that names no place. */
  let at = 0
  return {
    writeFile: append,
    appendFile: append,
    sync: async () => {},
    datasync: async () => {},
    close: async () => {},
    stat: async () => stats(node),
    read: async (buffer: Uint8Array, offset: number, length: number, position: number | null) => {
      const from = position ?? at
      const piece = (node.bytes ?? Buffer.alloc(0)).subarray(from, from + length)
      if (position === null) at += piece.length
      buffer.set(piece, offset)
      return { bytesRead: piece.length, buffer }
    }
  }
}

const create = (path: string, flags: string, mode?: number): File => {
  const entries = around(path, "open")
  if (flags.includes("x") && entries.has(basename(path))) throw refusal("EEXIST", "open", path)
  const node: File = { entries: undefined, bytes: Buffer.alloc(0), mode: mode ?? 0o644 }
  entries.set(basename(path), node)
  return node
}

const open = (path: string, flags: string, mode?: number) =>
  handleOf(flags === "r" ? have(path, "open") : create(path, flags, mode))

/** Files that are open by a number, which no real one has. */
const numbered = new Map<number, File>()

let lastNumber = 2 ** 30

const openNumber = (path: string, flags: string, mode?: number): number => {
  numbered.set(++lastNumber, flags === "r" ? fileOf(path, "open") : create(path, flags, mode))
  return lastNumber
}

const writeFile = (
  to: string | number,
  data: Uint8Array,
  options?: { readonly flag?: string; readonly mode?: number }
): void => {
  const file = typeof to === "string" ? create(to, options?.flag ?? "w", options?.mode) : numbered.get(to)
  if (file !== undefined) file.bytes = Buffer.concat([file.bytes, data])
}

const close = (number: number): void => void numbered.delete(number)

const fsync = (): void => {}

const chmod = (path: string, mode: number): void => {
  have(path, "chmod").mode = mode
}

const createReadStream = (path: string, options?: { readonly highWaterMark?: number }): Readable => {
  const size = options?.highWaterMark ?? 65_536
  const pieces = function*(): Generator<Buffer> {
    const { bytes } = fileOf(path, "open")
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  return Readable.from(pieces(), { objectMode: false, highWaterMark: size })
}

/** Here by the one, elsewhere by the other. */
const either = (here: (...args: Array<never>) => unknown, elsewhere: unknown) => (...args: Array<unknown>): unknown => {
  const [file] = args
  if (isHere(file) || (typeof file === "number" && numbered.has(file))) return Reflect.apply(here, undefined, args)
  return typeof elsewhere === "function" ? Reflect.apply(elsewhere, Fs, args) : undefined
}

/** So that refusals become promises that fail. */
const promised = (run: (...args: Array<never>) => unknown) => async (...args: Array<never>): Promise<unknown> =>
  run(...args)

/** So that the last argument is told what came of it, a little later. */
const calledBack = (run: (...args: Array<never>) => unknown) => (...args: Array<unknown>): void => {
  const done = args.at(-1)
  const tell = (...result: ReadonlyArray<unknown>): void =>
    queueMicrotask(() => typeof done === "function" ? Reflect.apply(done, undefined, result) : undefined)
  try {
    tell(null, Reflect.apply(run, undefined, args.slice(0, -1)))
  } catch (error) {
    tell(error)
  }
}

let mounted = false

/** Makes {@link root} known to this process: to those functions of `node:fs` that an export is written with. */
export const mount = (): void => {
  if (mounted) return
  mounted = true
  const shared = { access, stat, lstat: stat, mkdir, mkdtemp, rename, rm, readdir, readFile, writeFile, chmod }
  const before = new Map<string, unknown>([
    ...Object.entries(Fs),
    ...Object.entries(Fs.promises).map(([name, run]) => [`promises.${name}`, run] as const)
  ])
  for (const [name, run] of Object.entries({ ...shared, realpath, open })) {
    Object.assign(Fs.promises, { [name]: either(promised(run), before.get(`promises.${name}`)) })
  }
  for (const [name, run] of Object.entries({ ...shared, open: openNumber, close, fsync })) {
    Object.assign(Fs, {
      [name]: either(calledBack(run), before.get(name)),
      [`${name}Sync`]: either(run, before.get(`${name}Sync`))
    })
  }
  Object.assign(Fs, { createReadStream: either(createReadStream, Fs.createReadStream) })
  syncBuiltinESMExports()
}
