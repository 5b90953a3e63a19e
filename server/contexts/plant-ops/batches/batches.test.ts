import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, plantOf, testApp, type TestUser } from '#test/harness.ts'

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()

async function floor(line: object = { ideal_cycle_time_s: 30 }) {
  const tenant = await newTenant()
  const plant_id = await plantOf(tenant)
  const { admin } = tenant
  const made = await admin.call('POST', '/plant-ops/lines', { plant_id, name: 'Corta', code: 'L1', ...line })
  return { tenant, plant_id, admin, line_id: made.body.id as string }
}
async function planned(admin: TestUser, line_id: string, more: object = {}) {
  const body = { line_id, product_code: 'PENNE', planned_quantity: 100, unit: 'kg', ...more }
  const made = await admin.call('POST', '/plant-ops/batches', body)
  assert.equal(made.status, 201, made.text)
  return { id: made.body.id as string, path: `/plant-ops/batches/${made.body.id}`, body: made.body }
}
const done = async (answer: ReturnType<TestUser['call']>, status = 200) => {
  const { status: got, text, body } = await answer
  assert.equal(got, status, text)
  return body
}
const refused = async (answer: ReturnType<TestUser['call']>, status: number, code: string) => {
  const { status: got, body, text } = await answer
  assert.deepEqual([got, body?.error?.code], [status, code], text)
  return body.error
}

test('a batch is planned, started, reported and completed with its figures', async () => {
  const { admin, line_id } = await floor()
  const { path, body } = await planned(admin, line_id)
  assert.deepEqual([body.status, body.good_quantity, body.unit], ['planned', null, 'kg'])
  const started = await done(admin.call('POST', `${path}/start`, { at: ago(60) }))
  assert.deepEqual([started.status, started.ideal_cycle_time_s, started.oee], ['running', 30, 0])
  assert.equal((await admin.call('GET', `/plant-ops/lines/${line_id}`)).body.status, 'idle')
  await done(admin.call('POST', `${path}/outputs`, { good_quantity: 40, at: ago(30) }))
  const results = { good_quantity: 90, scrap_quantity: 6, rework_quantity: 4, labor_cost: 100, material_cost: 200 }
  const reasons = [{ reason: 'broken', quantity: 5 }]
  const whole = await done(admin.call('POST', `${path}/complete`, { ...results, scrap_reasons: reasons, at: ago(0) }))
  assert.equal(whole.status, 'completed')
  assert.deepEqual([whole.good_quantity, whole.scrap_quantity, whole.rework_quantity], [90, 6, 4])
  assert.deepEqual([whole.quality, whole.scrap_rate, whole.yield_rate, whole.rework_rate], [0.9, 0.06, 0.9, 0.04])
  assert.deepEqual([whole.currency, whole.scrap_cost, whole.cost_per_unit], ['EUR', 12, 300 / 90])
  // 60 minutes of the line, nearly all recorded as running: 100 units of 30 s are 50 minutes.
  assert.ok(Math.abs(whole.performance - 50 / 60) < 0.01 && whole.availability > 0.99, JSON.stringify(whole))
  assert.ok(Math.abs(whole.oee - whole.availability * whole.performance * whole.quality) < 1e-9)
  const { body: read, headers } = await admin.call('GET', path)
  assert.deepEqual([read.oee, read.snapshot.product_code], [whole.oee, 'PENNE'])
  assert.equal(headers['etag'], `"${read.revision}"`)
})

test('starting puts an idle line to running and completing puts it back; nobody needs to send a body to start', async () => {
  const { admin, line_id } = await floor({})
  const { path } = await planned(admin, line_id)
  await done(admin.call('POST', `${path}/start`))
  const line = async () => (await admin.call('GET', `/plant-ops/lines/${line_id}`)).body.status
  assert.equal(await line(), 'running')
  const whole = await done(admin.call('POST', `${path}/complete`, { good_quantity: 0, scrap_quantity: 0 }))
  assert.equal(await line(), 'idle')
  // Nothing was produced, and without an ideal cycle time nothing else is known.
  assert.deepEqual([whole.oee, whole.performance, whole.quality, whole.scrap_rate], [0, null, null, null])
})

test('one batch has the line at a time, also when many start at once', async () => {
  const { admin, line_id } = await floor()
  const batches = await Promise.all([1, 2, 3, 4].map(() => planned(admin, line_id)))
  const answers = await Promise.all(batches.map(({ path }) => admin.call('POST', `${path}/start`, {})))
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 409, 409, 409],
  )
  for (const { status, body } of answers) if (status === 409) assert.equal(body.error.code, 'batches.line_busy')
  await refused(admin.call('DELETE', `/plant-ops/lines/${line_id}`), 409, 'lines.busy')
})

