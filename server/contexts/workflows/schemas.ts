import { Type } from 'typebox'
import { Day, Id, Nullable, OneOf, Timestamp } from '#platform/http/shapes.ts'

export const ObligationStatus = OneOf(['open', 'completed', 'untracked', 'withdrawn'], {
  description:
    'open: to be done; untracked: fell due before the plant was entered, so nobody knows; withdrawn: no longer follows',
})
export const Confidence = OneOf(['high', 'medium', 'low'], { description: 'How sure the rule is, from its sources' })

const Name = (language: string) => Type.String({ description: `Name of the duty, ${language}` })

/** What a duty is, in words, from the catalogue as it is today. */
const Texts = {
  name_it: Name('Italian'),
  name_en: Name('English'),
}

const PlantOf = {
  plant_id: Id,
  plant_name: Nullable(Type.String()),
  plant_code: Nullable(Type.String()),
}

export const Obligation = Type.Object(
  {
    id: Id,
    obligation: Type.String({ description: 'The duty in the catalogue', examples: ['ADM-LIC'] }),
    ...Texts,
    ...PlantOf,
    period: Type.String({ description: 'A half, a year, a date or a meter with its date', examples: ['2026-H2'] }),
    due_date: Day,
    base_date: { ...Day, description: 'The date as the rule says it, before the authority shifts it' },
    safe_date: { ...Day, description: 'The last business day up to the due date: not every authority shifts' },
    status: ObligationStatus,
    late: Type.Boolean({ description: "Open, and due before the tenant's today" }),
    responsible_entity: Type.String({ examples: ['Customs'] }),
    portal: Nullable(Type.String()),
    legal_basis: Nullable(Type.String()),
    source: Type.String({ description: 'Where the rule was found' }),
    source_year: Type.Integer({ description: 'The year that the source speaks of' }),
    confidence: Confidence,
    doubts: Type.Array(Type.String(), { description: 'Where sources disagree or say nothing' }),
    unverified: Type.Array(Type.String(), { description: 'Facts that are not known and could void or move it' }),
    workflow_id: Nullable(Id),
    revision: Type.Integer({ description: 'Rises with every change; the ETag' }),
    created_at: Timestamp,
    updated_at: Timestamp,
    created_by: Nullable(Id),
    updated_by: Nullable(Id),
  },
  { title: 'Obligation' },
)

export const MissingFacts = Type.Object(
  {
    obligation: Type.String({ examples: ['ADM-DICH-S'] }),
    ...Texts,
    fields: Type.Array(Type.String(), {
      description: 'Unknown facts; one of several may be enough',
      examples: [['registry.self_consumption']],
    }),
    blocks: Type.Boolean({
      description: 'True: the duty may exist but is not listed. False: it is listed and marked unverified',
    }),
  },
  { title: 'MissingFacts' },
)

export const Deadline = Type.Object(
  {
    date: Day,
    kind: OneOf(['obligation']),
    id: Id,
    title: Type.String({ description: 'Italian' }),
    title_en: Type.String(),
    ...PlantOf,
    status: ObligationStatus,
    late: Type.Boolean(),
    responsible_entity: Type.String(),
    obligation: Type.String(),
    period: Type.String(),
    safe_date: Day,
    confidence: Confidence,
  },
  { title: 'Deadline' },
)
