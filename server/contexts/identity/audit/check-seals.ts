import { sql } from 'kysely'
import type { EdgeWork } from '#platform/database/work.ts'
import type { KeySet } from '../tokens/signing-keys.ts'
import type { Break } from './check-chain.ts'
import { listSeals } from './seal-audit.ts'
import { verifyHead } from './verify-head.ts'

type Verdict = { broken: Break | null; sealed: { number: number; at: string } | null }

/** Signed heads, of the event store and the one that was kept outside: ours, of this company, and still in the chain. */
export async function checkSeals(work: EdgeWork, keys: KeySet, kept: string | undefined): Promise<Verdict> {
  const told = await listSeals(work)
  const given = kept === undefined ? [] : [await placed(work, keys, kept)]
  let sealed: Verdict['sealed'] = null
  for (const seal of [...given, ...told]) {
    const head = await verifyHead(keys, seal.jws)
    // Who took the company in cannot check that signature; that the chain still says the same, they can.
    if (head === null && seal.brought && seal.stands === seal.link) continue
    const ours = head?.tenant_id === work.tenantId && head.number === seal.number && head.link === seal.link
    const reason = !ours ? 'head_forged' : seal.stands === null ? 'head_missing' : 'head_differs'
    if (!ours || seal.stands !== seal.link) {
      return { broken: { number: seal.number, audit_id: null, at: head?.at ?? null, reason }, sealed }
    }
    if (sealed === null || head.number > sealed.number) sealed = { number: head.number, at: head.at }
  }
  return { broken: null, sealed }
}

/** A head from outside, with the link that stands where it says. */
async function placed({ db, tenantId }: EdgeWork, keys: KeySet, jws: string) {
  const head = await verifyHead(keys, jws)
  if (head === null) return { jws, number: 0, link: '', stands: null, brought: false }
  const { rows } = await sql<{ link: string }>`
    select encode(link, 'hex') as link from control.audit_chain where tenant_id = ${tenantId} and number = ${head.number}`.execute(
    db,
  )
  return { jws, number: head.number, link: head.link, stands: rows[0]?.link ?? null, brought: false }
}
