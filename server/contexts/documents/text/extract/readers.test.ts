/** Each reader on files as programs make them. */
import * as xlsx from '@e965/xlsx'
import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { docxOf, LETTER, mailWith, pdfOf, scan, scanned, signed, SLIP, written, xlsxOf } from '../text.fixture.ts'
import { Unread } from './content.ts'
import { findTools } from './find-tools.ts'
import { inFolder, readHere } from './reading.fixture.ts'

const FIRST = 'Relazione sull’impianto: perché la città di Forlì ha 2.500 kWh. È la prima pagina.'
const SECOND = 'Seconda pagina, con abbastanza testo da non parere una scansione.'
const textsOf = async (bytes: Uint8Array | string, hint = ''): Promise<string[]> =>
  (await readHere(bytes, { hint })).pages.map(({ text }) => text)
const endsAs = (state: Unread['state']) => (error: unknown) => error instanceof Unread && error.state === state

test('a PDF is read page by page, and each word has its place', async () => {
  const { pages, expected } = await readHere(await pdfOf([written(FIRST), written(SECOND)]))
  assert.deepEqual([expected, pages.map(({ text }) => text)], [2, [FIRST, SECOND]])
  const words = pages[0]!.words!
  assert.deepEqual(
    words.map(([start, length]) => FIRST.slice(start, start + length)),
    FIRST.split(' '),
  )
  // The margin of an inch is 72 of 595 points from the left, and of 842 from the top.
  const [, , left, top, width, height] = words[0]!
  assert.ok(Math.abs(left - 121) <= 2 && Math.abs(top - 86) <= 4 && width > 60 && width < 100 && height > 8)
})

test('two columns of prose are read one after the other, a table row by row', async () => {
  const column = (name: string): string[] =>
    Array.from({ length: 12 }, (_, line) => `${name} riga ${line} del testo della colonna`)
  const [left, right] = [column('Prima'), column('Altra')]
  const columns = await textsOf(
    await pdfOf([
      (pdf) => {
        for (const [at, line] of left.entries()) pdf.text(line, 50, 80 + at * 20, { lineBreak: false })
        for (const [at, line] of right.entries()) pdf.text(line, 320, 80 + at * 20, { lineBreak: false })
      },
    ]),
  )
  assert.deepEqual(columns, [[...left, ...right].join('\n')])
  const table = await textsOf(
    await pdfOf([
      (pdf) => {
        for (const [at, value] of ['19,80 kW', '2.500 kWh', 'Forlì'].entries()) {
          pdf.text(`Voce numero ${at}`, 50, 80 + at * 20, { lineBreak: false })
          pdf.text(value, 350, 80 + at * 20, { lineBreak: false })
        }
      },
    ]),
  )
  assert.deepEqual(table, ['Voce numero 0\t19,80 kW\nVoce numero 1\t2.500 kWh\nVoce numero 2\tForlì'])
})

test('a PDF with a password is encrypted; one that only forbids printing is read', async () => {
  const locked = await pdfOf([written(FIRST)], { userPassword: 'segreto', ownerPassword: 'altro' })
  await assert.rejects(readHere(locked), endsAs('encrypted'))
  assert.deepEqual(await textsOf(await pdfOf([written(FIRST)], { ownerPassword: 'altro' })), [FIRST])
})

test('a page that is a picture is recognised by the package alone, accents included', async () => {
  const { pages } = await readHere(await pdfOf([written(FIRST), scan(LETTER)], SLIP))
  assert.deepEqual(
    pages.map(({ method }) => method),
    ['text', 'ocr'],
  )
  for (const expected of ['città di Forlì', 'perché', 'è di 2.500 kWh', '5 marzo 2026'])
    assert.ok(pages[1]!.text.includes(expected), pages[1]!.text)
  assert.ok(pages[1]!.confidence! > 0.8 && pages[1]!.confidence! <= 1)
  const [start, length, left, top] = pages[1]!.words![0]!
  assert.equal(pages[1]!.text.slice(start, start + length), 'Oggetto:')
  assert.ok(Math.abs(left - 97) <= 6 && Math.abs(top - 232) <= 20, `${left} ${top}`)
})

