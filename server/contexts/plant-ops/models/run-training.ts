import { sql } from 'kysely'
import { Id, Shape } from '#platform/http/shapes.ts'
import { job, jobKind, type Job, type Step } from '#platform/jobs/job-kind.ts'
import { readPage, type Period } from '../readings/read-series.ts'
import { isGood, type Series } from '../readings/series.ts'
import { ofLivePlant } from '../sensors/get-sensor.ts'
import type { ModelWork } from '../tables.ts'
import { tellModelDecided } from './events.ts'
import { type Forecaster, LONGEST_SEASON, reachOf } from './forecast.ts'
import type { ModelReason } from './schemas.ts'
import { crown, holdState } from './set-champion.ts'
import { newestSteps, paceOf, takeSteps, type Pace, type Steps } from './steps.ts'
import { type Trial, tryModel } from './trial.ts'

/** One at a time of a company: it is work for a processor, and nobody waits for it. */
export const trainingOrder = jobKind({
  name: 'sensor_models.train',
  input: Shape({ sensor_id: Id, model_id: Id }),
  limits: { seconds: 120, attempts: 3, concurrency: 2, perTenant: 1, priority: -10 },
})

/** The newest steps of a period that are learned from and held out: 104 days at five minutes, 21 at one; less than half a second of work. */
const MOST_STEPS = 30_000
/** Readings in memory at once. */
const PAGE = 50_000

type Input = { sensor_id: string; model_id: string }
type Challenger = {
  id: string
  sensor_id: string
  plant_id: string
  version: number
  unit: string
  from: number
  to: number
}
type Champion = { id: string; version: number; fitted: Forecaster }

/** Trains a challenger, holds it against what is there, and makes it the champion where it is better. */
async function runTraining(work: ModelWork, input: Input): Promise<Step<Input>> {
  const challenger = await findChallenger(work, input.model_id)
  if (challenger === undefined) return
  const champion = await findChampion(work, input.sensor_id)
  const { pace, steps } = await readSteps(work, input.sensor_id, challenger)
  const trial = tryModel(
    pace,
    steps,
    champion === undefined ? null : { version: champion.version, forecaster: champion.fitted },
  )
  // Only now: whoever sends readings would have waited for all of it.
  const lastMs = await holdState(work, input.sensor_id)
  // A person has made another the champion meanwhile: it is held against that one.
  if ((await findChampion(work, input.sensor_id))?.id !== champion?.id) return { next: input }
  await decide(work, challenger, trial, lastMs)
}

async function findChallenger({ db, tenantId }: ModelWork, id: string): Promise<Challenger | undefined> {
  const { rows } = await sql<Challenger>`
    select id, sensor_id, plant_id, version, unit, (extract(epoch from asked_from) * 1000)::float8 as from,
           (extract(epoch from asked_to) * 1000)::float8 as to
      from sensor_models where tenant_id = ${tenantId} and id = ${id} and status = 'challenger'`.execute(db)
  return rows[0]
}

async function findChampion({ db, tenantId }: ModelWork, sensorId: string): Promise<Champion | undefined> {
  const { rows } = await sql<Champion>`
    select id, version, fitted from sensor_models
     where tenant_id = ${tenantId} and sensor_id = ${sensorId} and status = 'champion'`.execute(db)
  return rows[0]
}

const goodTimes = ({ at_ms, mark }: Series): Float64Array => at_ms.filter((_, i) => isGood(mark[i]!))

/** The steps of a period, as the sensor read at its begin. */
async function readSteps(
  work: ModelWork,
  sensorId: string,
  { from, to }: Period,
): Promise<{ pace: Pace | null; steps: Steps }> {
  let pace: Pace | null = null
  let steps: Steps = { at_ms: [], value: [] }
  for (let next = from; ;) {
    const series = await readPage(work, sensorId, { from: next, to }, PAGE)
    pace ??= paceOf(goodTimes(series))
    if (pace !== null) takeSteps(steps, pace, series, reachOf(LONGEST_SEASON))
    if (steps.value.length > 2 * MOST_STEPS) steps = newestSteps(steps, MOST_STEPS)
    if (series.length < PAGE) return { pace, steps: newestSteps(steps, MOST_STEPS) }
    next = series.at_ms[series.length - 1]! + 1
  }
}

async function decide(work: ModelWork, challenger: Challenger, trial: Trial, lastMs: number | null): Promise<void> {
  const { db, tenantId, now } = work
  const { id, sensor_id, version, plant_id } = challenger
  const { rows } = await sql<{ unit: string }>`
    select s.unit from sensors s
     where s.tenant_id = ${tenantId} and s.id = ${sensor_id} and s.deleted_at is null and ${ofLivePlant}`.execute(db)
  const unit = rows[0]?.unit
  const reason: ModelReason = unit === undefined ? 'hidden' : unit === challenger.unit ? trial.verdict : 'unit_changed'
  const status = reason === 'better' ? 'champion' : 'rejected'
  const fitted = trial.forecaster === null ? null : JSON.stringify(trial.forecaster)
  await sql`
    update sensor_models set status = 'rejected', reason = ${reason}, report = ${JSON.stringify(trial.report)}::jsonb, fitted = ${fitted}::jsonb,
           revision = revision + 2, updated_at = ${now}
     where tenant_id = ${tenantId} and id = ${id}`.execute(db)
  if (status === 'champion') await crown(work, { id, sensor_id, fitted: trial.forecaster! }, reason, lastMs)
  const entry = { action: 'sensor_models.decided', resource: 'sensor_model', resource_id: id, plant_id }
  work.record({ ...entry, after: { version, status, reason } }, tellModelDecided(challenger, status, reason))
}

/** Kinds of job of this folder. */
export const modelJobs: readonly Job[] = [job(trainingOrder, { run: runTraining })]
