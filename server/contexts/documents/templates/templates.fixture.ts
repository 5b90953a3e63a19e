/** Templates made by hand, and the text of what was made. */
import { readFileSync } from 'node:fs'
import { Packer, Document, Paragraph } from 'docx'
import mammoth from 'mammoth'
import PizZip from 'pizzip'
import { extractText, getDocumentProxy } from 'unpdf'
import { optionalNames, type Field } from './field.ts'
import type { Language } from './formats.ts'
import { fillTemplate } from './run-template.ts'
import type { Format } from './template-task.ts'

export const shippedFile = (id: string, language: Language): Buffer =>
  readFileSync(new URL(`shipped/${id}.${language}.docx`, import.meta.url))

/** A template of these lines; `change` may spoil its parts. */
export async function wordFile(lines: string[], change: (zip: PizZip) => void = () => undefined): Promise<Buffer> {
  const document = new Document({ sections: [{ children: lines.map((line) => new Paragraph(line)) }] })
  const zip = new PizZip(await Packer.toBuffer(document))
  change(zip)
  return zip.generate({ type: 'nodebuffer', compression: 'DEFLATE' })
}
/** Puts XML before the end of a part. */
export const into =
  (part: string, before: string, xml: string) =>
  (zip: PizZip): void =>
    void zip.file(part, zip.file(part)!.asText().replace(before, `${xml}${before}`))

const spaced = (text: string): string => text.replace(/\s+/g, ' ').trim()
export async function textOfPdf(bytes: Buffer): Promise<{ text: string; pages: string[] }> {
  const pdf = await getDocumentProxy(Uint8Array.from(bytes))
  const { text } = await extractText(pdf, { mergePages: false })
  const pages = text.map(spaced)
  return { text: pages.join(' '), pages }
}
export async function textOfDocx(bytes: Buffer): Promise<string> {
  return spaced((await mammoth.extractRawText({ buffer: bytes })).value)
}
export const textOf = async (bytes: Buffer, format: Format): Promise<string> =>
  format === 'pdf' ? (await textOfPdf(bytes)).text : textOfDocx(bytes)

type Making = { format?: Format; language?: Language; fields?: readonly Field[]; optional?: string[] }
export const made = (
  file: Buffer,
  values: Record<string, unknown>,
  { format = 'pdf', language = 'it', fields = [], optional = [] }: Making = {},
) =>
  fillTemplate({
    ...{ file, format, values, language, optional: [...optionalNames(fields), ...optional], time_zone: 'Europe/Rome' },
    ...{ title: 'Però', author: 'Energia Città', now: '2026-11-21T10:00:00Z' },
  })
