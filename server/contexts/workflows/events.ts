import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Day, Id, Shape } from '#platform/http/shapes.ts'

const kindOf = { topic: 'workflows', permission: 'obligations.read' } as const
const count = Type.Integer({ minimum: 0 })

const obligationsReconciled = eventKind({
  ...{ type: 'ObligationsReconciled', ...kindOf },
  data: Shape(
    { plant_id: Id, open: count, completed: count, untracked: count, withdrawn: count },
    { description: 'How many duties of the plant were written, by the status that they have now' },
  ),
})
const obligationCompleted = eventKind({
  ...{ type: 'ObligationCompleted', ...kindOf },
  data: Shape({ obligation_id: Id, plant_id: Id, obligation: Type.String(), period: Type.String(), due_date: Day }),
})

/** What this context announces. */
export const workflowEvents = [obligationsReconciled, obligationCompleted]

type Counts = { open: number; completed: number; untracked: number; withdrawn: number }

export const tellReconciled = (plant_id: string, counts: Counts): NewEvent =>
  eventOf(obligationsReconciled, { subject: `plants/${plant_id}`, plant_id }, { plant_id, ...counts })

type Completed = { id: string; plant_id: string; obligation: string; period: string; due_date: string }

export const tellCompleted = ({ id, plant_id, obligation, period, due_date }: Completed): NewEvent =>
  eventOf(
    obligationCompleted,
    { subject: `obligations/${id}`, plant_id },
    { obligation_id: id, plant_id, obligation, period, due_date },
  )
