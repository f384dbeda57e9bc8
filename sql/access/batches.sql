-- noqa: disable=AM04
-- Each view has the columns of its table, whatever they are: it filters and does
-- nothing else. That is what the linter is told in the first line.
-- What API clients read: the rows of their submitter and no others, whatever the
-- query. Security barriers, so that no function in a query sees a row before
-- access.may_see has passed it.
-- No barrier here: the app reads queue.batches itself when it stores a batch, and a
-- barrier keeps the limit of a list from the index (a page of 50 out of 50,000 batches
-- took 9 ms instead of 0.1).
create view access.batches as
select batch.*
from queue.batches as batch
where access.may_see(batch.submitter_id);

comment on view access.batches is 'Batches of the submitter of the session.';
call maintenance._take_comments('access.batches', '{queue.batches}');
