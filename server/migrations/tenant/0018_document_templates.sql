-- Templates of a company, and what was made of which. The file of a template is a document of the library (category 'template'): it is scanned,
-- kept and purged as any other, and its versions are that document's. Those that ship with the house have no row.
create table document_templates (
  tenant_id   uuid not null,
  id          uuid not null,
  document_id uuid not null,
  name        text not null check (char_length(name) between 1 and 200),
  description text check (char_length(description) between 1 and 1000),
  language    text not null check (language in ('it', 'en')),
  category    text check (char_length(category) between 1 and 50),  -- of what is made of it
  version     integer not null check (version > 0),
  deleted_at  timestamptz,
  revision    integer not null default 1,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  created_by  uuid,
  updated_by  uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, document_id) references documents
);
create unique index document_templates_name on document_templates (tenant_id, lower(name)) where deleted_at is null;

-- A version is never changed: what was made of it says its number. fields: what it asks for, as contexts/documents/templates/field.ts has it.
create table document_template_versions (
  tenant_id        uuid not null,
  template_id      uuid not null,
  version          integer not null check (version > 0),
  document_id      uuid not null,
  document_version integer not null check (document_version > 0),
  sha256           text not null,
  fields           jsonb not null,
  created_at       timestamptz not null,
  created_by       uuid,
  primary key (tenant_id, template_id, version),
  foreign key (tenant_id, template_id) references document_templates,
  foreign key (tenant_id, document_id, document_version) references document_versions
);

-- What a document was made of: the template (the id of one of the company's, or the name of one that ships) with its version and content, the
-- values that were printed, and from where each came. Written once with the document's first version; of a document that is purged the values go.
create table document_generations (
  tenant_id        uuid not null,
  document_id      uuid not null,
  template         text not null check (char_length(template) between 1 and 60),
  template_version integer not null check (template_version > 0),
  template_sha256  text not null,
  language         text not null check (language in ('it', 'en')),
  format           text not null check (format in ('docx', 'pdf')),
  time_zone        text not null,
  field_values     jsonb not null,
  field_sources    jsonb not null,
  created_at       timestamptz not null,
  created_by       uuid,
  primary key (tenant_id, document_id),
  foreign key (tenant_id, document_id) references documents
);

select control.protect('document_templates', null, 'select, insert, update');
select control.protect('document_template_versions', null, 'select, insert');
select control.protect('document_generations', null, 'select, insert');
grant update (field_values) on document_generations to officina_app;
create policy document on document_templates as restrictive to officina_app using (exists (
  select from documents d where d.tenant_id = (select current_setting('app.tenant_id')::uuid) and d.id = document_id));
create policy document on document_template_versions as restrictive to officina_app using (exists (
  select from documents d where d.tenant_id = (select current_setting('app.tenant_id')::uuid) and d.id = document_id));
create policy document on document_generations as restrictive to officina_app using (exists (
  select from documents d where d.tenant_id = (select current_setting('app.tenant_id')::uuid) and d.id = document_id));
