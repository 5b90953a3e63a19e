import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newTenant, plantOf, type TestUser } from '#test/harness.ts'
import { massBalance } from './balance.ts'

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()
const done = async (answer: ReturnType<TestUser['call']>, status = 200) => {
  const { status: got, text, body } = await answer
  assert.equal(got, status, text)
  return body
}
const refused = async (answer: ReturnType<TestUser['call']>, status: number, code: string) => {
  const { status: got, body, text } = await answer
  assert.deepEqual([got, body?.error?.code], [status, code], text)
}

async function floor() {
  const tenant = await newTenant()
  const plant_id = await plantOf(tenant)
  const { admin } = tenant
  const made = await done(admin.call('POST', '/plant-ops/lines', { plant_id, name: 'Corta', code: 'L1' }), 201)
  const lot = (code: string, quantity: number, more: object = {}) =>
    done(
      admin.call('POST', '/plant-ops/lots', { plant_id, code, material: 'Semola', unit: 'kg', quantity, ...more }),
      201,
    )
  let minute = 500
  const batch = async (): Promise<string> => {
    const body = { line_id: made.id, product_code: 'PENNE', planned_quantity: 100, unit: 'kg' }
    const { id } = await done(admin.call('POST', '/plant-ops/batches', body), 201)
    await done(admin.call('POST', `/plant-ops/batches/${id}/start`, { at: ago(minute) }))
    return id
  }
  const complete = async (id: string, good_quantity: number, scrap_quantity: number) => {
    minute -= 20
    const body = { good_quantity, scrap_quantity, at: ago(minute + 5) }
    return done(admin.call('POST', `/plant-ops/batches/${id}/complete`, body))
  }
  const move = (id: string, body: object) => admin.call('POST', `/plant-ops/lots/${id}/movements`, body)
  const out = (id: string, code: string, quantity: number) =>
    admin.call('POST', `/plant-ops/batches/${id}/lots`, { code, quantity })
  return { tenant, plant_id, admin, lot, batch, complete, move, out }
}

test('mass balance adds what is of one kind only', () => {
  const batch = { unit: 'kg', good_quantity: 900, scrap_quantity: 50, rework_quantity: 0 }
  const inputs = [
    { unit: 'kg', quantity: 500 },
    { unit: 't', quantity: 0.5 },
    { unit: 'pcs', quantity: 1800 },
  ]
  const [mass, pieces] = massBalance({ ...batch, rework_quantity: 20 }, inputs, [{ unit: 'g', quantity: 30_000 }])
  assert.deepEqual(mass, {
    ...{ unit: 'kg', input: 1000, good: 900, scrap: 50, rework: 20, difference: 30 },
    // Finished goods, rework and production loss are all that was put in.
    ...{ finished_goods_ratio: 0.9, scrap_ratio: 0.05, rework_ratio: 0.02 },
    ...{ production_loss: 80, production_loss_ratio: 0.08, discarded: 30, storage_and_other_loss_ratio: 0.03 },
  })
  assert.deepEqual([pieces!.unit, pieces!.input, pieces!.good], ['pcs', 1800, 0])
  assert.equal(massBalance({ ...batch, good_quantity: 1 }, [], [])[0]!.finished_goods_ratio, null)
  assert.equal(massBalance(batch, [], [])[0]!.production_loss, null)
  // More came out than went in: a loss below zero, not capped.
  const swollen = massBalance(batch, [{ unit: 'kg', quantity: 800 }], [])[0]!
  assert.deepEqual([swollen.production_loss, swollen.production_loss_ratio], [-100, -0.125])
})

