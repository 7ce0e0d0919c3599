/**
 * The verbs that belong to no system, and the root of them all.
 *
 * @since 0.1.0
 */
import { group, verb } from "../Verb.ts"
import { elevenlabs } from "./elevenlabs/verbs.ts"
import { genesys } from "./genesys/verbs.ts"
import { proxmox } from "./proxmox/verbs.ts"
import { runs } from "./run/verbs.ts"

const port = {
  kind: "integer",
  name: "port",
  value: "PORT",
  minimum: 0,
  description: "Where to listen, on 127.0.0.1",
  fallback: "a free one"
} as const

const latency = {
  kind: "duration",
  name: "latency",
  value: "DURATION",
  description: "How long every answer takes at the least: 20ms, 1s",
  fallback: "none"
} as const

/** `description` says what is the same with the same seed. */
const seed = (description: string) =>
  ({ kind: "integer", name: "seed", value: "N", minimum: 0, description, fallback: "1" }) as const

const speed = (fallback: string) =>
  ({
    kind: "number",
    name: "speed",
    value: "X",
    minimum: 0.001,
    description: "How many times faster than life the server works",
    fallback
  }) as const

/**
 * @since 0.1.0
 * @category verbs
 */
export const simProxmox = verb({
  name: "proxmox",
  summary: "Serve a simulated two-node Proxmox VE",
  description: "Serves a simulated Proxmox VE on this machine until Ctrl-C, and prints the environment that points "
    + "holdfast, or any other client, at it. The printed lines are shell.",
  flags: {
    port,
    faults: {
      kind: "text",
      name: "faults",
      value: "FILE",
      description: "A fault plan, YAML or JSON",
      fallback: "none"
    },
    seed: seed("The same seed gives the same world and the same misfortunes"),
    speed: speed("1")
  },
  args: {},
  examples: [
    { line: "holdfast sim proxmox --port 8006 --speed 20", says: "A cluster to play with" },
    {
      line: "holdfast sim proxmox > sim.env & sleep 1; . ./sim.env; holdfast proxmox list",
      says: "Point this shell at it"
    }
  ]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const simGenesys = verb({
  name: "genesys",
  summary: "Serve a simulated Genesys Cloud organisation",
  description: "Serves a simulated Genesys Cloud organisation on this machine until Ctrl-C, and prints the environment "
    + "that points holdfast at it. The printed lines are shell. The organisation is made up from its seed: names used "
    + "twice, names in many scripts, references across all types, circles, and what the API makes of its own.",
  flags: {
    resources: {
      kind: "integer",
      name: "resources",
      value: "N",
      minimum: 1,
      description: "How many resources there are to export, of all types together",
      fallback: "200"
    },
    seed: seed("The same seed gives the same organisation and the same misfortunes"),
    port,
    latency,
    rateLimit: {
      kind: "integer",
      name: "rate-limit",
      value: "N",
      minimum: 0,
      description: "Requests a minute that a token may make; 0 for any number",
      fallback: "300, as the real one"
    },
    clients: {
      kind: "integer",
      name: "clients",
      value: "N",
      minimum: 1,
      description: "How many OAuth clients there are, each with a limit of its own",
      fallback: "1"
    },
    faults: {
      kind: "text",
      name: "faults",
      value: "FILE",
      description: "What goes wrong, YAML or JSON: network (a fault plan), trouble (vanishing, restless, growing, "
        + "repeating), denied and notEnabled (types)",
      fallback: "nothing"
    }
  },
  args: {},
  examples: [
    { line: "holdfast sim genesys --resources 10000 --rate-limit 0", says: "A large organisation in a hurry" },
    {
      line: "holdfast sim genesys > sim.env & sleep 1; . ./sim.env; holdfast genesys export",
      says: "Point this shell at it"
    }
  ]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const simElevenLabs = verb({
  name: "elevenlabs",
  summary: "Serve a simulated ElevenLabs workspace",
  description: "Serves a simulated ElevenLabs workspace on this machine until Ctrl-C, and prints the environment that "
    + "points holdfast at it, with the ids of its agents. The printed lines are shell. Every second agent retrieves "
    + "from its documents, which takes documents only once they are indexed.",
  flags: {
    agents: {
      kind: "integer",
      name: "agents",
      value: "N",
      minimum: 0,
      description: "How many agents there are",
      fallback: "2"
    },
    seed: seed("The same seed gives the same ids and the same misfortunes"),
    port,
    latency,
    listingLag: {
      kind: "duration",
      name: "listing-lag",
      value: "DURATION",
      description: "How long a new document is missing from listings",
      fallback: "none"
    },
    indexing: {
      kind: "duration",
      name: "indexing",
      value: "DURATION",
      description: "How long an index takes",
      fallback: "3s"
    },
    tier: {
      kind: "choice",
      name: "tier",
      value: "TIER",
      choices: ["free", "starter", "creator", "pro", "scale", "business"],
      description: "The plan of the workspace, which sets its limits",
      fallback: "creator"
    },
    faults: {
      kind: "text",
      name: "faults",
      value: "FILE",
      description:
        "What goes wrong, YAML or JSON: network (a fault plan), trouble (edits, renames, deletions, endless)",
      fallback: "nothing"
    }
  },
  args: {},
  examples: [
    { line: "holdfast sim elevenlabs --latency 50ms", says: "A workspace to play with" },
    {
      line: "holdfast sim elevenlabs > sim.env & sleep 1; . ./sim.env; cat sim.env",
      says: "Point this shell at it, and see the ids of its agents"
    }
  ]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const demo = verb({
  name: "demo",
  summary: "Make five machines on a simulated, misbehaving Proxmox VE",
  description: "Starts a simulated two-node Proxmox VE that misbehaves the way the real one does, and applies a fleet "
    + "of five machines to it. Needs no host and leaves nothing behind.",
  flags: {
    printFleet: {
      kind: "boolean",
      name: "print-fleet",
      description: "Print the fleet file of the demo, to begin one's own with, and do nothing"
    },
    speed: speed("10"),
    seed: seed("Another seed brings other misfortunes")
  },
  args: {},
  examples: [{ line: "holdfast demo", says: "Watch it work" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const root = group({
  name: "holdfast",
  summary: "Operations that must not half-happen",
  description: "Runs operations against remote control planes that must not half-happen.",
  children: [
    proxmox,
    genesys,
    elevenlabs,
    runs,
    group({
      name: "sim",
      summary: "Simulated systems to try things on",
      description: "Simulated systems that behave, and misbehave, as the real ones do.",
      children: [simProxmox, simGenesys, simElevenLabs],
      examples: [{ line: "holdfast sim proxmox --port 8006", says: "Serve a simulated cluster" }]
    }),
    demo
  ],
  examples: [
    { line: "holdfast demo", says: "See it work, with nothing installed" },
    { line: "holdfast proxmox apply fleet.yaml", says: "Make virtual machines on a real host" },
    { line: "holdfast genesys export --directory acme", says: "Write an organisation as Terraform configuration" }
  ]
})
