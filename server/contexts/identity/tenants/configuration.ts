import { Type, type Static } from 'typebox'
import { Line, Nullable, Shape } from '#platform/http/shapes.ts'

const Brand = Shape({
  name: Type.Optional(Nullable(Line(100))),
  color: Type.Optional(Nullable(Type.String({ pattern: '^#[0-9a-fA-F]{6}$', examples: ['#1f6f4a'] }))),
  logo_url: Type.Optional(Nullable(Type.String({ format: 'uri', pattern: '^https://', maxLength: 500 }))),
})

const Ingest = Shape({
  create_sensors: Type.Optional(
    Type.Boolean({
      description: 'Whether a sensor is made for each new source of line protocol and MQTT; if not, it is refused',
    }),
  ),
})

const Days = (description: string) =>
  Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 36_500, description })))

const Readings = Shape({
  retention_days: Days(
    'Days for which readings are kept one by one, where their sensor says nothing of its own; of older ones the hours stay. Null: for ever',
  ),
  rollup_days: Days('Days for which those hours are kept, at least as many as the readings. Null: for ever'),
})

/** What a company sets for itself; what is not there has the house's default. */
export const Configuration = Shape(
  {
    locale: Type.Optional(Type.String({ pattern: '^[a-z]{2}(-[A-Z]{2})?$', examples: ['it-IT'] })),
    time_zone: Type.Optional(Type.String({ maxLength: 64, description: 'IANA', examples: ['Europe/Rome'] })),
    currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217', examples: ['EUR'] })),
    brand: Type.Optional(Brand),
    ingest: Type.Optional(Ingest),
    readings: Type.Optional(Readings),
  },
  { title: 'TenantConfiguration' },
)
export type Configuration = Static<typeof Configuration>

/** The zone of days and shifts where a company has set none. */
export const DEFAULT_TIME_ZONE = 'Europe/Rome'

// Intl also takes offsets such as +01:00, which know no summer time and which PostgreSQL reads with the other sign.
const ZONE = /^(UTC|[A-Z][A-Za-z_-]+(\/[A-Z][A-Za-z0-9_+-]+){1,2})$/

const isTimeZone = (zone: string): boolean => {
  if (!ZONE.test(zone)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** What no pattern can tell: zones, currencies and languages that do not exist, hours that would go before readings; by field. */
export function configurationProblems({ locale, time_zone, currency, readings }: Configuration) {
  const problems: { field: string; message: string }[] = []
  const wrong = (field: string, message: string) => problems.push({ field: `configuration.${field}`, message })
  if (time_zone !== undefined && !isTimeZone(time_zone)) wrong('time_zone', 'is not an IANA time zone')
  if (currency !== undefined && !currencies.has(currency)) wrong('currency', 'is not a currency of ISO 4217')
  if (locale !== undefined && Intl.DateTimeFormat.supportedLocalesOf(locale).length === 0) {
    wrong('locale', 'is not a language')
  }
  const { retention_days, rollup_days } = readings ?? {}
  if (retention_days && rollup_days && rollup_days < retention_days) {
    wrong('readings.rollup_days', 'must not be less than retention_days')
  }
  return problems
}
