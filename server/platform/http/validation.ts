import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import { Ajv, type Options } from 'ajv'
import formats from 'ajv-formats'

const addFormats = formats.default

const common: Options = {
  removeAdditional: false,
  useDefaults: true,
  // Every wrong field is named; bodies are bounded, so this cannot be made expensive.
  allErrors: true,
  strict: false,
}

// PostgreSQL's years; RFC 3339 alone would let year 0000 through.
const date = (value: string): boolean => {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value)
  if (match === null || Number(match[1]) < 1000) return false
  const day = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(value)
}
const time = /^\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/** The checker of every edge: what is refused over HTTP is refused at the command line. */
export function makeAjv(options: Options): Ajv {
  const ajv = new Ajv({ ...common, ...options })
  addFormats(ajv, { mode: 'full', formats: ['uuid', 'email', 'uri'] })
  ajv.addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i)
  ajv.addFormat('email', /^[^\s@"<>()[\]\\,;:]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i)
  ajv.addFormat('date', date)
  ajv.addFormat('date-time', (value: string) => time.test(value) && date(value.slice(0, 10)))
  return ajv
}

/** A body's types are taken as they are; what comes as text (query, params, headers) is read as the type it must be. */
export function validateStrictly(app: FastifyInstance): void {
  const strict = makeAjv({ coerceTypes: false })
  const reading = makeAjv({ coerceTypes: 'array' })
  const compile: FastifySchemaCompiler<object> = ({ schema, httpPart }) =>
    (httpPart === 'body' ? strict : reading).compile(schema)
  app.setValidatorCompiler(compile)
}
