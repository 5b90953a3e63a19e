/** What may be stored as what: real files of each type, and those that pretend. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import * as xlsx from '@e965/xlsx'
import { Document as Docx, Packer, Paragraph } from 'docx'
import PdfDocument from 'pdfkit'
import { ZipFile } from 'yazl'
import { Refusal } from '#platform/refusal.ts'
import type { FileType } from './file-types.ts'
import { readContent } from './read-content.ts'

let folder = ''
before(async () => void (folder = await mkdtemp(join(tmpdir(), 'officina-types-'))))
after(() => rm(folder, { recursive: true, force: true }))

/** Null: it may be stored; else the code of the refusal. */
async function verdict(bytes: Buffer | string, type: FileType): Promise<string | null> {
  const [path, content] = [join(folder, 'file'), Buffer.from(bytes)]
  await writeFile(path, content)
  try {
    await readContent({ path, size: content.length }, type)
    return null
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error))
    return error.code
  }
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
function zip(files: Record<string, string | Buffer>): Promise<Buffer> {
  const made = new ZipFile()
  for (const [name, content] of Object.entries(files)) made.addBuffer(Buffer.from(content), name)
  made.end()
  return collect(made.outputStream as unknown as AsyncIterable<Uint8Array>)
}
const pdf = (): Promise<Buffer> => {
  const made = new PdfDocument()
  made.text('Delega')
  made.end()
  return collect(made)
}
const docx = (): Promise<Buffer> =>
  Packer.toBuffer(new Docx({ sections: [{ children: [new Paragraph('Delega')] }] })).then((bytes) => Buffer.from(bytes))
const TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>'
const workbook = (): Buffer => {
  const book = xlsx.utils.book_new()
  xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet([['kWh'], [12]]), 'Letture')
  return xlsx.write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer
}
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const JPG = Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex')
const EXE = Buffer.concat([Buffer.from('4d5a90000300000004000000ffff0000', 'hex'), Buffer.alloc(200)])
const SIGNED = Buffer.concat([Buffer.from('3082012006092a864886f70d010702a0820111', 'hex'), Buffer.alloc(274, 1)])
const compound = (...streams: string[]): Buffer =>
  Buffer.concat([
    Buffer.from('d0cf11e0a1b11ae1', 'hex'),
    Buffer.alloc(70_000),
    ...streams.map((name) => Buffer.concat([Buffer.from(name, 'utf16le'), Buffer.alloc(80)])),
  ])
const MAIL = 'From: anna@example.it\r\nTo: gse@example.it\r\nSubject: Delega\r\nMIME-Version: 1.0\r\n\r\nBuongiorno'

test('real files of each type may be stored as what they are', async () => {
  const real: [FileType, Buffer | string][] = [
    ['pdf', await pdf()],
    ['docx', await docx()],
    ['xlsx', workbook()],
    ['doc', compound('WordDocument')],
    ['png', PNG],
    ['jpg', JPG],
    ['p7m', SIGNED],
    ['p7m', SIGNED.toString('base64').replace(/(.{64})/g, '$1\n')],
    ['p7m', `-----BEGIN PKCS7-----\n${SIGNED.toString('base64')}\n-----END PKCS7-----\n`],
    ['eml', MAIL],
    ['txt', 'Perché no'],
    ['txt', Buffer.from('Perch\xe9 no', 'latin1')],
    ['txt', Buffer.from('\ufeffPerché no', 'utf16le')],
    ['txt', 'BM è una sigla, non una figura'],
    ['txt', 'a < b, and <not a tag'],
    ['csv', 'data;kWh\r\n2026-01-01;12,5\r\n'],
    ['txt', '<!---->'.repeat(580)],
    ['xml', '<a/>'],
    ['xml', '<?xml version="1.0"?><p:FatturaElettronica xmlns:p="x"/>'],
    ['xml', '\ufeff<p:FatturaElettronica xmlns:p="x"/>'],
  ]
  for (const [type, bytes] of real) assert.equal(await verdict(bytes, type), null, type)
})

