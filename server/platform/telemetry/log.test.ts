import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { Type } from 'typebox'
import { newTenant } from '../../test/harness.ts'
import { bearer, ownServer } from '../http/http.fixture.ts'
import { refusals } from '../refusal.ts'

const away = refusals({ 'mail.away': ['unavailable', 'The mail server does not answer.'] })
const SECRETS = ['hunter2', 'otp-123456', 'api-key-xyz', 'query-token', 'cookie-value', 'bearer-secret', 'row-value']

test('a request is one line: route, method, status, time, request id and who; no secret stands in any line', async () => {
  const { admin } = await newTenant()
  await using app = await ownServer({
    refusals: away.table,
    routes: (http, edges) => {
      const config = { permission: 'public' }
      const body = Type.Object({ password: Type.String() })
      http.post('/api/v1/sign-in', { config, schema: { operationId: 'in', body } }, (request) => {
        // What somebody might log while looking for a bug.
        request.log.info(
          { body: request.body, headers: request.headers, password: 'hunter2', deep: { token: 'bearer-secret' } },
          'looking',
        )
        throw new Error('no luck', {
          cause: Object.assign(new Error('duplicate key'), { detail: 'Key (email)=(row-value)' }),
        })
      })
      http.get('/api/v1/away', { config, schema: { operationId: 'away' } }, () => {
        throw away.refuse('mail.away', { cause: new Error('connect ECONNREFUSED') })
      })
      http.get(
        '/api/v1/mine/:id',
        { config: { permission: 'signed_in' }, schema: { operationId: 'mine' } },
        (request) => edges.read(request, () => Promise.resolve({})),
      )
    },
  })
  const headers = { cookie: 'session=cookie-value', 'x-api-key': 'api-key-xyz', 'x-request-id': 'trace-1' }
  await app.http.inject({
    method: 'POST',
    url: '/api/v1/sign-in?token=query-token',
    headers,
    payload: { password: 'hunter2', code: 'otp-123456' },
  })
  await app.http.inject({ url: '/api/v1/mine/private-id?q=query-token', headers: bearer(admin) })
  await app.http.inject('/api/v1/away')

  for (const secret of [...SECRETS, admin.sessionId, 'private-id'])
    assert.ok(!app.raw().includes(secret), `${secret} was logged`)
  const lines = app.lines()
  const ended = lines.filter((line) => 'route' in line && 'status' in line)
  assert.deepEqual(
    ended.map(({ route, method, status }) => [route, method, status]),
    [
      ['/api/v1/sign-in', 'POST', 500],
      ['/api/v1/mine/:id', 'GET', 200],
      ['/api/v1/away', 'GET', 503],
    ],
  )
  assert.equal(ended[0]!['reqId'], 'trace-1')
  assert.deepEqual([ended[1]!['tenant_id'], ended[1]!['actor_id']], [admin.tenantId, admin.userId])
  assert.ok(Number(ended[1]!['ms']) > 0)
  const bug = lines.find((line) => line['msg'] === 'something broke')
  assert.match(JSON.stringify(bug), /no luck.*stack/)
  assert.match(JSON.stringify(lines.find((line) => line['msg'] === 'mail.away')), /ECONNREFUSED/)
})

const ends = ['process.exit(3)', "throw new Error('broken')", 'void 0', "process.kill(process.pid, 'SIGTERM')"]
for (const end of ends) {
  test(`a line that waits is written when the process ends by ${end}`, () => {
    // As serve() does, so that SIGTERM ends in process.exit().
    const code = `
      const { openLog } = await import(${JSON.stringify(import.meta.resolve('./log.ts'))})
      process.once('SIGTERM', () => process.exit(0))
      openLog({ LOG_LEVEL: 'info', DEBUG: 'off', APP_NAME: 'Officina' }).info('the last line')
      ${end}`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
    assert.equal((JSON.parse(stdout) as { msg: string }).msg, 'the last line')
  })
}
