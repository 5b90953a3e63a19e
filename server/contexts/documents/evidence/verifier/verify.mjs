// Checks an evidence pack without Officina and without a network: node verify.mjs [folder] [--key <fingerprint>] [--head <signed head>]
// Node.js 18 or later, no packages. Exit code: 0 all is well, 1 something is wrong and named, 2 it could not be checked.
import { createHash, createPublicKey, verify } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { argv, exit, stdout } from 'node:process'
import { fileURLToPath } from 'node:url'

const UNLISTED = ['manifest.json', 'manifest.jws']
const wrong = []
const say = (text) => stdout.write(`${text}\n`)
/** Nothing that a file's name holds may steer a terminal. */
const shown = (text) => String(text).replace(/[^\x20-\x7e\u00a0-\u024f]/g, '?')
const blame = (where, what) => wrong.push(`${shown(where)}: ${what}`)

const sha = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
const hex = (text) => Buffer.from(String(text).replaceAll('-', ''), 'hex')

async function hashFile(path) {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk)
    size += chunk.length
  }
  return { size, sha256: hash.digest('hex') }
}

/** Every file below the folder, with `/` between names. What is neither file nor folder is wrong by itself. */
async function listFiles(folder, below = '') {
  const found = []
  for (const name of await readdir(join(folder, below))) {
    const path = below === '' ? name : `${below}/${name}`
    const state = await lstat(join(folder, path))
    if (state.isDirectory()) found.push(...(await listFiles(folder, path)))
    else if (state.isFile()) found.push(path)
    else blame(path, 'is neither a file nor a folder')
  }
  return found
}

async function checkFiles(folder, manifest) {
  const listed = new Map()
  for (const file of manifest.files) {
    if (listed.has(file.path) || UNLISTED.includes(file.path)) blame(file.path, 'is listed twice in manifest.json')
    listed.set(file.path, file)
  }
  const present = await listFiles(folder)
  for (const path of present) {
    if (!listed.has(path) && !UNLISTED.includes(path)) blame(path, 'is not part of the pack (not in manifest.json)')
  }
  for (const [path, { size, sha256 }] of listed) {
    if (!present.includes(path)) {
      blame(path, 'is missing')
      continue
    }
    const is = await hashFile(join(folder, path))
    if (is.size !== size || is.sha256 !== sha256) {
      blame(
        path,
        `was changed (SHA-256 ${is.sha256}, ${is.size} bytes; the manifest says ${shown(sha256)}, ${shown(size)} bytes)`,
      )
    }
  }
  for (const { document_id, path, sha256 } of manifest.documents) {
    if (path === null) continue
    if (listed.get(path)?.sha256 !== sha256)
      blame('manifest.json', `document ${shown(document_id)} is not the file ${shown(path)}`)
  }
}

/** The fingerprint of a key: its RFC 7638 thumbprint. */
const thumbprint = ({ e, n }) =>
  createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url')

const decode = (part) => {
  const bytes = Buffer.from(part, 'base64url')
  // Only one spelling of the same bytes is ours.
  if (bytes.toString('base64url') !== part) throw new Error('is not written as it was signed')
  return bytes
}

/** Header and payload of a compact JWS (RS256); the key is asked for by the header. Throws where it does not hold. */
function openJws(jws, type, keyOf) {
  const parts = jws.split('.')
  if (parts.length !== 3) throw new Error('is no compact JWS')
  const [header, payload] = [JSON.parse(decode(parts[0]).toString()), decode(parts[1])]
  if (header.alg !== 'RS256' || header.typ !== type) throw new Error('is not signed as such a thing is signed')
  const { n, e } = keyOf(header)
  if (thumbprint({ n, e }) !== header.kid) throw new Error('names another key than it carries')
  const key = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' })
  // What Officina makes; a short key proves nothing.
  if (key.asymmetricKeyDetails.modulusLength < 2048) throw new Error('the key is too short')
  const signed = Buffer.from(`${parts[0]}.${parts[1]}`)
  if (!verify('RSA-SHA256', signed, key, decode(parts[2]))) throw new Error('the signature does not hold')
  return { header, payload: JSON.parse(payload.toString()) }
}

