/** Checks and fills templates in a thread of its own: what a company uploads neither holds up the server nor takes its memory. */
import { parentPort, workerData } from 'node:worker_threads'
import type PizZip from 'pizzip'
import { fillDocx, inspectTags } from './fill-docx.ts'
import type { TemplateAnswer, TemplateTask } from './template-task.ts'
import { readDocument } from './word/document.ts'
import { openPackage } from './word/package.ts'

type Fill = Extract<TemplateTask, { do: 'fill' }>

const textOf = (zip: PizZip, name: string): string | null => zip.file(name)?.asText() ?? null

/** What a list of lists can blow a small template up to. */
const MAX_FILLED = 30_000_000

function escaped(text: string): string {
  return text.replace(/[<>&"']/g, (sign) => `&#${sign.codePointAt(0)};`)
}

/** Who made it and when, as the caller says: nothing of the template's author stays, and the same inputs make the same file. */
function writeProperties(zip: PizZip, { title, author, language, now }: Fill): void {
  const at = `${now.slice(0, 19)}Z`
  zip.file(
    'docProps/core.xml',
    `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>${escaped(title)}</dc:title><dc:creator>${escaped(author)}</dc:creator><dc:language>${language}</dc:language><dcterms:created xsi:type="dcterms:W3CDTF">${at}</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">${at}</dcterms:modified></cp:coreProperties>`,
  )
}

function zipped(zip: PizZip, now: Date): Buffer {
  // A ZIP knows no zone: the same digits on every machine.
  const day = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()] as const
  const date = new Date(...day, now.getUTCHours(), now.getUTCMinutes(), now.getUTCSeconds())
  for (const file of Object.values(zip.files)) file.date = date
  return zip.generate({ type: 'nodebuffer', compression: 'DEFLATE', platform: 'DOS' })
}

async function pdfOf(zip: PizZip, task: Fill): Promise<TemplateAnswer> {
  const document = readDocument({
    ...{ document: textOf(zip, 'word/document.xml') ?? '', styles: textOf(zip, 'word/styles.xml') },
    ...{ numbering: textOf(zip, 'word/numbering.xml'), relations: textOf(zip, 'word/_rels/document.xml.rels') },
    part: (target) => textOf(zip, target.startsWith('/') ? target.slice(1) : `word/${target}`),
  })
  const about = { title: task.title, author: task.author, language: task.language, now: new Date(task.now) }
  // Half of what a thread loads is for PDFs alone.
  const { writePdf } = await import('./pdf/write-pdf.ts')
  const made = await writePdf(document, about)
  if (Buffer.isBuffer(made)) return { made }
  const details = made.signs.map((sign) => ({ field: sign, message: 'is in none of the fonts' }))
  return { refused: 'templates.unprintable', details }
}

async function fill(zip: PizZip, task: Fill): Promise<TemplateAnswer> {
  const setting = { language: task.language, timeZone: task.time_zone }
  const { missing, invalid } = fillDocx(zip, { values: task.values, optional: task.optional, setting })
  if (missing.length > 0) {
    return { refused: 'templates.values_missing', details: missing.map((field) => ({ field, message: 'is missing' })) }
  }
  if (invalid.length > 0) return { refused: 'templates.values_invalid', details: invalid }
  if ((textOf(zip, 'word/document.xml') ?? '').length > MAX_FILLED) {
    return {
      refused: 'templates.too_large',
      details: [{ field: 'file', message: 'grows too large with these values' }],
    }
  }
  if (task.format === 'pdf') return pdfOf(zip, task)
  writeProperties(zip, task)
  return { made: zipped(zip, new Date(task.now)) }
}

async function answer(task: TemplateTask): Promise<TemplateAnswer> {
  const opened = openPackage(Buffer.from(task.file))
  if (!('zip' in opened)) return { refused: `templates.${opened.kind}`, details: opened.problems }
  if (task.do === 'fill') {
    try {
      return await fill(opened.zip, task)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return { refused: 'templates.too_large', details: [{ field: 'file', message: error.message.slice(0, 200) }] }
    }
  }
  return check(opened.zip)
}

function check(zip: PizZip): TemplateAnswer {
  try {
    const { uses, problems } = inspectTags(zip)
    return problems.length > 0 ? { refused: 'templates.tags_invalid', details: problems.slice(0, 50) } : { uses }
  } catch (error) {
    // A stranger’s file over which the reader trips.
    const message = `cannot be read: ${error instanceof Error ? error.message : ''}`.slice(0, 200)
    return { refused: 'templates.file_type', details: [{ field: 'file', message }] }
  }
}

// A worker's port has no origin.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort!.postMessage(await answer(workerData as TemplateTask))
