import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { Model } from '../model';
import type { IModelSource } from '../view/Panel';
import { Panel } from '../view/Panel';
import { Page, act } from './draw';
import { FakeKernel, settings, settle, snapshot } from './fake';
import type { Json, JsonObject } from './golden';
import { asObject, golden } from './golden';

class Source implements IModelSource {
  readonly changed: Signal<IModelSource, void> = new Signal<IModelSource, void>(this);

  constructor(public model: Model | null) {}

  follow(model: Model | null): void {
    this.model = model;
    act(() => this.changed.emit());
  }
}

let kernel: FakeKernel;
let model: Model;
let page: Page;
let source: Source;

/** React complains here of what only developers see: double keys, wrong attributes, state that changes unseen. */
let complaints: ReturnType<typeof jest.spyOn>;

beforeEach(() => {
  complaints = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  kernel = new FakeKernel();
  model = new Model(kernel, settings());
  source = new Source(model);
  page = new Page();
});

afterEach(() => {
  page.close();
  model.dispose();
  const said = complaints.mock.calls;
  complaints.mockRestore();
  expect(said).toEqual([]);
});

/** Let what was asked and answered reach the page, the bounded rate of redrawing included. */
async function draw(): Promise<void> {
  await act(async () => {
    await settle();
    await new Promise(resolve => setTimeout(resolve, 5));
  });
}

async function connect(study: JsonObject | null = {}, changes: JsonObject = {}): Promise<void> {
  kernel.comms = ['events-1'];
  model.attach();
  await settle();
  kernel.acknowledge('sync', { seq: 5, snapshot: study === null ? null : snapshot(study, changes) });
  page.draw(<Panel source={source} />);
  await draw();
}

async function answer(type: string, changes: JsonObject = {}): Promise<void> {
  kernel.acknowledge(type, changes);
  await draw();
}

const EVIL = "<img src=x onerror=alert('xautolm')>";

describe('without a connection', () => {
  test('no kernel offers a new notebook', () => {
    source.follow(null);
    page.draw(<Panel source={source} />);
    expect(page.text).toContain('No notebook is open');
    page.click('button', 'New search notebook');
    expect(page.host.calls).toEqual(['newSearch']);
  });

  test('a kernel without the package offers to load it, and says what that runs', async () => {
    model.attach();
    page.draw(<Panel source={source} />);
    await draw();
    expect(page.text).toContain('%load_ext xautolm_nb');
    page.click('checkbox', 'Load it by itself from now on');
    expect(page.host.calls).toEqual(['setLoadByItself true']);
    page.click('button', 'Load XAutoLM');
    await draw();
    expect(kernel.loads).toBe(1);
    expect(page.text).toContain('Loading XAutoLM');
  });

  test('a failed load shows the error and can be tried again', async () => {
    kernel.loadError = "ModuleNotFoundError: No module named 'xautolm_nb'";
    page.draw(<Panel source={source} />);
    act(() => void model.load());
    await draw();
    expect(page.text).toContain(kernel.loadError);
    expect(page.text).toContain('pip install xautolm-nb');
    page.click('button', 'Try again');
    await draw();
    expect(kernel.loads).toBe(2);
  });

  test.each([
    ['R', 'This kernel speaks R', (): void => void (kernel.speaks = 'R')],
    ['deaf', 'belongs to another view', (): void => void (kernel.takesComms = false)],
    ['dead', 'The kernel is gone', (): void => void (kernel.health = 'dead')]
  ])('%s says so', async (_, text, arrange) => {
    arrange();
    model.attach();
    page.draw(<Panel source={source} />);
    await draw();
    expect(page.text).toContain(text);
  });

  test('another version of the protocol shows no picture at all', async () => {
    await connect();
    act(() => kernel.emit('events.trial', 6, { v: 2 }));
    await draw();
    expect(page.text).toContain('Package and extension do not match');
    expect(page.all('[role="tab"]')).toHaveLength(0);
  });

  test('a lost connection leaves the picture and says that the search goes on', async () => {
    await connect();
    act(() => void (kernel.health = 'offline'));
    await draw();
    expect(page.text).toContain('The search goes on');
    expect(page.has('tab', 'Run')).toBe(true);
  });
});

