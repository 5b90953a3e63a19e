import type { ChosenFile } from './read-files.ts'
import type { Collected, Head, HistoryOf } from './source.ts'

/** A pack as its job reads it: what was asked for, and what its maker could see. */
export type PackRow = {
  id: string
  kind: string
  subject: Record<string, unknown>
  name: string
  language: 'it' | 'en'
  versions: 'current' | 'all'
  plant_ids: string[]
  permissions: string[]
  seen_plants: string[] | null
  granted: string[]
  documents: number
  created_at: string
  created_by: string | null
}

/** Everything that goes into a pack but the files themselves and its history, read in one snapshot. */
export type Plan = {
  readonly pack: PackRow
  readonly company: { readonly id: string; readonly name: string; readonly zone: string }
  readonly maker: { readonly id: string | null; readonly name: string | null }
  readonly collected: Collected
  readonly files: readonly ChosenFile[]
  readonly history: HistoryOf
  /** The last link and sequence that are in the pack. */
  readonly reach: { readonly number: number; readonly link: string; readonly sequence: number }
  /** Those that were told before, whose link still stands. */
  readonly heads: readonly Head[]
}

/** Why a file is not in a pack; null where it is. `damaged` contents end the building, they are no state of a file. */
export type Absence = 'deleted' | 'purged' | 'scanning' | 'quarantined' | 'scan_failed' | 'missing'

/** What keeps a file out of a pack, as its row says. */
export function absenceOf(file: Pick<ChosenFile, 'scan' | 'deleted_at' | 'purged_at'>): Absence | null {
  if (file.purged_at !== null) return 'purged'
  if (file.deleted_at !== null) return 'deleted'
  if (file.scan === 'waiting') return 'scanning'
  if (file.scan === 'infected') return 'quarantined'
  return file.scan === 'failed' ? 'scan_failed' : null
}

const unique = (all: readonly string[]): string[] => [...new Set(all)]

/** The history of the subject with that of its documents. */
export const withDocuments = (history: HistoryOf, files: readonly ChosenFile[]): HistoryOf => ({
  ...history,
  subjects: unique([...history.subjects, ...files.map((file) => `documents/${file.document_id}`)]),
  resources: unique([...history.resources, ...files.map((file) => file.document_id)]),
})
