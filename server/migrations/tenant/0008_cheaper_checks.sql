-- The checks of plants and of the trail, one function for each table. PostgreSQL reads the text of each check anew in every statement that
-- writes a row; that was a tenth of what the creation of a plant cost it. A function is read once per connection. What they say is what
-- the columns' own checks said (0001, 0002): null where a value is unknown, which a check lets through.
--
-- Without a path of their own, which would cost as much again: they name nothing but what pg_catalog has, which comes first in every path.

create function plant_is_sound(name text, code text, type text, status text, power_kw double precision, country text,
                               latitude double precision, longitude double precision) returns boolean
language plpgsql immutable as $$
begin
  return char_length(name) between 1 and 200
     and char_length(code) between 1 and 50
     and type in ('Photovoltaic', 'Wind', 'Hydroelectric', 'Biomass', 'Geothermal', 'Food')
     and status in ('In Operation', 'In Authorization', 'Under Construction', 'Decommissioned')
     and power_kw >= 0
     and country ~ '^[A-Z]{2}$'
     and latitude between -90 and 90
     and longitude between -180 and 180
     and (latitude is null) = (longitude is null);
end $$;

create function entry_is_sound(outcome text, actor_kind text) returns boolean
language plpgsql immutable as $$
begin
  return outcome in ('done', 'denied') and actor_kind in ('user', 'api_key', 'system', 'account');
end $$;

revoke all on function plant_is_sound(text, text, text, text, double precision, text, double precision, double precision),
  entry_is_sound(text, text) from public;
grant execute on function plant_is_sound(text, text, text, text, double precision, text, double precision, double precision),
  entry_is_sound(text, text) to officina_app, officina_custody;

alter table plants
  add constraint plants_sound check (plant_is_sound(name, code, type, status, power_kw, country, latitude, longitude)),
  drop constraint plants_name_check, drop constraint plants_code_check, drop constraint plants_type_check,
  drop constraint plants_status_check, drop constraint plants_power_kw_check, drop constraint plants_country_check,
  drop constraint plants_latitude_check, drop constraint plants_longitude_check, drop constraint plants_check;
alter table audit
  add constraint audit_sound check (entry_is_sound(outcome, actor_kind)),
  drop constraint audit_outcome_check, drop constraint audit_actor_kind_check;
