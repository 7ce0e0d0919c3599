/**
 * A disk of its own, which is soon full.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const shell = (script: string, ...words: ReadonlyArray<string>) =>
  execFileSync("/bin/sh", ["-c", script, "test", ...words], { stdio: "ignore" })

const mount = (folder: string, size: string) =>
  shell("exec mount -t tmpfs -o \"size=$2\" holdfast-test \"$1\"", folder, size)

const unmount = (folder: string) => shell("exec umount -l \"$1\"", folder)

export interface Disk {
  readonly folder: string
  readonly resize: (size: string) => void
}

const make = (size: string): Disk => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-disk-"))
  mount(folder, size)
  return {
    folder,
    resize: (size) => void shell("exec mount -o \"remount,size=$2\" \"$1\"", folder, size)
  }
}

const remove = ({ folder }: Disk): void => {
  unmount(folder)
  rmdirSync(folder)
}

/** Until the scope closes. The size as mount(8) takes it: `256k`. */
export const smallDisk = (size: string): Effect.Effect<Disk, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.sync(() => make(size)), (disk) => Effect.sync(() => remove(disk)))

/** Few users may, and not in every container. */
export const mayMount: boolean = Effect.runSync(Effect.isSuccess(Effect.try(() => remove(make("64k")))))