test('a past that another batch had is taken', async () => {
  const { admin, line_id } = await floor()
  const [one, two] = [await planned(admin, line_id), await planned(admin, line_id)]
  await done(admin.call('POST', `${one.path}/start`, { at: ago(120) }))
  await done(admin.call('POST', `${one.path}/complete`, { good_quantity: 1, scrap_quantity: 0, at: ago(60) }))
  await refused(admin.call('POST', `${two.path}/start`, { at: ago(90) }), 409, 'batches.line_busy')
  await done(admin.call('POST', `${two.path}/start`, { at: one.body.ended_at ?? ago(59) }))
})

test('moves that the life of a batch does not have are refused with words', async () => {
  const { admin, line_id } = await floor()
  const { path } = await planned(admin, line_id)
  const complete = { good_quantity: 1, scrap_quantity: 0 }
  await refused(admin.call('POST', `${path}/complete`, complete), 409, 'batches.not_running')
  await refused(admin.call('POST', `${path}/outputs`, { good_quantity: 1 }), 409, 'batches.not_running')
  await refused(admin.call('PATCH', path, { good_quantity: 1, reason: 'x' }), 409, 'batches.fixed_field')
  await done(admin.call('POST', `${path}/start`, { at: ago(10) }))
  await refused(admin.call('POST', `${path}/start`, {}), 409, 'batches.not_planned')
  await refused(admin.call('PATCH', path, { recipe: {} }), 409, 'batches.fixed_field')
  await refused(admin.call('DELETE', path), 409, 'batches.started_stays')
  await refused(admin.call('PATCH', path, { status: 'aborted' }), 422, 'batches.reason_needed')
  const aborted = await done(admin.call('PATCH', path, { status: 'aborted', reason: 'No water' }))
  assert.deepEqual([aborted.status, aborted.end_reason], ['aborted', 'No water'])
  await refused(admin.call('PATCH', path, { status: 'aborted', reason: 'again' }), 409, 'batches.ended')
  await refused(admin.call('POST', `${path}/complete`, complete), 409, 'batches.not_running')
})

test('planned scrap is the batch’s own or its product’s rate by the plan, and counts when the batch is completed', async () => {
  const { admin, line_id } = await floor()
  const product = { code: 'FUSILLI', name: 'Fusilli', unit: 'kg', planned_scrap_rate: 0.02 }
  await done(admin.call('POST', '/plant-ops/products', product), 201)
  await refused(
    admin.call('POST', '/plant-ops/products', { ...product, code: 'X', planned_scrap_rate: 1.1 }),
    422,
    'plant_ops.invalid',
  )
  const scrap = async (more: object) => {
    const { path } = await planned(admin, line_id, { product_code: 'FUSILLI', planned_quantity: 300, ...more })
    const started = await done(admin.call('POST', `${path}/start`))
    assert.equal(started.actual_to_planned_scrap, null)
    const whole = await done(admin.call('POST', `${path}/complete`, { good_quantity: 291, scrap_quantity: 9 }))
    return [started.planned_scrap_quantity, whole.actual_to_planned_scrap]
  }
  assert.deepEqual(await scrap({}), [6, 1.5])
  assert.deepEqual(await scrap({ planned_scrap_quantity: 18 }), [18, 0.5])
  assert.deepEqual(await scrap({ planned_scrap_quantity: 0 }), [0, null])
  assert.deepEqual(await scrap({ product_code: 'OTHER' }), [null, null])
  const { path } = await planned(admin, line_id)
  await refused(admin.call('PATCH', path, { planned_scrap_quantity: -1 }), 422, 'plant_ops.invalid')
  assert.equal((await done(admin.call('PATCH', path, { planned_scrap_quantity: 3 }))).planned_scrap_quantity, 3)
})

