import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authoritiesIn } from './authorities.ts'
import { codesIn, protocolsIn } from './codes.ts'

const read = (text: string): string[] => codesIn(text).map(({ value, rule }) => `${rule} ${value}`)

test('codes are found with the rule that holds of them', () => {
  const golden: [string, string][] = [
    ['POD: IT001E12345678', 'pod.named IT001E12345678'],
    ['punto di immissione IT 001 E 12345678', 'pod.named IT001E12345678'],
    ['cod. IT001E123456789', 'pod.form IT001E123456789'],
    ['POD IT012E0A23456B', 'pod.letters IT012E0A23456B'],
    // Computed by the rule of D.M. 23-12-1976; the second is the first with letters for its digits (omocodia).
    ['nato a Roma, C.F. RSSMRA80A01H501U', 'tax_code.check_letter RSSMRA80A01H501U'],
    ['C.F. RSSMRA80A01H50MM', 'tax_code.check_letter RSSMRA80A01H50MM'],
    ['P.IVA 00743110157', 'vat_number.named 00743110157'],
    ['VAT IT05724831002', 'vat_number.named 05724831002'],
    ['Codice fiscale: 00743110157', 'tax_code.check_digit 00743110157'],
    ['C.F. e P. IVA 00743110157', 'vat_number.named 00743110157'],
    ['pratica 00743110157', 'vat_number.check_digit 00743110157'],
    ['codice ditta RME01234X', 'adm_license_code.named RME01234X'],
    ['licenza IT00BOE00123K', 'adm_license_code.named BOE00123K'],
    ['impianto IM_0A1B2C3', 'gaudi_code.form IM_0A1B2C3'],
    ['UPN_SERRA_01', 'up_code.form UPN_SERRA_01'],
    ['IBAN IT60 X054 2811 1010 0000 0123 456', 'iban.check_digits IT60X0542811101000000123456'],
    ['IT60X0542811101000000123456 ROMA', 'iban.check_digits IT60X0542811101000000123456'],
    ['PEC: info@example.it', 'pec.named info@example.it'],
    ['scrivere a Produttori@pec.e-distribuzione.it', 'pec.domain produttori@pec.e-distribuzione.it'],
    ['x@studio.legalmail.it', 'pec.domain x@studio.legalmail.it'],
  ]
  for (const [text, expected] of golden) assert.deepEqual(read(text), [expected], text)
})

test('a code whose check fails, or that is part of something longer, is none', () => {
  for (const text of [
    'C.F. RSSMRA80A01H501X',
    'P.IVA 12345678901',
    'IBAN IT61X0542811101000000123456',
    'IT012E0A23456B',
    'XIT001E12345678',
    'IT001E1234567890',
    'info@example.it',
    'tel 007431101571',
    'IM_12',
  ]) {
    assert.deepEqual(read(text), [], text)
  }
})

test('protocol numbers stand behind a word for them', () => {
  const found = (text: string): string[] => protocolsIn(text).map(({ value }) => value)
  const golden: [string, string[]][] = [
    ['Prot. n. 12345/2026 del 12/03/2026', ['12345/2026']],
    ['Protocollo GSE/P20260012345.', ['GSE/P20260012345']],
    ['Prot.: 12345/RU', ['12345/RU']],
    ['protocollo n° 0004567-2026', ['0004567-2026']],
    ['PROT. AOO-RM-2026-0012345', ['AOO-RM-2026-0012345']],
    ['Protocol no. 778/26', ['778/26']],
    ['Prot. num. 99', ['99']],
    ['protocollo del 12/03/2026', []],
    ['il protocollo di intesa', []],
    ['prototipo 12345', []],
    ['prot. 12/03/2026', []],
  ]
  for (const [text, expected] of golden) assert.deepEqual(found(text), expected, text)
})

test('authorities are found by the names that they have, with their place', () => {
  const found = (text: string): string[] => authoritiesIn(text, 1).map(({ value }) => value)
  assert.deepEqual(found('GSE S.p.A. e Gestore dei Servizi Energetici'), ['GSE', 'GSE'])
  assert.deepEqual(found('COMUNE DI SAN GIORGIO DI PIANO'), ['Comune di San Giorgio di Piano'])
  assert.deepEqual(found('il Comune di Reggio nell’Emilia e la Regione Emilia-Romagna'), [
    'Comune di Reggio nell’Emilia',
    'Regione Emilia-Romagna',
  ])
  assert.deepEqual(found('Agenzia delle Dogane e dei Monopoli, Ufficio delle dogane di Bologna'), ['ADM', 'ADM'])
  assert.deepEqual(found('ATS Milano'), ['ATS Milano'])
  assert.deepEqual(found('produttori@pec.e-distribuzione.it, www.gse.it, ternario, Comune interesse'), [])
  assert.equal(authoritiesIn('Terna', 1)[0]?.rule, 'authority.letterhead')
  assert.equal(authoritiesIn('Terna', 2)[0]?.rule, 'authority.mentioned')
})
