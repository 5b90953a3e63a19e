#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { EXIT, endingOf } from '../server/exit-code.ts'
import { auditExport } from './audit-export.ts'
import { auditSeal } from './audit-seal.ts'
import { auditVerify } from './audit-verify.ts'
import { backup } from './backup.ts'
import { answerInJson, inJson } from './command.ts'
import { doctor } from './doctor.ts'
import { eventsFailures, eventsForget, eventsReplay, eventsRetry, eventsStatus } from './events.ts'
import { jobsCancel, jobsList, jobsRetry } from './jobs.ts'
import { keysReseal } from './keys-reseal.ts'
import { keysRotate } from './keys-rotate.ts'
import { migrateCommand } from './migrate.ts'
import { restore } from './restore.ts'
import { seed } from './seed.ts'
import { serveCommand } from './serve.ts'
import { simulateCommand } from './simulate.ts'
import { tenantCreate } from './tenant-create.ts'
import { tenantDelete } from './tenant-delete.ts'
import { tenantExport } from './tenant-export.ts'
import { tenantImport } from './tenant-import.ts'
import { tenantList } from './tenant-list.ts'
import { tenantMove } from './tenant-move.ts'
import { tenantSuspend } from './tenant-suspend.ts'
import { verify } from './verify.ts'
import { userCreate } from './user-create.ts'
import { userList } from './user-list.ts'
import { userPromote } from './user-promote.ts'
import { userResetPassword } from './user-reset-password.ts'
import { userSuspend } from './user-suspend.ts'
import { workerCommand } from './worker.ts'

const AFTER = `
It works on the installation that the settings name (OFFICINA_HOME, DATABASE_URL …, see docs/operate.md), also while a
server runs on it.

Exit codes: 0 done · 1 a bug · 2 wrong configuration or usage · 3 not found · 4 not valid · 5 conflict, or doctor found a
failure · 6 not allowed · 7 something that is needed does not answer: try again.`

function program(): Command {
  const root = new Command('officina').description('The administrator’s command line.').addHelpText('after', AFTER)
  root.option('--json', 'answer in JSON').on('option:json', answerInJson)
  root.hook('preAction', (_root, command) =>
    ['serve', 'worker'].includes(command.name()) ? undefined : endOnSignals(),
  )
  root.exitOverride().showHelpAfterError('(--help shows how)')
  serveCommand(root)
  workerCommand(root)
  migrateCommand(root)
  doctor(root)
  seed(root)
  simulateCommand(root)
  for (const add of [backup, restore, verify]) add(root)
  const tenant = root.command('tenant').description('companies')
  for (const add of [tenantCreate, tenantList, tenantSuspend, tenantMove, tenantDelete, tenantExport, tenantImport])
    add(tenant)
  const user = root.command('user').description('people in companies')
  for (const add of [userCreate, userList, userSuspend, userResetPassword, userPromote]) add(user)
  const jobs = root.command('jobs').description('what is done in the background')
  for (const add of [jobsList, jobsRetry, jobsCancel]) add(jobs)
  const audit = root.command('audit').description('the trail of what was done')
  for (const add of [auditVerify, auditSeal, auditExport]) add(audit)
  const events = root.command('events').description('events, and the subscribers that follow them')
  for (const add of [eventsStatus, eventsFailures, eventsRetry, eventsReplay, eventsForget]) add(events)
  const keys = root.command('keys').description('keys and secrets')
  for (const add of [keysRotate, keysReseal]) add(keys)
  return root
}

/** A command that is ended lets its embedded PostgreSQL shut down in order; the server waits for its requests itself. */
function endOnSignals(): void {
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
}

/** `--json` is understood wherever it stands. */
const typed = (args: string[]): string[] =>
  args.includes('--json') ? ['--json', ...args.filter((arg) => arg !== '--json')] : args

try {
  await program().parseAsync(typed(process.argv.slice(2)), { from: 'user' })
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.configuration)
  const { code, refusal, message } = endingOf(error)
  process.stderr.write(inJson() ? `${JSON.stringify({ error: { code: refusal, message } })}\n` : `${message}\n`)
  process.exit(code)
}
