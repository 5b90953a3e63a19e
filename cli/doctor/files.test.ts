import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError, readConfig } from '#config'
import { standIn } from '#platform/blob/s3.fixture.ts'
import { examineFiles } from './files.ts'

async function withHome(use: (home: string) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'officina-doctor-'))
  try {
    await use(home)
  } finally {
    rmSync(home, { recursive: true })
  }
}
const told = async (settings: Record<string, string>): Promise<string> => {
  const [finding] = await examineFiles(readConfig(settings))
  return `${finding?.status}: ${finding?.message}`
}

test('files: a folder that takes them is sound and keeps nothing of it; one that does not is named', () =>
  withHome(async (home) => {
    assert.match(await told({ OFFICINA_HOME: home }), /^ok: can be written, read, listed and removed in .*files$/)
    assert.deepEqual(readdirSync(join(home, 'spool')), [])
    assert.deepEqual(readdirSync(join(home, 'files/officina-check')), [])
    rmSync(join(home, 'files'), { recursive: true })
    writeFileSync(join(home, 'files'), '')
    assert.match(await told({ OFFICINA_HOME: home }), /^fail: files cannot be stored in .*files: ENOTDIR/)
    assert.deepEqual(readdirSync(join(home, 'spool')), [])
  }))

test('files: a bucket that answers is sound; a wrong secret, bucket or address is named, and the secret is not', () =>
  withHome(async (home) => {
    await using server = await standIn()
    const { endpoint, bucket, region, accessKeyId, secretAccessKey } = server.settings
    const settings = {
      ...{ OFFICINA_HOME: home, S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_REGION: region },
      ...{ S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey },
    }
    assert.match(await told(settings), /^ok: .*\/officina\/$/)
    assert.deepEqual(readdirSync(server.folder), [])
    const wrong = await told({ ...settings, S3_SECRET_ACCESS_KEY: 'not the secret of it' })
    assert.match(wrong, /^fail: .*403 SignatureDoesNotMatch$/)
    assert.doesNotMatch(wrong, /not the secret/)
    assert.match(await told({ ...settings, S3_BUCKET: 'another' }), /^fail: .*404 NoSuchBucket$/)
    assert.match(await told({ ...settings, S3_ENDPOINT: 'http://127.0.0.1:1' }), /^fail: files cannot be stored/)
  }))

test('settings: an endpoint needs a key and a secret, and in production one that nobody guesses', () => {
  const problems = (settings: Record<string, string>): string => {
    try {
      readConfig(settings)
      return ''
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.problems.join('; ')
    }
  }
  const S3_ENDPOINT = 'https://s3.example.com'
  assert.match(problems({ S3_ENDPOINT }), /S3_ACCESS_KEY_ID must be set.*S3_SECRET_ACCESS_KEY must be set/)
  assert.equal(problems({ S3_ENDPOINT, S3_ACCESS_KEY_ID: 'a', S3_SECRET_ACCESS_KEY: 'short' }), '')
  const production = { ENVIRONMENT: 'production', S3_ENDPOINT, S3_ACCESS_KEY_ID: 'a' }
  assert.match(
    problems({ ...production, S3_SECRET_ACCESS_KEY: 'short' }),
    /S3_SECRET_ACCESS_KEY holds a service password/,
  )
  assert.doesNotMatch(problems({ ...production, S3_SECRET_ACCESS_KEY: 'x'.repeat(16) }), /S3_/)
  assert.match(
    problems({ S3_ENDPOINT, S3_ACCESS_KEY_ID: 'a', S3_SECRET_ACCESS_KEY: 'b', S3_PREFIX: 'no-slash' }),
    /S3_PREFIX/,
  )
})
