/**
 * The comms with one kernel: attach, re-attach after a reload or restart, sync on gaps, resend, dispose.
 *
 * The events comm belongs to the kernel and is only listened to; the control comm is opened here, with the first
 * request, once the events comm is seen. A snapshot is enough to redraw everything, so whatever goes wrong ends in one
 * `sync`.
 */

import type { IChannel, IKernel } from './kernel';
import type { IListener, Link } from './link';
import { isWaiting } from './link';
import type { Ack, IRequests, RequestType, StudyEvent } from './protocol';
import { CONTROL_TARGET, EVENTS_TARGET, VersionError, decodeEvent, eventKey } from './protocol';
import { RequestError, Requests } from './requests';

const KNOCK_MS = 3000;

export class Connection {
  private readonly requests: Requests;
  private readonly endings: (() => void)[];
  private link: Link = { kind: 'starting' };
  private events: IChannel | null = null;
  private control: IChannel | null = null;
  private wanted = false;
  private disposed = false;
  /** Rises when what was awaited no longer matters. */
  private round = 0;
  private lastSeq: number | null = null;
  private syncing = false;
  private syncAgain = false;
  /** Events since a sync was sent, the newest of each key: they are applied again on top of its snapshot. */
  private readonly recent = new Map<string, StudyEvent>();

  constructor(
    private readonly kernel: IKernel,
    private readonly listener: IListener,
    private readonly loadsByItself: () => boolean
  ) {
    this.requests = new Requests(() => this.listener.onLate(this.requests.late));
    this.endings = [
      kernel.watch(() => this.followHealth()),
      kernel.accept(EVENTS_TARGET, (channel, hello) => void this.adopt(channel, hello))
    ];
  }

  get kernelId(): string {
    return this.kernel.id;
  }

  /** Look for the package in the kernel, now and after each restart. Does nothing when the link stands. */
  attach(): void {
    this.wanted = true;
    if (this.events === null && this.link.kind !== 'asking' && this.link.kind !== 'loading') {
      void this.look();
    }
  }

  /** Run the fixed line; the kernel's answer is the opening of the events comm. */
  async load(): Promise<void> {
    const round = this.round;
    this.setLink({ kind: 'loading' });
    const error = await this.kernel.load().catch((reason: unknown) => String(reason));
    if (round !== this.round || this.events !== null) {
      return;
    }
    if (error !== null) {
      this.setLink({ kind: 'refused', message: error });
    } else {
      await this.knock(round);
    }
  }

  /**
   * Loading a package that is loaded already does nothing, and some page may have closed its events comm. The kernel
   * opens it again for whoever opens the control comm; `adopt` follows then.
   */
  private async knock(round: number): Promise<void> {
    const control = await this.kernel.create(CONTROL_TARGET).catch(() => null);
    if (round !== this.round || control === null) {
      control?.close();
      return;
    }
    control.send({}); // no request: the kernel only opens the comm
    this.control = control;
    setTimeout(() => round === this.round && this.events === null && void this.look(false), KNOCK_MS);
  }

  /** Ask the kernel; the promise is settled by the one answer, or rejected when none can come any more. */
  request<T extends RequestType>(type: T, fields: IRequests[T]): Promise<Ack<T>> {
    const control = this.control;
    if (control === null) {
      return Promise.reject(new RequestError('The kernel is not connected.', 'Load XAutoLM in the kernel first.'));
    }
    return this.requests.send(type, fields, message => control.send(message));
  }

  /** Bring the picture up to date; calls while one is under way are answered by one more. */
  async sync(study: string | null = this.listener.shownStudy()): Promise<void> {
    if (this.syncing) {
      this.syncAgain = true;
      return;
    }
    const round = this.round;
    this.syncing = true;
    try {
      const ack = await this.request('sync', { study });
      if (round === this.round) {
        this.listener.onSnapshot(ack.snapshot, ack.package);
        this.replay(ack.seq);
        this.setLink({ kind: 'ready' });
      }
    } catch (error) {
      if (round === this.round) {
        this.report(error);
      }
    } finally {
      this.endSync();
    }
  }

  dispose(): void {
    this.disposed = true;
    this.round += 1;
    this.endings.forEach(end => end());
    this.leaveChannels('The panel was closed.');
  }

  // ---- finding the package ------------------------------------------------------------------------------------------

  private async look(mayLoad = true): Promise<void> {
    const { health } = this.kernel;
    if (health !== 'idle' && health !== 'busy') {
      this.setLink(health === 'dead' ? { kind: 'dead' } : { kind: 'starting' });
      return;
    }
    if (!this.kernel.takesComms) {
      this.setLink({ kind: 'deaf' });
      return;
    }
    const round = this.round;
    this.setLink({ kind: 'asking' });
    try {
      const language = await this.kernel.language();
      if (language === 'python') {
        await this.find(round, mayLoad);
      } else if (round === this.round) {
        this.setLink({ kind: 'unsupported', language });
      }
    } catch (error) {
      if (round === this.round) {
        this.setLink({ kind: 'absent' });
        this.report(error);
      }
    }
  }

