import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { parseNetwork, type Network } from './platform/http/outgoing/addresses.ts'
import { clamdAddress } from './platform/scan/clamd.ts'

/** Everything that can be set. The only reader of process.env; parsed once, frozen, and named where it is wrong. */
const Flag = Type.Union([Type.Literal('on'), Type.Literal('off')])
const Schema = Type.Object({
  ENVIRONMENT: Type.Union([Type.Literal('development'), Type.Literal('staging'), Type.Literal('production')], {
    default: 'development',
  }),
  APP_NAME: Type.String({ default: 'Officina', minLength: 1, maxLength: 100 }),
  HOST: Type.String({ default: '127.0.0.1', minLength: 1 }),
  PORT: Type.Integer({ default: 8000, minimum: 0, maximum: 65_535 }),
  PUBLIC_URL: Type.Optional(Type.String({ pattern: '^https?://' })),
  TRUST_PROXY: Type.Optional(
    Type.String({ description: 'addresses whose X-Forwarded-For is believed, comma separated' }),
  ),
  OFFICINA_HOME: Type.String({ default: '.officina', minLength: 1 }),
  OFFICINA_DEMO: { ...Flag, default: 'on' } as typeof Flag,
  OFFICINA_DEMO_PASSWORD: Type.String({ default: 'officina-demo', minLength: 8, maxLength: 128 }),
  OFFICINA_SECRET: Type.Optional(
    Type.String({
      minLength: 32,
      description: 'master secrets, newest first, comma separated: rotation adds one in front',
    }),
  ),
  DEBUG: { ...Flag, default: 'off' } as typeof Flag,
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
  DATABASE_URL: Type.Optional(Type.String({ pattern: '^postgres(ql)?://' })),
  DATABASE_DIRECT_URL: Type.Optional(Type.String({ pattern: '^postgres(ql)?://' })),
  DATABASE_OWNER_URL: Type.Optional(Type.String({ pattern: '^postgres(ql)?://' })),
  DATABASE_NAMED_STATEMENTS: { ...Flag, default: 'on' } as typeof Flag,
  DB_POOL_SIZE: Type.Integer({ default: 20, minimum: 1, maximum: 500 }),
  BACKUP: { ...Flag, default: 'on' } as typeof Flag,
  BACKUP_FOLDER: Type.Optional(Type.String({ minLength: 1, description: 'default: backups in OFFICINA_HOME' })),
  BACKUP_HOUR: Type.Integer({ default: 3, minimum: 0, maximum: 23, description: 'in Rome' }),
  BACKUP_DAILY_DAYS: Type.Integer({ default: 7, minimum: 1 }),
  BACKUP_WEEKLY_DAYS: Type.Integer({ default: 30, minimum: 1 }),
  OFFICINA_WORKER: { ...Flag, default: 'on' } as typeof Flag,
  WORKER_SLOTS: Type.Integer({ default: 8, minimum: 2, maximum: 200 }),
  TENANT_ISOLATION_MODE: Type.Union([Type.Literal('shared'), Type.Literal('schema')], { default: 'shared' }),
  DEFAULT_TENANT_ID: Type.Optional(Type.String()),
  REGISTRATION: { ...Flag, default: 'on' } as typeof Flag,
  BACKEND_CORS_ORIGINS: Type.String({ default: '', description: 'origins, comma separated or as a JSON list' }),
  RATE_LIMIT: { ...Flag, default: 'on' } as typeof Flag,
  RATE_LIMIT_PER_MINUTE: Type.Integer({ default: 60, minimum: 1 }),
  RATE_LIMIT_PER_HOUR: Type.Integer({ default: 1000, minimum: 1 }),
  RATE_LIMIT_READS_PER_MINUTE: Type.Integer({ default: 600, minimum: 1 }),
  RATE_LIMIT_SIGN_IN_PER_MINUTE: Type.Integer({ default: 10, minimum: 1 }),
  RATE_LIMIT_UPLOADS_PER_MINUTE: Type.Integer({ default: 30, minimum: 1 }),
  MAX_BODY_SIZE: Type.Integer({ default: 1_048_576, minimum: 1024 }),
  MAX_UPLOAD_SIZE: Type.Integer({ default: 10_485_760, minimum: 1024 }),
  ALLOWED_EXTENSIONS: Type.String({ default: 'pdf,doc,docx,txt', description: 'types of documents, comma separated' }),
  TRASH_DAYS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 3650,
    description: 'until hidden documents lose their contents',
  }),
  CLAMD_URL: Type.Optional(
    Type.String({ pattern: '^(tcp|unix)://', description: 'tcp://host:3310 or unix:///run/clamav/clamd.ctl' }),
  ),
  OCR: { ...Flag, default: 'on' } as typeof Flag,
  OCR_MAX_PAGES: Type.Integer({
    default: 500,
    minimum: 0,
    description: 'scanned pages of one file that are recognised',
  }),
  TEXT_MAX_PAGES: Type.Integer({ default: 2000, minimum: 1, description: 'pages of one file that are read' }),
  TEXT_MAX_MEMORY_MB: Type.Integer({
    default: 1400,
    minimum: 256,
    description: 'of the process that reads a file and of the programs that it calls',
  }),
  TEXT_MAX_SECONDS: Type.Integer({
    default: 1800,
    minimum: 1,
    description: 'for reading one file, over all its turns',
  }),
  TEXT_TURN_SECONDS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 600,
    description: 'until a long reading lets others go first',
  }),
  PATH: Type.String({ default: '', description: 'where tesseract, pdftoppm and antiword are looked for' }),
  S3_ENDPOINT: Type.Optional(
    Type.String({
      pattern: '^https?://',
      description: 'of an S3-compatible store; without it files lie in OFFICINA_HOME',
    }),
  ),
  S3_BUCKET: Type.String({ default: 'officina', pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$' }),
  S3_REGION: Type.String({ default: 'us-east-1', minLength: 1 }),
  S3_PREFIX: Type.String({ default: '', pattern: '^([a-z0-9.-]+/)*$', description: 'before every key' }),
  S3_ACCESS_KEY_ID: Type.Optional(Type.String({ minLength: 1 })),
  S3_SECRET_ACCESS_KEY: Type.Optional(Type.String({ minLength: 1 })),
  EMBEDDING_BASE_URL: Type.Optional(
    Type.String({ pattern: '^https?://', description: 'of an OpenAI-compatible API, up to /v1' }),
  ),
  EMBEDDING_MODEL: Type.String({ default: 'text-embedding-3-small', minLength: 1, maxLength: 200 }),
  EMBEDDING_API_KEY: Type.Optional(Type.String({ minLength: 1 })),
  EMBEDDING_DIMENSIONS: Type.Integer({ default: 384, minimum: 16, maximum: 4096, description: 'asked of the model' }),
  VECTOR_STORE: Type.Union([Type.Literal('postgres'), Type.Literal('pgvector'), Type.Literal('qdrant')], {
    default: 'postgres',
  }),
  VECTOR_MEMORY_MB: Type.Integer({
    default: 512,
    minimum: 16,
    description: 'of a process, for copies of vectors; 100,000 of 384 dimensions take 37',
  }),
  QDRANT_URL: Type.Optional(Type.String({ pattern: '^https?://' })),
  QDRANT_API_KEY: Type.Optional(Type.String({ minLength: 1 })),
  REQUEST_TIMEOUT_MS: Type.Integer({ default: 30_000, minimum: 1000 }),
  ACCESS_TOKEN_MINUTES: Type.Integer({ default: 30, minimum: 1, maximum: 1440 }),
  REFRESH_TOKEN_DAYS: Type.Integer({ default: 7, minimum: 1, maximum: 90 }),
  SMTP_URL: Type.Optional(Type.String({ pattern: '^smtps?://' })),
  MAIL_FROM: Type.String({ default: 'Officina <no-reply@localhost>' }),
  // Whether webhooks may go to http:// too; by default in development.
  OUTGOING_HTTP: Type.Optional(Flag),
  NATS_URL: Type.Optional(
    Type.String({ pattern: '^(nats|tls)://', description: 'of a NATS with JetStream; several, comma separated' }),
  ),
  NATS_STREAM: Type.String({ default: 'OFFICINA', pattern: '^[A-Za-z0-9_-]{1,64}$' }),
  NATS_SUBJECT_PREFIX: Type.String({ default: 'officina.events', pattern: '^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$' }),
  NATS_CREDENTIALS: Type.Optional(Type.String({ description: 'a .creds file' })),
  NATS_CA: Type.Optional(Type.String({ description: 'a file of certificates that the broker’s is checked with' })),
  OUTGOING_ALLOW: Type.String({
    default: '',
    description: 'internal networks that webhooks may reach, comma separated',
  }),
})

