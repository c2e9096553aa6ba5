/** From the kernel's chart arrays to what is drawn: points with the trial they stand for. Pure. */

import type { Charts, TrialRow } from '../protocol';

/** A trial in a chart, in the values of its axes. */
export interface IMark {
  readonly number: number;
  readonly x: number;
  readonly y: number;
}

export interface IFrontMark extends IMark {
  readonly front: boolean;
  readonly complete: boolean;
}

/** Every trial once: its score, at the time of its last validation. */
export function trialMarks(anytime: Charts['anytime'], trials: readonly TrialRow[]): readonly IMark[] {
  const last = new Map<number, number>();
  anytime.numbers.forEach((number, index) => last.set(number, anytime.seconds[index] ?? 0));
  return trials.flatMap(({ number, score }) => {
    const x = last.get(number);
    return score === null || x === undefined ? [] : [{ number, x, y: score }];
  });
}

/** The places where the best score improved, from first to last. */
export function improvements(anytime: Charts['anytime']): readonly IMark[] {
  return anytime.best.flatMap((y, index) => {
    const isNew = index === 0 || y !== anytime.best[index - 1];
    return isNew ? [{ number: anytime.numbers[index] ?? 0, x: anytime.seconds[index] ?? 0, y }] : [];
  });
}

export function frontMarks(pareto: Charts['pareto']): readonly IFrontMark[] {
  return pareto.numbers.map((number, index) => ({
    number,
    x: pareto.seconds[index] ?? 0,
    y: pareto.scores[index] ?? 0,
    front: pareto.front[index] ?? false,
    complete: pareto.complete[index] ?? false
  }));
}

/** Fastest first, as the line of a front is drawn. */
export function bySeconds<M extends { readonly x: number }>(marks: readonly M[]): readonly M[] {
  return [...marks].sort((one, two) => one.x - two.x);
}

/** Seconds from less to more than twenty times as much are told apart on a logarithmic axis only. */
export function wantsLog(values: readonly number[]): boolean {
  const positive = values.filter(value => value > 0);
  return positive.length > 1 && Math.max(...positive) > 20 * Math.min(...positive);
}
