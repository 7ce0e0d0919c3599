/**
 * What every verb that asks a workspace needs: the configured place and key.
 *
 * @since 0.1.0
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import * as Logging from "../../../observe/Logging.ts"
import * as Client from "../../../systems/elevenlabs/Client.ts"
import { Session } from "../../Session.ts"

/**
 * Runs against the configured workspace. What only reads needs no journal but this one, which forgets.
 *
 * @since 0.1.0
 * @category combinators
 */
export const connected = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Fault.Fault, Exclude<R, Client.Client | Journal.Journal> | Session> =>
  Effect.flatMap(Session, ({ screen, settings }) => {
    settings.secrets.forEach(screen.conceal)
    return effect.pipe(
      Effect.provide(Layer.merge(Client.layerConfig, Journal.layerMemory)),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(settings.variables))),
      Logging.forSystem("elevenlabs")
    )
  })
