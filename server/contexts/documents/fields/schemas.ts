import { type Static, Type } from 'typebox'
import { Day, Id, Line, NAMED, Nullable, OneOf, Shape, Timestamp } from '#platform/http/shapes.ts'
import { Category, Sha256 } from '../schemas.ts'
import { ALL_ROLES, FIELD_KINDS, type FieldKind as Kind, type Role as RoleName } from './finding.ts'

const FieldKind = Type.Unsafe<Kind>(OneOf([...FIELD_KINDS]))
const Role = Type.Unsafe<RoleName>(OneOf([...ALL_ROLES]))
/** found: by a rule, and not judged; added: told by a person. */
export type FieldState = 'found' | 'confirmed' | 'corrected' | 'rejected' | 'added'
export const FieldState = Type.Unsafe<FieldState>(OneOf(['found', 'confirmed', 'corrected', 'rejected', 'added']))
export type SuggestionKind = 'category' | 'expiry_date' | 'plant' | 'link'
export const SuggestionKind = Type.Unsafe<SuggestionKind>(
  OneOf(['category', 'expiry_date', 'plant', 'link'], {
    description: 'plant: it becomes the document’s own; link: the document is linked to it',
  }),
)
type By = 'rule' | 'learned' | 'person'
const By = Type.Unsafe<By>(
  OneOf(['rule', 'learned', 'person'], { description: 'learned: what the company has judged before says so' }),
)
type SuggestionState = 'open' | 'confirmed' | 'rejected' | 'superseded'
const SuggestionState = Type.Unsafe<SuggestionState>(
  OneOf(['open', 'confirmed', 'rejected', 'superseded'], { description: 'superseded: another was confirmed' }),
)
const Confidence = Type.Number({
  minimum: 0,
  maximum: 1,
  description: 'How sure it is: 0.99 where a check digit holds',
})
const Page = Type.Integer({ minimum: 1, maximum: 1_000_000 })
const place = {
  start: Type.Integer({ description: 'In the page’s text, in UTF-16 units' }),
  length: Type.Integer(),
  passage: Type.String({ description: 'The text around it' }),
}

export const Field = Shape(
  {
    id: Id,
    kind: FieldKind,
    role: Nullable({ ...Role, description: 'What the words before a date or an amount say of it' } as typeof Role),
    value: Type.String({ description: 'In normal form: YYYY-MM-DD, 1234.50 (euro), codes in capitals without spaces' }),
    shown: Type.String({ description: 'As it is written' }),
    page: Nullable(Type.Integer({ description: 'From 1; null where a person told it without a page' })),
    start: Nullable(place.start),
    length: Nullable(place.length),
    passage: Nullable(place.passage),
    confidence: Confidence,
    by: By,
    rule: Nullable(Type.String({ description: 'What found it', examples: ['pod.named'] })),
    state: FieldState,
    found_value: Nullable(Type.String({ description: 'What was found, where it was corrected' })),
    found_role: Nullable(Type.String()),
    judged_at: Nullable(Timestamp),
    judged_by: Nullable(Id),
  },
  { title: 'DocumentField' },
)
export type Field = Static<typeof Field>

export const Suggestion = Shape(
  {
    id: Id,
    kind: SuggestionKind,
    value: Nullable(Type.String({ description: 'The category or the day; null where a plant is suggested' })),
    plant_id: Nullable(Id),
    confidence: Confidence,
    by: By,
    evidence: Type.Array(Shape({ page: Type.Integer(), ...place })),
    explanation_it: Type.String(),
    explanation_en: Type.String(),
    state: SuggestionState,
    decided_at: Nullable(Timestamp),
    decided_by: Nullable(Id),
  },
  { title: 'DocumentSuggestion' },
)
export type Suggestion = Static<typeof Suggestion>

export const DocumentFields = Shape(
  {
    document_id: Id,
    version: Type.Integer({ description: 'The current one: what was found is of its content' }),
    sha256: Sha256,
    fields: Type.Array(Field),
    suggestions: Type.Array(Suggestion),
  },
  { title: 'DocumentFields' },
)
export type DocumentFields = Static<typeof DocumentFields>

const Value = Line(200, { ...NAMED, description: 'In the normal form of its kind', examples: ['2027-03-31'] })

/** What is left out stays as it is; what is the same as what was found confirms it, and so does nothing at all. */
export const FieldChange = Type.Object(
  {
    value: Type.Optional(Value),
    role: Type.Optional(Nullable({ ...Role, examples: ['expiry'] } as typeof Role)),
    rejected: Type.Optional(
      Type.Boolean({ description: 'true: not this; false: takes the judgement back', examples: [false] }),
    ),
  },
  {
    additionalProperties: false,
    title: 'DocumentFieldChange',
    examples: [{ value: '2027-03-31', role: 'expiry' }],
  },
)
export type FieldChange = Static<typeof FieldChange>

export const NewField = Type.Object(
  {
    kind: { ...FieldKind, examples: ['date'] } as typeof FieldKind,
    value: Value,
    role: Type.Optional(Nullable({ ...Role, examples: ['expiry'] } as typeof Role)),
    page: Type.Optional({ ...Page, examples: [1] } as typeof Page),
  },
  {
    additionalProperties: false,
    title: 'NewDocumentField',
    examples: [{ kind: 'date', value: '2027-03-31', role: 'expiry' }],
  },
)
export type NewField = Static<typeof NewField>

/** What a person says instead of what was suggested, or where nothing was. */
export const NewSuggestion = Type.Union(
  [
    Type.Object({ kind: Type.Literal('category'), value: Category }, { additionalProperties: false }),
    Type.Object(
      { kind: Type.Literal('expiry_date'), value: { ...Day, examples: ['2027-03-31'] } as typeof Day },
      { additionalProperties: false },
    ),
  ],
  { title: 'NewDocumentSuggestion', examples: [{ kind: 'category', value: 'delegation' }] },
)
export type NewSuggestion = Static<typeof NewSuggestion>
