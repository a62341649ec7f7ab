-- Runs, what they used and made, datasets and models. Times are microseconds since 1970 UTC. Portable: SQLite and PostgreSQL.
create table runs (
  id text primary key,
  kind text not null,
  name text not null,
  command text not null,
  parameters text not null,
  seed text not null,
  repeats text not null,
  state text not null,
  actor text not null,
  code_version text not null,
  instruction_set text not null,
  started bigint not null,
  ended bigint,
  error text not null,
  wall_seconds double precision not null,
  cpu_seconds double precision not null,
  peak_bytes bigint not null
);
create table run_inputs (
  run text not null references runs(id),
  place bigint not null,
  role text not null,
  kind text not null,
  digest text not null,
  permit_sequence bigint not null,
  primary key (run, place)
);
create table run_metrics (
  run text not null references runs(id),
  place bigint not null,
  subject text not null,
  name text not null,
  value double precision,
  low double precision,
  high double precision,
  method text not null,
  primary key (run, place)
);
create table run_artifacts (
  run text not null references runs(id),
  place bigint not null,
  name text not null,
  path text not null,
  digest text not null,
  primary key (run, place)
);
create table datasets (
  name text not null,
  kind text not null,
  version bigint not null,
  snapshot text not null,
  terms text not null,
  run text not null references runs(id),
  created bigint not null,
  primary key (name, kind, version)
);
create table models (
  name text not null,
  version bigint not null,
  digest text not null,
  ranker text not null,
  parameters text not null,
  run text not null references runs(id),
  snapshot text not null,
  permit_sequence bigint not null,
  bytes bigint not null,
  created bigint not null,
  primary key (name, version)
);
create index run_artifacts_by_digest on run_artifacts (digest);
