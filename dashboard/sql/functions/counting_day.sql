-- Return the business day that counters use: today, or the day set for the connection.
CREATE OR REPLACE FUNCTION dashboard_counting_day()
RETURNS date
LANGUAGE sql
STABLE
AS $$
    SELECT coalesce(
        nullif(current_setting('tracetrack.counting_day', true), '')::date,
        (now() AT TIME ZONE dashboard_business_zone())::date
    )
$$;
