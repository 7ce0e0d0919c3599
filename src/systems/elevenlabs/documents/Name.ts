/**
 * What a document is called on the remote: the file, and the first digits of the hash of its content. So whoever lost the
 * reply to an upload finds by the name whether it happened.
 *
 * @since 0.1.0
 */

const digits = 12

/** Endings that a name keeps, so that no two files share one: `guide.md` stays apart from `guide.md.txt`. */
const kept = /(\.[a-z0-9]+|#\d+)$/i

/**
 * The name of a file's content: `llms-example-com-1 #0123456789ab`. The ending `.txt` is left out.
 *
 * @since 0.1.0
 * @category conversions
 */
export const of = (file: string, hash: string): string => `${stem(file)} #${hash.slice(0, digits)}`

const stem = (file: string): string => {
  if (!file.endsWith(".txt")) return file
  const short = file.slice(0, -".txt".length)
  return short === "" || short.endsWith("/") || kept.test(short) ? file : short
}

/**
 * The file a name was made for, and the beginning of its hash; `undefined` for names that holdfast did not give.
 *
 * @since 0.1.0
 * @category conversions
 */
export const parse = (name: string): { readonly file: string; readonly hash: string } | undefined => {
  const match = /^(.+) #([0-9a-f]{12})$/s.exec(name)
  const [, short, hash] = match ?? []
  if (short === undefined || hash === undefined) return undefined
  const file = kept.test(short) ? short : `${short}.txt`
  return of(file, hash) === name ? { file, hash } : undefined
}
