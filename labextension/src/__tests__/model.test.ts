import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';

import { Model } from '../model';
import { valueOf } from '../remote';
import { FakeKernel, STUDY, settings, settle, snapshot } from './fake';
import type { JsonObject } from './golden';
import { asObject, golden } from './golden';

let kernel: FakeKernel;
let model: Model;

beforeEach(() => {
  jest.useFakeTimers();
  kernel = new FakeKernel();
  model = new Model(kernel, settings());
});

afterEach(() => {
  model.dispose();
  jest.useRealTimers();
});

async function connect(study: JsonObject | null = {}): Promise<void> {
  kernel.comms = ['events-1'];
  model.attach();
  await settle();
  kernel.acknowledge('sync', { seq: 5, snapshot: study === null ? null : snapshot(study) });
  await settle();
}

/** Say how the study on the screen stands. */
function tellStudy(seq: number, changes: JsonObject): void {
  kernel.emit('events.study', seq, { study: { ...asObject(golden('events.study')['study']), ...changes } });
}

describe('the picture', () => {
  test('is that of the snapshot', async () => {
    await connect();
    expect(model.state.link.kind).toBe('ready');
    expect(model.state.view.study?.id).toBe(STUDY);
    expect(model.state.view.trials.length).toBeGreaterThan(0);
    expect(model.state.packageVersion).not.toBe('');
  });

  test('follows the events of its study', async () => {
    await connect();
    tellStudy(6, { state: 'paused' });
    kernel.emit('events.charts', 7);
    expect(model.state.view.study?.state).toBe('paused');
    expect(model.state.view.charts?.metric).toBe('f1');
  });

  test('is told of at most once in the time the settings say', async () => {
    model.dispose();
    model = new Model(kernel, settings({ refreshMs: 250 }));
    await connect();
    let told = 0;
    model.changed.connect(() => (told += 1));
    for (let seq = 6; seq < 106; seq++) {
      kernel.emit('events.progress', seq);
    }
    expect(told).toBe(0);
    jest.advanceTimersByTime(250);
    expect(told).toBe(1);
    expect(model.state.view.progress).not.toBeNull();
  });

  test('of 14,400 progress messages keeps the last only', async () => {
    await connect();
    const before = JSON.stringify(model.state).length;
    for (let seq = 6; seq < 14406; seq++) {
      kernel.emit('events.progress', seq);
    }
    expect(kernel.requests('sync')).toHaveLength(1);
    expect(JSON.stringify(model.state).length - before).toBeLessThan(1000);
  });

  test('goes with the kernel that was restarted, but the form stays', async () => {
    await connect();
    model.setDraft({ data: 'df' });
    kernel.comms = [];
    kernel.health = 'restarting';
    expect(model.state.view.study).toBeNull();
    expect(model.state.draft.data).toBe('df');
    expect(model.state.link.kind).toBe('restarting');
  });
});

describe('steering', () => {
  test.each(['pause', 'stop', 'resume'] as const)('%s shows at once and until it has happened', async type => {
    await connect({ state: 'running' });
    const done = model[type]();
    expect(model.state.asked).toBe(type);
    kernel.acknowledge(type);
    await done;
    expect(model.state.asked).toBe(type);
    tellStudy(6, { state: type === 'resume' ? 'stopped' : 'paused' });
    expect(model.state.asked).toBeNull();
  });

  test('a refusal is shown and takes the wish back', async () => {
    await connect();
    const done = model.pause();
    kernel.refuse('pause', 'It is not running.', 'resume() takes it up again.');
    await done;
    expect(model.state.asked).toBeNull();
    expect(model.state.problem).toEqual({ message: 'It is not running.', hint: 'resume() takes it up again.' });
    model.dismiss();
    expect(model.state.problem).toBeNull();
  });

  test('one trial is stopped by its number, more time is asked for by its text', async () => {
    await connect();
    void model.stopTrial(3);
    void model.resume('10m');
    expect(kernel.requests('stop_trial')[0]).toMatchObject({ study: STUDY, number: 3 });
    expect(kernel.requests('resume')[0]).toMatchObject({ study: STUDY, budget: '10m' });
  });

  test('without a study nothing is asked', async () => {
    await connect(null);
    await model.stop();
    expect(kernel.requests('stop')).toHaveLength(0);
  });
});

