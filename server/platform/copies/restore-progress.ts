import { createHash } from 'node:crypto'
import type pg from 'pg'
import { isHalfRestored, RESTORING } from '../database/half-restored.ts'
import type { Verified } from './open-copy.ts'

/**
 * How far a restore is. Each step is noted in the transaction that takes it, so that whatever is killed, what is noted is done and
 * nothing else is.
 *
 * - `schemas`: the tables are being made; no row of the copy is in. Broken off here, it begins anew.
 * - `rows`: of the copy's parts (a table each), those before `part` are in, and of this one so many bytes of its COPY text.
 * - `keys`: all rows are in, and the foreign keys come back.
 */
export type Progress = { copy: string; phase: 'schemas' | 'rows' | 'keys'; part: number; bytes: number }

/** Which copy it is: of what was verified, with the key that no other copy has. */
export const copyDigest = ({ header, manifest }: Pick<Verified, 'header' | 'manifest'>): string =>
  createHash('sha256').update(JSON.stringify(header)).update(JSON.stringify(manifest)).digest('hex')

/** Null where no restore is under way, nor was one broken off. */
export async function readProgress(client: pg.ClientBase): Promise<Progress | null> {
  if (!(await isHalfRestored(client))) return null
  const { rows } = await client.query<Progress>(`select copy, phase, part, bytes from ${RESTORING}.progress`)
  return rows[0] ?? null
}

/** From the beginning, instead of any that was noted before. Inside of the caller's transaction; ends in the log-in's own role. */
export async function beginProgress(client: pg.ClientBase, copy: string): Promise<void> {
  await client.query(`
    set role officina_owner;
    drop schema if exists ${RESTORING} cascade;
    create schema ${RESTORING};
    create table ${RESTORING}.progress (
      single boolean primary key default true check (single),
      copy   text not null,
      phase  text not null default 'schemas' check (phase in ('schemas', 'rows', 'keys')),
      part   integer not null default 0,
      bytes  bigint not null default 0
    );
    -- Those that are set aside until all rows are in (foreign-keys.ts).
    create table ${RESTORING}.foreign_keys (
      schema        text not null,
      name          text not null,
      key           text not null,
      definition    text not null,
      to_schema     text not null,
      to_name       text not null,
      primary key (schema, name, key)
    );
    grant usage on schema ${RESTORING} to officina_custody;
    grant select, update on ${RESTORING}.progress to officina_custody;
    reset role`)
  await client.query(`set role officina_owner`)
  await client.query(`insert into ${RESTORING}.progress (copy) values ($1)`, [copy])
  await client.query('reset role')
}

/** In the transaction in which this came true. */
export async function noteProgress(
  client: pg.ClientBase,
  { phase, part, bytes }: Omit<Progress, 'copy'>,
): Promise<void> {
  await client.query(`update ${RESTORING}.progress set phase = $1, part = $2, bytes = $3`, [phase, part, bytes])
}

/** It is whole: from here on it is an installation like any other. */
export const endProgress = (client: pg.ClientBase): Promise<unknown> =>
  client.query(`begin; set local role officina_owner; drop schema ${RESTORING} cascade; commit`)
