import { describe, expect, test } from '@jest/globals';

import type { TrialRow } from '../protocol';
import { decodeEvent } from '../protocol';
import type { Column, ITableView } from '../table';
import { DEFAULT_TABLE, countByState, rowsOf, scrollFor, sortedBy, windowOf } from '../table';
import { golden } from './golden';

function row(number: number, changes: Partial<TrialRow> = {}): TrialRow {
  const event = decodeEvent(golden('events.trial'));
  if (event.type !== 'trial') {
    throw new Error('the golden event is of a trial');
  }
  return { ...event.trial, number, ...changes };
}

const trials = [
  row(0, { score: 0.7, state: 'complete', seconds: 10, model: 'b/roberta', config: { learning_rate: 2e-5 } }),
  row(1, { score: null, state: 'failed', seconds: 3, failure: { kind: 'out_of_memory', message: 'no room' } }),
  row(2, { score: 0.9, state: 'complete', seconds: 30, model: 'a/bert', peak_memory_gib: 3, energy_kwh: null }),
  row(3, { score: 0.8, state: 'paused', seconds: 20, peak_memory_gib: 2 })
];

function numbers(view: Partial<ITableView>): readonly number[] {
  return rowsOf(trials, { ...DEFAULT_TABLE, ...view }).map(trial => trial.number);
}

describe('order', () => {
  test('is newest first at the beginning', () => {
    expect(numbers({})).toEqual([3, 2, 1, 0]);
  });

  test.each<[Column, boolean, number[]]>([
    ['score', true, [2, 3, 0, 1]],
    ['score', false, [0, 3, 2, 1]],
    ['seconds', true, [2, 3, 0, 1]],
    ['memory', false, [1, 0, 3, 2]],
    ['model', false, [2, 3, 1, 0]],
    ['state', false, [2, 0, 1, 3]]
  ])('by %s, descending %p; unknown values last', (sort, descending, expected) => {
    expect(numbers({ sort, descending })).toEqual(expected);
  });

  test('a second click on a head turns it round', () => {
    const once = sortedBy(DEFAULT_TABLE, 'score');
    expect(once).toMatchObject({ sort: 'score', descending: true });
    expect(sortedBy(once, 'score').descending).toBe(false);
    expect(sortedBy(once, 'model').descending).toBe(false);
  });

  test('leaves the trials as they are', () => {
    const before = trials.map(trial => trial.number);
    numbers({ sort: 'score' });
    expect(trials.map(trial => trial.number)).toEqual(before);
  });
});

describe('the filter', () => {
  test.each<[Partial<ITableView>, number[]]>([
    [{ state: 'failed' }, [1]],
    [{ query: 'memory' }, [1]],
    [{ query: 'ROBERTA' }, [0]],
    [{ query: 'learning_rate=0.00002' }, [0]],
    [{ query: 'bert nothing' }, []],
    [{ query: 'bert', state: 'complete' }, [2, 0]]
  ])('%p keeps %p', (view, expected) => {
    expect(numbers(view)).toEqual(expected);
  });

  test('counts by state', () => {
    expect([...countByState(trials)]).toEqual([
      ['complete', 2],
      ['failed', 1],
      ['paused', 1]
    ]);
  });
});

describe('the window', () => {
  test('holds what is in sight and a little more, however many rows there are', () => {
    expect(windowOf(0, 260, 26, 2000)).toEqual([0, 18]);
    expect(windowOf(26000, 260, 26, 2000)).toEqual([992, 1018]);
    expect(windowOf(51740, 260, 26, 2000)).toEqual([1982, 2000]);
  });

  test('is empty when a filter has left the place it was scrolled to', () => {
    expect(windowOf(26000, 260, 26, 3)).toEqual([3, 3]);
    expect(windowOf(0, 260, 26, 0)).toEqual([0, 0]);
  });

  test('follows the row that has the focus', () => {
    expect(scrollFor(50, 0, 260, 26)).toBe(1066);
    expect(scrollFor(2, 260, 260, 26)).toBe(52);
    expect(scrollFor(12, 260, 260, 26)).toBe(260);
  });
});