test('a lot goes through batches to customers, and is traced both ways, balanced and recalled', async () => {
  const { admin, lot, batch, complete, move, out } = await floor()
  const [flour, water] = [await lot('SEM-1', 1000), await lot('ACQ-1', 300, { material: 'Acqua' })]
  const one = await batch()
  await done(move(flour.id, { kind: 'consume', quantity: 600.1, batch_id: one }))
  const left = await done(move(water.id, { kind: 'consume', quantity: 200, batch_id: one }))
  assert.equal(left.on_hand, 100)
  await complete(one, 700, 80)
  const penne = await done(out(one, 'PEN-1', 650), 201)
  assert.deepEqual([penne.material, penne.unit, penne.origin], ['PENNE', 'kg', 'produced'])
  const { items } = await done(
    admin.call('POST', `/plant-ops/lots/${penne.id}/split`, { parts: [{ code: 'PEN-1-A', quantity: 250 }] }),
    201,
  )
  await done(move(items[0].id, { kind: 'ship', quantity: 200, destination: 'Coop Bologna' }))
  await done(move(penne.id, { kind: 'discard', quantity: 10 }))
  const balance = await done(admin.call('GET', `/plant-ops/batches/${one}/balance`))
  assert.deepEqual([balance.units[0].input, balance.units[0].difference, balance.in_lots], [800.1, 20.1, 650])
  const codes = (trace: { lots: { code: string }[] }) => trace.lots.map(({ code }) => code).toSorted()
  const forward = await done(admin.call('GET', `/plant-ops/lots/${flour.id}/trace?direction=forward`))
  assert.deepEqual(
    [codes(forward), forward.batches.length, forward.truncated],
    [['PEN-1', 'PEN-1-A', 'SEM-1'], 1, false],
  )
  const backward = await done(admin.call('GET', `/plant-ops/lots/${items[0].id}/trace`))
  assert.deepEqual(codes(backward), ['ACQ-1', 'PEN-1', 'PEN-1-A', 'SEM-1'])
  const recall = await done(admin.call('POST', '/plant-ops/recalls', { lot_id: flour.id, started_at: ago(7) }), 201)
  const { report } = recall
  // Of 1000 kg of flour and 700 kg of pasta, 50 kg of pasta stand in no lot.
  assert.deepEqual(report.accounted, [
    { unit: 'kg', total: 1700, accounted: 1650, percentage: Number(((1650 / 1700) * 100).toPrecision(12)) },
  ])
  assert.equal(report.percentage, report.accounted[0].percentage)
  assert.deepEqual(
    report.unaccounted.map(({ quantity }: { quantity: number }) => quantity),
    [50],
  )
  assert.deepEqual(
    report.on_hand.map(({ code, quantity }: { code: string; quantity: number }) => [code, quantity]).toSorted(),
    [
      ['PEN-1', 390],
      ['PEN-1-A', 50],
      ['SEM-1', 399.9],
    ],
  )
  assert.deepEqual(
    [report.shipped[0].destination, report.shipped[0].quantity, report.discarded[0].quantity],
    ['Coop Bologna', 200, 10],
  )
  assert.ok(recall.duration_s >= 420 && recall.duration_s < 480)
  assert.deepEqual(await done(admin.call('GET', `/plant-ops/recalls/${recall.id}`)), recall)
  assert.equal((await done(admin.call('GET', '/plant-ops/recalls'))).items.length, 1)
})

test('no lot gives more than it has, also to many at once, and decimals lose nothing', async () => {
  const { lot, move, admin } = await floor()
  const { id } = await lot('SEM-1', 1)
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => move(id, { kind: 'ship', quantity: 0.1, destination: 'Coop' })),
  )
  assert.equal(answers.filter(({ status }) => status === 200).length, 10)
  for (const { status, body } of answers) if (status !== 200) assert.equal(body.error.code, 'lots.not_enough')
  assert.equal((await done(admin.call('GET', `/plant-ops/lots/${id}`))).on_hand, 0)
})

test('a circle cannot be made, not by two who try at once either', async () => {
  const { batch, complete, move, out, lot } = await floor()
  const a = await batch()
  const fromA = await done(out(a, 'A-1', 10), 201)
  await refused(move(fromA.id, { kind: 'consume', quantity: 1, batch_id: a }), 409, 'lots.circle')
  await complete(a, 10, 0)
  const b = await batch()
  const fromB = await done(out(b, 'B-1', 10), 201)
  const answers = await Promise.all([
    move(fromA.id, { kind: 'consume', quantity: 1, batch_id: b }),
    move(fromB.id, { kind: 'consume', quantity: 1, batch_id: a }),
  ])
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((one, two) => one - two),
    [200, 409],
  )
  await done(move((await lot('SEM-9', 5)).id, { kind: 'consume', quantity: 1, batch_id: a }))
})

