/**
 * What the server takes as one document.
 *
 * @since 0.1.0
 */

/**
 * Source: the ElevenLabs documentation, "Knowledge base": "20MB or 300k characters" outside of enterprise plans, and what
 * is smaller than 500 bytes is not indexed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  /** Defaults to 20 000 000. */
  readonly bytes: number
  /** Of a text. Defaults to 300 000. */
  readonly characters: number
}

/**
 * @since 0.1.0
 * @category constants
 */
export const standard: Limits = { bytes: 20_000_000, characters: 300_000 }

/**
 * Smaller documents are not indexed: an agent sees them only where they go into its prompt as a whole. In bytes.
 *
 * @since 0.1.0
 * @category constants
 */
export const leastIndexed = 500

/**
 * How many characters the text in these bytes has. Of a character in UTF-8 every byte but the first begins with `10`.
 *
 * @since 0.1.0
 * @category getters
 */
export const characters = (bytes: Uint8Array): number => {
  let count = 0
  for (let index = 0; index < bytes.length; index += 1) if (((bytes[index] ?? 0) & 0xC0) !== 0x80) count += 1
  return count
}
