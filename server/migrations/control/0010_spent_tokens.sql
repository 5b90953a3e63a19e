-- The policy of spent refresh tokens asks for the open scope itself. Asking through the session alone it raised or answered with
-- nothing where no scope was open, as the plan would have it: a session that is not there is found out before its policy is asked.
alter policy account on control.spent_refresh_tokens
  using ((select current_setting('app.account_id')::uuid) is not null
         and exists (select 1 from control.sessions s where s.tenant_id = spent_refresh_tokens.tenant_id and s.id = session_id));
