/** Templates of strangers: nothing in them acts, fetches, reads what it should not, or takes more than it is given. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type PizZip from 'pizzip'
import { Refusal } from '#platform/refusal.ts'
import { checkTemplate, fillTemplate, runTemplate } from './run-template.ts'
import { openPackage } from './word/package.ts'
import { into, made, textOf, textOfPdf, wordFile } from './templates.fixture.ts'

const refused = async (doing: Promise<unknown>, code: string, said: RegExp): Promise<Refusal> => {
  const error = await doing.then(
    () => assert.fail(`nothing was refused; ${code} was expected`),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof Refusal, String(error))
  assert.equal(error.code, code, JSON.stringify(error.details))
  assert.match(JSON.stringify(error.details), said)
  return error
}
const DOCUMENT = 'word/document.xml'
const RELATIONS = 'word/_rels/document.xml.rels'
const relation = (type: string, target: string): ((zip: PizZip) => void) =>
  into(
    RELATIONS,
    '</Relationships>',
    `<Relationship Id="rIdX" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${type}" Target="${target}" TargetMode="External"/>`,
  )
const field = (instruction: string): ((zip: PizZip) => void) =>
  into(DOCUMENT, '<w:sectPr', `<w:p><w:fldSimple w:instr="${instruction}"><w:r><w:t>x</w:t></w:r></w:fldSimple></w:p>`)

test('what acts, fetches, or could not be printed is refused by its name', async () => {
  const split = ['begin', 'INCL', 'UDETEXT "file:///etc/passwd"', 'end'].map((one) =>
    one === 'begin' || one === 'end'
      ? `<w:r><w:fldChar w:fldCharType="${one}"/></w:r>`
      : `<w:r><w:instrText>${one}</w:instrText></w:r>`,
  )
  const cases: [change: (zip: PizZip) => void, code: string, said: RegExp][] = [
    [(zip) => void zip.file('word/vbaProject.bin', 'x'), 'templates.unsafe', /vbaProject\.bin/],
    [(zip) => void zip.file('word/embeddings/oleObject1.bin', 'x'), 'templates.unsafe', /oleObject1/],
    [(zip) => void zip.file('word/../../evil.xml', 'x'), 'templates.unsafe', /evil/],
    [relation('image', 'http://example.com/a.png'), 'templates.unsafe', /image/],
    [relation('attachedTemplate', 'file://server/share/a.dotm'), 'templates.unsafe', /attachedTemplate/],
    [relation('hyperlink', 'file:///etc/passwd'), 'templates.unsafe', /outside/],
    [relation('aFChunk', 'evil.html'), 'templates.unsafe', /aFChunk/],
    [field('INCLUDEPICTURE http://example.com/a.png'), 'templates.unsafe', /INCLUDEPICTURE/],
    [field('DDEAUTO c:\\\\x cmd'), 'templates.unsafe', /DDEAUTO/],
    [into(DOCUMENT, '<w:sectPr', `<w:p>${split.join('')}</w:p>`), 'templates.unsafe', /INCLUDETEXT/],
    [into(DOCUMENT, '<w:sectPr', '<w:altChunk r:id="rId1"/>'), 'templates.unsafe', /another document/],
    [into(DOCUMENT, '<w:sectPr', '<w:p><w:r><w:drawing/></w:r></w:p>'), 'templates.unsafe', /a picture/],
    [
      (zip) =>
        void zip.file(
          DOCUMENT,
          `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>${zip.file(DOCUMENT)!.asText()}`,
        ),
      ...(['templates.unsafe', /document type/] as const),
    ],
    [
      into(DOCUMENT, '<w:sectPr', '<w:sdt><w:sdtContent>'.repeat(200) + '</w:sdtContent></w:sdt>'.repeat(200)),
      'templates.unsafe',
      /deep/,
    ],
    [
      (zip) =>
        void zip.file(
          '[Content_Types].xml',
          zip
            .file('[Content_Types].xml')!
            .asText()
            .replace('wordprocessingml.document.main', 'ms-word.document.macroEnabled.main'),
        ),
      'templates.file_type',
      /macros/,
    ],
    [(zip) => void zip.file('customXml/item1.xml', 'a'.repeat(21 * 1024 * 1024)), 'templates.too_large', /unpacks/],
  ]
  for (const [change, code, said] of cases) {
    const opened = openPackage(await wordFile(['{plant.name}'], change))
    assert.ok(!('zip' in opened), `${said} was taken`)
    assert.equal(`templates.${opened.kind}`, code, JSON.stringify(opened.problems))
    assert.match(JSON.stringify(opened.problems), said)
  }
  await refused(checkTemplate(Buffer.from('PK no zip at all')), 'templates.file_type', /no Word document/)
  assert.ok('zip' in openPackage(await wordFile(['{plant.name}'], relation('hyperlink', 'https://www.example.com/'))))
})

test('wrong tags are named, all of them: unknown filters, names, sections without end, raw XML, other braces', async () => {
  const lines = [
    '{plant.name | shout}',
    '{constructor}',
    '{a.constructor.constructor("x")()}',
    '{@raw}',
    '{b | number 99}',
    '{1+1}',
  ]
  const { details } = await refused(
    checkTemplate(await wordFile(lines)),
    'templates.tags_invalid',
    /there is no filter shout/,
  )
  for (const tag of lines)
    assert.ok(
      details!.some((one) => one.field.includes(tag.slice(1, 6).replace('@', ''))),
      `${tag} is not named`,
    )
  await refused(checkTemplate(await wordFile(['{#outputs}', '{name}'])), 'templates.tags_invalid', /outputs/)
  await refused(checkTemplate(await wordFile(['{/outputs}'])), 'templates.tags_invalid', /outputs/)
  await refused(checkTemplate(await wordFile(['{name'])), 'templates.tags_invalid', /name/)
  await refused(checkTemplate(await wordFile(['{=<% %>=}<%name%>'])), 'templates.tags_invalid', /name/)
})

test('values are text: tags, XML and code in them are printed as they are', async () => {
  const file = await wordFile(['Before {a} after', '{#list}', '{.}', '{/list}'])
  const a = '{b} <w:p/> & ${7*7} {{7*7}} </w:t>'
  for (const format of ['pdf', 'docx'] as const) {
    const text = await textOf(await made(file, { a, list: ['<b>', '{a}'] }, { format }), format)
    assert.equal(text, `Before ${a} after <b> {a}`)
  }
})

test('every missing value is named by where it stands, and nothing is taken from around an item', async () => {
  const file = await wordFile(['{a} {b.c}', '{#list}', '{note} {name}', '{/list}', '{#maybe}', '{maybe}', '{/maybe}'])
  const values = { a: '', note: 'of the document', list: [{ name: 'x', note: null }, { note: 'y' }] }
  const error = await refused(made(file, values, { optional: ['maybe'] }), 'templates.values_missing', /b\.c/)
  assert.deepEqual(error.details!.map((one) => one.field).toSorted(), ['a', 'b.c', 'list[0].note', 'list[1].name'])
  const whole = { a: 'A', b: { c: 'C' }, list: [{ name: 'x', note: null }] }
  const bytes = await made(file, whole, { optional: ['maybe', 'list.note'], format: 'docx' })
  assert.equal(await textOf(bytes, 'docx'), 'A C x')
  await refused(
    made(await wordFile(['{a | date}']), { a: 'ieri' }),
    'templates.values_invalid',
    /"a".*is no date|is no time/,
  )
})

test('a table of two hundred rows goes over pages: its heading comes again, no row is lost, the pages are counted', async () => {
  const cell = (text: string) => `<w:tc><w:p><w:r><w:t>${text}</w:t></w:r></w:p></w:tc>`
  const table = `<w:tbl><w:tblGrid><w:gridCol w:w="2000"/><w:gridCol w:w="6000"/></w:tblGrid>
    <w:tr><w:trPr><w:tblHeader/></w:trPr>${cell('Numero')}${cell('Descrizione')}</w:tr>
    <w:tr>${cell('{#rows}{n}')}${cell('{text}{/rows}')}</w:tr></w:tbl>`
  const file = await wordFile(['Elenco'], into(DOCUMENT, '<w:sectPr', table))
  const long = 'parola '.repeat(700)
  const rows = Array.from({ length: 200 }, (_none, n) => ({
    n: `n${n}.`,
    text: n === 100 ? `${long}fine` : `riga ${n}`,
  }))
  const { pages, text } = await textOfPdf(await made(file, { rows }))
  assert.ok(pages.length >= 5, `${pages.length} pages`)
  for (const page of pages) assert.match(page, /Numero Descrizione/)
  for (let n = 0; n < 200; n += 1) assert.equal(text.split(`n${n}.`).length, 2, `row ${n}`)
  // The row that is higher than what is left of its page is not lost either.
  assert.equal(text.split('parola').length, 701)
})

test('a sign that no font has is named instead of printed as a box; of a docx the reader sees to it', async () => {
  const file = await wordFile(['{a}'])
  await refused(made(file, { a: '太陽光 €' }), 'templates.unprintable', /太/)
  assert.match(await textOf(await made(file, { a: '太陽光 €' }, { format: 'docx' }), 'docx'), /太陽光/)
  const marks = await textOf(await made(file, { a: 'abc\u202egpj\u200b €' }), 'pdf')
  assert.equal(marks, 'abcgpj €')
})

test('lists of lists that grow without end, and files that take too long, end by themselves', async () => {
  const depth = ['{#l}', '{#l}', '{#l}', '{#l}', '{.}', '{/l}', '{/l}', '{/l}', '{/l}']
  const file = await wordFile(depth)
  const l = Array.from({ length: 100 }, () => 'x'.repeat(50))
  await refused(made(file, { l }), 'templates.too_large', /takes more|large/)
  const task = { do: 'check', file: await wordFile(['{a}']) } as const
  await refused(runTemplate(task, 1), 'templates.too_large', /time/)
})

test('more at once than may wait are told to come again, and the others are done', async () => {
  const file = await wordFile(['{a}'])
  const fill = () =>
    fillTemplate({
      ...{ file, format: 'docx', values: { a: 'x' }, optional: [], language: 'it', time_zone: 'UTC', title: 't' },
      ...{ author: 'a', now: '2026-11-21T10:00:00Z' },
    })
  const answers = await Promise.allSettled(Array.from({ length: 14 }, fill))
  const busy = answers.filter((one) => one.status === 'rejected').map(({ reason }) => (reason as Refusal).code)
  assert.ok(busy.length >= 1 && busy.every((code) => code === 'templates.busy'), String(busy))
  assert.equal(answers.length - busy.length >= 8, true)
  assert.ok((await fill()).length > 0)
})
