/**
 * What every verb that asks a workspace needs: the configured place and key.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import * as Journal from "../../../kernel/Journal.ts"
import * as Client from "../../../systems/elevenlabs/Client.ts"
import * as Connected from "../../Connected.ts"

/**
 * Runs against the configured workspace. What only reads needs no journal but this one, which forgets.
 *
 * @since 0.1.0
 * @category combinators
 */
export const connected = Connected.connected("elevenlabs", Layer.merge(Client.layerConfig, Journal.layerMemory))
