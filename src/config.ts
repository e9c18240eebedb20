import ipaddr from 'ipaddr.js'
import {
  choice,
  type ConfigField,
  flag,
  httpUrl,
  integer,
  list,
  masterSecret,
  rateLimit,
  readField,
  secret,
  text,
} from './config-fields.ts'

/** Every setting of the server. Names that existing installations use keep working (auth.md 11.2). */
export const configFields = {
  host: text('HOST', '127.0.0.1', 'Address to listen on; `0.0.0.0` for every interface'),
  port: integer('PORT', 8005, [0, 65_535], 'Port to listen on; `0` picks a free one'),
  dataDir: text('DATA_DIR', './data', 'Folder of the database, keys and files; created with mode 0700'),
  tlsKeyFile: text('SSL_KEYFILE', undefined, 'Private key (PEM) to serve https directly'),
  tlsCertFile: text('SSL_CERTFILE', undefined, 'Certificate chain (PEM) to serve https directly'),
  appName: text('APP_NAME', 'BrainDrive', 'Name shown in the API documentation and diagnostics'),
  appEnv: text(
    'APP_ENV',
    'dev',
    '`dev` allows web pages from `CORS_DEV_HOSTS`; anything else from `CORS_ORIGINS` only',
  ),
  logLevel: choice(
    'LOG_LEVEL',
    'info',
    ['debug', 'info', 'warning', 'warn', 'error', 'critical'],
    'Least severe level that is logged',
  ),
  logFormat: choice(
    'LOG_FORMAT',
    'auto',
    ['auto', 'json', 'text'],
    '`auto` is text on a terminal and JSON lines elsewhere',
  ),

  secretKey: masterSecret('SECRET_KEY', 'Key that signs tokens; generated once into the data folder when not set'),
  encryptionMasterKey: masterSecret(
    'ENCRYPTION_MASTER_KEY',
    'Key that encrypts stored settings; generated once into the data folder when not set',
  ),
  accessTokenMinutes: integer('ACCESS_TOKEN_EXPIRE_MINUTES', 30, [1, 1440], 'Life of an access token'),
  refreshTokenDays: integer('REFRESH_TOKEN_EXPIRE_DAYS', 30, [1, 365], 'Life of a session without use'),
  registration: choice(
    'REGISTRATION',
    'open',
    ['open', 'closed'],
    '`closed` refuses new accounts, except for the very first one',
  ),

  corsOrigins: list('CORS_ORIGINS', [], 'Origins of web clients, e.g. `https://brain.example`'),
  corsDevHosts: list(
    'CORS_DEV_HOSTS',
    ['localhost', '127.0.0.1', '[::1]'],
    'Hosts whose every port is an allowed origin while `APP_ENV=dev`',
  ),
  corsAllowCredentials: flag('CORS_ALLOW_CREDENTIALS', true, 'Lets web clients send cookies'),
  corsExposeHeaders: list('CORS_EXPOSE_HEADERS', [], 'Response headers that scripts may read'),
  corsMaxAgeSeconds: integer('CORS_MAX_AGE', 600, [0, 86_400], 'How long a browser remembers a preflight'),
  trustedProxies: list(
    ['TRUSTED_PROXIES', 'FORWARDED_ALLOW_IPS'],
    [],
    'Addresses or CIDR ranges of reverse proxies whose `X-Forwarded-*` headers are believed; `*` for every direct peer',
  ),

  maxRequestBytes: integer(
    'MAX_REQUEST_SIZE',
    5_242_880,
    [1024, 1_073_741_824],
    'Largest request body in bytes (uploads have limits of their own)',
  ),
  pluginStateQuotaMb: integer(
    'PLUGIN_STATE_QUOTA_MB',
    100,
    [1, 1_048_576],
    'Megabytes of plugin state that one user may keep, as stored; more is answered 413',
  ),
  pageQuotaMb: integer(
    'PAGE_QUOTA_MB',
    1024,
    [1, 1_048_576],
    'Megabytes of page contents and their backups that one user may keep; more is answered 413',
  ),
  rateLimiting: flag('RATE_LIMIT', true, '`off` switches all rate limits off (load tests)'),
  rateLimitAddress: rateLimit('RATE_LIMIT_ADDRESS', '6000/60', 'All requests of one address'),
  rateLimitDefault: rateLimit(
    'RATE_LIMIT_DEFAULT',
    '1200/60',
    'All requests of one user, or of one address that is not signed in',
  ),
  rateLimitRegister: rateLimit('RATE_LIMIT_REGISTER', '3/3600', 'Registrations per address'),
  rateLimitLogin: rateLimit('RATE_LIMIT_LOGIN', '5/300', 'Logins per address and account'),
  rateLimitLoginAddress: rateLimit('RATE_LIMIT_LOGIN_ADDRESS', '30/300', 'Logins per address, whatever the account'),
  rateLimitRefresh: rateLimit('RATE_LIMIT_REFRESH', '30/300', 'Token refreshes per address'),
  rateLimitPassword: rateLimit('RATE_LIMIT_PASSWORD', '5/300', 'Password changes per user'),
  rateLimitModels: rateLimit('RATE_LIMIT_MODELS', '100/60', 'Model lists per user'),
  rateLimitChat: rateLimit('RATE_LIMIT_CHAT', '120/60', 'Chats and generations per user'),
  rateLimitPlugins: rateLimit('RATE_LIMIT_PLUGINS', '30/60', 'Installations and updates of plugins per user'),

  openaiBaseUrl: httpUrl(
    ['OPENAI_BASE_URL', 'OPENAI_API_BASE'],
    'https://api.openai.com/v1',
    'Any OpenAI-compatible server (vLLM, llama.cpp, LM Studio …)',
  ),
  openrouterBaseUrl: httpUrl('OPENROUTER_BASE_URL', 'https://openrouter.ai/api/v1', 'OpenRouter'),
  anthropicBaseUrl: httpUrl(['ANTHROPIC_BASE_URL', 'CLAUDE_BASE_URL'], 'https://api.anthropic.com', 'Anthropic'),
  groqBaseUrl: httpUrl('GROQ_BASE_URL', 'https://api.groq.com/openai/v1', 'Groq'),
  openaiApiKey: secret('OPENAI_API_KEY', 'Used for users who stored no key of their own'),
  openrouterApiKey: secret('OPENROUTER_API_KEY', 'Used for users who stored no key of their own'),
  anthropicApiKey: secret(['ANTHROPIC_API_KEY', 'CLAUDE_API_KEY'], 'Used for users who stored no key of their own'),
  groqApiKey: secret('GROQ_API_KEY', 'Used for users who stored no key of their own'),
  privateHosts: list('PRIVATE_HOSTS', [], '`host:port` entries outside the public internet that downloads may reach'),
  githubApiUrl: httpUrl(
    'GITHUB_API_URL',
    'https://api.github.com',
    'Where releases of plugins on GitHub are looked up',
  ),
  pluginRegistry: text(
    'PLUGIN_REGISTRY_URL',
    undefined,
    'Index of known plugins (an address or a file) instead of the built-in one',
  ),
  maxPluginBytes: integer(
    'MAX_PLUGIN_SIZE',
    104_857_600,
    [1_048_576, 1_073_741_824],
    'Largest plugin archive in bytes, uploaded or downloaded',
  ),
  maxUpstreamCalls: integer(
    'MAX_UPSTREAM_CALLS',
    128,
    [1, 250],
    'Outgoing requests at once; further ones are answered 503',
  ),
  maxRepliesPerUser: integer(
    'MAX_REPLIES_PER_USER',
    32,
    [1, 250],
    'Replies that one user may have under way at once; further ones are answered 429',
  ),
  upstreamIdleSeconds: integer(
    'UPSTREAM_IDLE_TIMEOUT',
    120,
    [1, 3600],
    'Longest silence of a model server before a reply counts as failed',
  ),
  modelListSeconds: integer('MODEL_LIST_TIMEOUT', 8, [1, 30], 'Longest wait for one server’s model list'),
} satisfies Record<string, ConfigField<unknown>>

