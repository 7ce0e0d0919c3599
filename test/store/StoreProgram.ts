/**
 * What the tests run as processes of their own: the name of a program and a place as JSON. It writes one line a step, and waits
 * for a line where it says so.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import * as Readline from "node:readline"
import type * as Fault from "../../src/kernel/Fault.ts"
import * as Journal from "../../src/kernel/Journal.ts"
import * as Mutation from "../../src/kernel/Mutation.ts"
import * as Database from "../../src/store/Database.ts"
import * as Lease from "../../src/store/Lease.ts"
import * as Runs from "../../src/store/Runs.ts"
import * as Store from "../../src/store/Store.ts"

const Where = Schema.parseJson(Schema.Struct({
  file: Schema.optionalWith(Schema.String, { exact: true }),
  url: Schema.optionalWith(Schema.String, { exact: true }),
  /** A clock that stands still, so that nothing ever runs out. */
  now: Schema.optionalWith(Schema.Number, { exact: true })
}))

const where = Schema.decodeUnknownSync(Where)(process.argv[3])

const options: Store.Options = {
  ...(where.file === undefined ? {} : { file: where.file }),
  ...(where.url === undefined ? {} : { url: Redacted.make(where.url) }),
  ...(where.now === undefined ? {} : { clock: Effect.succeed(where.now) })
}

/** Written when this returns, whatever becomes of the process then. */
const say = (line: string): Effect.Effect<void> => Effect.sync(() => Fs.writeSync(1, `${line}\n`))

const lines = Readline.createInterface({ input: process.stdin })
const told = Effect.async<void>((resume) => {
  lines.once("line", () => resume(Effect.void))
})

const increments = Effect.gen(function*() {
  const { read, sql, transaction } = yield* Database.Database
  const increment = Effect.gen(function*() {
    const rows = yield* sql<{ value: number | string }>`SELECT value FROM counter`
    yield* sql`UPDATE counter SET value = ${Number(rows[0]?.value) + 1}`
  })
  yield* say("ready")
  yield* told
  for (let count = 0; count < 100; count++) {
    yield* transaction("Test.increment", increment)
    yield* read("Test.read", sql`SELECT value FROM counter`)
  }
  yield* say("done")
})

const entries = Effect.gen(function*() {
  const journal = yield* Journal.Journal
  for (let number = 1;; number++) {
    yield* journal.begin(`entry/${number}`, { number })
    yield* say(`begun ${number}`)
    yield* journal.complete(`entry/${number}`, number)
    yield* say(`completed ${number}`)
  }
})

const hold = Effect.gen(function*() {
  const leases = yield* Lease.Leases
  yield* leases.acquire("a")
  yield* say("holding")
  yield* told
})

const pause = Effect.gen(function*() {
  const journal = yield* Journal.Journal
  yield* journal.claim("a")
  yield* journal.begin("a", 1)
  yield* say("begun")
  yield* told
  const late = yield* Effect.either(journal.complete("a", "late"))
  yield* say(Either.isLeft(late) ? late.left.code ?? "" : "recorded")
})

const mutation = (key: string, reply: Effect.Effect<number>) =>
  Mutation.run({
    key,
    operation: "Test.send",
    intent: key,
    result: Schema.Number,
    send: reply,
    settle: Effect.succeed(Mutation.notDone)
  })

const runs = Effect.gen(function*() {
  const service = yield* Runs.Runs
  yield* service.track(
    { command: "test apply", target: "test/lab" },
    Effect.gen(function*() {
      yield* mutation("first", Effect.succeed(1))
      yield* mutation("second", Effect.zipRight(say("sending"), Effect.never))
    })
  )
})

const openOnly = say("opened")

type Program = Effect.Effect<
  void,
  Fault.Fault,
  Database.Database | Lease.Leases | Journal.Journal | Runs.Runs | Scope.Scope
>

const programs: { readonly [name: string]: Program } = { increments, entries, hold, pause, runs, open: openOnly }

const name = process.argv[2] ?? ""
const program = programs[name]
if (program === undefined) throw new Error(`unknown program ${name}`)

const failed = (fault: Fault.Fault): Effect.Effect<void> => say(`fault ${fault.code} ${fault.message}`)

Effect.runPromise(
  Effect.catchAll(Effect.scoped(Effect.provide(program, Store.layer(options))), failed)
).then(() => process.exit(0), (error: unknown) => {
  Fs.writeSync(1, `defect ${String(error)}\n`)
  process.exit(70)
})
