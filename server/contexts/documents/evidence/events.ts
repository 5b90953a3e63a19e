import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Shape } from '#platform/http/shapes.ts'

const kindOf = { topic: 'documents.evidence', permission: 'documents.read' } as const
const ids = { evidence_pack_id: Id, kind: Type.String({ description: 'Of its subject' }) }

const packRequested = eventKind({ type: 'EvidencePackRequested', ...kindOf, data: Shape(ids) })
const packReady = eventKind({
  ...{ type: 'EvidencePackReady', ...kindOf },
  data: Shape({ ...ids, sha256: Type.String({ description: 'Of the archive, in hexadecimal' }) }),
})
const packFailed = eventKind({
  ...{ type: 'EvidencePackFailed', ...kindOf },
  data: Shape({ ...ids, reason: Type.String({ description: 'The code of a refusal' }) }),
})
const packDeleted = eventKind({ type: 'EvidencePackDeleted', ...kindOf, data: Shape(ids) })

export const evidenceEvents = [packRequested, packReady, packFailed, packDeleted]

export type PackOf = { id: string; kind: string; plant_ids: readonly string[] }
/** Of several plants it is nobody's alone: it says no more than that there is a pack. */
export const plantOfPack = ({ plant_ids }: PackOf): string | null => (plant_ids.length === 1 ? plant_ids[0]! : null)
const of = (pack: PackOf) => ({ subject: `evidence-packs/${pack.id}`, plant_id: plantOfPack(pack) })
const idsOf = ({ id, kind }: PackOf) => ({ evidence_pack_id: id, kind })

export const tellRequested = (pack: PackOf): NewEvent => eventOf(packRequested, of(pack), idsOf(pack))
export const tellReady = (pack: PackOf, sha256: string): NewEvent =>
  eventOf(packReady, of(pack), { ...idsOf(pack), sha256 })
export const tellFailed = (pack: PackOf, reason: string): NewEvent =>
  eventOf(packFailed, of(pack), { ...idsOf(pack), reason })
export const tellDeleted = (pack: PackOf): NewEvent => eventOf(packDeleted, of(pack), idsOf(pack))
