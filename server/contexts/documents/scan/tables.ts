import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'

/** What was found in contents; the trail says which documents were told of it. */
export type ScanWork = Work<Owned<'documents' | 'document_versions' | 'files' | 'audit' | 'control.jobs'>>
