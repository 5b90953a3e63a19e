import assert from 'node:assert/strict'
import test from 'node:test'
import { commonPasswords, isCommonPassword } from './common-passwords.ts'
import { passwordProblem } from './password-problem.ts'

const owner = {
  email: 'maria.bianchi@pannelli.example',
  name: 'Maria',
  surname: 'Bianchi',
  tenant_name: 'Sole del Tavoliere S.r.l.',
}

test('the list spells out more than a thousand passwords, none too short to matter', () => {
  assert.ok(commonPasswords.size > 1_000, `${commonPasswords.size}`)
  assert.ok([...commonPasswords].every((entry) => entry.length >= 8 && entry === entry.toLowerCase()))
})

test('common passwords are refused in any dress', () => {
  for (const password of [
    'password',
    'PASSWORD',
    'Password1',
    'P4ssw0rd!',
    'p@$$w0rd123',
    'Juventus',
    'juventus1897!',
    'forzaitalia',
    'ForzaNapoli2024',
    'qwertyuiop',
    'qwerty123',
    '1qaz2wsx',
    'qwer1234',
    '12345678',
    '87654321',
    '0987654321',
    'abcdefgh',
    'aaaaaaaa',
    'aaaa1111',
    '12121212',
    'ciaociaociao',
    '25121990',
    '25/12/1990',
    '19901225',
    'Benvenuto1',
    'cambiami!',
    'Officina2026!',
    'l3tm31n!!',
    'we1come123',
    'ｐａｓｓｗｏｒｄ',
  ])
    assert.equal(passwordProblem(password, {}), 'common', password)
})

test('passwords that nobody guesses are accepted', () => {
  for (const password of [
    'tramonto sul Po',
    'correct-horse-battery',
    'Str0ng-Passw0rd!',
    'xK9#mQ2v',
    'vendemmia-nebbia-42',
    '🌞🌍🔋🏭🐝🍝🚜🌧',
    'perché no, domani?',
    '48210573',
  ])
    assert.equal(passwordProblem(password, owner), null, password)
  assert.equal(isCommonPassword('vento di maestrale'), false)
})

test('length counts characters, not units or bytes', () => {
  assert.equal(passwordProblem('xK9#mQ2', owner), 'too_short')
  assert.equal(passwordProblem('🌞🌍🔋🏭🐝🍝🚜', owner), 'too_short')
  assert.equal(passwordProblem('🌞🔋'.repeat(64).slice(0, 254) + 'xy', owner), 'too_long')
  const long = Array.from({ length: 128 }, (_, i) => String.fromCodePoint(0x1f300 + ((i * 37) % 200))).join('')
  assert.equal(passwordProblem(long, owner), null)
  assert.equal(passwordProblem(`${long}x`, owner), 'too_long')
  assert.equal(passwordProblem('x'.repeat(1_000_000), owner), 'too_long')
})

test('what is known about the person does not make a password', () => {
  for (const password of [
    'mariabianchi',
    'Maria.Bianchi1',
    'bianchi2026',
    'B14nch1-85',
    'tavoliere1',
    'SoleDelTavoliere',
    'maria.bianchi@pannelli.example',
    'pannelli',
  ])
    assert.equal(passwordProblem(password, owner), 'personal', password)
  assert.equal(passwordProblem('Bianchi come le nuvole', owner), null)
})

test('control characters and broken text are not a password', () => {
  for (const password of ['tramonto\0sul Po', 'tramonto\nsul Po', 'tramonto sul \ud800'])
    assert.equal(passwordProblem(password, owner), 'not_text')
})
