import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';

import { Connection } from '../connection';
import type { IListener, Link } from '../link';
import type { Snapshot, StudyEvent } from '../protocol';
import { LATE_MS } from '../requests';
import { FakeKernel, STUDY, settle, snapshot } from './fake';
import { golden } from './golden';

class Listener implements IListener {
  readonly links: Link[] = [];
  readonly events: StudyEvent[] = [];
  readonly snapshots: (Snapshot | null)[] = [];
  readonly problems: string[] = [];
  late: readonly string[] = [];
  forgotten = 0;
  shown: string | null = null;

  onLink = (link: Link): void => void this.links.push(link);
  onEvent = (event: StudyEvent): void => void this.events.push(event);
  onSnapshot = (taken: Snapshot | null): void => void this.snapshots.push(taken);
  onForget = (): void => void (this.forgotten += 1);
  onLate = (types: readonly string[]): void => void (this.late = types);
  onProblem = (message: string): void => void this.problems.push(message);
  shownStudy = (): string | null => this.shown;

  get link(): string {
    return this.links[this.links.length - 1]?.kind ?? 'none';
  }
}

let kernel: FakeKernel;
let listener: Listener;
let loadsByItself: boolean;
let connection: Connection;

beforeEach(() => {
  jest.useFakeTimers();
  kernel = new FakeKernel();
  listener = new Listener();
  loadsByItself = false;
  connection = new Connection(kernel, listener, () => loadsByItself);
});

afterEach(() => {
  connection.dispose();
  jest.useRealTimers();
});

/** Attach to a kernel that has the package loaded, up to the first picture. */
async function connect(seq = 5): Promise<void> {
  kernel.comms = ['events-1'];
  connection.attach();
  await settle();
  kernel.acknowledge('sync', { seq });
  await settle();
}

describe('finding the package', () => {
  test('a kernel without it shows as absent, and nothing is sent to it', async () => {
    connection.attach();
    await settle();
    expect(listener.link).toBe('absent');
    expect(kernel.loads).toBe(0);
    expect(kernel.opened).toHaveLength(0);
    expect(kernel.created.map(channel => channel.isReleased)).toEqual([true]);
  });

  test('a kernel that has it is attached to: events, control, one sync, ready', async () => {
    await connect();
    expect(kernel.events.id).toBe('events-1');
    expect(kernel.control.sent).toMatchObject([{ type: 'sync' }]);
    expect(listener.snapshots[0]?.study.id).toBe(STUDY);
    expect(listener.link).toBe('ready');
  });

  test('attaching again does nothing', async () => {
    await connect();
    connection.attach();
    await settle();
    expect(kernel.attached).toHaveLength(1);
    expect(kernel.opened).toHaveLength(1);
  });

  test('a load by hand in a cell is noticed', async () => {
    connection.attach();
    await settle();
    kernel.greet();
    await settle();
    kernel.acknowledge('sync', { seq: 0, snapshot: null });
    await settle();
    expect(listener.link).toBe('ready');
    expect(listener.snapshots).toEqual([null]);
  });

  test('with the setting the fixed line runs without a click', async () => {
    loadsByItself = true;
    kernel.onLoad = () => void kernel.greet();
    connection.attach();
    await settle();
    expect(kernel.loads).toBe(1);
    expect(listener.link).toBe('connecting');
  });

  test('a load that fails shows the error of the kernel', async () => {
    kernel.loadError = "ModuleNotFoundError: No module named 'xautolm_nb'";
    await connection.load();
    expect(listener.links.pop()).toEqual({ kind: 'refused', message: kernel.loadError });
  });

  test('a package that was loaded before is knocked at when its events comm was closed', async () => {
    connection.attach();
    await settle();
    await connection.load(); // the kernel says nothing: it was loaded already
    expect(kernel.opened).toHaveLength(1);
    kernel.greet();
    await settle();
    expect(listener.link).toBe('connecting');
    expect(kernel.opened[0]?.isClosed).toBe(true);
    expect(kernel.requests('sync')).toHaveLength(1);
  });

  test('a knock that nobody hears ends in absent', async () => {
    await connection.load();
    jest.advanceTimersByTime(5000);
    await settle();
    expect(listener.link).toBe('absent');
  });

  test.each([
    ['unsupported', (): void => void (kernel.speaks = 'R')],
    ['deaf', (): void => void (kernel.takesComms = false)],
    ['dead', (): void => void (kernel.health = 'dead')],
    ['starting', (): void => void (kernel.health = 'starting')]
  ])('%s kernels are told apart', async (kind, arrange) => {
    arrange();
    connection.attach();
    await settle();
    expect(listener.link).toBe(kind);
  });

  test('a kernel that comes up later is looked at then', async () => {
    kernel.health = 'starting';
    kernel.comms = ['events-1'];
    connection.attach();
    await settle();
    kernel.health = 'idle';
    await settle();
    expect(kernel.events.id).toBe('events-1');
  });
});

