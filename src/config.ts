import { existsSync } from 'node:fs'
import { join } from 'node:path'
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
  urlPath,
} from './config-fields.ts'
import { isWithin } from './shared/is-within.ts'

/** Every setting of the server. Names that existing installations use keep working (auth.md 11.2). */
export const configFields = {
  host: text('HOST', '127.0.0.1', 'Address to listen on; `0.0.0.0` for every interface'),
  port: integer('PORT', 8005, [0, 65_535], 'Port to listen on; `0` picks a free one'),
  dataDir: text('DATA_DIR', './data', 'Folder of the database, keys and files; created with mode 0700'),
  basePath: urlPath(
    'BASE_PATH',
    'Path below which a reverse proxy offers the server, e.g. `/brain`; it may take it off or leave it on',
  ),
  webDir: text('WEB_DIR', undefined, 'Folder of a built web client to serve at `/`'),
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

  metricsToken: masterSecret('METRICS_TOKEN', 'Bearer token for `/metrics`, besides the session of an administrator'),
  metricsLoopback: flag(
    'METRICS_LOOPBACK',
    false,
    'Answers `/metrics` to programs on this machine without a token, unless a proxy sent them',
  ),

  secretKey: masterSecret('SECRET_KEY', 'Key that signs tokens; generated once into the data folder when not set'),
  encryptionMasterKey: masterSecret(
    'ENCRYPTION_MASTER_KEY',
    'Key that encrypts stored settings; generated once into the data folder when not set',
  ),
  oldEncryptionMasterKey: masterSecret(
    'ENCRYPTION_MASTER_KEY_OLD',
    'The key before `ENCRYPTION_MASTER_KEY`, which still opens what it sealed, until `secret rotate` is done',
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
  pluginQuotaMb: integer(
    'PLUGIN_QUOTA_MB',
    1000,
    [1, 1_048_576],
    'Megabytes of disk that the plugins of one user may take; more is answered 400',
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
  rateLimitDocument: rateLimit('RATE_LIMIT_DOCUMENT', '20/60', 'Documents read one by one, per user'),
  rateLimitDocumentContext: rateLimit('RATE_LIMIT_DOCUMENT_CONTEXT', '20/60', 'Documents read for a chat, per user'),
  rateLimitDocumentBatch: rateLimit('RATE_LIMIT_DOCUMENT_BATCH', '10/60', 'Uploads of several documents, per user'),
  rateLimitSearch: rateLimit('RATE_LIMIT_SEARCH', '120/60', 'Web searches per user'),
  rateLimitScrape: rateLimit('RATE_LIMIT_SCRAPE', '60/60', 'Requests for the text of web pages per user'),
  rateLimitModelInstalls: rateLimit('RATE_LIMIT_MODEL_INSTALLS', '10/60', 'Installations of Ollama models per user'),

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
  privateHosts: list(
    'PRIVATE_HOSTS',
    [],
    '`host:port` entries outside the public internet that downloads and the reader of web pages may reach',
  ),
  searxngUrl: httpUrl(
    'SEARXNG_URL',
    'http://localhost:8888',
    'SearXNG for web searches; the system setting `searxng_settings` goes before it',
  ),
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
  maxDocumentBytes: integer(
    'MAX_DOCUMENT_SIZE',
    10_485_760,
    [1024, 104_857_600],
    'Largest document in bytes that is read for its text',
  ),
  documentSeconds: integer('DOCUMENT_TIMEOUT', 25, [1, 300], 'Longest time for reading one document'),
  documentMemoryMb: integer(
    'DOCUMENT_MEMORY_MB',
    1024,
    [128, 16_384],
    'Memory of the process that reads one document; as many as there are cores, but at most 4, run at once, and one more for who has none',
  ),
  defaultPlugins: list(
    'DEFAULT_PLUGINS',
    ['BrainDriveSettings', 'BrainDriveChat', 'BrainDriveOllama'],
    'Slugs of the registry that each new account gets installed in the background; empty for none',
  ),
  jobConcurrency: integer('JOB_CONCURRENCY', 6, [1, 32], 'Background jobs that run at once'),
  jobsPerUserAtOnce: integer('JOBS_PER_USER', 2, [1, 32], 'Background jobs of one user that run at once'),
  maxJobsPerUser: integer(
    'MAX_JOBS_PER_USER',
    1000,
    [1, 100_000],
    'Unfinished jobs that one user may have; further ones are answered 429',
  ),
  maxJobs: integer('MAX_JOBS', 20_000, [1, 1_000_000], 'Unfinished jobs of all users; further ones are answered 503'),
  jobRetentionDays: integer('JOB_RETENTION_DAYS', 30, [1, 3650], 'How long jobs that have ended are kept'),
  backupDir: text('BACKUP_DIR', undefined, 'Folder of the backups instead of `backups` in the data folder'),
  backupEveryHours: integer(
    'BACKUP_EVERY',
    0,
    [0, 8760],
    'Hours between backups that the server makes by itself, e.g. `24`; `0` for none',
  ),
  backupKeep: integer(
    'BACKUP_KEEP',
    7,
    [1, 10_000],
    'How many of the backups that the server makes by itself are kept',
  ),
  backupPassphrase: secret(
    'BACKUP_PASSPHRASE',
    'Seals the keys of the installation in backups; the server’s own backups have them only if it is set',
  ),
  maxUpstreamCalls: integer(
    'MAX_UPSTREAM_CALLS',
    128,
    [1, 200],
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

export type ConfigOrigins = Record<keyof Config, string>

/** The configuration with all that is wrong with it; `origins` tells of each value where it came from. */
export const inspectConfig = (environment: Record<string, string | undefined>, flags: Partial<Config> = {}) => {
  const problems: string[] = []
  const fields = Object.entries(configFields).map(
    ([name, one]) => [name, readField(one as ConfigField<unknown>, environment, problems)] as const,
  )
  const config = { ...(Object.fromEntries(fields.map(([name, { value }]) => [name, value])) as Config), ...flags }
  const origins = {
    ...(Object.fromEntries(fields.map(([name, { origin }]) => [name, origin])) as ConfigOrigins),
    ...Object.fromEntries(Object.keys(flags).map((name) => [name, 'command line'])),
  }
  if (Boolean(config.tlsKeyFile) !== Boolean(config.tlsCertFile))
    problems.push('SSL_KEYFILE and SSL_CERTFILE must be set together')
  if (config.webDir !== undefined && !existsSync(join(config.webDir, 'index.html')))
    problems.push(`WEB_DIR names ${config.webDir}, where there is no index.html`)
  for (const path of [config.dataDir, config.backupDir])
    if (config.webDir !== undefined && path !== undefined && isWithin(path, config.webDir))
      problems.push(`WEB_DIR names ${config.webDir}, which would show everybody what is in ${path}`)
  for (const origin of config.corsOrigins.filter((one) => !isOrigin(one)))
    problems.push(`CORS_ORIGINS contains "${origin}", which is not an origin such as https://brain.example`)
  for (const proxy of config.trustedProxies.filter((one) => one !== '*' && !isAddressRange(one)))
    problems.push(`TRUSTED_PROXIES contains "${proxy}", which is not an address such as 10.0.0.1 or 10.0.0.0/8`)
  return { config, origins, problems }
}

/** The only reader of the environment. Flags win over variables, variables over defaults. Throws `ConfigError` with every problem. */
export const readConfig = (environment: Record<string, string | undefined>, flags: Partial<Config> = {}): Config => {
  const { config, problems } = inspectConfig(environment, flags)
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}
