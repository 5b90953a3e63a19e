import { join } from 'node:path'
import type { Config } from '#config'
import type { BlobStore } from './blob-store.ts'
import { openLocalStore } from './local-store.ts'

/** The store that the settings name. */
export const openBlobStore = (config: Config): BlobStore => openLocalStore(join(config.home, 'files'))
