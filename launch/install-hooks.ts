/** `npm run hooks`: the fast part of the check before each commit. It looks at the tree as it is, not at what is staged alone. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
const OURS = '# Officina: the fast part of npm run check'
const hook = `#!/bin/sh
${OURS}
exec npm run --silent check -- --fast
`
const answered = execFileSync('git', ['rev-parse', '--git-path', 'hooks/pre-commit'], { cwd: root }).toString().trim()
const file = resolve(root, answered)
if (existsSync(file) && !readFileSync(file, 'utf8').includes(OURS)) {
  process.stderr.write(
    `${file} is there already and not ours: put «npm run --silent check -- --fast» into it yourself.\n`,
  )
  process.exitCode = 1
} else {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, hook)
  chmodSync(file, 0o755)
  process.stdout.write(`${file} runs the fast part of the check\n`)
}
