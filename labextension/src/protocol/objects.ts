/** The nouns of the protocol: what the kernel says about studies, trials, data and the machine. */

import type { Decoded } from './decode';
import { equallyLong, finite, flag, list, nullable, object, oneOf, record, scalar, text, whole } from './decode';

const energySource = oneOf('measured', 'estimated', 'unknown');

export const studyInfo = object({
  id: text,
  name: text,
  kind: text,
  metric: text,
  state: oneOf('created', 'running', 'paused', 'interrupted', 'finished', 'stopped', 'failed'),
  message: text,
  spent_seconds: finite,
  budget_seconds: finite,
  seconds_left: nullable(finite),
  trials: whole,
  complete: whole,
  failed: whole,
  best: nullable(whole),
  best_score: nullable(finite),
  expected_gain: nullable(finite),
  here: flag,
  objectives: list(text),
  folder: text,
  store: text,
  created_at: text
});
export type StudyInfo = Decoded<typeof studyInfo>;
export type StudyState = StudyInfo['state'];

export const TRIAL_STATES = ['queued', 'running', 'paused', 'complete', 'failed'] as const;

export const trialRow = object({
  number: whole,
  state: oneOf(...TRIAL_STATES),
  model: text,
  method: text,
  config: record(scalar),
  fidelity: finite,
  target: finite,
  score: nullable(finite),
  seconds: finite,
  peak_memory_gib: nullable(finite),
  energy_kwh: nullable(finite),
  energy_source: energySource,
  failure: nullable(object({ kind: text, message: text })),
  reason: text,
  expected: record(finite),
  created_at: text,
  finished_at: text
});
export type TrialRow = Decoded<typeof trialRow>;
export type TrialState = TrialRow['state'];

export const curvePoint = object({ fidelity: finite, score: finite, seconds: finite, loss: nullable(finite) });
export type CurvePoint = Decoded<typeof curvePoint>;

export const progress = object({
  number: whole,
  phase: oneOf('load', 'train', 'evaluate'),
  step: whole,
  total: whole,
  fidelity: finite,
  loss: nullable(finite),
  score: nullable(finite),
  seconds: finite,
  seconds_left: nullable(finite),
  peak_memory_gib: nullable(finite),
  tokens_per_second: nullable(finite)
});
export type Progress = Decoded<typeof progress>;

const anytime = equallyLong(
  object({ seconds: list(finite), best: list(finite), numbers: list(whole), total_seconds: finite }),
  'seconds',
  'best',
  'numbers'
);
const pareto = equallyLong(
  object({
    numbers: list(whole),
    seconds: list(finite),
    scores: list(finite),
    front: list(flag),
    complete: list(flag)
  }),
  'numbers',
  'seconds',
  'scores',
  'front',
  'complete'
);
const curve = equallyLong(
  object({
    number: whole,
    fidelity: list(finite),
    scores: list(finite),
    state: oneOf(...TRIAL_STATES),
    best: flag
  }),
  'fidelity',
  'scores'
);
const reference = equallyLong(object({ name: text, seconds: list(finite), scores: list(finite) }), 'seconds', 'scores');

export const charts = object({
  anytime,
  pareto,
  curves: list(curve),
  reference: nullable(reference),
  metric: text,
  maximize: flag
});
export type Charts = Decoded<typeof charts>;
export type Curve = Charts['curves'][number];

export const device = object({
  kind: oneOf('cpu', 'cuda', 'mps'),
  name: text,
  host_memory_gib: finite,
  host_used_gib: finite,
  gpu_memory_gib: nullable(finite),
  gpu_used_gib: nullable(finite),
  gpu_utilisation: nullable(finite),
  energy_kwh: nullable(finite),
  energy_source: energySource
});
export type Device = Decoded<typeof device>;

export const variable = object({
  name: text,
  kind: oneOf('DataFrame', 'Dataset', 'DatasetDict', 'dict'),
  rows: whole,
  columns: list(text)
});
export type Variable = Decoded<typeof variable>;

export const preview = object({
  columns: list(object({ name: text, dtype: text })),
  rows: whole,
  text: list(text),
  label: nullable(text),
  kind: text,
  classes: list(object({ label: text, count: whole })),
  class_total: whole,
  lengths: object({ edges: list(finite), counts: list(whole), unit: text }),
  samples: list(list(text)),
  warnings: list(text),
  splits: record(whole)
});
export type Preview = Decoded<typeof preview>;

export const poolModel = object({
  id: text,
  family: text,
  parameters_millions: finite,
  size_mb: finite,
  licence: text,
  fits: flag,
  reason: text
});
export type PoolModel = Decoded<typeof poolModel>;

export const pastTask = object({
  name: text,
  kind: text,
  similarity: nullable(finite),
  trials: whole,
  failed: whole,
  best: nullable(finite),
  metric: text,
  best_config: text
});
export type PastTask = Decoded<typeof pastTask>;

export const snapshot = object({
  study: studyInfo,
  trials: list(trialRow),
  trials_total: whole,
  progress: nullable(progress),
  charts,
  device: nullable(device),
  seq: whole
});
export type Snapshot = Decoded<typeof snapshot>;
