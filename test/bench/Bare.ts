/**
 * How long a client takes that makes as many calls, so many at once, and does nothing with the answers: less is not to be
 * had of a server, for both share the machine.
 */
import { Pool } from "undici"

export interface Asking {
  readonly origin: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly calls: number
  readonly atOnce: number
}

/** In milliseconds. */
export const bare = async ({ atOnce, calls, headers, origin, path }: Asking): Promise<number> => {
  const pool = new Pool(origin, { connections: atOnce })
  let left = calls
  const since = performance.now()
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (; left > 0;) {
      left -= 1
      const { body, statusCode } = await pool.request({ path, method: "GET", headers })
      if (statusCode !== 200) throw new Error(`the bare client was answered ${statusCode}`)
      await body.text()
    }
  }))
  const millis = performance.now() - since
  await pool.close()
  return millis
}
