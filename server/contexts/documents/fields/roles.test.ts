import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draftsOf, findingsOf, MOST_FIELDS, passageOf } from './page-fields.ts'
import { type CueCounts, cuesOf, learnedRole, roleBefore } from './roles.ts'

const rolesIn = (text: string, language = 'it', counts: CueCounts = new Map()): string[] =>
  findingsOf(draftsOf({ page: 1, text, confidence: null }, language), counts)
    .filter(({ kind }) => kind === 'date' || kind === 'amount')
    .map(({ role, value }) => `${role} ${value}`)

test('the words before a date say what it is', () => {
  const golden: [string, string[]][] = [
    ['Scadenza: 31/12/2028', ['expiry 2028-12-31']],
    ['rilasciato il 3 marzo 2026 e valido fino al 3 marzo 2031', ['issue 2026-03-03', 'expiry 2031-03-03']],
    ['valid until 3 March 2031', ['expiry 2031-03-03']],
    ['prot. n. 1234/2026 del 12/03/2026', ['protocol 2026-03-12']],
    ['Valido dal 01/01/2026 al 31/12/2026', ['start 2026-01-01', 'expiry 2026-12-31']],
    ['dal 01/01/2026 al 30/06/2026', ['start 2026-01-01', 'end 2026-06-30']],
    ['Fattura n. 12 del 12/03/2026', ['issue 2026-03-12']],
    ['ai sensi del D.M. 23/12/1976', ['law 1976-12-23']],
    ['nata a Reggio nell’Emilia il 12/04/1975', ['birth 1975-04-12']],
    ['firmato digitalmente in data 12/03/2026', ['signature 2026-03-12']],
    ['prossima verifica: 12/03/2029', ['next_check 2029-03-12']],
    ['Roma, lì 12/03/2026', ['issue 2026-03-12']],
    ['scade secondo i termini che le parti hanno convenuto a voce: 12/03/2026', ['null 2026-03-12']],
    ['il 12/03/2026', ['null 2026-03-12']],
  ]
  for (const [text, expected] of golden) assert.deepEqual(rolesIn(text), expected, text)
})

test('the words before an amount say what it is', () => {
  const golden: [string, string[]][] = [
    ['Totale fattura € 122,00', ['total 122.00']],
    ['canone annuo di € 12.000,00', ['fee 12000.00']],
    ['importo pari a 15,50 euro', ['amount 15.50']],
    ['Total due EUR 12.00', ['total 12.00']],
    ['€ 5,00', ['null 5.00']],
  ]
  for (const [text, expected] of golden) assert.deepEqual(rolesIn(text), expected, text)
})

test('what was judged outweighs the rule when it was judged often enough, and counts where the rule is silent', () => {
  const judged = (times: number, role = 'test' as const) => new Map([['collaudato da noi', new Map([[role, times]])]])
  const cues = cuesOf('… collaudato da noi ')
  assert.deepEqual(cues, ['collaudato da noi', 'da noi', 'noi'])
  assert.deepEqual(learnedRole({ role: null }, cues, judged(1)), { role: 'test', share: 0.5, learned: true })
  assert.deepEqual(learnedRole({ role: 'issue' }, cues, judged(1))?.role, 'issue')
  assert.deepEqual(learnedRole({ role: 'issue' }, cues, judged(3))?.role, 'test')
  assert.equal(learnedRole({ role: 'issue' }, cues, new Map()), null)
  assert.equal(learnedRole({ role: 'issue' }, ['mai visto', 'visto'], judged(9)), null)
  // That it is none of them can be learned too.
  assert.deepEqual(learnedRole({ role: 'issue' }, ['x'], new Map([['x', new Map([['' as const, 3]])]]))?.role, null)
  const counts: CueCounts = new Map([['date collaudato da noi', new Map([['test', 2]])]])
  assert.deepEqual(rolesIn('Collaudato da noi 12/03/2026', 'it', counts), ['test 2026-03-12'])
  assert.deepEqual(rolesIn('Collaudato da loro 12/03/2026', 'it', counts), ['null 2026-03-12'])
})

test('a role that is confirmed is not less sure than before', () => {
  const of = (counts: CueCounts) =>
    findingsOf(draftsOf({ page: 1, text: 'Scadenza: 31/12/2028', confidence: null }, 'it'), counts)[0]!
  const confirmed = of(new Map([['date scadenza', new Map([['expiry', 1]])]]))
  assert.deepEqual([confirmed.role, confirmed.by], ['expiry', 'rule'])
  assert.ok(confirmed.confidence >= of(new Map()).confidence)
})

test('a passage is the text around a value, in whole words and one line', () => {
  const text = `${'parola '.repeat(40)}inizio\nScadenza: 31/12/2028 fine ${'parola '.repeat(40)}`
  const passage = passageOf(text, text.indexOf('31/12'), 10)
  assert.match(passage, /^parola .* inizio Scadenza: 31\/12\/2028 fine .* parola$/)
  assert.ok(passage.length < 160)
})

test('however much stands on a page, it takes little time and finds no more than so much', () => {
  const long = [
    ...[
      '1',
      '1.',
      '1,1',
      '12/',
      '1/2/',
      'a',
      'A',
      'aA1',
      '€',
      '€1',
      'IT',
      'IT001E',
      '-',
      ' ',
      '\n',
      'prot. n. ',
      'valido dal 1 ',
    ],
    ...[
      'a@',
      'a.a@a.',
      'scadenza ',
      'Comune di A',
      'Xx ',
      '1 €',
      'RSSMRA80A01H501',
      '12 marzo 2026 ',
      'è',
      '_',
      'UP_A_',
      '2026-01-01 ',
    ],
  ].map((piece) => piece.repeat(Math.ceil(60_000 / piece.length)))
  for (const text of long) {
    const began = performance.now()
    const found = findingsOf(draftsOf({ page: 1, text, confidence: null }, 'it'), new Map())
    roleBefore('date', text.slice(0, 90), text.slice(0, 90))
    const ms = performance.now() - began
    assert.ok(found.length <= MOST_FIELDS)
    // Some ten milliseconds on an idle machine; a pattern that grew with the square would take minutes.
    assert.ok(ms < 3_000, `${ms} ms for ${text.slice(0, 20)}…`)
  }
  const days = Array.from(
    { length: 3_000 },
    (_, n) => `scadenza ${1 + (n % 28)}/${1 + (n % 12)}/${1950 + (n % 180)} `,
  ).join('')
  assert.equal(findingsOf(draftsOf({ page: 1, text: days, confidence: null }, 'it'), new Map()).length, MOST_FIELDS)
})
