-- A line that waits for a person makes its claim wait, whatever the others are. Where
-- none is payable (each is denied, not covered or bundled) the claim is denied by the
-- rules that its lines met, and no score is asked: a score denies nothing, and there
-- is nothing left that a person could approve. Must inline.
create function adjudication.decide_claim(
  p_pended_lines bigint, p_payable_lines bigint, p_score_decision text
)
returns text
language sql
immutable
parallel safe
begin atomic
  select
    case
      when p_pended_lines > 0 then 'review'
      when p_payable_lines = 0 then 'denied'
      when p_score_decision = 'review' then 'review'
      else 'approved'
    end;
end;

comment on function adjudication.decide_claim(bigint, bigint, text)
is 'Decision of a claim: review when a line is pended or its score says so, denied when no line is payable, else approved. Without a score p_score_decision is null.';
