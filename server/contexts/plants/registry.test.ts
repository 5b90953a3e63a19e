import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newTenant, type TestUser } from '#test/harness.ts'

async function withPlant(more: object = {}): Promise<{ admin: TestUser; path: string; plantId: string }> {
  const { admin } = await newTenant()
  const body = { name: 'A', code: 'A', type: 'Photovoltaic', status: 'In Operation', power_kw: 900, ...more }
  const { id } = (await admin.call('POST', '/plants', body)).body
  return { admin, path: `/plants/${id}/registry`, plantId: id }
}

const full = {
  ...{
    pod: ' it001e 10225522',
    gaudi_code: 'im_0339F24',
    up_code: 'UPN_8245915_01',
    rup_code: null,
    sapr_code: 'SAPR_9955669',
  },
  ...{ adm_license_code: 'IT00LEE09565L', adm_periodicity: 'annual', dso: 'e-distribuzione', voltage_kv: 20 },
  ...{ connection_power_kw: 998.4, regime: 'Conto Energia', self_consumption: false, sale_mode: 'total' },
  ...{ commissioning_date: '2011-04-28', spi_tested_on: '2022-01-18', owner_name: 'Solare S.r.l.' },
  ...{
    vat_number: 'IT 00743110157',
    tax_code: 'rssmra85t10a562s',
    dc_power_kw: 998.4,
    temperature_coefficient_per_c: -0.004,
  },
  sections: [{ code: 'SEZ_1', power_kw: 998.4, modules: 4160, inverters: 10 }],
  meters: [
    {
      serial: 'MT1',
      kind: 'static',
      role: 'production',
      constant_k: 2000,
      verified_on: '2025-12-08',
      register_digits: 6,
    },
  ],
}

test('a registry that nobody wrote is empty at revision 0, and the first PUT may ask for that', async () => {
  const { admin, path } = await withPlant()
  const empty = await admin.call('GET', path)
  assert.deepEqual([empty.status, empty.body.revision, empty.body.pod, empty.body.meters], [200, 0, null, []])
  assert.equal(empty.headers['etag'], '"0"')
  const first = await admin.call('PUT', path, { pod: 'IT001E10225522' }, { 'if-match': '"0"' })
  assert.deepEqual([first.status, first.body.revision], [200, 1])
  assert.equal((await admin.call('PUT', path, {}, { 'if-match': '"0"' })).status, 412)
})

test('PUT replaces the whole, in the spelling by which codes are compared', async () => {
  const { admin, path } = await withPlant()
  const put = await admin.call('PUT', path, full)
  assert.equal(put.status, 200, put.text)
  const { body } = put
  assert.deepEqual(
    [body.pod, body.gaudi_code, body.adm_license_code, body.vat_number, body.tax_code],
    ['IT001E10225522', 'IM_0339F24', 'LEE09565L', '00743110157', 'RSSMRA85T10A562S'],
  )
  assert.deepEqual([body.sections, body.meters, body.warnings], [full.sections, full.meters, []])
  assert.deepEqual((await admin.call('GET', path)).body, body)
  assert.equal((await admin.call('PUT', path, full)).body.revision, 1)
  const bare = await admin.call('PUT', path, { dso: 'Areti' })
  assert.deepEqual([bare.body.dso, bare.body.pod, bare.body.meters, bare.body.revision], ['Areti', null, [], 2])
})

