import { describe, expect, test } from '@jest/globals';

import * as format from '../format';

describe('unknown is a dash, never 0', () => {
  test.each([format.formatScore, format.formatGain, format.formatSeconds, format.formatGib, format.formatEnergy])(
    '%p',
    write => {
      expect(write(null)).toBe('–');
      expect(write(0)).not.toBe('–');
    }
  );
});

test.each([
  [0.34, '0.3 s'],
  [42.4, '42 s'],
  [59.7, '1 min'],
  [190, '3 min 10 s'],
  [7500, '2 h 5 min'],
  [7200, '2 h'],
  [266400, '3 d 2 h'],
  [-3, '0.0 s']
])('%p seconds are %s', (seconds, text) => {
  expect(format.formatSeconds(seconds)).toBe(text);
});

test.each([
  [5.25, '5.3 s'],
  [90, '90 s'],
  [150, '2.5 min'],
  [3000, '50 min'],
  [9000, '2.5 h'],
  [259200, '3 d']
])('%p seconds are %s on an axis', (seconds, text) => {
  expect(format.shortSeconds(seconds)).toBe(text);
});

test.each([
  [0.00213, '2.1 Wh'],
  [0.5, '500 Wh'],
  [3.14, '3.1 kWh']
])('%p kWh are %s', (kwh, text) => {
  expect(format.formatEnergy(kwh)).toBe(text);
});

test('shares, counts and sizes are short', () => {
  expect(format.formatPercent(0.0625)).toBe('6.3 %');
  expect(format.formatPercent(0.5)).toBe('50 %');
  expect(format.formatCount(950)).toBe('950');
  expect(format.formatCount(67349)).toBe('67.3k');
  expect(format.formatCount(2_500_000)).toBe('2.5M');
  expect(format.formatMillions(1235.8)).toBe('1.2B');
  expect(format.formatMegabytes(1421.5)).toBe('1.4 GB');
  expect(format.formatGib(9.26)).toBe('9.3 GiB');
});

test('gains have a sign', () => {
  expect(format.formatGain(0.0034)).toBe('+0.0034');
  expect(format.formatGain(-0.01)).toBe('−0.0100');
});

test.each([
  [2e-5, '2e-5'],
  [0.000123456, '1.23e-4'],
  [0.1, '0.1'],
  [3, '3'],
  [true, 'true'],
  [null, '–'],
  ['lora', 'lora']
])('the value %p is written %s', (value, text) => {
  expect(format.formatValue(value)).toBe(text);
});

test('a model is told apart by the end of its id', () => {
  expect(format.shortModel('sentence-transformers/all-MiniLM-L6-v2')).toBe('all-MiniLM-L6-v2');
  expect(format.shortModel('models/mine/')).toBe('mine');
  expect(format.shortModel('')).toBe('');
});

test('times of today show the hour, others the date, unreadable ones themselves', () => {
  const now = new Date(2026, 0, 2, 15, 0);
  expect(format.formatTime(new Date(2026, 0, 2, 14, 5).toISOString(), now)).toMatch(/05/);
  expect(format.formatTime('2025-12-24T10:00:00+00:00', now)).toMatch(/2025/);
  expect(format.formatTime('', now)).toBe('–');
  expect(format.formatTime('yesterday', now)).toBe('yesterday');
});
