import assert from 'node:assert/strict'
import test from 'node:test'
import { smtpSettings } from './open-mailer.ts'

test('SMTP_URL says host, port, log-in and encryption', () => {
  const from = 'Officina <a@b.example>'
  assert.deepEqual(smtpSettings('smtps://u%40x:p%3Aq@mail.example', from), {
    ...{ host: 'mail.example', port: 465, security: 'tls', from, user: 'u@x', password: 'p:q' },
  })
  assert.deepEqual(smtpSettings('smtp://mail.example:2525', from), {
    host: 'mail.example',
    port: 2525,
    security: 'starttls',
    from,
  })
  assert.deepEqual(smtpSettings('smtp://127.0.0.1:1025', from), {
    host: '127.0.0.1',
    port: 1025,
    security: 'none',
    from,
  })
  assert.equal(smtpSettings('smtp://localhost.example', from).security, 'starttls')
})
