import { type Static, Type } from 'typebox'
import { Id, Line, NAMED, Nullable, OneOf, Paragraphs, Shape, Stamps } from '#platform/http/shapes.ts'
import { CycleTime } from '../lines/schemas.ts'

/** A unit of quantity, as people write it: kg, l, pcs. */
export const Unit = Line(20, { ...NAMED, examples: ['kg'] })
const Quantity = Type.Number({ exclusiveMinimum: 0, maximum: 1e12 })
const Limit = Nullable(Type.Number({ minimum: -1e12, maximum: 1e12 }))

export const ControlPoint = Shape(
  {
    code: Line(50, { ...NAMED, examples: ['CCP1'] }),
    description: Type.Optional(Line(200, { examples: ['Core temperature of the dryer'] })),
    kind: OneOf(['CCP', 'oPRP', 'PRP'], {
      description: 'Critical control point, operational prerequisite, prerequisite',
    }),
    unit: Unit,
    min: Type.Optional(Limit),
    max: Type.Optional(Limit),
    required: Type.Optional(
      Type.Boolean({ description: 'Whether a batch needs a measurement of it; by default it does' }),
    ),
  },
  { title: 'ControlPoint' },
)
export type ControlPoint = Static<typeof ControlPoint>

export const Recipe = Shape(
  {
    ingredients: Type.Optional(
      Type.Array(Shape({ material: Line(100, NAMED), quantity: Quantity, unit: Unit }), { maxItems: 200 }),
    ),
    steps: Type.Optional(
      Type.Array(Shape({ name: Line(200, NAMED), instructions: Type.Optional(Paragraphs(2_000)) }), { maxItems: 200 }),
    ),
    control_points: Type.Optional(Type.Array(ControlPoint, { maxItems: 50 })),
  },
  { title: 'Recipe' },
)
export type Recipe = Static<typeof Recipe>

const fields = {
  code: Line(50, { ...NAMED, description: 'Unique among the live products', examples: ['PENNE-500'] }),
  name: Line(200, { ...NAMED, examples: ['Penne rigate 500 g'] }),
  unit: Unit,
}
const more = {
  ideal_cycle_time_s: Nullable(CycleTime),
  planned_scrap_rate: Nullable(
    Type.Number({
      ...{ minimum: 0, maximum: 1, examples: [0.02] },
      description:
        'Scrap that is expected, by planned quantity: what a batch without a planned scrap of its own is started with',
    }),
  ),
  recipe: Recipe,
  cycle_times: Type.Array(Shape({ line_id: Id, ideal_cycle_time_s: CycleTime }), {
    maxItems: 200,
    description: 'Of lines that make it at another speed',
  }),
}
export const NewProduct = Type.Object(
  { ...fields, ...Type.Partial(Type.Object(more)).properties },
  {
    ...{ additionalProperties: false, title: 'NewProduct' },
    examples: [
      {
        ...{ code: 'PENNE-500', name: 'Penne rigate 500 g', unit: 'kg', ideal_cycle_time_s: 0.9 },
        recipe: {
          ingredients: [{ material: 'Semola', quantity: 1, unit: 'kg' }],
          control_points: [{ code: 'CCP1', kind: 'CCP', unit: '°C', min: 72, max: 85 }],
        },
      },
    ],
  },
)
export const ProductChange = Type.Partial(Type.Object({ ...fields, ...more }), {
  additionalProperties: false,
  title: 'ProductChange',
  examples: [{ ideal_cycle_time_s: 0.85 }],
})
export const Product = Type.Object({ id: Id, ...fields, ...more, ...Stamps }, { title: 'Product' })
export type Product = Static<typeof Product>
