/**
 * The verbs of ElevenLabs knowledge bases.
 *
 * @since 0.1.0
 */
import { dryRun, waitWhile, yes } from "../../SharedFlags.ts"
import { group, verb } from "../../Verb.ts"

const sites = {
  name: "SITES",
  description: "The sites file, YAML or JSON: which sites there are, and the agents that shall know each",
  required: false,
  fallback: "elevenlabs.sites, else ./sites.yaml"
} as const

const site = {
  kind: "texts",
  name: "site",
  value: "SITE",
  description: "Only this site, by its URL, host or slug; may be repeated",
  fallback: "every site of the file"
} as const

const difference = {
  site,
  strategy: {
    kind: "choice",
    name: "strategy",
    value: "STRATEGY",
    choices: ["swap", "in-place"],
    description: "How a changed file is brought over: a new document that takes the place of the old one with every "
      + "agent, or the same document with new content",
    fallback: "what the sites file says, else swap"
  },
  force: { kind: "boolean", name: "force", description: "Send every file again, changed or not" },
  maxDelete: {
    kind: "text",
    name: "max-delete",
    value: "N|P%",
    description: "How many files of a site may lose their documents in one run: a number, or a share of them all. More "
      + "than that, and nothing is done to the site: exit 3",
    fallback: "50%, and one in any case"
  }
} as const

const wait = waitWhile("changes this workspace")

const inGit = {
  git: {
    kind: "boolean",
    name: "git",
    description:
      "Pull before, and commit and push the state files of these sites after. What else is changed or staged "
      + "stays as it is. Nothing is done where the clone cannot be brought up to date; exit 2 where all is done and "
      + "cannot be pushed"
  },
  branch: {
    kind: "text",
    name: "branch",
    value: "BRANCH",
    description: "The branch to push to with --git",
    fallback: "the one that is checked out follows; where none is checked out, that of GITHUB_REF"
  }
} as const

/**
 * @since 0.1.0
 * @category verbs
 */