export type Config = {
  -readonly [Name in keyof typeof configFields]:
    | ReturnType<(typeof configFields)[Name]['parse']>
    | (typeof configFields)[Name]['fallback']
}

export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly problems: string[]

  constructor(problems: string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** Scheme, host and perhaps a port, as browsers send it; a final slash is forgiven. */
const isOrigin = (entry: string) => {
  const url = URL.canParse(entry) ? new URL(entry) : undefined
  return url !== undefined && /^https?:$/.test(url.protocol) && /^https?:\/\/[^/?#@\\\s]+\/?$/i.test(entry)
}

const isAddressRange = (entry: string) => ipaddr.isValid(entry) || ipaddr.isValidCIDR(entry)

/** The only reader of the environment. Flags win over variables, variables over defaults. Throws `ConfigError` with every problem. */
export const readConfig = (environment: Record<string, string | undefined>, flags: Partial<Config> = {}): Config => {
  const problems: string[] = []
  const entries = Object.entries(configFields).map(([name, one]) => [
    name,
    readField(one as ConfigField<unknown>, environment, problems),
  ])
  const config = { ...(Object.fromEntries(entries) as Config), ...flags }
  if (Boolean(config.tlsKeyFile) !== Boolean(config.tlsCertFile))
    problems.push('SSL_KEYFILE and SSL_CERTFILE must be set together')
  for (const origin of config.corsOrigins.filter((one) => !isOrigin(one)))
    problems.push(`CORS_ORIGINS contains "${origin}", which is not an origin such as https://brain.example`)
  for (const proxy of config.trustedProxies.filter((one) => one !== '*' && !isAddressRange(one)))
    problems.push(`TRUSTED_PROXIES contains "${proxy}", which is not an address such as 10.0.0.1 or 10.0.0.0/8`)
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}
