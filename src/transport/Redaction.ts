/**
 * Keeps secrets out of spans, logs and errors.
 *
 * @since 0.1.0
 */
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Headers that carry secrets besides `authorization`, `cookie`, `set-cookie` and `x-api-key`. In any case. */
  readonly headers?: ReadonlyArray<string> | undefined
  /** Query parameters that carry secrets. A request with one of them gets no span, because a span has its URL. */
  readonly query?: ReadonlyArray<string> | undefined
  /** Requests that get no span for other reasons. Defaults to none. */
  readonly untraced?: ((request: HttpClientRequest.HttpClientRequest) => boolean) | undefined
}

const hasQuery = (request: HttpClientRequest.HttpClientRequest, names: ReadonlySet<string>): boolean => {
  if (names.size === 0) return false
  const at = request.url.indexOf("?")
  const written = at < 0 ? [] : [...new URLSearchParams(request.url.slice(at + 1)).keys()]
  return written.some((name) => names.has(name)) ||
    request.urlParams.some(([name]) => names.has(name))
}

/**
 * A client whose spans and logs hold no secret, and that sends no trace header: other people's services have no
 * business with our trace ids.
 *
 * @since 0.1.0
 * @category combinators
 */
export const protect = <E, R>(
  client: HttpClient.HttpClient.With<E, R>,
  options?: Options
): HttpClient.HttpClient.With<E, R> => {
  const headers = (options?.headers ?? []).map((name) => name.toLowerCase())
  const query = new Set(options?.query ?? [])
  return client.pipe(
    HttpClient.withTracerPropagation(false),
    HttpClient.withTracerDisabledWhen((request) => options?.untraced?.(request) === true || hasQuery(request, query)),
    HttpClient.transformResponse(
      Effect.locallyWith(Headers.currentRedactedNames, (names) => [...names, ...headers])
    )
  )
}

/** Shorter texts would blank out half of every message. */
const shortest = 6

/**
 * Takes known secrets out of a text, as they are, URL-encoded or within JSON: a server or a proxy may repeat in an error
 * what it was sent. Do it before the text is cut, or half a secret stays.
 *
 * @since 0.1.0
 * @category combinators
 */
export const scrub = (text: string, secrets: Iterable<Redacted.Redacted<string>>): string => {
  let clean = text
  for (const secret of secrets) {
    const value = Redacted.value(secret)
    if (value.length < shortest) continue
    for (const form of new Set([value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])) {
      clean = clean.replaceAll(form, "<redacted>")
    }
  }
  return clean
}