  private async find(round: number, mayLoad: boolean): Promise<void> {
    const control = this.kernel.create(CONTROL_TARGET); // its subshell starts while the kernel looks its comms up
    const ids = await this.kernel.openComms(EVENTS_TARGET).catch((error: unknown) => {
      drop(control);
      throw error;
    });
    const newest = ids[ids.length - 1];
    const isAwaited = round === this.round && this.events === null;
    const channel = newest === undefined || !isAwaited ? null : this.kernel.attach(EVENTS_TARGET, newest);
    if (channel !== null) {
      await this.adopt(channel, undefined, control);
      return;
    }
    drop(control);
    if (isAwaited && mayLoad && this.loadsByItself()) {
      await this.load();
    } else if (isAwaited) {
      this.setLink({ kind: 'absent' });
    }
  }

  /** Take an events comm, open the control comm beside it, and fetch the picture. */
  private async adopt(channel: IChannel, hello?: unknown, created?: Promise<IChannel>): Promise<void> {
    this.round += 1;
    const round = this.round;
    this.leaveChannels('The package was loaded again.');
    this.events = channel;
    channel.onMessage = data => this.receive(data);
    channel.onClose = () => this.lose();
    this.setLink({ kind: 'connecting' });
    if (hello !== undefined) {
      this.receive(hello);
    }
    try {
      const control = await (created ?? this.kernel.create(CONTROL_TARGET));
      if (round !== this.round) {
        control.close();
        return;
      }
      this.control = control;
      control.onMessage = data => this.answer(data);
      control.onClose = () => this.lose();
    } catch (error) {
      this.report(error);
      return;
    }
    await this.sync(this.listener.shownStudy());
  }

  // ---- what comes in ------------------------------------------------------------------------------------------------

  private receive(data: unknown): void {
    try {
      const event = decodeEvent(data);
      const last = this.lastSeq;
      if (last !== null && event.seq <= last) {
        return;
      }
      this.lastSeq = event.seq;
      if (this.syncing) {
        this.recent.set(eventKey(event), event);
      }
      this.listener.onEvent(event);
      if (last !== null && event.seq > last + 1) {
        void this.sync();
      }
    } catch (error) {
      this.report(error);
    }
  }

  private answer(data: unknown): void {
    try {
      this.requests.answer(data);
    } catch (error) {
      this.report(error);
    }
  }

  private replay(seq: number): void {
    const newer = [...this.recent.values()].filter(event => event.seq > seq).sort((one, two) => one.seq - two.seq);
    newer.forEach(event => this.listener.onEvent(event));
    this.lastSeq = Math.max(seq, newer[newer.length - 1]?.seq ?? seq);
  }

  private endSync(): void {
    const again = this.syncAgain;
    this.syncing = this.syncAgain = false;
    this.recent.clear();
    if (again && this.control !== null) {
      void this.sync();
    }
  }

  /** A VersionError ends the talk: better no picture than a wrong one. */
  private report(error: unknown): void {
    if (error instanceof VersionError) {
      this.round += 1;
      this.leaveChannels('The kernel speaks another version of the protocol.');
      this.setLink({ kind: 'version', theirs: String(error.theirs) });
    } else {
      this.listener.onProblem(error instanceof Error ? error.message : String(error));
    }
  }

  // ---- the life of the kernel ---------------------------------------------------------------------------------------

  private followHealth(): void {
    const { health } = this.kernel;
    if (health === 'restarting') {
      this.forget('The kernel was restarted.', { kind: 'restarting' });
    } else if (health === 'dead') {
      this.forget('The kernel died.', { kind: 'dead' });
    } else if (health === 'offline') {
      this.setLink({ kind: this.events === null ? 'starting' : 'offline' });
    } else if (this.link.kind === 'offline') {
      void this.resume();
    } else if (this.wanted && health !== 'starting' && this.events === null && isWaiting(this.link)) {
      void this.look();
    }
  }

  /** The connection is back. The kernel may have been another one meanwhile, so ask whether it knows the comm. */
  private async resume(): Promise<void> {
    const round = this.round;
    this.setLink({ kind: 'connecting' });
    const ids = await this.kernel.openComms(EVENTS_TARGET).catch((): string[] => []);
    const control = this.control;
    if (round !== this.round) {
      return;
    }
    if (this.events === null || control === null || !ids.includes(this.events.id)) {
      this.forget('The kernel was restarted.', { kind: 'starting' });
      await this.look();
      return;
    }
    this.requests.resend(message => control.send(message));
    await this.sync();
  }

  private forget(reason: string, link: Link): void {
    if (this.link.kind === link.kind) {
      return;
    }
    this.round += 1;
    this.requests.abandon(reason);
    this.events?.release();
    this.control?.release();
    this.events = this.control = this.lastSeq = null;
    this.setLink(link);
    this.listener.onForget();
  }

  /** The kernel closed a comm: the package was unloaded, or another page without the panel closed it. */
  private lose(): void {
    this.round += 1;
    this.leaveChannels('The kernel closed the connection.');
    this.setLink({ kind: 'absent' });
  }

  private leaveChannels(reason: string): void {
    this.requests.abandon(reason);
    this.control?.close();
    this.events?.release();
    this.events = this.control = this.lastSeq = null;
  }

  private setLink(link: Link): void {
    if (!this.disposed) {
      this.link = link;
      this.listener.onLink(link);
    }
  }
}

/** Give up a comm that the kernel has not heard of. */
function drop(channel: Promise<IChannel>): void {
  channel.then(
    made => made.release(),
    () => undefined
  );
}
