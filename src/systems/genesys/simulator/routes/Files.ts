/**
 * Files that answers link to: audio, flows, scripts, contacts. The links carry their own right, as those to a storage
 * service do.
 *
 * @since 0.1.0
 */
import * as Answer from "../Answer.ts"
import type { Draw } from "../Draw.ts"
import type { Name } from "../Kind.ts"
import * as Outbound from "../kinds/Outbound.ts"
import * as Flows from "./Flows.ts"

const sampleRate = 8000

const samples = 400

/** A short tone as WAV: PCM, one channel, 16 bits. Another one for each entity, and after each change. */
const tone = (draw: Draw, language: string): Uint8Array => {
  const data = new DataView(new ArrayBuffer(44 + samples * 2))
  const word = (at: number, text: string): void => {
    for (let index = 0; index < text.length; index++) data.setUint8(at + index, text.charCodeAt(index))
  }
  word(0, "RIFF")
  data.setUint32(4, 36 + samples * 2, true)
  word(8, "WAVEfmt ")
  data.setUint32(16, 16, true)
  data.setUint16(20, 1, true)
  data.setUint16(22, 1, true)
  data.setUint32(24, sampleRate, true)
  data.setUint32(28, sampleRate * 2, true)
  data.setUint16(32, 2, true)
  data.setUint16(34, 16, true)
  word(36, "data")
  data.setUint32(40, samples * 2, true)
  const pitch = 200 + (draw.index % 400) + draw.revision * 7 + language.length * 3 + language.charCodeAt(0)
  for (let index = 0; index < samples; index++) {
    data.setInt16(44 + index * 2, Math.round(12_000 * Math.sin((2 * Math.PI * pitch * index) / sampleRate)), true)
  }
  return new Uint8Array(data.buffer)
}

const stored = (
  kind: Name,
  path: string,
  hole: string,
  answer: (draw: Draw, call: Answer.Call) => Answer.Answer
): Answer.Route => ({
  method: "GET",
  path,
  open: true,
  answer: (call) => {
    const id = (call.at[hole] ?? "").replace(/\.(yaml|json|csv)$/, "")
    const index = call.organisation.find(kind, id)
    return index === undefined || call.organisation.isGhost(kind, index)
      ? Answer.notFound
      : answer(call.organisation.draw(kind, index), call)
  }
})

const scriptPages = (draw: Draw): string =>
  JSON.stringify({
    id: draw.id,
    name: draw.name,
    pages: [{ id: "start", name: "Start", rootContainer: { type: "verticalStackContainer" } }],
    variables: [{ name: "greeting", value: `Hello \${name} ${draw.revision}` }]
  })

/** Lists export contacts after they were told to; until then there is nothing to fetch. */
const exportKey = (kind: Name, index: number): string => `export ${kind} ${index}`

const startExport = (kind: Name, path: string, hole: string): Answer.Route => ({
  method: "POST",
  path,
  kind,
  answer: (call) => {
    const index = call.organisation.find(kind, call.at[hole] ?? "")
    if (index === undefined || call.organisation.isGhost(kind, index)) return Answer.notFound
    call.jobs.set(exportKey(kind, index), { kind, index, polls: 0 })
    return Answer.value(call.organisation.draw(kind, index).ref(kind, index))
  }
})

const fetchExport = (kind: Name, path: string, hole: string, folder: string): Answer.Route => ({
  method: "GET",
  path,
  kind,
  answer: (call) => {
    const index = call.organisation.find(kind, call.at[hole] ?? "")
    if (index === undefined || !call.jobs.has(exportKey(kind, index))) return Answer.notFound
    const draw = call.organisation.draw(kind, index)
    return Answer.value({
      uri: `/storage/${folder}/${draw.id}.csv?version=${draw.revision}`,
      exportTimestamp: draw.modified()
    })
  }
})

const contactList = "/api/v2/outbound/contactlists/{contactListId}"
const dncList = "/api/v2/outbound/dnclists/{dncListId}"

/**
 * @since 0.1.0
 * @category constants
 */
export const routes: ReadonlyArray<Answer.Route> = [
  stored("architect_user_prompt", "/storage/prompts/{id}/{file}", "id", (draw, call) => ({
    _tag: "Bytes",
    bytes: tone(draw, call.at["file"] ?? ""),
    type: "audio/wav"
  })),
  stored("flow", "/storage/flows/{file}", "file", (draw) => ({
    _tag: "Text",
    text: Flows.yaml(draw),
    type: "application/x-yaml"
  })),
  stored("script", "/storage/scripts/{file}", "file", (draw) => ({
    _tag: "Text",
    text: scriptPages(draw),
    type: "application/json"
  })),
  stored("outbound_contact_list", "/storage/contacts/{file}", "file", (draw) => ({
    _tag: "Text",
    text: Outbound.contacts(draw),
    type: "text/csv"
  })),
  stored("outbound_dnclist", "/storage/dnclists/{file}", "file", (draw) => ({
    _tag: "Text",
    text: `"phone"\r\n"${draw.number()}"\r\n`,
    type: "text/csv"
  })),
  stored("responsemanagement_responseasset", "/storage/assets/{id}", "id", (draw) => ({
    _tag: "Text",
    text: `asset ${draw.index} revision ${draw.revision}\n`.padEnd(24),
    type: "text/plain"
  })),
  startExport("outbound_contact_list", `${contactList}/export`, "contactListId"),
  fetchExport("outbound_contact_list", `${contactList}/export`, "contactListId", "contacts"),
  startExport("outbound_dnclist", `${dncList}/export`, "dncListId"),
  fetchExport("outbound_dnclist", `${dncList}/export`, "dncListId", "dnclists"),
  {
    method: "GET",
    path: `${contactList}/importstatus`,
    kind: "outbound_contact_list",
    answer: () => Answer.value({ state: "IN_PROGRESS", totalRecords: 0, completedRecords: 0, percentComplete: 100 })
  },
  {
    method: "POST",
    path: "/api/v2/scripts/{scriptId}/export",
    kind: "script",
    answer: (call) => {
      const index = call.organisation.find("script", call.at["scriptId"] ?? "")
      return index === undefined || call.organisation.isGhost("script", index)
        ? Answer.notFound
        : Answer.value({ url: `/storage/scripts/${call.at["scriptId"] ?? ""}.json` })
    }
  }
]
