import { Type } from 'typebox'

/** The `sort` parameter of a list that can be sorted by these fields; any other is refused and named. */
export const SortBy = (fields: readonly string[]) => {
  const field = `-?(${fields.join('|')})`
  return Type.Optional(
    Type.String({
      maxLength: 200,
      pattern: `^${field}(,${field}){0,4}$`,
      description: `Of ${fields.join(', ')}; - for descending`,
      examples: [`-${fields[0]}`],
    }),
  )
}

export type SortTerm = { field: string; direction: 'asc' | 'desc' }

/** What SortBy let through, as terms; `fallback` in the same spelling where nothing was asked for. */
export const sortTerms = (sort: string | undefined, fallback: string): SortTerm[] =>
  (sort ?? fallback).split(',').map((term) => ({
    field: term.replace(/^-/, ''),
    direction: term.startsWith('-') ? 'desc' : 'asc',
  }))
