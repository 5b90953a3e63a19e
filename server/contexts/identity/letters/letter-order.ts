import { Type, type Static } from 'typebox'
import { Id, Shape, Timestamp } from '#platform/http/shapes.ts'
import { jobKind } from '#platform/jobs/job-kind.ts'

const AnyOf = <const T extends string[]>(...values: T) => Type.Unsafe<T[number]>(Type.Enum(values))
const Seen = { at: Timestamp, address: Type.String({ maxLength: 100 }) }

/**
 * A letter to be sent: to whom, which one, and plain facts. The text is written when it goes out, from what is true then;
 * nothing here opens anything.
 */
export const LetterOrder = Type.Union([
  Shape({ letter: Type.Literal('invitation'), user_id: Id }),
  Shape({ letter: Type.Literal('password_reset'), account_id: Id }),
  Shape({
    ...{ letter: Type.Literal('password_changed'), account_id: Id, ...Seen },
    how: AnyOf('changed', 'reset', 'given'),
  }),
  Shape({
    ...{ letter: Type.Literal('second_factor_changed'), account_id: Id, ...Seen },
    change: AnyOf('enabled', 'disabled', 'recovery_code_used'),
  }),
  Shape({
    ...{ letter: Type.Literal('new_device'), account_id: Id, ...Seen },
    device: Type.String({ maxLength: 300 }),
  }),
  Shape({
    ...{ letter: Type.Literal('webhook_disabled'), account_id: Id, at: Timestamp },
    ...{ host: Type.String({ maxLength: 300 }), reason: AnyOf('gone', 'failing') },
  }),
])
export type LetterOrder = Static<typeof LetterOrder>

/**
 * Sending a letter. The waits between the attempts add up to between 11 and 21 hours: a mail server that is mended within a
 * working day loses none, and what is older says nothing to its reader.
 */
export const letterOrder = jobKind({
  name: 'mail.send',
  input: LetterOrder,
  limits: { seconds: 60, attempts: 30, wait: 10, longestWait: 3600, concurrency: 8 },
})
