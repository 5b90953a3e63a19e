import { coarseVector, type CopyMark, type VectorCopy, type Whose } from './copied-vectors.ts'
import type { Nearest } from './vector-store.ts'

/** Runs statements of one company, one after the other in one transaction: in the product a Work of the machine. */
export type InTenant = <T>(tenantId: string, use: (run: Run) => Promise<T>) => Promise<T>
export type Run = (text: string, values: readonly unknown[]) => Promise<readonly unknown[]>

/**
 * Makes the tables of the copy, by a log-in that is officina_owner and may create the extension or finds it in `ext`. They lie in a schema of their own: a copy is no
 * part of what a company takes along, and dropping the schema loses nothing. Harmless to repeat.
 */
export const PGVECTOR_TABLES = `
select pg_advisory_xact_lock(hashtext('officina.vectors'));
create schema if not exists vectors;
grant usage on schema vectors to officina_app;
create table if not exists vectors.passages (
  tenant_id uuid not null, edition text not null, content text not null, ord integer not null, embedding ext.halfvec not null,
  primary key (tenant_id, edition, content, ord));
create table if not exists vectors.marks (
  tenant_id uuid not null, edition text not null, mark jsonb not null, primary key (tenant_id, edition));
alter table vectors.passages alter column embedding set storage plain;
alter table vectors.passages enable row level security;
alter table vectors.passages force row level security;
alter table vectors.marks enable row level security;
alter table vectors.marks force row level security;
drop policy if exists tenant on vectors.passages;
drop policy if exists tenant on vectors.marks;
create policy tenant on vectors.passages to officina_app using (tenant_id = (select current_setting('app.tenant_id')::uuid));
create policy tenant on vectors.marks to officina_app using (tenant_id = (select current_setting('app.tenant_id')::uuid));
grant select, insert, update, delete on vectors.passages, vectors.marks to officina_app;`

/**
 * pgvector, exact: one company's rows by their key and no index over all companies, which would lose a small one's (research measured 2 of 10). halfvec: as exact as
 * the coarse numbers, in half the room.
 */
export function pgvectorCopy(inTenant: InTenant, ready: () => Promise<void>): VectorCopy {
  const on = async <T>(tenantId: string, use: (run: Run) => Promise<T>): Promise<T> => {
    await ready()
    return inTenant(tenantId, use)
  }
  return {
    mark: ({ tenantId, edition }) =>
      on(tenantId, async (run) => {
        const rows = await run('select mark from vectors.marks where tenant_id = $1 and edition = $2', [
          tenantId,
          edition,
        ])
        return (rows[0] as { mark: CopyMark } | undefined)?.mark ?? null
      }),
    put: ({ tenantId, edition, dimensions }: Whose, pieces, mark) =>
      on(tenantId, async (run) => {
        for (const piece of pieces) {
          const vectors = Array.from(
            { length: piece.count },
            (_, n) => `[${coarseVector(piece, n, dimensions).join(',')}]`,
          )
          await run(
            `insert into vectors.passages (tenant_id, edition, content, ord, embedding)
             select $1, $2, $3, $4::integer + place::integer - 1, one::ext.halfvec from unnest($5::text[]) with ordinality as p (one, place)
                 on conflict (tenant_id, edition, content, ord) do update set embedding = excluded.embedding`,
            [tenantId, edition, piece.content, piece.ord, vectors],
          )
        }
        await run(
          `insert into vectors.marks (tenant_id, edition, mark) values ($1, $2, $3)
               on conflict (tenant_id, edition) do update set mark = excluded.mark`,
          [tenantId, edition, JSON.stringify(mark)],
        )
      }),
    clear: ({ tenantId, edition }) =>
      on(tenantId, async (run) => {
        await run('delete from vectors.marks where tenant_id = $1 and edition = $2', [tenantId, edition])
        await run('delete from vectors.passages where tenant_id = $1 and edition = $2', [tenantId, edition])
      }),
    nearest: ({ tenantId, edition, vector, contents, limit }) =>
      on(tenantId, async (run) => {
        const rows = await run(
          `select content, ord, 1 - (embedding operator(ext.<=>) $4::ext.halfvec) as similarity from vectors.passages
            where tenant_id = $1 and edition = $2 and content = any ($3::text[])
            order by embedding operator(ext.<=>) $4::ext.halfvec, content, ord limit $5`,
          [tenantId, edition, contents, `[${vector.join(',')}]`, limit],
        )
        return rows as Nearest[]
      }),
    close: () => Promise.resolve(),
  }
}
