/**
 * The contacts of a list as they are exported: the API adds columns of its own that tell what became of each contact and
 * change with every call. Those are dropped, as the Terraform provider does, or no two exports were the same.
 *
 * Source: the provider's contact list exporter, which keeps `inin-outbound-id` and the list's `column_names`.
 *
 * @since 0.1.0
 */

/**
 * What the API knows a contact by.
 *
 * @since 0.1.0
 * @category constants
 */
const idColumn = "inin-outbound-id"

/** Where each cell of a row ends, quotes and all, and where the row does. */
interface Row {
  readonly cells: ReadonlyArray<string>
  readonly next: number
}

/** Commas and line breaks within quotes are text, and so are quotes that are doubled. */
const rowAt = (text: string, start: number): Row => {
  const cells: Array<string> = []
  let from = start
  let quoted = false
  for (let at = start; at < text.length; at++) {
    const letter = text[at]
    if (letter === "\"") quoted = !quoted
    else if (!quoted && letter === ",") {
      cells.push(text.slice(from, at))
      from = at + 1
    } else if (!quoted && letter === "\n") {
      cells.push(text.slice(from, at > from && text[at - 1] === "\r" ? at - 1 : at))
      return { cells, next: at + 1 }
    }
  }
  cells.push(text.slice(from))
  return { cells, next: text.length }
}

const plain = (cell: string): string =>
  cell.length > 1 && cell.startsWith("\"") && cell.endsWith("\"") ? cell.slice(1, -1).replaceAll("\"\"", "\"") : cell

/**
 * Of a CSV file, the columns of that name and the contact's id, in the order of the file, cells as they are written
 * there. A file that has none of them is left as it is.
 *
 * @since 0.1.0
 * @category conversions
 */
export const cut = (csv: Uint8Array, columns: ReadonlyArray<string>): Uint8Array => {
  // The decoder drops a byte order mark.
  const text = new TextDecoder().decode(csv)
  const wanted = new Set([idColumn, ...columns])
  const header = rowAt(text, 0)
  const places = header.cells.flatMap((cell, place) => (wanted.has(plain(cell)) ? [place] : []))
  if (places.length === 0) return csv
  const rows: Array<string> = []
  for (let at = 0; at < text.length;) {
    const { cells, next } = rowAt(text, at)
    at = next
    // An empty line is no contact.
    if (cells.length > 1 || cells[0] !== "") rows.push(places.map((place) => cells[place] ?? "").join(","))
  }
  return new TextEncoder().encode(`${rows.join("\r\n")}\r\n`)
}
