/**
 * Hostile files through the whole of it, as a person and the worker see it: uploaded over HTTP, scanned, read. Nothing crashes, each ends in a
 * stated status, and nobody's document waits for long behind another's bombs.
 */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { constants, deflateRawSync } from 'node:zlib'
import { ZipFile } from 'yazl'
import { forgetWaiting, until, withWorker } from '#platform/jobs/jobs.fixture.ts'
import type { App } from '../app.ts'
import type { Config } from '../config.ts'
import { sendUpload } from '../contexts/documents/library/upload.fixture.ts'
import { pdfOf, scanned, written } from '../contexts/documents/text/text.fixture.ts'
import { appWith, newTenant, request, type Answer, type TestTenant } from './harness.ts'

/** How long a good document may take to be read behind ten bombs of its own company, and of another one; on two busy cores. */
const [BEHIND_OWN_MS, BEHIND_OTHERS_MS] = [90_000, 40_000]
const MIB = 1 << 20

/** Small limits, so that what is too much is so soon. */
const LIMITS = {
  ...{ ALLOWED_EXTENSIONS: 'pdf,doc,docx,txt,xlsx,csv,xml,png,jpg,p7m,eml', RATE_LIMIT: 'off' as const },
  ...{ TEXT_MAX_MEMORY_MB: 300, TEXT_MAX_SECONDS: 20, TEXT_MAX_PAGES: 50 },
} satisfies Partial<Config>
const KINDS = new Set(['documents.scan', 'documents.read', 'documents.find_fields', 'documents.make_passages'])

/** With a server that lets every type in, and a worker that scans and reads. */
async function hosting(use: (app: App) => Promise<void>): Promise<void> {
  const app = await appWith(LIMITS)
  try {
    const jobs = app.jobs.filter(({ kind }) => KINDS.has(kind.name))
    assert.equal(jobs.length, KINDS.size)
    await forgetWaiting(jobs)
    await withWorker(jobs, () => use(app))
  } finally {
    await app.close()
  }
}

