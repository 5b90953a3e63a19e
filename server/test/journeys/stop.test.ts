import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newHome, run, start } from './release.ts'

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} lets a request that is under way end, refuses new ones, and ends with exit 0`, async () => {
    const running = await start(newHome())
    const { hostname, port } = new URL(running.url)
    const body = JSON.stringify({ email: 'nobody@example.test', password: 'not the password' })
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    let answer = ''
    socket.on('data', (data) => (answer += data.toString()))
    socket.write(
      `POST /api/v1/auth/login HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    )
    await sleep(100)
    running.child.kill(signal)
    await sleep(700)
    assert.equal(running.child.exitCode, null, 'it must wait for the request')
    await assert.rejects(fetch(`${running.url}/health/live`), 'no new connection is taken')
    const closed = once(socket, 'close')
    socket.write(body.slice(10))
    await closed
    assert.match(answer, /^HTTP\/1\.1 4\d\d /)
    assert.match(answer, /"request_id"/)
    assert.deepEqual(await running.exit, { code: 0, signal: null })
  })
}

test('SIGTERM while it is still starting ends it, and the next start finds nothing in its way', async () => {
  const home = newHome()
  for (const wait of [300, 900, 1500]) {
    const starting = run('server/main.ts', home)
    await sleep(wait)
    starting.child.kill('SIGTERM')
    const { code, signal } = await starting.exit
    // Until its files are loaded nothing listens for the signal, and there is nothing to end in order.
    assert.ok(code === 0 || signal === 'SIGTERM', `${wait} ms: ${code} ${starting.output()}`)
  }
  const running = await start(home)
  await running.stop()
})

// Whoever exchanges the listener loses a signal that arrives in that turn of the loop, and the process never ends.
const SIGNAL_AT_A_CHANGE = `data:text/javascript,${encodeURIComponent(`
  const remove = process.removeListener
  process.removeListener = process.off = function (event, ...rest) {
    if (event === 'SIGTERM') process.kill(process.pid, 'SIGTERM')
    return remove.call(this, event, ...rest)
  }`)}`

test('a second SIGTERM changes nothing, and none is lost while the process goes from starting to serving', async () => {
  const running = await start(newHome(), { NODE_OPTIONS: `--import "${SIGNAL_AT_A_CHANGE}"` })
  const { hostname, port } = new URL(running.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(`POST /api/v1/auth/login HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 9\r\n\r\n`)
  await sleep(100)
  running.child.kill('SIGTERM')
  await sleep(100)
  running.child.kill('SIGTERM')
  await sleep(300)
  assert.equal(running.child.exitCode, null, 'it still waits for the request')
  assert.equal(running.child.signalCode, null)
  socket.destroy()
  assert.deepEqual(await running.exit, { code: 0, signal: null })
})

test('production refuses to start with defaults, with exit 2, and names each one', async () => {
  const refused = run('server/main.ts', newHome(), [], { ENVIRONMENT: 'production' })
  assert.deepEqual(await refused.exit, { code: 2, signal: null })
  for (const name of ['OFFICINA_SECRET', 'DATABASE_URL', 'SMTP_URL', 'PUBLIC_URL'])
    assert.match(refused.output(), new RegExp(`- ${name} must be set`))

  const weak = run('server/main.ts', newHome(), [], {
    ENVIRONMENT: 'staging',
    OFFICINA_SECRET: 'changeme-changeme-changeme-changeme',
    DATABASE_URL: 'postgres://officina:short@127.0.0.1:1/officina',
    SMTP_URL: 'smtp://mail.example',
    PUBLIC_URL: 'https://officina.example',
    RATE_LIMIT: 'off',
  })
  assert.deepEqual(await weak.exit, { code: 2, signal: null })
  for (const named of [
    /OFFICINA_SECRET holds a default/,
    /DATABASE_URL holds a service password of less than 16/,
    /RATE_LIMIT must not be off/,
  ])
    assert.match(weak.output(), named)
  assert.doesNotMatch(weak.output(), /changeme|short@/)
})
