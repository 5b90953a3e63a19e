import type { Command } from 'commander'
import { ConfigError, readConfig, type Config } from '#config'
import { EXIT } from '../server/exit-code.ts'
import { answer } from './command.ts'
import { examineBackups } from './doctor/backups.ts'
import { examineDatabase } from './doctor/database.ts'
import { examined, fail, ok, type Finding } from './doctor/finding.ts'
import { examineFiles } from './doctor/files.ts'
import { dependencies, examineMachine, nodeVersion } from './doctor/machine.ts'
import { examineMail } from './doctor/mail.ts'
import { examineNats } from './doctor/nats.ts'
import { examineScanner } from './doctor/scanner.ts'

const SIGN = { ok: '✔', warn: '!', fail: '✖' } as const

function configuration(): { config: Config | null; findings: Finding[] } {
  try {
    const config = readConfig()
    return { config, findings: [ok('configuration', `nothing is wrong with it (${config.ENVIRONMENT})`)] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return {
      config: null,
      findings: error.problems.map((problem) => fail('configuration', problem, 'docs/operate.md lists the settings.')),
    }
  }
}

async function examine(): Promise<Finding[]> {
  const { config, findings } = configuration()
  // Without a configuration nobody knows which home, port and database to look at.
  if (config === null) return [nodeVersion(), dependencies(), ...findings]
  return [
    ...findings,
    ...(await examined('machine', () => examineMachine(config))),
    ...(await examined('database', () => examineDatabase(config))),
    ...(await examined('backups', () => examineBackups(config, new Date()))),
    ...(await examined('files', () => examineFiles(config))),
    ...(await examined('mail', () => examineMail(config))),
    ...(await examined('nats', () => examineNats(config))),
    ...(await examined('scanner', () => examineScanner(config, new Date()))),
  ]
}

export const doctor = (program: Command): Command =>
  program
    .command('doctor')
    .description('examine the installation and say how to mend what is wrong; changes nothing')
    .action(async () => {
      const findings = await examine()
      const count = (status: Finding['status']): number => findings.filter((one) => one.status === status).length
      const summary = { ok: count('ok'), warn: count('warn'), fail: count('fail') }
      const lines = findings.map(
        ({ check, status, message, mend }) => `${SIGN[status]} ${check}: ${message}${mend ? `\n    → ${mend}` : ''}`,
      )
      answer({ healthy: summary.fail === 0, summary, findings }, [
        ...lines,
        `${summary.ok} ok, ${summary.warn} warnings, ${summary.fail} failures`,
      ])
      if (summary.fail > 0) process.exitCode = EXIT.conflict
    })