describe('events', () => {
  test('are passed on in order, the old ones dropped', async () => {
    await connect(5);
    kernel.emit('events.trial', 5);
    kernel.emit('events.trial', 6);
    kernel.emit('events.progress', 7);
    kernel.emit('events.progress', 7);
    expect(listener.events.map(event => event.seq)).toEqual([6, 7]);
    expect(kernel.requests('sync')).toHaveLength(1);
  });

  test('a gap asks for the picture, of the study that is shown', async () => {
    await connect(5);
    listener.shown = STUDY;
    kernel.emit('events.trial', 9);
    expect(kernel.requests('sync')).toHaveLength(2);
    expect(kernel.requests('sync')[1]).toMatchObject({ study: STUDY });
  });

  test('gaps while a sync is under way ask once more, not each', async () => {
    await connect(5);
    for (const seq of [9, 12, 15]) {
      kernel.emit('events.trial', seq);
    }
    expect(kernel.requests('sync')).toHaveLength(2);
    kernel.acknowledge('sync', { seq: 15 });
    await settle();
    expect(kernel.requests('sync')).toHaveLength(3);
  });

  test('what came during a sync is applied again on its picture, unless the picture has it', async () => {
    await connect(5);
    kernel.emit('events.trial', 8); // a gap: a sync is sent
    kernel.emit('events.trial.failed', 9);
    kernel.emit('events.study', 10);
    listener.events.length = 0;
    kernel.acknowledge('sync', { seq: 9 });
    await settle();
    expect(listener.events.map(event => event.seq)).toEqual([10]);
    kernel.emit('events.progress', 10);
    expect(listener.events).toHaveLength(1);
  });

  test('one that cannot be read is a problem, and the next is read all the same', async () => {
    await connect(5);
    kernel.emit('events.trial', 6, { study: 7 });
    kernel.emit('events.progress', 6);
    expect(listener.problems).toEqual(['trial.study: expected text, but got 7']);
    expect(listener.events.map(event => event.type)).toEqual(['progress']);
  });

  test('another version ends the talk', async () => {
    await connect(5);
    kernel.emit('events.trial', 6, { v: 2 });
    await settle();
    expect(listener.links.pop()).toEqual({ kind: 'version', theirs: '2' });
    expect(kernel.control.isClosed).toBe(true);
  });
});

