import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import type { Config } from './config.ts'
import {
  administrationRoutes,
  authenticator,
  evidenceSeals,
  identityEvents,
  identityRefusals,
  identitySubscribers,
  jwksRoutes,
  letterJobs,
  listPlantTrail,
  listSeals,
  openDenials,
  openIssuing,
  openKeyUses,
  openSweeping,
  openTenantTiers,
  readLinks,
  readReachOf,
  readSubjectTrail,
  sealJobs,
  sealSchedules,
  signInRoutes,
  tokenReader,
  writeDefaultRoles,
  type Denials,
  type Issuing,
  type TokenReader,
} from '#contexts/identity'
import { openBlobStore } from './platform/blob/open-blob-store.ts'
import type { BlobStore } from './platform/blob/blob-store.ts'
import { blobRefusals } from './platform/blob/refusals.ts'
import { blobJobs, blobSchedules } from './platform/blob/sweep-blobs.ts'
import { backupJobs, backupSchedules } from './platform/copies/backup-job.ts'
import { copyRefusals } from './platform/copies/refusals.ts'
import { exportRoutes } from './platform/copies/routes.ts'
import { databaseRefusals } from './platform/database/database-refusals.ts'
import {
  type DocumentDeps,
  documentEvents,
  documentEvidence,
  type EvidenceHistory,
  documentJobs,
  documentRefusals,
  documentRoutes,
  documentSchedules,
  documentSubscribers,
} from '#contexts/documents'
import {
  batchEvidence,
  batchTemplateFacts,
  batchExists,
  type Brokers,
  influxRoutes,
  lineExists,
  lotExists,
  modelJobs,
  plantOpsEvents,
  plantOpsRefusals,
  plantOpsRoutes,
  oeeJobs,
  readingJobs,
  readingSchedules,
  readPlantSeries,
  runBrokers,
  shelfJobs,
  silenceJobs,
  silenceSchedules,
} from '#contexts/plant-ops'
import {
  countPlants,
  findPlantsNamed,
  maintenanceTemplateFacts,
  performanceRoutes,
  plantEvents,
  plantEvidence,
  plantTemplateFacts,
  plantRefusals,
  plantRoutes,
  plantsExist,
  timelineRoutes,
} from '#contexts/plants'
import {
  afterPlantChange,
  obligationRoutes,
  workflowEvents,
  workflowJobs,
  workflowRefusals,
  workflowSchedules,
} from '#contexts/workflows'
import type { Installation } from './platform/database/installation.ts'
import { healthRoutes, rememberedFor } from './platform/http/health.ts'
import { makeEdges, type Edges } from './platform/http/edge.ts'
import { openapiDocument, serveDocs } from './platform/http/openapi.ts'
import { limitRates, type Limits } from './platform/http/rate-limits.ts'
import { requestRefusals } from './platform/http/problem.ts'
import { makeServer } from './platform/http/server.ts'
import type { RefusalTable } from './platform/refusal.ts'
import { jobsByName, type Job } from './platform/jobs/job-kind.ts'
import { jobRefusals } from './platform/jobs/job-refusals.ts'
import { jobRoutes } from './platform/jobs/job-routes.ts'
import { measureJobs } from './platform/jobs/measure-jobs.ts'
import type { Schedule } from './platform/jobs/schedule.ts'
import { ownJobs, ownSchedules } from './platform/jobs/sweep-jobs.ts'
import { openAfterwards, type Afterwards } from './platform/afterwards.ts'
import type { Mailer } from './platform/mail/mail.ts'
import { openMailer } from './platform/mail/open-mailer.ts'
import { mailRefusals } from './platform/mail/refusals.ts'
import { clamd, clamdAddress } from './platform/scan/clamd.ts'
import { derivedRing, type KeyRing } from './platform/secrets/field-encryption.ts'
import type { Log } from './platform/telemetry/log.ts'
import { measure } from './platform/telemetry/metrics.ts'
import { collectKinds } from './platform/events/event-kind.ts'
import { eventRoutes } from './platform/events/event-routes.ts'
import { failureRefusals } from './platform/events/failure-refusals.ts'
import { failureRoutes } from './platform/events/failure-routes.ts'
import { liveRoutes } from './platform/events/live-routes.ts'
import { openLive, type Live } from './platform/events/live.ts'
import { readHistory } from './platform/events/read-history.ts'
import { eventRefusals } from './platform/events/refusals.ts'
import { runEvents } from './platform/events/run-events.ts'
import type { Subscriber } from './platform/events/subscriber.ts'
import type { Bus } from './platform/events/nats/run-bus.ts'
import { measureEvents } from './platform/events/subscriber-state.ts'
import { deliveryJobs } from './platform/events/webhooks/deliver-webhook.ts'
import { webhookSubscriber } from './platform/events/webhooks/queue-deliveries.ts'
import { replayJobs } from './platform/events/webhooks/replay-deliveries.ts'
import { sweepJobs, webhookSchedules } from './platform/events/webhooks/sweep-deliveries.ts'
import { webhookEvents } from './platform/events/webhooks/webhook-events.ts'
import { webhookRefusals } from './platform/events/webhooks/webhook-refusals.ts'
import { webhookRoutes } from './platform/events/webhooks/webhook-routes.ts'
import { openOutgoing, type Outgoing } from './platform/http/outgoing/outgoing.ts'
import { outgoingRefusals } from './platform/http/outgoing/refusals.ts'
import { tenancyRefusals } from './platform/tenancy/create-tenant.ts'
import { moveJobs, moveSchedules } from './platform/tenancy/moves/clear-broken-moves.ts'

