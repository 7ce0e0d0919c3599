/**
 * What can be configured outside the command line.
 *
 * @since 0.1.0
 */

/**
 * A place to configure something, in the file and in the environment.
 *
 * @since 0.1.0
 * @category models
 */
export interface Setting {
  /** In the configuration file: `proxmox.apiToken`. */
  readonly key: string
  /** In the environment, before the file: `HOLDFAST_PROXMOX_API_TOKEN`. */
  readonly variable: string
  /** In the environment, after the file. */
  readonly foreign?: string
  readonly kind: "text" | "path" | "secret" | "boolean" | "integer" | "choice" | "duration"
  readonly choices?: ReadonlyArray<string>
  readonly says: string
}

/**
 * Everything that can be configured.
 *
 * @since 0.1.0
 * @category constants
 */
export const known: ReadonlyArray<Setting> = [
  {
    key: "logLevel",
    variable: "HOLDFAST_LOG_LEVEL",
    kind: "choice",
    choices: ["error", "warn", "info", "debug"],
    says: "how much to log"
  },
  {
    key: "store.file",
    variable: "HOLDFAST_STORE",
    kind: "path",
    says: "where runs and their journal are kept; .holdfast/holdfast.db where nothing is said"
  },
  {
    key: "store.url",
    variable: "HOLDFAST_DATABASE_URL",
    kind: "secret",
    says: "keep them on a PostgreSQL server instead, postgres://user:password@host/database"
  },
  { key: "proxmox.fleet", variable: "HOLDFAST_PROXMOX_FLEET", kind: "path", says: "the fleet file" },
  {
    key: "proxmox.endpoint",
    variable: "HOLDFAST_PROXMOX_ENDPOINT",
    foreign: "PROXMOX_VE_ENDPOINT",
    kind: "text",
    says: "https://host:8006"
  },
  {
    key: "proxmox.apiToken",
    variable: "HOLDFAST_PROXMOX_API_TOKEN",
    foreign: "PROXMOX_VE_API_TOKEN",
    kind: "secret",
    says: "user@realm!name=secret"
  },
  {
    key: "proxmox.username",
    variable: "HOLDFAST_PROXMOX_USERNAME",
    foreign: "PROXMOX_VE_USERNAME",
    kind: "text",
    says: "user@realm, to sign in without a token"
  },
  {
    key: "proxmox.password",
    variable: "HOLDFAST_PROXMOX_PASSWORD",
    foreign: "PROXMOX_VE_PASSWORD",
    kind: "secret",
    says: "the password of that user"
  },
  {
    key: "proxmox.otp",
    variable: "HOLDFAST_PROXMOX_OTP",
    foreign: "PROXMOX_VE_OTP",
    kind: "secret",
    says: "a one-time code of that user"
  },
  {
    key: "proxmox.insecure",
    variable: "HOLDFAST_PROXMOX_INSECURE",
    foreign: "PROXMOX_VE_INSECURE",
    kind: "boolean",
    says: "do not check the host's certificate"
  },
  {
    key: "proxmox.fingerprint",
    variable: "HOLDFAST_PROXMOX_FINGERPRINT",
    kind: "text",
    says: "the SHA-256 fingerprint of the host's certificate"
  },
  {
    key: "proxmox.ca",
    variable: "HOLDFAST_PROXMOX_CA",
    kind: "path",
    says: "the path of the host's certificate authority, as PEM"
  },
  {
    key: "proxmox.logLevel",
    variable: "PROXMOX_LOG_LEVEL",
    kind: "choice",
    choices: ["error", "warn", "info", "debug"],
    says: "how much to log of this system"
  },
  { key: "proxmox.parallel", variable: "HOLDFAST_PROXMOX_PARALLEL", kind: "integer", says: "machines at once" },
  {
    key: "proxmox.onInterrupt",
    variable: "HOLDFAST_PROXMOX_ON_INTERRUPT",
    kind: "choice",
    choices: ["abort", "detach"],
    says: "what Ctrl-C does to running tasks"
  },
  {
    key: "proxmox.timeout",
    variable: "HOLDFAST_PROXMOX_TIMEOUT",
    kind: "duration",
    says: "how long a machine may take in all"
  }
]
