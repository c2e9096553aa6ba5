/** The trial table as data: columns, order, filter, and which rows a scroll position shows. Pure. */

import type { TrialRow, TrialState } from './protocol';

export type Column = 'number' | 'state' | 'score' | 'fidelity' | 'seconds' | 'model' | 'memory' | 'energy';

export interface ITableView {
  readonly state: TrialState | null;
  readonly query: string;
  readonly sort: Column;
  readonly descending: boolean;
}

export const DEFAULT_TABLE: ITableView = { state: null, query: '', sort: 'number', descending: true };

/** Better or newer first; what is looked up by name goes from A to Z. */
export function startsDescending(column: Column): boolean {
  return column !== 'model' && column !== 'state';
}

/** The view after a click on a column's head. */
export function sortedBy(view: ITableView, column: Column): ITableView {
  const descending = view.sort === column ? !view.descending : startsDescending(column);
  return { ...view, sort: column, descending };
}

function valueOf(trial: TrialRow, column: Column): number | string | null {
  switch (column) {
    case 'number':
    case 'state':
    case 'score':
    case 'fidelity':
    case 'seconds':
      return trial[column];
    case 'model':
      return `${trial.model} ${trial.method}`;
    case 'memory':
      return trial.peak_memory_gib;
    case 'energy':
      return trial.energy_kwh;
  }
}

/** Unknown values come last in both directions; equal ones by falling number. */
function compare(one: TrialRow, two: TrialRow, { sort, descending }: ITableView): number {
  const [first, second] = [valueOf(one, sort), valueOf(two, sort)];
  if (first === null || second === null) {
    return first === second ? two.number - one.number : first === null ? 1 : -1;
  }
  const order = typeof first === 'string' ? first.localeCompare(String(second)) : first - Number(second);
  return (descending ? -order : order) || two.number - one.number;
}

/** Everything about a trial that a search box should find. */
function wordsOf(trial: TrialRow): string {
  const config = Object.entries(trial.config).map(([name, value]) => `${name}=${String(value)}`);
  const failure = trial.failure === null ? '' : `${trial.failure.kind} ${trial.failure.message}`;
  return `${trial.number} ${trial.model} ${trial.method} ${config.join(' ')} ${failure}`.toLowerCase();
}

export function rowsOf(trials: readonly TrialRow[], view: ITableView): readonly TrialRow[] {
  const wanted = view.query.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = trials.filter(trial => {
    const words = wanted.length === 0 ? '' : wordsOf(trial);
    return (view.state === null || trial.state === view.state) && wanted.every(word => words.includes(word));
  });
  return kept.sort((one, two) => compare(one, two, view));
}

export function countByState(trials: readonly TrialRow[]): ReadonlyMap<TrialState, number> {
  const counts = new Map<TrialState, number>();
  for (const { state } of trials) {
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return counts;
}

/** First and past-the-last row to draw, with some beyond the edges so that fast scrolling shows no gaps. */
export function windowOf(
  scrollTop: number,
  height: number,
  rowHeight: number,
  count: number,
  beyond = 8
): readonly [number, number] {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - beyond);
  const last = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + beyond);
  return [Math.min(first, last), last];
}

/** Where a row has to be scrolled so that it is in sight; the position as it is when it already is. */
export function scrollFor(index: number, scrollTop: number, height: number, rowHeight: number): number {
  const top = index * rowHeight;
  if (top < scrollTop) {
    return top;
  }
  return top + rowHeight > scrollTop + height ? top + rowHeight - height : scrollTop;
}
