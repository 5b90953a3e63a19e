import { refusals } from '#platform/refusal.ts'

export const templatesRefusals = refusals({
  'templates.not_found': ['not_found', 'There is no such template.'],
  'templates.no_language': ['invalid', 'This template is not there in that language.'],
  'templates.name_taken': ['conflict', 'Another template of the company has this name.'],
  'templates.same_content': ['conflict', 'The current version of this template is this very file.'],
  'templates.file_type': ['invalid', 'A template is a plain Word document (.docx).'],
  'templates.unsafe': [
    'invalid',
    'The file holds something that a template cannot: macros, links to elsewhere, fields, pictures.',
  ],
  'templates.too_large': ['invalid', 'The template, or what it makes of these values, is too large.'],
  'templates.tags_invalid': ['invalid', 'Some tags of the template are wrong: each is named.'],
  'templates.fields_invalid': ['invalid', 'The list of fields does not fit the template.'],
  'templates.values_missing': ['invalid', 'Values are missing: each is named.'],
  'templates.values_invalid': ['invalid', 'Some values do not fit: each is named.'],
  'templates.unprintable': ['invalid', 'The text has signs that no font of ours can print: each is named.'],
  'templates.too_many': ['conflict', 'The company has as many templates as it may have: delete some.'],
  'templates.no_subject': ['not_found', 'There is no such plant or batch.'],
  'templates.busy': ['unavailable', 'Other templates are being filled: try again soon.'],
})
