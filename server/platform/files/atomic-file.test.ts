import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { createFile, replaceFile } from './atomic-file.ts'

const freshDirectory = () => mkdtemp(join(tmpdir(), 'officina-atomic-'))

test('of many that create the same file, one wins and the content is whole', async () => {
  const directory = await freshDirectory()
  const path = join(directory, 'a', 'file')
  const made = await Promise.all(Array.from({ length: 12 }, (_, i) => createFile(path, `content ${i}`)))
  assert.equal(made.filter(Boolean).length, 1)
  assert.equal(await readFile(path, 'utf8'), `content ${made.indexOf(true)}`)
  assert.deepEqual(await readdir(join(directory, 'a')), ['file'])
})

test('a replaced file is readable by its owner alone and leaves nothing beside it', async () => {
  const directory = await freshDirectory()
  const path = join(directory, 'file')
  await replaceFile(path, 'one')
  await replaceFile(path, 'two')
  assert.equal(await readFile(path, 'utf8'), 'two')
  if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(directory), ['file'])
})
