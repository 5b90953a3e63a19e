/** The templates that ship: filled in both languages and both formats, they say what they should. */
import assert from 'node:assert/strict'
import { inflateSync } from 'node:zlib'
import { test } from 'node:test'
import { samplesOf } from './samples.fixture.ts'
import { LANGUAGES } from './formats.ts'
import { fieldName } from './tag.ts'
import { checkTemplate } from './run-template.ts'
import { SHIPPED } from './shipped/catalogue.ts'
import { completeFieldSheet } from './shipped/field-sheet.ts'
import { makeShipped } from './shipped/write-shipped.ts'
import { made, shippedFile, textOf, textOfPdf } from './templates.fixture.ts'
import { missingFields } from './values.ts'

/** Sentences that must stand in it, as they must stand there. */
const SAID: Record<string, { it: string[]; en: string[] }> = {
  delegation: {
    it: [
      'Il/La sottoscritto/a Giulia Rossi, nato/a a Forlì il 01/03/1974, codice fiscale RSSGLI74C41D704X, in qualità di legale rappresentante di Energia Città S.r.l., con sede in Corso Alberto Pio 5, 41012 Carpi (MO), partita IVA 00743110157,',
      'a rappresentare la società nei confronti di e-distribuzione S.p.A. e Terna S.p.A. per il compimento dei seguenti atti:',
      'presentare la domanda di connessione e le sue integrazioni',
      'art. 38, comma 3-bis, del D.P.R. 28 dicembre 2000, n. 445 ed è valida fino al 31 dicembre 2027',
      'Carpi, 21 novembre 2026',
    ],
    en: [
      'The undersigned Giulia Rossi, born in Forlì on 01/03/1974',
      'is valid until 31 December 2027, unless revoked in writing',
      'Carpi, 21 November 2026',
    ],
  },
  'self-declaration': {
    it: [
      ...['☐ di certificazione (art. 46)', '☒ dell’atto di notorietà (art. 47)', 'D.P.R. 28 dicembre 2000, n. 445'],
      'consapevole delle sanzioni penali previste dall’art. 76 del D.P.R. 445/2000 per chi rilascia dichiarazioni mendaci, forma atti falsi o ne fa uso, e della decadenza dai benefici prevista dall’art. 75 dello stesso decreto,',
      ...[
        'che la potenza nominale dell’impianto non è aumentata.',
        '1.234,50 €',
        '998,4 kW',
        '27/04/2011',
        'art. 37 del D.P.R. 445/2000',
      ],
    ],
    en: [
      '☒ in place of an affidavit (art. 47)',
      'aware of the criminal penalties laid down by art. 76 of D.P.R. 445/2000',
      '998.4 kW',
      'To Gestore dei Servizi Energetici – GSE S.p.A.',
    ],
  },
  'cover-letter': {
    it: [
      'Trasmessa a mezzo PEC: dogane.modena@pec.example.it',
      'Oggetto: Trasmissione certificati di taratura',
      'Rif.: prot. 12345/RU del 10/11/2026',
      'Schema unifilare',
      'Distinti saluti.',
    ],
    en: [
      'Sent by certified mail (PEC): dogane.modena@pec.example.it',
      'Subject: Trasmissione certificati di taratura',
      'Yours faithfully,',
    ],
  },
  'maintenance-report': {
    it: [
      'Carpi Nord · dal 01/10/2026 al 31/10/2026',
      '04/10/2026 09:00',
      '25/10/2026 00:30',
      'in corso',
      '1.028,0',
      '1.031,5',
      'Manutenzione programmata: 3,5 h'.replace('Manutenzione', 'manutenzione'),
      'Verifica annuale del trasformatore: olio nei limiti',
    ],
    en: [
      'Carpi Nord · from 01/10/2026 to 31/10/2026',
      'goes on',
      '1,028.0',
      '1,031.5',
      'Of which planned maintenance: 3.5 h',
      'Times of Europe/Rome.',
    ],
  },
  'batch-record': {
    it: [
      'PENNE-500 – Penne rigate 500 g',
      '20/11/2026 06:00',
      '1.200 kg',
      'Semola di grano duro',
      'SEM-0911',
      '31/05/2027',
      '72 … 85',
      '70,5 °C',
      'fuori limite',
      'Essiccato di nuovo per 20 minuti',
      '98,4 %',
      '81,2 %',
      '0,9850 €',
      '☒ rilasciato',
      '☐ respinto',
      'Nessuna registrazione.',
    ],
    en: ['1,180.5 kg', '70.5 °C', '98.4%', '€0.9850', '☒ released', 'Nothing on record.', 'Production: Marta Orsi'],
  },
  'field-sheet': {
    it: [
      '2° semestre',
      'MOE00123A',
      'dal 01/01/2027 al 31/03/2027',
      'MT13617152',
      '5.000,5',
      '4.900,5',
      '36.000',
      'Prodotta 36.000 kWh; consumata 6.000 kWh; uscente 30.000 kWh; differenza A − C − G: 0 kWh.',
      'Questo foglio non è la dichiarazione.',
    ],
    en: [
      'half 2',
      'from 01/01/2027 to 31/03/2027',
      'Produced 36,000 kWh; used 6,000 kWh; gone out 30,000 kWh',
      'This sheet is not the declaration.',
    ],
  },
}

