-- What stands in a document: read once per content (files), page by page. state: 'waiting' to be read, 'reading', 'read', 'unreadable'
-- (damaged, or what reader there is fails at it), 'encrypted', 'unsupported' (no reader of this type is installed), 'too_large' (more
-- pages, memory or time than are given). A reader that is killed goes on behind pages_done.
create table file_texts (
  tenant_id  uuid not null,
  sha256     text not null,
  state      text not null check (state in ('waiting', 'reading', 'read', 'unreadable', 'encrypted', 'unsupported', 'too_large')),
  detail     text,
  reader     text,                      -- which reader and edition: a new one reads again
  pages      integer,                   -- null: not known yet
  pages_done integer not null default 0,
  language   text,                      -- 'it', 'en', or null where it cannot be told
  reading    integer not null default 1,   -- which reading this is: one that was asked for again does not mix with the one before
  seconds    real not null default 0,      -- what its turns have taken so far
  started_at timestamptz,
  ended_at   timestamptz,
  primary key (tenant_id, sha256),
  foreign key (tenant_id, sha256) references files
);

-- One page. words: [[start in text, length, left, top, width, height], ...] in thousandths of the page, or null where a format has no places.
create table file_pages (
  tenant_id  uuid not null,
  sha256     text not null,
  page       integer not null check (page > 0),
  text       text not null,
  method     text not null check (method in ('text', 'ocr')),
  confidence real check (confidence between 0 and 1),   -- of OCR
  words      jsonb,
  primary key (tenant_id, sha256, page),
  foreign key (tenant_id, sha256) references files
);

select control.protect('file_texts', null, 'select, insert, update');
select control.protect('file_pages', null, 'select, insert, update, delete');
create policy document on file_texts as restrictive to officina_app using (exists (
  select from document_versions v where v.tenant_id = (select current_setting('app.tenant_id')::uuid) and v.sha256 = file_texts.sha256));
create policy document on file_pages as restrictive to officina_app using (exists (
  select from document_versions v where v.tenant_id = (select current_setting('app.tenant_id')::uuid) and v.sha256 = file_pages.sha256));
