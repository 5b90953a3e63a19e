import { type Static, Type } from 'typebox'
import { Day, Id, Line, NAMED, Nullable, Paragraphs, Stamps } from '#platform/http/shapes.ts'

const required = {
  valid_from: Day,
  price_eur_per_kwh: Nullable(
    Type.Number({
      minimum: 0,
      maximum: 10,
      examples: [0.0465],
      description: 'EUR per kWh that the plant is paid; null: from this day on none is known',
    }),
  ),
  source: Line(200, { ...NAMED, description: 'Where it comes from: the regime, the contract, the market' }),
}
const optional = { note: Nullable(Paragraphs(5_000)) }
const optionalOnes = Type.Partial(Type.Object(optional)).properties

/** What a person writes of a price, complete. */
export const EnergyPriceFields = Type.Object({ ...required, ...optional })
export type EnergyPriceFields = Static<typeof EnergyPriceFields>

const example = { valid_from: '2026-01-01', price_eur_per_kwh: 0.0465, source: 'RID, guaranteed minimum price' }
export const NewEnergyPrice = Type.Object(
  { ...required, ...optionalOnes },
  { additionalProperties: false, title: 'NewEnergyPrice', examples: [example] },
)
export const EnergyPriceChange = Type.Object(
  { ...Type.Partial(Type.Object(required)).properties, ...optionalOnes },
  { additionalProperties: false, title: 'EnergyPriceChange', examples: [{ price_eur_per_kwh: 0.0471 }] },
)
export const EnergyPrice = Type.Object(
  { id: Id, plant_id: Id, ...required, ...optional, ...Stamps },
  { title: 'PlantEnergyPrice' },
)
export type EnergyPrice = Static<typeof EnergyPrice>
