import type { CloudEvent } from '../cloud-event.ts'

/** `<prefix>.<tenant>.<context>.<type>`: four tokens after the prefix, whatever the topic, so that wildcards mean one thing. */
export const busSubject = (prefix: string, { tenantid, type }: CloudEvent, topic: string): string =>
  `${prefix}.${tenantid}.${topic.split('.')[0]!}.${type}`
