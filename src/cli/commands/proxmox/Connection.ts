/**
 * What every verb of Proxmox VE needs: the configured host, and the fleet file.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import * as Client from "../../../systems/proxmox/Client.ts"
import type { Fleet } from "../../../systems/proxmox/Fleet.ts"
import * as FleetFile from "../../../systems/proxmox/FleetFile.ts"
import * as Upid from "../../../systems/proxmox/Upid.ts"
import * as Connected from "../../Connected.ts"
import { Session } from "../../Session.ts"
import { usage } from "../../UsageFault.ts"

/**
 * Runs against the configured host.
 *
 * @since 0.1.0
 * @category combinators
 */
export const connected = Connected.connected("proxmox", Layer.merge(Client.layerConfig, Journal.layerMemory))

/**
 * The path of the fleet file: the argument, else the configured one, else `./fleet.yaml`.
 *
 * @since 0.1.0
 * @category getters
 */
export const fleetPath = (argument: string | undefined): Effect.Effect<string, never, Session> =>
  Effect.map(Session, ({ settings }) => argument ?? settings.get("proxmox.fleet") ?? "fleet.yaml")

/**
 * @since 0.1.0
 * @category constructors
 */
export const loadFleet = (
  argument: string | undefined
): Effect.Effect<Fleet, Fault.Fault, FileSystem.FileSystem | Session> =>
  Effect.flatMap(fleetPath(argument), FleetFile.load)

/**
 * The names in `--only a,b`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const names = (only: string | undefined): ReadonlyArray<string> | undefined =>
  only?.split(",").map((name) => name.trim()).filter((name) => name !== "")

/**
 * @since 0.1.0
 * @category constructors
 */
export const upid = (text: string): Effect.Effect<Upid.Upid, Fault.Fault> =>
  Effect.mapError(
    Upid.parse(text),
    (problem) => usage(problem, "give the whole name, as the log or the Proxmox interface shows it")
  )
