/** One of each thing that has an address, made over HTTP by its own tenant; every path with an id needs its maker. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { newId } from '#platform/new-id.ts'
import { obligationRound, wholeRound } from '../contexts/workflows/obligation-rounds.ts'
import { sendUpload, uploadDocument } from '../contexts/documents/library/upload.fixture.ts'
import { testApp, type Answer, type TestTenant, type TestUser } from './harness.ts'
import type { Document, Operation, Schema } from './openapi.ts'
import { resolved } from './openapi.ts'

export type Made = {
  id: string
  /** Whether it belongs to the plant of the tenant, and so hides from users of other plants. */
  ofPlant: boolean
}
export type World = { tenant: TestTenant; plantId: string; otherPlantId: string; marker: string }

const made = async (answer: Promise<Answer>): Promise<string> => {
  const { status, body } = await answer
  assert.ok(status === 200 || status === 201, JSON.stringify(body))
  return body.id as string
}

/** A job that is due tomorrow: no worker takes it. */
const jobOf = async ({ admin }: TestTenant): Promise<string> => {
  const runAt = new Date(Date.now() + 86_400_000)
  return (await admin.write(null, (work) => enqueue(work, obligationRound, wholeRound, { runAt })))!
}

/** An event that a subscriber could not deal with; below zero, where the sequencer does not look. */
const failureOf = async ({ id }: TestTenant): Promise<string> => {
  const { custody } = (await testApp()).deps.installation
  return custody.run(async ({ db }) => {
    await sql`insert into control.event_subscribers (name, position) values ('test.specimen', 0) on conflict do nothing`.execute(
      db,
    )
    const { rows } = await sql<{ id: string }>`
      with event as (insert into control.events (id, tenant_id, time, type, subject, data)
                     values (-nextval('control.event_ids'), ${id}, now(), 'PlantCreated', 'plants/1', '{}') returning id),
           place as (insert into control.event_positions (position, tenant_id, sequence, event_id)
                     select id, ${id}, 1000000000 - 1000 * id, id from event returning position, sequence)
      insert into control.event_failures (tenant_id, subscriber, sequence, position, subject, state, attempts, error)
      select ${id}, 'test.specimen', sequence, position, 'plants/1', 'failed', 6, 'internal: Something broke.' from place
      returning id`.execute(db)
    return rows[0]!.id
  })
}

