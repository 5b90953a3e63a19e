import assert from 'node:assert/strict'
import test from 'node:test'
import { hash as argonHash } from '@node-rs/argon2'
import { hash as bcryptHash } from '@node-rs/bcrypt'
import { HashingBusyError } from './hashing-gate.ts'
import { DUMMY_HASH, hashPassword, isUsableHash, verifyPassword } from './password.ts'

const no = { ok: false, rehash: false }
const yes = { ok: true, rehash: false }
const yesAndRehash = { ok: true, rehash: true }

test('a password opens its own hash and no other', async () => {
  const hash = await hashPassword('tramonto sul Po')
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.deepEqual(await verifyPassword(hash, 'tramonto sul Po'), yes)
  assert.deepEqual(await verifyPassword(hash, 'tramonto sul po'), no)
})

test('the same letters in another Unicode form are the same password', async () => {
  const hash = await hashPassword('caffè ristretto')
  assert.deepEqual(await verifyPassword(hash, 'caffe\u0300 ristretto'), yes)
})

test('a weaker argon2id hash opens and asks to be made again', async () => {
  const weak = await argonHash('tramonto sul Po', { memoryCost: 8_192, timeCost: 1, parallelism: 1 })
  assert.deepEqual(await verifyPassword(weak, 'tramonto sul Po'), yesAndRehash)
  assert.deepEqual(await verifyPassword(weak, 'wrong password'), no)
})

test('bcrypt hashes of older systems open and ask to be made again', async () => {
  for (const version of ['2a', '2b', '2y'] as const) {
    // The three versions of 8-bit text and of this length are one algorithm.
    const hash = (await bcryptHash('vecchia parola', 4)).replace(/^\$2b\$/, `$${version}$`)
    assert.ok(hash.startsWith(`$${version}$`))
    assert.deepEqual(await verifyPassword(hash, 'vecchia parola'), yesAndRehash)
    assert.deepEqual(await verifyPassword(hash, 'vecchia parole'), no)
  }
})

test('a hash made elsewhere opens: a published vector of bcrypt', async () => {
  const vector = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
  assert.deepEqual(await verifyPassword(vector, 'U*U'), yesAndRehash)
})

test('what bcrypt never read does not become the password', async () => {
  const beginning = 'x'.repeat(72)
  const hash = await bcryptHash(`${beginning} the true end`, 4)
  assert.deepEqual(await verifyPassword(hash, `${beginning} another end`), yes)
  const short = await bcryptHash('short one', 4)
  assert.deepEqual(await verifyPassword(short, 'short one\0 and more'), no)
})

test('unknown accounts, unknown forms and unaffordable costs are a no after the same work', async () => {
  const costly = '$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
  for (const hash of [null, '', 'plain', '$argon2id$broken', '$1$md5$x', costly, `$2b$31$${'a'.repeat(53)}`])
    assert.deepEqual(await verifyPassword(hash, 'anything'), no)
  assert.equal(isUsableHash(costly), false)
  assert.equal(isUsableHash(DUMMY_HASH), true)
})

const fastest = async (stored: string | null): Promise<number> => {
  const times: number[] = []
  for (let i = 0; i < 5; i++) {
    const start = performance.now()
    await verifyPassword(stored, 'guess')
    times.push(performance.now() - start)
  }
  return Math.min(...times)
}

test('an unknown account takes as long as a known one', async () => {
  const hash = await hashPassword('tramonto sul Po')
  const [known, unknown] = [await fastest(hash), await fastest(null)]
  assert.ok(unknown > known / 3 && unknown < known * 3, `${unknown} ms and ${known} ms`)
})

test('hashing runs off the main thread', async () => {
  let turns = 0
  const ticking = setInterval(() => (turns += 1), 1)
  // So costly that one hash takes many turns of the loop.
  await argonHash('a password', { memoryCost: 65_536, timeCost: 4, parallelism: 1 })
  clearInterval(ticking)
  assert.ok(turns >= 5, `${turns} turns`)
})

test('a storm of sign-ins is refused beyond the queue, and the admitted are answered', async () => {
  const hash = await bcryptHash('vecchia parola', 4)
  const storm = await Promise.allSettled(Array.from({ length: 100 }, () => verifyPassword(hash, 'vecchia parola')))
  const refused = storm.filter((one) => one.status === 'rejected' && one.reason instanceof HashingBusyError)
  assert.equal(refused.length, 100 - 3 - 64)
  assert.equal(storm.filter((one) => one.status === 'fulfilled' && one.value.ok).length, 67)
})