test('the programs of the machine recognise the same, where they are installed', async () => {
  const tools = await findTools('/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin')
  const { pages } = await readHere(await pdfOf([scan(LETTER)], SLIP), { tools })
  for (const expected of ['città di Forlì', 'perché', '2.500 kWh']) assert.ok(pages[0]!.text.includes(expected))
})

test('without recognition a scan has no text, and it is said why', async () => {
  const { pages, notes } = await readHere(await pdfOf([scan(LETTER)], SLIP), { ocr: false })
  assert.deepEqual([pages[0]!.text, pages[0]!.method, notes.length], ['', 'text', 1])
  await assert.rejects(readHere(scanned(LETTER), { ocr: false }), endsAs('unsupported'))
})

test('a photograph is a page', async () => {
  const { pages } = await readHere(scanned(LETTER, 'jpeg'))
  assert.equal(pages.length, 1)
  assert.ok(pages[0]!.text.includes('perché') && pages[0]!.text.includes('2.500 kWh'), pages[0]!.text)
})

test('a picture of more pixels than memory is not unpacked', async () => {
  const huge = scanned(LETTER)
  huge.writeUInt32BE(60_000, 16)
  huge.writeUInt32BE(60_000, 20)
  await assert.rejects(readHere(huge), endsAs('too_large'))
})

test('DOCX: headings, paragraphs, rows of tables, pages', async () => {
  assert.deepEqual(await textsOf(await docxOf()), [
    'Rossi Energia S.r.l.\nRelazione tecnica sull’impianto: perché & come\nPotenza\t19,80 kW\nComune\tForlì',
    'Seconda pagina',
  ])
})

test('XLSX: a page for each sheet; dates and shares as shown, numbers as they are', async () => {
  assert.deepEqual(await textsOf(xlsxOf()), [
    'Letture\nGiorno\tkWh\tQuota\n2026-03-05\t2500.5\t22%',
    'Comuni\nCittà\nForlì',
  ])
})

test('text in UTF-8, UTF-16 and windows-1252', async () => {
  const text = 'La città è a 20 € perché è così'
  const windows = Buffer.from(text.replace('€', '\u0080'), 'latin1')
  const utf16 = Buffer.from(text, 'utf16le')
  const marked = [Buffer.from(`\ufeff${text}`), Buffer.concat([Buffer.from([0xff, 0xfe]), utf16])]
  const swapped = Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()])
  for (const bytes of [Buffer.from(text), windows, utf16, ...marked, swapped])
    assert.deepEqual(await textsOf(bytes, 'text/plain'), [text])
})

test('CSV keeps its lines; long text is cut at the end of a line', async () => {
  const csv = Array.from({ length: 500 }, (_, line) => `${line};Forlì;2.500,00`).join('\r\n')
  const pages = await textsOf(csv, 'text/csv')
  assert.ok(pages.length > 1 && pages.every((page) => page.length <= 4_000))
  assert.equal(pages.join('\n'), csv.replaceAll('\r\n', '\n'))
})

