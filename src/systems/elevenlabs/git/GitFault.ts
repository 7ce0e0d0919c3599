/**
 * From what git says to a {@link Fault.Fault}. Git has one exit code for almost everything, so its words in the C locale
 * decide; whatever is quoted from it has lost its secrets before.
 *
 * @since 0.1.0
 */
import * as Fault from "../../../kernel/Fault.ts"

/**
 * Which call it was.
 *
 * @since 0.1.0
 * @category models
 */
export interface Context {
  /** As in the span: `Git.push`. */
  readonly operation: string
  /** The repository, or the branch on its remote. */
  readonly subject: string
}

/**
 * Takes the credentials out of a text: what stands before the host of a URL, tokens among its parameters, and headers.
 *
 * @since 0.1.0
 * @category combinators
 */
export const redact = (text: string): string =>
  text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/'"]+@/gi, "$1<redacted>@")
    .replace(/([?&](?:access_token|private_token|token|key|password|secret)=)[^\s&'"]+/gi, "$1<redacted>")
    .replace(/((?:proxy-)?authorization:\s*).*/gi, "$1<redacted>")
    .replace(/\b(?:gh[a-z]_|github_pat_|glpat-)[A-Za-z0-9_-]{6,}/g, "<redacted>")

interface Said extends Pick<Fault.Options, "kind" | "hint"> {
  readonly code: string
  /** The request never reached the other side. */
  readonly sent?: Fault.Sent
}

const credentials =
  "Check the credentials of the remote: the token or the key, and that it may write to this repository"
const network = "Check the network and the URL of the remote, then run it again: what was committed is kept"

/** The first that matches decides. */
const known: ReadonlyArray<readonly [RegExp, Said]> = [
  [/detected dubious ownership|unsafe repository/i, {
    kind: "denied",
    code: "unsafe-directory",
    sent: "no",
    hint: "The folder belongs to another user. Allow it with `git config --global --add safe.directory <folder>`"
  }],
  [/not a git repository|must be run in a work tree/i, {
    kind: "invalid",
    code: "not-a-repository",
    sent: "no",
    hint: "Run it inside a clone, or leave out git"
  }],
  [/no space left on device|disk quota exceeded/i, {
    kind: "failed",
    code: "disk-full",
    hint: "Free some space and run it again"
  }],
  [/unpack failed|unpacker error/i, {
    kind: "failed",
    code: "remote-storage",
    hint: "The remote could not store the objects: ask its operator"
  }],
  [/\.lock': File exists|unable to create '.*\.lock'|cannot lock ref|could not lock/i, {
    kind: "locked",
    code: "git-locked",
    sent: "no",
    hint: "Another git process works in this repository: wait for it and run it again"
  }],
  [/are ignored by one of your \.gitignore/i, {
    kind: "invalid",
    code: "ignored-path",
    sent: "no",
    hint: "A state file must be in git: take it out of .gitignore"
  }],
  [/host key verification failed/i, {
    kind: "denied",
    code: "host-key",
    sent: "no",
    hint: "Add the key of the host to known_hosts"
  }],
  [/ssl certificate|certificate verif|gnutls|schannel/i, {
    kind: "denied",
    code: "certificate",
    sent: "no",
    hint: "Check the certificate authorities git uses (http.sslCAInfo)"
  }],
  [
    /authentication failed|could not read (?:username|password)|terminal prompts disabled|permission denied \(|invalid (?:username|credentials)|returned error: 401/i,
    { kind: "unauthenticated", code: "git-authentication", sent: "no", hint: credentials }
  ],
  [/returned error: 403|permission to .* denied|access denied|you are not allowed/i, {
    kind: "denied",
    code: "git-denied",
    hint: credentials
  }],
  [/does not appear to be a git repository|repository .*not found|no such remote|returned error: 404/i, {
    kind: "not-found",
    code: "no-remote",
    sent: "no",
    hint: "Check the remote with `git remote -v`; a private repository is also hidden from wrong credentials"
  }],
  [/returned error: 429/i, { kind: "throttled", code: "git-throttled", hint: "Wait a while and run it again" }],
  [/refusing to merge unrelated|shallow update not allowed/i, {
    kind: "invalid",
    code: "shallow",
    hint: "Fetch the whole history (`git fetch --unshallow`, or `fetch-depth: 0` in a workflow)"
  }],
  [
    /could not resolve|failed to connect|couldn't connect|connection (?:refused|timed out|reset|closed)|operation timed out|network is unreachable|no route to host|unable to access|remote end hung up|early eof|rpc failed|could not read from remote|returned error: 5\d\d|unexpected disconnect|unexpected eof/i,
    { kind: "transient", code: "git-network", sent: "maybe", hint: network }
  ],
  [/hook|husky|pre-commit/i, {
    kind: "denied",
    code: "hook-declined",
    hint: "A hook said no: see what it says, and satisfy it"
  }]
]

/** What is worth telling of a long output: the lines that name a failure, or the last ones. */
const essence = (stderr: string): string => {
  const lines = stderr.split(/[\r\n]+/).map((line) => line.trim()).filter((line) => line !== "")
  const telling = lines.filter((line) => /^(?:fatal|error|remote|!)\b/i.test(line) || /rejected/.test(line))
  return (telling.length > 0 ? telling : lines.slice(-3)).slice(0, 6).join("; ").slice(0, 600)
}

/**
 * The fault of a git command that ended with a failure.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromOutput = (
  { operation, subject }: Context,
  command: string,
  exitCode: number,
  output: string
): Fault.Fault => {
  const clean = redact(output)
  const said = known.find(([pattern]) => pattern.test(clean))?.[1]
  const words = essence(clean)
  return Fault.make({
    system: "git",
    operation,
    subject,
    kind: said?.kind ?? "failed",
    code: said?.code ?? "git-failed",
    sent: said?.sent ?? "yes",
    detail: `git ${command} failed (exit ${exitCode})${words === "" ? "" : `: ${words}`}`,
    ...(said?.hint === undefined ? {} : { hint: said.hint })
  })
}

/** A push that lost the race: somebody else was first. The one failure after which a push is tried again. */
const lost =
  /fetch first|non-fast-forward|stale info|remote ref updated|incorrect old value|is at \w+ but expected|cannot lock ref|failed to lock|failed to update ref|reference already exists/i

const never = /permission denied|no space left|read-only file system|disk quota/i

/**
 * What the porcelain of a refused push says. Source: git-push(1), "OUTPUT": a flag `!` and, in brackets, the reason.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromPush = (context: Context, exitCode: number, stdout: string, stderr: string): Fault.Fault => {
  const refusal = redact(stdout).split("\n").find((line) => line.startsWith("!\t"))
  if (refusal === undefined) {
    const fault = fromOutput(context, "push", exitCode, stderr)
    if (fault.code !== "git-failed") return fault
    // Git says no more than that when its own pre-push hook ended with a failure. Else something broke on the way.
    const complaints = stderr.match(/^(?:error|fatal): (?!failed to push some refs)/gm)
    return complaints === null && /failed to push some refs/.test(stderr)
      ? fault.with({
        kind: "denied",
        code: "hook-declined",
        sent: "no",
        hint: "The pre-push hook said no: see what it says"
      })
      : fault.with({ sent: "maybe" })
  }
  const reason = /\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*$/.exec(refusal)?.[1] ?? refusal.split("\t").at(-1) ?? ""
  const told = redact(stderr).split(/[\r\n]+/).filter((line) => /^remote:\s*\S/.test(line)).slice(0, 4)
  const words = [reason, ...told.map((line) => line.replace(/^remote:\s*/, "").trim())].join("; ").slice(0, 600)
  const detail = `the push was refused: ${words}`
  return Fault.make({
    system: "git",
    operation: context.operation,
    subject: context.subject,
    ...verdict(reason, stderr),
    detail
  })
}

const verdict = (reason: string, stderr: string): Pick<Fault.Options, "kind" | "code" | "hint"> => {
  if (/unpack/i.test(reason) || never.test(stderr)) {
    return { kind: "failed", code: "remote-storage", hint: "The remote could not store it: ask its operator" }
  }
  if (/protected branch/i.test(reason) || /GH006|protected branch/i.test(stderr)) {
    return {
      kind: "denied",
      code: "protected-branch",
      hint: "Allow this identity to push to the branch, or keep the state on a branch that is not protected"
    }
  }
  if (/hook declined/i.test(reason)) {
    return { kind: "denied", code: "hook-declined", hint: "A hook of the remote said no: satisfy it, or ask its owner" }
  }
  if (lost.test(reason)) return { kind: "conflict", code: "non-fast-forward" }
  return { kind: "denied", code: "remote-refused", hint: "Ask the operator of the remote why it refuses" }
}
