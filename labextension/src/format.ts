/** Numbers as text: short enough for a narrow panel, with their unit. Unknown is a dash, never 0. */

export const UNKNOWN = '–';

export function formatScore(score: number | null): string {
  if (score === null) {
    return UNKNOWN;
  }
  return Math.abs(score) < 100 ? score.toFixed(4) : score.toPrecision(5);
}

export function formatGain(gain: number | null): string {
  if (gain === null) {
    return UNKNOWN;
  }
  return `${gain < 0 ? '−' : '+'}${Math.abs(gain).toFixed(4)}`;
}

type Unit = readonly [size: number, name: string, part: number, partName: string];
const MINUTES: Unit = [60, 'min', 1, 's'];
const HOURS: Unit = [3600, 'h', 60, 'min'];
const DAYS: Unit = [86400, 'd', 3600, 'h'];

/** `8.3 s`, `42 s`, `3 min 10 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatSeconds(seconds: number | null): string {
  if (seconds === null) {
    return UNKNOWN;
  }
  const past = Math.max(0, seconds);
  if (past < 9.95) {
    return `${past.toFixed(1)} s`;
  }
  const whole = Math.round(past);
  if (whole < 60) {
    return `${whole} s`;
  }
  const [large, largeName, small, smallName] = whole < 3600 ? MINUTES : whole < 86400 ? HOURS : DAYS;
  const rest = Math.floor((whole % large) / small);
  const main = `${Math.floor(whole / large)} ${largeName}`;
  return rest === 0 ? main : `${main} ${rest} ${smallName}`;
}

/** For axes and columns: one unit, `90 s`, `12 min`, `1.5 h`. */
export function shortSeconds(seconds: number): string {
  if (seconds < 120) {
    return `${trimmed(seconds, seconds < 10 ? 1 : 0)} s`;
  }
  if (seconds < 7200) {
    return `${trimmed(seconds / 60, seconds < 600 ? 1 : 0)} min`;
  }
  return seconds < 172800 ? `${trimmed(seconds / 3600, 1)} h` : `${trimmed(seconds / 86400, 1)} d`;
}

export function formatGib(gib: number | null): string {
  return gib === null ? UNKNOWN : `${trimmed(gib, gib < 10 ? 1 : 0)} GiB`;
}

/** Watt-hours below one kilowatt-hour. */
export function formatEnergy(kwh: number | null): string {
  if (kwh === null) {
    return UNKNOWN;
  }
  return kwh < 1 ? `${Number((1000 * kwh).toPrecision(2))} Wh` : `${kwh.toFixed(1)} kWh`;
}

export function formatPercent(share: number): string {
  const percent = 100 * share;
  return `${percent > 0 && percent < 10 ? trimmed(percent, 1) : Math.round(percent)} %`;
}

/** `950`, `12.3k`, `4.1M`. */
export function formatCount(count: number): string {
  if (count < 10_000) {
    return String(count);
  }
  return count < 1e6 ? `${trimmed(count / 1e3, count < 1e5 ? 1 : 0)}k` : `${trimmed(count / 1e6, 1)}M`;
}

export function formatMillions(millions: number): string {
  return millions < 1000 ? `${trimmed(millions, millions < 10 ? 1 : 0)}M` : `${trimmed(millions / 1000, 1)}B`;
}

export function formatMegabytes(megabytes: number): string {
  return megabytes < 1000 ? `${Math.round(megabytes)} MB` : `${trimmed(megabytes / 1000, 1)} GB`;
}

/** Values of a configuration: `2e-5` rather than `0.00002`. */
export function formatValue(value: string | number | boolean | null): string {
  if (typeof value === 'number' && !Number.isInteger(value)) {
    const small = Math.abs(value) < 0.001;
    return small ? value.toExponential(2).replace(/\.?0+e/, 'e') : String(Number(value.toPrecision(4)));
  }
  return value === null ? UNKNOWN : String(value);
}

/** The part of a model's id that tells it apart at a glance. */
export function shortModel(id: string): string {
  return id.split('/').filter(Boolean).pop() ?? id;
}

/** `today 14:05`-like times: the hour for today, the date otherwise. Unreadable stamps are shown as they are. */
export function formatTime(stamp: string, now: Date = new Date()): string {
  const time = new Date(stamp);
  if (stamp === '' || Number.isNaN(time.getTime())) {
    return stamp === '' ? UNKNOWN : stamp;
  }
  return time.toDateString() === now.toDateString()
    ? time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : time.toLocaleDateString([], { year: 'numeric', month: 'short', day: 'numeric' });
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
