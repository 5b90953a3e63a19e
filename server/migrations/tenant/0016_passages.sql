-- Passages: pieces of what stands in a content, found by their words and by their meaning. They hang on the content (files), as its pages do.

-- One row per content that was cut. edition: of the splitter and the words; another one cuts again.
create table passage_sets (
  tenant_id uuid not null,
  sha256    text not null,
  edition   text not null,
  pages_digest text not null,             -- of the pages that were cut
  passages  integer not null check (passages >= 0),
  made_at   timestamptz not null,
  primary key (tenant_id, sha256),
  foreign key (tenant_id, sha256) references files
);

-- start and length count UTF-16 units in the page's text, as JavaScript does. tsv: stems with the place of their word in the passage.
create table passages (
  tenant_id uuid not null,
  sha256    text not null,
  ord       integer not null check (ord >= 0),
  page      integer not null check (page > 0),
  start     integer not null check (start >= 0),
  length    integer not null check (length > 0),
  text      text not null,
  tsv       tsvector not null,
  primary key (tenant_id, sha256, ord),
  foreign key (tenant_id, sha256) references passage_sets
);
create index passages_by_stem on passages using gin (tenant_id, tsv) with (fastupdate = off);
-- Ranking reads tsv of many rows and text of a few: tsv stays in the row, uncompressed.
alter table passages alter column tsv set storage main;

-- The words of a company, each with the stem it is found by and in how many passages it stands; nobody is ever shown them. They tell how rare
-- a word is, what begins with a half-written one, and what a mistyped one may have been.
create table passage_words (
  tenant_id uuid not null,
  word      text collate "C" not null,
  stem      text collate "C" not null,
  passages  integer not null,
  primary key (tenant_id, word, stem)
);
create index passage_words_by_stem on passage_words (tenant_id, stem) include (passages);
-- Codes and numbers are never taken for mistyped words, and are most of the words there are.
create index passage_words_alike on passage_words using gin (tenant_id, word ext.gin_trgm_ops) where word !~ '[0-9]';

-- A model's vectors of a company: kept per edition (model and dimensions), so that the one in use answers until the next is complete.
create table vector_editions (
  tenant_id    uuid not null,
  edition      text not null check (char_length(edition) between 1 and 220),
  model        text not null,
  dimensions   integer not null check (dimensions between 1 and 4096),
  state        text not null check (state in ('filling', 'current', 'old')),
  written      bigint not null default 0,      -- rises with what is written; whoever holds a copy reads what is newer
  removed      bigint not null default 0,      -- rises when something is taken away: a copy is read anew
  vectors      bigint not null default 0,
  started_at   timestamptz not null,
  completed_at timestamptz,
  primary key (tenant_id, edition)
);
create unique index vector_editions_current on vector_editions (tenant_id) where state = 'current';

-- Vectors of up to 64 passages that follow each other, from `ord` on, of length 1. Each number is coarse * 256 + fine, of 16 bits, times the vector's scale:
-- the high bytes alone serve the first pass. scales: float32, little-endian; coarse and fine: int8, vector after vector.
create table passage_vectors (
  tenant_id uuid not null,
  edition   text not null,
  sha256    text not null,
  ord       integer not null check (ord >= 0),
  count     integer not null check (count between 1 and 64),
  written   bigint not null,
  scales    bytea not null,
  coarse    bytea not null,
  fine      bytea not null,
  primary key (tenant_id, edition, sha256, ord),
  foreign key (tenant_id, edition) references vector_editions,
  foreign key (tenant_id, sha256) references passage_sets
);
create index passage_vectors_by_writing on passage_vectors (tenant_id, edition, written, sha256, ord);
-- Numbers do not compress, and pieces of fine are read by themselves.
alter table passage_vectors alter column scales set storage external;
alter table passage_vectors alter column coarse set storage external;
alter table passage_vectors alter column fine set storage external;

select control.protect('passage_sets', null, 'select, insert, update, delete');
select control.protect('passages', null, 'select, insert, delete');
select control.protect('passage_words', null, 'select, insert, update, delete');
select control.protect('vector_editions', null, 'select, insert, update, delete');
select control.protect('passage_vectors', null, 'select, insert, delete');
create policy document on passage_sets as restrictive to officina_app using (exists (
  select from document_versions v where v.tenant_id = (select current_setting('app.tenant_id')::uuid) and v.sha256 = passage_sets.sha256));
