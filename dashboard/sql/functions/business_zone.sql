-- Return the time zone of business days, the setting BUSINESS_TIME_ZONE at the time of migration.
CREATE OR REPLACE FUNCTION dashboard_business_zone()
RETURNS text
LANGUAGE sql
IMMUTABLE
AS $$ SELECT '{BUSINESS_TIME_ZONE}'::text $$;
