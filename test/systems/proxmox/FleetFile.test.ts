import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Fleet } from "../../../src/systems/proxmox/Fleet.ts"
import * as FleetFile from "../../../src/systems/proxmox/FleetFile.ts"
import * as Size from "../../../src/systems/proxmox/grammar/Size.ts"
import { publicKey } from "./PretendConfig.ts"

const examplePath = fileURLToPath(new URL("../../../examples/proxmox/fleet.yaml", import.meta.url))
const example = readFileSync(examplePath, "utf8")

/** Each problem as `line:column path: message`. */
const problems = (text: string) =>
  Effect.map(FleetFile.check(text), (result) =>
    Either.match(result, {
      onLeft: (found) => found.map(({ column, line, message, path }) => `${line}:${column} ${path}: ${message}`),
      onRight: () => []
    }))

const fleetOf = (text: string) => Effect.map(FleetFile.parse(text), (fleet): Fleet => fleet)

const machine = (text: string) =>
  Effect.map(
    fleetOf(`fleet: lab\nmachines:\n  - { name: a, template: golden, ${text} }`),
    ({ machines }) => machines[0]
  )

const defaulted = (defaults: string, text: string) =>
  `fleet: lab\ndefaults: { template: golden, ${defaults} }\nmachines:\n  - { name: a, ${text} }\n`

const fleetWith = (...machines: ReadonlyArray<string>) =>
  `fleet: lab\ndefaults: { template: t }\nmachines:\n${machines.map((text) => `  - { ${text} }\n`).join("")}`

const at = (name: string, vlan: number) =>
  `name: ${name}, vmid: auto, networks: { net0: { bridge: b, vlan: ${vlan} } }, cloudInit: { ip: 10.0.0.5/24, ip6: dhcp }`

const mergedInto = (cores: string) =>
  `fleet: lab\ndefaults: &base\n  template: t\n  cores: ${cores}\nmachines:\n  - <<: *base\n    name: a\n`

describe("FleetFile, the example", () => {
  it.effect("holds the five machines, with the defaults laid under each", () =>
    Effect.gen(function*() {
      const fleet = yield* fleetOf(example)
      expect(fleet.name).toBe("lab")
      expect(fleet.machines.map(({ name, vmid }) => [name, vmid])).toStrictEqual([
        ["rancher-manager-1", 401],
        ["rancher-manager-2", 402],
        ["rancher-manager-3", 403],
        ["nprd-apps-1", 404],
        ["nprd-apps-2", 405]
      ])
      for (const spec of fleet.machines) {
        expect(spec).toMatchObject({
          nodes: ["pve1", "pve2"],
          template: { _tag: "Name", name: "ubuntu-24.04" },
          clone: "full",
          storage: "local-lvm",
          cores: 4,
          memory: 8192,
          disks: { scsi0: { size: 100 * Size.GiB } },
          networks: { net0: { bridge: "vmbr0", vlan: 20 } },
          start: true
        })
        expect(spec.cloudInit?.addresses["net0"]?.gateway).toBe("10.0.20.1")
      }
      expect(fleet.machines.map((spec) => spec.cloudInit?.addresses["net0"]?.ip)).toStrictEqual([
        "10.0.20.11/24",
        "10.0.20.12/24",
        "10.0.20.13/24",
        "10.0.20.21/24",
        "10.0.20.22/24"
      ])
    }))

  it.effect("is read from its file", () =>
    Effect.gen(function*() {
      expect(yield* FleetFile.load(examplePath)).toStrictEqual(yield* fleetOf(example))
    }).pipe(Effect.provide(NodeFileSystem.layer)))

  it.effect("is named where there is no such file", () =>
    Effect.gen(function*() {
      const fault = yield* Effect.flip(FleetFile.load("/nowhere/fleet.yaml"))
      expect([fault.kind, fault.sent, fault.message]).toStrictEqual([
        "invalid",
        "no",
        "/nowhere/fleet.yaml: there is no such file. Give the path of a fleet file that can be read"
      ])
    }).pipe(Effect.provide(NodeFileSystem.layer)))
})

