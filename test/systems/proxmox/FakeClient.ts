/**
 * A client that answers only what a test gives it.
 */
import * as Effect from "effect/Effect"
import type * as Client from "../../../src/systems/proxmox/Client.ts"

const unexpected = (name: string) => Effect.dieMessage(`${name} is not expected`)

export const make = (given: Partial<Client.Service>): Client.Service => ({
  version: unexpected("version"),
  nodes: unexpected("nodes"),
  storages: () => unexpected("storages"),
  machines: unexpected("machines"),
  nextId: () => unexpected("nextId"),
  permissions: unexpected("permissions"),
  clone: () => unexpected("clone"),
  config: () => unexpected("config"),
  updateConfig: () => unexpected("updateConfig"),
  pending: () => unexpected("pending"),
  resize: () => unexpected("resize"),
  status: () => unexpected("status"),
  power: () => unexpected("power"),
  destroy: () => unexpected("destroy"),
  regenerateCloudInit: () => unexpected("regenerateCloudInit"),
  agentInterfaces: () => unexpected("agentInterfaces"),
  poolMembers: () => unexpected("poolMembers"),
  taskStatus: () => unexpected("taskStatus"),
  taskLog: () => unexpected("taskLog"),
  tasks: () => unexpected("tasks"),
  abortTask: () => unexpected("abortTask"),
  ...given
})
