import { join } from 'node:path'
import { Type } from 'typebox'
import type { BlobStore } from '../blob/blob-store.ts'
import type { Config } from '../../config.ts'
import type { Installation } from '../database/installation.ts'
import { job, jobKind, type Job } from '../jobs/job-kind.ts'
import { schedule, type Schedule } from '../jobs/schedule.ts'
import { Refusal } from '../refusal.ts'
import type { Log } from '../telemetry/log.ts'
import { intoFile } from './copy-file.ts'
import { pruneBackups } from './prune-backups.ts'
import { backupName } from './retention.ts'
import { writeBackup } from './write-copy.ts'

const backUp = jobKind({
  name: 'copies.back_up',
  input: Type.Object({ due: Type.String({ format: 'date-time' }) }),
  limits: { seconds: 6 * 3600, attempts: 4, wait: 300, concurrency: 1, perTenant: 1 },
})

type Deps = { installation: Pick<Installation, 'custody' | 'masters'>; blobs: BlobStore; config: Config; log: Log }

/** The nightly backup, and the end of those whose time is over. Its file is named by when it was due, so that it is made once. */
export const backupJobs = ({ installation: { custody, masters }, blobs, config, log }: Deps): Job[] => [
  job(backUp, {
    reach: async ({ due }, { signal }) => {
      const [folder, now] = [config.backupFolder, new Date()]
      const path = join(folder, backupName(new Date(due)))
      const source = { door: custody, blobs, keys: { masters }, version: config.version, now }
      const done = await writeBackup(source, intoFile(path, signal)).catch((error: unknown) => {
        if (!(error instanceof Refusal) || error.code !== 'copies.file_exists') throw error
      })
      const files = done?.manifest.files
      if (files !== undefined && files.lacking > 0)
        log.error(
          { path, lacking: files.lacking, lacks: files.lacks },
          'the backup lacks files that the store does not have',
        )
      const removed = await pruneBackups(folder, now, config)
      log.info({ path, removed }, 'backed up')
    },
  }),
]

/** Every night at the hour of the configuration; where the service was down then, when it is up again. */
export const backupSchedules = ({ BACKUP, BACKUP_HOUR }: Config): Schedule[] =>
  BACKUP === 'off'
    ? []
    : [
        schedule({
          ...{ name: 'copies.back_up', cron: `0 ${BACKUP_HOUR} * * *`, zone: 'Europe/Rome', per: 'installation' },
          ...{ catchUp: 'one', kind: backUp, input: (due) => ({ due: due.toISOString() }) },
        }),
      ]
