/**
 * `npm run generate`: migrates a fresh database and writes what is generated from it and from the routes. With --check it
 * writes nothing and fails where a file differs.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventKinds, makeApp, openapiDocument } from '../server/app.ts'
import { readConfig } from '../server/config.ts'
import { openInstallation } from '#platform/database/installation.ts'
import { contextDoors } from '../server/test/doors.ts'
import { describeErrors, describeMap, type OpenApi, type Room } from './describe.ts'
import { describeTables } from '#platform/database/types.ts'
import { openLog } from '#platform/telemetry/log.ts'

const root = join(import.meta.dirname, '..')

/** A context's README opens with one sentence that says what it owns. */
const readRooms = (): Promise<Room[]> =>
  Promise.all(
    Object.entries(contextDoors).map(async ([name, imports]) => {
      const readme = await readFile(join(root, `server/contexts/${name}/README.md`), 'utf8')
      const says = readme.split('\n').find((line) => line !== '' && !line.startsWith('#')) ?? ''
      return { name, says, imports }
    }),
  )

const generated: [file: string, text: string][] = []
const home = await mkdtemp(join(tmpdir(), 'officina-generate-'))
const config = readConfig({ OFFICINA_HOME: home, LOG_LEVEL: 'warn', OFFICINA_DEMO: 'off' })
const log = openLog(config)
const installation = await openInstallation(config, log, { migrate: true })
try {
  const types = await installation.custody.session(describeTables)
  generated.push(['server/database.gen.ts', types])
  const app = await makeApp(config, installation, log)
  const document = openapiDocument(app.http)
  generated.push(['openapi.json', `${JSON.stringify(document, null, 2)}\n`])
  const tables = [...types.matchAll(/^ {2}'([a-z_.]+)': /gm)].map((match) => match[1]!)
  const works = { kinds: app.jobs.map(({ kind }) => kind), schedules: app.schedules }
  generated.push(['docs/map.md', describeMap(document as OpenApi, await readRooms(), tables, works, eventKinds)])
  generated.push(['docs/errors.md', describeErrors(app.refusals)])
  await app.close()
} finally {
  await installation.close()
  await rm(home, { recursive: true, force: true })
}

const current = (file: string): Promise<string> => readFile(join(root, file), 'utf8').catch(() => '')
if (process.argv.includes('--check')) {
  const stale: string[] = []
  for (const [file, text] of generated) if ((await current(file)) !== text) stale.push(file)
  if (stale.length > 0) process.stderr.write(`Not as generated, run \`npm run generate\`: ${stale.join(', ')}\n`)
  else process.stdout.write(`${generated.length} files are as generated\n`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  for (const [file, text] of generated) await writeFile(join(root, file), text)
}
