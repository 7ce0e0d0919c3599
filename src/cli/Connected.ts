/**
 * What the verbs of every system need: its client, made from the command's settings, whose secrets no output shows.
 *
 * @since 0.1.0
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Logging from "../observe/Logging.ts"
import { Session } from "./Session.ts"

/**
 * Runs with the services of a layer that is made from the configuration.
 *
 * @since 0.1.0
 * @category combinators
 */
export const connected =
  <Services, E2, R2>(system: string, layer: Layer.Layer<Services, E2, R2>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | E2, Exclude<R, Services> | R2 | Session> =>
    Effect.flatMap(Session, ({ screen, settings }) => {
      settings.secrets.forEach(screen.conceal)
      return effect.pipe(
        Effect.provide(layer),
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map(settings.variables))),
        Logging.forSystem(system)
      )
    })