test('XML: names and texts; entities that a DOCTYPE declares are never expanded', async () => {
  const fattura = `<?xml version="1.0" encoding="ISO-8859-1"?><p:Fattura versione="FPR12" xmlns:p="urn:x"><Sede nome="città">
    <Comune>Forl&#236;</Comune><Nota><![CDATA[a < b]]></Nota></Sede></p:Fattura>`
  const bytes = Buffer.from(fattura, 'latin1')
  assert.deepEqual(await textsOf(bytes), ['Fattura.versione: FPR12\nSede.nome: città\nComune: Forlì\nNota: a < b'])
  const laughs = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>
    <x><y>&b;&f;</y></x>`
  const { pages, notes } = await readHere(laughs)
  assert.deepEqual([pages[0]!.text, notes.length], ['y: &b;&f;', 1])
})

test('P7M: the file inside, in DER, in base64 and twice; who signed is said, and that it was not verified', async () => {
  const once = await signed(await pdfOf([written(FIRST), written(SECOND)]))
  const pem = `-----BEGIN PKCS7-----\n${once.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END PKCS7-----\n`
  for (const bytes of [once, Buffer.from(once.toString('base64')), Buffer.from(pem)]) {
    const { pages, notes } = await readHere(bytes)
    assert.equal(pages.length, 2)
    assert.ok(pages[0]!.text.startsWith('Firma digitale / digital signature: Mario Rossi, 2026-03-05T10:00:00Z'))
    assert.ok(pages[0]!.text.endsWith(FIRST))
    const [start, length] = pages[0]!.words![0]!
    assert.equal(pages[0]!.text.slice(start, start + length), 'Relazione')
    assert.deepEqual(notes, ['Signed by Mario Rossi, 2026-03-05T10:00:00Z; the signature was not verified.'])
  }
  const twice = await readHere(await signed(once, 'Lucia Verdi'))
  assert.ok(twice.notes[0]!.includes('Lucia Verdi') && twice.notes[1]!.includes('Mario Rossi'))
  let deep: Uint8Array = once
  for (let depth = 0; depth < 3; depth += 1) deep = await signed(deep)
  await assert.rejects(readHere(deep), endsAs('too_large'))
})

test('a mail: who, when, about what, its text, and what is attached', async () => {
  const pages = await textsOf(mailWith(await pdfOf([written(FIRST)]), 'preventivo.pdf'))
  assert.match(pages[0]!, /^From: Sportello <sportello@example\.it>\n/)
  assert.match(
    pages[0]!,
    /\nSubject: Connessione accettata perché completa\nAttachment: preventivo\.pdf\n\nIn allegato/,
  )
  assert.equal(pages[1], FIRST)
  const { pages: others, notes } = await readHere(mailWith(Buffer.from('%PDF-1.7 garbage'), 'rotto.pdf'))
  assert.deepEqual([others.length, notes], [1, ['Some attachments could not be read.']])
})

const compound = (stream: string): Buffer => {
  const file = xlsx.CFB.utils.cfb_new()
  xlsx.CFB.utils.cfb_add(file, stream, Buffer.from('x'.repeat(5_000)))
  return Buffer.from(xlsx.CFB.write(file, { type: 'buffer' }) as Uint8Array)
}

test('Word before 2007 by a converter; without one it is said what to install', async () => {
  const word = compound('WordDocument')
  await assert.rejects(
    readHere(word),
    (error: Unread) => error.state === 'unsupported' && /antiword/.test(error.message),
  )
  await inFolder(async (folder) => {
    // It writes what antiword does: text in UTF-8 on the standard output.
    await writeFile(join(folder, 'antiword'), '#!/bin/sh\n[ -s "$5" ] && echo "Relazione: perché"\n')
    await chmod(join(folder, 'antiword'), 0o755)
    const tools = await findTools(folder)
    assert.deepEqual((await readHere(word, { tools })).pages[0]!.text, 'Relazione: perché')
  })
  await assert.rejects(readHere(compound('EncryptedPackage')), endsAs('encrypted'))
})

test('garbage behind the right first bytes is unreadable, whatever it claims to be', async () => {
  const noise = Buffer.from(Array.from({ length: 3_000 }, (_, at) => (at * 7_919) % 251))
  const zip = (part: string) => Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.from(part), noise])
  const wrong = [
    Buffer.concat([Buffer.from('%PDF-1.7\n'), noise]),
    zip('word/document.xml'),
    zip('xl/workbook.xml'),
    Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), noise]),
    Buffer.from('<?xml version="1.0"?><a><b'),
    (await signed(Buffer.from('text'))).subarray(0, 100),
  ]
  for (const bytes of wrong)
    await assert.rejects(readHere(bytes), endsAs('unreadable'), bytes.toString('latin1', 0, 20))
  await assert.rejects(readHere(noise, { hint: 'text/plain' }), endsAs('unreadable'))
})