describe("FleetFile, defaults", () => {
  it.effect("are merged key by key in mappings, and replaced in lists and values", () =>
    Effect.gen(function*() {
      const { machines: [spec] } = yield* fleetOf(defaulted(
        "cores: 2, tags: [x, y], disks: { scsi0: { size: 10G, ssd: true } }, networks: { net0: { bridge: b, vlan: 2 } }," +
          " cloudInit: { user: u, gateway: 10.0.0.1, nameservers: [1.1.1.1, 8.8.8.8] }",
        "cores: 4, tags: [z], disks: { scsi0: 20G, scsi1: 1G }, networks: { net0: { vlan: 3 } }," +
          " cloudInit: { ip: 10.0.0.2/24, nameservers: [9.9.9.9] }"
      ))
      expect(spec).toMatchObject({
        cores: 4,
        tags: ["z"],
        disks: { scsi0: { size: 20 * Size.GiB, ssd: true }, scsi1: { size: Size.GiB } },
        networks: { net0: { bridge: "b", vlan: 3 } },
        cloudInit: {
          user: "u",
          addresses: { net0: { ip: "10.0.0.2/24", gateway: "10.0.0.1" } },
          nameservers: ["9.9.9.9"]
        }
      })
    }))

  it.effect("are what a machine gets that says nothing", () =>
    Effect.gen(function*() {
      const spec = yield* machine("")
      expect(spec).toMatchObject({ vmid: "auto", nodes: [], clone: "full", disks: {}, networks: {}, start: true })
      expect([spec?.cores, spec?.tags, spec?.onBoot, spec?.cloudInit]).toStrictEqual(Array.from({ length: 4 }))
    }))

  it.effect("give way to node for nodes, and to addresses.net0 for the short form", () =>
    Effect.gen(function*() {
      const { machines: [spec] } = yield* fleetOf(defaulted(
        "nodes: [pve1, pve2], cloudInit: { ip: dhcp, ip6: auto }",
        "node: pve3, cloudInit: { addresses: { net0: { ip: 10.0.0.2/24 }, net1: { ip: dhcp } } }"
      ))
      expect(spec?.nodes).toStrictEqual(["pve3"])
      expect(spec?.cloudInit?.addresses).toStrictEqual({
        net0: { ip: "10.0.0.2/24", ip6: "auto" },
        net1: { ip: "dhcp" }
      })
    }))

  it.effect("go away for a machine that gives null, in either way to write them", () =>
    Effect.gen(function*() {
      const { machines: [spec] } = yield* fleetOf(defaulted(
        "pool: p, tags: [x], nodes: [pve1], cloudInit: { gateway: 10.0.0.1, addresses: { net0: { gateway6: fe80::1 } } }",
        "pool: null, tags: ~, node: null, cloudInit: { ip: dhcp, addresses: { net0: { gateway: null } }, gateway6: null }"
      ))
      expect([spec?.pool, spec?.tags, spec?.nodes]).toStrictEqual([undefined, undefined, []])
      expect(spec?.cloudInit?.addresses).toStrictEqual({ net0: { ip: "dhcp" } })
    }))

  it.effect("that were taken away are missing at the machine", () =>
    Effect.gen(function*() {
      expect(yield* problems(defaulted("cores: 1", "template: null"))).toStrictEqual([
        "4:26 machines[0].template: is missing: name the template here or in defaults"
      ])
    }))

  it.effect("do not go away for a key that was left blank, or for a null that takes nothing away", () =>
    Effect.gen(function*() {
      expect(yield* problems("fleet: lab\ndefaults: { template: t, pool: p }\nmachines:\n  - name: a\n    pool:\n"))
        .toStrictEqual([
          "5:5 machines[0].pool: is empty: give it a value or take the key out"
        ])
      expect(yield* problems(defaulted("cores: 1", "memory: null"))).toStrictEqual([
        "4:16 machines[0].memory: is empty: give it a value or take the key out"
      ])
    }))

  it.effect("are told once where they are wrong, with the line they are on", () =>
    Effect.gen(function*() {
      const text = "fleet: lab\ndefaults:\n  template: t\n  memory: lots\nmachines:\n  - name: a\n  - name: b\n"
      expect(yield* problems(text)).toStrictEqual([
        "4:11 defaults.memory: \"lots\" is not a size such as 100G, 1.5T or 8192M"
      ])
    }))
})

