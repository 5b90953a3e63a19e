import { refusals } from '#platform/refusal.ts'

export const fieldsRefusals = refusals({
  'document_fields.not_found': ['not_found', 'There is no such field.'],
  'document_fields.invalid_value': ['invalid', 'The value cannot be one of this kind.'],
  'document_fields.invalid_role': ['invalid', 'A field of this kind has no such role.'],
  'document_fields.no_such_page': ['invalid', 'The document has no such page.'],
  'document_fields.too_many': ['conflict', 'No more fields can be added to this document.'],
  'document_suggestions.not_found': ['not_found', 'There is no such suggestion.'],
  'document_suggestions.invalid_value': ['invalid', 'The value cannot be one of this kind.'],
})
