import { Type, type Static, type TSchema } from 'typebox'
import { Id, Line, NAMED, Nullable, OneOf, Shape, Stamps, Timestamp } from '#platform/http/shapes.ts'
import type { EvidenceSources } from './source.ts'

const Language = OneOf(['it', 'en'], { description: 'Of the index and the explanations' })
const Versions = OneOf(['current', 'all'], {
  description:
    'Which versions of the documents go in; of a period, those that were in force in it (all) or at its end (current)',
  default: 'current',
})

/** What a pack is about: one of the kinds that the sources have. */
const subjectOf = (sources: EvidenceSources): TSchema =>
  Type.Union(
    Object.entries(sources).map(([kind, { schema }]) =>
      Shape({ kind: Type.Literal(kind, { examples: [kind] }), ...schema.properties }),
    ),
    { description: 'What the pack is about' },
  )

/** The order for a pack. */
export const packOrder = (sources: EvidenceSources) =>
  Type.Object(
    {
      subject: Type.Unsafe<{ kind: string } & Record<string, unknown>>(subjectOf(sources)),
      language: { ...Language, examples: ['it'] } as typeof Language,
      versions: Type.Optional({ ...Versions, examples: ['current'] } as typeof Versions),
      name: Type.Optional(
        Line(200, { ...NAMED, description: 'By default that of the subject', examples: ['Verifica ADM 2026'] }),
      ),
    },
    { additionalProperties: false, title: 'EvidencePackOrder' },
  )
export type PackOrder = {
  subject: { kind: string } & Record<string, unknown>
  language: 'it' | 'en'
  versions?: 'current' | 'all'
  name?: string
}

export const EvidencePack = Type.Object(
  {
    ...{ id: Id, kind: Type.String({ description: 'Of its subject' }), subject: Type.Unknown(), name: Type.String() },
    ...{ language: Language, versions: OneOf(['current', 'all']) },
    plant_ids: Type.Array(Id, { description: 'Who opens it must see all of them' }),
    permissions: Type.Array(Type.String(), { description: 'Who opens it must have all of them' }),
    status: OneOf(['building', 'ready', 'failed']),
    failure: Nullable(Type.String({ description: 'The code of the refusal that ended it' })),
    documents: Type.Integer({ description: 'Versions of documents that were chosen' }),
    documents_done: Type.Integer({ description: 'How many of them have been dealt with' }),
    absent: Type.Integer({ description: 'Of them, named in the pack without their file' }),
    ...{ entries: Type.Integer({ description: 'Entries of the trail' }), events: Type.Integer() },
    size: Nullable(Type.Integer({ description: 'Bytes of the archive' })),
    sha256: Nullable(Type.String({ description: 'Of the archive' })),
    ready_at: Nullable(Timestamp),
    ...Stamps,
  },
  { title: 'EvidencePack' },
)
export type EvidencePack = Static<typeof EvidencePack>
