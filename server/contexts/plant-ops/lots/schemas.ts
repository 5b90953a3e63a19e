import { type Static, Type } from 'typebox'
import { Day, Id, Line, NAMED, Nullable, OneOf, Paragraphs, Stamps, Timestamp } from '#platform/http/shapes.ts'
import { Formula } from '../oee/schemas.ts'
import { Unit } from '../products/schemas.ts'
import { BALANCE_FORMULA } from './balance.ts'

const SOME = '01890000-0000-7000-8000-000000000000'
const Quantity = Type.Number({ exclusiveMinimum: 0, maximum: 1e12 })
const When = Type.Optional({ ...Timestamp, description: 'By default now; at most 62 days ago' })
const Code = Line(100, { ...NAMED, description: 'Unique in its plant', examples: ['SEM-26-118'] })
const Material = Line(100, { ...NAMED, examples: ['Semola'] })
const LotStatus = OneOf(['released', 'held', 'blocked'], {
  description: 'What is held or blocked goes into no batch and to no customer',
})
const about = {
  supplier: Type.Optional(Nullable(Line(200, NAMED))),
  expiry_date: Type.Optional(Nullable(Day)),
}
const closed = (title: string, example: object) => ({ additionalProperties: false, title, examples: [example] })

export const NewLot = Type.Object(
  { plant_id: Id, code: Code, material: Material, unit: Unit, quantity: Quantity, ...about, at: When },
  closed('NewLot', { plant_id: SOME, code: 'SEM-26-118', material: 'Semola', unit: 'kg', quantity: 1000 }),
)
export const ProducedLot = Type.Object(
  {
    ...{ code: Code, quantity: Quantity, material: Type.Optional(Material), unit: Type.Optional(Unit) },
    ...{ expiry_date: about.expiry_date, at: When },
  },
  closed('ProducedLot', { code: 'PEN-26-0412', quantity: 900 }),
)
export const LotChange = Type.Object(
  { status: Type.Optional(LotStatus), ...about },
  closed('LotChange', { status: 'held' }),
)
export const NewMovement = Type.Object(
  {
    kind: Type.Unsafe<'consume' | 'ship' | 'discard'>(OneOf(['consume', 'ship', 'discard'])),
    quantity: Quantity,
    unit: Type.Optional(Unit),
    batch_id: Type.Optional(Id),
    destination: Type.Optional(Line(200, { ...NAMED, description: 'Who got it' })),
    note: Type.Optional(Nullable(Paragraphs(1_000))),
    at: When,
  },
  closed('NewMovement', { kind: 'consume', quantity: 250, batch_id: SOME }),
)
export const LotSplit = Type.Object(
  {
    parts: Type.Array(Type.Object({ code: Code, quantity: Quantity }, { additionalProperties: false }), {
      minItems: 1,
      maxItems: 100,
    }),
    at: When,
  },
  closed('LotSplit', { parts: [{ code: 'SEM-26-118-A', quantity: 400 }] }),
)
export const LotMerge = Type.Object(
  {
    code: Code,
    lots: Type.Array(Type.Object({ lot_id: Id, quantity: Quantity }, { additionalProperties: false }), {
      minItems: 2,
      maxItems: 100,
    }),
    at: When,
  },
  closed('LotMerge', {
    code: 'SILO-3',
    lots: [
      { lot_id: SOME, quantity: 100 },
      { lot_id: SOME, quantity: 200 },
    ],
  }),
)

export const Lot = Type.Object(
  {
    ...{ id: Id, plant_id: Id, code: Code, material: Material, unit: Unit, quantity: Type.Number() },
    on_hand: Type.Number({ description: 'What is left of it' }),
    ...{ status: LotStatus, supplier: Nullable(Type.String()), expiry_date: Nullable(Day) },
    origin: OneOf(['received', 'produced', 'split', 'merged']),
    ...Stamps,
  },
  { title: 'Lot' },
)
export type Lot = Static<typeof Lot>