describe('requests', () => {
  test('are settled by the one answer with their id', async () => {
    await connect();
    const answer = connection.request('variables', {});
    kernel.acknowledge('variables');
    kernel.refuse('variables', 'too late');
    await expect(answer).resolves.toHaveProperty('variables');
    expect(listener.problems).toEqual([]);
  });

  test('are rejected with the message and the hint of the kernel', async () => {
    await connect();
    const answer = connection.request('stop', { study: STUDY });
    kernel.refuse('stop', 'It is not running.', 'resume() takes it up again.');
    await expect(answer).rejects.toMatchObject({ message: 'It is not running.', hint: 'resume() takes it up again.' });
  });

  test('are rejected when their answer does not keep the contract', async () => {
    await connect();
    const answer = connection.request('code', { data: 'df', source: 'variable', request: {}, store: null });
    kernel.acknowledge('code', { code: 7 });
    await expect(answer).rejects.toThrow('code.ack.code');
  });

  test('are refused while there is no connection', async () => {
    await expect(connection.request('variables', {})).rejects.toThrow('not connected');
  });

  test('answers to other pages are left alone', async () => {
    await connect();
    const answer = connection.request('variables', {});
    kernel.control.onMessage({ ...golden('control.pause.ack'), id: 'somebody-else' });
    kernel.acknowledge('variables');
    await expect(answer).resolves.toBeDefined();
  });

  test('an answer without an id is a problem', async () => {
    await connect();
    kernel.control.onMessage(golden('control.error.unreadable'));
    expect(listener.problems).toHaveLength(1);
  });

  test('that a free kernel would have answered are told of, until they are answered; slow ones are not', async () => {
    await connect();
    const answer = connection.request('stop', { study: STUDY });
    void connection.request('models', {}).catch(() => undefined);
    jest.advanceTimersByTime(LATE_MS + 1);
    expect(listener.late).toEqual(['stop']);
    kernel.acknowledge('stop');
    await answer;
    expect(listener.late).toEqual([]);
  });
});

describe('the life of a kernel', () => {
  test('a restart forgets everything and looks again when the kernel is back', async () => {
    await connect();
    const answer = connection.request('stop', { study: STUDY });
    kernel.comms = [];
    kernel.health = 'restarting';
    await expect(answer).rejects.toThrow('restarted');
    expect(listener.forgotten).toBe(1);
    expect(listener.link).toBe('restarting');
    kernel.health = 'idle';
    await settle();
    expect(listener.link).toBe('absent');
  });

  test('a lost connection keeps the picture, then sends again what may be sent twice', async () => {
    await connect();
    const stop = connection.request('stop', { study: STUDY });
    const resume = connection.request('resume', { study: STUDY, budget: '10m' });
    kernel.health = 'offline';
    expect(listener.link).toBe('offline');
    expect(listener.forgotten).toBe(0);
    kernel.health = 'idle';
    await expect(resume).rejects.toThrow("before the kernel answered 'resume'");
    await settle();
    expect(kernel.requests('stop')).toHaveLength(2);
    expect(kernel.requests('stop')[0]).toEqual(kernel.requests('stop')[1]);
    expect(kernel.requests('resume')).toHaveLength(1);
    kernel.acknowledge('stop');
    await expect(stop).resolves.toBeDefined();
    kernel.acknowledge('sync');
    await settle();
    expect(listener.link).toBe('ready');
  });

  test('a kernel that came back as another is started anew', async () => {
    await connect();
    kernel.health = 'offline';
    kernel.comms = [];
    kernel.health = 'idle';
    await settle();
    expect(listener.forgotten).toBe(1);
    expect(listener.link).toBe('absent');
  });

  test('a kernel that dies says so', async () => {
    await connect();
    kernel.health = 'dead';
    expect(listener.link).toBe('dead');
    expect(listener.forgotten).toBe(1);
  });

  test('a comm that the kernel closes leaves the package absent', async () => {
    await connect();
    kernel.events.onClose();
    expect(listener.link).toBe('absent');
  });

  test('a second load takes the new comm and leaves the old', async () => {
    await connect();
    const old = kernel.events;
    kernel.greet();
    await settle();
    expect(old.isReleased).toBe(true);
    kernel.acknowledge('sync', { seq: 0, snapshot: snapshot() });
    await settle();
    expect(listener.link).toBe('ready');
  });

  test('disposal closes control, leaves events to others and answers nobody any more', async () => {
    await connect();
    const { events, control } = kernel;
    const answer = connection.request('variables', {});
    const links = listener.links.length;
    connection.dispose();
    await expect(answer).rejects.toThrow('closed');
    expect(control.isClosed).toBe(true);
    expect([events.isReleased, events.isClosed]).toEqual([true, false]);
    expect(kernel.isAwaited).toBe(false);
    kernel.health = 'restarting';
    expect(listener.links).toHaveLength(links);
  });
});
