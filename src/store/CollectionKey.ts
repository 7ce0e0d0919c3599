/**
 * Keys as both backends can keep them, and their order. PostgreSQL refuses NUL, and neither can write half of a
 * character: these are written as `\` and four hex digits.
 *
 * @since 0.1.0
 */

/** NUL, halves of characters, and the backslash that marks them. */
// oxlint-disable-next-line no-control-regex
const unfit = /[\\\u0000]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/**
 * @since 0.1.0
 * @category conversions
 */
export const escapeKey = (key: string): string =>
  key.replace(unfit, (char) => `\\${char.charCodeAt(0).toString(16).padStart(4, "0")}`)

/**
 * @since 0.1.0
 * @category conversions
 */
export const unescapeKey = (stored: string): string =>
  stored.replace(/\\([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** Higher than any other unit of a character beyond the first plane, as in UTF-8. */
const rank = (unit: number): number =>
  unit >= 0xd800 && unit <= 0xdfff ? unit + 0x2000 : unit >= 0xe000 ? unit - 0x800 : unit

/**
 * By code points, as the bytes of UTF-8 sort.
 *
 * @since 0.1.0
 * @category ordering
 */
export const orderOf = (left: string, right: string): number => {
  const [one, other] = [escapeKey(left), escapeKey(right)]
  const length = Math.min(one.length, other.length)
  for (let index = 0; index < length; index++) {
    const difference = rank(one.charCodeAt(index)) - rank(other.charCodeAt(index))
    if (difference !== 0) return difference
  }
  return one.length - other.length
}
