-- A sensor may be the counter of a plant's production: what a meter shows, which rises, begins anew after its digits, and is kWh times the
-- constant K of the meter in the plant's registry (contexts/plants/energy-counter). The check is that of 0004 with one quantity more.
alter table sensors drop constraint sensors_quantity_check;
alter table sensors add constraint sensors_quantity_check check (quantity in ('ac_power_kw', 'ac_energy_counter',
  'poa_irradiance_w_m2', 'module_temperature_c', 'ambient_temperature_c'));
