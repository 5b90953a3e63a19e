import { type Static, Type } from 'typebox'
import { Id, Line, NAMED, Nullable, OneOf, Paragraphs, Stamps, Timestamp } from '#platform/http/shapes.ts'
import { STOPPAGE_CATEGORIES, stoppageCategories, type StoppageCategory } from './stoppage-category.ts'

export const Category = Type.Unsafe<StoppageCategory>(
  OneOf(stoppageCategories, {
    description: stoppageCategories.map((name) => `${name}: ${STOPPAGE_CATEGORIES[name].meaning}`).join('; '),
  }),
)

const required = {
  category: Category,
  starts_at: Timestamp,
  cause: Line(200, NAMED),
}
const optional = {
  ends_at: Nullable(Type.String({ format: 'date-time', description: 'RFC 3339, UTC; null: it goes on' })),
  curtailed_to_kw: Nullable(
    Type.Number({
      minimum: 0,
      maximum: 250_000_000,
      description: 'What the plant may still give, kW; null or 0: it stands still',
    }),
  ),
  note: Nullable(Paragraphs(5_000)),
}
const optionalOnes = Type.Partial(Type.Object(optional)).properties

/** What a person declares of a stoppage, complete. */
export const StoppageFields = Type.Object({ ...required, ...optional })
export type StoppageFields = Static<typeof StoppageFields>

const example = {
  ...{ category: 'planned_maintenance', starts_at: '2026-05-04T07:00:00Z', ends_at: '2026-05-04T10:30:00Z' },
  cause: 'Yearly check of the transformer',
}
export const NewStoppage = Type.Object(
  { ...required, ...optionalOnes },
  { additionalProperties: false, title: 'NewStoppage', examples: [example] },
)
export const StoppageChange = Type.Object(
  { ...Type.Partial(Type.Object(required)).properties, ...optionalOnes },
  { additionalProperties: false, title: 'StoppageChange', examples: [{ ends_at: '2026-05-04T11:00:00Z' }] },
)
export const Stoppage = Type.Object(
  { id: Id, plant_id: Id, ...required, ...optional, ...Stamps },
  { title: 'PlantStoppage' },
)
export type Stoppage = Static<typeof Stoppage>