/** By the path up to its id. */
const MAKERS: Record<string, (world: World) => Promise<Made>> = {
  '/api/v1/plants': async ({ plantId }) => ({ id: plantId, ofPlant: true }),
  '/api/v1/obligations': async ({ tenant, plantId }) => {
    const { body } = await tenant.admin.call('GET', `/obligations?plant_id=${plantId}`)
    assert.ok(body.items.length > 0, 'the plant has duties')
    return { id: body.items[0].id as string, ofPlant: true }
  },
  '/api/v1/plant-ops/brokers': async ({ tenant, plantId, marker }) => ({
    id: await made(
      tenant.admin.call('POST', '/plant-ops/brokers', {
        ...{ name: `${marker} broker`, url: 'mqtts://mqtt.example.com', plant_id: plantId, enabled: false },
        topics: [{ filter: 'officina/#', format: 'plain' }],
      }),
    ),
    ofPlant: true,
  }),
  '/api/v1/plant-ops/sensors': async ({ tenant, plantId, marker }) => ({
    id: await made(
      tenant.admin.call('POST', '/plant-ops/sensors', { plant_id: plantId, name: `${marker} sensor`, unit: 'Cel' }),
    ),
    ofPlant: true,
  }),
  '/api/v1/plant-ops/anomalies': async ({ tenant, plantId, marker }) => {
    const sensor = { plant_id: plantId, name: `${marker} oven ${(count += 1)}`, unit: 'Cel', max: 40 }
    const sensorId = await made(tenant.admin.call('POST', '/plant-ops/sensors', sensor))
    await made(tenant.admin.call('POST', `/plant-ops/sensors/${sensorId}/readings`, { value: 99 }))
    const { body } = await tenant.admin.call('GET', `/plant-ops/anomalies?sensor_id=${sensorId}`)
    return { id: body.items[0].id as string, ofPlant: true }
  },
  '/api/v1/plant-ops/lines': async ({ tenant, plantId, marker }) => ({
    id: await made(
      tenant.admin.call('POST', '/plant-ops/lines', {
        ...{ plant_id: plantId, name: `${marker}-one line`, code: `L${(count += 1)}` },
      }),
    ),
    ofPlant: true,
  }),
  '/api/v1/plant-ops/shift-patterns': async (world) => {
    const { id: line_id } = await make('/api/v1/plant-ops/lines/{id}', world)
    const days = { days: ['mon'], valid_from: '2027-01-01', valid_until: '2027-01-31' }
    const body = { line_id, name: `${world.marker}-one night`, starts: '22:00', ends: '06:00', ...days }
    return { id: await made(world.tenant.admin.call('POST', '/plant-ops/shift-patterns', body)), ofPlant: true }
  },
  '/api/v1/plant-ops/planned-downtimes': async (world) => {
    const { id: line_id } = await make('/api/v1/plant-ops/lines/{id}', world)
    const when = { starts_at: '2027-01-01T00:00:00Z', ends_at: '2027-01-02T00:00:00Z' }
    const body = { line_id, ...when, reason_code: 'no_shift', note: `${world.marker}-one` }
    return { id: await made(world.tenant.admin.call('POST', '/plant-ops/planned-downtimes', body)), ofPlant: true }
  },
  '/api/v1/plant-ops/products': async ({ tenant, marker }) => {
    const body = { code: `${marker}-${(count += 1)}`, name: `${marker} penne`, unit: 'kg' }
    return { id: await made(tenant.admin.call('POST', '/plant-ops/products', body)), ofPlant: false }
  },
  '/api/v1/plant-ops/batches': async (world) => {
    const { id: line_id } = await make('/api/v1/plant-ops/lines/{id}', world)
    const recipe = { control_points: [{ code: 'CCP1', kind: 'CCP', unit: '°C', max: 4 }] }
    const what = { product_code: `${world.marker}-one`, planned_quantity: 100, unit: 'kg', recipe }
    return {
      id: await made(world.tenant.admin.call('POST', '/plant-ops/batches', { line_id, ...what })),
      ofPlant: true,
    }
  },
  '/api/v1/plant-ops/lots': async ({ tenant, plantId, marker }) => {
    const what = { plant_id: plantId, code: `${marker}-one-${(count += 1)}`, material: 'Semola' }
    const body = { ...what, unit: 'kg', quantity: 100 }
    return { id: await made(tenant.admin.call('POST', '/plant-ops/lots', body)), ofPlant: true }
  },
  '/api/v1/plant-ops/recalls': async (world) => {
    const { id: lot_id } = await make('/api/v1/plant-ops/lots/{id}', world)
    return { id: await made(world.tenant.admin.call('POST', '/plant-ops/recalls', { lot_id })), ofPlant: true }
  },
  '/api/v1/plant-ops/stop-reasons': async ({ tenant }) => {
    const names = { name_it: 'Trafila usurata', name_en: 'Worn die', statuses: ['down'] }
    const code = `die_worn_${(count += 1)}`
    return { id: await made(tenant.admin.call('POST', '/plant-ops/stop-reasons', { code, ...names })), ofPlant: false }
  },
  '/api/v1/documents': async ({ tenant, plantId, marker }) => {
    const what = { name: `${marker}-one ${(count += 1)}.txt`, bytes: `${marker} letter ${count}`, plant_id: plantId }
    const { id, sha256 } = await uploadDocument(tenant.admin, what)
    // As if it had been scanned: no worker runs here.
    await tenant.admin.write('documents.write', ({ db }) =>
      sql`update files set scan = 'clean' where tenant_id = ${tenant.id} and sha256 = ${sha256}`.execute(db),
    )
    return { id, ofPlant: true }
  },
  '/api/v1/document-templates': async ({ tenant, marker }) => {
    const bytes = await readFile(new URL('../contexts/documents/templates/shipped/delegation.it.docx', import.meta.url))
    const fields = { name: `${marker} template ${(count += 1)}`, language: 'it' }
    const { status, body } = await sendUpload(tenant.admin, {
      path: '/document-templates',
      name: 'd.docx',
      bytes,
      fields,
    })
    assert.equal(status, 201, JSON.stringify(body))
    await tenant.admin.write('documents.write', ({ db }) =>
      sql`update files set scan = 'clean' where tenant_id = ${tenant.id}`.execute(db),
    )
    return { id: body.id as string, ofPlant: false }
  },
  '/api/v1/evidence-packs': async ({ tenant, plantId: plant_id }) => {
    const subject = { kind: 'plant', plant_id, from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' }
    const { status, body, text } = await tenant.admin.call('POST', '/evidence-packs', { subject, language: 'it' })
    assert.equal(status, 202, text)
    // As if it had been built: another content of the company stands in for the archive. No worker runs here.
    const { sha256, size } = await uploadDocument(tenant.admin, { bytes: `archive of ${body.id}` })
    await tenant.admin.write('documents.write', async ({ db }) => {
      await sql`update files set scan = 'clean' where tenant_id = ${tenant.id} and sha256 = ${sha256}`.execute(db)
      await sql`update evidence_packs set status = 'ready', sha256 = ${sha256}, size = ${size}
                 where tenant_id = ${tenant.id} and id = ${body.id}`.execute(db)
    })
    return { id: body.id as string, ofPlant: true }
  },
  '/api/v1/users': async ({ tenant }) => ({ id: (await tenant.user('Viewer')).userId, ofPlant: false }),
  '/api/v1/auth/sessions': async ({ tenant }) => ({ id: (await tenant.user('Viewer')).sessionId, ofPlant: false }),
  '/api/v1/tenants': async ({ tenant }) => ({ id: tenant.id, ofPlant: false }),
  '/api/v1/roles': async ({ tenant, marker }) => ({
    id: await made(
      tenant.admin.call('POST', '/roles', { name: `${marker} reader ${(count += 1)}`, permissions: ['plants.read'] }),
    ),
    ofPlant: false,
  }),
  '/api/v1/events/failures': async ({ tenant }) => ({ id: await failureOf(tenant), ofPlant: false }),
  '/api/v1/webhooks': async ({ tenant }) => ({
    id: await made(tenant.admin.call('POST', '/webhooks', { url: 'https://hooks.example.com/', event_types: 'all' })),
    ofPlant: false,
  }),
  '/api/v1/jobs': async ({ tenant }) => ({ id: await jobOf(tenant), ofPlant: false }),
  '/api/v1/api-keys': async ({ tenant, marker }) => ({
    id: await made(tenant.admin.call('POST', '/api-keys', { name: `${marker} key`, permissions: ['plants.read'] })),
    ofPlant: false,
  }),
}

/** A plant that another operation has hidden is brought back. */
const livePlant = async ({ tenant }: World, id: string): Promise<string> =>
  `/plants/${await made(tenant.admin.call('POST', `/plants/${id}/restore`))}`

/** By the path up to its second id: what belongs to the thing that the first one names. */
const WITHIN: Record<string, (world: World, id: string) => Promise<string>> = {
  '/api/v1/plants/{id}/stoppages': async (world, id) => {
    const hour = (number: number): string => new Date(Date.UTC(2010, 0, 1, number)).toISOString()
    const times = { starts_at: hour((count += 1)), ends_at: hour(count + 1) }
    const stoppage = { ...times, category: 'grid', cause: 'Grid' }
    return made(world.tenant.admin.call('POST', `${await livePlant(world, id)}/stoppages`, stoppage))
  },
  '/api/v1/plants/{id}/energy-prices': async (world, id) => {
    const valid_from = new Date(Date.UTC(2010, 0, (count += 1))).toISOString().slice(0, 10)
    const price = { valid_from, price_eur_per_kwh: 0.05, source: 'RID' }
    return made(world.tenant.admin.call('POST', `${await livePlant(world, id)}/energy-prices`, price))
  },
  '/api/v1/plant-ops/batches/{id}/measurements': async ({ tenant }, id) => {
    await made(tenant.admin.call('POST', `/plant-ops/batches/${id}/start`, {}))
    return made(tenant.admin.call('POST', `/plant-ops/batches/${id}/measurements`, { control_point: 'CCP1', value: 7 }))
  },
  '/api/v1/documents/{id}/versions': async () => '1',
  '/api/v1/documents/{id}/fields': async ({ tenant }, id) =>
    made(tenant.admin.call('POST', `/documents/${id}/fields`, { kind: 'date', value: '2027-03-31', role: 'expiry' })),
  '/api/v1/documents/{id}/suggestions': async ({ tenant }, id) =>
    made(tenant.admin.call('POST', `/documents/${id}/suggestions`, { kind: 'category', value: 'delegation' })),
  '/api/v1/documents/{id}/links': async ({ tenant, plantId }, id) => {
    await made(tenant.admin.call('POST', `/documents/${id}/links`, { kind: 'plant', target_id: plantId }))
    return `plant/${plantId}`
  },
  // As if it had been trained: that would take a thousand readings.
  '/api/v1/plant-ops/sensors/{id}/models': async ({ tenant }, sensor_id) => {
    const [id, job_id] = [newId(), newId()]
    await tenant.admin.write('sensors.write', ({ db }) =>
      sql`insert into sensor_models (tenant_id, id, sensor_id, plant_id, version, status, reason, unit, asked_from, asked_to, job_id)
          select tenant_id, ${id}, id, plant_id, ${(count += 1)}, 'rejected', 'not_better', unit, '2026-01-01Z', '2026-02-01Z', ${job_id}
            from sensors where tenant_id = ${tenant.id} and id = ${sensor_id}`.execute(db),
    )
    return id
  },
  '/api/v1/webhooks/{id}/deliveries': async ({ tenant }, id) =>
    (await tenant.admin.call('POST', `/webhooks/${id}/test`)).body.id as string,
}
const stemWithin = (path: string): string | null => /^[^{]+\{\w+\}[^{]*(?=\/\{)/.exec(path)?.[0] ?? null
/** The id within, for a path with two; null for a path with one. */
export async function makeWithin(path: string, world: World, id: string): Promise<string | null> {
  const within = stemWithin(path)
  return within === null ? null : WITHIN[within]!(world, id)
}

export const stem = (path: string): string => path.slice(0, path.indexOf('/{'))
export const hasMaker = (path: string): boolean => {
  const within = stemWithin(path)
  return MAKERS[stem(path)] !== undefined && (within === null || WITHIN[within] !== undefined)
}
export const make = (path: string, world: World): Promise<Made> => MAKERS[stem(path)]!(world)

let count = 0
/** A tenant with two plants; everything it says of itself holds the marker. */
export async function newWorld(tenant: TestTenant): Promise<World> {
  count += 1
  const marker = `Zx${count}q${tenant.slug.slice(2)}`
  const plant = (code: string) =>
    made(
      tenant.admin.call('POST', '/plants', {
        ...{
          name: `${marker} ${code}`,
          code: `${marker}-${code}`,
          type: 'Photovoltaic',
          status: 'In Operation',
          power_kw: 500,
        },
        ...{ municipality: 'Bologna', province: 'BO', region: 'Emilia-Romagna', latitude: 44.5, longitude: 11.34 },
      }),
    )
  const [plantId, otherPlantId] = [await plant('one'), await plant('two')]
  // With these facts known, the plant has duties.
  const registry = {
    ...{ sale_mode: 'partial', voltage_kv: 15, commissioning_date: '2020-05-04', regime: 'RID' },
    ...{ adm_license_code: 'RME01234X', meters: [{ serial: 'A1', kind: 'static', verified_on: '2024-03-01' }] },
  }
  const { status, text } = await tenant.admin.call('PUT', `/plants/${plantId}/registry`, registry)
  assert.equal(status, 200, text)
  return { tenant, plantId, otherPlantId, marker }
}

/** A body that passes the schema: the example of the whole, or of each required field. */
function exampleOf(schema: Schema): unknown {
  const {
    examples,
    enum: words,
    type,
    properties,
    required,
    items,
  } = schema as {
    examples?: unknown[]
    enum?: unknown[]
    type?: string
    properties?: Record<string, Schema>
    required?: string[]
    items?: Schema
  }
  if (examples?.length) return examples[0]
  if (words?.length) return words[0]
  if ('const' in schema) return schema['const']
  const several = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined
  if (several) return exampleOf(several[0]!)
  if (type === 'array') return (schema['minItems'] as number | undefined) ? [exampleOf(items ?? {})] : []
  if (type === 'object')
    return Object.fromEntries((required ?? []).map((name) => [name, exampleOf(properties?.[name] ?? {})]))
  if (type === 'boolean') return true
  if (type === 'integer' || type === 'number') return schema['minimum'] ?? 1
  if (schema['format'] === 'uuid') return '01890000-0000-7000-8000-000000000000'
  if (schema['format'] === 'date') return '2026-11-21'
  if (schema['format'] === 'date-time') return '2026-11-21T00:00:00Z'
  return 'x'.repeat(Math.max(1, (schema['minLength'] as number | undefined) ?? 1))
}

/** What else a call needs beside its path: a body from the examples, and its required query. */
export function fill({ body, parameters }: Operation, document: Document): { payload: unknown; query: string } {
  const needed = parameters.filter((one) => one.in === 'query' && one.required)
  const query = needed.map(
    (one) => `${one.name}=${encodeURIComponent(String(exampleOf(resolved(one.schema, document) as Schema)))}`,
  )
  return {
    payload:
      body?.contentType === 'application/json' ? exampleOf(resolved(body.schema, document) as Schema) : undefined,
    query: query.length > 0 ? `?${query.join('&')}` : '',
  }
}

const VARYING = new Set(['date', 'x-request-id', 'x-correlation-id', 'x-process-time', 'ratelimit', 'ratelimit-policy'])
/** What somebody sees of an answer, without what differs from call to call. */
export function seen({ status, body, headers, text }: Answer): unknown {
  const rest = Object.fromEntries(Object.entries(headers).filter(([name]) => !VARYING.has(name)))
  const { request_id: _request, ...error } = (body?.error ?? {}) as Record<string, unknown>
  return { status, headers: rest, body: body?.error ? error : text }
}

export const call = (user: TestUser, { method }: Operation, path: string, payload: unknown): Promise<Answer> =>
  user.call(method as 'GET', path.replace('/api/v1', ''), payload)
