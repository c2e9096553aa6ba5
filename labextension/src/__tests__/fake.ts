/** A kernel in memory: the tests play its part, message by message. */

import type { IChannel, IKernel, KernelHealth } from '../kernel';
import { CONTROL_TARGET, EVENTS_TARGET } from '../protocol';
import type { ISettings } from '../settings';
import { DEFAULTS } from '../settings';
import type { Json, JsonObject } from './golden';
import { asObject, golden } from './golden';

export class FakeChannel implements IChannel {
  readonly sent: JsonObject[] = [];
  isClosed = false;
  isReleased = false;
  onMessage: (data: unknown) => void = () => undefined;
  onClose: () => void = () => undefined;

  constructor(readonly id: string) {}

  send(data: object): void {
    this.sent.push(data as JsonObject);
  }

  close(): void {
    this.isClosed = true;
  }

  release(): void {
    this.isReleased = true;
  }
}

export class FakeKernel implements IKernel {
  readonly id = 'kernel-1';
  hasSubshells = false;
  takesComms = true;
  speaks = 'python';
  /** Ids of the events comms that are open in the kernel. */
  comms: string[] = [];
  loads = 0;
  loadError: string | null = null;
  /** What `load` does besides answering. */
  onLoad: () => void = () => undefined;
  readonly created: FakeChannel[] = [];
  readonly attached: FakeChannel[] = [];
  private state: KernelHealth = 'idle';
  private watchers: (() => void)[] = [];
  private target: ((channel: IChannel, data: unknown) => void) | null = null;

  get health(): KernelHealth {
    return this.state;
  }

  set health(state: KernelHealth) {
    this.state = state;
    this.watchers.forEach(watcher => watcher());
  }

  watch(callback: () => void): () => void {
    this.watchers.push(callback);
    return () => (this.watchers = this.watchers.filter(other => other !== callback));
  }

  language(): Promise<string> {
    return Promise.resolve(this.speaks);
  }

  openComms(target: string): Promise<string[]> {
    return Promise.resolve(target === EVENTS_TARGET ? this.comms : []);
  }

  attach(_target: string, id: string): IChannel {
    const channel = new FakeChannel(id);
    this.attached.push(channel);
    return channel;
  }

  create(target: string): Promise<IChannel> {
    const channel = new FakeChannel(`${target}-${this.created.length}`);
    this.created.push(channel);
    return Promise.resolve(channel);
  }

  accept(_target: string, callback: (channel: IChannel, data: unknown) => void): () => void {
    this.target = callback;
    return () => (this.target = null);
  }

  load(): Promise<string | null> {
    this.loads += 1;
    this.onLoad();
    return Promise.resolve(this.loadError);
  }

  // ---- the kernel's part --------------------------------------------------------------------------------------------

  /** Whether a comm that the kernel opens would find somebody. */
  get isAwaited(): boolean {
    return this.target !== null;
  }

  /** The comms that a front end has opened: those it has sent something on. */
  get opened(): readonly FakeChannel[] {
    return this.created.filter(channel => channel.sent.length > 0);
  }

  /** The newest control comm that a front end has opened. */
  get control(): FakeChannel {
    const channel = this.opened[this.opened.length - 1];
    if (channel === undefined || !channel.id.startsWith(CONTROL_TARGET)) {
      throw new Error('no control comm was opened');
    }
    return channel;
  }

  get events(): FakeChannel {
    const channel = this.attached[this.attached.length - 1];
    if (channel === undefined) {
      throw new Error('nobody listens to the events comm');
    }
    return channel;
  }

  /** Open the events comm, as `%load_ext` does. */
  greet(seq = 0): FakeChannel {
    const channel = new FakeChannel('events-new');
    this.comms = [channel.id];
    this.attached.push(channel);
    this.target?.(channel, { ...golden('events.hello'), seq });
    return channel;
  }

  emit(name: string, seq: number, changes: JsonObject = {}): void {
    this.events.onMessage({ ...golden(name), ...changes, seq });
  }

  /** Requests of a type that came in, on all control comms. */
  requests(type: string): readonly JsonObject[] {
    return this.opened.flatMap(channel => channel.sent).filter(message => message['type'] === type);
  }

  /** Answer the last request of a type. */
  acknowledge(type: string, changes: JsonObject = {}, name = `control.${type}.ack`): void {
    this.control.onMessage({ ...golden(name), ...changes, id: this.lastId(type) });
  }

  refuse(type: string, message: string, hint = ''): void {
    this.control.onMessage({ v: 1, type: 'error', id: this.lastId(type), message, hint });
  }

  private lastId(type: string): Json {
    const requests = this.requests(type);
    const last = requests[requests.length - 1];
    if (last === undefined) {
      throw new Error(`there was no request of type ${type}`);
    }
    return last['id'] ?? null;
  }
}

/** The golden snapshot with changes to its study and to itself. */
export function snapshot(study: JsonObject = {}, changes: JsonObject = {}): JsonObject {
  const whole = asObject(golden('control.sync.ack')['snapshot']);
  return { ...whole, study: { ...asObject(whole['study']), ...study }, ...changes };
}

export const STUDY = String(asObject(snapshot()['study'])['id']);

export function settings(changes: Partial<ISettings> = {}): () => ISettings {
  return () => ({ ...DEFAULTS, refreshMs: 0, ...changes });
}

/** Let all promises that can be settled settle. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await Promise.resolve();
  }
}
