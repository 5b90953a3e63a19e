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
  removed_at  timestamptz,              -- when the store had let go of them, after purged_at: until then they cannot be stored anew
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
  expiring_told  date,                  -- the expiry_date that was announced ahead
  expired_told   date,                  -- the expiry_date whose passing was announced
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
create index documents_search on documents using gin (tenant_id, search_text ext.gin_trgm_ops) where deleted_at is null;

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

-- As find_plants: the policy would keep documents_search from being used, so this function is the isolation instead. Its owner may
-- read these columns only; tenant and plants come from the open scope, and it fails where none is open. A document without a plant
-- is the company's: whoever may ask at all sees it. in_text is written as search_text is.
create function find_documents(in_text text) returns table (id uuid, score real)
language sql stable security definer
set search_path = {schema}, ext, pg_temp
set pg_trgm.word_similarity_threshold = 0.45 as $$
  with wanted as materialized (
    select in_text as text, 1::real as weight
    union all
    select overlay(in_text placing reverse(pair) from i for 2), 0.9::real
      from generate_series(1, least(char_length(in_text) - 1, 40)) as i, substr(in_text, i, 2) as pair
     where char_length(in_text) >= 4 and pair !~ '\s' and left(pair, 1) <> right(pair, 1)
  ), found as (
    select d.id, w.weight * ext.word_similarity(w.text, d.search_text) as score
      from wanted w join documents d on w.text operator(ext.<%) d.search_text
     where d.tenant_id = (select current_setting('app.tenant_id')::uuid)
       and (d.plant_id is null or (select current_setting('app.all_plants') = 'on')
            or d.plant_id = any (coalesce((select current_setting('app.plants')::uuid[]), '{}')))
       and d.deleted_at is null
    union all
    select d.id, greatest(0.5, ext.word_similarity(in_text, d.search_text))
      from documents d
     where d.tenant_id = (select current_setting('app.tenant_id')::uuid)
       and (d.plant_id is null or (select current_setting('app.all_plants') = 'on')
            or d.plant_id = any (coalesce((select current_setting('app.plants')::uuid[]), '{}')))
       and d.deleted_at is null
       and d.search_text like '%' || replace(replace(replace(in_text, '\', '\\'), '%', '\%'), '_', '\_') || '%'
  )
  select f.id, max(f.score)::real from found f group by f.id order by 2 desc, 1 limit 2000
$$;

grant select (tenant_id, id, plant_id, deleted_at, search_text) on documents to officina_search;
create policy search on documents to officina_search using (true);
revoke all on function find_documents(text) from public;
grant execute on function find_documents(text) to officina_app;
grant create on schema {schema} to officina_search;
alter function find_documents(text) owner to officina_search;
revoke create on schema {schema} from officina_search;
