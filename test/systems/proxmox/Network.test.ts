import { describe, expect, it } from "@effect/vitest"
import type { NetworkSpec } from "../../../src/systems/proxmox/Fleet.ts"
import * as Network from "../../../src/systems/proxmox/grammar/Network.ts"
import * as PropertyString from "../../../src/systems/proxmox/grammar/PropertyString.ts"

const card = (spec: NetworkSpec, observed: PropertyString.Values = Network.fresh) =>
  PropertyString.print(PropertyString.amend(observed, Network.wanted(spec), Network.grammar).values, Network.grammar)

describe("Network", () => {
  it("writes a new card, with virtio for a model that nobody names", () => {
    expect(card({ bridge: "vmbr0" })).toBe("virtio,bridge=vmbr0")
    expect(card({
      bridge: "vmbr0",
      vlan: 20,
      model: "e1000",
      mac: "BC:24:11:00:00:01",
      firewall: true,
      linkDown: true,
      mtu: 1,
      queues: 4,
      rate: 12.5,
      trunks: ["10", "20-29"]
    })).toBe(
      "e1000=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,link_down=1,mtu=1,queues=4,rate=12.5,tag=20,trunks=10;20-29"
    )
  })

  it("keeps the address of a card whose model changes", () => {
    const observed = new Map([["model", "e1000"], ["macaddr", "BC:24:11:00:00:01"], ["bridge", "vmbr0"]])
    expect(card({ bridge: "vmbr0", model: "virtio" }, observed)).toBe("virtio=BC:24:11:00:00:01,bridge=vmbr0")
  })

  it("takes a VLAN and trunks away", () => {
    const observed = new Map([["model", "virtio"], ["bridge", "vmbr0"], ["tag", "9"], ["trunks", "1;2"]])
    expect(card({ bridge: "vmbr0", vlan: "none", trunks: [] }, observed)).toBe("virtio,bridge=vmbr0")
    expect(card({ bridge: "vmbr0" }, observed)).toBe("virtio,bridge=vmbr0,tag=9,trunks=1;2")
  })
})
