-- Inlined: no SET, STRICT or SECURITY DEFINER.
create function keys.patient_leaf(p_erasure_id bigint)
returns bigint
language sql
immutable
parallel safe
begin atomic
  select p_erasure_id & ((1::bigint << 48) - 1);
end;

comment on function keys.patient_leaf(bigint)
is 'The lower 48 bits of an erasure id: which of the erasure keys is that of the patient.';
