import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Fault from "../../../src/kernel/Fault.ts"
import type { Answer } from "../../../src/transport/Answer.ts"
import * as Failure from "../../../src/systems/proxmox/Failure.ts"

const context = { operation: "Proxmox.clone", subject: "VM 401 from VM 9000 on pve1" }

/** As pve-http-server from 5.2.0 on answers a `die`. */
const modern = (message: string, status = 500): Answer => ({
  status,
  statusText: message,
  body: JSON.stringify({ data: null, message: `${message}\n` })
})

/** As it did before: the sentence is in the status line only. */
const old = (message: string, status = 500): Answer => ({ status, statusText: message, body: "{\"data\":null}" })

const refusing = (errors: Record<string, string>): Answer => ({
  status: 400,
  statusText: "Parameter verification failed.",
  body: JSON.stringify({ data: null, errors, message: "Parameter verification failed.\n" })
})

const shape = (fault: Fault.Fault) => [fault.kind, fault.code]

type Sentence = readonly [text: string, kind: Fault.Kind, code: string, resend: boolean]

/** Every sentence, with whether a mutation that failed by it may be sent again without reading first. */
const sentences: ReadonlyArray<Sentence> = [
  ["can't lock file '/var/lock/qemu-server/lock-401.conf' - got timeout", "locked", "lock-timeout", true],
  [
    "can't lock file '/var/lock/pve-manager/pve-storage-local-lvm' - got timeout",
    "locked",
    "storage-lock-timeout",
    true
  ],
  ["can't lock file '/var/lock/pvedaemon.lck' - got timeout", "locked", "lock-timeout", true],
  ["VM is locked (clone)", "locked", "vm-locked", true],
  ["VM is locked (snapshot-delete)", "locked", "vm-locked", true],
  ["cfs-lock 'storage-nfs1' error: got lock request timeout", "locked", "storage-lock-timeout", true],
  ["error with cfs lock 'storage-nfs1': got lock request timeout", "locked", "storage-lock-timeout", true],
  ["cfs-lock 'file-user_cfg' error: got lock request timeout", "locked", "lock-timeout", true],
  ["'storage-nfs1'-locked command timed out - aborting", "transient", "storage-lock-timeout", false],
  ["got no worker upid - start worker failed", "transient", "no-worker", false],
  ["cluster not ready - no quorum?", "transient", "no-quorum", false],
  ["cfs-lock 'storage-nfs1' error: no quorum!", "transient", "no-quorum", false],
  ["no quorum!", "transient", "no-quorum", false],
  ["unable to create VM 401: config file already exists", "conflict", "vmid-taken", false],
  ["unable to create VM 106 - VM 106 already exists on node 'pve2'", "conflict", "vmid-taken", false],
  [
    "unable to create VM 401 - open '/etc/pve/nodes/pve1/qemu-server/401.conf' failed: File exists",
    "conflict",
    "vmid-taken",
    false
  ],
  ["VM 218 already exists", "conflict", "vmid-taken", false],
  ["checksum mismatch (file change by other user?)", "conflict", "digest-mismatch", false],
  ["checksum missmatch (file change by other user?)", "conflict", "digest-mismatch", false],
  ["detected modified configuration - file changed by other user? Try again.", "conflict", "digest-mismatch", false],
  ["Configuration file 'nodes/pve1/qemu-server/401.conf' does not exist", "not-found", "config-missing", false],
  ["unable to find configuration file for VM 8000 on node 'pve1'", "not-found", "config-missing", false],
  ["no such task", "not-found", "no-such-task", false],
  ["no such cluster node 'pve9'", "not-found", "no-such-node", false],
  [
    "hostname lookup 'pve9' failed - failed to get address info for: pve9: Name or service not known",
    "not-found",
    "no-such-node",
    false
  ],
  ["snapshot 'before' does not exist", "not-found", "no-such-snapshot", false],
  ["storage 'fast' does not exist", "not-found", "no-such-storage", false],
  ["storage 'fast' is not available on node 'pve2'", "invalid", "storage-unavailable", false],
  ["volume 'nfs1:401/vm-401-disk-0.qcow2' does not exist", "not-found", "volume-missing", false],
  ["can't clone to non-shared storage 'local-lvm'", "invalid", "not-shared-storage", false],
  ["parameter 'storage' not allowed for linked clones", "invalid", "param", false],
  ["shrinking disks is not supported", "invalid", "shrink", false],
  ["SSH public key validation error", "invalid", "ssh-key", false],
  ["you can't start a vm if it's a template", "invalid", "is-template", false],
  ["invalid bootorder: device 'scsi9' does not exist'", "invalid", "param", false],
  ["VM 401 already running", "conflict", "vm-running", false],
  ["VM 401 is running - destroy failed", "conflict", "vm-running", false],
  ["VM 401 not running", "conflict", "vm-not-running", false],
  ["VM 401 is not running", "conflict", "vm-not-running", false],
  ["No QEMU guest agent configured", "invalid", "agent-not-configured", false],
  ["QEMU guest agent is not running", "locked", "agent-not-running", true],
  ["can't remove VM 401 - protection mode enabled", "invalid", "protected", false],
  ["unable to remove VM 401 - used in HA resources and purge parameter not set.", "invalid", "ha-managed", false],
  ["qemu-img: error while writing at byte 0: No space left on device", "failed", "storage-full", false],
  [
    "lvcreate 'pve/vm-401-disk-0' error: Volume group \"pve\" has insufficient free space (12 extents): 25600 required.",
    "failed",
    "storage-full",
    false
  ],
  ["zfs error: cannot create 'rpool/data/vm-401-disk-0': out of space", "failed", "storage-full", false],
  ["unable to resize image: No space left on device", "failed", "storage-full", false],
  [
    "lvcreate '/dev/pve/vm-disk' error: Cannot create new thin volume, free space in thin pool pve/data reached threshold.",
    "failed",
    "storage-full",
    false
  ],
  ["storage 'local' does not support content-type 'images'", "invalid", "storage-unavailable", false],
  ["storage 'nfs1' is not online", "transient", "storage-offline", false],
  ["Can't clone VM to node 'pve2' (VM uses local storage)", "invalid", "not-shared-storage", false],
  ["Linked clone feature is not supported for drive 'scsi0'", "invalid", "no-linked-clone", false],
  ["base volume 'local-lvm:base-9000-disk-0' is still in use by linked cloned '401'", "conflict", "in-use", false],
  ["pool 'prod' does not exist", "not-found", "no-such-pool", false],
  ["update pools failed: VM 401 is already a pool member", "conflict", "already-in-pool", false],
  ["update pools failed: VM 401 belongs already to pool 'test'", "conflict", "other-pool", false],
  ["bridge 'vmbr9' does not exist", "not-found", "no-such-bridge", false],
  ["VM quit/powerdown failed - got timeout", "failed", "shutdown-timeout", false],
  ["interrupted by signal", "failed", "aborted", false]
]