test('what is committed is what the layouts make', async () => {
  const files = await makeShipped()
  assert.equal(files.length, 2 * SHIPPED.length)
  for (const [name, bytes] of files) {
    const [id = '', language = ''] = name.split('.')
    assert.ok(
      bytes.equals(shippedFile(id, language as 'it')),
      `${name} is not what its layout makes: run write-shipped.ts`,
    )
  }
})

test('every tag of a template that ships is a field that it declares, and every field is printed somewhere', async () => {
  for (const { id, fields } of SHIPPED) {
    const printed = new Set<string>()
    for (const language of LANGUAGES) {
      for (const { name, within } of await checkTemplate(shippedFile(id, language))) {
        const own = fieldName(name)
        const top = fields.find((one) => one.name === own)
        const list = fields.find((one) => within.includes(one.name) && one.items?.some((item) => item.name === own))
        assert.ok(name === '.' || top !== undefined || list !== undefined, `${id} does not declare ${name}`)
        printed.add((top ?? list)?.name ?? '')
      }
    }
    // What is worked out of others is not printed itself.
    const idle = fields.filter(({ name }) => !printed.has(name) && !['declaration.year'].includes(name))
    assert.deepEqual(
      idle.map(({ name }) => name),
      [],
      id,
    )
  }
})

for (const { id, fields } of SHIPPED) {
  for (const language of LANGUAGES) {
    test(`${id}.${language}: both files say what they should, without a trace of the template`, async () => {
      const values = samplesOf(id)
      assert.deepEqual(missingFields(fields, values), [])
      for (const format of ['pdf', 'docx'] as const) {
        const text = (
          await textOf(await made(shippedFile(id, language), values, { format, language, fields }), format)
        ).replaceAll('\u00a0', ' ')
        for (const said of SAID[id]![language])
          assert.ok(text.includes(said), `${format} does not say «${said}»: ${text}`)
        assert.doesNotMatch(text, /[{}|]|undefined|\bnull\b|NaN|\[object/)
      }
    })
  }
}

test('a PDF has its fonts in it, says its title and language, is A4 and the same for the same', async () => {
  const [file, values] = [shippedFile('self-declaration', 'it'), samplesOf('self-declaration')]
  const { fields } = SHIPPED.find(({ id }) => id === 'self-declaration')!
  const [one, two] = [await made(file, values, { fields }), await made(file, values, { fields })]
  assert.ok(one.equals(two))
  const raw = one.toString('latin1')
  const objects =
    raw +
    [...raw.matchAll(/stream\r?\n/g)]
      .map(({ index, 0: head }) => unpacked(one.subarray(index + head.length)))
      .join('\n')
  const descriptors = objects.match(/\/Type \/FontDescriptor/g)?.length ?? 0
  const embedded = objects.match(/\/FontFile2 \d+ 0 R/g)?.length ?? 0
  assert.ok(descriptors >= 2 && embedded === descriptors, `${embedded} of ${descriptors} fonts are embedded`)
  assert.doesNotMatch(objects, /\/Subtype \/Type1\b|\/BaseFont \/(Helvetica|Times|Courier)/)
  assert.match(raw, /\/Lang \(it\)/)
  assert.match(raw, /\/DisplayDocTitle true/)
  assert.match(raw, /\/MediaBox \[0 0 595\.28 841\.89\]/)
  assert.ok(Buffer.from(raw, 'latin1').includes(Buffer.from('\u00fe\u00ff\0P\0e\0r\0\u00f2', 'latin1')), 'the title')
  const { text } = await textOfPdf(one)
  assert.match(text, /1\.234,50.€/)
  assert.match(text, /Forlì|Però/)
})
function unpacked(bytes: Buffer): string {
  try {
    return inflateSync(bytes, { finishFlush: 2 }).toString('latin1')
  } catch {
    return ''
  }
}

test('a docx is the same for the same, and says nothing of who made the template', async () => {
  const file = shippedFile('cover-letter', 'en')
  const { fields } = SHIPPED.find(({ id }) => id === 'cover-letter')!
  const make = () => made(file, samplesOf('cover-letter'), { format: 'docx', language: 'en', fields })
  assert.ok((await make()).equals(await make()))
})

test('the field sheet works out differences, kWh, sums and terms, and leaves alone what was given', () => {
  const row = { month: 1, meter: 'M', reading_now: 110.1, reading_before: 100, constant_k: 60 }
  const values = completeFieldSheet({
    declaration: { year: 2026, half: 1 },
    ...{ panel_a: [row, { ...row, kwh: 7 }], panel_c: [{ month: 1, kwh: 13 }], panel_g: [] },
  })
  const rows = values['panel_a'] as { difference: number; kwh: number }[]
  assert.deepEqual(
    rows.map(({ difference, kwh }) => [difference, kwh]),
    [
      [10.1, 606],
      [10.1, 7],
    ],
  )
  assert.deepEqual(values['totals'], { balance_kwh: 600, a_kwh: 613, c_kwh: 13, g_kwh: 0 })
  assert.deepEqual(values['declaration'], {
    year_text: '2026',
    opens_on: '2026-07-01',
    due_on: '2026-09-30',
    year: 2026,
    half: 1,
  })
  const broken = completeFieldSheet({
    declaration: { year: 2026, half: 3 },
    panel_a: [{ month: 1 }],
    panel_c: [],
    panel_g: [],
  })
  assert.deepEqual(broken['totals'], { balance_kwh: null, a_kwh: null, c_kwh: 0, g_kwh: 0 })
})
