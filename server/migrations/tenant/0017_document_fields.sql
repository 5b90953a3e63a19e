-- What is found in documents, what is suggested of them, and what a company's judgements have taught.

-- A value that stands in a content (files): found by a rule, or told by a person. What was judged ('confirmed', 'corrected', 'rejected') or
-- told ('added') is left alone when the content is looked through again; found_value and found_role stay what they were, so that a
-- judgement can be taken back. taught_cues and taught_role: what the judgement added to field_cues, to be taken off again.
create table file_fields (
  tenant_id   uuid not null,
  id          uuid not null,
  sha256      text not null,
  kind        text not null check (kind ~ '^[a-z_]{1,30}$'),
  role        text check (role ~ '^[a-z_]{1,30}$'),
  value       text not null check (char_length(value) between 1 and 200),
  shown       text not null,
  page        integer check (page > 0),  -- null with start: told by a person, without a place
  start       integer check (start >= 0),
  length      integer check (length > 0),
  passage     text,
  confidence  real not null check (confidence between 0 and 1),
  by          text not null check (by in ('rule', 'learned', 'person')),
  rule        text,
  state       text not null default 'found' check (state in ('found', 'confirmed', 'corrected', 'rejected', 'added')),
  found_value text,
  found_role  text,
  cues        text[] not null default '{}',
  taught_cues text[] not null default '{}',
  taught_role text,
  made_at     timestamptz not null,
  judged_at   timestamptz,
  judged_by   uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, sha256) references files,
  check ((start is null) = (length is null)),
  check (start is null or page is not null)
);
create unique index file_fields_place on file_fields (tenant_id, sha256, kind, page, start) where start is not null;
create index file_fields_by_file on file_fields (tenant_id, sha256);

-- What is suggested of a document, with what speaks for it: its category, its expiry date, its plant, or a plant to link it to. A
-- suggestion that names a plant is seen by those who see the plant. previous: what the document had, for a judgement that is taken back.
create table document_suggestions (
  tenant_id   uuid not null,
  id          uuid not null,
  document_id uuid not null,
  kind        text not null check (kind in ('category', 'expiry_date', 'plant', 'link')),
  value       text check (char_length(value) between 1 and 50),
  plant_id    uuid,
  confidence  real not null check (confidence between 0 and 1),
  by          text not null check (by in ('rule', 'learned', 'person')),
  evidence    jsonb not null default '[]',  -- [{page, start, length, passage}, …]
  state       text not null default 'open' check (state in ('open', 'confirmed', 'rejected', 'superseded')),
  previous    text,
  made_at     timestamptz not null,
  decided_at  timestamptz,
  decided_by  uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, document_id) references documents,
  foreign key (tenant_id, plant_id) references plants,
  unique nulls not distinct (tenant_id, document_id, kind, value, plant_id),
  check ((kind in ('plant', 'link')) = (plant_id is not null)),
  check ((value is null) = (plant_id is not null))
);

-- A document whose category a person said, and the words it holds. category '': it is none of those that were suggested.
create table category_examples (
  tenant_id   uuid not null,
  document_id uuid not null,
  category    text not null check (char_length(category) <= 50),
  words       text[] not null,
  primary key (tenant_id, document_id),
  foreign key (tenant_id, document_id) references documents
);
-- In how many of a category's examples a word stands; word '' counts the examples themselves.
create table category_words (
  tenant_id uuid not null,
  category  text not null,
  word      text not null,
  examples  integer not null check (examples >= 0),
  primary key (tenant_id, word, category)
);
-- How often the words before a date or an amount were judged to mean a role; role '': none of them.
create table field_cues (
  tenant_id uuid not null,
  kind      text not null,
  cue       text not null,
  role      text not null,
  times     integer not null check (times >= 0),
  primary key (tenant_id, kind, cue, role)
);

select control.protect('file_fields', null, 'select, insert, update, delete');
select control.protect('document_suggestions', 'plant_id', 'select, insert, update, delete');
select control.protect('category_examples', null, 'select, insert, update, delete');
select control.protect('category_words', null, 'select, insert, update, delete');
select control.protect('field_cues', null, 'select, insert, update, delete');

create policy document on file_fields as restrictive to officina_app using (exists (
  select from document_versions v where v.tenant_id = (select current_setting('app.tenant_id')::uuid) and v.sha256 = file_fields.sha256));
create policy document on document_suggestions as restrictive to officina_app using (exists (
  select from documents d where d.tenant_id = (select current_setting('app.tenant_id')::uuid) and d.id = document_id));
create policy document on category_examples as restrictive to officina_app using (exists (
  select from documents d where d.tenant_id = (select current_setting('app.tenant_id')::uuid) and d.id = document_id));
