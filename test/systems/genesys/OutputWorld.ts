/**
 * Two generations of a small organisation.
 */
import type * as Output from "../../../src/systems/genesys/output/Output.ts"
import * as Lab from "./OutputLab.ts"

export const input = (directory: string, generation: number, filler = 0): Output.Input => {
  const names = generation === 1 ? ["Ann", "Bob"] : ["Ann", "Cid", "Dan"]
  const users = names.map((name) => Lab.make("genesyscloud_user", name, { name }))
  const others = Array.from(
    { length: filler },
    (_, index) => Lab.make("genesyscloud_user", `filler-${index}`, { name: `Filler ${index}`, email: "x".repeat(1000) })
  )
  const audio = `audio ${generation}`
  const flow = Lab.make("genesyscloud_flow", "f1", { name: "Flow" }, {
    files: [{ path: `flows/${generation}.yaml`, attribute: "filepath", digest: Lab.digest(audio) }]
  })
  return Lab.input(
    directory,
    [...users, ...others, flow],
    { includeStateFile: true, compress: true },
    { [`flows/${generation}.yaml`]: audio }
  )
}
