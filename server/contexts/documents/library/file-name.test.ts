import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanName, dispositionOf, savedName } from './file-name.ts'

const CLEANED: readonly (readonly [given: string, name: string | null, extension?: string])[] = [
  ['delega.pdf', 'delega.pdf', 'pdf'],
  ['Però già.PDF', 'Però già.PDF', 'pdf'],
  // A letter and its accent apart (macOS) are one letter.
  ['pero\u0300.txt', 'però.txt', 'txt'],
  ['photo.JPEG', 'photo.JPEG', 'jpg'],
  ['../../etc/passwd', 'passwd', ''],
  ['C:\\Users\\anna\\report.docx', 'report.docx', 'docx'],
  ['a/b\\c.txt', 'c.txt', 'txt'],
  ['..', null],
  ['', null],
  ['   ', null],
  ['/', null],
  ['\u200b.pdf', 'pdf', ''],
  ['.htaccess', 'htaccess', ''],
  ['...hidden.txt', 'hidden.txt', 'txt'],
  ['trailing.pdf. . ', 'trailing.pdf', 'pdf'],
  ['bell\u0007null\u0000.txt', 'bellnull.txt', 'txt'],
  ['line\r\nbreak: x.txt', 'line break_ x.txt', 'txt'],
  ['next\u2028line.txt', 'next line.txt', 'txt'],
  // Shown as «invoice_exe.pdf»; what it is stays visible when the marks are gone.
  ['invoice_\u202efdp.exe', 'invoice_fdp.exe', 'exe'],
  ['\u2066a\u2069\u200fb\u061c.txt', 'ab.txt', 'txt'],
  ['\ufeffbom.txt', 'bom.txt', 'txt'],
  ['a<b>c:d"e|f?g*h.txt', 'a_b_c_d_e_f_g_h.txt', 'txt'],
  ['CON', '_CON', ''],
  ['con.txt', '_con.txt', 'txt'],
  ['Lpt1.tar.txt', '_Lpt1.tar.txt', 'txt'],
  ['COM¹.txt', '_COM¹.txt', 'txt'],
  ['console.txt', 'console.txt', 'txt'],
  ['half \ud800 letter.txt', 'half letter.txt', 'txt'],
  ['contratto.pdf.p7m', 'contratto.pdf.p7m', 'p7m'],
  ['no extension', 'no extension', ''],
  ['two  spaces\u00a0and\u3000more.txt', 'two spaces and more.txt', 'txt'],
  ['日本語.pdf', '日本語.pdf', 'pdf'],
]

test('names are cleaned of paths, controls, marks of direction and what file systems forbid', () => {
  for (const [given, name, extension] of CLEANED) {
    const clean = cleanName(given)
    assert.deepEqual(clean, name === null ? null : { name, extension }, JSON.stringify(given))
    // What is clean stays as it is.
    if (clean !== null) assert.equal(cleanName(clean.name)?.name, clean.name.replace(/^_(?=(CON$))/i, '_'))
  }
})

test('long names keep their extension and fit into 255 bytes, whatever their letters weigh', () => {
  for (const letter of ['a', 'è', '日', '😀']) {
    const clean = cleanName(`${letter.repeat(400)}.docx`)!
    assert.equal(clean.extension, 'docx')
    const size = Buffer.byteLength(clean.name)
    assert.ok(size <= 255 && size > 245, `${size} bytes`)
    assert.ok(clean.name.isWellFormed())
  }
  const endless = cleanName(`a.${'x'.repeat(400)}`)!
  assert.ok(Buffer.byteLength(endless.name) <= 255)
})

const DISPOSITIONS: readonly (readonly [name: string, header: string])[] = [
  ['a.pdf', `attachment; filename="a.pdf"; filename*=UTF-8''a.pdf`],
  ['Però (2).pdf', `attachment; filename="Pero (2).pdf"; filename*=UTF-8''Per%C3%B2%20%282%29.pdf`],
  ['it\'s "so" 100%.pdf', `attachment; filename="it's _so_ 100_.pdf"; filename*=UTF-8''it%27s%20%22so%22%20100%25.pdf`],
  ['back\\slash;semi.pdf', `attachment; filename="back_slash;semi.pdf"; filename*=UTF-8''back%5Cslash%3Bsemi.pdf`],
  ['日本.pdf', `attachment; filename="__.pdf"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.pdf`],
  [
    'a\r\nset-cookie: b.pdf',
    `attachment; filename="a__set-cookie: b.pdf"; filename*=UTF-8''a%0D%0Aset-cookie%3A%20b.pdf`,
  ],
]

test('a disposition always saves, holds nothing that ends its header, and has the true name beside a plain one', () => {
  for (const [name, header] of DISPOSITIONS) {
    assert.equal(dispositionOf(name), header)
    // oxlint-disable-next-line no-control-regex
    assert.match(header, /^[\x20-\x7e]+$/)
    const encoded = /filename\*=UTF-8''(.*)$/.exec(header)![1]!
    assert.equal(decodeURIComponent(encoded), name)
    assert.match(encoded, /^[A-Za-z0-9!#$&+.^_`|~%-]+$/, 'attr-char of RFC 8187 alone')
  }
})

test('a document is saved with the extension of its type', () => {
  assert.equal(savedName('Delega 2026', 'pdf'), 'Delega 2026.pdf')
  assert.equal(savedName('Delega.PDF', 'pdf'), 'Delega.PDF')
  assert.equal(savedName('photo.jpeg', 'jpg'), 'photo.jpeg')
  assert.equal(savedName('report.exe', 'pdf'), 'report.exe.pdf')
})
