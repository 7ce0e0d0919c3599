/**
 * The version of this package, from its own `package.json`, which lies two folders above the source and above the
 * bundle alike.
 *
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"

/**
 * @since 0.1.0
 * @category getters
 */
export const version = (): string => {
  const content: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
  return typeof content === "object" && content !== null && "version" in content ? String(content.version) : "unknown"
}
