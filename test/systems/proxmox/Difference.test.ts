import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Difference from "../../../src/systems/proxmox/difference/Difference.ts"
import * as Disk from "../../../src/systems/proxmox/grammar/Disk.ts"
import type { MachineSpec } from "../../../src/systems/proxmox/Fleet.ts"
import * as Network from "../../../src/systems/proxmox/grammar/Network.ts"
import * as PropertyString from "../../../src/systems/proxmox/grammar/PropertyString.ts"
import * as Size from "../../../src/systems/proxmox/grammar/Size.ts"
import * as Pretend from "./PretendConfig.ts"

const key = Pretend.publicKey(new Uint8Array(32).fill(7), "ops@lab")

const bare: MachineSpec = {
  name: "rancher-manager-1",
  vmid: 401,
  nodes: ["pve1", "pve2"],
  template: { _tag: "Name", name: "ubuntu-24.04" },
  clone: "full",
  disks: {},
  networks: {},
  start: true
}

const wanted: MachineSpec = {
  ...bare,
  storage: "local-lvm",
  cores: 4,
  memory: 8192,
  disks: { scsi0: { size: 100 * Size.GiB } },
  networks: { net0: { bridge: "vmbr0", vlan: 20 } },
  cloudInit: { user: "ops", sshKeys: [key], addresses: { net0: { ip: "10.0.20.11/24", gateway: "10.0.20.1" } } },
  tags: ["manager", "rancher"]
}

const clone: Pretend.Config = {
  name: "rancher-manager-1",
  cores: "2",
  memory: "2048",
  scsi0: "local-lvm:vm-401-disk-0,discard=on,size=3584M",
  ide2: "local-lvm:vm-401-cloudinit,media=cdrom",
  net0: "virtio=BC:24:11:2A:4F:01,bridge=vmbr0,firewall=1",
  boot: "order=scsi0",
  smbios1: "uuid=8d6bd3ea-8d0f-4e0f-a0a4-2c0b4a1e2c11",
  digest: "7d79"
}

const codes = (disks: MachineSpec["disks"]) =>
  Difference.of({ ...bare, disks }, clone).problems.map(({ code, subject }) => [code, subject])

const changes = (spec: Partial<MachineSpec>, config: Pretend.Config) =>
  Difference.of({ ...bare, ...spec }, { name: bare.name, ...config }).changes

const keys = (spec: Partial<MachineSpec>, config: Pretend.Config) => changes(spec, config).map((change) => change.key)

const described = (description: string | undefined, observed: string | undefined, line?: string) =>
  Difference.of(
    { ...bare, description },
    { name: bare.name, ...(observed === undefined ? {} : { description: observed }) },
    line
  )

/** What took people's machines down, or left them wrong without a word. */
describe("Difference, in production", () => {
  it("keeps the MAC address of a card whose VLAN changes, and all else that is on it", () => {
    const difference = Difference.of({ ...bare, networks: { net0: { bridge: "vmbr0", vlan: 30 } } }, {
      ...clone,
      net0: "e1000=bc:24:11:2a:4f:01,bridge=vmbr0,firewall=1,rate=12.5,tag=20,trunks=10;20-29"
    })
    expect(difference.set).toStrictEqual({
      net0: "e1000=bc:24:11:2a:4f:01,bridge=vmbr0,firewall=1,rate=12.5,tag=30,trunks=10;20-29"
    })
    expect(difference.changes).toStrictEqual([{ key: "net0.tag", from: "20", to: "30" }])
  })

  it("tells of a disk smaller than the template's before anything is made, and sends nothing for it", () => {
    const spec: MachineSpec = { ...wanted, disks: { scsi0: { size: 20 * Size.GiB, discard: true } } }
    const difference = Difference.ofTemplate(spec, { ...clone, scsi0: "local-lvm:base-9000-disk-0,size=30G" })
    expect(difference.resizes).toStrictEqual([])
    expect(difference.problems.map((fault) => [fault.kind, fault.sent, fault.code, fault.message])).toStrictEqual([[
      "invalid",
      "no",
      "disk-shrink",
      "disk scsi0 of rancher-manager-1: 20G is wanted, but it has 30G already (a clone is never smaller than its " +
      "template), and disks do not shrink. Want at least 30G"
    ]])
  })

  it("asks for 1025 GiB as 1025G, which a rounded 1.01T would overshoot for ever", () => {
    const spec: MachineSpec = { ...bare, disks: { scsi0: { size: 1025 * Size.GiB } } }
    const difference = Difference.of(spec, { ...clone, scsi0: "local-lvm:vm-401-disk-0,size=1T" })
    expect(difference.resizes).toStrictEqual([
      { disk: "scsi0", from: 1024 * Size.GiB, to: 1025 * Size.GiB, size: "1025G" }
    ])
    expect(Difference.isEmpty(Difference.of(spec, Pretend.apply(clone, difference)))).toBe(true)
  })

  it("takes the template's gateway away with its address, because one beside dhcp voids the whole line", () => {
    const spec: MachineSpec = { ...bare, cloudInit: { addresses: { net0: { ip: "dhcp" } } } }
    const difference = Difference.of(spec, { ...clone, ipconfig0: "gw=10.9.9.1,ip=10.9.9.9/24,ip6=auto" })
    expect(difference.set).toStrictEqual({ ipconfig0: "ip=dhcp,ip6=auto" })
  })

  it("never touches a disk whose value it cannot read", () => {
    const spec: MachineSpec = { ...bare, disks: { scsi0: { size: 100 * Size.GiB, ssd: true } } }
    const difference = Difference.of(spec, { ...clone, scsi0: "local-lvm:vm-401-disk-0,ssd=0,ssd=1,size=3584M" })
    expect(difference.set).toStrictEqual({})
    expect(difference.problems.map(({ code }) => code)).toStrictEqual(["unreadable"])
  })
})

