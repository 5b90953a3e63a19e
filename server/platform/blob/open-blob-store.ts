import { join } from 'node:path'
import type { Config } from '../../config.ts'
import type { BlobStore } from './blob-store.ts'
import { openLocalStore } from './local-store.ts'
import { openS3Store } from './s3-store.ts'

/** The store that the settings name; `config.ts` has seen that they hold together. */
export function openBlobStore(config: Config): BlobStore {
  if (config.S3_ENDPOINT === undefined) return openLocalStore(join(config.home, 'files'))
  return openS3Store({
    ...{ endpoint: config.S3_ENDPOINT, bucket: config.S3_BUCKET, region: config.S3_REGION, prefix: config.S3_PREFIX },
    ...{ accessKeyId: config.S3_ACCESS_KEY_ID ?? '', secretAccessKey: config.S3_SECRET_ACCESS_KEY ?? '' },
  })
}
