import { InvalidArgumentError, type Command } from 'commander'
import { CallRefused } from '../server/demonstration/simulation/client.ts'
import { simulate } from '../server/demonstration/simulation/simulate.ts'

const positive = (text: string): number => {
  const number = Number(text)
  if (!(number > 0)) throw new InvalidArgumentError('a number above zero')
  return number
}

type Options = { url: string; email: string; password: string; days: number; rate: number; plant?: string }

const told = (message: string): void => void process.stdout.write(`${message}\n`)

/** `simulate`: a line for dry pasta, played to a server through its public API. */
export const simulateCommand = (program: Command): Command =>
  program
    .command('simulate')
    .description('play a line for dry pasta to a server through its public API, until SIGTERM or SIGINT')
    .option('--url <address>', 'of the server', 'http://127.0.0.1:8000')
    .option('--email <address>', 'who signs in', 'manager@pasta.example')
    .option('--password <text>', 'theirs', 'officina-demo')
    .option('--days <number>', 'so many days of readings at the beginning, four an hour and sensor', positive, 90)
    .option('--rate <number>', 'readings per second from then on', positive, 2)
    .option('--plant <code>', 'a food plant; by default the first')
    .action(async ({ url, email, password, ...options }: Options, command: Command) => {
      const simulation = { ...options, url: url.replace(/\/+$/, ''), credentials: { email, password }, told }
      // It has no end of its own: a signal ends the process.
      await simulate(simulation, new AbortController().signal).catch((error: unknown) => {
        if (error instanceof CallRefused) command.error(`error: ${error.message}`)
        throw error
      })
    })
