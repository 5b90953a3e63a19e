import { pino, type DestinationStream, type Logger } from 'pino'
import type { Config } from '../../config.ts'

export type Log = Logger

/** Never in a log, wherever they turn up in what is logged. */
const SECRET = [
  'password',
  'token',
  'access_token',
  'refresh_token',
  'mfa_token',
  'login_token',
  'secret',
  'key',
  'code',
  'authorization',
  'cookie',
  'recovery_codes',
  'connectionString',
]

type LogSettings = Pick<Config, 'LOG_LEVEL' | 'DEBUG' | 'APP_NAME'>

/** Writes to standard output unless told otherwise. */
export function openLog(config: LogSettings, destination: DestinationStream = standardOutput()): Log {
  const options = {
    level: config.DEBUG === 'on' ? 'debug' : config.LOG_LEVEL,
    base: { app: config.APP_NAME },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        ...SECRET.flatMap((name) => (name === 'code' ? [`body.${name}`] : [name, `*.${name}`, `*.*.${name}`])),
        ...['x-api-key', 'set-cookie'].flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]),
      ],
      censor: '[secret]',
    },
    serializers: { err: withoutParameters },
  }
  return pino(options, destination)
}

const FLUSH_MS = 200

/**
 * Lines go out together, because each by itself costs a call of the system per request (6 % of reading a plant). What waits
 * is written at every end of the process but kill -9.
 */
function standardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: false, minLength: 4096 })
  setInterval(() => output.flush(), FLUSH_MS).unref()
  return output
}

const { chindingsSym } = pino.symbols

/**
 * What a request's lines are written with. As pino's own child, but for the search for secrets in its one binding, an id
 * that needs no quoting either.
 */
export function requestLog(log: Log, requestId: string): Log {
  const own = Object.create(log) as Log & Record<symbol, string>
  own[chindingsSym] = `${own[chindingsSym]},"reqId":"${requestId}"`
  return own
}

/** PostgreSQL's detail and where can quote a row's values: only what helps to find the bug is kept. */
function withoutParameters(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error
  const code = (error as { code?: unknown }).code
  return { name, message, code, stack, ...(cause instanceof Error && { cause: withoutParameters(cause) }) }
}