test('capability of a control point comes from its measurements, of one batch or of many', async () => {
  const { tenant, admin, line_id } = await floor()
  const point = { code: 'CCP1', kind: 'CCP', unit: '°C', min: 72, max: 85 }
  const ask = async (user: TestUser, query: string) => done(user.call('GET', `/plant-ops/capability?${query}`))
  const measured = async (values: number[]) => {
    const { path, id } = await planned(admin, line_id, { recipe: { control_points: [point] } })
    await done(admin.call('POST', `${path}/start`, { at: ago(30) }))
    for (const value of values)
      await done(admin.call('POST', `${path}/measurements`, { control_point: 'CCP1', value }), 201)
    await done(admin.call('PATCH', path, { status: 'aborted', reason: 'x' }))
    return id
  }
  const one = await measured([73, 74, 75, 76, 77])
  const { items, formula } = await ask(admin, `batch_id=${one}`)
  const [first] = items
  const { n, batches, mean, min, max, unit, product_code } = first
  assert.deepEqual([n, batches, mean, min, max, unit, product_code], [5, 1, 75, 72, 85, '°C', 'PENNE'])
  assert.ok(Math.abs(first.cm - 1.37032) < 1e-6 && Math.abs(first.cmk - 0.632456) < 1e-6, JSON.stringify(first))
  assert.deepEqual([formula.version, Object.keys(formula.definitions)], ['capability-1', ['cm', 'cmk', 'cp', 'cpk']])
  const { items: none } = await ask(admin, 'product_code=other')
  assert.deepEqual(none, [])
  await refused(admin.call('GET', `/plant-ops/capability?batch_id=${uuidv7()}`), 404, 'batches.not_found')
  await refused(
    admin.call('GET', '/plant-ops/capability?from=2026-01-02&to=2026-01-01'),
    422,
    'plant_ops.period_not_usable',
  )
  const elsewhere = await tenant.user('Viewer', [await plantOf(tenant)])
  assert.deepEqual((await ask(elsewhere, 'product_code=PENNE')).items, [])
  await refused(elsewhere.call('GET', `/plant-ops/capability?batch_id=${one}`), 404, 'batches.not_found')
})

test('a planned batch is changed under its revision and taken away', async () => {
  const { admin, line_id } = await floor()
  const { path, body } = await planned(admin, line_id, { batch_number: 'P-1' })
  await refused(
    admin.call('POST', '/plant-ops/batches', {
      line_id,
      product_code: 'X',
      planned_quantity: 1,
      unit: 'kg',
      batch_number: 'p-1',
    }),
    409,
    'batches.number_taken',
  )
  assert.equal((await admin.call('PATCH', path, { planned_quantity: 5 }, { 'if-match': '"9"' })).status, 412)
  const changed = await done(admin.call('PATCH', path, { planned_quantity: 5, notes: 'Slow' }))
  assert.deepEqual([changed.planned_quantity, changed.notes, changed.revision], [5, 'Slow', body.revision + 1])
  await done(admin.call('DELETE', path), 204)
  await refused(admin.call('GET', path), 404, 'batches.not_found')
  await planned(admin, line_id, { batch_number: 'P-1' })
})

test('quantities, costs and times that cannot be are refused, and the batch stays as it was', async () => {
  const { admin, line_id } = await floor()
  const { path } = await planned(admin, line_id)
  await done(admin.call('POST', `${path}/start`, { at: ago(60) }))
  await done(admin.call('POST', `${path}/outputs`, { good_quantity: 10, at: ago(30) }))
  const good = { good_quantity: 20, scrap_quantity: 2 }
  const cases: [object, string][] = [
    [{ ...good, good_quantity: -1 }, 'plant_ops.invalid'],
    [{ good_quantity: 20 }, 'plant_ops.invalid'],
    [{ ...good, good_quantity: 9 }, 'batches.quantities'],
    [{ ...good, scrap_reasons: [{ reason: 'broken', quantity: 3 }] }, 'batches.quantities'],
    [{ ...good, inspected_quantity: 10 }, 'batches.quantities'],
    [{ ...good, inspected_quantity: 10, first_pass_quantity: 11 }, 'batches.quantities'],
    [{ ...good, labor_cost: 1, currency: 'XQQ' }, 'batches.currency'],
    [{ ...good, labor_cost: 1, currency: 'eur' }, 'plant_ops.invalid'],
    [{ ...good, labor_cost: -1 }, 'plant_ops.invalid'],
    [{ ...good, at: ago(90) }, 'batches.before_start'],
    [{ ...good, at: ago(40) }, 'batches.before_outputs'],
    [{ ...good, at: ago(-10) }, 'plant_ops.in_future'],
    [{ ...good, at: '9999-12-31T23:59:59Z' }, 'plant_ops.in_future'],
    [{ ...good, at: '0001-01-01T00:00:00Z' }, 'plant_ops.invalid'],
  ]
  for (const [body, code] of cases) await refused(admin.call('POST', `${path}/complete`, body), 422, code)
  const { body } = await admin.call('GET', path)
  assert.deepEqual([body.status, body.good_quantity], ['running', 10])
})

