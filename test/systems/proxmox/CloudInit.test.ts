import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as CloudInit from "../../../src/systems/proxmox/grammar/CloudInit.ts"
import * as PropertyString from "../../../src/systems/proxmox/grammar/PropertyString.ts"
import { publicKey } from "./PretendConfig.ts"

const key = publicKey(new Uint8Array(32).fill(251), "ops + root@lab (büro) 'x'")

const problems = (spec: Parameters<typeof CloudInit.problemsOf>[0]) =>
  CloudInit.problemsOf(spec).map(({ field, message }) => [field, message])

describe("CloudInit", () => {
  it("encodes keys exactly as the server's pattern wants them, and reads them back", () => {
    const line = FastCheck.string({ unit: "grapheme", maxLength: 40 })
    FastCheck.assert(FastCheck.property(FastCheck.array(line), (lines) => {
      expect(CloudInit.printSshKeys(lines)).toMatch(/^[-%a-zA-Z0-9_.!~*'()]*$/)
    }))
    expect(CloudInit.printSshKeys([key, key])).toBe(encodeURIComponent(`${key}\n${key}`))
    expect(CloudInit.parseSshKeys(CloudInit.printSshKeys([key]))).toStrictEqual([key])
  })

  it("encodes even half a character without throwing", () => {
    expect(CloudInit.printSshKeys(["a\ud800b"])).toBe("a%EF%BF%BDb")
  })

  it("reads keys back in whatever way they are stored", () => {
    expect(CloudInit.parseSshKeys("ssh-rsa%20AA%20x%0D%0A%0Assh-rsa  BB%0A")).toStrictEqual([
      "ssh-rsa AA x",
      "ssh-rsa BB"
    ])
    expect(CloudInit.parseSshKeys("100%zz %E9 plain")).toHaveLength(1)
    expect(CloudInit.parseSshKeys("")).toStrictEqual([])
    FastCheck.assert(FastCheck.property(FastCheck.string(), (text) => {
      expect(Array.isArray(CloudInit.parseSshKeys(text))).toBe(true)
    }))
  })

  it("takes keys in another order for the same keys", () => {
    expect(CloudInit.sameKeys(["a", "b"], ["b", "a", "a"])).toBe(true)
    expect(CloudInit.sameKeys(["a"], ["a", "b"])).toBe(false)
    expect(CloudInit.sameKeys(["a", "b"], ["a", "c"])).toBe(false)
  })

  it("refuses a gateway without an address, or beside one that brings its own", () => {
    expect(problems({ gateway: "10.0.0.1" })).toStrictEqual([
      ["gateway", expect.stringContaining("there is no ip for the gateway 10.0.0.1")]
    ])
    expect(problems({ ip: "dhcp", gateway: "10.0.0.1" })).toStrictEqual([
      ["gateway", expect.stringContaining("ip is dhcp")]
    ])
    expect(problems({ ip6: "auto", gateway6: "fe80::1" })).toStrictEqual([
      ["gateway6", expect.stringContaining("ip6 is auto")]
    ])
    expect(problems({ ip: "10.0.0.2/24", gateway: "10.0.0.1", ip6: "dhcp" })).toStrictEqual([])
  })

  it("owns an address family whole, and leaves the other alone", () => {
    const observed = new Map([["ip", "10.9.9.9/24"], ["gw", "10.9.9.1"], ["ip6", "auto"]])
    const amended = PropertyString.amend(observed, CloudInit.wantedAddress({ ip: "dhcp" }), CloudInit.addressGrammar)
    expect(PropertyString.print(amended.values, CloudInit.addressGrammar)).toBe("ip=dhcp,ip6=auto")
  })

  it("names the key of a card", () => {
    expect([CloudInit.addressKey("net0"), CloudInit.addressKey("net31")]).toStrictEqual(["ipconfig0", "ipconfig31"])
  })

  it("reads name servers in order and in canonical form", () => {
    expect(CloudInit.parseNameservers(" 1.1.1.1,2001:DB8::0053  ")).toStrictEqual(["1.1.1.1", "2001:db8::53"])
  })
})