export const sync = verb({
  name: "sync",
  summary: "Make documents and agents know what the files say",
  description: "Compares the files of each site with what is recorded and what is in the workspace, and does the "
    + "difference: new files become documents that the site's agents know, changed ones are replaced, and those of "
    + "removed files are taken from the agents and deleted. At no moment is an agent without a document it had.\n\n"
    + "It asks no questions, so that it can run by the clock; --dry-run tells what it would do, and --max-delete is "
    + "the guard. An empty or missing folder never deletes anything. Killed or interrupted, the same command finishes "
    + "the work (see also holdfast run --help).",
  flags: {
    ...difference,
    ...inGit,
    dryRun,
    wait
  },
  args: { sites },
  examples: [
    { line: "holdfast elevenlabs sync sites.yaml", says: "All sites" },
    { line: "holdfast elevenlabs sync sites.yaml --git --wait 10m", says: "In a workflow" },
    { line: "holdfast kb sync --site www.example.com --max-delete 5", says: "One of ./sites.yaml, carefully" }
  ]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const plan = verb({
  name: "plan",
  summary: "Tell what sync would do",
  description: "Compares the files, what is recorded and what is in the workspace, and changes nothing. Exits 3 where "
    + "sync would refuse.",
  flags: difference,
  args: { sites },
  examples: [{ line: "holdfast elevenlabs plan --json | jq '.sites[].documents[].action'", says: "Before the night" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const list = verb({
  name: "list",
  summary: "List the documents of the sites",
  description:
    "Every document in the folders of the sites: the file it is of, how it stands with what is recorded, and "
    + "how many of the site's agents name it.",
  flags: { site },
  args: { sites },
  examples: [{ line: "holdfast elevenlabs list --json | jq '.sites[].documents[].id'", says: "For a script" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const status = verb({
  name: "status",
  summary: "Tell whether the sites are in step",
  description:
    "What sync would do, what is missing or left over, and who works on a site now. Changes nothing. Exits 0 "
    + "where everything is in step and 2 where it is not.",
  flags: { site },
  args: { sites },
  examples: [{ line: "holdfast elevenlabs status || holdfast elevenlabs sync", says: "Only where there is need" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const assign = verb({
  name: "assign",
  summary: "Give agents what they lack of their sites",
  description: "Names the recorded documents of each site to those of its agents that lack them: an agent that is new "
    + "in the sites file, or one that somebody took a document from. Sends no file.",
  flags: { site, ...inGit, wait },
  args: { sites },
  examples: [{ line: "holdfast elevenlabs assign --site www.example.com", says: "After adding an agent" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const remove = verb({
  name: "remove",
  summary: "Take documents from the agents and delete them",
  description: "Takes the documents of one or more sites from every agent that names them, and deletes them. It asks "
    + "first. The files stay, and the next sync would send them again.",
  flags: {
    site: { ...site, fallback: "none: at least one must be named" },
    file: {
      kind: "texts",
      name: "file",
      value: "FILE",
      description: "Only the document of this file, as list shows it; may be repeated",
      fallback: "every file"
    },
    yes,
    ...inGit,
    wait
  },
  args: { sites },
  examples: [{ line: "holdfast elevenlabs remove --site www.example.com", says: "Give up a site" }]
})

const recordsOnly = { ...dryRun, description: "Say what would be written, and write nothing" } as const

/**
 * @since 0.1.0
 * @category verbs
 */
export const migrate = verb({
  name: "migrate",
  summary: "Take over the one state file of an older tool",
  description: "Reads the one file in which an older tool kept the documents of all sites, and writes one state file a "
    + "site. Its keys are understood only through the sites file; what may be several sites is told with the "
    + "candidates and left out: exit 2. The old file is left as it is, and doing it again changes nothing.",
  flags: { dryRun: recordsOnly, ...inGit },
  args: { legacy: { name: "OLD", description: "The old state file, JSON", required: true }, sites },
  examples: [{ line: "holdfast elevenlabs migrate kb-state.json sites.yaml --dry-run", says: "Look first" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const repair = verb({
  name: "repair",
  summary: "Mend damaged state files",
  description:
    "Mends what breaks the contract of a state file. What can be read is kept, what cannot is put away in its "
    + "quarantine, and no document id is lost. Asks nothing of the API.",
  flags: { site, dryRun: recordsOnly, ...inGit },
  args: { sites },
  examples: [{ line: "holdfast elevenlabs repair --dry-run", says: "What is wrong with them?" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const rebuild = verb({
  name: "rebuild",
  summary: "Make state files anew from what is in the workspace",
  description: "Makes the records of the sites anew from the documents in their folders, which are downloaded to be "
    + "told apart by their content. Changes nothing in the workspace.",
  flags: { site, dryRun: recordsOnly, ...inGit },
  args: { sites },
  examples: [{ line: "holdfast elevenlabs rebuild --site www.example.com", says: "Where the state file is lost" }]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const doctor = verb({
  name: "doctor",
  summary: "Check the key, the plan, the agents, the sites file and the state files",
  description: "Tells whether the workspace answers and takes the key, what its plan has left, whether every agent of "
    + "the sites file is there, and of each site how its files, its state file and its documents stand, who works on it "
    + "now, and what earlier runs left open. Changes nothing. Without a key it says what it can. Exits 3 when a check "
    + "fails; a warning fails nothing.",
  flags: { site },
  args: { sites },
  examples: [
    { line: "holdfast elevenlabs doctor sites.yaml", says: "Before the first sync" },
    { line: "holdfast kb doctor --json | jq '.checks[] | select(.state != \"ok\")'", says: "What is not well?" }
  ]
})

/**
 * @since 0.1.0
 * @category verbs
 */
export const elevenlabs = group({
  name: "elevenlabs",
  aliases: ["kb"],
  summary: "ElevenLabs knowledge bases in step with files",
  description: "Knowledge bases of ElevenLabs agents in step with the files of sites, under out/SLUG each.\n\n"
    + "The API key comes from HOLDFAST_ELEVENLABS_API_KEY or ELEVENLABS_API_KEY, or from the setting elevenlabs.apiKey, "
    + "and never from the command line. What is recorded of a site is in config/elevenlabs/SLUG.json, which belongs "
    + "into git beside the files.",
  children: [sync, plan, list, status, assign, remove, migrate, repair, rebuild, doctor],
  examples: [
    { line: "holdfast elevenlabs plan sites.yaml", says: "What would be done?" },
    { line: "holdfast kb sync sites.yaml", says: "Do it; kb is short for elevenlabs" }
  ]
})
