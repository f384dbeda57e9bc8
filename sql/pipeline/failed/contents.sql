-- Failed claims that go on their way again.
\ir _retry_claims.sql
\ir retry_failed_claims.sql
\ir retry_failed_claims_by_rule.sql
\ir retry_due_failed_claims.sql