export type Settings = Static<typeof Schema>
export type Config = Readonly<
  Settings & {
    home: string
    backupFolder: string
    production: boolean
    corsOrigins: readonly string[]
    outgoingHttp: boolean
    outgoingAllowed: readonly Network[]
    version: string
  }
>

export class ConfigError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

const ON = new Set(['1', 'true', 'yes', 'on'])
const OFF = new Set(['0', 'false', 'no', 'off'])

function read(environment: NodeJS.ProcessEnv): Record<string, unknown> {
  const settings: Record<string, unknown> = {}
  for (const [key, property] of Object.entries(Schema.properties)) {
    const raw = environment[key]?.trim()
    const schema = property as { type?: string; default?: unknown; anyOf?: { const: string }[] }
    if (raw === undefined || raw === '') {
      if (schema.default !== undefined) settings[key] = schema.default
      continue
    }
    const flag = schema.anyOf?.[0]?.const === 'on'
    if (flag) settings[key] = ON.has(raw.toLowerCase()) ? 'on' : OFF.has(raw.toLowerCase()) ? 'off' : raw
    else settings[key] = schema.type === 'integer' && /^-?\d+$/.test(raw) ? Number(raw) : raw
  }
  return settings
}

/** Passwords and secrets that stand in examples; production refuses them. */
const KNOWN = /(officina-demo|changeme|change-me|secret|password|postgres|example|default|test)/i

/** What is set as a list. */
const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