async function zip(files: Readonly<Record<string, Buffer | string>>): Promise<Buffer> {
  const made = new ZipFile()
  for (const [name, bytes] of Object.entries(files)) made.addBuffer(Buffer.from(bytes), name)
  made.end()
  const chunks: Buffer[] = []
  for await (const chunk of made.outputStream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>'
let made = 0
/** Never the same content twice. */
const unique = (): string => `${process.pid}-${(made += 1)}`
const docx = (document: Buffer | string, more: Record<string, Buffer | string> = {}): Promise<Buffer> =>
  zip({ '[Content_Types].xml': TYPES, 'word/document.xml': document, 'unique.txt': unique(), ...more })
const xlsx = (sheet: Buffer | string): Promise<Buffer> => {
  const ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
  const rel = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  return zip({
    '[Content_Types].xml': TYPES,
    '_rels/.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="${rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook ${ns} xmlns:r="${rel}"><sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="${rel}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    'xl/worksheets/sheet1.xml': sheet,
    'unique.txt': unique(),
  })
}
const sheetOf = (rows: string, dimension: string): string =>
  `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="${dimension}"/><sheetData>${rows}</sheetData></worksheet>`

/** Without a table of references: readers look for the objects themselves. */
const pdf = (...objects: (Buffer | string)[]): Buffer =>
  Buffer.concat([
    Buffer.from(`%PDF-1.4\n%${unique()}\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n`),
    ...objects.flatMap((object, at) => [Buffer.from(`${at + 2} 0 obj`), Buffer.from(object), Buffer.from('endobj\n')]),
    Buffer.from('trailer<</Root 1 0 R>>\n%%EOF'),
  ])
const PAGES = '<</Type/Pages/Kids[3 0 R]/Count 1>>'
let packed: Buffer | undefined
/** One page whose content is two gigabytes, in two megabytes. */
function pdfBomb(): Buffer {
  packed ??= deflateRawSync(Buffer.alloc(16 * MIB, 'q Q '), { finishFlush: constants.Z_FULL_FLUSH })
  const stream = [Buffer.from([0x78, 0x9c]), ...Array<Buffer>(120).fill(packed), deflateRawSync('')]
  const length = stream.reduce((sum, part) => sum + part.length, 0)
  const content = [
    ...[Buffer.from(`<</Length ${length}/Filter/FlateDecode>>stream\n`), ...stream, Buffer.from('\nendstream ')],
  ]
  const page = '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>'
  return pdf(PAGES, page, Buffer.concat(content))
}
const docxBomb = (): Promise<Buffer> => docx(Buffer.alloc(110 * MIB, ' '))

/** A picture that says that it is 60,000 pixels wide and high. */
function vastPicture(): Buffer {
  const picture = Buffer.concat([scanned(['x']), Buffer.from(unique())])
  picture.writeUInt32BE(60_000, 16)
  picture.writeUInt32BE(60_000, 20)
  return picture
}
const laughs = Array.from({ length: 10 }, (_, at) =>
  at === 0 ? '<!ENTITY l0 "ha">' : `<!ENTITY l${at} "${`&l${at - 1};`.repeat(10)}">`,
).join('')
const nestedMail = (depth: number): string =>
  depth === 0
    ? 'Content-Type: text/plain\r\n\r\nbottom\r\n'
    : `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n${nestedMail(depth - 1)}\r\n--b${depth}--\r\n`

type Case = {
  readonly name: string
  readonly bytes: () => Promise<Buffer> | Buffer | string
  /** Any of these; a code is a refusal of the upload. */
  readonly ends: readonly string[]
  readonly says?: (text: string) => void
}

const listening = createServer((socket) => {
  calls += 1
  socket.destroy()
})
let calls = 0

const hidesNothing = (text: string): void => assert.doesNotMatch(text, /root:.*:0:0|(ha){50}/)
const CASES: readonly Case[] = [
  { name: 'bomb.docx', bytes: docxBomb, ends: ['too_large'] },
  { name: 'bomb.xlsx', bytes: () => xlsx(Buffer.alloc(110 * MIB, ' ')), ends: ['too_large'] },
  {
    name: 'last-cell.xlsx',
    bytes: () => xlsx(sheetOf('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', 'A1:XFD1048576')),
    ends: ['read', 'too_large', 'unreadable'],
  },
  { name: 'bomb.pdf', bytes: pdfBomb, ends: ['too_large'] },
  {
    name: 'pages.pdf',
    bytes: () => {
      const kids = Array.from({ length: 100_000 }, (_, at) => `${at + 3} 0 R`).join(' ')
      const page = '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>'
      return pdf(`<</Type/Pages/Kids[${kids}]/Count 100000>>`, ...Array<string>(100_000).fill(page))
    },
    ends: ['too_large'],
  },
  {
    name: 'same-page.pdf',
    bytes: () =>
      pdf(
        `<</Type/Pages/Kids[${'3 0 R '.repeat(100_000)}]/Count 100000>>`,
        '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>',
      ),
    ends: ['read', 'too_large'],
  },
  { name: 'circle.pdf', bytes: () => pdf('<</Type/Pages/Kids[2 0 R]/Count 1>>'), ends: ['read', 'unreadable'] },
  {
    name: 'locked.pdf',
    bytes: () => pdfOf([written(unique())], { userPassword: 'segreto', ownerPassword: 'altro' }),
    ends: ['encrypted'],
  },
  {
    name: 'cut.pdf',
    bytes: async () => (await pdfOf([written(unique())])).subarray(0, 700),
    ends: ['read', 'unreadable'],
  },
  { name: 'vast.png', bytes: vastPicture, ends: ['too_large', 'unreadable'] },
  { name: 'deep.xml', bytes: () => '<a>'.repeat(200_000) + unique(), ends: ['read', 'unreadable', 'too_large'] },
  {
    name: 'outside.xml',
    bytes: () => `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><r>${unique()} &f;</r>`,
    ends: ['read', 'unreadable'],
    says: hidesNothing,
  },
  {
    name: 'calling.xml',
    bytes: () => {
      const url = `http://127.0.0.1:${(listening.address() as { port: number }).port}/x`
      return `<?xml version="1.0"?><!DOCTYPE r SYSTEM "${url}" [<!ENTITY % p SYSTEM "${url}"> %p;<!ENTITY u SYSTEM "${url}">]><r>${unique()} &u;</r>`
    },
    ends: ['read', 'unreadable'],
  },
  {
    name: 'laughs.xml',
    bytes: () => `<?xml version="1.0"?><!DOCTYPE r [${laughs}]><r>${unique()} &l9;</r>`,
    ends: ['read', 'unreadable'],
    says: hidesNothing,
  },
  {
    name: 'laughs.docx',
    bytes: () =>
      docx(
        `<?xml version="1.0"?><!DOCTYPE w [${laughs}<!ENTITY f SYSTEM "file:///etc/passwd">]><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&l9; &f;</w:t></w:r></w:p></w:body></w:document>`,
      ),
    ends: ['read', 'unreadable'],
    says: hidesNothing,
  },
  {
    name: 'deep.eml',
    bytes: () => `From: a@b.it\r\nX-U: ${unique()}\r\n${nestedMail(500)}`,
    ends: ['read', 'unreadable'],
  },
  {
    name: 'line.csv',
    bytes: () => `${unique()};`.repeat(500_000).slice(0, 5 * MIB),
    ends: ['read', 'too_large'],
  },
  {
    name: 'envelope.p7m',
    bytes: () => Buffer.concat([Buffer.from('3082012006092a864886f70d010702a0820111', 'hex'), Buffer.from(unique())]),
    ends: ['unreadable'],
  },
  { name: 'empty.pdf', bytes: () => '', ends: ['documents.empty'] },
  { name: 'picture.pdf', bytes: () => scanned([unique()]), ends: ['documents.type_mismatch'] },
  { name: 'page.txt', bytes: () => `<script>alert(1)</script> ${unique()}`, ends: ['documents.type_mismatch'] },
  {
    name: 'two.pdf',
    bytes: async () => Buffer.concat([await pdfOf([written(unique())]), await docx('<w/>')]),
    ends: ['documents.polyglot'],
  },
  { name: 'macros.docx', bytes: () => docx('<w/>', { 'word/vbaProject.bin': 'x' }), ends: ['documents.macros'] },
  { name: 'program.exe', bytes: () => `MZ${unique()}`, ends: ['documents.type_not_allowed'] },
]

type Sent = { readonly id: string; readonly refused: string | null }
async function send(app: App, { admin }: TestTenant, name: string, bytes: Buffer | string): Promise<Sent> {
  const { status, body } = await sendUpload(admin, { name, bytes, app })
  assert.ok(status === 201 || (status >= 400 && status < 500), `${name}: ${status} ${JSON.stringify(body)}`)
  return status === 201 ? { id: body.id, refused: null } : { id: '', refused: body.error.code }
}
const ask = (app: App, { admin: { token } }: TestTenant, path: string): Promise<Answer> =>
  request('GET', `/api/v1${path}`, { token, app })
const OVER = new Set(['read', 'unreadable', 'encrypted', 'unsupported', 'too_large'])
/** Null while it is not over. */
async function endOf(app: App, tenant: TestTenant, id: string): Promise<string | null> {
  const { body } = await ask(app, tenant, `/documents/${id}/text?limit=50`)
  return OVER.has(body.state) ? body.state : null
}

test('every hostile file is refused, or ends in a stated status', async () => {
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  try {
    await hosting(async (app) => {
      const tenant = await newTenant()
      const wrong: string[] = []
      const waiting: (Case & { id: string })[] = []
      for (const one of CASES) {
        const { id, refused } = await send(app, tenant, one.name, await one.bytes())
        if (refused === null) waiting.push({ ...one, id })
        else if (!one.ends.includes(refused)) wrong.push(`${one.name}: ${refused}`)
      }
      for (const { id, name, ends, says } of waiting) {
        await until(async () => (await endOf(app, tenant, id)) !== null, 100_000)
        const { body } = await ask(app, tenant, `/documents/${id}/text?limit=50`)
        if (!ends.includes(body.state)) wrong.push(`${name}: ${body.state} ${body.detail}`)
        says?.(JSON.stringify(body.items))
        // The file itself is there for who wants it, as a file to save.
        const content = await ask(app, tenant, `/documents/${id}/content`)
        assert.equal(content.status, 200, name)
        assert.match(String(content.headers['content-disposition']), /^attachment;/)
      }
      assert.deepEqual(wrong, [])
      assert.ok(waiting.length >= 15)
      assert.equal(calls, 0, 'a file made us call somebody')
    })
  } finally {
    await new Promise((resolve) => listening.close(resolve))
  }
})

test('names with paths, control characters and marks of direction become plain names, or are refused', async () => {
  await hosting(async (app) => {
    const tenant = await newTenant()
    for (const [given, kept] of [
      ['../../../etc/passwd.txt', 'passwd.txt'],
      ['C:\\Windows\\System32\\drivers.txt', 'drivers.txt'],
      ['fattura\u202Efdp.txt', 'fatturafdp.txt'],
      ['a\u0007\u200Bb.txt', 'ab.txt'],
      ['CON.txt', '_CON.txt'],
      ['.htaccess.txt', 'htaccess.txt'],
    ] as const) {
      const { id, refused } = await send(app, tenant, given, unique())
      assert.equal(refused, null, given)
      assert.equal((await ask(app, tenant, `/documents/${id}`)).body.name, kept)
    }
    for (const given of ['..', '/', '\u202E.txt', '...txt..']) {
      const { refused } = await send(app, tenant, given, unique())
      assert.match(String(refused), /^documents\.(bad_name|type_not_allowed|no_file)$/, given)
    }
  })
})

test('behind ten bombs a good document is read in the stated time, sooner still in another company', async () => {
  await hosting(async (app) => {
    const [bomber, other] = [await newTenant(), await newTenant()]
    for (let i = 0; i < 10; i += 1) {
      const { name, bytes } =
        i % 5 === 0 ? { name: 'bomb.docx', bytes: await docxBomb() } : { name: 'bomb.pdf', bytes: pdfBomb() }
      assert.equal((await send(app, bomber, name, bytes)).refused, null)
    }
    const start = performance.now()
    const good = async (): Promise<Buffer> => pdfOf([written(`Gentili signori ${unique()}`)])
    const letters = [
      { tenant: other, ms: BEHIND_OTHERS_MS, ...(await send(app, other, 'letter.pdf', await good())) },
      { tenant: bomber, ms: BEHIND_OWN_MS, ...(await send(app, bomber, 'letter.pdf', await good())) },
    ]
    for (const { tenant, id, ms } of letters) {
      await until(async () => (await endOf(app, tenant, id)) !== null, ms - (performance.now() - start))
      assert.equal(await endOf(app, tenant, id), 'read')
      const { body } = await ask(app, tenant, `/documents/${id}/text`)
      assert.match(body.items[0].text, /Gentili signori/)
    }
  })
})
