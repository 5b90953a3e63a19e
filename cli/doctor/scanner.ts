import type { Config } from '#config'
import { clamd, clamdAddress } from '#platform/scan/clamd.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** New ones come several times a day; after these many days nobody fetches them. */
const OLD_DAYS = 3
const DAY_MS = 86_400_000

/** Whether uploads are looked at, by whom, and how old what it knows is. */
export async function examineScanner(config: Config, now: Date): Promise<Finding[]> {
  const { CLAMD_URL, production } = config
  if (CLAMD_URL === undefined) {
    const mend = 'Install ClamAV (Debian: apt-get install clamav-daemon clamav-freshclam) and set CLAMD_URL.'
    return [
      production
        ? fail('scanner', 'none is set up: uploads of documents are refused', mend)
        : ok('scanner', 'none is set up: documents are served marked not_scanned, in development only'),
    ]
  }
  const scanner = clamd(clamdAddress(CLAMD_URL)!)
  const mend = 'Look at CLAMD_URL, at clamd (its log says why it does not start), and what stands in between.'
  try {
    await scanner.ping()
    const { engine, signatures } = await scanner.version()
    const fresh = 'Start freshclam (Debian: apt-get install clamav-freshclam) and see that it reaches its mirror.'
    if (signatures === null)
      return [warn('scanner', `${engine} answers, and has no official signatures: it knows local ones only`, fresh)]
    const days = Math.max(0, Math.floor((now.getTime() - signatures.at.getTime()) / DAY_MS))
    const knows = `${engine} answers, with signatures ${signatures.number} of ${signatures.at.toISOString().slice(0, 10)}`
    return [days > OLD_DAYS ? warn('scanner', `${knows}, ${days} days old`, fresh) : ok('scanner', knows)]
  } catch (error) {
    return [fail('scanner', `${CLAMD_URL} does not answer: ${(error as Error).message}; uploads wait`, mend)]
  }
}