describe("Difference", () => {
  it("finds all that a fresh clone needs", () => {
    expect(Difference.of(wanted, clone)).toStrictEqual({
      changes: [
        { key: "ciuser", from: undefined, to: "ops" },
        { key: "cores", from: "2", to: "4" },
        { key: "ipconfig0", to: "gw=10.0.20.1,ip=10.0.20.11/24" },
        { key: "memory", from: "2048", to: "8192" },
        { key: "net0.tag", from: undefined, to: "20" },
        { key: "scsi0.size", from: "3584M", to: "100G" },
        { key: "sshkeys", from: undefined, to: expect.stringMatching(/^ssh-ed25519 \.\.\..{8} ops@lab$/) },
        { key: "tags", from: undefined, to: "manager;rancher" }
      ],
      set: {
        ciuser: "ops",
        cores: "4",
        ipconfig0: "gw=10.0.20.1,ip=10.0.20.11/24",
        memory: "8192",
        net0: "virtio=BC:24:11:2A:4F:01,bridge=vmbr0,firewall=1,tag=20",
        sshkeys: encodeURIComponent(key),
        tags: "manager;rancher"
      },
      delete: [],
      resizes: [{ disk: "scsi0", from: 3584 * Size.MiB, to: 100 * Size.GiB, size: "100G" }],
      problems: []
    })
  })

  it("is empty once it was applied, whatever was there before", () => {
    FastCheck.assert(
      FastCheck.property(Pretend.spec, Pretend.observed, (spec, config) => {
        const first = Difference.of(spec, config)
        const second = Difference.of(spec, Pretend.apply(config, first))
        expect(second.changes).toStrictEqual([])
        expect([second.set, second.delete, second.resizes]).toStrictEqual([{}, [], []])
        expect(second.problems.map(({ message }) => message)).toStrictEqual(
          first.problems.map(({ message }) => message)
        )
      }),
      { numRuns: 1_000 }
    )
  })

  it("sees no change in another spelling of the same configuration", () => {
    FastCheck.assert(
      FastCheck.property(
        Pretend.spec,
        Pretend.observed,
        FastCheck.array(FastCheck.nat(), { minLength: 1, maxLength: 60 }),
        (spec, config, picks) => {
          const applied = Pretend.apply(config, Difference.of(spec, config))
          expect(Difference.of(spec, Pretend.respelled(applied, Pretend.drawing(picks))).changes).toStrictEqual([])
        }
      ),
      { numRuns: 1_000 }
    )
  })

  it("leaves alone what the specification does not speak about", () => {
    FastCheck.assert(
      FastCheck.property(Pretend.observed, FastCheck.string(), (config, name) => {
        const spec: MachineSpec = { ...bare, name }
        const { changes: found, ...rest } = Difference.of(spec, { ...config, name })
        expect([found, rest]).toStrictEqual([[], { set: {}, delete: [], resizes: [], problems: [] }])
      })
    )
  })

  it("never drops a MAC address, a disk's volume, or a property it does not know", () => {
    FastCheck.assert(
      FastCheck.property(Pretend.spec, Pretend.observed, (spec, config) => {
        const { set } = Difference.of(spec, config)
        for (const [name, grammar] of [["net0", Network.grammar], ["scsi0", Disk.grammar]] as const) {
          const [before, after] = [config[name], set[name]]
          if (before === undefined || after === undefined) continue
          const [from, to] = [PropertyString.parse(before, grammar), PropertyString.parse(after, grammar)]
          const spoken = name === "net0" ? spec.networks["net0"]?.mac : undefined
          const kept = (values: typeof from) =>
            Either.map(
              values,
              (map) => [spoken ?? map.get("macaddr"), map.get("file"), map.get("serial"), map.get("future")]
            )
          expect(kept(to)).toStrictEqual(kept(from))
        }
      }),
      { numRuns: 500 }
    )
  })

  it("grows a disk only upwards, and asks for whole units that the server reads as exactly that size", () => {
    FastCheck.assert(
      FastCheck.property(Pretend.gibibytes(1, 5000), Pretend.gibibytes(1, 5000), (to, from) => {
        const spec: MachineSpec = { ...bare, disks: { scsi0: { size: to } } }
        const difference = Difference.of(spec, { ...clone, scsi0: `local-lvm:x,size=${Size.print(from)}` })
        expect(difference.resizes.length).toBe(to > from ? 1 : 0)
        expect(difference.problems.length).toBe(to < from ? 1 : 0)
        for (const { size } of difference.resizes) {
          expect(size).toMatch(/^\d+[KMGT]$/)
          expect(Either.getOrThrow(Size.parse(size))).toBe(to)
        }
      })
    )
  })

  it("makes a disk that is not there, on its own storage, the machine's, or the first disk's", () => {
    const size = 32 * Size.GiB
    const set = (spec: Partial<MachineSpec>) => Difference.of({ ...bare, ...spec }, clone).set
    expect(set({ storage: "fast", disks: { scsi1: { size, storage: "slow", discard: true } } })).toStrictEqual({
      scsi1: "slow:32,discard=on"
    })
    expect(set({ storage: "fast", disks: { scsi1: { size } } })).toStrictEqual({ scsi1: "fast:32" })
    expect(set({ disks: { scsi1: { size } } })).toStrictEqual({ scsi1: "local-lvm:32" })
    const nowhere = Difference.of({ ...bare, disks: { scsi1: { size } } }, { name: bare.name })
    expect(nowhere.problems.map(({ code }) => code)).toStrictEqual(["storage-unknown"])
  })

  it("does not move a disk, and takes a CD drive for no disk", () => {
    expect(codes({ scsi0: { size: 100 * Size.GiB, storage: "ceph" } })).toStrictEqual([
      ["disk-elsewhere", "disk scsi0 of rancher-manager-1"]
    ])
    expect(codes({ ide2: { size: 100 * Size.GiB } })).toStrictEqual([
      ["disk-is-drive", "disk ide2 of rancher-manager-1"]
    ])
  })

  it("tells a clone from its template: the disks move to the machine's storage, the template's own keys go", () => {
    const spec: MachineSpec = {
      ...wanted,
      storage: "ceph",
      disks: { scsi0: { size: 100 * Size.GiB, storage: "ceph" } }
    }
    const template = { ...clone, name: "ubuntu-24.04", template: "1", description: "golden", protection: "1" }
    const difference = Difference.ofTemplate(spec, template)
    expect(difference.problems).toStrictEqual([])
    expect(difference.changes.map(({ key }) => key)).not.toContain("name")
    expect(difference.set["scsi0"]).toBeUndefined()
    const noted = Difference.ofTemplate({ ...spec, description: "golden" }, template).changes
    expect(noted).toContainEqual({ key: "description", from: undefined, to: "golden" })
  })

  it("adds the cloud-init drive that a template lacks, beside what is there", () => {
    const { ide2: _, ...without } = clone
    const spec: MachineSpec = { ...bare, cloudInit: { addresses: {} } }
    expect(Difference.of(spec, without).set).toStrictEqual({ ide2: "local-lvm:cloudinit" })
    expect(Difference.of(spec, { ...without, ide2: "none,media=cdrom" }).set).toStrictEqual({
      ide0: "local-lvm:cloudinit"
    })
    expect(Difference.of(spec, clone).set).toStrictEqual({})
    expect(Difference.of(spec, { ...without, scsi1: "nfs:401/vm-401-cloudinit.qcow2,media=cdrom" }).set).toStrictEqual(
      {}
    )
  })

  it("never compares or sends the password", () => {
    const { changes: found, delete: gone, set } = Difference.of(wanted, { ...clone, cipassword: "**********" })
    expect([...Object.keys(set), ...gone, ...found.map((change) => change.key)]).not.toContain("cipassword")
  })

  it("lowers the balloon with the memory, which the server would refuse otherwise", () => {
    expect(Difference.of({ ...bare, memory: 1024 }, { ...clone, balloon: "2048" }).set).toStrictEqual({
      memory: "1024",
      balloon: "1024"
    })
    expect(Difference.of({ ...bare, memory: 4096 }, { ...clone, balloon: "2048" }).set).toStrictEqual({
      memory: "4096"
    })
  })

  describe("the description", () => {
    const marker = "managed-by: holdfast lab/rancher-manager-1 8d6bd3ea"
    it("ends with the marker, below the text of the specification or of the machine", () => {
      expect(described("hello", undefined, marker).set).toStrictEqual({ description: `hello\n${marker}` })
      expect(described(undefined, "by hand\n", marker).set).toStrictEqual({ description: `by hand\n${marker}` })
      expect(described(undefined, undefined, marker).set).toStrictEqual({ description: marker })
    })

    it("replaces the nonce form of the marker", () => {
      expect(described("hello", "managed-by: holdfast lab/rancher-manager-1 nonce 42\n", marker).set).toStrictEqual({
        description: `hello\n${marker}`
      })
    })

    it("keeps the marker that is there where none is given, and does not mind line breaks at the end", () => {
      expect(described("new", `old\n${marker}\n`).set).toStrictEqual({ description: `new\n${marker}` })
      expect(described("old", `old\r\n${marker}\n`, marker).changes).toStrictEqual([])
    })

    it("goes away when it is wanted empty", () => {
      expect(described("", "by hand")).toMatchObject({ delete: ["description"], set: {} })
    })
  })

  it("goes by the meaning of a setting, not by its text", () => {
    expect(changes({ agent: true }, { agent: "enabled=on,fstrim_cloned_disks=1" })).toStrictEqual([])
    expect(changes({ agent: false }, {})).toStrictEqual([])
    expect(changes({ onBoot: false }, {})).toStrictEqual([])
    expect(changes({ cores: 1, sockets: 1, memory: 512 }, {})).toStrictEqual([])
    expect(changes({ cpu: "cputype=host" }, { cpu: "host,flags=+aes" })).toStrictEqual([])
    expect(changes({ tags: ["b", "a"] }, { tags: "A, B" })).toStrictEqual([])
    expect(changes({ networks: { net0: { bridge: "vmbr0", mac: "BC:24:11:00:00:01", firewall: false } } }, {
      net0: "virtio=bc:24:11:00:00:01,bridge=vmbr0"
    })).toStrictEqual([])
  })

  it("tells real changes from spellings", () => {
    expect(keys({ agent: true }, { agent: "0,fstrim_cloned_disks=1" })).toStrictEqual(["agent.enabled"])
    expect(keys({ cores: 1 }, { cores: "2" })).toStrictEqual(["cores"])
    expect(keys({ tags: [] }, { tags: "a" })).toStrictEqual(["tags"])
    expect(keys({ onBoot: false }, { onboot: "yes" })).toStrictEqual(["onboot"])
    expect(keys({ networks: { net0: { bridge: "vmbr1", vlan: "none", mac: "BC:24:11:00:00:02" } } }, {
      net0: "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=9"
    })).toStrictEqual(["net0.bridge", "net0.macaddr", "net0.tag"])
    expect(keys({ cloudInit: { addresses: {}, nameservers: ["1.1.1.1", "8.8.8.8"], sshKeys: [] } }, {
      ide2: "x:vm-1-cloudinit",
      nameserver: "8.8.8.8 1.1.1.1",
      sshkeys: encodeURIComponent(key)
    })).toStrictEqual(["nameserver", "sshkeys"])
    expect(keys({ name: "other" }, {})).toStrictEqual(["name"])
  })

  it("refuses, of a specification made in code, an address that the server would leave out", () => {
    const spec: MachineSpec = { ...bare, cloudInit: { addresses: { net0: { ip: "dhcp", gateway: "10.0.0.1" } } } }
    const { problems, set } = Difference.of(spec, clone)
    expect(set).toStrictEqual({})
    expect(problems.map(({ kind, subject }) => [kind, subject])).toStrictEqual([
      ["invalid", "ipconfig0 of rancher-manager-1"]
    ])
  })
})
