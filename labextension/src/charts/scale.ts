/** From values to pixels: scales, their ticks and their domains. Pure. */

export type Domain = readonly [number, number];
export type Scale = (value: number) => number;

/** Pixels of a chart's inside, y growing downwards. */
export interface IBox {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function linearScale([low, high]: Domain, [from, to]: Domain): Scale {
  const span = high - low || 1;
  return value => from + ((value - low) / span) * (to - from);
}

/** The domain must be positive. */
export function logScale([low, high]: Domain, range: Domain): Scale {
  const scale = linearScale([Math.log(low), Math.log(high)], range);
  return value => scale(Math.log(Math.max(value, low)));
}

/** About `count` round values inside the domain. */
export function ticks([low, high]: Domain, count: number): readonly number[] {
  const span = high - low;
  if (!(span > 0) || count < 1) {
    return [low];
  }
  const step = roundStep(span / count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => tidy((first + index) * step));
}

/** Powers of ten with 2 and 5 between, thinned until at most `count` are left. */
export function logTicks([low, high]: Domain, count: number): readonly number[] {
  const all = (factors: readonly number[]): number[] => {
    const found: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      found.push(...factors.map(factor => tidy(factor * 10 ** power)));
    }
    return found.filter(value => value >= low && value <= high);
  };
  const dense = [[1, 2, 5], [1, 3], [1]].map(all);
  return dense.find(found => found.length <= count) ?? thin(dense[dense.length - 1] ?? [], count);
}

/** Round times on a clock, in seconds: 1 s … 30 s, 1 min … 30 min, 1 h … days. */
const CLOCK = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

export function timeTicks([low, high]: Domain, count: number): readonly number[] {
  const span = high - low;
  const step = CLOCK.find(candidate => span / candidate <= count);
  if (step === undefined || span / step < 1) {
    return ticks([low, high], count);
  }
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step);
}

/** Smallest and largest value with a margin; a domain of its own for none or one. */
export function padded(values: readonly number[], margin = 0.05): Domain {
  const [low, high] = extent(values);
  const pad = high > low ? margin * (high - low) : Math.max(Math.abs(high) * margin, 1e-3);
  return [low - pad, high + pad];
}

export function extent(values: readonly number[]): Domain {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}

/** Fewer values than this are all shown. */
const FEW = 8;

/**
 * The domain that shows where the scores that matter lie.
 *
 * A few trials near zero would press the curve that matters into a line at the edge, so the domain reaches three times
 * as far from the best value as the median does; what lies beyond is drawn at the edge.
 */
export function focused(values: readonly number[], maximize: boolean): Domain {
  const [low, high] = extent(values);
  const best = maximize ? high : low;
  const reach = 3 * Math.abs(best - quantile(values, 0.5));
  if (values.length < FEW || reach === 0) {
    return padded([low, high]);
  }
  return padded(maximize ? [Math.max(low, high - reach), high] : [low, Math.min(high, low + reach)]);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, two) => one - two);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export function clamp(value: number, [low, high]: Domain): number {
  return Math.min(high, Math.max(low, value));
}

function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 2.5, 5, 10].find(candidate => candidate * power >= raw * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Without the dust of binary fractions: 0.30000000000000004 is 0.3. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

function thin(values: readonly number[], count: number): readonly number[] {
  const every = Math.ceil(values.length / Math.max(1, count));
  return values.filter((_, index) => index % every === 0);
}
