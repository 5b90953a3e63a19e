import { Type, type Static } from 'typebox'
import { Nullable, OneOf, Shape, Timestamp } from '#platform/http/shapes.ts'
import { TEXT_STATES } from './text-state.ts'

export const TextStanding = Type.Object(
  {
    version: Type.Integer({ description: 'Of the document' }),
    sha256: Type.String(),
    state: OneOf([...TEXT_STATES], {
      description:
        'too_large: more pages, time or memory than are given; unsupported: no reader of this type is installed. The pages that are there stay',
    }),
    detail: Nullable(Type.String({ description: 'What was found or left out, and why' })),
    method: Nullable(OneOf(['text', 'ocr', 'mixed'], { description: 'mixed: some pages are scans' })),
    language: Nullable(OneOf(['it', 'en'])),
    pages: Nullable(Type.Integer({ description: 'null: not known yet' })),
    pages_done: Type.Integer(),
    started_at: Nullable(Timestamp),
    ended_at: Nullable(Timestamp),
  },
  { title: 'TextStanding' },
)
export type TextStanding = Static<typeof TextStanding>

// Not a tuple: OpenAPI’s dialect of JSON Schema has another way to write those.
const Word = Type.Array(Type.Integer({ minimum: 0 }), {
  ...{ minItems: 6, maxItems: 6 },
  description: 'Start in the text, length, left, top, width, height: the last four in thousandths of the page',
})
export const TextPage = Type.Object({
  page: Type.Integer(),
  text: Type.String(),
  method: OneOf(['text', 'ocr']),
  confidence: Nullable(Type.Number({ minimum: 0, maximum: 1, description: 'Of recognition' })),
  words: Type.Optional(Nullable(Type.Array(Word))),
})
export const DocumentText = Type.Object({
  ...TextStanding.properties,
  items: Type.Array(TextPage),
  next_page: Nullable(Type.Integer({ description: 'The next from_page; null: no more by now' })),
})
export type DocumentText = Static<typeof DocumentText>
export type Words = NonNullable<Static<typeof TextPage>['words']>

const Version = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'default: the current one' }))
export const TextQuery = Shape({
  from_page: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 }),
  limit: Type.Integer({ minimum: 1, maximum: 50, default: 10 }),
  words: Type.Boolean({ default: false, description: 'With the place of each word' }),
  version: Version,
})
export const ReadingQuery = Shape({ version: Version })
