import { describe, expect, test } from '@jest/globals';

import type { Snapshot, StudyEvent, StudyState, TrialRow } from '../protocol';
import { decodeAck, decodeEvent, studyOf } from '../protocol';
import { EMPTY_VIEW, MAX_TRIALS, applyEvent, isLive, runningOf, viewOf } from '../state';
import { snapshot } from './fake';
import { asObject, golden } from './golden';

function taken(): Snapshot {
  const ack = decodeAck('sync', { ...golden('control.sync.ack'), snapshot: snapshot() });
  if (ack.snapshot === null) {
    throw new Error('the golden sync has a snapshot');
  }
  return ack.snapshot;
}

function trialEvent(number: number, changes: Partial<TrialRow> = {}): StudyEvent {
  const event = decodeEvent(golden('events.trial'));
  if (event.type !== 'trial') {
    throw new Error('the golden event is of a trial');
  }
  return { ...event, trial: { ...event.trial, number, ...changes } };
}

describe('a snapshot', () => {
  test('is shown by rising trial number, whatever its order', () => {
    const whole = taken();
    const view = viewOf({ ...whole, trials: [...whole.trials].reverse() });
    const numbers = view.trials.map(trial => trial.number);
    expect(numbers).toEqual([...numbers].sort((one, two) => one - two));
    expect(view.study).toEqual(whole.study);
  });

  test('of more trials than a page holds keeps the newest and says how many there are', () => {
    const [row] = taken().trials;
    const trials = Array.from({ length: MAX_TRIALS + 5 }, (_, number) => ({ ...row, number }) as TrialRow);
    const view = viewOf({ ...taken(), trials, trials_total: 4000 });
    expect(view.trials).toHaveLength(MAX_TRIALS);
    expect(view.trials[0]?.number).toBe(5);
    expect(view.trialsTotal).toBe(4000);
  });
});

describe('events', () => {
  test('insert a new trial in its place and replace a known one', () => {
    const first = [3, 1, 2].reduce((view, number) => applyEvent(view, trialEvent(number)), EMPTY_VIEW);
    expect(first.trials.map(trial => trial.number)).toEqual([1, 2, 3]);
    const second = applyEvent(first, trialEvent(2, { score: 0.5 }));
    expect(second.trials.map(trial => trial.score)).toEqual([first.trials[0]?.score, 0.5, first.trials[2]?.score]);
    expect(first.trials[1]?.score).not.toBe(0.5);
  });

  test('of many trials do not grow the page without bound', () => {
    let view = viewOf({ ...taken(), trials: Array.from({ length: MAX_TRIALS }, (_, number) => rowOf(number)) });
    view = applyEvent(view, trialEvent(MAX_TRIALS));
    expect(view.trials).toHaveLength(MAX_TRIALS);
    expect(view.trials[MAX_TRIALS - 1]?.number).toBe(MAX_TRIALS);
  });

  test('the end of a trial ends its progress', () => {
    const running = applyEvent(EMPTY_VIEW, decodeEvent(golden('events.progress')));
    const number = running.progress?.number ?? -1;
    expect(applyEvent(running, trialEvent(number, { state: 'running' })).progress).not.toBeNull();
    expect(applyEvent(running, trialEvent(number, { state: 'complete' })).progress).toBeNull();
    expect(applyEvent(running, trialEvent(number + 1, { state: 'complete' })).progress).not.toBeNull();
  });

  test('trials that run beside each other have their progress apart, by number', () => {
    const told = (number: number, step: number): StudyEvent => {
      const event = asObject(golden('events.progress'));
      return decodeEvent({ ...event, progress: { ...asObject(event['progress']), number, step } });
    };
    const events = [told(5, 1), told(3, 1), told(5, 2)];
    const running = events.reduce(applyEvent, EMPTY_VIEW);
    expect(runningOf(running).map(({ number, step }) => [number, step])).toEqual([
      [3, 1],
      [5, 2]
    ]);
    const one = applyEvent(running, trialEvent(3, { state: 'paused' }));
    expect(runningOf(one).map(({ number }) => number)).toEqual([5]);
    expect(runningOf(applyEvent(running, decodeEvent(golden('events.finished'))))).toEqual([]);
  });

  test.each(['study', 'charts', 'device', 'progress'] as const)('%s takes the place of the one before', type => {
    const event = decodeEvent(golden(`events.${type}`));
    expect(applyEvent(EMPTY_VIEW, event)[type]).toEqual((event as unknown as Record<string, unknown>)[type]);
  });

  test('a greeting changes nothing, the end of the loop ends the progress', () => {
    expect(applyEvent(EMPTY_VIEW, decodeEvent(golden('events.hello')))).toBe(EMPTY_VIEW);
    const running = applyEvent(EMPTY_VIEW, decodeEvent(golden('events.progress')));
    expect(applyEvent(running, decodeEvent(golden('events.finished'))).progress).toBeNull();
  });

  test('say which study they are of; a greeting is of none', () => {
    expect(studyOf(decodeEvent(golden('events.study')))).toBe(studyOf(decodeEvent(golden('events.trial'))));
    expect(studyOf(decodeEvent(golden('events.hello')))).toBeNull();
  });
});

test.each<[StudyState, boolean]>([
  ['running', true],
  ['paused', true],
  ['finished', false],
  ['interrupted', false]
])('a study that is %s is live: %p', (state, live) => {
  expect(isLive({ ...taken().study, state })).toBe(live);
});

function rowOf(number: number): TrialRow {
  const event = trialEvent(number);
  return event.type === 'trial' ? event.trial : (undefined as never);
}
