/**
 * Runs the built command on a pseudo-terminal of 120 columns and 40 rows. Python's standard library opens it, since
 * Node's cannot.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawnSync } from "node:child_process"
import { command, launch, type Options, type Running } from "./Command.ts"

const program = `
import errno, fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
watched = [fd, 0]
while True:
    ready, _, _ = select.select(watched, [], [])
    if 0 in ready:
        keys = os.read(0, 4096)
        if keys:
            os.write(fd, keys)
        else:
            watched.remove(0)
    if fd in ready:
        try:
            text = os.read(fd, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            text = b""
        if not text:
            break
        os.write(1, text)
_, status = os.waitpid(pid, 0)
os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
`

/** Why there is no pseudo-terminal here; `undefined` where there is one. */
export const missing: string | undefined =
  spawnSync("python3", ["-c", "import fcntl, pty, termios"], { stdio: "ignore" }).status === 0
    ? undefined
    : "python3 with its pty module is not installed"

/** Starts the command on a terminal. What it shows is in `stdout`. */
export const start = (words: ReadonlyArray<string>, options?: Options): Effect.Effect<Running, never, Scope.Scope> =>
  launch("python3", ["-c", program, process.execPath, command(), ...words], {
    ...options,
    env: { TERM: "xterm-256color", ...options?.env },
    open: true
  })

export const type = (running: Running, keys: string): Effect.Effect<void> =>
  Effect.sync(() => void running.child.stdin?.write(keys))