describe("FleetFile, values", () => {
  it.effect.each(
    [
      ["template: golden", { template: { _tag: "Name", name: "golden" } }],
      ["template: 9000", { template: { _tag: "Id", id: 9000 } }],
      ["template: \"9000\"", { template: { _tag: "Id", id: 9000 } }],
      ["template: { id: 9000 }", { template: { _tag: "Id", id: 9000 } }],
      ["template: { name: \"9000\" }", { template: { _tag: "Name", name: "9000" } }],
      ["template: { tag: Golden }", { template: { _tag: "Tag", tag: "golden" } }],
      ["memory: 8192", { memory: 8192 }],
      ["memory: 8GiB", { memory: 8192 }],
      ["disks: { scsi0: 1.5T }", { disks: { scsi0: { size: 1536 * Size.GiB } } }],
      ["disks: { virtio15: { size: 8192M, discard: true } }", {
        disks: { virtio15: { size: 8 * Size.GiB, discard: true } }
      }],
      ["tags: [Web, app, web]", { tags: ["app", "web"] }],
      ["networks: { net0: { bridge: vmbr0, mac: bc-24-11-00-00-01, vlan: none, trunks: [10, 20-29] } }", {
        networks: { net0: { bridge: "vmbr0", mac: "BC:24:11:00:00:01", vlan: "none", trunks: ["10", "20-29"] } }
      }],
      ["cpu: \"x86-64-v2-AES,flags=+aes;-pcid\"", { cpu: "x86-64-v2-AES,flags=+aes;-pcid" }],
      ["cloudInit: { ip6: \"2001:DB8:0::11/64\", gateway6: fe80::1, nameservers: [\"2001:DB8::0053\"] }", {
        cloudInit: {
          addresses: { net0: { ip6: "2001:db8::11/64", gateway6: "fe80::1" } },
          nameservers: ["2001:db8::53"]
        }
      }],
      ["cloudInit: { ip: 203.0.113.5/32, gateway: 192.0.2.1 }", {
        cloudInit: { addresses: { net0: { ip: "203.0.113.5/32", gateway: "192.0.2.1" } } }
      }],
      ["description: \"two\\nlines\\n\"", { description: "two\nlines" }]
    ] satisfies ReadonlyArray<readonly [string, object]>
  )("reads %s", ([text, expected]) =>
    Effect.gen(function*() {
      const repeated = text.startsWith("template") ? `fleet: lab\nmachines: [{ name: a, ${text} }]` : undefined
      const spec = repeated === undefined ? yield* machine(text) : (yield* fleetOf(repeated)).machines[0]
      expect(spec).toMatchObject(expected)
    }))

  it.effect.each(
    [
      ["vmid: 99", "vmid", "99 is not a vmid: give a whole number from 100 to 999999999, or auto"],
      ["vmid: 1000000000", "vmid", "give a whole number from 100 to 999999999"],
      ["vmid: \"401\"", "vmid", "\"401\" is not a vmid"],
      ["node: \"pve 1\"", "node", "not the name of a node"],
      ["nodes: [pve1, pve1]", "nodes", "pve1 is there twice"],
      ["clone: half", "clone", "\"half\" is none of full, linked"],
      ["clone: linked, storage: fast", "storage", "stay on the storage of its template"],
      ["storage: a", "storage", "not the name of a storage"],
      ["cores: 0", "cores", "0 is not a count: give a whole number of at least 1"],
      ["cores: 1.5", "cores", "1.5 is not a count"],
      ["cores: \"4\"", "cores", "\"4\" is not a count"],
      ["memory: 8", "memory", "8 MiB is less than the 16 MiB a machine needs"],
      ["memory: true", "memory", "write it as in 8GiB"],
      ["memory: 8GB", "memory", "write G or GiB"],
      ["cpu: \"host,host\"", "cpu", "twice"],
      ["cpu: \"host,flag=+aes\"", "cpu", "\"flag\" is no property of a CPU"],
      ["cpu: \"ho st\"", "cpu", "not a CPU type"],
      ["disks: { scsi0: 100 }", "disks.scsi0", "100 has no unit: write 100G for GiB"],
      ["disks: { scsi0: \"100\" }", "disks.scsi0", "write 100G for GiB"],
      ["disks: { scsi0: 1500M }", "disks.scsi0", "not whole GiB, and storages round: write 2G"],
      ["disks: { scsi0: 0G }", "disks.scsi0", "write 1G"],
      ["disks: { scsi0: [1G] }", "disks.scsi0", "a list is not a size: write it as in 100G"],
      ["disks: { scsi0: { ssd: true } }", "disks.scsi0", "scsi0 has no size: write size: 100G"],
      ["disks: { virtio0: { size: 1G, ssd: true } }", "disks.virtio0.ssd", "virtio disks have no ssd"],
      ["disks: { sata0: { size: 1G, iothread: true } }", "disks.sata0.iothread", "sata disks have no iothread"],
      ["disks: 100G", "disks", "\"100G\" is not a mapping of disks by name"],
      ["networks: { net0: {} }", "networks.net0", "net0 has no bridge: write bridge: vmbr0"],
      ["networks: { net0: { bridge: \"vm br\" } }", "networks.net0.bridge", "not the name of a bridge"],
      ["networks: { net0: { bridge: b, vlan: 4095 } }", "networks.net0.vlan", "from 1 to 4094, or none"],
      ["networks: { net0: { bridge: b, model: virtoi } }", "networks.net0.model", "\"virtoi\" is none of e1000"],
      ["networks: { net0: { bridge: b, mac: BC:24:11 } }", "networks.net0.mac", "not a MAC address"],
      ["networks: { net0: { bridge: b, mac: \"01:00:5E:00:00:01\" } }", "networks.net0.mac", "the address of a group"],
      ["networks: { net0: { bridge: b, trunks: [29-20] } }", "networks.net0.trunks[0]", "as in \"20-29\""],
      ["networks: { net0: { bridge: b, firewall: 1 } }", "networks.net0.firewall", "1 is not true or false"],
      ["networks: { net0: { bridge: b, firewall: yes } }", "networks.net0.firewall", "\"yes\" is not true or false"],
      ["cloudInit: { user: \"o p s\" }", "cloudInit.user", "not the name of an account"],
      ["cloudInit: { sshKeys: [ssh-ed25519] }", "cloudInit.sshKeys[0]", "not base64"],
      ["cloudInit: { sshKeys: ssh-ed25519 }", "cloudInit.sshKeys", "not a list"],
      ["cloudInit: { ip: 10.0.0.5 }", "cloudInit.ip", "write it as in 10.0.0.5/24"],
      ["cloudInit: { ip: 10.0.0.300/24 }", "cloudInit.ip", "not an IP address"],
      ["cloudInit: { ip: static }", "cloudInit.ip", "nor dhcp"],
      ["cloudInit: { ip: 10.0.0.0/24 }", "cloudInit.ip", "the network's own or its broadcast address"],
      ["cloudInit: { ip: \"2001:db8::1/64\" }", "cloudInit.ip", "is IPv6, and this is for IPv4"],
      ["cloudInit: { ip: dhcp, gateway: 10.0.0.1 }", "cloudInit.gateway", "ip is dhcp"],
      ["cloudInit: { gateway: 10.0.0.1 }", "cloudInit.gateway", "there is no ip for the gateway"],
      ["cloudInit: { ip: 10.0.0.5/24, gateway: 10.0.1.1 }", "cloudInit.gateway", "10.0.1.1 is outside 10.0.0.0/24"],
      ["cloudInit: { ip: 10.0.0.5/24, gateway: 10.0.0.5 }", "cloudInit.gateway", "the machine's own address"],
      ["cloudInit: { ip6: auto, gateway6: fe80::1 }", "cloudInit.gateway6", "ip6 is auto"],
      [
        "cloudInit: { addresses: { net1: { ip: 10.0.0.5/24, gateway: 10.1.0.1 } } }",
        "cloudInit.addresses.net1.gateway",
        "outside"
      ],
      ["cloudInit: { nameservers: [dns.example.com] }", "cloudInit.nameservers[0]", "not an IP address"],
      ["cloudInit: { searchDomain: \"a b\" }", "cloudInit.searchDomain", "not a domain"],
      ["cloudInit: { snippets: { user: /etc/passwd } }", "cloudInit.snippets.user", "local:snippets/user.yaml"],
      ["cloudInit: { user: ops, snippets: { user: \"local:snippets/u.yaml\" } }", "cloudInit.user", "keep one of them"],
      [
        "cloudInit: { ip: dhcp, snippets: { network: \"local:snippets/n.yaml\" } }",
        "cloudInit.snippets.network",
        "keep one"
      ],
      ["tags: [a b]", "tags[0]", "not a tag"],
      ["tags: web", "tags", "\"web\" is not a list"],
      ["pool: a/b/c/d", "pool", "not the name of a pool"],
      ["start: \"true\"", "start", "\"true\" is not true or false"],
      ["description: 5", "description", "put it in quotes"],
      ["description: \"managed-by: holdfast lab/a x\"", "description", "which holdfast writes itself"],
      ["vmid: 9000, template: 9000", "template", "9000 is the machine itself"]
    ] satisfies ReadonlyArray<readonly [string, string, string]>
  )("refuses %s", ([text, path, message]) =>
    Effect.gen(function*() {
      const template = text.includes("template:") ? "" : "template: golden, "
      const found = yield* FleetFile.check(`fleet: lab\nmachines:\n  - { name: a, ${template}${text} }\n`)
      const list = Either.isLeft(found) ? found.left : []
      expect(list.map((problem) => problem.path)).toStrictEqual([`machines[0].${path}`])
      expect(list[0]?.line).toBe(3)
      expect(list[0]?.message).toContain(message)
    }))
})