describe('the study', () => {
  test('has its state, best score and budget in every tab', async () => {
    await connect({ state: 'running', name: 'reviews', best_score: 0.91234 });
    for (const name of ['New search', 'Run', 'History']) {
      page.click('tab', name);
      expect(page.text).toContain('reviews');
      expect(page.text).toContain('0.9123');
    }
    expect(page.find('progressbar', 'Budget spent').getAttribute('aria-valuetext')).toMatch(/ of /);
  });

  test('is paused and stopped by its buttons', async () => {
    await connect({ state: 'running' });
    page.click('button', 'Pause');
    expect(kernel.requests('pause')).toHaveLength(1);
    expect(page.text).toContain('pausing…');
    page.click('button', 'Pause');
    expect(kernel.requests('pause')).toHaveLength(1);
    await answer('pause');
    page.click('button', 'Stop');
    expect(kernel.requests('stop')).toHaveLength(1);
  });

  test('that has spent its budget asks for more time', async () => {
    await connect({ state: 'finished', spent_seconds: 600, budget_seconds: 600 });
    page.click('button', 'Resume with more time');
    page.write('textbox', 'More time', 'soon');
    expect(page.find('button', 'Resume').hasAttribute('disabled')).toBe(true);
    page.write('textbox', 'More time', '20m');
    page.click('button', 'Resume');
    expect(kernel.requests('resume')[0]).toMatchObject({ budget: '20m' });
  });

  test('shows the trial that trains, and stops it alone', async () => {
    await connect({ state: 'running' });
    kernel.emit('events.progress', 6);
    await draw();
    const { number } = asObject(golden('events.progress')['progress']);
    page.click('button', `Stop trial ${String(number)} and go on with the next`);
    expect(kernel.requests('stop_trial')[0]).toMatchObject({ number: number as Json });
  });

  test('is exported to a folder', async () => {
    await connect({ state: 'finished' });
    page.write('textbox', 'New folder', 'my-model');
    page.click('button', 'Export');
    expect(kernel.requests('export')[0]).toMatchObject({ folder: 'my-model' });
    await answer('export');
    expect(page.text).toContain(`The model lies in ${String(golden('control.export.ack')['folder'])}`);
  });

  test('without a score says when charts will come', async () => {
    const charts = asObject(snapshot()['charts']);
    const none = { seconds: [], best: [], numbers: [], total_seconds: 0 };
    await connect({ state: 'running' }, { charts: { ...charts, anytime: none } });
    expect(page.text).toContain('Charts appear when the first trial has been validated');
  });

  test('that is missing offers a new search and the old ones', async () => {
    await connect(null);
    page.click('tab', 'Run');
    page.click('button', 'Open an old study');
    expect(page.find('tab', 'History').getAttribute('aria-selected')).toBe('true');
  });

  test('what cannot be done is said, and can be put away', async () => {
    await connect({ state: 'running' });
    page.click('button', 'Stop');
    kernel.refuse('stop', 'It is not running.', 'resume() takes it up again.');
    await draw();
    expect(page.find('alert', 'It is not running.resume() takes it up again.RefreshDismiss')).toBeDefined();
    page.click('button', 'Dismiss');
    expect(page.all('[role="alert"]')).toHaveLength(0);
  });
});

describe('charts', () => {
  test('are pictures with a sentence, and tables on demand', async () => {
    await connect();
    expect(page.all('svg[role="img"]').map(chart => chart.getAttribute('aria-label'))).toEqual([
      expect.stringContaining('reached by trial'),
      expect.stringContaining('on the front'),
      expect.stringContaining('full run')
    ]);
    page.click('button', 'Best f1 over time as a table');
    const heads = page.all('table th').map(head => head.textContent);
    expect(heads).toEqual(['Time', 'Best f1', 'Trial']);
    expect(page.all('table tbody tr').length).toBeGreaterThan(0);
  });

  test('are read with the arrow keys, and Enter opens the trial', async () => {
    await connect();
    const [chart] = page.all('.jp-XAutoLM-plot');
    if (chart === undefined) {
      throw new Error('there is no chart');
    }
    page.press(chart, 'ArrowRight');
    expect(page.text).toMatch(/trial \d+ · 0\.\d{4} after/);
    page.press(chart, 'Enter');
    expect(kernel.requests('trial')).toHaveLength(1);
    expect(page.find('tab', `Trials${model.state.view.trialsTotal}`).getAttribute('aria-selected')).toBe('true');
  });

  test('say why there is no other front beside, and how to make one', async () => {
    const charts = asObject(snapshot()['charts']);
    await connect({}, { charts: { ...charts, reference: null } });
    expect(page.text).toContain('No search without past experience is stored for this data');
  });

  test('draw the zero-shot front where it is known', async () => {
    const charts = asObject(snapshot()['charts']);
    const reference = { name: 'zero-shot', seconds: [5, 50], scores: [0.6, 0.7] };
    await connect({}, { charts: { ...charts, reference } });
    expect(page.all('path.jp-XAutoLM-dash')).toHaveLength(1);
    expect(page.text).toContain('zero-shot');
    expect(page.text).not.toContain('No search without past experience');
  });
});

