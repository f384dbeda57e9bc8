-- Three decisions: what waits goes first, then what the rules denied, then the score.
begin;
select plan(1);

select results_eq(
  $$
    select given.pended, given.payable, given.score,
      adjudication.decide_claim(given.pended, given.payable, given.score)
    from (values
      (0, 2, null), (0, 1, 'approved'), (0, 1, 'review'), (1, 1, null),
      (1, 0, null), (1, 0, 'review'), (0, 0, null), (0, 0, 'approved'),
      (0, 0, 'review')
    ) as given (pended, payable, score)
  $$,
  $$ values
    (0, 2, null, 'approved'),
    (0, 1, 'approved', 'approved'),
    (0, 1, 'review', 'review'),
    (1, 1, null, 'review'),
    (1, 0, null, 'review'),
    (1, 0, 'review', 'review'),
    (0, 0, null, 'denied'),
    (0, 0, 'approved', 'denied'),
    (0, 0, 'review', 'denied')
  $$,
  'a line that waits makes the claim wait; where none is payable no score is asked'
);

select finish();
rollback;
