import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Schema from "effect/Schema"
import * as Logging from "../../src/observe/Logging.ts"
import * as Telemetry from "../../src/observe/Telemetry.ts"
import { collector } from "../cli/Collector.ts"

const environmentFor = (url: string, more: Readonly<Record<string, string>> = {}) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  ...more
})

const defaults = { serviceName: "holdfast", serviceVersion: "1.2.3" }

const silent = Logger.remove(Logger.defaultLogger)

const layerFrom = (environment: Readonly<Record<string, string>>) => {
  const options = Telemetry.fromEnvironment(environment, defaults)
  return options === undefined ? silent : Layer.provideMerge(Telemetry.layer(options), silent)
}

const work = Effect.gen(function*() {
  yield* Effect.logInfo("clone started")
  yield* Metric.increment(Metric.counter("holdfast_test_work_total"))
}).pipe(Effect.withSpan("Proxmox.clone", { attributes: { "holdfast.system": "proxmox" } }))

const Attributes = Schema.Array(Schema.Struct({ key: Schema.String, value: Schema.Unknown }))
const Traces = Schema.parseJson(Schema.Struct({
  resourceSpans: Schema.Array(Schema.Struct({ resource: Schema.Struct({ attributes: Attributes }) }))
}))

describe("Telemetry", () => {
  it.live("delivers traces, logs and metrics before the scope is closed", () =>
    Effect.gen(function*() {
      const { received, url } = yield* collector()
      yield* work.pipe(Effect.provide(layerFrom(environmentFor(`${url}/`))))
      const at = (path: string) => received.filter((request) => request.path === path).map(({ body }) => body).join("")
      expect(at("/v1/traces")).toContain("\"Proxmox.clone\"")
      expect(at("/v1/logs")).toContain("clone started")
      expect(at("/v1/metrics")).toContain("holdfast_test_work_total")
    }).pipe(Effect.scoped))

  it.live("sends the headers and names the service once", () =>
    Effect.gen(function*() {
      const { received, url } = yield* collector()
      const environment = environmentFor(url, {
        OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=blue%20team,authorization=Bearer a=b",
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-signal=traces",
        OTEL_RESOURCE_ATTRIBUTES: "service.name=ignored,deployment.environment=test%2Cone",
        OTEL_SERVICE_NAME: "nightly"
      })
      yield* work.pipe(Effect.provide(layerFrom(environment)))
      const traces = received.find((request) => request.path === "/v1/traces")
      expect(traces?.headers).toMatchObject({
        "x-tenant": "blue team",
        "authorization": "Bearer a=b",
        "x-signal": "traces"
      })
      expect(received.find((request) => request.path === "/v1/logs")?.headers["x-signal"]).toBeUndefined()
      const { resourceSpans } = yield* Schema.decode(Traces)(traces?.body ?? "")
      const attributes = resourceSpans[0]?.resource.attributes ?? []
      expect(attributes.filter((one) => one.key === "service.name").map((one) => one.value)).toEqual([
        { stringValue: "nightly" }
      ])
      expect(attributes).toContainEqual({ key: "service.version", value: { stringValue: "1.2.3" } })
      expect(attributes).toContainEqual({ key: "deployment.environment", value: { stringValue: "test,one" } })
    }).pipe(Effect.scoped))

  it.live("does not report its own requests as spans", () =>
    Effect.gen(function*() {
      const { received, url } = yield* collector()
      yield* work.pipe(Effect.provide(layerFrom(environmentFor(url))))
      const names = received.flatMap(({ body }) => [...body.matchAll(/"name":"(http[^"]*)"/g)].map(([, name]) => name))
      expect(names).toEqual([])
    }).pipe(Effect.scoped))

  it.live("says once that nobody listens, and lets the process end", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const dead = yield* Effect.scoped(Effect.map(collector(), ({ url }) => url))
      const logging = Logging.layer({ level: "warn", write: (line) => lines.push(line) })
      const options = Telemetry.fromEnvironment(environmentFor(dead), defaults)
      const telemetry = options === undefined ? Layer.empty : Telemetry.layer(options)
      yield* work.pipe(Effect.provide(Layer.provideMerge(telemetry, logging)))
      expect(lines.length).toBe(1)
      expect(lines[0]).toMatch(/warn +telemetry is not being received/)
    }))

  it.live("a collector that never answers holds up the end for no longer than the time given", () =>
    Effect.gen(function*() {
      const { url } = yield* collector(0)
      const options = Telemetry.fromEnvironment(environmentFor(url), defaults)
      const layer = options === undefined
        ? silent
        : Layer.provideMerge(Telemetry.layer({ ...options, shutdownTimeout: "20 millis" }), silent)
      const ended = yield* work.pipe(Effect.provide(layer), Effect.timeoutOption("10 seconds"))
      expect(ended._tag).toBe("Some")
    }).pipe(Effect.scoped))
})

describe("Telemetry.fromEnvironment", () => {
  it("asks for nothing without an endpoint, and when switched off", () => {
    expect(Telemetry.fromEnvironment({}, defaults)).toBeUndefined()
    expect(Telemetry.fromEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: "" }, defaults)).toBeUndefined()
    expect(
      Telemetry.fromEnvironment({ OTEL_SDK_DISABLED: "TRUE", OTEL_EXPORTER_OTLP_ENDPOINT: "http://x:1" }, defaults)
    ).toBeUndefined()
  })

  it("takes the address of a single signal as it stands, and leaves out what is switched off", () => {
    const options = Telemetry.fromEnvironment({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://x:4318/base/",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://y:1/spans",
      OTEL_METRICS_EXPORTER: "none"
    }, defaults)
    expect(options?.traces?.url).toBe("http://y:1/spans")
    expect(options?.logs?.url).toBe("http://x:4318/base/v1/logs")
    expect(options?.metrics).toBeUndefined()
  })

  it("tells what it cannot follow", () => {
    const options = Telemetry.fromEnvironment({
      OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc"
    }, defaults)
    expect(options?.traces).toBeUndefined()
    expect(options?.problems).toEqual([
      "OTEL_EXPORTER_OTLP_ENDPOINT must begin with http:// or https://; telemetry is off",
      "OTEL_EXPORTER_OTLP_PROTOCOL is grpc; sending http/json, which is what holdfast speaks"
    ])
  })
})
