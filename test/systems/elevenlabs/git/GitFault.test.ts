import { assert, describe, it } from "@effect/vitest"
import * as GitFault from "../../../../src/systems/elevenlabs/git/GitFault.ts"

describe("GitFault", () => {
  const context = { operation: "Git.push", subject: "main on origin" }

  it("reads what git says", () => {
    const cases: ReadonlyArray<readonly [string, string]> = [
      [
        "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
        "unauthenticated git-authentication"
      ],
      ["fatal: Authentication failed for 'https://x:tok@github.com/a/b.git/'", "unauthenticated git-authentication"],
      [
        "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.",
        "unauthenticated git-authentication"
      ],
      [
        "remote: Permission to a/b.git denied to bot.\nfatal: unable to access 'https://github.com/a/b.git/': The requested URL returned error: 403",
        "denied git-denied"
      ],
      [
        "remote: Repository not found.\nfatal: repository 'https://github.com/a/b.git/' not found",
        "not-found no-remote"
      ],
      [
        "fatal: unable to access 'https://nowhere.example/': Could not resolve host: nowhere.example",
        "transient git-network"
      ],
      ["fatal: unable to access 'https://h.example/': The requested URL returned error: 503", "transient git-network"],
      [
        "fatal: unable to access 'https://h.example/': The requested URL returned error: 429",
        "throttled git-throttled"
      ],
      [
        "fatal: unable to access 'https://h.example/': SSL certificate problem: self-signed certificate",
        "denied certificate"
      ],
      ["Host key verification failed.\nfatal: Could not read from remote repository.", "denied host-key"],
      ["error: unable to write file x: No space left on device", "failed disk-full"],
      ["fatal: detected dubious ownership in repository at '/w/x'", "denied unsafe-directory"],
      ["fatal: Unable to create '/w/x/.git/index.lock': File exists.", "locked git-locked"],
      ["fatal: something that nobody has seen", "failed git-failed"]
    ]
    for (const [stderr, expected] of cases) {
      const { code, kind, message } = GitFault.fromOutput(context, "push", 128, stderr)
      assert.strictEqual(`${kind} ${code}`, expected, stderr)
      assert.notInclude(message, "tok@")
    }
  })

  it("reads why a push was refused, and calls only a lost race a lost race", () => {
    const cases: ReadonlyArray<readonly [string, string, string]> = [
      ["[rejected] (fetch first)", "", "conflict non-fast-forward"],
      ["[rejected] (non-fast-forward)", "", "conflict non-fast-forward"],
      [
        "[remote rejected] (cannot lock ref 'refs/heads/main': is at 12ab but expected 34cd)",
        "",
        "conflict non-fast-forward"
      ],
      ["[remote rejected] (failed to update ref)", "", "conflict non-fast-forward"],
      [
        "[remote rejected] (failed to update ref)",
        "remote: error: unable to create file: Permission denied",
        "failed remote-storage"
      ],
      ["[remote rejected] (protected branch hook declined)", "remote: error: GH006", "denied protected-branch"],
      ["[remote rejected] (pre-receive hook declined)", "remote: no", "denied hook-declined"],
      ["[remote rejected] (hook declined)", "", "denied hook-declined"],
      ["[remote rejected] (unpacker error)", "", "failed remote-storage"],
      ["[remote rejected] (branch is currently checked out)", "", "denied remote-refused"]
    ]
    for (const [summary, stderr, expected] of cases) {
      const stdout = `To https://x:tok@h.example/a.git\n!\tabc:refs/heads/main\t${summary}\nDone\n`
      const { code, kind, message } = GitFault.fromPush(context, 1, stdout, stderr)
      assert.strictEqual(`${kind} ${code}`, expected, summary)
      assert.notInclude(message, "tok@")
    }
  })
  it("of a push without a verdict it is open whether it arrived, unless a hook of ours stopped it", () => {
    const failed = "error: failed to push some refs to 'x'\n"
    const cases: ReadonlyArray<readonly [string, string]> = [
      [failed, "denied hook-declined no"],
      [`lint: not like this\n${failed}`, "denied hook-declined no"],
      [`error: error in sideband demultiplexer\n${failed}`, "failed git-failed maybe"],
      [`fatal: the remote end hung up unexpectedly\n${failed}`, "transient git-network maybe"]
    ]
    for (const [stderr, expected] of cases) {
      const { code, kind, sent } = GitFault.fromPush(context, 1, "", stderr)
      assert.strictEqual(`${kind} ${code} ${sent}`, expected, stderr)
    }
  })

  it("takes credentials out of every text, and leaves what is none", () => {
    const cases: ReadonlyArray<readonly [string, string]> = [
      ["https://user:pa@ss@h.example/a.git", "https://<redacted>@h.example/a.git"],
      ["'https://ghp_0123456789@h.example/a.git'", "'https://<redacted>@h.example/a.git'"],
      ["https://h.example/a.git?private_token=abc&x=1", "https://h.example/a.git?private_token=<redacted>&x=1"],
      ["AUTHORIZATION: basic eDp5", "AUTHORIZATION: <redacted>"],
      ["token github_pat_11ABCDEFG0123456789 is bad", "token <redacted> is bad"],
      ["git@h.example:a/b.git and https://h.example/a@b.git", "git@h.example:a/b.git and https://h.example/a@b.git"]
    ]
    for (const [text, expected] of cases) assert.strictEqual(GitFault.redact(text), expected)
  })
})
