import { type Static, Type } from 'typebox'
import { Day, Id, Line, NAMED, Nullable, OneOf, Paragraphs, Shape, Stamps, Timestamp } from '#platform/http/shapes.ts'

export const PlantType = OneOf(['Photovoltaic', 'Wind', 'Hydroelectric', 'Biomass', 'Geothermal', 'Food'])
export const PlantStatus = OneOf(['In Operation', 'In Authorization', 'Under Construction', 'Decommissioned'])

/** Country by ISO 3166-1, in capitals. */
export const Country = Type.String({ pattern: '^[A-Z]{2}$', examples: ['IT'] })
// The largest power plant there is has 22.5 GW; ten times that is a mistake.
const Power = Type.Number({
  minimum: 0,
  maximum: 250_000_000,
  description: 'kW; of photovoltaics, the peak power (DC)',
})

const required = {
  name: Line(200, { ...NAMED, examples: ['Carpi Nord'] }),
  code: Line(50, { ...NAMED, description: 'Unique among the live plants, whatever its case', examples: ['PV-MO-001'] }),
  type: PlantType,
  status: PlantStatus,
}
const optional = {
  power: Nullable(Line(50, { description: 'Power as people write it; made from power_kw where absent' })),
  power_kw: Nullable(Power),
  country: Country,
  location: Nullable(Line(200)),
  address: Nullable(Line(500)),
  municipality: Nullable(Line(100, { examples: ['Carpi'] })),
  province: Nullable(Line(100, { description: 'In Italy the sigla (a full name is understood)', examples: ['MO'] })),
  region: Nullable(Line(100, { description: 'In Italy one of the 20 regions', examples: ['Emilia-Romagna'] })),
  latitude: Nullable(Type.Number({ minimum: -90, maximum: 90, description: 'WGS 84; with longitude or not at all' })),
  longitude: Nullable(Type.Number({ minimum: -180, maximum: 180 })),
  time_zone: Nullable(Line(64, { description: 'IANA; null: the tenant’s', examples: ['Europe/Rome'] })),
  tags: Type.Array(Line(50, NAMED), { maxItems: 20, uniqueItems: true }),
  notes: Nullable(Paragraphs(5_000)),
}

/** What a person writes of a plant, complete: what was not said is null. */
export const PlantFields = Type.Object({ ...required, ...optional })
export type PlantFields = Static<typeof PlantFields>

const example = {
  name: 'Carpi Nord',
  code: 'PV-MO-001',
  type: 'Photovoltaic',
  status: 'In Operation',
  power_kw: 998.4,
  municipality: 'Carpi',
  province: 'MO',
  region: 'Emilia-Romagna',
  latitude: 44.7836,
  longitude: 10.8848,
  tags: ['ground-mounted'],
}
const optionalOnes = Type.Partial(Type.Object(optional)).properties

export const NewPlant = Type.Object(
  { ...required, ...optionalOnes },
  { additionalProperties: false, title: 'NewPlant', examples: [example] },
)
export const PlantChange = Type.Object(
  { ...Type.Partial(Type.Object(required)).properties, ...optionalOnes },
  { additionalProperties: false, title: 'PlantChange', examples: [{ status: 'Decommissioned', notes: null }] },
)

export const Plant = Type.Object(
  {
    id: Id,
    ...required,
    ...optional,
    next_deadline: Nullable(Day),
    next_deadline_type: Nullable(Type.String({ description: 'The obligation that is due then' })),
    deleted_at: Nullable(Timestamp),
    ...Stamps,
  },
  { title: 'Plant' },
)
export type Plant = Static<typeof Plant>

const Code = Nullable(Line(50))
/** Regimes that rules know; any other text is kept as it is. */
export const KNOWN_REGIMES = ['RID', 'SSP', 'Conto Energia', 'FER', 'CER', 'market'] as const

/** Kinds of meter whose interval of verification is known; of any other it is not, and a warning says so. */
export const KNOWN_METERS = ['static', 'electrodynamic', 'direct_lv'] as const

