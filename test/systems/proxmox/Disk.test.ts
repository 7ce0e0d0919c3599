import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Disk from "../../../src/systems/proxmox/grammar/Disk.ts"
import * as PropertyString from "../../../src/systems/proxmox/grammar/PropertyString.ts"
import * as Size from "../../../src/systems/proxmox/grammar/Size.ts"

const drive = (text: string) => Either.getOrThrow(PropertyString.parse(text, Disk.grammar))

describe("Disk", () => {
  it("knows the names of disks", () => {
    expect(Disk.parseName("scsi30")).toStrictEqual({ bus: "scsi", index: 30 })
    expect(["scsi31", "virtio16", "sata6", "ide4", "scsi01", "efidisk0", "scsi", "net0", "size"].map(Disk.parseName))
      .toStrictEqual(Array.from({ length: 9 }, () => undefined))
    expect(Disk.names).toHaveLength(57)
  })

  it("asks for a new volume by its GiB", () => {
    expect(Disk.allocation("local-lvm", 32 * Size.GiB)).toBe("local-lvm:32")
  })

  it("knows the storage of a drive", () => {
    expect(["local-lvm:vm-1-disk-0,size=1G", "file=nfs:1/vm-1-disk-0.qcow2", "none,media=cdrom", "/dev/sdb", "cdrom"]
      .map((text) => Disk.storageOf(drive(text)))).toStrictEqual(["local-lvm", "nfs", undefined, undefined, undefined])
  })

  it("knows the cloud-init drive from other CD drives and from disks", () => {
    const texts = [
      "local-lvm:cloudinit",
      "local-lvm:vm-401-cloudinit,media=cdrom,size=4M",
      "nfs:401/vm-401-cloudinit.qcow2,media=cdrom",
      "local:iso/cloudinit.iso,media=cdrom",
      "none,media=cdrom",
      "local-lvm:vm-401-disk-0,size=1G"
    ]
    expect(texts.map((text) => Disk.isCloudInit(drive(text)))).toStrictEqual([true, true, true, false, false, false])
    expect(texts.map((text) => Disk.isCdrom(drive(text)))).toStrictEqual([true, true, true, true, true, false])
  })

  it("finds where a volume goes whose storage nobody names", () => {
    const spec = {
      name: "a",
      vmid: 401,
      nodes: [],
      template: { _tag: "Id" as const, id: 9000 },
      clone: "full" as const,
      disks: { scsi1: { size: Size.GiB, storage: "slow" } },
      networks: {},
      start: true
    }
    const config = { ide2: "iso:cloudinit", sata0: "bulk:vm-1-disk-1,size=1G", scsi0: "fast:vm-1-disk-0,size=1G" }
    expect(Disk.defaultStorage({ ...spec, storage: "chosen" }, config)).toBe("chosen")
    expect(Disk.defaultStorage(spec, config)).toBe("fast")
    expect(Disk.defaultStorage(spec, { ide2: "iso:cloudinit" })).toBe("slow")
    expect(Disk.defaultStorage({ ...spec, disks: {} }, { scsi0: "a,b" })).toBe(undefined)
  })
})
