-- Documents: the files of a company, their versions and what they belong to.

-- One row per content of a company: the bytes lie in the store under <tenant>/<sha256>, once, whoever uploaded them. The scanner's
-- finding is one of the content: what is found in one document holds for all that are the same. No bytes are served while scan is
-- 'waiting', 'infected' or 'failed'; 'not_scanned' exists in development only.
create table files (
  tenant_id   uuid not null,
  sha256      text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  size        bigint not null check (size >= 0),
  media_type  text not null,
  scan        text not null default 'waiting' check (scan in ('waiting', 'clean', 'infected', 'not_scanned', 'failed')),
  scan_detail text,                     -- the signature that was found, or why the scan failed
  scanned_at  timestamptz,
  purged_at   timestamptz,              -- the bytes are gone for good; the row stays, because versions name it
  stored_at   timestamptz not null,
  primary key (tenant_id, sha256)
);

-- A document and what its current version is. Hidden, not removed; purged_at: its contents are gone, and what is left says that it was.
create table documents (
  tenant_id      uuid not null,
  id             uuid not null,
  plant_id       uuid,                  -- null: the company's
  name           text not null check (char_length(name) between 1 and 255),
  category       text check (char_length(category) between 1 and 50),
  source         text not null check (source in ('uploaded', 'generated', 'collected')),
  version        integer not null check (version > 0),
  sha256         text not null,
  type           text not null check (type ~ '^[a-z0-9]{1,10}$'),
  media_type     text not null,
  size           bigint not null,
  tags           text[] not null default '{}',
  expiry_date    date,
  expiry_notice_days integer not null default 30 check (expiry_notice_days between 0 and 3650),
  expiry_told    date,                  -- the expiry_date that was announced
  retain_until   date,                  -- nothing deletes it before
  hold_reason    text check (char_length(hold_reason) between 1 and 500),
  held_at        timestamptz,
  held_by        uuid,
  search_text    text not null,         -- name and tags without accents, for the list's q; text has passages
  deleted_at     timestamptz,
  purged_at      timestamptz,
  revision       integer not null default 1,
  created_at     timestamptz not null,
  updated_at     timestamptz not null,
  created_by     uuid,
  updated_by     uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, plant_id) references plants,
  foreign key (tenant_id, sha256) references files,
  check ((hold_reason is null) = (held_at is null))
);
create index documents_by_name on documents (tenant_id, name, id) where deleted_at is null;
create index documents_by_plant on documents (tenant_id, plant_id, created_at) where deleted_at is null;
create index documents_by_file on documents (tenant_id, sha256);
create index documents_by_expiry on documents (tenant_id, expiry_date, id) where deleted_at is null and expiry_date is not null;
create index documents_in_trash on documents (tenant_id, deleted_at) where deleted_at is not null and purged_at is null;

create table document_versions (
  tenant_id     uuid not null,
  document_id   uuid not null,
  version       integer not null check (version > 0),
  sha256        text not null,
  file_name     text not null check (char_length(file_name) between 1 and 255),
  type          text not null,
  media_type    text not null,
  size          bigint not null,
  note          text check (char_length(note) between 1 and 500),
  restored_from integer,
  created_at    timestamptz not null,
  created_by    uuid,
  primary key (tenant_id, document_id, version),
  foreign key (tenant_id, document_id) references documents,
  foreign key (tenant_id, sha256) references files
);
create index document_versions_by_file on document_versions (tenant_id, sha256);

-- What a document belongs to besides its plant. What kinds there are, and whether a target exists, its own context says.
create table document_links (
  tenant_id   uuid not null,
  document_id uuid not null,
  kind        text not null check (kind in ('plant', 'line', 'batch', 'lot', 'workflow', 'task', 'order')),
  target_id   uuid not null,
  created_at  timestamptz not null,
  created_by  uuid,
  primary key (tenant_id, document_id, kind, target_id),
  foreign key (tenant_id, document_id) references documents
);
create index document_links_by_target on document_links (tenant_id, kind, target_id);

select control.protect('files', null, 'select, insert, update');
select control.protect('documents', 'plant_id', 'select, insert, update');
select control.protect('document_versions', null, 'select, insert');
select control.protect('document_links', null, 'select, insert, delete');

-- What hangs on a document is seen by whoever sees the document, whose plant may change: the policy asks for the document itself,
-- under its own policies. What hangs on a content is seen by whoever sees a document that has it, in any version.
create policy document on document_versions as restrictive to officina_app using (exists (
  select from documents d where d.tenant_id = (select current_setting('app.tenant_id')::uuid) and d.id = document_id));
create policy document on document_links as restrictive to officina_app using (exists (
  select from documents d where d.tenant_id = (select current_setting('app.tenant_id')::uuid) and d.id = document_id));
