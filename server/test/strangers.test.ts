/**
 * Another tenant's thing does not exist, nor does one of a plant out of scope: over every route that the contract has, in
 * both kinds of isolation. A route with an id that has no maker in specimens.ts fails here.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { newTenant } from './harness.ts'
import { contract, operationsOf, type Document, type Operation } from './openapi.ts'
import { call, fill, hasMaker, make, makeWithin, newWorld, seen, stem, type World } from './specimens.ts'

const withId = (operations: Operation[]): Operation[] =>
  operations.filter(({ path }) => path.startsWith('/api/v1/') && path.includes('{'))

test('every route with an id has a specimen', async () => {
  const operations = withId(operationsOf(await contract()))
  assert.ok(operations.length >= 20)
  assert.deepEqual([...new Set(operations.filter(({ path }) => !hasMaker(path)).map(({ path }) => path))], [])
})

/** A number within (of a version) is no secret, and stays; an id becomes another. */
const anotherWithin = (within: string | null): string | null =>
  within && within.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, uuidv7())

const READS_PUBLIC = new Set(['listPermissions'])
type Called = { document: Document; operation: Operation; world: World }

function addressed(
  { document, operation, world }: Called,
  id: string,
  within: string | null,
): { path: string; payload: unknown } {
  const { payload, query } = fill(operation, document)
  assert.ok(world.plantId)
  const path = operation.path.replace(/\{\w+\}/, id).replace(/\{\w+\}(\/\{\w+\})*/, within ?? '')
  return { path: `${path}${query}`, payload }
}

for (const isolation of ['shared', 'schema'] as const) {
  test(`${isolation}: to a stranger the real id and a random one are the same`, async (t) => {
    const document = await contract()
    const world = await newWorld(await newTenant({ isolation }))
    const stranger = await newTenant({ isolation })
    const limited = await world.tenant.user('Asset Manager', [world.otherPlantId])
    let proven = 0
    for (const operation of withId(operationsOf(document))) {
      await t.test(operation.operationId, async () => {
        const { id, ofPlant } = await make(operation.path, world)
        const within = await makeWithin(operation.path, world, id)
        const real = addressed({ document, operation, world }, id, within)
        const random = addressed({ document, operation, world }, uuidv7(), anotherWithin(within))
        for (const user of [stranger.admin, ...(ofPlant ? [limited] : [])]) {
          const [told, expected] = [
            await call(user, operation, real.path, real.payload),
            await call(user, operation, random.path, random.payload),
          ]
          assert.deepEqual(seen(told), seen(expected))
          assert.ok([403, 404].includes(told.status), `${told.status} ${told.text}`)
          if (told.status === 404) proven += 1
        }
        // Its own tenant finds it, or the comparison would prove nothing.
        const isPlatform = operation.path.startsWith('/api/v1/tenants')
        const ownSession = operation.path.startsWith('/api/v1/auth/sessions')
        if (operation.method !== 'GET' || isPlatform || ownSession) return
        const own = await call(world.tenant.admin, operation, real.path, real.payload)
        assert.equal(own.status, 200, own.text)
      })
    }
    assert.ok(proven >= 20, `${proven} answers were «not found»`)
  })

  test(`${isolation}: no list, search, map, export or trail names what is not one’s own`, async () => {
    const document = await contract()
    const world = await newWorld(await newTenant({ isolation }))
    const operations = operationsOf(document)
    const ids: string[] = []
    for (const path of new Set(withId(operations).map((one) => stem(one.path))))
      ids.push((await make(`${path}/{id}`, world)).id)
    const stranger = (await newTenant({ isolation })).admin
    const limited = await world.tenant.user('Viewer', [world.otherPlantId])
    const nobody = await world.tenant.user('Viewer', [])
    const lists = operations.filter(
      ({ method, path, security, operationId, endless }) =>
        method === 'GET' &&
        path.startsWith('/api/v1/') &&
        !path.includes('{') &&
        // live-socket.test.ts has strangers of its own.
        !endless &&
        security.length > 0 &&
        !READS_PUBLIC.has(operationId),
    )
    assert.ok(lists.length >= 10)
    let seenByOwner = 0
    for (const operation of lists) {
      const { query } = fill(operation, document)
      const asks = [
        '',
        ...['q', 'name', 'plant_id', 'resource_id'].filter((name) =>
          operation.parameters.some((one) => one.name === name),
        ),
      ]
      for (const ask of asks) {
        const value = ask === 'plant_id' || ask === 'resource_id' ? world.plantId : world.marker
        const whole = `${operation.path}${query}${ask === '' ? '' : `${query === '' ? '?' : '&'}${ask}=${value}`}`
        const mine = await call(world.tenant.admin, operation, whole, undefined)
        if (mine.text.includes(world.marker) || mine.text.includes(world.plantId)) seenByOwner += 1
        const told = await call(stranger, operation, whole, undefined)
        for (const secret of [world.marker, ...ids]) {
          // What was asked for may be repeated in a refusal; nothing else.
          assert.ok(told.status >= 400 || !told.text.includes(secret), `${whole} tells a stranger of ${secret}`)
        }
        for (const user of [limited, nobody]) {
          const some = await call(user, operation, whole, undefined)
          const [one, other] = [`${world.marker}-one`, `${world.marker}-two`]
          assert.ok(
            !some.text.includes(one) && (some.status >= 400 || !some.text.includes(world.plantId)),
            `${whole} tells of a plant out of scope`,
          )
          if (user === nobody) assert.ok(!some.text.includes(other), `${whole} tells of a plant to a user of none`)
        }
      }
    }
    assert.ok(seenByOwner >= 4, `its own tenant was told ${seenByOwner} times`)
  })
}