test('what is not what its extension says is refused', async () => {
  const [aPdf, aDocx, book] = [await pdf(), await docx(), workbook()]
  const pretending: [FileType, Buffer | string, string][] = [
    ['pdf', EXE, 'an .exe'],
    ['pdf', 'Just text', 'text'],
    ['pdf', PNG, 'a picture'],
    ['docx', await zip({ 'a.txt': 'a' }), 'a ZIP without a document'],
    ['docx', await zip({ 'word/document.xml': '<w/>' }), 'one without content types'],
    ['docx', book, 'a workbook'],
    ['docx', compound('EncryptedPackage'), 'an encrypted one'],
    ['docx', aDocx.subarray(0, aDocx.length - 30), 'one that is cut off'],
    ['docx', Buffer.concat([aDocx, Buffer.from('more')]), 'one with bytes behind'],
    ['xlsx', aDocx, 'a document'],
    ['doc', compound('Workbook'), 'an old workbook'],
    ['doc', aDocx, 'a new document'],
    ['doc', '{\\rtf1 a}', 'rich text'],
    ['txt', '<!DOCTYPE html><html><script>alert(1)</script>', 'HTML'],
    ['txt', '  \n<!-- a -->\n<SCRIPT src=x></SCRIPT>', 'a script'],
    ['txt', '<svg onload=alert(1)>', 'SVG'],
    ['txt', `<!-- ${'a'.repeat(5_000)} --><script>`, 'a script behind a long comment'],
    ['txt', `${'<!---->'.repeat(500)}<script>`, 'a script behind many comments'],
    ['txt', Buffer.from('\ufeff<html><body>', 'utf16le'), 'wide HTML'],
    ['txt', EXE, 'an .exe'],
    ['txt', `${'a'.repeat(300_000)}\0`, 'a NUL far behind'],
    ['csv', '{\\rtf1 a}', 'rich text'],
    ['xml', '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>', 'XHTML'],
    ['xml', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', 'SVG'],
    ['xml', 'no element', 'text'],
    ['png', JPG, 'a photo'],
    ['jpg', PNG, 'a picture'],
    ['p7m', aPdf, 'a PDF without an envelope'],
    ['p7m', Buffer.from('30820120020101', 'hex'), 'another structure'],
    ['eml', 'Buongiorno a tutti', 'text'],
    ['eml', '<html>', 'HTML'],
  ]
  for (const [type, bytes, what] of pretending) {
    assert.equal(await verdict(bytes, type), 'documents.type_mismatch', `${what} as .${type}`)
  }
})

test('the message says what a picture is that calls itself a PDF', async () => {
  const path = join(folder, 'picture')
  await writeFile(path, PNG)
  await assert.rejects(readContent({ path, size: PNG.length }, 'pdf'), (error: Refusal) => {
    assert.deepEqual(error.details, [{ field: 'file', message: 'looks like image/png' }])
    return true
  })
})

test('two files in one are refused, a signed envelope apart', async () => {
  const [aPdf, aDocx] = [await pdf(), await docx()]
  const archive = await zip({ 'a.txt': 'a' })
  const both: [FileType, Buffer | string, string][] = [
    ['pdf', Buffer.concat([Buffer.from('\n'), aPdf]), 'a PDF behind a line'],
    ['pdf', Buffer.concat([Buffer.from('<html>'), aPdf]), 'a PDF behind HTML'],
    ['pdf', Buffer.concat([aPdf, archive]), 'a PDF and a ZIP'],
    ['pdf', Buffer.concat([aPdf, archive, Buffer.from('\n%%EOF')]), 'a ZIP within'],
    ['png', Buffer.concat([PNG, archive]), 'a picture and a ZIP'],
    ['jpg', Buffer.concat([JPG, archive]), 'a photo and a ZIP'],
    ['txt', 'A letter\n%PDF-1.4\n', 'text and a PDF'],
    ['docx', await zip({ '%PDF-1.4': 'a', '[Content_Types].xml': TYPES, 'word/document.xml': '<w/>' }), 'ZIP and PDF'],
  ]
  for (const [type, bytes, what] of both) assert.equal(await verdict(bytes, type), 'documents.polyglot', what)
  assert.equal(await verdict(Buffer.concat([SIGNED, aDocx]), 'p7m'), null)
})

test('macros are refused, whatever their part is called', async () => {
  const macroTypes = TYPES.replace(
    '></Types>',
    '><Override PartName="/word/harmless.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>',
  )
  const word = { '[Content_Types].xml': TYPES, 'word/document.xml': '<w/>' }
  const excel = { '[Content_Types].xml': TYPES, 'xl/workbook.xml': '<w/>' }
  const withMacros: [FileType, Buffer][] = [
    ['docx', await zip({ ...word, 'word/vbaProject.bin': 'x' })],
    ['docx', await zip({ ...word, 'word/VBAPROJECT.BIN': 'x' })],
    ['docx', await zip({ ...word, '[Content_Types].xml': macroTypes, 'word/harmless.bin': 'x' })],
    ['docx', await zip({ ...word, '[Content_Types].xml': Buffer.from(`\ufeff${macroTypes}`, 'utf16le') })],
    ['xlsx', await zip({ ...excel, 'xl/vbaProject.bin': 'x' })],
    ['xlsx', await zip({ ...excel, 'xl/macrosheets/sheet1.xml': 'x' })],
    ['doc', compound('WordDocument', '_VBA_PROJECT')],
  ]
  for (const [type, bytes] of withMacros) assert.equal(await verdict(bytes, type), 'documents.macros', type)
  assert.equal(await verdict(await zip(word), 'docx'), null)
})

test('content types that unpack to more than any document needs are no document', async () => {
  const bomb = await zip({ '[Content_Types].xml': Buffer.alloc(64 * 1024 * 1024), 'word/document.xml': '<w/>' })
  assert.ok(bomb.length < 100_000)
  assert.equal(await verdict(bomb, 'docx'), 'documents.type_mismatch')
})
