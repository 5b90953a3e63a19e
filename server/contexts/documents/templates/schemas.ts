import { type Static, Type } from 'typebox'
import { Day, Id, Line, NAMED, Nullable, OneOf, Shape, Timestamp } from '#platform/http/shapes.ts'
import { Category, DocumentName, LinkKind } from '../schemas.ts'
import type { Basis, Field, FieldType } from './field.ts'
import type { Language } from './formats.ts'
import type { Format } from './template-task.ts'

export const Tongue = Type.Unsafe<Language>(OneOf(['it', 'en']))
export const FileFormat = Type.Unsafe<Format>(OneOf(['pdf', 'docx']))
/** One of the company's by its id, one that ships by its name. */
export const TemplateId = Type.String({
  pattern: '^[a-z0-9-]{1,60}$',
  description: 'The id of a template of the company, or the name of one that ships',
  examples: ['maintenance-report'],
})
export const WithTemplate = Shape({ id: TemplateId })

const TYPES: FieldType[] = ['text', 'number', 'money', 'date', 'datetime', 'boolean', 'choice', 'list']
const OfType = Type.Unsafe<FieldType>(OneOf(TYPES))
const Label = Type.Object({ it: Type.String(), en: Type.String() })
const of = {
  ...{ name: Type.String({ examples: ['plant.pod'] }), label: Label, type: OfType },
  required: Type.Boolean({ description: 'A missing value is an error' }),
  source: Nullable(Type.String({ description: 'Where it is read, unless it is given; null: it must be given' })),
  choices: Type.Optional(Type.Array(Type.String())),
}
const TemplateField = Type.Unsafe<Field>(
  Type.Object({ ...of, items: Type.Optional(Type.Array(Type.Object(of))) }, { title: 'TemplateField' }),
)
const LegalBasis = Type.Unsafe<Basis>(
  Type.Object(
    {
      ...{ text: Type.String(), source: Type.String(), year: Type.Integer() },
      confidence: OneOf(['certain', 'found', 'unverified']),
    },
    { title: 'TemplateBasis' },
  ),
)

const summary = {
  ...{ id: TemplateId, name: Type.String(), description: Nullable(Type.String()) },
  origin: OneOf(['shipped', 'company']),
  version: Type.Integer(),
  languages: Type.Array(Tongue),
  category: Nullable(Type.String({ description: 'Of the documents that are made of it' })),
  document_id: Nullable({ ...Id, description: 'Where its file is kept; null: it ships' } as typeof Id),
}
export const TemplateSummary = Type.Object(summary, { title: 'DocumentTemplateSummary' })
export type TemplateSummary = Static<typeof TemplateSummary>

export const Template = Type.Object(
  {
    ...summary,
    fields: Type.Array(TemplateField),
    basis: Type.Array(LegalBasis, { description: 'The rules its wording rests on, with how sure that is' }),
    sample: Type.Unknown({
      description: 'A body for POST /documents/generate, values that nobody gives filled with examples',
    }),
  },
  { title: 'DocumentTemplate' },
)
export type Template = Static<typeof Template>

const GivenLabel = Type.Union([Line(200), Shape({ it: Line(200), en: Line(200) })])
const declared = {
  name: Line(200, { examples: ['recipient.name'] }),
  label: Type.Optional(GivenLabel),
  type: Type.Optional(OfType),
  required: Type.Optional(Type.Boolean()),
  choices: Type.Optional(Type.Array(Line(50), { minItems: 1, maxItems: 50 })),
}
/** What a company says of the fields of its template; what it leaves out is found from the tags. */
export const DeclaredFields = Type.Array(
  Shape({ ...declared, items: Type.Optional(Type.Array(Shape(declared), { maxItems: 50 })) }),
  { maxItems: 200 },
)
export type DeclaredFields = Static<typeof DeclaredFields>

const fieldsText = Type.String({
  maxLength: 10_000,
  description: 'JSON: [{name, label?, type?, required?, choices?, items?}]; what is left out is found from the tags',
})
export const TemplateFields = Shape({
  name: Line(200, { ...NAMED, examples: ['Lettera al distributore'] }),
  language: Tongue,
  description: Type.Optional(Line(1_000)),
  category: Type.Optional(Category),
  fields: Type.Optional(fieldsText),
})
export type TemplateFields = Static<typeof TemplateFields>
export const TemplateVersionFields = Shape({ fields: Type.Optional(fieldsText) })

const Link = Shape({ kind: LinkKind, target_id: Id })
const PLANT = '0190a1b2-0000-7000-8000-000000000001'
export const GenerateOrder = Type.Object(
  {
    template: TemplateId,
    format: FileFormat,
    language: Type.Optional(Tongue),
    plant_id: Type.Optional({ ...Id, examples: [PLANT] } as typeof Id),
    batch_id: Type.Optional(Id),
    period: Type.Optional(
      Shape(
        { from: Day, to: { ...Day, description: 'Included' } as typeof Day },
        { description: 'Days in the plant’s zone' },
      ),
    ),
    values: Type.Optional(
      Type.Record(Type.String({ maxLength: 200 }), Type.Unknown(), {
        ...{ maxProperties: 500, examples: [{ technician: 'Elettro Più S.n.c.', works: [] }] },
        description: 'By the names of fields, or nested as the dots say; they win over what sources say',
      }),
    ),
    name: Type.Optional(DocumentName),
    category: Type.Optional(Category),
    links: Type.Optional(Type.Array(Link, { maxItems: 20 })),
  },
  {
    ...{ additionalProperties: false, title: 'GenerateOrder' },
    examples: [
      {
        ...{ template: 'maintenance-report', format: 'pdf', language: 'it', plant_id: PLANT },
        ...{
          period: { from: '2026-10-01', to: '2026-10-31' },
          values: { technician: 'Elettro Più S.n.c.', works: [] },
        },
      },
    ],
  },
)
export type GenerateOrder = Static<typeof GenerateOrder>

export const GenerationPlan = Type.Object(
  {
    ...{
      template: TemplateId,
      template_version: Type.Integer(),
      language: Tongue,
      format: FileFormat,
      name: Type.String(),
    },
    fields: Type.Array(
      Type.Object({
        ...{ name: Type.String(), label: Label, type: OfType, required: Type.Boolean() },
        from: Nullable(Type.String({ description: '«values», a source, «worked out»; null: it is missing' })),
        value: Type.Unknown(),
      }),
    ),
    missing: Type.Array(Type.Object({ field: Type.String(), message: Type.String() })),
    invalid: Type.Array(Type.Object({ field: Type.String(), message: Type.String() })),
  },
  { title: 'GenerationPlan', description: 'What would be filled from where; nothing was made' },
)
export type GenerationPlan = Static<typeof GenerationPlan>

export const Generation = Type.Object(
  {
    ...{ document_id: Id, template: TemplateId, template_version: Type.Integer(), template_sha256: Type.String() },
    ...{ language: Tongue, format: FileFormat, time_zone: Type.String() },
    values: Type.Unknown({ description: 'What was printed' }),
    sources: Type.Array(Type.Object({ name: Type.String(), from: Type.String() })),
    ...{ created_at: Timestamp, created_by: Nullable(Id) },
  },
  { title: 'DocumentGeneration' },
)
export type Generation = Static<typeof Generation>
