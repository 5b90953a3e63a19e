/** Reading in a process of its own: what is too much ends as a state, and never as a failure. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, deflateRawSync } from 'node:zlib'
import { ZipFile } from 'yazl'
import { pdfOf, written } from '../text.fixture.ts'
import type { Said } from './content.ts'
import { readApart } from './reading.fixture.ts'

const endOf = (heard: Said[]) => heard.at(-1) as Extract<Said, { kind: 'end' }>
const pagesOf = (heard: Said[]) => heard.flatMap((said) => (said.kind === 'page' ? [said.page] : []))
let made: Promise<Buffer> | undefined
/** 5,000 pages. */
const long = (): Promise<Buffer> =>
  (made ??= pdfOf(
    Array.from({ length: 5_000 }, (_, at) =>
      written(`Pagina ${at + 1} di una relazione molto lunga sull’impianto di Forlì`),
    ),
  ))

async function zipOf(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [name, bytes] of Object.entries(files)) zip.addBuffer(bytes, name)
  zip.end()
  const chunks: Buffer[] = []
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** A PDF of 2 MB with one page, whose content unpacks to 2 GB: a block of it is packed once, and repeated. */
function bomb(): Buffer {
  const full = { finishFlush: constants.Z_FULL_FLUSH }
  const block = deflateRawSync(Buffer.alloc(16 << 20, 'q Q '), full)
  const blocks = Array.from({ length: 120 }, () => block)
  const stream = Buffer.concat([Buffer.from([0x78, 0x9c]), ...blocks, deflateRawSync('')])
  const parts = [
    '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n',
    '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>endobj\n',
    `4 0 obj<</Length ${stream.length}/Filter/FlateDecode>>stream\n`,
  ]
  return Buffer.concat([
    ...[Buffer.from(parts.join('')), stream, Buffer.from('\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF')],
  ])
}

test('a PDF of more pages than are read is read as far as that, and begins where it is told to', async () => {
  const heard = await readApart(await long(), { maxPages: 60, from: 50 })
  const pages = pagesOf(heard)
  assert.deepEqual([pages.length, pages[0]!.page, pages.at(-1)!.page], [10, 51, 60])
  assert.match(pages[0]!.text, /^Pagina 51 /)
  assert.ok(heard.some((said) => said.kind === 'pages' && said.pages === 5_000))
  assert.equal(endOf(heard).state, 'too_large')
})

test('a ZIP that unpacks to more than is accepted is too large', async () => {
  const bytes = await zipOf({
    '[Content_Types].xml': Buffer.from('<Types/>'),
    'word/document.xml': Buffer.alloc(101 << 20),
  })
  assert.ok(bytes.length < 1 << 20)
  assert.equal(endOf(await readApart(bytes)).state, 'too_large')
})

test('what takes more memory than is given ends its process and nothing else', async () => {
  const { state, detail } = endOf(await readApart(bomb(), { memory: 400 }))
  assert.equal(state, 'too_large')
  assert.match(`${detail}`, /memory/)
})

test('what takes more time than is given is ended', async () => {
  const { state, detail } = endOf(await readApart(await long(), { seconds: 1, maxPages: 5_000 }))
  assert.equal(state, 'too_large')
  assert.match(`${detail}`, /TEXT_MAX_SECONDS/)
})

test('a machine that cannot even start the reader is at fault, not the file', async () => {
  await assert.rejects(readApart('text', { folder: '/nowhere/at/all' }), /ENOENT/)
})
