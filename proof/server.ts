/** The product's server, and what it says of itself; a proof ends it. */
import { readConfig } from '#config'
import { serve } from '../server/serve.ts'
import { sayReady, told } from './children.ts'

await serve(readConfig())
sayReady()
await told()
process.kill(process.pid, 'SIGTERM')
