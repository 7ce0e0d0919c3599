import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { generateKeyPairSync } from "node:crypto"
import * as SshKey from "../../../src/systems/proxmox/grammar/SshKey.ts"
import { publicKey } from "./PretendConfig.ts"

const key = publicKey(new Uint8Array(32).fill(7), "ops@lab")
const refusal = (line: string) => Either.getOrElse(Either.flip(SshKey.parse(line)), (line) => `accepted ${line}`)

const field = (bytes: Uint8Array) => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

const rsa = () => {
  const { e = "", n = "" } = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" })
  const [exponent, modulus] = [Buffer.from(e, "base64url"), Buffer.from(n, "base64url")]
  const body = Buffer.concat([
    field(Buffer.from("ssh-rsa")),
    field(exponent),
    field(Buffer.concat([Buffer.of(0), modulus]))
  ])
  return `ssh-rsa ${body.toString("base64")}`
}

describe("SshKey", () => {
  it("takes keys, with or without a comment, and trims them", () => {
    expect(SshKey.parse(`  ${key}\n`)).toStrictEqual(Either.right(key))
    expect(SshKey.parse(key.replaceAll(" ", "   "))).toStrictEqual(Either.right(key))
    const line = rsa()
    expect(SshKey.parse(line)).toStrictEqual(Either.right(line))
  })

  it("says what is wrong with the others", () => {
    const [type = "", body = ""] = key.split(" ")
    expect(refusal("hello")).toContain("no key type")
    expect(refusal(type)).toContain("not base64")
    expect(refusal(`${type} %%%%`)).toContain("not base64")
    expect(refusal(`${type} ${body.slice(0, -1)}`)).toMatch(/not base64|cut/)
    expect(refusal(`${type} ${body.slice(0, -4)}`)).toContain("cut short")
    const longer = (extra: number) =>
      Buffer.concat([Buffer.from(body, "base64"), Buffer.alloc(extra)]).toString("base64")
    expect([1, 3, 4, 8].map((extra) => refusal(`${type} ${longer(extra)}`)))
      .toStrictEqual(Array.from({ length: 4 }, () => "has a ssh-ed25519 body that is cut short or too long"))
    expect(refusal(`ssh-rsa ${body}`)).toContain("says ssh-rsa but its body is of type \"ssh-ed25519\"")
    expect(refusal(`${key}\n${key}`)).toContain("one key an entry")
    expect(refusal("-----BEGIN OPENSSH PRIVATE KEY-----\nabc")).toContain("private key")
    expect(refusal("")).toContain("no key type")
  })

  it("finds a body that lost anything at its end", () => {
    FastCheck.assert(FastCheck.property(FastCheck.integer({ min: 1, max: 67 }), (lost) => {
      const [type, body = ""] = key.split(" ")
      expect(Either.isLeft(SshKey.parse(`${type} ${body.slice(0, body.length - lost)}`))).toBe(true)
    }))
  })

  it("never throws, and never shows more than the beginning of what it refuses", () => {
    FastCheck.assert(FastCheck.property(FastCheck.string(), (text) => {
      expect(refusal(text).length).toBeLessThan(160)
    }))
    const secret = "s3cret".repeat(20)
    expect(refusal(secret)).not.toContain(secret.slice(0, 24))
  })

  it("shows a key by its end and its comment", () => {
    expect(SshKey.describe(key)).toBe(`ssh-ed25519 ...${(key.split(" ")[1] ?? "").slice(-8)} ops@lab`)
  })
})