test('what is certainly wrong is refused by field; what only looks unusual is saved with a warning', async () => {
  const { admin, path } = await withPlant()
  const wrong = { vat_number: '12345678901', tax_code: 'RSSMRA85T10A562T', meters: [{ serial: 'M', constant_k: 0 }] }
  const refused = await admin.call('PUT', path, wrong)
  assert.deepEqual([refused.status, refused.body.error.code], [422, 'plants.invalid'])
  const fields = refused.body.error.details.map((detail: { field: string }) => detail.field)
  assert.deepEqual(fields, ['vat_number', 'tax_code', 'meters.0.constant_k'])
  assert.equal((await admin.call('GET', path)).body.revision, 0)
  const unusual = await admin.call('PUT', path, { pod: 'FR123', gaudi_code: 'X' })
  assert.equal(unusual.status, 200)
  assert.deepEqual(
    unusual.body.warnings.map((warning: { field: string }) => warning.field),
    ['pod', 'gaudi_code'],
  )
  for (const bad of [
    { sale_mode: 'half' },
    { meters: [{}] },
    { meters: [{ serial: 'M', mounted_at: '2026-06-01T10:00:00Z', removed_at: '2026-06-01T10:00:00Z' }] },
    { meters: [{ serial: 'M', register_digits: 16 }] },
    { meters: [{ serial: 'M', register_at_mounting: -1 }] },
    { meters: [{ serial: 'M', mounted_at: '2026-06-01' }] },
    { sections: [{ colour: 'red' }] },
    { revision: 3 },
    { voltage_kv: -1 },
  ]) {
    assert.equal((await admin.call('PUT', path, bad)).status, 422, JSON.stringify(bad))
  }
})

test('a meter of another kind is kept with a warning, and nothing is guessed about its verification', async () => {
  const { admin, path, plantId } = await withPlant()
  const facts = { self_consumption: true, sale_mode: 'partial', commissioning_date: '2020-05-04' }
  const put = (kind: string) =>
    admin.call('PUT', path, { ...facts, meters: [{ serial: 'M', kind, verified_on: '2020-01-01' }] })
  const due = async (): Promise<number> =>
    (await admin.call('GET', `/obligations?obligation=ADM-TAR&plant_id=${plantId}`)).body.pagination.total
  assert.deepEqual([(await put('static')).body.warnings, await due()], [[], 1])
  for (const kind of ['ultrasonic', 'constructor']) {
    const { status, body } = await put(kind)
    assert.deepEqual([status, body.meters[0].kind, body.warnings[0].field], [200, kind, 'meters.0.kind'])
    assert.equal(await due(), 0)
  }
})

test('Italian rules are not held against a plant elsewhere', async () => {
  const { admin, path } = await withPlant({ country: 'ES' })
  const put = await admin.call('PUT', path, { vat_number: 'ESB12345678', pod: 'ES0021' })
  assert.deepEqual([put.status, put.body.warnings], [200, []])
})

test('a tax code is encrypted where it lies and never stands in the trail', async () => {
  const { admin, path, plantId } = await withPlant()
  await admin.call('PUT', path, full)
  const [row] = await admin.read('registry.read', (work) =>
    work.db.selectFrom('plant_registries').select('tax_code').where('plant_id', '=', plantId).execute(),
  )
  assert.match(row!['tax_code'], /^v1\./)
  const trail = await admin.read('audit.read', (work) => work.db.selectFrom('audit').selectAll().execute())
  const entry = trail.find((one) => one['action'] === 'registry.created')
  assert.equal(entry!['after'].tax_code, 'withheld')
  assert.ok(!JSON.stringify(trail).includes('RSSMRA85T10A562S'))
})

test('a change of the registry moves what is due, and hiding the plant withdraws it', async () => {
  const { admin, path, plantId } = await withPlant()
  await admin.call('PUT', path, full)
  const due = (await admin.call('GET', `/plants/${plantId}`)).body
  assert.match(due.next_deadline, /^\d{4}-\d\d-\d\d$/)
  assert.ok(due.next_deadline_type)
  assert.equal((await admin.call('GET', '/plants?has_deadline=true&sort=next_deadline')).body.items.length, 1)
  await admin.call('DELETE', `/plants/${plantId}`)
  const hidden = (await admin.call('GET', '/plants?deleted=true')).body.items[0]
  assert.equal(hidden.next_deadline, null)
  const back = await admin.call('POST', `/plants/${plantId}/restore`)
  assert.equal(back.body.next_deadline, due.next_deadline)
})