describe("FleetFile, keys", () => {
  it.effect.each([
    ["ram: 1", "ram", "did you mean memory?"],
    ["Memory: 1", "Memory", "did you mean memory?"],
    ["on_boot: true", "on_boot", "did you mean onBoot?"],
    ["cloudinit: {}", "cloudinit", "did you mean cloudInit?"],
    ["target_node: x", "target_node", "did you mean node?"],
    ["networks: { net0: { bridge: b, tag: 2 } }", "networks.net0.tag", "did you mean vlan?"],
    ["networks: { eth0: { bridge: b } }", "networks.eth0", "known here: net0-31"],
    ["disks: { sata6: 1G }", "disks.sata6", "did you mean sata"],
    ["disks: { nvme0: 1G }", "disks.nvme0", "known here: ide0-3, sata0-5, scsi0-30, virtio0-15"],
    ["disks: { scsi0: { size: 1G, isze: 1G } }", "disks.scsi0.isze", "did you mean size?"],
    ["cloudInit: { ssh_keys: [] }", "cloudInit.ssh_keys", "did you mean sshKeys?"],
    ["cloudInit: { addresses: { net0: { gw: 10.0.0.1 } } }", "cloudInit.addresses.net0.gw", "did you mean gateway?"],
    ["cloudInit: { snippets: { usr: x } }", "cloudInit.snippets.usr", "did you mean user?"],
    ["\"a b\": 1", "[\"a b\"]", "is not a known key; known here: name, vmid, node"]
  ])("refuses the unknown one in %s", ([text, path, message]) =>
    Effect.gen(function*() {
      const found = yield* FleetFile.check(`fleet: lab\nmachines:\n  - { name: a, template: golden, ${text} }\n`)
      const list = Either.isLeft(found) ? found.left : []
      expect(list.map((problem) => problem.path)).toStrictEqual([
        path?.startsWith("[") === true ? `machines[0]${path}` : `machines[0].${path}`
      ])
      expect(list[0]?.message).toContain(message)
    }))

  it.effect("that are unknown at the top and in the defaults are refused too, a name among defaults included", () =>
    Effect.gen(function*() {
      expect(yield* problems("fleet: lab\nmachine: []\ndefaults: { template: t, name: x }\nmachines: [{ name: a }]\n"))
        .toStrictEqual([
          "2:1 machine: \"machine\" is not a known key; did you mean machines?",
          expect.stringContaining("3:26 defaults.name: \"name\" is not a known key")
        ])
    }))

  it.effect("that are missing are told where they should be", () =>
    Effect.gen(function*() {
      expect(yield* problems("machines:\n  - vmid: 401\n")).toStrictEqual([
        "1:1 fleet: is missing: give the fleet a name, as in fleet: lab",
        "2:5 machines[0].name: is missing: give the machine a name, which is also its hostname"
      ])
      expect(yield* problems("fleet: lab\nmachines:\n  - name: a\n")).toStrictEqual([
        "3:5 machines[0].template: is missing: name the template here or in defaults"
      ])
      expect(yield* problems("fleet: lab\nmachines: []\n")).toStrictEqual([
        "2:11 machines: is empty: a fleet has at least one machine"
      ])
    }))

  it.effect("that mean the same are refused together", () =>
    Effect.gen(function*() {
      expect(
        yield* problems(defaulted("node: x, nodes: [y]", "cloudInit: { ip: dhcp, addresses: { net0: { ip: dhcp } } }"))
      )
        .toStrictEqual([
          expect.stringContaining("defaults.nodes: stands beside node: keep one of them"),
          expect.stringContaining("machines[0].cloudInit.ip: is the same as addresses.net0.ip")
        ])
    }))
})

