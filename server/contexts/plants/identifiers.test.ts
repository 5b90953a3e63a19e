import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkAdmLicenseCode,
  checkGaudiCode,
  checkIban,
  checkMeterSerial,
  checkPod,
  checkRupCode,
  checkSdiCode,
  checkTaxCode,
  checkUpCode,
  checkVatNumber,
  normaliseAdmLicenseCode,
  normaliseIdentifier,
  normaliseVatNumber,
} from './identifiers.ts'

test('identifiers are compared without spaces and in upper case', () => {
  assert.equal(normaliseIdentifier(' it001 e 12345678\t'), 'IT001E12345678')
  assert.equal(normaliseVatNumber('it 00743110157'), '00743110157')
})

test('a VAT number stands or falls by its check digit', () => {
  for (const valid of ['00743110157', '05724831002', 'IT00743110157', ' 0074311 0157 ']) {
    assert.equal(checkVatNumber(valid), null, valid)
  }
  for (const wrong of ['12345678901', '00743110158', '00000000000', '0074311015', '0074311015A', '']) {
    assert.equal(checkVatNumber(wrong)?.level, 'error', wrong)
  }
})

test('every single wrong digit is seen in a VAT number', () => {
  const valid = '05724831002'
  for (let index = 0; index < 11; index++) {
    for (let digit = 0; digit < 10; digit++) {
      const changed = valid.slice(0, index) + digit + valid.slice(index + 1)
      assert.equal(checkVatNumber(changed) === null, changed === valid, changed)
    }
  }
})

test("a person's tax code stands or falls by its check letter", () => {
  for (const valid of ['RSSMRA85T10A562S', 'MRTMTT91D08F205J', 'rss mra 80a01 h501 u', 'VRDGPP13R10B293P']) {
    assert.equal(checkTaxCode(valid), null, valid)
  }
  for (const wrong of ['RSSMRA85T10A562T', 'RSSMRA85T10A56S', 'RSSMRA85F10A562S', 'RSSMRA85T10A562SX']) {
    assert.equal(checkTaxCode(wrong)?.level, 'error', wrong)
  }
})

test('letters in the place of digits are accepted where two people would share a tax code', () => {
  assert.equal(checkTaxCode('RSSMRA80A01H50MW')?.level, 'error')
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')
  const accepted = letters.filter((letter) => checkTaxCode(`RSSMRA80A01H50M${letter}`) === null)
  assert.equal(accepted.length, 1)
  assert.equal(checkTaxCode('BNZVCN32S10E57PV'), null)
})

test('a day of birth outside 1–31 and 41–71 does not exist', () => {
  for (const day of ['00', '32', '40', '72', '81', '99']) {
    assert.match(checkTaxCode(`RSSMRA85T${day}A562S`)?.message ?? '', /day of birth/, day)
  }
  for (const day of ['01', '31', '41', '71']) {
    assert.doesNotMatch(checkTaxCode(`RSSMRA85T${day}A562S`)?.message ?? '', /day of birth/, day)
  }
})

test('the tax code of a company follows the rule of the VAT number', () => {
  assert.equal(checkTaxCode('00743110157'), null)
  assert.equal(checkTaxCode('12345678901')?.level, 'error')
  assert.equal(checkTaxCode('123')?.level, 'error')
})

test('codes of which only the pattern is known never give more than a warning', () => {
  assert.equal(checkPod('IT001E12345678'), null)
  assert.equal(checkPod('it001e12345678a'), null)
  assert.equal(checkPod('IT001E1234567')?.level, 'warning')
  assert.equal(checkPod('IT001G12345678')?.level, 'warning')
  assert.equal(checkGaudiCode('IM_A1B2C3D'), null)
  assert.equal(checkGaudiCode('IM-A1B2C3D')?.level, 'warning')
  assert.equal(checkUpCode('UP_ROMA_1'), null)
  assert.equal(checkUpCode('UPN_ROMA_01'), null)
  assert.equal(checkUpCode('ROMA')?.level, 'warning')
  assert.equal(checkRupCode('x'.repeat(20)), null)
  assert.equal(checkRupCode('x'.repeat(21))?.level, 'warning')
  assert.equal(checkSdiCode('0000000'), null)
  assert.equal(checkSdiCode('UF12AB'), null)
  assert.equal(checkSdiCode('12345')?.level, 'warning')
})

test('an ADM licence code is stored in its nine characters', () => {
  assert.equal(normaliseAdmLicenseCode('it00 rme01234x'), 'RME01234X')
  assert.equal(checkAdmLicenseCode('IT00RME01234X'), null)
  assert.equal(checkAdmLicenseCode('RME01234X'), null)
  assert.equal(checkAdmLicenseCode('RMG01234X')?.level, 'warning')
})

test('an IBAN stands or falls by mod 97, and an Italian one also by its layout', () => {
  assert.equal(checkIban('IT60 X054 2811 1010 0000 0123 456'), null)
  assert.equal(checkIban('DE89370400440532013000'), null)
  assert.equal(checkIban('IT61X0542811101000000123456')?.level, 'error')
  assert.equal(checkIban('IT60X054281110100000012345')?.level, 'error')
  assert.equal(checkIban('nonsense')?.level, 'error')
})

test('a meter serial is one the declaration accepts', () => {
  assert.equal(checkMeterSerial('AB-12/3.4,5'), null)
  assert.equal(checkMeterSerial('AB 12')?.level, 'warning')
  assert.equal(checkMeterSerial('1'.repeat(16))?.level, 'warning')
})
