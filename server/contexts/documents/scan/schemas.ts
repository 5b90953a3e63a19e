import { type Static, Type } from 'typebox'
import { Id, Nullable, Timestamp } from '#platform/http/shapes.ts'
import { Sha256 } from '../schemas.ts'

/** One infected content, and the documents that have it. */
export const Quarantined = Type.Object(
  {
    sha256: Sha256,
    signature: Nullable(Type.String({ description: 'What the scanner calls it' })),
    quarantined_at: Timestamp,
    size: Type.Integer({ description: 'Bytes' }),
    media_type: Type.String(),
    documents: Type.Array(
      Type.Object({
        id: Id,
        name: Type.String(),
        plant_id: Nullable(Id),
        version: Type.Integer({ description: 'The latest one that is infected so' }),
        current: Type.Boolean({ description: 'Whether that is the current version' }),
      }),
      { description: 'At most 100' },
    ),
  },
  { title: 'QuarantinedContent' },
)
export type Quarantined = Static<typeof Quarantined>
