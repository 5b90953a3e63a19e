import type { Command } from 'commander'
import { getTenantBySlug } from '#contexts/identity'
import type { EdgeCustody } from '#platform/database/custody.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import { failureRefusals } from '#platform/events/failure-refusals.ts'
import { FailureQuery, listFailures, retryFailed } from '#platform/events/failures.ts'
import { BUS } from '#platform/events/nats/publish-events.ts'
import {
  forgetSubscriber,
  positionAt,
  readEventsState,
  replayFrom,
  replayOf,
} from '#platform/events/subscriber-state.ts'
import { subscribers } from '../server/app.ts'
import { answer, table, withInstallation } from './command.ts'
import { said, shaped } from './shape.ts'

const inCustody = <T>(use: (custody: EdgeCustody) => Promise<T>): Promise<T> =>
  withInstallation(({ installation }) => installation.custody.run(use))

/** `events status`: what waits for the sequencer, and how far each subscriber is. */
export const eventsStatus = (events: Command): Command =>
  events
    .command('status')
    .description('how many events wait for their place, and how far each subscriber is')
    .action(async () => {
      const state = await inCustody(readEventsState)
      const known = new Set([BUS, ...subscribers.map(({ name }) => name)])
      const rows = state.subscribers.map((one) => [
        ...[one.name, String(one.behind), `${Math.round(one.seconds)} s`, String(one.retrying), String(one.failed)],
        ...[String(one.held), known.has(one.name) ? '' : 'not in this program: officina events forget'],
      ])
      answer(state, [
        `${state.head} events have their place, ${state.unnumbered} wait for it.`,
        ...table([['SUBSCRIBER', 'BEHIND', 'SINCE', 'RETRYING', 'FAILED', 'HELD', ''], ...rows]),
      ])
    })

type ListOptions = { tenant: string; state?: string; subscriber?: string; limit: number; cursor?: string }

/** `events failures`: what was set aside of one company. */
export const eventsFailures = (events: Command): Command =>
  events
    .command('failures')
    .description('events of a company that a subscriber went on without, oldest first')
    .requiredOption('--tenant <slug>')
    .option('--state <state>', 'retrying, failed or held')
    .option('--subscriber <name>')
    .option('--limit <number>', 'how many at most', Number, 50)
    .option('--cursor <id>', 'go on after the last one of the page before')
    .action(async ({ tenant, ...options }: ListOptions) => {
      const query = shaped(FailureQuery, 'events', said(options))
      const page = await withInstallation(async ({ installation }) => {
        const { id } = await installation.custody.run((custody) => getTenantBySlug(custody, tenant))
        return installation.database.read(systemScope(id, 'officina events'), (work) => listFailures(work, query))
      })
      const rows = page.items.map((one) => [
        ...[one.id, one.subscriber, String(one.sequence), one.type, one.subject, one.state, String(one.attempts)],
        one.error ?? '',
      ])
      answer(page, table([['ID', 'SUBSCRIBER', 'SEQUENCE', 'TYPE', 'SUBJECT', 'STATE', 'ATTEMPTS', 'ERROR'], ...rows]))
    })

/** `events retry`: all that failed, after what was wrong is mended. */
export const eventsRetry = (events: Command): Command =>
  events
    .command('retry')
    .description('have all events tried again that failed too often, of every company')
    .option('--subscriber <name>', 'those of one subscriber')
    .action(async ({ subscriber }: { subscriber?: string }) => {
      const retried = await inCustody((custody) => retryFailed(custody, subscriber))
      answer({ retried }, [`${retried} to be tried again.`])
    })

type ReplayOptions = { from: string; tenant?: string }
const ONLY_DIGITS = /^\d{1,15}$/

async function replay(custody: EdgeCustody, name: string, { from, tenant }: ReplayOptions): Promise<number> {
  const time = ONLY_DIGITS.test(from) ? null : new Date(from).toISOString()
  if (tenant === undefined) {
    await replayFrom(custody, name, time === null ? Number(from) : await positionAt(custody, time))
    return (await readEventsState(custody)).subscribers.find((one) => one.name === name)?.behind ?? 0
  }
  const types = subscribers.find((one) => one.name === name)?.types
  if (types === undefined) throw failureRefusals.refuse('events.subscriber_not_found')
  const { id: tenantId } = await getTenantBySlug(custody, tenant)
  return replayOf(custody, { name, types, tenantId, sequence: Number(from) })
}

/** `events replay`: gives a subscriber events once more. */
export const eventsReplay = (events: Command): Command =>
  events
    .command('replay')
    .argument('<subscriber>')
    .description('give a subscriber events once more, of all companies or of one')
    .requiredOption(
      '--from <place or time>',
      'a position over all companies, or a time; with --tenant a sequence of it',
    )
    .option('--tenant <slug>', 'of this company alone; the others’ go on')
    .action(async (name: string, options: ReplayOptions, command: Command) => {
      const digits = ONLY_DIGITS.test(options.from)
      if (!digits && (options.tenant !== undefined || Number.isNaN(Date.parse(options.from)))) {
        command.error(
          `--from is a ${options.tenant === undefined ? 'position or a time' : 'sequence'}, not ${options.from}`,
        )
      }
      const events_again = await inCustody((custody) => replay(custody, name, options))
      answer({ subscriber: name, events_again }, [`${name} takes up to ${events_again} events once more.`])
    })

/** `events forget`: what is left of a subscriber that the program no longer has. */
export const eventsForget = (events: Command): Command =>
  events
    .command('forget')
    .argument('<subscriber>')
    .description('remove the place of a subscriber that the program no longer has, and what it set aside')
    .action(async (name: string, _options: object, command: Command) => {
      if (subscribers.some((one) => one.name === name)) command.error(`${name} is in this program: it would begin anew`)
      await inCustody((custody) => forgetSubscriber(custody, name))
      answer({ forgotten: name }, [`${name} is forgotten.`])
    })
