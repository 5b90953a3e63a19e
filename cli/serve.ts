import type { Command } from 'commander'
import { readConfig } from '#config'
import { serve } from '../server/serve.ts'

export const serveCommand = (program: Command): Command =>
  program
    .command('serve')
    .description('run the server, as npm start does; ends on SIGTERM or SIGINT when what is in flight is done')
    .action(() => serve(readConfig()))
