/** The form of a new search: what a person has chosen so far, and the request it stands for. Pure data. */

import type { IRequests, PoolModel, Preview, SearchOptions, Source } from './protocol';

export const METHODS = ['full', 'partial', 'lora', 'head'] as const;
export const METRICS = ['f1', 'accuracy'] as const;
export const MOST_WORKERS = 64;

export interface IDraft {
  readonly source: Source;
  readonly data: string;
  /** One column, or two for pairs; null leaves it to detection. */
  readonly text: readonly string[] | null;
  readonly label: string | null;
  readonly kind: string | null;
  readonly budget: string;
  readonly metric: string;
  /** Search the front of score against time, not the score alone. */
  readonly front: boolean;
  /** Ids from the pool; null takes all that fit. */
  readonly models: readonly string[] | null;
  readonly methods: readonly string[];
  readonly name: string;
  readonly store: string;
  readonly maxTrials: string;
  /** Trials that run beside each other; empty takes one on each GPU, and one on a CPU. */
  readonly workers: string;
  readonly seed: string;
  readonly usePrior: boolean;
  /** Models whose own Python may run, each `ORG/NAME@COMMIT` or `FOLDER@sha256:HASH`, with commas. Never kept. */
  readonly trustCode: string;
  /** While the store is empty: begin from the experience that ships with the package. */
  readonly useStarter: boolean;
}

export function newDraft(budget: string): IDraft {
  return {
    source: 'variable',
    data: '',
    text: null,
    label: null,
    kind: null,
    budget,
    metric: 'f1',
    front: false,
    models: null,
    methods: METHODS,
    name: '',
    store: '',
    maxTrials: '',
    workers: '',
    seed: '',
    usePrior: true,
    trustCode: '',
    useStarter: true
  };
}

/** Other data has other columns, so what was chosen for the old ones goes. */
export function changed(draft: IDraft, patch: Partial<IDraft>): IDraft {
  const otherData = (patch.data ?? draft.data) !== draft.data || (patch.source ?? draft.source) !== draft.source;
  return { ...draft, ...(otherData ? { text: null, label: null, kind: null } : {}), ...patch };
}

/** Whether the columns on the screen no longer belong to what is chosen. */
export function needsPreview(before: IDraft, after: IDraft): boolean {
  return (
    after.data !== '' &&
    (before.data !== after.data ||
      before.source !== after.source ||
      before.text !== after.text ||
      before.label !== after.label)
  );
}

const DURATION = /^(\d+(\.\d+)?\s*(d|h|min|m|s)\s*)+$|^\d+(\.\d+)?$/i;

/** Fields that keep the search from starting, with what to do about each. */
export type Complaint = 'data' | 'budget' | 'methods' | 'models' | 'maxTrials' | 'workers' | 'seed';

export function complaints(draft: IDraft): readonly Complaint[] {
  const wrong: [Complaint, boolean][] = [
    ['data', draft.data.trim() === ''],
    ['budget', !isDuration(draft.budget)],
    ['methods', draft.methods.length === 0],
    ['models', draft.models !== null && draft.models.length === 0],
    ['maxTrials', !isCount(draft.maxTrials, 1)],
    ['workers', !isCount(draft.workers, 1) || Number(draft.workers) > MOST_WORKERS],
    ['seed', !isCount(draft.seed, 0)]
  ];
  return wrong.filter(([, isWrong]) => isWrong).map(([field]) => field);
}

export function isDuration(value: string): boolean {
  return DURATION.test(value.trim()) && /[1-9]/.test(value);
}

function isCount(value: string, least: number): boolean {
  return value.trim() === '' || (/^\d{1,9}$/.test(value.trim()) && Number(value) >= least);
}

/** A variable lends its name; files and hub ids have one in the package. */
function nameOf({ data, source }: IDraft): string | null {
  return source === 'variable' ? data.trim() : null;
}

/** The parts of a text between commas; null when there are none. */
function entries(value: string): readonly string[] | null {
  const found = value
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '');
  return found.length === 0 ? null : found;
}

/** What goes to the kernel: only what was chosen, so that the defaults stay those of the package. */
export function startOf(draft: IDraft): IRequests['start'] {
  const options: Record<string, SearchOptions[string]> = {
    budget: draft.budget.trim(),
    objectives: draft.front ? [draft.metric, 'seconds'] : [draft.metric]
  };
  const chosen: [string, SearchOptions[string] | null][] = [
    ['text', draft.text],
    ['label', draft.label],
    ['kind', draft.kind],
    ['models', draft.models],
    ['methods', draft.methods.length === METHODS.length ? null : draft.methods],
    ['name', draft.name.trim() || nameOf(draft)],
    ['max_trials', draft.maxTrials.trim() === '' ? null : Number(draft.maxTrials)],
    ['workers', draft.workers.trim() === '' ? null : Number(draft.workers)],
    ['seed', draft.seed.trim() === '' ? null : Number(draft.seed)],
    ['trust_code', entries(draft.trustCode)],
    ['use_prior', draft.usePrior ? null : false],
    ['use_starter', draft.useStarter ? null : false]
  ];
  for (const [name, value] of chosen) {
    if (value !== null) {
      options[name] = value;
    }
  }
  return { data: draft.data.trim(), source: draft.source, request: options, store: draft.store.trim() || null };
}

/** Text columns as the form shows them: chosen, or else detected. */
export function textColumns(draft: IDraft, preview: Preview | null): readonly string[] {
  return draft.text ?? preview?.text ?? [];
}

/** Those that fit first, otherwise in the kernel's order. */
export function fittingFirst(pool: readonly PoolModel[]): readonly PoolModel[] {
  return [...pool.filter(model => model.fits), ...pool.filter(model => !model.fits)];
}

/** Models as the form shows them ticked. */
export function chosenModels(draft: IDraft, pool: readonly PoolModel[]): readonly string[] {
  return draft.models ?? pool.filter(model => model.fits).map(model => model.id);
}
