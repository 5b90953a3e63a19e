import { type Static, type TProperties, Type } from 'typebox'
import { Day, Id, Line, NAMED, Nullable, OneOf, Paragraphs, Stamps, Timestamp } from '#platform/http/shapes.ts'
import { WEEKDAYS, type Weekday } from './shift-times.ts'

const LINE = '01890000-0000-7000-8000-000000000000'
/** A closed object with an example of the whole. */
const Example = <T extends TProperties>(properties: T, title: string, example: object) =>
  Type.Object(properties, { additionalProperties: false, title, examples: [example] })
const LocalTime = (description: string, example: string) =>
  Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description, examples: [example] })

const pattern = {
  line_id: Id,
  name: Line(100, { ...NAMED, examples: ['Notte'] }),
  days: Type.Array(Type.Unsafe<Weekday>(OneOf([...WEEKDAYS])), {
    minItems: 1,
    uniqueItems: true,
    description: 'The local days on which it begins',
  }),
  starts: LocalTime('Local time', '22:00'),
  ends: LocalTime('Local time; where it is not after the start, on the next day', '06:00'),
  valid_from: Day,
  valid_until: { ...Day, description: 'The last day on which it begins, at most 400 days after the first' },
}
export const NewShiftPattern = Example(
  {
    ...pattern,
    time_zone: Type.Optional(
      Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$', description: 'IANA; by default the plant’s' }),
    ),
  },
  'NewShiftPattern',
  {
    ...{ line_id: LINE, name: 'Notte', days: ['mon', 'tue', 'wed', 'thu', 'fri'], starts: '22:00', ends: '06:00' },
    ...{ valid_from: '2026-11-23', valid_until: '2027-06-30' },
  },
)
const { name, days, starts, ends, valid_until } = pattern
export const ShiftPatternChange = Example(
  {
    from: {
      ...Day,
      description: 'The first local day of what is new: after today and after the first day of the pattern',
    },
    ...Type.Partial(Type.Object({ name, days, starts, ends, valid_until })).properties,
    time_zone: NewShiftPattern.properties.time_zone,
  },
  'ShiftPatternChange',
  { from: '2027-01-11', starts: '21:00', ends: '05:00' },
)
export const ShiftPattern = Type.Object(
  {
    ...{ id: Id, plant_id: Id, ...pattern, time_zone: Type.String() },
    replaces: Nullable({ ...Id, description: 'The pattern that this one goes on from' } as typeof Id),
    shifts: Type.Integer({ description: 'How many shifts of it stand' }),
    ...Stamps,
  },
  { title: 'ShiftPattern' },
)
export type ShiftPattern = Static<typeof ShiftPattern>

export const Shift = Type.Object(
  {
    ...{ id: Id, plant_id: Id, line_id: Id, pattern_id: Id, name: Type.String() },
    local_date: { ...Day, description: 'The local day on which it begins' },
    starts_at: Timestamp,
    ends_at: Timestamp,
    hours: Type.Number({ description: 'How long it is; in a night in which the clock changes an hour more or less' }),
  },
  { title: 'Shift' },
)
export type Shift = Static<typeof Shift>

const downtime = {
  line_id: Id,
  starts_at: Timestamp,
  ends_at: Timestamp,
  reason_code: Line(50, {
    description: 'A reason of planned_stop, maintenance, cleaning or changeover',
    examples: ['break'],
  }),
}
const note = Nullable(Paragraphs(1_000))
export const NewPlannedDowntime = Example({ ...downtime, note: Type.Optional(note) }, 'NewPlannedDowntime', {
  ...{ line_id: LINE, starts_at: '2026-12-24T12:00:00Z', ends_at: '2026-12-26T04:00:00Z', reason_code: 'no_shift' },
})
const { line_id: _line, ...changeable } = downtime
export const PlannedDowntimeChange = Type.Partial(Type.Object({ ...changeable, note }), {
  additionalProperties: false,
  title: 'PlannedDowntimeChange',
  examples: [{ ends_at: '2026-12-27T04:00:00Z' }],
})
export const PlannedDowntime = Type.Object(
  { id: Id, plant_id: Id, ...downtime, note, ...Stamps },
  { title: 'PlannedDowntime' },
)
export type PlannedDowntime = Static<typeof PlannedDowntime>