describe("FleetFile, machines that get in each other's way", () => {
  it.effect("are refused for one name, vmid, MAC address or IP address", () =>
    Effect.gen(function*() {
      expect(yield* problems(fleetWith("name: a, vmid: 401", "name: A, vmid: 402", "name: b, vmid: 401")))
        .toStrictEqual([
          "5:13 machines[1].name: the name A belongs to another machine already: give each machine its own",
          "6:22 machines[2].vmid: vmid 401 belongs to a already: give each machine its own"
        ])
      const card = "networks: { net0: { bridge: b, mac: BC:24:11:00:00:01 } }"
      expect(yield* problems(fleetWith(`name: a, ${card}`, `name: b, ${card}`))).toStrictEqual([
        expect.stringContaining("machines[1].networks.net0.mac: the MAC address BC:24:11:00:00:01 belongs to a already")
      ])
      expect(
        yield* problems(fleetWith("name: a, cloudInit: { ip: 10.0.0.5/24 }", "name: b, cloudInit: { ip: 10.0.0.5/16 }"))
      )
        .toStrictEqual([expect.stringContaining("machines[1].cloudInit.ip: the address 10.0.0.5 belongs to a already")])
      expect(
        yield* problems(fleetWith(
          "name: a, cloudInit: { ip6: \"2001:db8::5/64\" }",
          "name: b, cloudInit: { addresses: { net1: { ip6: \"2001:DB8:0::5/64\" } } }"
        ))
      ).toStrictEqual([expect.stringContaining("machines[1].cloudInit.addresses.net1.ip6: the address 2001:db8::5")])
    }))

  it.effect("may have one address in two VLANs, and any number of auto and dhcp", () =>
    Effect.gen(function*() {
      expect(yield* problems(fleetWith(at("a", 1), at("b", 2)))).toStrictEqual([])
      expect(yield* problems(fleetWith(at("a", 1), at("b", 1)))).toHaveLength(1)
      expect(yield* problems(fleetWith(at("a", 1), "name: b, cloudInit: { ip: 10.0.0.5/24 }"))).toHaveLength(1)
    }))

  it.effect("are blamed for a shared default at the default, by name", () =>
    Effect.gen(function*() {
      const text = "fleet: lab\ndefaults: { template: t, vmid: 401 }\nmachines: [{ name: a }, { name: b }]\n"
      expect(yield* problems(text)).toStrictEqual([
        "2:32 defaults.vmid: for b: vmid 401 belongs to a already: give each machine its own"
      ])
    }))
})