async function checkSignature(folder, bytes, manifest, wantedKey) {
  try {
    const jws = await readFile(join(folder, 'manifest.jws'), 'latin1')
    const { header, payload } = openJws(jws, 'evidence-manifest+jws', ({ jwk }) => jwk)
    if (payload.manifest_sha256 !== sha(bytes)) blame('manifest.json', 'is not what was signed (manifest.jws)')
    if (payload.pack_id !== manifest.pack?.id || payload.tenant_id !== manifest.company?.id) {
      blame('manifest.jws', 'was made for another pack')
    }
    if (wantedKey !== null && header.kid !== wantedKey) {
      blame('manifest.jws', `was signed by another key: ${shown(header.kid)}`)
    }
    return header.kid
  } catch (error) {
    blame('manifest.jws', error.code === 'ENOENT' ? 'is missing' : error.message)
    return null
  }
}

async function readLines(folder, name) {
  const text = await readFile(join(folder, name), 'utf8')
  return text === ''
    ? []
    : text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => JSON.parse(line))
}

/** What the readable fields of a line say must be what its chained text says. */
function checkEntry(line) {
  const where = `trail.ndjson entry ${line.number}`
  if (line.entry === null) {
    blame(where, 'its entry is gone')
    return
  }
  if (sha(line.entry) !== line.digest) blame(where, 'the entry is not what its digest says')
  const said = JSON.parse(line.entry)
  const [id, at, , kind, actor, action, resource, resourceId] = said
  const [same, time] = [
    id === line.audit_id && kind === line.actor.kind && actor === line.actor.id && action === line.action,
    Math.abs(at * 1000 - Date.parse(line.at)) < 2,
  ]
  if (!same || !time || resource !== line.resource || resourceId !== line.resource_id) {
    blame(where, 'is not what its chained text says')
  }
  if (line.contents_salt !== null && sha(hex(line.contents_salt), line.contents) !== said[10]) {
    blame(where, 'its contents are not what was chained')
  }
}

/** The signed heads that hold, by number. */
function checkHeads({ tenant_id, heads, keys }, company) {
  const byKid = new Map(keys.map((key) => [key.kid, key]))
  const held = new Map()
  for (const { number, link, jws } of heads) {
    try {
      const { payload } = openJws(jws, 'audit-head+jws', ({ kid }) => {
        if (!byKid.has(kid)) throw new Error('was signed by a key that is not here')
        return byKid.get(kid)
      })
      if (payload.number !== number || payload.link !== link) throw new Error('says another link')
      if (payload.tenant_id !== company || tenant_id !== company) throw new Error('is of another company')
      held.set(number, link)
    } catch (error) {
      blame(`heads.json head ${number}`, error.message)
    }
  }
  return held
}

/** Recomputes the links; each entry must lie under a signed head. Answers the links that heads prove, by number. */
function checkChain(chain, trail, heads, company) {
  const entries = new Map(trail.map((line) => [line.number, line]))
  const links = new Map()
  let last = null
  let link = null
  /** @type {number[]} */
  let open = []
  const unproven = () => {
    for (const number of open) blame(`trail.ndjson entry ${number}`, 'lies under no signed head')
    open = []
  }
  for (const { number, audit_id, digest, previous } of chain) {
    if (number !== last + 1 || previous !== undefined || link === null) {
      unproven()
      if (previous === undefined && number !== 1) blame(`chain.ndjson link ${number}`, 'the link before it is missing')
      link = number === 1 ? sha(hex(company)) : (previous ?? '')
    }
    link = sha(hex(link), hex(digest), hex(audit_id))
    last = number
    const entry = entries.get(number)
    if (entry !== undefined) {
      if (entry.digest !== digest || entry.audit_id !== audit_id || entry.link !== link) {
        blame(`trail.ndjson entry ${number}`, 'is not the one in the chain')
      }
      entries.delete(number)
      open.push(number)
    }
    if (heads.has(number)) {
      if (heads.get(number) === link) open = []
      else blame(`heads.json head ${number}`, 'the chain leads to another link: an entry before it was changed')
      links.set(number, link)
    }
  }
  unproven()
  for (const number of entries.keys()) blame(`trail.ndjson entry ${number}`, 'is not in the chain')
  return links
}

function checkEvents(events, company) {
  let last = 0
  for (const { id, sequence, tenantid, source } of events) {
    const ours = tenantid === company && id === `${company}:${sequence}` && source === `urn:uuid:${company}`
    if (!ours || !(sequence > last))
      blame(`events.ndjson event ${sequence}`, 'is of another company, or not in its place')
    last = sequence
  }
}

