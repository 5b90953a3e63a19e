import type { Command } from 'commander'
import { readConfig } from '#config'
import { work } from '../server/worker.ts'

export const workerCommand = (program: Command): Command =>
  program
    .command('worker')
    .description('do jobs, as the server does beside its requests; any number may run; ends on SIGTERM or SIGINT')
    .action(() => work(readConfig()))
