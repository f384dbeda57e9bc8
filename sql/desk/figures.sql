-- Asked for with every scrape: each figure from a partial index of what it counts.
create view pipeline.figures as
select
  (
    select count(*)
    from production.claims as claim
    where
      claim.decision = 'review'
      and not exists (
        select from models.review_verdicts as verdict
        where verdict.claim_id = claim.claim_id
      )
  ) as claims_on_review,
  (
    select coalesce(sum(batch.retried_count), 0)
    from queue.batches as batch
    where batch.retried_count > 0
  ) as claims_retried;

comment on view pipeline.figures
is 'Claims in production that wait for a person, and how often failed claims were put on their way again, by whomever.';
comment on column pipeline.figures.claims_on_review
is 'claims in production that wait for a person';
comment on column pipeline.figures.claims_retried
is 'how often failed claims were put on their way again';
