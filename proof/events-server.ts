/** One process of the product, with the subscribers of the proof. */
import { randomInt } from 'node:crypto'
import { sql } from 'kysely'
import { makeApp } from '../server/app.ts'
import { readConfig } from '#config'
import { openInstallation } from '#platform/database/installation.ts'
import { openHearing } from '#platform/events/hear.ts'
import { subscriber, type Subscriber } from '#platform/events/subscriber.ts'
import { PATIENCE, startSubscribers } from '#platform/events/subscribers.ts'
import { openLog } from '#platform/telemetry/log.ts'
import { sayReady, told } from './children.ts'

/** The effect is a row of its own, in the scope of the event's tenant: two rows are two effects. */
const leaving = (name: string, strict: boolean, failing: number): Subscriber =>
  subscriber({
    ...{ name, strict, types: ['ProofChanged'], from: 'beginning' },
    handle: async ({ db, tenantId }, { position, sequence, subject, data }) => {
      await sql`insert into proof.effects (subscriber, tenant_id, position, sequence, subject, version)
                values (${name}, ${tenantId}, ${position}, ${sequence}, ${subject}, ${data['version']})`.execute(db)
      if (randomInt(100) < failing) throw new Error('fails at random, after its effect')
    },
  })

const config = readConfig()
const log = openLog(config)
const installation = await openInstallation(config, log, { migrate: false })
const app = await makeApp(config, installation, log)
const hearing = openHearing(installation.urls.owner, log)
const following = await startSubscribers(
  { ...installation, hearing, log },
  [leaving('proof.steady', false, 0), leaving('proof.failing', true, 3)],
  { ...PATIENCE, waitMs: 20, longestWaitMs: 500, attempts: 20 },
)
sayReady()
await told()
await following.stop()
await hearing.stop()
await app.close()
await installation.close()
process.exit(0)
