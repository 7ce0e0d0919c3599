/**
 * Which provider the configuration is for: the one whose attributes the tables have.
 *
 * Source: registry.terraform.io/providers/MyPureCloud/genesyscloud, 1.84.1.
 *
 * @since 0.1.0
 */

const version = "1.84.1"

const source = "mypurecloud/genesyscloud"

/**
 * As a state names it.
 *
 * @since 0.1.0
 * @category constants
 */
export const address = `provider["registry.terraform.io/${source}"]`

/**
 * @since 0.1.0
 * @category constants
 */
export const hcl = `terraform {
  required_providers {
    genesyscloud = {
      source  = "${source}"
      version = "${version}"
    }
  }
}
`

/**
 * @since 0.1.0
 * @category constants
 */
export const json = { required_providers: { genesyscloud: { source, version } } } as const