describe('trials', () => {
  /** So many trials that most of them are out of sight. */
  async function many(count: number): Promise<void> {
    const row = asObject(golden('events.trial')['trial']);
    const trials = Array.from({ length: count }, (_, number) => ({
      ...row,
      number,
      score: number / count,
      state: 'complete'
    }));
    const failed = { ...asObject(golden('events.trial.failed')['trial']), number: count };
    await connect({ best: null }, { trials: [...trials, failed], trials_total: count + 1 });
    page.click('tab', `Trials${count + 1}`);
  }

  function numbers(): readonly number[] {
    return page.all('[role="row"] .jp-mod-number[role="gridcell"]').map(cell => Number(cell.textContent));
  }

  test('are in the page only as far as they are in sight', async () => {
    await many(1999);
    expect(page.find('grid', 'Trials').getAttribute('aria-rowcount')).toBe('2001');
    expect(numbers().length).toBeLessThan(40);
    expect(numbers()[0]).toBe(1999);
  });

  test('are sorted by the heads', async () => {
    await many(50);
    page.click('button', 'f1');
    expect(numbers().slice(0, 3)).toEqual([49, 48, 47]);
    page.click('button', 'f1▾'.slice(0, 2));
    expect(numbers()[0]).toBe(0);
  });

  test('are filtered by state and by words; failures say why', async () => {
    await many(50);
    page.click('button', 'failed 1');
    expect(numbers()).toEqual([50]);
    expect(page.text).toContain('out of memory: 2.0 GiB were wanted');
    page.write('textbox', 'Find trials', 'nothing like this');
    expect(page.text).toContain('No trial fits the filter');
  });

  test('are walked through with the keyboard', async () => {
    await many(50);
    const [first] = page.all('.jp-XAutoLM-tableRow');
    if (first === undefined) {
      throw new Error('there is no row');
    }
    act(() => first.focus());
    page.press(first, 'ArrowDown');
    expect(document.activeElement?.querySelector('.jp-mod-number')?.textContent).toBe('49');
    page.press(document.activeElement as HTMLElement, 'End');
    expect(document.activeElement?.querySelector('.jp-mod-number')?.textContent).toBe('0');
    page.press(document.activeElement as HTMLElement, 'Enter');
    expect(kernel.requests('trial')[0]).toMatchObject({ number: 0 });
  });

  test('one of them shows configuration, reasons and the log of its failure', async () => {
    await many(5);
    act(() => void model.chooseTrial(5));
    await answer('trial');
    expect(page.text).toContain('Why it was proposed');
    expect(page.text).toContain('learning_rate');
    expect(page.all('pre')[0]?.textContent).toContain('MemoryError');
    page.click('button', 'Back to all trials');
    expect(page.has('grid', 'Trials')).toBe(true);
  });
});

