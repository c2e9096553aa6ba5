import { describe, expect, test } from '@jest/globals';

import type { IDraft } from '../draft';
import {
  METHODS,
  changed,
  chosenModels,
  complaints,
  fittingFirst,
  isDuration,
  needsPreview,
  newDraft,
  startOf
} from '../draft';
import type { PoolModel } from '../protocol';

const draft: IDraft = { ...newDraft('30m'), data: 'df' };

describe('the request', () => {
  test('holds only what was chosen, so that the defaults stay those of the package', () => {
    expect(startOf(draft)).toEqual({
      data: 'df',
      source: 'variable',
      request: { budget: '30m', objectives: ['f1'], name: 'df' },
      store: null
    });
  });

  test('holds everything that was chosen, in the words of the package', () => {
    const chosen: IDraft = {
      ...draft,
      text: ['question', 'answer'],
      label: 'entailed',
      kind: 'classification',
      budget: ' 2h ',
      metric: 'accuracy',
      front: true,
      models: ['roberta-base'],
      methods: ['lora', 'head'],
      name: 'pairs',
      store: 'team.sqlite',
      maxTrials: '20',
      workers: '2',
      seed: '7',
      usePrior: false,
      trustCode: ' some/model@a1, folder@sha256:b2 ,',
      useStarter: false
    };
    expect(startOf(chosen)).toEqual({
      data: 'df',
      source: 'variable',
      request: {
        budget: '2h',
        objectives: ['accuracy', 'seconds'],
        text: ['question', 'answer'],
        label: 'entailed',
        kind: 'classification',
        models: ['roberta-base'],
        methods: ['lora', 'head'],
        name: 'pairs',
        max_trials: 20,
        workers: 2,
        seed: 7,
        trust_code: ['some/model@a1', 'folder@sha256:b2'],
        use_prior: false,
        use_starter: false
      },
      store: 'team.sqlite'
    });
  });
});

describe('a change', () => {
  test('of the data forgets the columns of the old', () => {
    const before: IDraft = { ...draft, text: ['a'], label: 'b', kind: 'generation' };
    expect(changed(before, { data: 'other' })).toMatchObject({ text: null, label: null, kind: null });
    expect(changed(before, { budget: '1h' })).toMatchObject({ text: ['a'], label: 'b' });
  });

  test.each([
    [{ data: 'other' }, true],
    [{ source: 'file' as const }, true],
    [{ text: ['a'] }, true],
    [{ label: 'b' }, true],
    [{ budget: '1h' }, false],
    [{ data: '' }, false]
  ])('%p reads the data again: %p', (patch, wanted) => {
    expect(needsPreview(draft, changed(draft, patch))).toBe(wanted);
  });
});

test.each(['90s', '30m', '1h30m', '2 h', '1.5h', '600', '1d', '10min'])('%s is a duration', text => {
  expect(isDuration(text)).toBe(true);
});

test.each(['', 'soon', '-5m', '0m', '10 parsecs', '5m later'])('%p is no duration', text => {
  expect(isDuration(text)).toBe(false);
});

test.each([
  [{ data: ' ' }, 'data'],
  [{ budget: 'soon' }, 'budget'],
  [{ methods: [] }, 'methods'],
  [{ models: [] }, 'models'],
  [{ maxTrials: '0' }, 'maxTrials'],
  [{ workers: '0' }, 'workers'],
  [{ workers: '65' }, 'workers'],
  [{ seed: '-1' }, 'seed']
] as [Partial<IDraft>, string][])('%p is complained about as %s', (patch, field) => {
  expect(complaints({ ...draft, ...patch })).toEqual([field]);
});

test('nothing is said against a draft with data', () => {
  expect(complaints(draft)).toEqual([]);
  expect(draft.methods).toEqual(METHODS);
});

test('models that fit are chosen until a person chooses', () => {
  const model = (id: string, fits: boolean): PoolModel => ({
    id,
    fits,
    family: 'bert',
    parameters_millions: 1,
    size_mb: 4,
    licence: 'mit',
    reason: ''
  });
  const pool = [model('large', false), model('small', true)];
  expect(fittingFirst(pool).map(({ id }) => id)).toEqual(['small', 'large']);
  expect(chosenModels(draft, pool)).toEqual(['small']);
  expect(chosenModels({ ...draft, models: [] }, pool)).toEqual([]);
});