function productionProblems(settings: Settings): string[] {
  const problems: string[] = []
  const secrets = settings.OFFICINA_SECRET?.split(',') ?? []
  if (secrets.length === 0) problems.push('OFFICINA_SECRET must be set (at least 32 random characters)')
  if (secrets.some((secret) => secret.length < 32 || KNOWN.test(secret) || new Set(secret).size < 10)) {
    problems.push('OFFICINA_SECRET holds a default or guessable secret')
  }
  if (settings.DATABASE_URL === undefined)
    problems.push('DATABASE_URL must be set: the embedded database is for development')
  for (const key of ['DATABASE_URL', 'DATABASE_OWNER_URL', 'DATABASE_DIRECT_URL', 'SMTP_URL'] as const) {
    const url = settings[key]
    if (url === undefined) continue
    const password = decodeURIComponent(URL.parse(url)?.password ?? '')
    if (key === 'SMTP_URL' && password === '') continue
    if (password.length < 16) problems.push(`${key} holds a service password of less than 16 characters`)
  }
  const nats = URL.parse(listOf(settings.NATS_URL ?? '')[0] ?? '')
  if (nats !== null && nats.username !== '' && decodeURIComponent(nats.password).length < 16)
    problems.push('NATS_URL holds a service password of less than 16 characters')
  if (settings.S3_SECRET_ACCESS_KEY !== undefined && settings.S3_SECRET_ACCESS_KEY.length < 16)
    problems.push('S3_SECRET_ACCESS_KEY holds a service password of less than 16 characters')
  if (settings.SMTP_URL === undefined) problems.push('SMTP_URL must be set: invitations and password resets are mails')
  if (settings.PUBLIC_URL === undefined) problems.push('PUBLIC_URL must be set: mails link to it')
  if (settings.RATE_LIMIT === 'off') problems.push('RATE_LIMIT must not be off')
  return problems
}

function origins(list: string): string[] {
  if (list.startsWith('[')) return JSON.parse(list) as string[]
  return listOf(list)
}

function otherProblems(settings: Settings): string[] {
  const problems: string[] = []
  const noServers = listOf(settings.NATS_URL ?? '').filter(
    (one) => !/^(nats|tls):$/.test(URL.parse(one)?.protocol ?? ''),
  )
  if (noServers.length > 0) problems.push('NATS_URL is not a list of nats:// and tls:// addresses')
  if (settings.CLAMD_URL !== undefined && clamdAddress(settings.CLAMD_URL) === null)
    problems.push('CLAMD_URL is neither tcp://host:port nor unix:///path')
  const noNetworks = listOf(settings.OUTGOING_ALLOW).filter((one) => parseNetwork(one) === null)
  if (noNetworks.length > 0) problems.push(`OUTGOING_ALLOW: not an address or a network: ${noNetworks.join(', ')}`)
  try {
    const wrong = origins(settings.BACKEND_CORS_ORIGINS).filter((origin) => URL.parse(origin)?.origin !== origin)
    if (wrong.length > 0) problems.push(`BACKEND_CORS_ORIGINS: not an origin: ${wrong.join(', ')}`)
  } catch {
    problems.push('BACKEND_CORS_ORIGINS is not a list of origins')
  }
  if (settings.S3_ENDPOINT !== undefined)
    for (const key of ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const)
      if (settings[key] === undefined) problems.push(`${key} must be set where S3_ENDPOINT is`)
  const urls = [
    'DATABASE_URL',
    'DATABASE_OWNER_URL',
    'DATABASE_DIRECT_URL',
    'SMTP_URL',
    'PUBLIC_URL',
    'S3_ENDPOINT',
  ] as const
  for (const key of urls) {
    const url = settings[key]
    if (url !== undefined && URL.parse(url) === null) problems.push(`${key} is not a URL`)
  }
  return problems
}

/** Reads and checks everything; throws a ConfigError that names each setting that is wrong, and never prints a secret. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const settings = read(environment)
  const problems = Value.Errors(Schema, settings).map((error) => {
    const key =
      error.instancePath.slice(1) ||
      String((error.params as { requiredProperties?: string[] }).requiredProperties ?? '')
    return `${key} ${error.message}`
  })
  if (problems.length > 0) throw new ConfigError([...new Set(problems)])
  const checked = settings as Settings
  const production = checked.ENVIRONMENT !== 'development'
  const more = otherProblems(checked)
  if (production) more.push(...productionProblems(checked))
  if (more.length > 0) throw new ConfigError(more)
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  return Object.freeze({
    ...checked,
    OFFICINA_DEMO: production ? 'off' : checked.OFFICINA_DEMO,
    home: resolve(checked.OFFICINA_HOME),
    backupFolder: resolve(checked.BACKUP_FOLDER ?? join(checked.OFFICINA_HOME, 'backups')),
    production,
    corsOrigins: origins(checked.BACKEND_CORS_ORIGINS),
    outgoingHttp: (checked.OUTGOING_HTTP ?? (production ? 'off' : 'on')) === 'on',
    outgoingAllowed: listOf(checked.OUTGOING_ALLOW).map((one) => parseNetwork(one)!),
    version: manifest.version,
  })
}
