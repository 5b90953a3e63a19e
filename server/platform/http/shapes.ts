import { type Static, type TProperties, type TSchema, type TUnsafe, Type } from 'typebox'

/** A closed object: unknown fields are refused. */
export const Shape = <T extends TProperties>(properties: T, options: { title?: string; description?: string } = {}) =>
  Type.Object(properties, { additionalProperties: false, ...options })

// No control characters: a name with a line break or a bell in it breaks logs, mails and CSV.
const LINE = '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$'
const PARAGRAPHS = '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$'

type TextOptions = { description?: string; examples?: unknown[]; minLength?: number; pattern?: string }

/** One line of text without control characters; not empty unless minLength says 0. */
export const Line = (maxLength: number, options: TextOptions = {}) =>
  Type.String({ minLength: 1, maxLength, pattern: LINE, ...options })

/** For a line of text that is more than spaces. */
export const NAMED = { pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$' }

export const Paragraphs = (maxLength: number, options: TextOptions = {}) =>
  Type.String({ maxLength, pattern: PARAGRAPHS, ...options })

export const Id = Type.String({ format: 'uuid', description: 'UUIDv7' })
export const Timestamp = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' })
export const Day = Type.String({ format: 'date', description: 'YYYY-MM-DD, in the plant’s or tenant’s zone' })
export const Email = Type.String({ format: 'email', maxLength: 254, examples: ['giulia.rossi@example.it'] })

const SCALARS = new Set(['string', 'number', 'integer', 'boolean'])

/** The schema or null. A scalar becomes a list of types: a union costs the serialiser a validation for every value. */
export function Nullable<T extends TSchema>(schema: T): TUnsafe<Static<T> | null> {
  const plain = schema as TSchema & { type?: string; enum?: unknown[]; title?: string }
  if (plain.type === undefined || !SCALARS.has(plain.type) || plain.title !== undefined) {
    return Type.Unsafe<Static<T> | null>(Type.Union([schema, Type.Null()]))
  }
  const values = plain.enum && { enum: [...plain.enum, null] }
  return Type.Unsafe<Static<T> | null>({ ...plain, ...values, type: [plain.type, 'null'] })
}
export const OneOf = <const T extends string[]>(
  values: T,
  options: { description?: string; default?: T[number] } = {},
) => Type.Enum(values, { type: 'string', ...options })

export const WithId = Shape({ id: Id })
export const Nothing = Type.Null({ description: 'No content' })

/** What every resource carries. */
export const Stamps = {
  revision: Type.Integer({ description: 'Rises with every change; the ETag' }),
  created_at: Timestamp,
  updated_at: Timestamp,
  created_by: Nullable(Id),
  updated_by: Nullable(Id),
}

export const PageQuery = {
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  offset: Type.Integer({ minimum: 0, maximum: 100_000, default: 0 }),
  sort: Type.Optional(
    Type.String({ maxLength: 200, pattern: '^-?[a-z_]+(,-?[a-z_]+){0,4}$', description: 'Fields; - for descending' }),
  ),
  q: Type.Optional(Line(200, { description: 'Text searched without accents and with typing errors' })),
}

export const Page = <T extends TSchema>(item: T) =>
  Type.Object({
    items: Type.Array(item),
    pagination: Type.Object({
      total: Type.Integer(),
      limit: Type.Integer(),
      offset: Type.Integer(),
      has_more: Type.Boolean(),
    }),
  })
export type Page<T> = { items: T[]; pagination: { total: number; limit: number; offset: number; has_more: boolean } }

export const CursorQuery = {
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  cursor: Type.Optional(Type.String({ maxLength: 200, pattern: '^[A-Za-z0-9_-]+$' })),
}
export const CursorPage = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), next_cursor: Nullable(Type.String()) })

export function page<T>(items: T[], total: number, { limit, offset }: { limit: number; offset: number }): Page<T> {
  return { items, pagination: { total, limit, offset, has_more: offset + items.length < total } }
}

export type { Static }
