// Runs before `npm start` and `npm test`, also on a fresh clone and on a Node too old for the rest: plain JavaScript
// for Node 20, no dependencies, and quick when there is nothing to do.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const modules = join(root, 'node_modules')
const record = join(modules, '.officina-lock')
// Outside: npm ci empties node_modules, and beside it git would see it.
const guard = join(tmpdir(), `officina-install-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`)
const windows = process.platform === 'win32'
const needed = 24

const wanted = `${hash(join(root, 'package-lock.json'))} ${process.platform}-${process.arch}`

if (!isInstalled()) await alone(install)
requireNode()

function isInstalled() {
  if (read(record) === wanted) return true
  if (!existsSync(join(modules, '.package-lock.json')) || !hasEverything()) return false // somebody ran npm by hand
  writeFileSync(record, wanted)
  return true
}

/** npm's record of what is installed, compared with the lockfile: what is optional may be missing. */
function hasEverything() {
  const installed = packages(join(modules, '.package-lock.json'))
  return Object.entries(packages(join(root, 'package-lock.json'))).every(([path, { version, optional, link }]) => {
    if (path === '' || link || !path.includes('node_modules/')) return true
    return installed[path] ? installed[path].version === version : Boolean(optional)
  })
}

function install() {
  if (isInstalled()) return // another start did it while we waited
  say('Installing the dependencies (npm ci): a minute, once.')
  // The second try is for a lockfile that npm ci finds incomplete: made where the registry has not every platform's
  // packages, it lacks optional ones. It installs the same locked versions and leaves the lockfile as it is.
  if (npm('ci') !== 0 && npm('install', '--no-save') !== 0)
    fail(
      'The dependencies could not be installed: npm said why above. Most often the registry cannot be reached ' +
        '(`npm config get registry`, `npm config get proxy`) or the disk is full. Then run `npm ci` and start again.',
    )
  writeFileSync(record, wanted)
}

function npm(...command) {
  // Through npm's own file where npm runs us: on Windows npm.cmd cannot be started without a shell.
  const own = process.env.npm_execpath
  const [program, ...first] = own && /\.c?js$/.test(own) ? [process.execPath, own] : ['npm']
  // NODE_ENV=production or omit=optional would leave out the tests' parts, or the platform's Node and PostgreSQL.
  const options = [...first, ...command, '--include=dev', '--include=optional']
  const shell = program === 'npm' && windows
  return spawnSync(program, options, { cwd: root, stdio: 'inherit', shell }).status
}

/** Two starts at once must not run npm ci into one folder. Making a folder is atomic everywhere. */
async function alone(work) {
  for (let waited = 0; ; waited++) {
    try {
      mkdirSync(guard)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') fail(`${guard} cannot be made (${error.message}), and dependencies are missing.`)
    }
    if (isStale()) {
      rmSync(guard, { recursive: true, force: true })
      continue
    }
    if (waited === 0) say('Another start is installing the dependencies: waiting for it.')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  process.once('exit', () => rmSync(guard, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))
  writeFileSync(join(guard, 'pid'), String(process.pid))
  work()
  rmSync(guard, { recursive: true, force: true })
}

/** Its process is gone; or it has none after 5 s, or is older than an hour (the number may be another's by now). */
function isStale() {
  const made = statSync(guard, { throwIfNoEntry: false })
  if (!made) return true
  const pid = Number(read(join(guard, 'pid')))
  const age = Date.now() - made.mtimeMs
  if (!pid) return age > 5000
  try {
    process.kill(pid, 0)
    return age > 3_600_000
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

/** npm scripts find `node` in node_modules/.bin first: there the pinned one must be, unless ours is new enough. */
function requireNode() {
  const link = join(modules, '.bin', windows ? 'node.cmd' : 'node')
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`
  const program = join(modules, name, 'bin', windows ? 'node.exe' : 'node')
  if (existsSync(program) && major(versionOf(name)) >= needed) {
    if (!existsSync(link)) makeLink(link, program, name) // npm with bin-links=false makes none
    if (!windows && !(statSync(program).mode & 0o111)) chmodSync(program, 0o755)
    if (!runs(program, name)) fail(`${program} does not run here (on Alpine: no glibc). ${advice()}`)
    return
  }
  if (major(process.versions.node) >= needed) return
  fail(`No Node.js ${needed} comes with the dependencies for ${process.platform}-${process.arch}. ${advice()}`)
}

function makeLink(link, program, name) {
  mkdirSync(dirname(link), { recursive: true })
  rmSync(link, { force: true }) // a link that leads nowhere
  if (windows) writeFileSync(link, `@"%~dp0\\..\\${name}\\bin\\node.exe" %*\r\n`)
  else symlinkSync(join('..', name, 'bin', 'node'), link)
}

/** Asked once per installation: starting it costs as much as all the rest. */
function runs(program, name) {
  const proof = join(modules, '.officina-node')
  const claim = `${name} ${versionOf(name)}`
  if (read(proof) === claim) return true
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
  } catch {
    return false
  }
  writeFileSync(proof, claim)
  return true
}

function versionOf(name) {
  return JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')).version
}

function advice() {
  return `Install Node.js ${needed} (https://nodejs.org) so that \`node\` is it; this one is ${process.version}.`
}

function major(version) {
  return Number(version.split('.')[0])
}

function packages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

function hash(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function fail(message) {
  say(message)
  process.exit(1)
}

function say(message) {
  process.stderr.write(`${message}\n`)
}