describe("Failure.classify", () => {
  it("a lock timeout of an old server, told in the reason phrase alone, is a lock and may be tried again", () => {
    const fault = Failure.classify(old("can't lock file '/var/lock/qemu-server/lock-401.conf' - got timeout"), context)
    assert.deepStrictEqual(shape(fault), ["locked", "lock-timeout"])
    assert.isTrue(Fault.mayResend(fault))
    assert.isFalse(Fault.trips(fault))
    assert.strictEqual(fault.status, 500)
    assert.strictEqual(fault.sent, "yes")
    assert.strictEqual(
      fault.message,
      "VM 401 from VM 9000 on pve1: can't lock file '/var/lock/qemu-server/lock-401.conf' - got timeout. " +
        "another operation holds the lock of VM 401"
    )
  })

  it.each(sentences)("%s", (text, kind, code, resend) => {
    for (const reply of [modern(text), old(text)]) {
      const fault = Failure.classify(reply, context)
      assert.deepStrictEqual(shape(fault), [kind, code])
      assert.strictEqual(fault.detail, text)
      assert.strictEqual(Fault.mayResend(fault), resend)
    }
  })

  it.each(sentences)("as a task's exit text: %s", (text, kind, code, resend) => {
    for (const exit of [text, `clone failed: ${text}`]) {
      const fault = Failure.fromExitStatus(exit, context)
      assert.deepStrictEqual(shape(fault), [kind, code])
      assert.strictEqual(fault.detail, exit)
      assert.strictEqual(Fault.mayResend(fault), resend)
    }
  })

  it("names in a text never make it another text", () => {
    // Storages, nodes and descriptions may be called anything.
    for (
      const text of [
        "storage 'no-quorum!' is used",
        "disk of VM is locked (clone) forever",
        "unexpected: VM 401 already running elsewhere",
        "TASK VM 401 already exists in backup",
        "no such task force"
      ]
    ) {
      assert.deepStrictEqual(shape(Failure.classify(modern(text), context)), ["failed", "server-error"])
      assert.deepStrictEqual(shape(Failure.fromExitStatus(text, context)), ["failed", "task-failed"])
    }
  })

  it("a known text inside any other text is not that text", () => {
    const word = FastCheck.stringMatching(/^[a-z0-9 '_-]{1,20}$/)
    FastCheck.assert(
      FastCheck.property(
        word,
        FastCheck.constantFrom(...sentences.filter(([, , code]) => code !== "storage-full")),
        word,
        (before, [text], after) => {
          assert.strictEqual(Failure.classify(modern(`${before}#${text}#${after}`)).code, "server-error")
        }
      )
    )
  })

  it("an unknown 500 is final, and no reason to send again or to open a circuit", () => {
    const fault = Failure.classify(modern("something perl died of"), context)
    assert.deepStrictEqual(shape(fault), ["failed", "server-error"])
    assert.isFalse(Fault.isRetryable(fault))
    assert.isFalse(Fault.trips(fault))
    assert.isFalse(Fault.isOutcomeUnknown(fault))
  })

  it.each(["", "Internal Server Error"])(
    "a 500 that only says %j is a crash, and leaves the outcome unknown",
    (text) => {
      const fault = Failure.classify({ status: 500, statusText: text, body: "" }, context)
      assert.deepStrictEqual(shape(fault), ["transient", "server-error"])
      assert.isTrue(Fault.isRetryable(fault))
      assert.isTrue(Fault.isOutcomeUnknown(fault))
    }
  )

  it.each([595, 596, 597, 598, 599])("the pseudo-status %i leaves the outcome unknown", (status) => {
    const fault = Failure.classify({ status, statusText: "Connection timed out", body: "" }, context)
    assert.deepStrictEqual(shape(fault), ["transient", "gateway-timeout"])
    assert.strictEqual(fault.sent, "maybe")
    assert.isTrue(Fault.isOutcomeUnknown(fault))
    assert.isFalse(Fault.mayResend(fault))
  })

  it.each([[502, "unavailable"], [503, "unavailable"], [504, "gateway-timeout"], [520, "unavailable"]] as const)(
    "a proxy's %i may have passed the request on",
    (status, code) => {
      const fault = Failure.classify({ status, statusText: "", body: "<html>" }, context)
      assert.deepStrictEqual([...shape(fault), fault.sent], ["transient", code, "maybe"])
    }
  )

  it("a refused parameter is named, whatever the order the server writes them in", () => {
    const errors = {
      memory: "value must have a minimum value of 16\n",
      cores: "type check ('integer') failed - got 'x'\n"
    }
    const fault = Failure.classify(refusing(errors), context)
    assert.deepStrictEqual(shape(fault), ["invalid", "param"])
    assert.strictEqual(
      fault.detail,
      "Parameter verification failed: cores: type check ('integer') failed - got 'x'; " +
        "memory: value must have a minimum value of 16"
    )
    const other = Failure.classify(refusing({ cores: errors.cores, memory: errors.memory }), context)
    assert.strictEqual(other.detail, fault.detail)
  })

  it("what a 400 says about one parameter may be more than a mistake", () => {
    assert.deepStrictEqual(shape(Failure.classify(refusing({ vmid: "VM 218 already exists" }))), [
      "conflict",
      "vmid-taken"
    ])
    assert.deepStrictEqual(shape(Failure.classify(refusing({ upid: "no such task" }))), ["not-found", "no-such-task"])
    assert.deepStrictEqual(shape(Failure.classify(refusing({ upid: "unable to parse worker upid" }))), [
      "invalid",
      "param"
    ])
    assert.deepStrictEqual(shape(Failure.classify(old("Parameter verification failed.", 400))), ["invalid", "param"])
  })

  it("a missing permission names the path and the privilege", () => {
    const fault = Failure.classify(old("Permission check failed (/vms/9000, VM.Clone)", 403), context)
    assert.deepStrictEqual(shape(fault), ["denied", "permission"])
    assert.include(fault.hint ?? "", "Grant VM.Clone on /vms/9000")
    const either = Failure.classify(
      modern("Permission check failed (/storage/fast, Datastore.AllocateSpace|Datastore.Audit)", 403)
    )
    assert.include(either.hint ?? "", "Grant Datastore.AllocateSpace or Datastore.Audit on /storage/fast")
    assert.include(Failure.classify(modern("Permission check failed (user != root@pam)", 403)).hint ?? "", "doctor")
  })

  it.each([
    ["No ticket", "unauthenticated"],
    ["Authentication failed!", "unauthenticated"],
    ["authentication failure", "unauthenticated"],
    ["permission denied - invalid PVE ticket", "ticket-expired"],
    ["Permission denied - invalid csrf token", "ticket-expired"],
    ["", "unauthenticated"]
  ])("a 401 \"%s\" is %s", (text, code) => {
    const fault = Failure.classify({ status: 401, statusText: text, body: "" }, context)
    assert.deepStrictEqual(shape(fault), ["unauthenticated", code])
  })

  it("the other statuses", () => {
    assert.deepStrictEqual(shape(Failure.classify({ status: 501, statusText: "Method 'POST /x' not implemented" })), [
      "invalid",
      "not-implemented"
    ])
    assert.deepStrictEqual(shape(Failure.classify({ status: 404 })), ["not-found", "no-such-path"])
    assert.deepStrictEqual(shape(Failure.classify({ status: 301, statusText: "Moved Permanently" })), [
      "invalid",
      "unexpected-answer"
    ])
    const throttled = Failure.classify({ status: 429, retryAfterMillis: 2500 })
    assert.deepStrictEqual([...shape(throttled), throttled.retryAfterMillis], ["throttled", "throttled", 2500])
  })

  it("never fails itself, whatever arrives", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.integer({ min: 300, max: 599 }),
        FastCheck.string(),
        FastCheck.oneof(FastCheck.string(), FastCheck.json(), FastCheck.constant(undefined)),
        (status, statusText, body) => {
          const fault = Failure.classify({ status, statusText, body }, context)
          assert.isTrue(Fault.isFault(fault))
          assert.isAbove(fault.detail.length, 0)
          assert.notMatch(fault.detail, /\n/)
        }
      )
    )
  })
})

describe("Failure.fromExitStatus", () => {
  it("a task whose end nobody recorded is unknown, not failed", () => {
    for (const text of ["unexpected status", "unable to get last line from task log - end of file"]) {
      const fault = Failure.fromExitStatus(text, context)
      assert.deepStrictEqual(shape(fault), ["unknown", "unexpected-status"])
      assert.isTrue(Fault.isOutcomeUnknown(fault))
    }
  })

  it("a configuration taken in part", () => {
    const fault = Failure.fromExitStatus("400 Parameter verification failed.  net0: hotplug failed - no slot", context)
    assert.deepStrictEqual(shape(fault), ["invalid", "param"])
    assert.strictEqual(fault.detail, "Parameter verification failed: net0: hotplug failed - no slot")
  })

  it("anything else failed, for good", () => {
    const fault = Failure.fromExitStatus(
      "clone failed: mirroring error: VM 9000 qmp command 'block-job-cancel' failed",
      context
    )
    assert.deepStrictEqual(shape(fault), ["failed", "task-failed"])
    assert.isFalse(Fault.isRetryable(fault))
    assert.strictEqual(Failure.fromExitStatus("").code, "task-failed")
  })
})
