/**
 * What every verb that asks an organisation needs: the configured place and clients.
 *
 * @since 0.1.0
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Logging from "../../../observe/Logging.ts"
import * as Client from "../../../systems/genesys/Client.ts"
import { Session } from "../../Session.ts"

/**
 * Runs against the configured organisation.
 *
 * @since 0.1.0
 * @category combinators
 */
export const connected = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Fault.Fault, Exclude<R, Client.Client> | Session> =>
  Effect.flatMap(Session, ({ screen, settings }) => {
    settings.secrets.forEach(screen.conceal)
    return effect.pipe(
      Effect.provide(Client.layerConfig),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(settings.variables))),
      Logging.forSystem("genesys")
    )
  })
