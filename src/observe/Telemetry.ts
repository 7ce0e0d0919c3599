/**
 * Traces, logs and metrics over OTLP (HTTP, JSON), configured by the standard environment variables.
 *
 * Names and meanings: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ and
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
 *
 * @since 0.1.0
 */
import * as OtlpLogger from "@effect/opentelemetry/OtlpLogger"
import * as OtlpMetrics from "@effect/opentelemetry/OtlpMetrics"
import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as OtlpTracer from "@effect/opentelemetry/OtlpTracer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as ConfigProvider from "effect/ConfigProvider"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Where one signal goes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Target {
  /** The whole address: `http://localhost:4318/v1/traces`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Absent: not sent. */
  readonly traces?: Target | undefined
  readonly logs?: Target | undefined
  readonly metrics?: Target | undefined
  readonly serviceName: string
  readonly serviceVersion?: string | undefined
  readonly attributes?: Readonly<Record<string, string>> | undefined
  /** How often to send metrics. Defaults to 10 seconds. */
  readonly metricsInterval?: Duration.DurationInput | undefined
  /** How often to send spans. Defaults to 5 seconds. */
  readonly tracesInterval?: Duration.DurationInput | undefined
  /** How long the last sending may hold up the end of the process. Defaults to 1 second. */
  readonly shutdownTimeout?: Duration.DurationInput | undefined
  /** What was not understood in the environment. Logged as warnings. Defaults to nothing. */
  readonly problems?: ReadonlyArray<string> | undefined
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not percent-encoded after all: taken as it stands.
    return text
  }
}

/** `key=value,key=value`, percent-encoded, as the W3C baggage header writes it. */
const pairs = (text: string | undefined): Record<string, string> =>
  Object.fromEntries(
    (text ?? "").split(",").flatMap((entry) => {
      const equals = entry.indexOf("=")
      return equals <= 0 ? [] : [[entry.slice(0, equals).trim(), decoded(entry.slice(equals + 1).trim())] as const]
    })
  )

const httpUrl = (text: string): string | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url?.protocol === "http:" || url?.protocol === "https:" ? text : undefined
}

type Signal = "TRACES" | "LOGS" | "METRICS"

const address = (environment: Environment, signal: Signal): readonly [name: string, text: string] | undefined => {
  const own = `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`
  const exact = environment[own]?.trim()
  if (exact !== undefined && exact !== "") return [own, exact]
  const base = environment["OTEL_EXPORTER_OTLP_ENDPOINT"]?.trim()
  if (base === undefined || base === "") return undefined
  return ["OTEL_EXPORTER_OTLP_ENDPOINT", `${base.replace(/\/+$/, "")}/v1/${signal.toLowerCase()}`]
}

const target = (environment: Environment, signal: Signal, problems: Set<string>): Target | undefined => {
  if (environment[`OTEL_${signal}_EXPORTER`]?.trim() === "none") return undefined
  const found = address(environment, signal)
  if (found === undefined) return undefined
  const url = httpUrl(found[1])
  if (url === undefined) {
    problems.add(`${found[0]} must begin with http:// or https://; telemetry is off`)
    return undefined
  }
  const headers = {
    ...pairs(environment["OTEL_EXPORTER_OTLP_HEADERS"]),
    ...pairs(environment[`OTEL_EXPORTER_OTLP_${signal}_HEADERS`])
  }
  return { url, headers }
}

const millis = (text: string | undefined): number | undefined => {
  const value = Number(text ?? "")
  return Number.isFinite(value) && value > 0 ? value : undefined
}

/**
 * What the environment asks for; `undefined` where it asks for nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromEnvironment = (
  environment: Environment,
  defaults: { readonly serviceName: string; readonly serviceVersion?: string | undefined }
): Options | undefined => {
  if (environment["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true") return undefined
  const problems = new Set<string>()
  const traces = target(environment, "TRACES", problems)
  const logs = target(environment, "LOGS", problems)
  const metrics = target(environment, "METRICS", problems)
  if (traces === undefined && logs === undefined && metrics === undefined && problems.size === 0) return undefined
  const protocol = environment["OTEL_EXPORTER_OTLP_PROTOCOL"]?.trim()
  if (protocol !== undefined && protocol !== "" && protocol !== "http/json") {
    problems.add(`OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}; sending http/json, which is what holdfast speaks`)
  }
  const { "service.name": named, "service.version": version, ...attributes } = pairs(
    environment["OTEL_RESOURCE_ATTRIBUTES"]
  )
  return {
    traces,
    logs,
    metrics,
    serviceName: environment["OTEL_SERVICE_NAME"]?.trim() || named || defaults.serviceName,
    serviceVersion: version ?? defaults.serviceVersion,
    attributes,
    metricsInterval: millis(environment["OTEL_METRIC_EXPORT_INTERVAL"]),
    tracesInterval: millis(environment["OTEL_BSP_SCHEDULE_DELAY"]),
    problems: [...problems]
  }
}

/**
 * The exporter gives up in silence for a minute when its collector does not answer. Say so, once.
 */
const reporting = (client: HttpClient.HttpClient): HttpClient.HttpClient => {
  let said = false
  return HttpClient.tapError(client, (error) => {
    if (said) return Effect.void
    said = true
    return Effect.logWarning("telemetry is not being received").pipe(
      Effect.annotateLogs({ url: error.request.url.replace(/\?.*$/s, ""), reason: error.reason })
    )
  })
}

const transport = Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, reporting)).pipe(
  Layer.provide(FetchHttpClient.layer)
)

/**
 * Sends to the targets given until the scope closes, and then what is left.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<never> => {
  const { logs, metrics, shutdownTimeout = "1 second", traces } = options
  const common = {
    resource: {
      serviceName: options.serviceName,
      serviceVersion: options.serviceVersion,
      attributes: { ...options.attributes }
    },
    shutdownTimeout
  }
  const warnings = Layer.effectDiscard(
    Effect.forEach(options.problems ?? [], (problem) => Effect.logWarning(problem), { discard: true })
  )
  return Layer.mergeAll(
    warnings,
    logs === undefined ? Layer.empty : OtlpLogger.layer({ ...common, ...logs }),
    metrics === undefined
      ? Layer.empty
      : OtlpMetrics.layer({ ...common, ...metrics, exportInterval: options.metricsInterval }),
    traces === undefined
      ? Layer.empty
      : OtlpTracer.layer({ ...common, ...traces, exportInterval: options.tracesInterval })
  ).pipe(
    Layer.provide(OtlpSerialization.layerJson),
    Layer.provide(transport),
    // The environment has been read already; reading it again would name the service twice.
    Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map())))
  )
}