const Movement = Type.Object({
  ...{ id: Id, kind: Type.String(), from_lot_id: Nullable(Id), to_lot_id: Nullable(Id), batch_id: Nullable(Id) },
  ...{ quantity: Type.Number(), destination: Nullable(Type.String()), note: Nullable(Type.String()), at: Timestamp },
})
export type Movement = Static<typeof Movement>
const TracedBatch = Type.Object({
  ...{ id: Id, batch_number: Type.String(), product_code: Type.String(), unit: Type.String(), status: Type.String() },
  ...{ good_quantity: Nullable(Type.Number()), scrap_quantity: Nullable(Type.Number()) },
  rework_quantity: Nullable(Type.Number()),
})
export type TracedBatch = Static<typeof TracedBatch>
export const Trace = Type.Object(
  {
    direction: OneOf(['backward', 'forward']),
    lots: Type.Array(Lot),
    batches: Type.Array(TracedBatch),
    movements: Type.Array(Movement),
    truncated: Type.Boolean({ description: 'There is more than 5,000 lots and batches: the rest is not shown' }),
  },
  { title: 'Trace' },
)
export type Trace = Static<typeof Trace>

const said = (name: keyof (typeof BALANCE_FORMULA)['definitions']) =>
  Nullable(Type.Number({ description: BALANCE_FORMULA.definitions[name] }))
const ByUnit = Type.Object({
  unit: Type.String({ description: 'g and t are counted in kg, ml in l' }),
  ...{ input: Type.Number(), good: Type.Number(), scrap: Type.Number(), rework: Type.Number() },
  difference: Type.Number({ description: 'What went in and neither came out nor was scrapped' }),
  finished_goods_ratio: said('finished_goods_ratio'),
  scrap_ratio: said('scrap_ratio'),
  rework_ratio: said('rework_ratio'),
  production_loss: said('production_loss'),
  production_loss_ratio: said('production_loss_ratio'),
  discarded: Type.Number({ description: BALANCE_FORMULA.definitions.discarded }),
  storage_and_other_loss_ratio: said('storage_and_other_loss_ratio'),
})
export const MassBalance = Type.Object(
  {
    batch_id: Id,
    units: Type.Array(ByUnit),
    in_lots: Type.Number({ description: 'Of the good quantity, what lots were made of, in the unit of the batch' }),
    formula: Formula,
  },
  { title: 'MassBalance' },
)

export const NewRecall = Type.Object(
  {
    lot_id: Id,
    started_at: Type.Optional({
      ...Timestamp,
      description: 'When the exercise began; by default now',
      examples: ['2026-11-20T08:00:00Z'],
    }),
  },
  closed('NewRecall', { lot_id: SOME }),
)
const Accounted = Type.Object({
  ...{ unit: Type.String(), total: Type.Number(), accounted: Type.Number() },
  percentage: Nullable(Type.Number({ description: '0 to 100' })),
})
const RecallReport = Type.Object({
  percentage: Nullable(Type.Number({ description: 'The lowest of the units, 0 to 100' })),
  accounted: Type.Array(Accounted),
  on_hand: Type.Array(Type.Object({ lot_id: Id, code: Type.String(), unit: Type.String(), quantity: Type.Number() })),
  shipped: Type.Array(
    Type.Object({
      ...{ lot_id: Id, code: Type.String(), unit: Type.String(), quantity: Type.Number() },
      ...{ destination: Type.String(), at: Timestamp },
    }),
  ),
  discarded: Type.Array(Type.Object({ lot_id: Id, code: Type.String(), unit: Type.String(), quantity: Type.Number() })),
  unaccounted: Type.Array(
    Type.Object({ batch_id: Id, batch_number: Type.String(), unit: Type.String(), quantity: Type.Number() }),
  ),
  ...{ lots: Type.Integer(), batches: Type.Integer(), truncated: Type.Boolean() },
})
export type RecallReport = Static<typeof RecallReport>
export const Recall = Type.Object(
  {
    ...{ id: Id, plant_id: Id, lot_id: Id, report: RecallReport, started_at: Timestamp, ended_at: Timestamp },
    duration_s: Type.Number({ description: 'From the beginning of the exercise to this report' }),
    ...{ created_at: Timestamp, created_by: Nullable(Id) },
  },
  { title: 'Recall' },
)
export type Recall = Static<typeof Recall>
