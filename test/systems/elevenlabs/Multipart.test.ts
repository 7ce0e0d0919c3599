import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Multipart from "../../../src/systems/elevenlabs/client/Multipart.ts"

/** As the platform reads a form, which has nothing to do with how it was written. */
const read = ({ bytes, contentType }: Multipart.Encoded): Promise<FormData> =>
  new Response(new Uint8Array(bytes), { headers: { "content-type": contentType } }).formData()

const contentOf = async (form: FormData): Promise<readonly [string, string, string]> => {
  const file = form.get("file")
  if (file === null || typeof file === "string") throw new Error("no file")
  return [file.name, file.type, Buffer.from(await file.arrayBuffer()).toString("hex")]
}

describe("Multipart", () => {
  it("any bytes under any name come back as they were", async () => {
    const name = FastCheck.string({ unit: "grapheme", minLength: 1 })
    // Of line breaks in a name a reader may make others; what is in a file it must leave alone.
    const field = name.filter((text) => !/[\r\n]/.test(text))
    const property = FastCheck.asyncProperty(
      field,
      field,
      FastCheck.uint8Array({ maxLength: 300 }),
      async (name, filename, content) => {
        const file = { filename, mediaType: "application/epub+zip", content }
        const form = await read(Multipart.encode({ fields: { name, left_out: undefined }, file }))
        assert.deepStrictEqual([...form.keys()], ["name", "file"])
        assert.strictEqual(form.get("name"), name)
        assert.deepStrictEqual(await contentOf(form), [
          filename,
          "application/epub+zip",
          Buffer.from(content).toString("hex")
        ])
      }
    )
    await FastCheck.assert(property, { numRuns: 200 })
  })

  it("content that has the boundary in it gets another one", async () => {
    const file = { filename: "a", mediaType: "text/plain", content: Buffer.alloc(5000, 0x61) }
    const boundary = /boundary=(.*)$/.exec(Multipart.encode({ fields: {}, file }).contentType)?.[1] ?? ""
    // The beginning, from which it is drawn, stays.
    const content = Buffer.concat([file.content.subarray(0, 4096), Buffer.from(`\r\n--${boundary}--\r\n`)])
    const padded = Buffer.concat([content, Buffer.alloc(5000 - content.length, 0x61)])
    const encoded = Multipart.encode({ fields: {}, file: { ...file, content: padded } })
    assert.notInclude(encoded.contentType, boundary)
    assert.deepStrictEqual((await contentOf(await read(encoded)))[2], padded.toString("hex"))
    const named = Multipart.encode({ fields: { name: boundary }, file })
    assert.notInclude(named.contentType, boundary)
  })

  it("the same upload is the same request", () => {
    const form = { fields: { name: "n" }, file: { filename: "a", mediaType: "text/plain", content: Buffer.from("x") } }
    assert.deepStrictEqual(Multipart.encode(form), Multipart.encode(form))
  })

  it("a media type that would end its line is none", async () => {
    const file = { filename: "a", mediaType: "text/plain\r\nx: y", content: Buffer.from("x") }
    assert.strictEqual(
      (await contentOf(await read(Multipart.encode({ fields: {}, file }))))[1],
      "application/octet-stream"
    )
  })
})
