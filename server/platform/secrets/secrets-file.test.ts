import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { loadOrCreateSecrets, mastersFromSetting, rotateMaster, SecretsFileError } from './secrets-file.ts'

const now = new Date('2026-01-02T03:04:05Z')
const freshHome = () => mkdtemp(join(tmpdir(), 'officina-secrets-'))

test('the first start makes a secret that only its owner can read, the next start finds it', async () => {
  const home = join(await freshHome(), 'deeper')
  const [made, ...more] = await loadOrCreateSecrets(home, now)
  assert.equal(made?.secret.length, 32)
  assert.equal(made?.createdAt, '2026-01-02T03:04:05.000Z')
  assert.equal(more.length, 0)
  assert.deepEqual(await loadOrCreateSecrets(home, new Date()), [made])
  if (process.platform !== 'win32') assert.equal((await stat(join(home, 'secrets.json'))).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(home), ['secrets.json'])
})

test('processes that start at the same time agree on one secret', async () => {
  const home = await freshHome()
  const module = JSON.stringify(new URL('secrets-file.ts', import.meta.url).href)
  const script = `const { loadOrCreateSecrets } = await import(${module})
    const [master] = await loadOrCreateSecrets(${JSON.stringify(home)}, new Date())
    process.stdout.write(master.secret.toString('hex'))`
  const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  const outputs = await Promise.all([run(), run(), run(), run()])
  assert.equal(new Set(outputs.map(({ stdout }) => stdout)).size, 1)
  assert.equal(outputs[0]?.stdout.length, 64)
})

test('a rotation puts a new secret first and keeps the old ones, even when two rotate at once', async () => {
  const home = await freshHome()
  const [first] = await loadOrCreateSecrets(home, now)
  await Promise.all([rotateMaster(home, now), rotateMaster(home, now)])
  const masters = await loadOrCreateSecrets(home, now)
  assert.equal(masters.length, 3)
  assert.deepEqual(masters[2], first)
  assert.equal(new Set(masters.map(({ id }) => id)).size, 3)
})

test('a lock left by a killed process does not stop a rotation', async () => {
  const home = await freshHome()
  const lock = join(home, 'secrets.json.lock')
  await writeFile(lock, '')
  await utimes(lock, new Date(0), new Date(0))
  assert.equal((await rotateMaster(home, now)).length, 2)
})

test('a damaged file is refused, never replaced, and not quoted', async () => {
  const home = await freshHome()
  const path = join(home, 'secrets.json')
  for (const text of [
    '',
    '{"secret-text',
    '{}',
    '{"version":1,"masters":[]}',
    '{"version":1,"masters":[{"id":"a"}]}',
  ]) {
    await writeFile(path, text)
    await assert.rejects(
      loadOrCreateSecrets(home, now),
      (error) => error instanceof SecretsFileError && !error.message.includes('secret-text'),
    )
    assert.equal(await readFile(path, 'utf8'), text)
  }
})

test('a file opened to others is closed again', { skip: process.platform === 'win32' }, async () => {
  const home = await freshHome()
  await loadOrCreateSecrets(home, now)
  await chmod(join(home, 'secrets.json'), 0o644)
  await loadOrCreateSecrets(home, now)
  assert.equal((await stat(join(home, 'secrets.json'))).mode & 0o777, 0o600)
})

test('a configured secret has the same id everywhere, and rotates by commas', () => {
  const [one] = mastersFromSetting('a-long-configured-secret')
  const two = mastersFromSetting('another-long-secret-text, a-long-configured-secret')
  assert.deepEqual(two[1], one)
  assert.match(one?.id ?? '', /^[0-9a-f]{12}$/)
  assert.throws(() => mastersFromSetting('short'), TypeError)
  assert.throws(() => mastersFromSetting(' , '), TypeError)
})
