import { type RawBuilder, sql } from 'kysely'
import { type Static, type TSchema, Type } from 'typebox'
import { Day, Id, Line, Timestamp } from '#platform/http/shapes.ts'
import { plantRefusals } from './refusals.ts'
import { Country, PlantStatus, PlantType } from './schemas.ts'
import { searchable } from './searchable.ts'

const several = <T extends TSchema>(value: T) =>
  Type.Optional(Type.Array(value, { maxItems: 6, description: 'Any of these' }))
const exactly = (length: number) => Type.Optional(Line(length, { description: 'Whatever the case' }))
const NUMBER = '-?\\d{1,3}(\\.\\d{1,12})?'

/** The named filters of every list of plants. */
export const plantFilters = {
  status: several(PlantStatus),
  type: several(PlantType),
  name: exactly(200),
  code: exactly(50),
  country: Type.Optional(Country),
  region: exactly(100),
  province: exactly(100),
  municipality: exactly(100),
  location: exactly(200),
  address: exactly(500),
  time_zone: exactly(64),
  tag: Type.Optional(Line(50)),
  notes: Type.Optional(Line(200, { description: 'A part of them, whatever the case' })),
  power: exactly(50),
  power_kw: Type.Optional(Type.Number()),
  power_kw_min: Type.Optional(Type.Number()),
  power_kw_max: Type.Optional(Type.Number()),
  latitude: Type.Optional(Type.Number()),
  longitude: Type.Optional(Type.Number()),
  next_deadline: Type.Optional(Day),
  next_deadline_from: Type.Optional(Day),
  next_deadline_to: Type.Optional(Day),
  next_deadline_type: exactly(100),
  has_deadline: Type.Optional(Type.Boolean()),
  created_by: Type.Optional(Id),
  updated_by: Type.Optional(Id),
  created_from: Type.Optional(Timestamp),
  created_to: Type.Optional(Timestamp),
  updated_from: Type.Optional(Timestamp),
  updated_to: Type.Optional(Timestamp),
  bbox: Type.Optional(
    Type.String({
      pattern: `^${NUMBER}(,${NUMBER}){3}$`,
      description: 'West, south, east, north in degrees; west above east crosses the antimeridian',
      examples: ['6.6,35.4,18.6,47.1'],
    }),
  ),
  deleted: Type.Optional(Type.Boolean({ description: 'true: the hidden ones instead' })),
  q: Type.Optional(Line(200, { description: 'Text searched without accents and with typing errors' })),
}
const Filters = Type.Object(plantFilters)
export type PlantFilter = Static<typeof Filters>

const TEXTS = [
  'name',
  'code',
  'region',
  'province',
  'municipality',
  'location',
  'address',
  'time_zone',
  'power',
  'next_deadline_type',
] as const
const EQUAL = ['country', 'power_kw', 'latitude', 'longitude', 'next_deadline', 'created_by', 'updated_by'] as const
const BOUNDS = [
  ['power_kw_min', sql.raw('p.power_kw >=')],
  ['power_kw_max', sql.raw('p.power_kw <=')],
  ['next_deadline_from', sql.raw('p.next_deadline >=')],
  ['next_deadline_to', sql.raw('p.next_deadline <=')],
  ['created_from', sql.raw('p.created_at >=')],
  ['created_to', sql.raw('p.created_at <=')],
  ['updated_from', sql.raw('p.updated_at >=')],
  ['updated_to', sql.raw('p.updated_at <=')],
] as const

function inBox(bbox: string): RawBuilder<unknown> {
  const [west, south, east, north] = bbox.split(',').map(Number) as [number, number, number, number]
  const between = west <= east ? sql`and` : sql`or`
  return sql`(p.latitude between ${south} and ${north} and (p.longitude >= ${west} ${between} p.longitude <= ${east}))`
}

/** What stands after `where`, on plants called `p`; the search is joined by `searchJoin`. */
export function plantConditions(tenantId: string, filter: PlantFilter): RawBuilder<unknown> {
  const all: RawBuilder<unknown>[] = [
    sql`p.tenant_id = ${tenantId}`,
    filter.deleted === true ? sql`p.deleted_at is not null` : sql`p.deleted_at is null`,
  ]
  if (filter.status !== undefined) all.push(sql`p.status = any (${filter.status}::text[])`)
  if (filter.type !== undefined) all.push(sql`p.type = any (${filter.type}::text[])`)
  for (const name of EQUAL) if (filter[name] !== undefined) all.push(sql`${sql.ref(`p.${name}`)} = ${filter[name]}`)
  if (filter.tag !== undefined) all.push(sql`${filter.tag} = any (p.tags)`)
  if (filter.notes !== undefined) all.push(sql`strpos(lower(p.notes), lower(${filter.notes})) > 0`)
  if (filter.bbox !== undefined) all.push(inBox(filter.bbox))
  if (filter.has_deadline !== undefined) all.push(sql`(p.next_deadline is not null) = ${filter.has_deadline}`)
  for (const name of TEXTS) {
    if (filter[name] !== undefined) all.push(sql`lower(${sql.ref(`p.${name}`)}) = lower(${filter[name]})`)
  }
  for (const [name, compared] of BOUNDS) if (filter[name] !== undefined) all.push(sql`${compared} ${filter[name]}`)
  // The search function knows live plants only; among hidden ones every word must stand as it is.
  if (filter.q !== undefined && filter.deleted === true) {
    all.push(sql`strpos(p.search_text, ${searchable(filter.q)}) > 0`)
  }
  return sql.join(all, sql` and `)
}

/** The join that narrows to what a text finds, with its `score`; nothing where no text is searched. */
export const searchJoin = ({ q, deleted }: PlantFilter): RawBuilder<unknown> =>
  q === undefined || deleted === true ? sql`` : sql`join find_plants(${searchable(q)}) f on f.id = p.id`

const SORTED = new Set([
  ...['name', 'code', 'type', 'status', 'power', 'power_kw', 'country', 'location', 'address', 'municipality'],
  ...['province', 'region', 'latitude', 'longitude', 'time_zone', 'next_deadline', 'next_deadline_type'],
  ...['created_at', 'updated_at', 'deleted_at', 'revision', 'id'],
])
const NEVER_NULL = new Set(['name', 'code', 'type', 'status', 'country', 'created_at', 'updated_at', 'revision', 'id'])

/** What stands after `order by`: what is not known comes last, and the id decides between equals. */
export function plantOrder(sort: string | undefined, filter: PlantFilter): RawBuilder<unknown> {
  if (sort === undefined) {
    return filter.q === undefined || filter.deleted === true ? sql`p.name, p.id` : sql`f.score desc, p.name, p.id`
  }
  const keys = sort.split(',').map((key) => {
    const name = key.replace(/^-/, '')
    if (!SORTED.has(name)) {
      const details = [{ field: 'sort', message: `${name} is not a field to sort by` }]
      throw plantRefusals.refuse('plants.invalid', { details })
    }
    const down = key.startsWith('-') ? ' desc' : ''
    // security-ok: only names of SORTED come this far
    return sql.raw(`p.${name}${down}${NEVER_NULL.has(name) ? '' : ' nulls last'}`)
  })
  return sql.join([...keys, sql`p.id`], sql`, `)
}
