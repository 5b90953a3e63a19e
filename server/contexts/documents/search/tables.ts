import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'

/** Passages, their words and vectors; documents, files and pages are read. */
export type SearchWork = Work<
  Owned<
    | 'passages'
    | 'passage_sets'
    | 'passage_words'
    | 'passage_vectors'
    | 'vector_editions'
    | 'documents'
    | 'document_versions'
    | 'files'
    | 'file_pages'
    | 'file_texts'
    | 'control.jobs'
  >
>
