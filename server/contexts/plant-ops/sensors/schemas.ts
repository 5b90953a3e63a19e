import { type Static, Type } from 'typebox'
import { Id, Line, NAMED, Nullable, OneOf, Stamps, Timestamp } from '#platform/http/shapes.ts'

const LARGEST = 1.7e308
const Limit = Nullable(Type.Number({ minimum: -LARGEST, maximum: LARGEST }))

export const PlantQuantity = OneOf(
  ['ac_power_kw', 'ac_energy_counter', 'poa_irradiance_w_m2', 'module_temperature_c', 'ambient_temperature_c'],
  {
    description:
      'What of its plant as a whole it measures: means of the interval that begins at the time; ac_energy_counter is what a meter of ' +
      'production shows then, kWh by the constant K of the meter in the registry',
  },
)

const required = {
  name: Line(200, { ...NAMED, examples: ['Forno 2, zona 1'] }),
  unit: Line(50, { minLength: 0, description: 'UCUM; empty for what has none', examples: ['Cel'] }),
}
const optional = {
  kind: Nullable(Line(50, { examples: ['temperature'] })),
  quantity: Nullable(PlantQuantity),
  source: Nullable(Line(500, { description: 'By what a feed without ids names it; unique among live sensors' })),
  min: Limit,
  max: Limit,
  max_rate: Nullable(Type.Number({ exclusiveMinimum: 0, maximum: LARGEST, description: 'Of change, per second' })),
  retention_days: Nullable(
    Type.Integer({
      ...{ minimum: 1, maximum: 36_500 },
      description:
        'Days for which its readings are kept one by one; of older ones the hours stay. Null: as the company says ' +
        '(configuration.readings); 36500, a hundred years, is for ever. Not together with a quantity, whose readings all stay',
    }),
  ),
}

const PLANT = '01890000-0000-7000-8000-000000000000'
export const NewSensor = Type.Object(
  {
    plant_id: Type.Optional(Id),
    line_id: Type.Optional(Nullable(Id)),
    ...required,
    ...Type.Partial(Type.Object(optional)).properties,
  },
  {
    additionalProperties: false,
    title: 'NewSensor',
    examples: [{ plant_id: PLANT, name: 'Forno 2, zona 1', unit: 'Cel', kind: 'temperature', min: 20, max: 260 }],
  },
)
export const SensorChange = Type.Partial(Type.Object({ ...required, ...optional, line_id: Nullable(Id) }), {
  additionalProperties: false,
  title: 'SensorChange',
  examples: [{ max: 240 }],
})

export const Sensor = Type.Object(
  {
    id: Id,
    plant_id: Id,
    line_id: Nullable(Id),
    ...required,
    ...optional,
    deleted_at: Nullable(Timestamp),
    ...Stamps,
  },
  { title: 'Sensor' },
)
export type Sensor = Static<typeof Sensor>