test('what is held goes nowhere, and what cannot be is refused', async () => {
  const { tenant, admin, plant_id, lot, batch, move } = await floor()
  const semola = await lot('SEM-1', 100)
  const running = await batch()
  const consume = { kind: 'consume', quantity: 1, batch_id: running }
  await done(admin.call('PATCH', `/plant-ops/lots/${semola.id}`, { status: 'held' }))
  await refused(move(semola.id, consume), 409, 'lots.not_released')
  await refused(move(semola.id, { kind: 'ship', quantity: 1, destination: 'X' }), 409, 'lots.not_released')
  const part = await done(
    admin.call('POST', `/plant-ops/lots/${semola.id}/split`, { parts: [{ code: 'SEM-1-A', quantity: 40 }] }),
    201,
  )
  assert.equal(part.items[0].status, 'held')
  await done(admin.call('PATCH', `/plant-ops/lots/${semola.id}`, { status: 'released' }))
  const cases: [object, number, string][] = [
    [{ ...consume, quantity: 0 }, 422, 'plant_ops.invalid'],
    [{ ...consume, quantity: -1 }, 422, 'plant_ops.invalid'],
    [{ ...consume, quantity: 61 }, 409, 'lots.not_enough'],
    [{ ...consume, unit: 'l' }, 422, 'lots.unit_mismatch'],
    [{ ...consume, batch_id: semola.id }, 404, 'lots.batch_not_found'],
    [{ kind: 'consume', quantity: 1 }, 422, 'lots.movement'],
    [{ kind: 'ship', quantity: 1 }, 422, 'lots.movement'],
    [{ ...consume, at: ago(-30) }, 422, 'plant_ops.in_future'],
    [{ ...consume, at: '1000-01-01T00:00:00Z' }, 422, 'plant_ops.too_far_back'],
  ]
  for (const [body, status, code] of cases) await refused(move(semola.id, body), status, code)
  const again = { plant_id, code: 'sem-1', material: 'Semola', unit: 'kg', quantity: 1 }
  await refused(admin.call('POST', '/plant-ops/lots', again), 409, 'lots.code_taken')
  const viewer = await tenant.user('Viewer')
  assert.equal((await viewer.call('POST', '/plant-ops/recalls', { lot_id: semola.id })).status, 403)
  const elsewhere = await tenant.user('Asset Manager', [await plantOf(tenant)])
  await refused(elsewhere.call('GET', `/plant-ops/lots/${semola.id}/trace`), 404, 'lots.not_found')
  await refused(elsewhere.call('POST', '/plant-ops/recalls', { lot_id: semola.id }), 404, 'lots.not_found')
  await refused(elsewhere.call('POST', '/plant-ops/lots', { ...again, code: 'X' }), 404, 'lots.plant_not_found')
})

test('lots of one kind are merged into one that all of them are traced to', async () => {
  const { admin, lot } = await floor()
  const [a, b, c] = [
    await lot('A', 10, { expiry_date: '2027-05-01' }),
    await lot('B', 20, { expiry_date: '2027-03-01' }),
    await lot('C', 5, { unit: 'l' }),
  ]
  const merge = (lots: object[], code = 'SILO') => admin.call('POST', '/plant-ops/lots/merge', { code, lots })
  await refused(
    merge([
      { lot_id: a.id, quantity: 1 },
      { lot_id: c.id, quantity: 1 },
    ]),
    422,
    'lots.unlike',
  )
  await refused(
    merge([
      { lot_id: a.id, quantity: 1 },
      { lot_id: a.id, quantity: 1 },
    ]),
    422,
    'lots.unlike',
  )
  await refused(
    merge([
      { lot_id: a.id, quantity: 11 },
      { lot_id: b.id, quantity: 1 },
    ]),
    409,
    'lots.not_enough',
  )
  assert.equal((await done(admin.call('GET', '/plant-ops/lots?q=silo'))).items.length, 0)
  const silo = await done(
    merge([
      { lot_id: b.id, quantity: 20 },
      { lot_id: a.id, quantity: 4 },
    ]),
    201,
  )
  assert.deepEqual([silo.quantity, silo.expiry_date, silo.origin], [24, '2027-03-01', 'merged'])
  const trace = await done(admin.call('GET', `/plant-ops/lots/${silo.id}/trace`))
  assert.equal(trace.lots.length, 3)
  assert.equal((await done(admin.call('GET', `/plant-ops/lots/${a.id}`))).on_hand, 6)
})
