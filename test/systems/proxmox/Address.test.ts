import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Address from "../../../src/systems/proxmox/grammar/Address.ts"

const at = (text: string) => Either.getOrThrowWith(Address.parse(text), (message) => new Error(message))
const on = (text: string) => Either.getOrThrowWith(Address.parseInterface(text), (message) => new Error(message))

const isHost = (text: string) => Address.isHost(on(text))

describe("Address", () => {
  it.each([
    ["10.0.20.11", "10.0.20.11"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["::", "::"],
    ["::1", "::1"],
    ["fe80::", "fe80::"],
    ["::ffff:1.2.3.4", "::ffff:102:304"]
  ])("prints %s as %s", (text, canonical) => {
    expect(Address.print(at(text))).toBe(canonical)
  })

  it("refuses what is no address", () => {
    for (const text of ["", "10.0.0", "10.0.0.256", "010.0.0.1", "1::2::3", "fe80::1%eth0", "10.0.0.1/24", "host"]) {
      expect([text, Either.isLeft(Address.parse(text))]).toStrictEqual([text, true])
    }
  })

  it("reads back what it prints", () => {
    const v6 = FastCheck.ipV6().filter((text) => !text.includes("%"))
    FastCheck.assert(FastCheck.property(FastCheck.oneof(FastCheck.ipV4(), v6), (text) => {
      const address = at(text)
      expect(at(Address.print(address))).toStrictEqual(address)
    }))
  })

  it("wants the length of the network, and says how", () => {
    expect(Either.flip(Address.parseInterface("10.0.20.11"))).toStrictEqual(
      Either.right("\"10.0.20.11\" lacks the length of its network: write it as in 10.0.20.11/24")
    )
    for (const text of ["10.0.0.1/33", "10.0.0.1/0", "10.0.0.1/", "10.0.0.1/a", "::1/129", "10.0.0.1/255.255.255.0"]) {
      expect([text, Either.isLeft(Address.parseInterface(text))]).toStrictEqual([text, true])
    }
    expect(Address.printInterface(on("2001:DB8::11/64"))).toBe("2001:db8::11/64")
  })

  it("knows what is inside a network", () => {
    const inside = (network: string, address: string) => Address.contains(on(network), at(address))
    expect(inside("10.0.20.11/24", "10.0.20.254")).toBe(true)
    expect(inside("10.0.20.11/24", "10.0.21.1")).toBe(false)
    expect(inside("10.0.20.11/23", "10.0.21.1")).toBe(true)
    expect(inside("2001:db8::11/64", "2001:db8::ffff:1")).toBe(true)
    expect(inside("2001:db8::11/64", "2001:db8:0:1::1")).toBe(false)
    expect(inside("10.0.20.11/24", "2001:db8::1")).toBe(false)
    expect(Address.network(on("10.0.20.11/23"))).toBe("10.0.20.0/23")
  })

  it("tells a host from its network and its broadcast", () => {
    expect(["10.0.20.0/24", "10.0.20.255/24", "10.0.20.1/24"].map(isHost)).toStrictEqual([false, false, true])
    expect(["10.0.20.0/31", "10.0.20.0/32", "2001:db8::/64"].map(isHost)).toStrictEqual([true, true, true])
  })

  it("knows link-local addresses", () => {
    expect(["fe80::1", "febf::1", "fec0::1", "169.254.0.1"].map((text) => Address.isLinkLocal(at(text)))).toStrictEqual(
      [
        true,
        true,
        false,
        false
      ]
    )
  })
})