test('a product says its unit and its cycle time, of the line first; the recipe is what it was at the start', async () => {
  const { admin, line_id } = await floor()
  const recipe = { ingredients: [{ material: 'Semola', quantity: 1, unit: 'kg' }] }
  const product = await done(
    admin.call('POST', '/plant-ops/products', {
      ...{ code: 'PENNE', name: 'Penne', unit: 'kg', ideal_cycle_time_s: 10, recipe },
      cycle_times: [{ line_id, ideal_cycle_time_s: 7 }],
    }),
    201,
  )
  const body = { line_id, product_code: 'penne', planned_quantity: 1, unit: 'pcs' }
  await refused(admin.call('POST', '/plant-ops/batches', body), 422, 'batches.unit_mismatch')
  const { path, body: made } = await planned(admin, line_id, { product_code: 'penne' })
  assert.equal(made.product_code, 'PENNE')
  const started = await done(admin.call('POST', `${path}/start`, {}))
  assert.equal(started.ideal_cycle_time_s, 7)
  await done(admin.call('PATCH', `/plant-ops/products/${product.id}`, { recipe: {}, cycle_times: [], name: 'New' }))
  const { snapshot } = (await admin.call('GET', path)).body
  assert.deepEqual([snapshot.recipe, snapshot.product_name, snapshot.ideal_cycle_time_s], [recipe, 'Penne', 7])
  const other = await newTenant()
  assert.deepEqual((await other.admin.call('GET', '/plant-ops/products')).body.items, [])
})

test('a control point out of limits keeps the batch open until somebody has acted', async () => {
  const { admin, line_id } = await floor()
  const points = [
    { code: 'CCP1', kind: 'CCP', unit: '°C', min: 72, max: 85 },
    { code: 'PRP1', kind: 'PRP', unit: 'pH', max: 5, required: false },
  ]
  const wrong = { line_id, product_code: 'X', planned_quantity: 1, unit: 'kg' }
  for (const control_points of [
    [{ code: 'A', kind: 'CCP', unit: '°C' }],
    [{ code: 'A', kind: 'CCP', unit: '°C', min: 5, max: 4 }],
    [points[0], points[0]],
  ])
    await refused(
      admin.call('POST', '/plant-ops/batches', { ...wrong, recipe: { control_points } }),
      422,
      'products.invalid_recipe',
    )
  const { path } = await planned(admin, line_id, { recipe: { control_points: points } })
  const measure = (body: object) => admin.call('POST', `${path}/measurements`, body)
  await refused(measure({ control_point: 'CCP1', value: 75 }), 409, 'batches.not_running')
  await done(admin.call('POST', `${path}/start`, { at: ago(30) }))
  const complete = () => admin.call('POST', `${path}/complete`, { good_quantity: 1, scrap_quantity: 0 })
  const missing = await refused(complete(), 409, 'batches.controls_open')
  assert.deepEqual(missing.details, [{ field: 'CCP1', message: 'was not measured' }])
  await refused(measure({ control_point: 'CCP9', value: 75 }), 422, 'controls.point_unknown')
  await refused(measure({ control_point: 'CCP1', value: 75, unit: 'K' }), 422, 'controls.unit_mismatch')
  await refused(measure({ control_point: 'CCP1', value: 75, measured_at: ago(40) }), 422, 'batches.before_start')
  const fine = await done(measure({ control_point: 'ccp1', value: 72 }), 201)
  assert.deepEqual([fine.within_limits, fine.control_point], [true, 'CCP1'])
  const low = await done(measure({ control_point: 'CCP1', value: 71.9 }), 201)
  assert.equal(low.within_limits, false)
  await refused(complete(), 409, 'batches.controls_open')
  const correct = (id: string) =>
    admin.call('POST', `${path}/measurements/${id}/correct`, { corrective_action: 'Dried again' })
  await refused(correct(fine.id), 409, 'controls.nothing_to_correct')
  await refused(correct(uuidv7()), 404, 'controls.not_found')
  await done(correct(low.id))
  await refused(correct(low.id), 409, 'controls.nothing_to_correct')
  await done(complete())
  assert.equal((await admin.call('GET', `${path}/measurements`)).body.items.length, 2)
})