/** What the contexts are given; each takes from it what it needs. */
export type Deps = {
  readonly config: Config
  readonly log: Log
  readonly installation: Installation
  readonly edges: Edges
  readonly limits: Limits
  readonly issuing: Issuing
  readonly ring: KeyRing
  readonly mailer: Mailer
  readonly afterwards: Afterwards
  readonly denials: Denials
  readonly callerOf: TokenReader
  readonly live: Live
  readonly outgoing: Outgoing
  readonly blobs: BlobStore
}

export type App = {
  http: FastifyInstance
  /** Every refusal that this installation can make, the edge's own included. */
  refusals: RefusalTable
  deps: Deps
  /** What a worker of this installation can do, and what the clock asks of it. */
  jobs: readonly Job[]
  schedules: readonly Schedule[]
  /** Subscribes to the brokers of all companies, as far as no other process does. */
  startBrokers: () => Brokers
  drain: () => void
  close: () => Promise<void>
}

/** What the contexts refuse, with what the platform refuses for them. */
const refusals = {
  ...identityRefusals.table,
  ...tenancyRefusals.table,
  ...copyRefusals.table,
  ...jobRefusals.table,
  ...mailRefusals.table,
  ...plantRefusals.table,
  ...workflowRefusals.table,
  ...plantOpsRefusals.table,
  ...blobRefusals.table,
  ...documentRefusals.table,
  ...eventRefusals.table,
  ...failureRefusals.table,
  ...outgoingRefusals.table,
  ...webhookRefusals.table,
}

/** Everything that is announced. */
export const eventKinds = collectKinds(
  identityEvents,
  plantEvents,
  workflowEvents,
  plantOpsEvents,
  documentEvents,
  webhookEvents,
)

/** Who follows the events of all tenants: what the contexts' `reactions.ts` declare. */
export const subscribers: readonly Subscriber[] = [webhookSubscriber, ...identitySubscribers, ...documentSubscribers]

/** Events and trail as evidence packs read them, and what signs the packs. */
const evidenceHistory = ({ issuing }: Deps): EvidenceHistory => ({
  ...evidenceSeals(issuing),
  permissionOf: (type) => eventKinds.find((kind) => kind.type === type)?.permission ?? null,
  events: (work, { granted, ...asked }) => {
    const types = eventKinds.filter(({ permission }) => granted.includes(permission)).map(({ type }) => type)
    return readHistory(work, { ...asked, types })
  },
  trail: readSubjectTrail,
  links: readLinks,
  // Keys of another installation, from which a company came, cannot be told from any others here.
  heads: async (work) => (await listSeals(work)).filter(({ stands, link, brought }) => stands === link && !brought),
  reach: readReachOf,
})

/** What documents are given of the other contexts. */
const documentDeps = (deps: Deps): DocumentDeps => ({
  ...deps,
  evidenceSources: { documents: documentEvidence, plant: plantEvidence(deps.ring), batch: batchEvidence },
  evidenceHistory: evidenceHistory(deps),
  templateSources: { plant: plantTemplateFacts, batch: batchTemplateFacts, maintenance: maintenanceTemplateFacts },
  plantsNamed: (work, words) => findPlantsNamed(work, words, 50),
  linkTargets: { plant: (work, id) => plantsExist(work, [id]), line: lineExists, batch: batchExists, lot: lotExists },
})

/** What a worker of this installation can do. */
export const jobsOf = (deps: Deps): readonly Job[] => [
  ...ownJobs,
  ...backupJobs(deps),
  ...blobJobs(deps),
  ...letterJobs(deps),
  ...moveJobs(deps.installation.custody),
  ...deliveryJobs(deps),
  ...replayJobs,
  ...sweepJobs,
  ...sealJobs(deps),
  ...oeeJobs,
  ...readingJobs,
  ...modelJobs,
  ...silenceJobs,
  ...shelfJobs,
  ...workflowJobs,
  ...documentJobs(documentDeps(deps)),
]

/** What the clock asks of it. */
const schedulesOf = (config: Config): readonly Schedule[] => [
  ...ownSchedules,
  ...backupSchedules(config),
  ...blobSchedules,
  ...moveSchedules,
  ...webhookSchedules,
  ...sealSchedules,
  ...readingSchedules,
  ...silenceSchedules,
  ...workflowSchedules,
  ...documentSchedules,
]

