/** What the panel needs of a kernel, and how JupyterLab's own kernel connection gives it. */

import type { Kernel, KernelMessage } from '@jupyterlab/services';

/** The only code that is ever sent to a kernel. */
export const LOAD_LINE = '%load_ext xautolm_nb';
const SUBSHELL_SECONDS = 3;

/** One comm, in as few words as the panel needs. */
export interface IChannel {
  readonly id: string;
  /** What comes from the kernel; the callback must not throw. */
  onMessage: (data: unknown) => void;
  onClose: () => void;
  send(data: object): void;
  /** Tell the kernel that this end is gone. */
  close(): void;
  /** Forget the comm without a word to the kernel: other pages may use it. */
  release(): void;
}

export type KernelHealth = 'starting' | 'idle' | 'busy' | 'restarting' | 'dead' | 'offline';

export interface IKernel {
  readonly id: string;
  readonly health: KernelHealth;
  /** Whether requests are handled while a cell runs. */
  readonly hasSubshells: boolean;
  /** Comms reach only one connection of a page to a kernel. */
  readonly takesComms: boolean;
  /** Calls back on every change of `health`; returns a function that ends it. */
  watch(callback: () => void): () => void;
  language(): Promise<string>;
  openComms(target: string): Promise<string[]>;
  attach(target: string, id: string): IChannel | null;
  /** A comm of this end. The kernel hears of it with the first message, which opens it. */
  create(target: string): Promise<IChannel>;
  /** Calls back when the kernel opens a comm of this target; returns a function that ends it. */
  accept(target: string, callback: (channel: IChannel, data: unknown) => void): () => void;
  /** Run the one fixed line; resolves with null, or with the error it ended in. */
  load(): Promise<string | null>;
}

/** The connection of a notebook or console, as `IKernel`. */
export class LabKernel implements IKernel {
  private hasAnswered = false;

  constructor(private readonly kernel: Kernel.IKernelConnection) {
    kernel.info.then(
      () => (this.hasAnswered = true),
      () => undefined
    );
  }

  get id(): string {
    return this.kernel.id;
  }

  get takesComms(): boolean {
    return this.kernel.handleComms;
  }

  get hasSubshells(): boolean {
    // Older releases of JupyterLab have neither property.
    const kernel: Partial<Kernel.IKernelConnection> = this.kernel;
    return kernel.supportsSubshells === true && kernel.commsOverSubshells !== 'disabled';
  }

  get health(): KernelHealth {
    const { status, connectionStatus } = this.kernel;
    if (status === 'restarting' || status === 'autorestarting') {
      return 'restarting';
    }
    if (status === 'dead' || status === 'terminating' || this.kernel.isDisposed) {
      return 'dead';
    }
    if (connectionStatus !== 'connected') {
      return 'offline';
    }
    if (status === 'unknown' && this.hasAnswered) {
      return 'idle'; // its first word on its status comes later than its answer
    }
    return status === 'idle' || status === 'busy' ? status : 'starting';
  }

  watch(callback: () => void): () => void {
    const { info, statusChanged, connectionStatusChanged } = this.kernel;
    let watches = true;
    statusChanged.connect(callback);
    connectionStatusChanged.connect(callback);
    info.then(
      () => watches && callback(),
      () => undefined
    );
    return () => {
      watches = false;
      statusChanged.disconnect(callback);
      connectionStatusChanged.disconnect(callback);
    };
  }

  async language(): Promise<string> {
    return (await this.kernel.info).language_info.name;
  }

  async openComms(target: string): Promise<string[]> {
    const { content } = await this.kernel.requestCommInfo({ target_name: target });
    return content.status === 'ok' ? Object.keys(content.comms) : [];
  }

  attach(target: string, id: string): IChannel | null {
    return this.kernel.hasComm(id) ? null : channelOf(this.kernel.createComm(target, id), this.kernel, true);
  }

  async create(target: string): Promise<IChannel> {
    const comm = this.kernel.createComm(target);
    if (this.hasSubshells) {
      // A part of the class only, and never resolved where subshells are switched off while it waits.
      const { subshellStarted } = comm as Kernel.IComm & { subshellStarted?: Promise<void> };
      await Promise.race([subshellStarted, seconds(SUBSHELL_SECONDS)]);
    }
    return channelOf(comm, this.kernel, false);
  }

  accept(target: string, callback: (channel: IChannel, data: unknown) => void): () => void {
    const onOpen = (comm: Kernel.IComm, message: KernelMessage.ICommOpenMsg): void =>
      callback(channelOf(comm, this.kernel, true), message.content.data);
    this.kernel.registerCommTarget(target, onOpen);
    return () => this.kernel.removeCommTarget(target, onOpen);
  }

  async load(): Promise<string | null> {
    const subshell = this.kernel.status !== 'idle' && this.hasSubshells ? await this.createSubshell() : null;
    const shown = this.kernel.subshellId;
    if (subshell !== null) {
      this.kernel.subshellId = subshell;
    }
    const future = this.kernel.requestExecute({
      code: LOAD_LINE,
      silent: true,
      store_history: false,
      allow_stdin: false
    });
    if (subshell !== null) {
      this.kernel.subshellId = shown;
    }
    const { content } = await future.done;
    if (subshell !== null) {
      this.kernel.requestDeleteSubshell({ subshell_id: subshell });
    }
    return content.status === 'error' ? `${content.ename}: ${content.evalue}` : null;
  }

  private async createSubshell(): Promise<string | null> {
    const { content } = await this.kernel.requestCreateSubshell({}).done;
    return content.subshell_id ?? null;
  }
}

function channelOf(comm: Kernel.IComm, kernel: Kernel.IKernelConnection, opened: boolean): IChannel {
  const isGone = (): boolean => comm.isDisposed || kernel.isDisposed;
  let isOpen = opened;
  const channel: IChannel = {
    id: comm.commId,
    onMessage: () => undefined,
    onClose: () => undefined,
    send: data => {
      if (!isGone() && isOpen) {
        comm.send({ ...data });
      } else if (!isGone()) {
        isOpen = true;
        comm.open({ ...data });
      }
    },
    close: () => {
      if (!isGone() && isOpen) {
        comm.onClose = () => undefined;
        comm.close();
      } else {
        channel.release();
      }
    },
    release: () => {
      if (!isGone()) {
        comm.dispose();
      }
    }
  };
  comm.onMsg = message => channel.onMessage(message.content.data);
  comm.onClose = () => channel.onClose();
  return channel;
}

function seconds(count: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 1000 * count));
}