describe('a new search', () => {
  async function form(): Promise<void> {
    await connect(null);
    kernel.acknowledge('variables');
    await answer('models');
  }

  test('without data in the kernel says what to do', async () => {
    await connect(null);
    await answer('variables', { variables: [] });
    expect(page.text).toContain('No data in this kernel');
    page.click('button', 'Look again');
    expect(kernel.requests('variables')).toHaveLength(2);
    await answer('variables', { variables: [] });
    page.click('button', 'Choose a file');
    page.write('textbox', 'File, folder or hub id', 'reviews.csv');
    page.click('button', 'Read');
    expect(kernel.requests('preview')[0]).toMatchObject({ data: 'reviews.csv', source: 'file' });
  });

  test('shows columns, classes, lengths and warnings of what was chosen', async () => {
    await form();
    const [variable] = golden('control.variables.ack')['variables'] as readonly JsonObject[];
    page.write('combobox', 'Variable of the kernel', String(variable?.['name']));
    await answer('preview');
    expect(page.text).toContain('1000 rows');
    expect(page.text).toContain('12 rows repeat an earlier row');
    expect((page.find('combobox', 'Text') as HTMLSelectElement).value).toBe('sentence');
    page.write('combobox', 'Label', 'sentence');
    const previews = kernel.requests('preview');
    expect(previews[previews.length - 1]).toMatchObject({ label: 'sentence' });
  });

  test('says which models fit the machine, and why others do not', async () => {
    await form();
    expect(page.text).toContain('does not fit: needs 9.2 GiB, 4.0 GiB are there');
    expect(page.text).toContain('1 of 2 models chosen');
    page.click('button', 'None');
    expect(page.text).toContain('0 of 2 models chosen');
    expect(model.state.draft.models).toEqual([]);
  });

  test('cannot start before there is data, and starts then', async () => {
    await form();
    expect(page.find('button', 'Start search').hasAttribute('disabled')).toBe(true);
    act(() => model.setDraft({ data: 'df' }));
    page.write('textbox', 'Budget', '5m');
    page.click('button', 'Start search');
    expect(kernel.requests('start')[0]).toMatchObject({ data: 'df', request: { budget: '5m' } });
    kernel.refuse('start', 'One class only.', 'Choose another label.');
    await draw();
    expect(page.text).toContain('One class only.');
    expect(page.text).toContain('Choose another label.');
  });

  test('is written into the notebook as code', async () => {
    await form();
    act(() => model.setDraft({ data: 'df' }));
    page.click('button', 'Insert code');
    await answer('code');
    expect(page.host.calls).toEqual([`insertCode ${String(golden('control.code.ack')['code'])}`]);
  });
});

describe('history', () => {
  test('lists studies to open and what similar tasks taught', async () => {
    await connect();
    page.click('tab', 'History');
    kernel.acknowledge('studies', { studies: [asObject(snapshot({ id: 'old', name: 'older' })['study'])] });
    await answer('experiences');
    expect(page.text).toContain('82 % similar');
    expect(page.text).toContain('learning_rate=0.0002');
    page.click('button', 'Open older');
    expect(kernel.requests('open')[0]).toMatchObject({ study: 'old' });
  });

  test('without studies and experience offers a first search', async () => {
    await connect(null);
    page.click('tab', 'History');
    kernel.acknowledge('studies', { studies: [] });
    await answer('experiences', { tasks: [], total: 0 });
    expect(page.text).toContain('No study yet');
    expect(page.text).toContain('Nothing learned yet');
  });
});

describe('tabs', () => {
  test('are moved through with the arrow keys, round the corner', async () => {
    await connect();
    page.press(page.find('tab', 'Run'), 'ArrowLeft');
    expect(document.activeElement?.textContent).toBe('New search');
    page.press(page.find('tab', 'New search'), 'ArrowLeft');
    expect(page.find('tab', 'History').getAttribute('aria-selected')).toBe('true');
    expect(page.all('[role="tab"][tabindex="0"]')).toHaveLength(1);
  });

  test('follow the kernel of the notebook in use', async () => {
    await connect();
    expect(page.has('tab', 'Run')).toBe(true);
    source.follow(null);
    expect(page.text).toContain('No notebook is open');
  });
});

test('names, labels and errors stay text wherever they are shown', async () => {
  await connect({ name: EVIL, message: EVIL, metric: EVIL });
  const seen: string[] = [];
  const look = (): void => {
    seen.push(page.text);
    expect(page.all('img, script, b, iframe')).toHaveLength(0);
  };
  look();
  page.click('tab', 'History');
  kernel.acknowledge('studies', { studies: [asObject(snapshot({ name: EVIL })['study'])] });
  await answer('experiences', { store: EVIL });
  look();
  page.click('tab', 'New search');
  kernel.acknowledge('variables', { variables: [] });
  act(() => model.setDraft({ data: EVIL, source: 'file' }));
  kernel.acknowledge('models');
  await answer('preview');
  look();
  kernel.emit('events.trial.failed', 6);
  act(() => model.setTab('trials'));
  await draw();
  look();
  act(() => void model.chooseTrial(2));
  await answer('trial', { why: EVIL, detail: EVIL });
  look();
  expect(seen.every(text => text.includes(EVIL))).toBe(true);
});