const Section = Shape({
  code: Type.Optional(Nullable(Line(50))),
  kind: Type.Optional(Nullable(Line(50, { description: 'What it is made of: modules, a turbine, a generating set' }))),
  power_kw: Type.Optional(Nullable(Power)),
  modules: Type.Optional(Nullable(Type.Integer({ minimum: 0, maximum: 100_000_000 }))),
  inverters: Type.Optional(Nullable(Type.Integer({ minimum: 0, maximum: 1_000_000 }))),
  turbines: Type.Optional(Nullable(Type.Integer({ minimum: 0, maximum: 100_000 }))),
  generators: Type.Optional(Nullable(Type.Integer({ minimum: 0, maximum: 100_000 }))),
  manufacturer: Type.Optional(Nullable(Line(100))),
  model: Type.Optional(Nullable(Line(100))),
  commissioned_on: Type.Optional(Nullable(Day)),
  notes: Type.Optional(Nullable(Line(500))),
})
const Moment = (description: string) => Type.String({ format: 'date-time', description })
const Register = (description: string) => Type.Number({ minimum: 0, maximum: 1e15, description })
const Meter = Shape({
  serial: Line(50, { ...NAMED, examples: ['MT13617152'] }),
  kind: Type.Optional(Nullable(Line(50, { description: `Known to rules: ${KNOWN_METERS.join(', ')}` }))),
  role: Type.Optional(Nullable(OneOf(['production', 'exchange', 'auxiliary', 'consumption']))),
  constant_k: Type.Optional(
    Nullable(Type.Number({ minimum: -1e9, maximum: 1e9, description: 'kWh per unit read; above zero' })),
  ),
  verified_on: Type.Optional(Nullable(Day)),
  mounted_at: Type.Optional(Nullable(Moment('Since when it is mounted; null: always'))),
  removed_at: Type.Optional(Nullable(Moment('Until when; null: it still is'))),
  register_digits: Type.Optional(
    Nullable(
      Type.Integer({ minimum: 1, maximum: 15, description: 'Whole digits of the counter: then it begins anew' }),
    ),
  ),
  register_at_mounting: Type.Optional(Nullable(Register('What the counter showed when it was mounted'))),
  register_at_removal: Type.Optional(Nullable(Register('What it showed when it was taken down'))),
})

const registryFields = {
  pod: Code,
  gaudi_code: Code,
  up_code: Code,
  rup_code: Code,
  sapr_code: Code,
  adm_license_code: Code,
  adm_periodicity: Nullable(OneOf(['annual', 'semiannual'])),
  dso: Nullable(Line(100)),
  voltage_kv: Nullable(Type.Number({ minimum: 0, maximum: 1_500 })),
  connection_power_kw: Nullable(Power),
  regime: Nullable(Line(50, { description: `Known to rules: ${KNOWN_REGIMES.join(', ')}` })),
  self_consumption: Nullable(Type.Boolean()),
  sale_mode: Nullable(OneOf(['partial', 'total'])),
  commissioning_date: Nullable(Day),
  spi_tested_on: Nullable(Day),
  owner_name: Nullable(Line(200)),
  vat_number: Nullable(Line(50, { description: 'Its check digit must hold' })),
  tax_code: Nullable(Line(50, { description: 'Its check character must hold; stored encrypted' })),
  dc_power_kw: Nullable(Type.Number({ exclusiveMinimum: 0, maximum: 250_000_000 })),
  temperature_coefficient_per_c: Nullable(
    Type.Number({ minimum: -0.05, maximum: 0.05, description: 'Of the power, per °C; of crystalline silicon -0.004' }),
  ),
  sections: Type.Array(Section, { maxItems: 200 }),
  meters: Type.Array(Meter, { maxItems: 200 }),
}
export const RegistryFields = Type.Object(registryFields)
export type RegistryFields = Static<typeof RegistryFields>

/** Replaces the whole registry: what is absent becomes null. */
export const RegistryBody = Type.Object(Type.Partial(RegistryFields).properties, {
  additionalProperties: false,
  title: 'PlantRegistryBody',
  examples: [{ pod: 'IT001E10225522', regime: 'RID', sale_mode: 'total', voltage_kv: 20, vat_number: '00743110157' }],
})
export type RegistryBody = Static<typeof RegistryBody>

export const Registry = Type.Object(
  {
    plant_id: Id,
    ...registryFields,
    warnings: Type.Array(Type.Object({ field: Type.String(), message: Type.String() }), {
      description: 'What looks unusual where no rule is known for certain',
    }),
    revision: Type.Integer({ description: '0 where nothing was written yet' }),
    created_at: Nullable(Timestamp),
    updated_at: Nullable(Timestamp),
    created_by: Nullable(Id),
    updated_by: Nullable(Id),
  },
  { title: 'PlantRegistry' },
)
export type Registry = Static<typeof Registry>
