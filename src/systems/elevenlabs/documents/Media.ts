/**
 * Which files are documents, by their endings.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface Media {
  readonly mediaType: string
  /** Its bytes are its text, so that its characters can be counted. Of the others the server counts what it extracts. */
  readonly isText: boolean
}

/** Source: the ElevenLabs documentation, "Knowledge base": PDF, TXT, DOCX, HTML and EPUB; Markdown is text. */
const byEnding: ReadonlyMap<string, Media> = new Map([
  ["docx", {
    mediaType: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    isText: false
  }],
  ["epub", { mediaType: "application/epub+zip", isText: false }],
  ["htm", { mediaType: "text/html", isText: false }],
  ["html", { mediaType: "text/html", isText: false }],
  ["markdown", { mediaType: "text/markdown", isText: true }],
  ["md", { mediaType: "text/markdown", isText: true }],
  ["pdf", { mediaType: "application/pdf", isText: false }],
  ["txt", { mediaType: "text/plain", isText: true }]
])

/**
 * @since 0.1.0
 * @category constants
 */
export const endings: ReadonlyArray<string> = [...byEnding.keys()]

/**
 * What kind of document a file is; `undefined` where it is none.
 *
 * @since 0.1.0
 * @category getters
 */
export const of = (file: string): Media | undefined => byEnding.get(/\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase() ?? "")

/**
 * Hidden files and folders, and what editors and downloads leave behind.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isLeftOut = (name: string): boolean =>
  name.startsWith(".") || name.startsWith("~$") || name.endsWith("~") || /^#.*#$/.test(name) ||
  /\.(bak|crdownload|download|part|partial|sw[op]|te?mp)$/i.test(name)
