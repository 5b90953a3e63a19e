import type { Document, DocumentChange } from '../schemas.ts'

const FIELDS = [
  ...['name', 'category', 'plant_id', 'tags', 'expiry_date', 'expiry_notice_days', 'retain_until'],
] as (keyof DocumentChange & keyof Document)[]

export type Changes = { readonly before: Record<string, unknown>; readonly after: Record<string, unknown> }

/** The fields that a change makes different, as they were and as they become; null where none is. */
export function changesOf(document: Document, change: DocumentChange): Changes | null {
  const different = FIELDS.filter(
    (name) => change[name] !== undefined && JSON.stringify(change[name]) !== JSON.stringify(document[name]),
  )
  if (different.length === 0) return null
  return {
    before: Object.fromEntries(different.map((name) => [name, document[name]])),
    after: Object.fromEntries(different.map((name) => [name, change[name]])),
  }
}

/** Whether a change would let a document go earlier than was promised. Days compare as text. */
export const shortensRetention = (document: Document, { retain_until }: DocumentChange): boolean =>
  retain_until !== undefined &&
  document.retain_until !== null &&
  (retain_until === null || retain_until < document.retain_until)
