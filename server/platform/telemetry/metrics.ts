import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Pool } from '../database/pool.ts'

/** Prometheus metrics. Labels hold routes, never URLs or tenants: both are unbounded. */
export function measure(app: FastifyInstance, pool: Pool): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  })
  const pools = new Gauge({
    name: 'database_pool_connections',
    help: 'Connections of the application pool',
    labelNames: ['state'],
    // Only here: the library's own registry is one for the whole process, and there may be two applications in it.
    registers: [],
    collect() {
      this.set({ state: 'idle' }, pool.pg.idleCount)
      this.set({ state: 'total' }, pool.pg.totalCount)
      this.set({ state: 'waiting' }, pool.pg.waitingCount)
    },
  })
  registry.registerMetric(pools)
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    requests.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
    done()
  })
  return registry
}