async function checkHistory(folder, manifest) {
  const company = manifest.company.id
  try {
    const [trail, chain, events] = [
      await readLines(folder, 'trail.ndjson'),
      await readLines(folder, 'chain.ndjson'),
      await readLines(folder, 'events.ndjson'),
    ]
    const heads = JSON.parse(await readFile(join(folder, 'heads.json'), 'utf8'))
    const decisions = JSON.parse(await readFile(join(folder, 'decisions.json'), 'utf8'))
    for (const line of trail) checkEntry(line)
    const held = checkHeads(heads, company)
    const links = checkChain(chain, trail, held, company)
    checkEvents(events, company)
    const actions = new Map(trail.map((line) => [line.audit_id, line.action]))
    for (const { audit_id, action } of decisions) {
      if (actions.get(audit_id) !== action) blame('decisions.json', `${shown(audit_id)} is not in the trail`)
    }
    const is = { entries: trail.length, links: chain.length, events: events.length, decisions: decisions.length }
    for (const [name, count] of Object.entries(is)) {
      if (manifest.trail[name] !== count)
        blame('manifest.json', `says ${shown(manifest.trail[name])} ${name}, there are ${count}`)
    }
    const { head } = manifest.trail
    if (held.get(head.number) !== head.link)
      blame('heads.json', `the head ${shown(head.number)} that the manifest names is not there`)
    return { links, keys: heads.keys }
  } catch (error) {
    blame('history', `cannot be read: ${shown(error.message)}`)
    return { links: new Map(), keys: [] }
  }
}

/** A head that the reader kept: it must be a link of this very chain. */
function checkKept(jws, { links, keys }, company) {
  try {
    const { payload } = openJws(jws, 'audit-head+jws', ({ kid }) => {
      const key = keys.find((one) => one.kid === kid)
      if (key === undefined) throw new Error('was signed by a key that is not here')
      return key
    })
    const link = links.get(payload.number)
    if (payload.tenant_id !== company) blame('--head', 'is of another company')
    else if (link === undefined) say(`The head ${payload.number} that you kept is not among those in this pack.`)
    else if (link !== payload.link)
      blame('--head', 'the trail was rewritten: the head that you kept names another link')
    else say(`The head ${payload.number} that you kept stands in this chain.`)
  } catch (error) {
    blame('--head', error.message)
  }
}

function argumentsOf(given) {
  const asked = { folder: dirname(fileURLToPath(import.meta.url)), key: null, head: null }
  for (let at = 0; at < given.length; at += 1) {
    if (given[at] === '--key' || given[at] === '--head') asked[given[at].slice(2)] = given[(at += 1)] ?? ''
    else asked.folder = given[at]
  }
  return asked
}

async function main() {
  const { folder, key, head } = argumentsOf(argv.slice(2))
  let bytes
  try {
    bytes = await readFile(join(folder, 'manifest.json'))
  } catch (error) {
    say(`manifest.json: ${error.code === 'ENOENT' ? 'is missing' : error.message}`)
    return 1
  }
  let manifest
  try {
    manifest = JSON.parse(bytes.toString('utf8'))
  } catch {
    say('manifest.json: was changed (it is no JSON)')
    return 1
  }
  if (manifest.format !== 'officina-evidence-pack' || manifest.version !== 1) {
    blame('manifest.json', 'is not of a kind that this program can check')
  } else {
    const kid = await checkSignature(folder, bytes, manifest, key)
    try {
      await checkFiles(folder, manifest)
      const history = await checkHistory(folder, manifest)
      if (head !== null) checkKept(head, history, manifest.company.id)
      say(
        `${shown(manifest.pack.name)} (${shown(manifest.pack.id)}), ${shown(manifest.company.name)}, ${shown(manifest.made_at)}`,
      )
    } catch (error) {
      // Without what it must say nothing else can be checked; files that cannot be read are another matter.
      if (!(error instanceof TypeError)) throw error
      blame('manifest.json', 'does not say what a manifest says')
    }
    if (kid !== null) {
      say(
        `Signed by the key ${kid}${key === kid ? ', the one that you named' : `; compare it: ${shown(manifest.keys_published_at)}`}`,
      )
    }
  }
  if (wrong.length === 0) {
    const { entries, events } = manifest.trail
    say(`All is well: ${manifest.files.length} files, ${entries} entries of the trail, ${events} events.`)
  }
  for (const text of wrong.slice(0, 200)) say(`WRONG ${text}`)
  if (wrong.length > 0) say(`${wrong.length} wrong`)
  return wrong.length === 0 ? 0 : 1
}

try {
  exit(await main())
} catch (error) {
  say(`It could not be checked: ${error.message}`)
  exit(2)
}
