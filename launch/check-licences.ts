/** Every package that is installed in production has a licence that Apache-2.0 software may be shipped with. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const LEAST = 100
const ALLOWED = new Set([
  ...[
    'MIT',
    'MIT-0',
    'ISC',
    'BSD',
    'BSD-2-Clause',
    'BSD-3-Clause',
    '0BSD',
    'Apache-2.0',
    'BlueOak-1.0.0',
    'PostgreSQL',
  ],
  // Fonts: to be used, embedded and shipped, not sold by themselves.
  'Bitstream-Vera',
  ...['CC0-1.0', 'Python-2.0', 'Unlicense', 'Zlib', 'MPL-2.0'],
])
/** Packages whose manifest names no licence and whose LICENSE file was read by a person. */
const READ: Record<string, string> = {
  decko: 'MIT',
  stickyfill: 'MIT',
  'png-js': 'MIT',
  'dejavu-fonts-ttf': 'Bitstream-Vera',
}

type Manifest = { name: string; license?: string | { type?: string }; licenses?: { type?: string }[] }
type Installed = { dev?: boolean; link?: boolean }

/** One of the alternatives is enough (OR); every part is needed (AND). */
const allowed = (expression: string): boolean =>
  expression
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((alternative) => alternative.split(' AND ').every((licence) => ALLOWED.has(licence.trim())))

function licenceOf({ name, license, licenses }: Manifest): string {
  const stated = typeof license === 'string' ? license : (license?.type ?? licenses?.[0]?.type)
  return READ[name] ?? stated ?? 'none stated'
}

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Installed>
}
let seen = 0
const refused: string[] = []
for (const [path, { dev, link }] of Object.entries(lock.packages)) {
  const file = join(root, path, 'package.json')
  // What is for another platform is not installed here, and is the same software.
  if (path === '' || dev || link || !existsSync(file)) continue
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest
  const licence = licenceOf(manifest)
  seen += 1
  if (!allowed(licence)) refused.push(`${manifest.name}: ${licence}`)
}
if (seen < LEAST) refused.push(`only ${seen} packages were found: install first`)
for (const line of refused) process.stderr.write(`${line}\n`)
process.stdout.write(`${seen} packages, ${refused.length} refused\n`)
process.exitCode = refused.length === 0 ? 0 : 1
