import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import type { DocumentWork } from '../tables.ts'

type Own = 'file_fields' | 'document_suggestions' | 'category_examples' | 'category_words' | 'field_cues'

/** What is found and suggested, what it was found in, and what was learned. */
export type FieldWork = DocumentWork & Work<Owned<Own | 'file_texts' | 'file_pages' | 'plant_registries'>>
