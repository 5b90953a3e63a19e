-- Evidence packs: archives that prove what was done with a set of documents, a plant in a period or a batch. The archive itself is a content
-- (files); here stands what it is about, who may open it and how far it is.
--
-- Whoever opens a pack must see every plant that is in it (plant_ids), and may do what it takes to see such rows (permissions).
-- seen_plants and granted are its maker's, as they were when it was asked for: the job that builds it sees no more than that.
create table evidence_packs (
  tenant_id      uuid not null,
  id             uuid not null,
  kind           text not null check (kind ~ '^[a-z_]{1,30}$'),
  subject        jsonb not null,
  name           text not null check (char_length(name) between 1 and 255),
  language       text not null check (language in ('it', 'en')),
  versions       text not null check (versions in ('current', 'all')),
  plant_ids      uuid[] not null,
  permissions    text[] not null,
  seen_plants    uuid[],                -- null: all of the company
  granted        text[] not null,
  status         text not null default 'building' check (status in ('building', 'ready', 'failed')),
  failure        text,                  -- the code of the refusal
  documents      integer not null check (documents >= 0),
  documents_done integer not null default 0,
  absent         integer not null default 0,
  entries        integer not null default 0,
  events         integer not null default 0,
  size           bigint,
  sha256         text,
  ready_at       timestamptz,
  deleted_at     timestamptz,
  revision       integer not null default 1,
  created_at     timestamptz not null,
  updated_at     timestamptz not null,
  created_by     uuid,
  updated_by     uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, sha256) references files,
  check ((status = 'ready') = (sha256 is not null))
);
create index evidence_packs_by_time on evidence_packs (tenant_id, created_at, id) where deleted_at is null;
create index evidence_packs_by_file on evidence_packs (tenant_id, sha256) where sha256 is not null;

select control.protect('evidence_packs', null, 'select, insert, update');
create policy plants on evidence_packs as restrictive to officina_app using (
  (select current_setting('app.all_plants') = 'on')
  or plant_ids <@ coalesce((select current_setting('app.plants')::uuid[]), '{}'));
