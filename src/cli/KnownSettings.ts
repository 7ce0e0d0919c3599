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
  /** It may be several, separated by commas. */
  readonly several?: boolean
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
  },
  {
    key: "genesys.region",
    variable: "HOLDFAST_GENESYS_REGION",
    foreign: "GENESYSCLOUD_REGION",
    kind: "text",
    says: "the region of the organisation, by name or domain: eu-west-1, mypurecloud.ie"
  },
  {
    key: "genesys.clientId",
    variable: "HOLDFAST_GENESYS_CLIENT_ID",
    foreign: "GENESYSCLOUD_OAUTHCLIENT_ID",
    kind: "text",
    several: true,
    says: "an OAuth client with the grant type Client Credentials; several, separated by commas, are faster"
  },
  {
    key: "genesys.clientSecret",
    variable: "HOLDFAST_GENESYS_CLIENT_SECRET",
    foreign: "GENESYSCLOUD_OAUTHCLIENT_SECRET",
    kind: "secret",
    several: true,
    says: "the secret of that client; of several in the same order"
  },
  {
    key: "genesys.tokensPerClient",
    variable: "HOLDFAST_GENESYS_TOKENS_PER_CLIENT",
    kind: "integer",
    says: "tokens of each client, each with a rate limit of its own; 1 where nothing is said"
  },
  {
    key: "genesys.origin",
    variable: "HOLDFAST_GENESYS_ORIGIN",
    kind: "text",
    says: "where the API is instead of in a region: a simulator, a proxy"
  },
  {
    key: "genesys.loginOrigin",
    variable: "HOLDFAST_GENESYS_LOGIN_ORIGIN",
    kind: "text",
    says: "where tokens are fetched then"
  },
  {
    key: "genesys.ca",
    variable: "HOLDFAST_GENESYS_CA",
    kind: "path",
    says: "the path of the certificate authority of that place, as PEM"
  },
  {
    key: "genesys.maxConcurrent",
    variable: "HOLDFAST_GENESYS_MAX_CONCURRENT",
    kind: "integer",
    says: "requests at once"
  },
  {
    key: "genesys.logLevel",
    variable: "GENESYS_LOG_LEVEL",
    kind: "choice",
    choices: ["error", "warn", "info", "debug"],
    says: "how much to log of this system"
  },
  {
    key: "elevenlabs.apiKey",
    variable: "HOLDFAST_ELEVENLABS_API_KEY",
    foreign: "ELEVENLABS_API_KEY",
    kind: "secret",
    says: "an API key of the workspace"
  },
  {
    key: "elevenlabs.residency",
    variable: "HOLDFAST_ELEVENLABS_RESIDENCY",
    kind: "choice",
    choices: ["global", "us", "eu", "in", "sg"],
    says: "where the workspace's data lives; global where nothing is said"
  },
  {
    key: "elevenlabs.origin",
    variable: "HOLDFAST_ELEVENLABS_ORIGIN",
    kind: "text",
    says: "where the API is instead: a simulator, a proxy"
  },
  {
    key: "elevenlabs.ca",
    variable: "HOLDFAST_ELEVENLABS_CA",
    kind: "path",
    says: "the path of the certificate authority of that place, as PEM"
  },
  {
    key: "elevenlabs.concurrency",
    variable: "HOLDFAST_ELEVENLABS_CONCURRENCY",
    kind: "integer",
    says: "requests at once until the API says how many it allows; 2 where nothing is said"
  },
  {
    key: "elevenlabs.maxConcurrency",
    variable: "HOLDFAST_ELEVENLABS_MAX_CONCURRENCY",
    kind: "integer",
    says: "never more requests at once than this; 32 where nothing is said"
  },
  { key: "elevenlabs.sites", variable: "HOLDFAST_ELEVENLABS_SITES", kind: "path", says: "the sites file" },
  {
    key: "elevenlabs.root",
    variable: "HOLDFAST_ELEVENLABS_ROOT",
    kind: "path",
    says: "the folder of the folders of the sites; out where nothing is said"
  },
  {
    key: "elevenlabs.states",
    variable: "HOLDFAST_ELEVENLABS_STATES",
    kind: "path",
    says: "the folder of what is recorded of the sites; config/elevenlabs where nothing is said"
  },
  {
    key: "elevenlabs.logLevel",
    variable: "ELEVENLABS_LOG_LEVEL",
    kind: "choice",
    choices: ["error", "warn", "info", "debug"],
    says: "how much to log of this system"
  }
]
