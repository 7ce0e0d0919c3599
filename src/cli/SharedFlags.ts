/**
 * Options that mean the same wherever they stand.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category constants
 */
export const dryRun = {
  kind: "boolean",
  name: "dry-run",
  description: "Say what would be done, and do nothing"
} as const

/**
 * @since 0.1.0
 * @category constants
 */
export const yes = { kind: "boolean", name: "yes", alias: "y", description: "Do not ask" } as const

/**
 * @param doing What the other run does meanwhile: `has this fleet`.
 * @since 0.1.0
 * @category constructors
 */
export const waitWhile = (doing: string) =>
  ({
    kind: "duration",
    name: "wait",
    value: "DURATION",
    bare: "24h",
    description: `Wait so long, 24h where it is not said, while another run ${doing}`,
    fallback: "do not wait, exit 3"
  }) as const
