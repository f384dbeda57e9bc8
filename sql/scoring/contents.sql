-- Scoring: features out, scores in, and what reviewers say.
\ir claim_feature.sql
\ir feature_version.sql
\ir feature_list.sql
\ir claim_features.sql
\ir take_features.sql
\ir record_scores.sql
\ir register_model.sql
\ir activate_model.sql
\ir record_review.sql
\ir measure_drift.sql
\ir labelled_claims.sql
