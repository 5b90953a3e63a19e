import assert from 'node:assert/strict'
import { test } from 'node:test'
import { datesIn, dayOf } from './dates.ts'

const read = (text: string, language: string | null = 'it'): string[] =>
  datesIn(text, language).map(({ value, shown, rule }) => `${value} ${rule.slice(5)} «${shown}»`)

test('a date is read in the ways in which Italians and English write it', () => {
  const golden: [string, string, string | null][] = [
    ['Roma, 12/03/2026', '2026-03-12 day_first «12/03/2026»', 'it'],
    ['Roma,12.03.2026.', '2026-03-12 day_first «12.03.2026»', 'it'],
    ['lì 1-9-2026', '2026-09-01 day_first «1-9-2026»', 'it'],
    ['12 / 03 / 2026', '2026-03-12 day_first «12 / 03 / 2026»', 'it'],
    ['2026-03-12', '2026-03-12 iso «2026-03-12»', null],
    ['2026/03/12', '2026-03-12 iso «2026/03/12»', null],
    ['1° gennaio 2027', '2027-01-01 month_name «1° gennaio 2027»', 'it'],
    ['5 Dic. 2025', '2025-12-05 month_name «5 Dic. 2025»', 'it'],
    ['12-mar-2026', '2026-03-12 month_name «12-mar-2026»', 'it'],
    ['3rd of March, 2026', '2026-03-03 month_name «3rd of March, 2026»', 'en'],
    ['March 3, 2026', '2026-03-03 month_name «March 3, 2026»', 'en'],
    ['Sept. 21st, 2026', '2026-09-21 month_name «Sept. 21st, 2026»', 'en'],
    ['05/25/2026', '2026-05-25 month_first «05/25/2026»', 'en'],
    ['03/04/2026', '2026-04-03 either_first «03/04/2026»', 'en'],
    ['05/05/2026', '2026-05-05 day_first «05/05/2026»', 'en'],
    ['il 12/03/26', '2026-03-12 short_year «12/03/26»', 'it'],
    ['31-12-99', '1999-12-31 short_year «31-12-99»', 'it'],
    ['primo marzo duemilaventisei', '2026-03-01 in_words «primo marzo duemilaventisei»', 'it'],
    ['ventitré? no: ventuno ottobre duemilaventotto', '2028-10-21 in_words «ventuno ottobre duemilaventotto»', 'it'],
    [
      'dodici del mese di luglio dell’anno duemilaventi',
      '2020-07-12 in_words «dodici del mese di luglio dell’anno duemilaventi»',
      'it',
    ],
    ['the twelfth day of March 2026', '2026-03-12 in_words «twelfth day of March 2026»', 'en'],
  ]
  for (const [text, expected, language] of golden) assert.deepEqual(read(text, language), [expected], text)
})

test('what cannot be a day, or is something else, is none', () => {
  for (const text of [
    '31/02/2026',
    '30 febbraio 2026',
    '00/01/2026',
    '12/13/2026',
    '12/03/1826',
    '29/02/2026',
    'versione 1.2.3',
    'indirizzo 10.0.12.26',
    'art. 12.03.26',
    'D.Lgs. 504/1995',
    'matricola 112/03/20261',
    'A12/03/2026B',
    '12/03-2026',
    'marzo 2026',
    '1/2/3',
  ]) {
    assert.deepEqual(read(text), [], text)
  }
  assert.deepEqual(read('29/02/2028'), ['2028-02-29 day_first «29/02/2028»'])
  assert.deepEqual([dayOf(2026, 2, 29), dayOf(2028, 2, 29), dayOf(2026, 12, 31)], [null, '2028-02-29', '2026-12-31'])
})
