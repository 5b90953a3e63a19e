import { type Static, Type } from 'typebox'
import { Id, Line, Nullable, OneOf, Shape, Timestamp } from '#platform/http/shapes.ts'

const Mode = Type.Enum(['hybrid', 'keyword', 'vector'], {
  type: 'string',
  default: 'hybrid',
  description: 'hybrid: by words and by meaning, fused; keyword where no embedder is set up',
})

/** What is asked of `/documents/search`. */
export const SearchQuery = Shape({
  q: Line(500, {
    description:
      'Words, "a phrase", -without; typing errors, accents and inflections are overlooked, and the last word may be half of one',
    examples: ['scadenza polizza assicurativa'],
  }),
  mode: Mode,
  limit: Type.Integer({ minimum: 1, maximum: 50, default: 10, description: 'Passages' }),
  per_document: Type.Integer({ minimum: 1, maximum: 10, default: 3, description: 'Passages of one document at most' }),
  plant_id: Type.Optional(Id),
  category: Type.Optional(Line(50)),
  type: Type.Optional(Type.String({ pattern: '^[a-z0-9]{1,10}$', description: 'pdf, docx …' })),
  tag: Type.Optional(Line(50)),
  from: Type.Optional({ ...Timestamp, description: 'Uploaded from then on' } as typeof Timestamp),
  to: Type.Optional({ ...Timestamp, description: 'Uploaded before' } as typeof Timestamp),
  document_id: Type.Optional(Type.Array(Id, { maxItems: 50, description: 'Only in these' })),
})
export type SearchQuery = Static<typeof SearchQuery>

const Highlight = Type.Object({
  start: Type.Integer({ description: 'In the passage, in UTF-16 units' }),
  length: Type.Integer(),
})

const Item = Type.Object({
  document_id: Id,
  name: Type.String(),
  version: Type.Integer({ description: 'The current one: others are not searched' }),
  plant_id: Nullable(Id),
  category: Nullable(Type.String()),
  type: Type.String(),
  page: Type.Integer({ description: '1 for the first' }),
  start: Type.Integer({ description: 'Of the passage in the page’s text, in UTF-16 units' }),
  passage: Type.String({ description: 'As it stands in the document: text, not markup' }),
  highlights: Type.Array(Highlight, { description: 'Where the words stand; nothing where only the meaning is alike' }),
  score: Type.Number({
    description: 'Sum of 1 / (60 + place) over the lists that found it; compares within one answer',
  }),
  found_by: Type.Array(OneOf(['keyword', 'vector'])),
  also_in: Type.Array(Id, { description: 'Other documents with the same file, five at most' }),
})

/** The answer: `mode` is what was done, which may be less than was asked. */
export const SearchAnswer = Type.Object(
  {
    mode: Type.Enum(['hybrid', 'keyword', 'vector'], { type: 'string' }),
    degraded: Type.Boolean({ description: 'true: meanings were to be searched too, and could not be just now' }),
    items: Type.Array(Item, { description: 'Best first' }),
  },
  { title: 'SearchAnswer' },
)
export type SearchAnswer = Static<typeof SearchAnswer>
export type SearchItem = Static<typeof Item>