describe('the form', () => {
  test('takes the only variable by itself and reads it', async () => {
    await connect(null);
    const done = model.fetchVariables();
    const [first] = golden('control.variables.ack')['variables'] as readonly JsonObject[];
    kernel.acknowledge('variables', { variables: [first ?? null] });
    await done;
    expect(model.state.draft.data).toBe(first?.['name']);
    expect(kernel.requests('preview')[0]).toMatchObject({ data: first?.['name'], text: null, label: null });
  });

  test('leaves the choice among several to the person', async () => {
    await connect(null);
    const done = model.fetchVariables();
    const [first] = golden('control.variables.ack')['variables'] as readonly JsonObject[];
    kernel.acknowledge('variables', { variables: [first ?? null, { ...first, name: 'other' }] });
    await done;
    expect(model.state.draft.data).toBe('');
  });

  test('shows the data that was chosen last, whatever order the answers come in', async () => {
    await connect(null);
    model.setDraft({ data: 'slow' });
    const slow = kernel.requests('preview')[0]?.['id'] ?? null;
    model.setDraft({ data: 'quick' });
    kernel.acknowledge('preview', { preview: { ...asObject(golden('control.preview.ack')['preview']), rows: 7 } });
    await settle();
    kernel.control.onMessage({ ...golden('control.preview.ack'), id: slow });
    await settle();
    expect(valueOf(model.state.preview)?.rows).toBe(7);
  });

  test('that is refused says why', async () => {
    await connect(null);
    model.setDraft({ data: 'df' });
    kernel.refuse('preview', 'There is no column.', 'Name one.');
    await settle();
    expect(model.state.preview).toMatchObject({ kind: 'failed', message: 'There is no column.', hint: 'Name one.' });
  });

  test('starts what it says, turns to the run and fetches it', async () => {
    await connect(null);
    model.setDraft({ data: 'df', budget: '5m' });
    const started = model.start();
    expect(kernel.requests('start')[0]).toMatchObject({ data: 'df', source: 'variable', request: { budget: '5m' } });
    kernel.acknowledge('start');
    await settle();
    const syncs = kernel.requests('sync');
    expect(syncs[syncs.length - 1]).toMatchObject({ study: STUDY });
    kernel.acknowledge('sync', { snapshot: snapshot() });
    expect(await started).toBe(true);
    expect(model.state.tab).toBe('run');
    expect(model.state.view.study?.id).toBe(STUDY);
  });

  test('that cannot be started stays, with the reason', async () => {
    await connect(null);
    model.setDraft({ data: 'df' });
    const started = model.start();
    kernel.refuse('start', 'One class only.');
    expect(await started).toBe(false);
    expect(model.state.started).toMatchObject({ kind: 'failed', message: 'One class only.' });
    model.setDraft({ budget: '5m' });
    expect(model.state.started.kind).toBe('none');
  });

  test('is written as code by the kernel', async () => {
    await connect(null);
    model.setDraft({ data: 'df' });
    const code = model.code();
    kernel.acknowledge('code');
    expect(await code).toBe(golden('control.code.ack')['code']);
  });
});

describe('several studies', () => {
  test('a search started in a cell comes to the screen when nothing else runs there', async () => {
    await connect({ state: 'finished' });
    tellStudy(6, { id: 'new', state: 'running' });
    const syncs = kernel.requests('sync');
    expect(syncs[syncs.length - 1]).toMatchObject({ study: 'new' });
  });

  test('one that runs is not pushed off the screen; the other is told of', async () => {
    await connect({ state: 'running' });
    tellStudy(6, { id: 'new', name: 'new', state: 'running' });
    expect(kernel.requests('sync')).toHaveLength(1);
    expect(model.state.other?.id).toBe('new');
    tellStudy(7, { id: 'new', state: 'finished' });
    expect(model.state.other).toBeNull();
  });

  test('one that someone attached to comes to the screen, though it has ended', async () => {
    await connect({ state: 'finished' });
    tellStudy(6, { id: 'old', state: 'interrupted' });
    const syncs = kernel.requests('sync');
    expect(syncs[syncs.length - 1]).toMatchObject({ study: 'old' });
  });

  test('who looks at an old one is not called back by one that goes on, and a note put away stays so', async () => {
    await connect({ state: 'running', here: true });
    const opened = model.openStudy('old');
    kernel.acknowledge('open', { snapshot: snapshot({ id: 'old', state: 'finished' }) });
    await opened;
    const before = kernel.requests('sync').length;
    model.dismiss();
    tellStudy(6, { state: 'running' });
    expect(kernel.requests('sync')).toHaveLength(before);
    expect(model.state.other).toBeNull();
    tellStudy(7, { state: 'stopped' });
    tellStudy(8, { state: 'running' });
    expect(kernel.requests('sync')).toHaveLength(before + 1);
  });

  test('events of another study do not reach the picture', async () => {
    await connect();
    const before = model.state.view.trials;
    kernel.emit('events.trial', 6, { study: 'another' });
    expect(model.state.view.trials).toBe(before);
  });

  test('an old one is opened, and the running one is not lost sight of', async () => {
    await connect({ state: 'running', here: true });
    const opened = model.openStudy('old');
    kernel.acknowledge('open', { snapshot: snapshot({ id: 'old', state: 'finished' }) });
    expect(await opened).toBe(true);
    expect(model.state.view.study?.id).toBe('old');
    expect(model.state.other?.id).toBe(STUDY);
    expect(model.state.tab).toBe('run');
  });

  test('one that cannot be opened leaves the picture as it is', async () => {
    await connect();
    const opened = model.openStudy('gone');
    kernel.refuse('open', 'There is no such study.');
    expect(await opened).toBe(false);
    expect(model.state.view.study?.id).toBe(STUDY);
    expect(model.state.problem?.message).toBe('There is no such study.');
  });
});

describe('looking closely', () => {
  test('a trial is fetched, and again when it has changed', async () => {
    await connect();
    void model.chooseTrial(3);
    kernel.acknowledge('trial');
    await settle();
    expect(valueOf(model.state.detail)?.why).toBe(golden('control.trial.ack')['why']);
    kernel.emit('events.trial', 6);
    expect(kernel.requests('trial')).toHaveLength(2);
    expect(valueOf(model.state.detail)).not.toBeNull();
  });

  test('an answer about a trial that is no longer looked at is dropped', async () => {
    await connect();
    void model.chooseTrial(2);
    await model.chooseTrial(null);
    kernel.acknowledge('trial');
    await settle();
    expect(model.state.detail.kind).toBe('none');
  });

  test('studies, experience, models and export end where they are shown', async () => {
    await connect();
    void model.fetchStudies();
    void model.fetchExperience();
    void model.fetchPool();
    void model.export('folder');
    for (const type of ['studies', 'experiences', 'models', 'export']) {
      kernel.acknowledge(type);
    }
    await settle();
    expect(valueOf(model.state.studies)).toHaveLength(1);
    expect(valueOf(model.state.experience)?.tasks).toHaveLength(1);
    expect(valueOf(model.state.pool)?.models).toHaveLength(2);
    expect(valueOf(model.state.exported)).toBe(golden('control.export.ack')['folder']);
  });
});
