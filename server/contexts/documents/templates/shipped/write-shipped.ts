/**
 * Writes the templates that ship, from their layouts: `node server/contexts/documents/templates/shipped/write-shipped.ts`. The same layouts make
 * the same bytes; a test compares them with what is committed.
 */
import { writeFileSync } from 'node:fs'
import { Packer, type Document } from 'docx'
import PizZip from 'pizzip'
import { LANGUAGES, type Language } from '../formats.ts'
import { batchRecordLayout } from './batch-record.layout.ts'
import { coverLetterLayout } from './cover-letter.layout.ts'
import { delegationLayout } from './delegation.layout.ts'
import { fieldSheetLayout } from './field-sheet.layout.ts'
import { maintenanceReportLayout } from './maintenance-report.layout.ts'
import { selfDeclarationLayout } from './self-declaration.layout.ts'

const LAYOUTS: Record<string, (language: Language) => Document> = {
  ...{ delegation: delegationLayout, 'self-declaration': selfDeclarationLayout, 'cover-letter': coverLetterLayout },
  ...{
    'maintenance-report': maintenanceReportLayout,
    'batch-record': batchRecordLayout,
    'field-sheet': fieldSheetLayout,
  },
}

/** What the library writes of the time when it ran does not belong into a file that is compared. */
const DAY = '2026-11-21T12:00:00.000Z'
/** A ZIP knows no zone: the same digits on every machine. */
const NOON = new Date(2026, 10, 21, 12, 0, 0)
async function bytesOf(layout: Document): Promise<Buffer> {
  const zip = new PizZip(await Packer.toBuffer(layout))
  const core = zip.file('docProps/core.xml')!.asText()
  zip.file('docProps/core.xml', core.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, DAY))
  for (const file of Object.values(zip.files)) file.date = NOON
  return zip.generate({ type: 'nodebuffer', compression: 'DEFLATE', platform: 'DOS' })
}

/** Name and content of each file. */
export async function makeShipped(): Promise<[name: string, bytes: Buffer][]> {
  const wanted = Object.entries(LAYOUTS).flatMap(([id, layout]) =>
    LANGUAGES.map((language) => [id, layout, language] as const),
  )
  return Promise.all(
    wanted.map(
      async ([id, layout, language]) => [`${id}.${language}.docx`, await bytesOf(layout(language))] as [string, Buffer],
    ),
  )
}

if (import.meta.main) {
  for (const [name, bytes] of await makeShipped()) writeFileSync(new URL(name, import.meta.url), bytes)
}
