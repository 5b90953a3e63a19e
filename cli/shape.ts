import type { Static, TSchema } from 'typebox'
import { asRefusal } from '#platform/http/problem.ts'
import { makeAjv } from '#platform/http/validation.ts'

/** What was typed, checked by the shape that the same thing has over HTTP; refused with the fields named. */
export function shaped<Schema extends TSchema>(schema: Schema, part: string, value: unknown): Static<Schema> {
  const validate = makeAjv({ coerceTypes: false }).compile(schema)
  if (validate(value)) return value as Static<Schema>
  throw asRefusal(Object.assign(new Error('not valid'), { validation: validate.errors }), `/api/v1/${part}`)
}

/** Without what was not said: shapes are closed and know no undefined. */
export const said = <T extends object>(options: T): Partial<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>
