import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { Registry } from 'prom-client'
import { OneOf, Timestamp } from './shapes.ts'

export type Check = () => Promise<void>
export type Health = {
  version: string
  checks: Record<string, { check: Check; essential: boolean }>
  registry: Registry
  /** True once the server is going down: a load balancer must stop sending. */
  draining: () => boolean
}

const TIMEOUT_MS = 2_000

const CheckResult = Type.Object({ status: OneOf(['up', 'down']), latency_ms: Type.Number() })
const HealthAnswer = Type.Object(
  {
    status: OneOf(['healthy', 'degraded', 'unhealthy']),
    checks: Type.Record(Type.String(), CheckResult),
    version: Type.String(),
    timestamp: Timestamp,
  },
  { title: 'Health' },
)

async function run(check: Check): Promise<{ status: 'up' | 'down'; latency_ms: number }> {
  const start = performance.now()
  const status = await Promise.race([
    check().then(
      () => 'up' as const,
      () => 'down' as const,
    ),
    new Promise<'down'>((resolve) => setTimeout(() => resolve('down'), TIMEOUT_MS).unref()),
  ])
  return { status, latency_ms: Math.round((performance.now() - start) * 100) / 100 }
}

/** The same answer for so many milliseconds, so that whoever may ask for health does not call a store as often as he likes. */
export function rememberedFor(ms: number, check: (signal: AbortSignal) => Promise<void>): Check {
  let known: { answer: Promise<void>; until: number } | undefined
  return () => {
    if (known === undefined || known.until < performance.now())
      known = { answer: check(AbortSignal.timeout(TIMEOUT_MS)), until: performance.now() + ms }
    return known.answer
  }
}

export function healthRoutes(app: FastifyInstance, health: Health): void {
  const config = { permission: 'public', limits: 'none' as const }
  const response = { 200: HealthAnswer, 503: HealthAnswer }
  const live = Type.Object({ status: Type.Literal('alive') })

  const examine = async () => {
    const checks: Record<string, Awaited<ReturnType<typeof run>>> = {}
    for (const [name, { check }] of Object.entries(health.checks)) checks[name] = await run(check)
    const down = Object.entries(checks).filter(([, result]) => result.status === 'down')
    const dead = health.draining() || down.some(([name]) => health.checks[name]?.essential)
    const status = dead ? ('unhealthy' as const) : down.length > 0 ? ('degraded' as const) : ('healthy' as const)
    return { status, checks, version: health.version, timestamp: new Date().toISOString() }
  }
  for (const [url, operationId] of [
    ['/health', 'getHealth'],
    ['/health/ready', 'getReadiness'],
  ] as const) {
    app.get(
      url,
      { config, schema: { operationId, tags: ['Operations'], summary: 'Health of the service', response } },
      async (_request, reply) => {
        const answer = await examine()
        return reply.code(answer.status === 'unhealthy' ? 503 : 200).send(answer)
      },
    )
  }
  app.get(
    '/health/live',
    {
      config,
      schema: {
        operationId: 'getLiveness',
        tags: ['Operations'],
        summary: 'The process runs',
        response: { 200: live },
      },
    },
    () => ({
      status: 'alive' as const,
    }),
  )
  app.get(
    '/metrics',
    {
      config,
      schema: {
        operationId: 'getMetrics',
        tags: ['Operations'],
        summary: 'Prometheus metrics',
        response: {
          200: { description: 'Prometheus text format', content: { 'text/plain': { schema: Type.String() } } },
        },
      },
    },
    async (_request, reply) => reply.type(health.registry.contentType).send(await health.registry.metrics()),
  )
}
