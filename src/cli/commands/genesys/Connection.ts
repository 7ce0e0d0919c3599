/**
 * What every verb that asks an organisation needs: the configured place and clients.
 *
 * @since 0.1.0
 */
import * as Client from "../../../systems/genesys/Client.ts"
import * as Connected from "../../Connected.ts"

/**
 * Runs against the configured organisation.
 *
 * @since 0.1.0
 * @category combinators
 */
export const connected = Connected.connected("genesys", Client.layerConfig)