describe("FleetFile, the text", () => {
  it.effect("may be JSON, with its positions", () =>
    Effect.gen(function*() {
      const json = JSON.stringify({ fleet: "lab", machines: [{ name: "a", template: "t", cores: 4 }] }, undefined, "\t")
      expect((yield* fleetOf(json)).machines[0]).toMatchObject({ name: "a", cores: 4 })
      expect(yield* problems(json.replace("4", "0"))).toStrictEqual([
        "7:13 machines[0].cores: 0 is not a count: give a whole number of at least 1"
      ])
    }))

  it.effect("may use anchors and merges, and positions follow them", () =>
    Effect.gen(function*() {
      expect((yield* fleetOf(mergedInto("2"))).machines[0]?.cores).toBe(2)
      expect(yield* problems(mergedInto("x"))).toStrictEqual([
        "4:10 defaults.cores: \"x\" is not a count: give a whole number of at least 1",
        "4:10 machines[0].cores: \"x\" is not a count: give a whole number of at least 1"
      ])
    }))

  it.effect.each([
    ["", "1:1 : nothing is not a fleet"],
    ["[]", "1:1 : a list is not a fleet"],
    ["hello", "1:1 : \"hello\" is not a fleet"],
    ["fleet: a\nfleet: b", "2:1 : the same key is there twice: keep one"],
    ["fleet: a\n\tmachines: []", "2:1 : a tab indents this line: YAML wants spaces"],
    ["fleet: a\n---\nfleet: b", "2:1 : a second document begins here: a file holds one fleet"],
    ["fleet: !secret x", "1:8 : Unresolved tag: !secret"],
    ["fleet: *nobody", "1:1 : Unresolved alias"],
    ["fleet: 'open", "1:13 : Missing closing 'quote"],
    ["a: &a [*a]", "1:1 "],
    ["[".repeat(20_000), "is nested too deeply"],
    [
      `a: &a [x,x,x,x,x,x,x,x,x]\n${
        "bcdefghi".split("").map((name, index) =>
          `${name}: &${name} [${Array.from({ length: 9 }, () => `*${"abcdefgh"[index]}`).join(",")}]\n`
        ).join("")
      }`,
      "1:1 : Excessive alias count"
    ]
  ])("is refused with its line where it is %j", ([text, message]) =>
    Effect.gen(function*() {
      const [first, ...rest] = yield* problems(text ?? "")
      expect(first).toContain(message)
      expect(rest.length).toBeLessThan(3)
    }))

  it.effect("is refused with one fault that lists every problem and says that nothing was done", () =>
    Effect.gen(function*() {
      const text = "fleet: lab\nmachines:\n  - { name: a_b, template: t, cores: 0 }\n"
      const fault = yield* Effect.flip(FleetFile.parse(text, { file: "fleet.yaml" }))
      expect([fault.kind, fault.sent, fault.system, fault.code]).toStrictEqual([
        "invalid",
        "no",
        "proxmox",
        "fleet-file"
      ])
      expect(fault.message.split("\n")).toStrictEqual([
        "fleet.yaml: 2 problems",
        expect.stringContaining("  fleet.yaml:3:13  machines[0].name: \"a_b\" is not a hostname"),
        expect.stringContaining("  fleet.yaml:3:38  machines[0].cores: 0 is not a count"),
        "Nothing was done: correct the file and run the command again"
      ])
    }))

  const scalars = FastCheck.oneof(
    FastCheck.constantFrom(
      "null",
      "~",
      "true",
      "1",
      "-1",
      "0.5",
      "100G",
      "dhcp",
      "auto",
      "10.0.0.1/24",
      "*a",
      "&a x",
      "!t x",
      "\"",
      "'",
      "[",
      "{",
      "- ",
      "<<: *a"
    ),
    FastCheck.string({ maxLength: 8 })
  )

  it("is never the cause of a defect, however it is broken", async () => {
    const lines = example.split("\n")
    const damage = FastCheck.tuple(FastCheck.nat(lines.length - 1), FastCheck.nat(40), FastCheck.nat(6), scalars)
    await FastCheck.assert(
      FastCheck.asyncProperty(FastCheck.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
        const broken = [...lines]
        for (const [line, at, length, text] of damages) {
          const before = broken[line] ?? ""
          broken[line] = `${before.slice(0, at)}${text}${before.slice(at + length)}`
        }
        const result = await Effect.runPromise(FleetFile.check(broken.join("\n")))
        const found = Either.isLeft(result) ? result.left : []
        expect(Either.isRight(result) || found.length > 0).toBe(true)
        for (const { column, line, message } of found) {
          expect(line >= 1 && column >= 1 && line <= broken.join("\n").split(/\r\n|\r|\n/).length + 1).toBe(true)
          expect(message).not.toBe("")
        }
      }),
      { numRuns: 300 }
    )
  })

  it("is never the cause of a defect, whatever data it holds", async () => {
    const names = [
      "fleet",
      "defaults",
      "machines",
      "name",
      "cloudInit",
      "disks",
      "scsi0",
      "networks",
      "net0",
      "ip",
      "template"
    ]
    const { value } = FastCheck.letrec<{ value: unknown }>((tie) => ({
      value: FastCheck.oneof(
        { depthSize: "small", withCrossShrink: true },
        FastCheck.jsonValue({ maxDepth: 0 }),
        FastCheck.array(tie("value"), { maxLength: 3 }),
        FastCheck.dictionary(FastCheck.oneof(FastCheck.constantFrom(...names), FastCheck.string()), tie("value"), {
          maxKeys: 5
        })
      )
    }))
    const machines = FastCheck.array(FastCheck.dictionary(FastCheck.constantFrom(...names), value), { maxLength: 3 })
    const data = FastCheck.oneof(
      value,
      FastCheck.record({ fleet: value, defaults: value, machines }, { requiredKeys: [] })
    )
    await FastCheck.assert(
      FastCheck.asyncProperty(data, async (input) => {
        const result = await Effect.runPromise(FleetFile.check(JSON.stringify(input)))
        expect(Either.isRight(result) || result.left.length > 0).toBe(true)
      }),
      { numRuns: 300 }
    )
  })

  it.effect("never shows a private key that was pasted by mistake", () =>
    Effect.gen(function*() {
      const secret = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ"
      const text =
        `fleet: lab\nmachines:\n  - name: a\n    template: t\n    cloudInit:\n      sshKeys:\n        - |\n` +
        `          -----BEGIN OPENSSH PRIVATE KEY-----\n          ${secret}\n        - ${secret}\n`
      const found = yield* problems(text)
      expect(found).toHaveLength(2)
      expect(found.join("\n")).not.toContain(secret.slice(0, 20))
      expect(found[0]).toContain("is a private key: give the public one")
    }))

  it.effect("takes a key of OpenSSH as it stands in its .pub file", () =>
    Effect.gen(function*() {
      const key = publicKey(new Uint8Array(32).fill(9), "me@home")
      const spec = yield* machine(`cloudInit: { sshKeys: [${key}, ${key}] }`)
      expect(spec?.cloudInit?.sshKeys).toStrictEqual([key])
    }))
})
