-- Runs, what they used, measured and made; datasets and models.
-- SQL that SQLite and PostgreSQL both take. Integers are bigint throughout, since SOCI reads an integer column as 32 bits.
-- Times are text as core::FormatTimestamp writes it, which sorts. Statements end with a semicolon at the end of a line.

create table runs (
  id text primary key,
  kind text not null,
  name text not null,
  command text not null,
  parameters text not null,
  seed text not null,
  repeats text not null,
  state text not null check (state in ('running', 'finished', 'failed', 'killed')),
  actor text not null,
  code_version text not null,
  instruction_set text not null,
  started text not null,
  ended text,
  error text not null,
  wall_seconds double precision not null,
  cpu_seconds double precision not null,
  peak_bytes bigint not null
);

create index runs_state on runs (state);

create table run_inputs (
  run text not null references runs (id),
  position bigint not null,
  role text not null,
  kind text not null check (kind in ('snapshot', 'model')),
  digest text not null,
  permit_sequence bigint not null,
  primary key (run, position)
);

create index run_inputs_digest on run_inputs (digest);

-- A value that is not a number is null.
create table run_metrics (
  run text not null references runs (id),
  position bigint not null,
  subject text not null,
  name text not null,
  value double precision,
  low double precision,
  high double precision,
  method text not null,
  primary key (run, position)
);

create table run_artifacts (
  run text not null references runs (id),
  position bigint not null,
  name text not null,
  path text not null,
  digest text not null,
  primary key (run, position)
);

create table datasets (
  name text not null,
  kind text not null check (kind in ('interactions', 'titles')),
  version bigint not null,
  snapshot text not null,
  terms text not null,
  run text references runs (id),
  created text not null,
  primary key (name, kind, version)
);

create index datasets_snapshot on datasets (snapshot);

create table models (
  name text not null,
  version bigint not null,
  digest text not null,
  ranker text not null,
  parameters text not null,
  run text references runs (id),
  snapshot text not null,
  permit_sequence bigint not null,
  bytes bigint not null,
  created text not null,
  primary key (name, version)
);

create index models_digest on models (digest);