/** The composition root: the only file that knows every context. */
export async function makeApp(config: Config, installation: Installation, log: Log): Promise<App> {
  const { database, custody, masters } = installation
  const ring = derivedRing(masters, 'fields')
  await custody.run(writeDefaultRoles)
  const issuing = await openIssuing(custody, ring, config.PUBLIC_URL ?? 'officina', config.ACCESS_TOKEN_MINUTES * 60)
  const tiers = await openTenantTiers(custody)
  const sweeping = openSweeping(custody, log)
  const events = await runEvents(installation, { subscribers, kinds: eventKinds, config }, log)
  const [keyUses, denials] = [openKeyUses(custody, log), openDenials(database, log)]
  const callerOf = tokenReader({ database, issuing, tierOf: tiers.of, keyUsed: keyUses.used })
  const live = openLive(custody, events.hearing, log)
  let draining = false
  const http = await makeServer({
    config,
    log,
    refusals,
    authenticate: authenticator(callerOf),
    denied: denials.record,
  })
  const registry = measure(http, database.pool)
  denials.measure(registry)
  measureJobs(registry, custody, log)
  measureEvents(registry, custody, log)
  live.measure(registry)
  const limits = limitRates(http, config)
  const afterwards = openAfterwards(log)
  const [edges, mailer] = [makeEdges(database), openMailer(config)]
  const deps: Deps = {
    ...{ config, log, installation, edges, limits, issuing, ring, mailer, afterwards, denials },
    ...{ callerOf, live, outgoing: openOutgoing(config), blobs: openBlobStore(config) },
  }
  await registerRoutes(http, deps, { registry, draining: () => draining, bus: events.bus })
  await http.ready()
  const jobs = jobsOf(deps)
  jobsByName(jobs)
  return {
    http,
    refusals: { ...requestRefusals.table, ...databaseRefusals.table, ...refusals },
    deps,
    jobs,
    schedules: schedulesOf(config),
    startBrokers: () => runBrokers(deps),
    drain: () => void (draining = true),
    close: async () => {
      issuing.stop()
      tiers.stop()
      sweeping.stop()
      await http.close()
      await afterwards.settled()
      await Promise.all([keyUses.close(), denials.close()])
      await events.stop()
    },
  }
}

type Process = { registry: Registry; draining: () => boolean; bus: Bus | null }

async function registerRoutes(http: FastifyInstance, deps: Deps, process: Process): Promise<void> {
  const { bus } = process
  healthRoutes(http, {
    version: deps.config.version,
    ...process,
    checks: {
      database: {
        essential: true,
        check: async () => void (await deps.installation.database.pool.pg.query('select 1')),
      },
      // What is not a file goes on without it.
      files: { essential: false, check: rememberedFor(10_000, deps.blobs.check) },
      // Without it nothing here stops: what happens is told when it is back.
      ...(bus && { nats: { essential: false, check: bus.check } }),
      // Without it uploads are taken, and wait.
      ...(deps.config.CLAMD_URL !== undefined && {
        scanner: { essential: false, check: clamd(clamdAddress(deps.config.CLAMD_URL)!).ping },
      }),
    },
  })
  await http.register(jwksRoutes(deps))
  await http.register(signInRoutes(deps), { prefix: '/api/v1' })
  await http.register(administrationRoutes({ ...deps, plantsExist, countPlants }), { prefix: '/api/v1' })
  await http.register(plantRoutes({ ...deps, afterPlantChange }), { prefix: '/api/v1' })
  await http.register(timelineRoutes({ edges: deps.edges, plantTrail: listPlantTrail }), { prefix: '/api/v1' })
  await http.register(performanceRoutes({ ...deps, plantSeries: readPlantSeries }), { prefix: '/api/v1' })
  await http.register(influxRoutes(deps))
  await http.register(jobRoutes(deps), { prefix: '/api/v1' })
  await http.register(obligationRoutes(deps), { prefix: '/api/v1' })
  await http.register(plantOpsRoutes(deps), { prefix: '/api/v1' })
  await http.register(documentRoutes(documentDeps(deps)), { prefix: '/api/v1' })
  await http.register(exportRoutes(deps), { prefix: '/api/v1' })
  const following = { ...deps, ...deps.installation, eventKinds }
  await http.register(eventRoutes(following), { prefix: '/api/v1' })
  await http.register(liveRoutes(following), { prefix: '/api/v1' })
  await http.register(failureRoutes(deps), { prefix: '/api/v1' })
  await http.register(webhookRoutes({ ...deps, eventKinds, plantsExist }), { prefix: '/api/v1' })
  await serveDocs(http)
  http.get('/', { config: { permission: 'public', limits: 'none' }, schema: { hide: true } }, () => ({
    name: deps.config.APP_NAME,
    version: deps.config.version,
    api: '/api/v1',
    documentation: ['/docs', '/redoc', '/openapi.json'],
    health: '/health',
  }))
}

export { openapiDocument }