create policy document on passages as restrictive to officina_app using (exists (
  select from document_versions v where v.tenant_id = (select current_setting('app.tenant_id')::uuid) and v.sha256 = passages.sha256));
create policy document on passage_vectors as restrictive to officina_app using (exists (
  select from document_versions v where v.tenant_id = (select current_setting('app.tenant_id')::uuid) and v.sha256 = passage_vectors.sha256));

-- The stems of a word (lower case, no accents) in a language, or in both where it is null; none of a word that means nothing by itself.
create function word_stems(in_word text, in_language text) returns text[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case
    when ts_lexize('italian_stem', in_word) = '{}' or ts_lexize('english_stem', in_word) = '{}' then '{}'
    when in_language = 'it' then ts_lexize('italian_stem', in_word)
    when in_language = 'en' then ts_lexize('english_stem', in_word)
    when ts_lexize('italian_stem', in_word) = ts_lexize('english_stem', in_word) then ts_lexize('italian_stem', in_word)
    else ts_lexize('italian_stem', in_word) || ts_lexize('english_stem', in_word)
  end
$$;

-- Any of these stems, as a query. Whatever stands in a stem is a letter of it and never an operator.
create function any_stem(in_stems text[]) returns tsquery
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select coalesce(string_agg('''' || replace(replace(stem, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery, ''::tsquery)
    from unnest(in_stems) as stem where stem <> ''
$$;

-- Words in this order, each where its place says; words that mean nothing by themselves stand for any word.
create function phrase_query(in_phrase text) returns tsquery
language plpgsql stable set search_path = {schema}, pg_catalog, pg_temp as $$
declare
  found tsquery;
  gap integer := 0;
  stems text[];
  one text;
begin
  foreach one in array string_to_array(in_phrase, ' ') loop
    stems := word_stems(one, null);
    gap := gap + 1;
    continue when stems = '{}';
    found := case when found is null then any_stem(stems) else tsquery_phrase(found, any_stem(stems), gap) end;
    gap := 0;
  end loop;
  return found;
end $$;

-- The contents in which the open scope may search, newest documents first: of current versions, not hidden, fit to be opened, of its plants. The policies say the
-- same to the application; to find_passages, whose owner sees all rows, this is the isolation.
create function searched_contents(in_plant uuid, in_category text, in_type text, in_tag text, in_from timestamptz, in_to timestamptz,
                                  in_documents uuid[]) returns text[]
language sql stable set search_path = {schema}, pg_catalog, pg_temp as $$
  select coalesce(array_agg(found.sha256 order by found.newest desc, found.sha256), '{}') from (
    select d.sha256, max(d.created_at) as newest
      from documents d join files f on f.tenant_id = d.tenant_id and f.sha256 = d.sha256
     where d.tenant_id = (select current_setting('app.tenant_id')::uuid)
       and (d.plant_id is null or (select current_setting('app.all_plants') = 'on')
            or d.plant_id = any (coalesce((select current_setting('app.plants')::uuid[]), '{}')))
       and d.deleted_at is null and d.purged_at is null and f.purged_at is null and f.scan in ('clean', 'not_scanned')
       and (in_plant is null or d.plant_id = in_plant)
       and (in_category is null or d.category = in_category)
       and (in_type is null or d.type = in_type)
       and (in_tag is null or in_tag = any (d.tags))
       and (in_from is null or d.created_at >= in_from)
       and (in_to is null or d.created_at < in_to)
       and (in_documents is null or d.id = any (in_documents))
     group by d.sha256) as found
$$;

-- The first passages of these contents that match, one content after the other. Without the index on stems: a word that is everywhere is met soon.
create function walk_passages(in_query tsquery, in_contents text[], in_most integer)
returns table (sha256 text, ord integer, tsv tsvector)
language plpgsql stable set search_path = {schema}, pg_catalog, pg_temp set enable_bitmapscan = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  return query
  select p.sha256, p.ord, p.tsv
    from unnest(in_contents) as c(sha256)
    join passages p on p.tenant_id = (select current_setting('app.tenant_id')::uuid) and p.sha256 = c.sha256 and p.tsv @@ in_query
   limit in_most;
end $$;

-- The same by the index on stems.
create function index_passages(in_query tsquery, in_contents text[], in_most integer)
returns table (sha256 text, ord integer, tsv tsvector)
language plpgsql stable set search_path = {schema}, pg_catalog, pg_temp set plan_cache_mode = force_custom_plan set enable_seqscan = off set enable_nestloop = off set enable_mergejoin = off as $$
begin
  return query
  select p.sha256, p.ord, p.tsv from passages p
   where p.tenant_id = (select current_setting('app.tenant_id')::uuid) and p.tsv @@ in_query
     and p.sha256 in (select c.sha256 from unnest(in_contents) as c(sha256))
   limit in_most;
end $$;

-- Stems of up to three words of the company that are written much like this one and stand in these contents, the likest first. Exchanged neighbours are the error
-- that trigrams forgive least, so they are exchanged back.
create function similar_stems(in_word text, in_contents text[]) returns text[]
language plpgsql stable set search_path = {schema}, ext, pg_catalog, pg_temp set pg_trgm.similarity_threshold = 0.35 as $$
declare
  tenant constant uuid := current_setting('app.tenant_id')::uuid;
  exchanged constant text[] := array(select overlay(in_word placing reverse(substr(in_word, i, 2)) from i for 2)
                                       from generate_series(1, char_length(in_word) - 1) as i);
  stems text[] := '{}';
  words integer := 0;
  one record;
begin
  for one in
    select w.word, max(case when w.word = any (exchanged) then 1 else similarity(w.word, in_word) end) as likeness, array_agg(w.stem::text) as stems
      from passage_words w
     where w.tenant_id = tenant and w.word !~ '[0-9]' and (w.word % in_word or w.word = any (exchanged)) and char_length(w.word) >= char_length(in_word) - 2
     group by w.word order by 2 desc, w.word limit 30
  loop
    continue when not exists (select from index_passages(any_stem(one.stems), in_contents, 1));
    stems := stems || one.stems;
    words := words + 1;
    exit when words = 3;
  end loop;
  return stems;
end $$;

-- tsvector's operators are not leakproof, so the policy would keep passages_by_stem from being used (0.45 ms becomes 15 ms at 50,000 rows). This function is
-- the isolation instead: tenant and plants come from the open scope and never from a parameter, before anything is ranked.
--
-- Words are lower case, without accents, as they stand in the index; in_prefix: the last may be half a word. in_phrases must all stand there, in_without must not.
-- Of each content at most in_each passages, in all at most in_limit. stems: what to mark.
--
-- What bounds it: at most 1,000 passages are ranked. The rarest words bring them and the others only raise the rank; by the index, or, where that would meet more,
-- on a walk along the contents that may be seen, newest first.
-- The score is the sum, over the words that stand in a passage, of how rare the word is times how often it stands there (ts_rank, which saturates), times the share
-- of the words that do. A word of which this scope may see nothing is taken for a mistyped one, whether or not it stands elsewhere.
create function find_passages(in_words text[], in_prefix boolean, in_phrases text[], in_without text[], in_plant uuid, in_category text, in_type text,
                              in_tag text, in_from timestamptz, in_to timestamptz, in_documents uuid[], in_each integer, in_limit integer)
returns table (sha256 text, ord integer, score real, stems text[])
language plpgsql stable security definer
set search_path = {schema}, pg_catalog, pg_temp as $$
declare
  tenant constant uuid := current_setting('app.tenant_id')::uuid;
  contents constant text[] := searched_contents(in_plant, in_category, in_type, in_tag, in_from, in_to, in_documents);
  most constant integer := 1000;
  held bigint;
  total bigint;
  wanted text[] := coalesce(in_words, '{}');
  needed tsquery;
  barred tsquery;
  phrase tsquery;
  marked text[] := '{}';
  terms tsquery[] := '{}';
  rarity real[] := '{}';
  counts bigint[] := '{}';
  word_found text[];
  word_count bigint;
  bringing tsquery;
  brought bigint := 0;
  missing boolean;
  n integer;
begin
  if cardinality(contents) = 0 then return; end if;
  select coalesce(sum(s.passages) filter (where c.sha256 is not null), 0), coalesce(sum(s.passages), 0) into held, total
    from passage_sets s left join unnest(contents) as c(sha256) on c.sha256 = s.sha256 where s.tenant_id = tenant;

  for n in 1 .. coalesce(cardinality(in_phrases), 0) loop
    phrase := phrase_query(in_phrases[n]);
    continue when phrase is null;
    needed := case when needed is null then phrase else needed && phrase end;
    wanted := wanted || string_to_array(in_phrases[n], ' ');
  end loop;
  for n in 1 .. coalesce(cardinality(in_without), 0) loop
    phrase := phrase_query(in_without[n]);
    continue when phrase is null;
    barred := case when barred is null then phrase else barred || phrase end;
  end loop;

  for n in 1 .. least(cardinality(wanted), 16) loop
    word_found := word_stems(wanted[n], null);
    if in_prefix and n = cardinality(in_words) and char_length(wanted[n]) >= 3 then
      word_found := word_found || array(
        select w.stem::text from passage_words w where w.tenant_id = tenant and starts_with(w.word, wanted[n])
         group by w.stem order by sum(w.passages) desc, w.stem limit 20);
    end if;
    continue when cardinality(word_found) = 0;
    select coalesce(sum(w.passages), 0) into word_count from passage_words w where w.tenant_id = tenant and w.stem = any (word_found);
    missing := word_count = 0;
    if not missing and held < total then
      if word_count * 8 > total then missing := not exists (select from walk_passages(any_stem(word_found), contents, 1));
      else missing := not exists (select from index_passages(any_stem(word_found), contents, 1));
      end if;
    end if;
    if missing then
      continue when char_length(wanted[n]) not between 4 and 40 or wanted[n] ~ '[0-9]';
      word_found := similar_stems(wanted[n], contents);
      continue when cardinality(word_found) = 0;
      select coalesce(sum(w.passages), 0) into word_count from passage_words w where w.tenant_id = tenant and w.stem = any (word_found);
    end if;
    marked := marked || word_found;
    terms := terms || any_stem(word_found);
    counts := counts || word_count;
    rarity := rarity || ln(1 + total::real / greatest(word_count, 1))::real;
  end loop;
  if cardinality(terms) = 0 then return; end if;

  for n in select u.n from unnest(counts) with ordinality as u(c, n) order by u.c, u.n loop
    exit when bringing is not null and (needed is not null or brought + counts[n] > 3 * most);
    bringing := case when bringing is null then terms[n] else bringing || terms[n] end;
    brought := brought + counts[n];
  end loop;
  if needed is not null then bringing := bringing && needed; end if;
  if barred is not null then bringing := bringing && !!barred; end if;

  return query
  with candidate as materialized (
    select w.* from walk_passages(bringing, contents, most) w
     where least(held, most * total / greatest(brought, 1)) <= brought / 4 + least(brought, most * total / greatest(held, 1))
    union all
    select i.* from index_passages(bringing, contents, most) i
     where least(held, most * total / greatest(brought, 1)) > brought / 4 + least(brought, most * total / greatest(held, 1))
  ), ranked as (
    select c.sha256, c.ord, (s.sum * s.matched / cardinality(terms))::real as score,
           row_number() over (partition by c.sha256 order by s.sum * s.matched desc, c.ord) as place
      from candidate c cross join lateral (
        select sum(t.rarity * ts_rank('{1,1,1,1}', c.tsv, t.term)) as sum, count(*) filter (where c.tsv @@ t.term) as matched
          from unnest(terms, rarity) as t(term, rarity)) s
  )
  select r.sha256, r.ord, r.score, marked from ranked r where r.place <= in_each order by r.score desc, r.sha256, r.ord limit in_limit;
end $$;

grant select (tenant_id, id, plant_id, sha256, category, type, tags, created_at, deleted_at, purged_at) on documents to officina_search;
grant select (tenant_id, sha256, scan, purged_at) on files to officina_search;
grant select (tenant_id, sha256, passages) on passage_sets to officina_search;
grant select (tenant_id, sha256, ord, tsv) on passages to officina_search;
grant select (tenant_id, word, stem, passages) on passage_words to officina_search;
create policy search on files to officina_search using (true);
create policy search on passage_sets to officina_search using (true);
create policy search on passages to officina_search using (true);
create policy search on passage_words to officina_search using (true);
-- Before the owner changes: afterwards a revoke is only a warning, and the public keeps its right.
revoke all on function find_passages(text[], boolean, text[], text[], uuid, text, text, text, timestamptz, timestamptz, uuid[], integer, integer) from public;
grant execute on function find_passages(text[], boolean, text[], text[], uuid, text, text, text, timestamptz, timestamptz, uuid[], integer, integer) to officina_app;
grant create on schema {schema} to officina_search;
alter function find_passages(text[], boolean, text[], text[], uuid, text, text, text, timestamptz, timestamptz, uuid[], integer, integer) owner to officina_search;
revoke create on schema {schema} from officina_search;