test('a completed batch is corrected with a reason, in its own currency; who said it stands in the trail', async () => {
  const { admin, line_id } = await floor()
  const { path, id } = await planned(admin, line_id)
  await done(admin.call('POST', `${path}/start`, { at: ago(60) }))
  const whole = { good_quantity: 90, scrap_quantity: 10, material_cost: 100, currency: 'EUR' }
  await done(admin.call('POST', `${path}/complete`, whole))
  await refused(admin.call('PATCH', path, { good_quantity: 80, scrap_quantity: 20 }), 422, 'batches.reason_needed')
  await refused(admin.call('PATCH', path, { labor_cost: 3, currency: 'USD', reason: 'x' }), 422, 'batches.currency')
  await refused(admin.call('PATCH', path, { planned_quantity: 3 }), 409, 'batches.fixed_field')
  const corrected = await done(admin.call('PATCH', path, { good_quantity: 80, scrap_quantity: 20, reason: 'Weighed' }))
  assert.deepEqual([corrected.quality, corrected.scrap_rate, corrected.scrap_quantity], [0.8, 0.2, 20])
  const { items } = (await admin.call('GET', `/audit?resource_id=${id}&limit=50`)).body
  const actions = items.map(({ action }: { action: string }) => action)
  assert.deepEqual(actions.toSorted(), ['batches.completed', 'batches.created', 'batches.started', 'batches.updated'])
})

test('the same key repeats a completion once; roles and plants hold', async () => {
  const { tenant, admin, line_id } = await floor()
  const operator = await tenant.user('Operator')
  const { path } = await planned(operator, line_id)
  await done(operator.call('POST', `${path}/start`, { at: ago(10) }, { 'idempotency-key': 'start-1' }))
  const body = { good_quantity: 1, scrap_quantity: 0 }
  const first = await done(operator.call('POST', `${path}/complete`, body, { 'idempotency-key': 'complete-1' }))
  const again = await done(operator.call('POST', `${path}/complete`, body, { 'idempotency-key': 'complete-1' }))
  assert.deepEqual(again, first)
  const viewer = await tenant.user('Viewer')
  assert.equal((await viewer.call('GET', path)).status, 200)
  const planning = { line_id, product_code: 'X', planned_quantity: 1, unit: 'kg' }
  assert.equal((await viewer.call('POST', '/plant-ops/batches', planning)).status, 403)
  const elsewhere = await tenant.user('Asset Manager', [await plantOf(tenant)])
  await refused(elsewhere.call('GET', path), 404, 'batches.not_found')
  await refused(elsewhere.call('POST', '/plant-ops/batches', planning), 404, 'lines.not_found')
  assert.deepEqual((await elsewhere.call('GET', '/plant-ops/batches')).body.items, [])
  assert.equal(
    (await admin.call('GET', `/plant-ops/batches?line_id=${line_id}&status=completed&q=penne`)).body.items.length,
    1,
  )
})

test('what happens on the floor is told once, each under its name and with its plant', async () => {
  const { tenant, plant_id, admin, line_id } = await floor()
  const { path } = await planned(admin, line_id)
  await done(admin.call('POST', `${path}/start`, { at: ago(30) }))
  await done(admin.call('POST', `/plant-ops/lines/${line_id}/status`, { status: 'down', at: ago(20) }))
  await done(admin.call('POST', `${path}/outputs`, { good_quantity: 4, scrap_quantity: 1, at: ago(10) }))
  await done(admin.call('POST', `${path}/complete`, { good_quantity: 9, scrap_quantity: 1 }))
  const { custody } = (await testApp()).deps.installation
  const { rows } = await custody.run(({ db }) =>
    sql<{ type: string; plant_id: string; data: { scrap_quantity?: number } }>`
      select type, plant_id, data from control.events where tenant_id = ${tenant.id} and subject like 'plant-ops/%' order by id`.execute(
      db,
    ),
  )
  const lineOnes = ['LineCreated', 'LineStatusChanged', 'LineDowntime']
  const batchOnes = ['BatchCreated', 'BatchStarted', 'BatchProduced', 'ScrapDetected', 'BatchCompleted']
  const told = rows.map(({ type }) => type).filter((type) => type !== 'OeeRestated')
  assert.deepEqual(told.toSorted(), [...lineOnes, ...batchOnes].toSorted())
  assert.ok(rows.every((row) => row.plant_id === plant_id))
  assert.equal(rows.find(({ type }) => type === 'ScrapDetected')?.data.scrap_quantity, 1)
})
