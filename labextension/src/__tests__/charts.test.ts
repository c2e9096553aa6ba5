import { describe, expect, test } from '@jest/globals';

import { bySeconds, frontMarks, improvements, trialMarks, wantsLog } from '../charts/data';
import { linePath, nearest, stepPath } from '../charts/path';
import { clamp, extent, focused, linearScale, logScale, logTicks, padded, ticks, timeTicks } from '../charts/scale';
import { decodeEvent } from '../protocol';
import type { TrialRow } from '../protocol';
import { golden } from './golden';

describe('scales', () => {
  test('a linear one maps ends to ends, upside down too', () => {
    const scale = linearScale([0, 10], [100, 0]);
    expect([scale(0), scale(5), scale(10)]).toEqual([100, 50, 0]);
  });

  test('a domain of one value does not divide by zero', () => {
    expect(linearScale([3, 3], [0, 100])(3)).toBe(0);
  });

  test('a logarithmic one gives equal room to equal factors', () => {
    const scale = logScale([1, 100], [0, 10]);
    expect(scale(10)).toBeCloseTo(5);
    expect(scale(0)).toBe(0);
  });

  test.each([
    [[0, 1], 4, [0, 0.25, 0.5, 0.75, 1]],
    [[0.6, 0.93], 4, [0.6, 0.7, 0.8, 0.9]],
    [[0, 50], 5, [0, 10, 20, 30, 40, 50]],
    [[5, 5], 4, [5]]
  ] as [[number, number], number, number[]][])('ticks of %p, about %d, are %p', (domain, count, expected) => {
    expect(ticks(domain, count)).toEqual(expected);
  });

  test('logarithmic ticks are few and inside', () => {
    expect(logTicks([2, 300], 8)).toEqual([2, 5, 10, 20, 50, 100, 200]);
    expect(logTicks([2, 300], 5)).toEqual([3, 10, 30, 100, 300]);
    expect(logTicks([1, 1e6], 3).length).toBeLessThanOrEqual(3);
  });

  test('time is cut as on a clock', () => {
    expect(timeTicks([0, 1800], 4)).toEqual([0, 600, 1200, 1800]);
    expect(timeTicks([0, 20], 4)).toEqual([0, 5, 10, 15, 20]);
    expect(timeTicks([0, 30 * 86400], 4).length).toBeGreaterThan(1);
  });

  test('none and one value have a domain as well', () => {
    expect(extent([])).toEqual([0, 1]);
    const [low, high] = padded([0.5]);
    expect(low).toBeLessThan(0.5);
    expect(high).toBeGreaterThan(0.5);
  });

  test('a few trials near zero do not press the others into a line', () => {
    const scores = [0.02, 0.05, 0.85, 0.86, 0.87, 0.88, 0.89, 0.9, 0.9, 0.91];
    const [low, high] = focused(scores, true);
    expect(low).toBeGreaterThan(0.5);
    expect(high).toBeGreaterThanOrEqual(0.91);
    const [, top] = focused(
      scores.map(score => 1 - score),
      false
    );
    expect(top).toBeLessThan(0.5);
  });

  test('few values are all shown', () => {
    const [low] = focused([0.02, 0.9], true);
    expect(low).toBeLessThan(0.02);
  });

  test('what lies beyond is drawn at the edge', () => {
    expect(clamp(-3, [0, 1])).toBe(0);
    expect(clamp(3, [0, 1])).toBe(1);
  });
});

describe('paths', () => {
  test('a line goes from point to point', () => {
    expect(
      linePath([
        { x: 0, y: 1 },
        { x: 2.04, y: 3 }
      ])
    ).toBe('M0 1L2 3');
    expect(linePath([])).toBe('');
  });

  test('a step holds each value until the next, and the last until the end', () => {
    expect(
      stepPath(
        [
          { x: 0, y: 9 },
          { x: 5, y: 4 }
        ],
        10
      )
    ).toBe('M0 9H5V4H10');
    expect(stepPath([], 10)).toBe('');
  });

  test('the nearest point is found', () => {
    const points = [
      { x: 0, y: 0 },
      { x: 10, y: 0 }
    ];
    expect(nearest(points, { x: 7, y: 3 })).toBe(1);
    expect(nearest([], { x: 7, y: 3 })).toBe(-1);
  });
});

describe('marks', () => {
  const anytime = { seconds: [1, 2, 3, 4], best: [0.5, 0.5, 0.7, 0.7], numbers: [0, 1, 0, 2], total_seconds: 5 };

  function row(number: number, score: number | null): TrialRow {
    const event = decodeEvent(golden('events.trial'));
    return event.type === 'trial' ? { ...event.trial, number, score } : (undefined as never);
  }

  test('each trial stands once, at its last validation; those without a score do not', () => {
    expect(trialMarks(anytime, [row(0, 0.7), row(1, 0.4), row(2, null), row(9, 0.1)])).toEqual([
      { number: 0, x: 3, y: 0.7 },
      { number: 1, x: 2, y: 0.4 }
    ]);
  });

  test('improvements are where the best score changes', () => {
    expect(improvements(anytime)).toEqual([
      { number: 0, x: 1, y: 0.5 },
      { number: 0, x: 3, y: 0.7 }
    ]);
  });

  test('a front is drawn from the fastest to the slowest', () => {
    const event = decodeEvent(golden('events.charts'));
    const marks = event.type === 'charts' ? frontMarks(event.charts.pareto) : [];
    expect(marks.length).toBeGreaterThan(0);
    const seconds = bySeconds(marks).map(mark => mark.x);
    expect(seconds).toEqual([...seconds].sort((one, two) => one - two));
  });

  test('times far apart want a logarithmic axis', () => {
    expect(wantsLog([1, 30])).toBe(true);
    expect(wantsLog([0, 1, 10])).toBe(false);
    expect(wantsLog([])).toBe(false);
  });
});
