import type { Static, TObject } from 'typebox'

/**
 * A kind of event: its name (what happened, in the past tense), the topic that live clients subscribe to, the permission
 * that one needs to see it, and the shape of its data: ids and the few facts that a reader always wants, never a secret, and
 * nothing of a person but ids, since an event is never changed and a person may be erased.
 */
export type EventKind<Data extends TObject = TObject> = {
  readonly type: string
  readonly topic: string
  readonly permission: string
  readonly data: Data
}

declare const madeOfAKind: unique symbol

/** What a Work leaves to be told; only `eventOf` makes one. `subject` is the resource as its path below /api/v1: `plants/<id>`. */
export type NewEvent = {
  readonly type: string
  readonly subject: string
  /** Whoever may not see this plant does not see the event. */
  readonly plant_id: string | null
  readonly data: Readonly<Record<string, unknown>>
  readonly [madeOfAKind]: true
}

/** Declares a kind; the installation knows those that its contexts list (`collectKinds`). */
export const eventKind = <Data extends TObject>(kind: EventKind<Data>): EventKind<Data> => kind

type Of = { subject: string; plant_id?: string | null }

/** An event of a declared kind, ready for `work.record`, `work.announce` or `work.finish`. */
export const eventOf = <Data extends TObject>(
  { type }: EventKind<Data>,
  { subject, plant_id = null }: Of,
  data: Static<Data>,
): NewEvent => ({ type, subject, plant_id, data: data as Record<string, unknown> }) as NewEvent

const TYPE = /^([A-Z][a-z0-9]*)+$/
const TOPIC = /^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)*$/

/** All kinds of an installation, in the order of their names. Two of one type, or a name in another form, stop the start. */
export function collectKinds(...lists: readonly (readonly EventKind[])[]): readonly EventKind[] {
  const kinds = lists.flat().toSorted((a, b) => (a.type < b.type ? -1 : 1))
  for (const [at, { type, topic }] of kinds.entries()) {
    if (type === kinds[at + 1]?.type) throw new Error(`Two kinds of event are called ${type}`)
    if (!TYPE.test(type) || !TOPIC.test(topic)) throw new Error(`${type} on ${topic}: not named as events are`)
  }
  return kinds
}

/** The kinds on these topics, each with what is below it: `plant-ops` has `plant-ops.anomalies` too. No topics: all kinds. */
export const kindsOn = (kinds: readonly EventKind[], topics: readonly string[] | undefined): readonly EventKind[] =>
  topics === undefined
    ? kinds
    : kinds.filter(({ topic }) => topics.some((one) => topic === one || topic.startsWith(`${one}.`)))
