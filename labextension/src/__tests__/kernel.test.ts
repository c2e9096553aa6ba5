import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Kernel } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { LOAD_LINE, LabKernel } from '../kernel';

/** A comm as JupyterLab has it, as far as the panel uses it. */
class LabComm {
  isDisposed = false;
  readonly opened: unknown[] = [];
  readonly sent: unknown[] = [];
  readonly subshellStarted = Promise.resolve();
  onMsg: (message: unknown) => void = () => undefined;
  onClose: (message: unknown) => void = () => undefined;

  constructor(readonly commId: string) {}

  open(data: unknown): void {
    this.opened.push(data);
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(): void {
    this.sent.push('close');
    this.isDisposed = true;
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

/** A kernel connection as JupyterLab has it, as far as the panel uses it. */
class LabConnection {
  readonly id = 'kernel-1';
  answer: () => void = () => undefined;
  readonly info = new Promise<object>(resolve => (this.answer = (): void => resolve({})));
  readonly statusChanged = new Signal<object, string>(this);
  readonly connectionStatusChanged = new Signal<object, string>(this);
  readonly comms = new Map<string, LabComm>();
  readonly executed: { readonly code: string; readonly subshell: string | null }[] = [];
  handleComms = true;
  isDisposed = false;
  status = 'idle';
  connectionStatus = 'connected';
  supportsSubshells = false;
  subshellId: string | null = null;
  result: object = { status: 'ok' };
  deleted: string[] = [];

  hasComm = (id: string): boolean => this.comms.has(id);

  createComm = (_target: string, id = 'comm-1'): LabComm => {
    const comm = new LabComm(id);
    this.comms.set(id, comm);
    return comm;
  };

  requestExecute = (content: { readonly code: string }): object => {
    this.executed.push({ code: content.code, subshell: this.subshellId });
    return { done: Promise.resolve({ content: this.result }) };
  };

  requestCreateSubshell = (): object => ({ done: Promise.resolve({ content: { subshell_id: 'sub-1' } }) });
  requestDeleteSubshell = (content: { readonly subshell_id: string }): void =>
    void this.deleted.push(content.subshell_id);
}

let lab: LabConnection;
let kernel: LabKernel;

beforeEach(() => {
  lab = new LabConnection();
  kernel = new LabKernel(lab as unknown as Kernel.IKernelConnection);
});

test.each([
  ['idle', 'connected', 'idle'],
  ['busy', 'connected', 'busy'],
  ['unknown', 'connected', 'starting'],
  ['unknown', 'connecting', 'offline'],
  ['idle', 'disconnected', 'offline'],
  ['autorestarting', 'connected', 'restarting'],
  ['restarting', 'connecting', 'restarting'],
  ['dead', 'disconnected', 'dead']
])('%s and %s is %s', (status, connectionStatus, health) => {
  Object.assign(lab, { status, connectionStatus });
  expect(kernel.health).toBe(health);
});

test('changes of status and of connection are watched until that is ended', () => {
  let calls = 0;
  const end = kernel.watch(() => (calls += 1));
  lab.statusChanged.emit('busy');
  lab.connectionStatusChanged.emit('connecting');
  end();
  lab.statusChanged.emit('idle');
  expect(calls).toBe(2);
});

test('a kernel that has answered may be asked before its status is known', async () => {
  lab.status = 'unknown';
  let calls = 0;
  kernel.watch(() => (calls += 1));
  kernel.watch(() => (calls += 10))();
  expect(kernel.health).toBe('starting');
  lab.answer();
  await lab.info;
  expect(kernel.health).toBe('idle');
  expect(calls).toBe(1);
});

describe('loading', () => {
  test('sends the fixed line and nothing else', async () => {
    expect(await kernel.load()).toBeNull();
    expect(lab.executed).toEqual([{ code: LOAD_LINE, subshell: null }]);
    expect(LOAD_LINE).toBe('%load_ext xautolm_nb');
  });

  test('goes past a running cell on a subshell of its own, which is then deleted', async () => {
    Object.assign(lab, { status: 'busy', supportsSubshells: true });
    await kernel.load();
    expect(lab.executed).toEqual([{ code: LOAD_LINE, subshell: 'sub-1' }]);
    expect(lab.subshellId).toBeNull();
    expect(lab.deleted).toEqual(['sub-1']);
  });

  test('takes a subshell too where it is not known whether a cell runs', async () => {
    Object.assign(lab, { status: 'unknown', supportsSubshells: true });
    await kernel.load();
    expect(lab.executed).toEqual([{ code: LOAD_LINE, subshell: 'sub-1' }]);
  });

  test('gives the error of the kernel', async () => {
    lab.result = { status: 'error', ename: 'ModuleNotFoundError', evalue: 'no xautolm_nb' };
    expect(await kernel.load()).toBe('ModuleNotFoundError: no xautolm_nb');
  });
});

describe('comms', () => {
  test('are attached to once', () => {
    expect(kernel.attach('target', 'events')?.id).toBe('events');
    expect(kernel.attach('target', 'events')).toBeNull();
  });

  test('open with their first message, pass on what comes, and send while they live', async () => {
    const channel = await kernel.create('target');
    const comm = lab.comms.get(channel.id);
    const received: unknown[] = [];
    channel.onMessage = data => received.push(data);
    comm?.onMsg({ content: { data: { seq: 1 } } });
    expect(comm?.opened).toEqual([]);
    channel.send({ id: 'a' });
    channel.send({ id: 'b' });
    lab.isDisposed = true;
    channel.send({ id: 'c' });
    channel.close();
    expect(received).toEqual([{ seq: 1 }]);
    expect(comm?.opened).toEqual([{ id: 'a' }]);
    expect(comm?.sent).toEqual([{ id: 'b' }]);
  });

  test('that are released or never opened say nothing to the kernel, that are closed do', async () => {
    const released = kernel.attach('target', 'events');
    released?.release();
    expect(lab.comms.get('events')?.sent).toEqual([]);
    const unheard = await kernel.create('unheard');
    unheard.close();
    expect(lab.comms.get(unheard.id)).toMatchObject({ opened: [], sent: [], isDisposed: true });
    const closed = await kernel.create('target');
    closed.send({});
    closed.close();
    expect(lab.comms.get(closed.id)).toMatchObject({ opened: [{}], sent: ['close'] });
  });

  test('wait for their subshell where there are subshells', async () => {
    lab.supportsSubshells = true;
    expect(kernel.hasSubshells).toBe(true);
    await kernel.create('target');
    Object.assign(lab, { commsOverSubshells: 'disabled' });
    expect(kernel.hasSubshells).toBe(false);
  });
});
