import assert from 'node:assert/strict'
import test from 'node:test'
import { languageOf, letter } from './letters.ts'
import type { Language, LetterData, LetterKind } from './letters.ts'

const at = new Date('2026-07-01T10:00:00Z')
const timeZone = 'Europe/Rome'
const url = 'https://officina.example/reset?token=a&b=c'
const reader = { name: 'Maria', brand: 'Pasta & Co.', timeZone }
const reset = { ...reader, url, expiresAt: at }
const invitation = { ...reader, inviter: 'Luca Verdi', tenantName: 'Pasta & Co.', url, expiresAt: at }
const seen = { ...reader, at, address: '192.0.2.7' }
const factor = { ...seen, change: 'disabled' } as const
const password = { ...seen, how: 'changed' } as const
const webhook = { ...reader, at, host: 'hooks.example.com:8443', reason: 'failing', url } as const
const device = { ...seen, device: 'Firefox, Windows', url }

/** Every letter; the compiler wants a line for each. */
const every: { [Kind in LetterKind]: LetterData[Kind] } = {
  invitation,
  password_reset: reset,
  password_changed: password,
  second_factor_changed: factor,
  new_device: device,
  webhook_disabled: webhook,
}
const kinds = Object.keys(every) as LetterKind[]
const write = (kind: LetterKind, language: Language, changes: object = {}) => {
  const data: object = { ...every[kind], ...changes }
  return letter(kind, language, data as LetterData[typeof kind])
}

test('every letter is written in both languages, with its data, in the name of the company', () => {
  assert.equal(kinds.length, 6)
  for (const kind of kinds) {
    const [italian, english] = [write(kind, 'it'), write(kind, 'en')]
    assert.notEqual(italian.subject, english.subject)
    assert.match(italian.text, /^Ciao Maria,\n\n/)
    assert.match(english.text, /^Hello Maria,\n\n/)
    assert.match(italian.html, /<html lang="it">/)
    for (const { text, html } of [italian, english]) {
      assert.ok(text.endsWith('\n\nPasta & Co.\n'), kind)
      assert.ok(html.includes('<p>Pasta &amp; Co.</p>'), kind)
      assert.doesNotMatch(`${text}${html}`, /undefined|\bnull\b|Invalid|\.\./, kind)
    }
  }
})

test('times are told by the clock of the reader', () => {
  assert.match(letter('password_reset', 'it', reset).text, /1 luglio 2026 alle ore 12:00|1 luglio 2026.*12:00/)
  assert.match(letter('password_reset', 'en', { ...reset, timeZone: 'UTC' }).text, /1 July 2026.*10:00/)
})

test('the link stands whole in the text and escaped in the HTML', () => {
  const { text, html } = letter('password_reset', 'en', reset)
  assert.ok(text.includes(`\n${url}\n`))
  assert.ok(html.includes('href="https://officina.example/reset?token=a&amp;b=c"'))
})

test('each way to a new password is told', () => {
  const ways = ['changed', 'reset', 'given'] as const
  for (const language of ['it', 'en'] as const) {
    const texts = ways.map((how) => letter('password_changed', language, { ...password, how }).text)
    assert.equal(new Set(texts).size, ways.length)
    assert.ok(texts[0]!.includes('192.0.2.7') && !texts[2]!.includes('192.0.2.7'))
  }
})

test('each change of the second factor says what changed', () => {
  const changes: LetterData['second_factor_changed']['change'][] = ['enabled', 'disabled', 'recovery_code_used']
  for (const language of ['it', 'en'] as const) {
    const texts = changes.map((change) => letter('second_factor_changed', language, { ...factor, change }).text)
    assert.equal(new Set(texts).size, changes.length)
  }
})

const HOSTILE = '<img src=x onerror="a">\r\nBcc: x@y.example\u202e\u200b https://evil.example www.evil.example'

for (const kind of kinds) {
  test(`${kind}: no data can bring markup, lines, links or hidden characters`, () => {
    const texts = ['name', 'brand', 'inviter', 'tenantName', 'address', 'device']
    for (const language of ['it', 'en'] as const) {
      const hostile = write(kind, language, Object.fromEntries(texts.map((field) => [field, HOSTILE])))
      assert.doesNotMatch(hostile.subject, /[\p{Cc}\p{Cf}]/u)
      assert.doesNotMatch(hostile.html, /<img|onerror="/)
      assert.doesNotMatch(hostile.text, /^Bcc/m)
      assert.doesNotMatch(`${hostile.text}${hostile.html}`, /https:\/\/evil|www\.evil|\u202e|\u200b/)
      const long = write(kind, language, Object.fromEntries(texts.map((field) => [field, 'x'.repeat(5_000)])))
      assert.ok(long.subject.length < 150)
    }
  })
}

test('a link is http or https', () => {
  for (const wrong of ['javascript:alert(1)', 'data:text/html,x', '/relative', ''])
    assert.throws(() => letter('password_reset', 'en', { ...reset, url: wrong }), TypeError)
  const quoted = letter('password_reset', 'en', { ...reset, url: 'https://a.example/"><script>' })
  assert.doesNotMatch(quoted.html, /<script>/)
})

test('the language follows the locale', () => {
  assert.deepEqual(['it', 'it-IT', 'IT-ch', 'en-GB', 'de', '', 'italic'].map(languageOf), [
    'it',
    'it',
    'it',
    'en',
    'en',
    'en',
    'en',
  ])
})
