/** Which kernel the panel follows: that of the notebook or console used last. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { ConsolePanel, IConsoleTracker } from '@jupyterlab/console';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { LabKernel } from './kernel';
import type { Model } from './model';

/** A notebook or console, whose kernel is followed. */
export type Place =
  | { readonly kind: 'notebook'; readonly widget: NotebookPanel }
  | { readonly kind: 'console'; readonly widget: ConsolePanel };

type Tracker = INotebookTracker | IConsoleTracker;

/**
 * Keeps one model per kernel of all open notebooks and consoles.
 *
 * Every kernel needs one, not only the followed: a page that knows no target for a comm which the kernel opens closes
 * it, and with it the events of all other pages.
 */
export class KernelTracker {
  private readonly signal = new Signal<this, void>(this);
  private readonly models = new Map<string, { readonly kernel: Kernel.IKernelConnection; readonly model: Model }>();
  private readonly watched = new WeakSet<ISessionContext>();
  private followed: Place | null = null;

  constructor(
    private readonly notebooks: INotebookTracker | null,
    private readonly consoles: IConsoleTracker | null,
    private readonly makeModel: (kernel: LabKernel) => Model
  ) {
    for (const tracker of [notebooks, consoles]) {
      if (tracker !== null) {
        this.watchAll(tracker);
      }
    }
    notebooks?.currentChanged.connect((_, widget) =>
      this.follow(widget === null ? this.fallBack() : { kind: 'notebook', widget })
    );
    consoles?.currentChanged.connect((_, widget) =>
      this.follow(widget === null ? this.fallBack() : { kind: 'console', widget })
    );
    this.follow(this.fallBack());
  }

  /** The place or its kernel changed. */
  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get place(): Place | null {
    return this.followed;
  }

  /** The model of the followed kernel; null when there is no kernel. */
  get model(): Model | null {
    const id = this.followed?.widget.sessionContext.session?.kernel?.id;
    return id === undefined ? null : (this.models.get(id)?.model ?? null);
  }

  private watchAll(tracker: Tracker): void {
    const watch = (_: unknown, widget: NotebookPanel | ConsolePanel): void => this.watch(widget.sessionContext);
    tracker.forEach((widget: NotebookPanel | ConsolePanel) => this.watch(widget.sessionContext));
    // The two trackers differ in their widgets only.
    (tracker as INotebookTracker).widgetAdded.connect(watch);
  }

  private watch(context: ISessionContext): void {
    if (this.watched.has(context)) {
      return;
    }
    this.watched.add(context);
    context.kernelChanged.connect((_, change) => {
      this.meet(change.newValue ?? null);
      this.tell();
    });
    this.meet(context.session?.kernel ?? null);
  }

  private meet(kernel: Kernel.IKernelConnection | null): void {
    if (kernel === null || kernel.isDisposed || this.models.get(kernel.id)?.kernel.isDisposed === false) {
      return;
    }
    const { id } = kernel;
    const entry = { kernel, model: this.makeModel(new LabKernel(kernel)) };
    this.models.set(id, entry);
    kernel.disposed.connect(() => {
      entry.model.dispose();
      if (this.models.get(id) === entry) {
        this.models.delete(id);
        this.tell();
      }
    });
  }

  private follow(place: Place | null): void {
    this.followed = place;
    this.tell();
  }

  private fallBack(): Place | null {
    const notebook = this.notebooks?.currentWidget ?? null;
    const widget = this.consoles?.currentWidget ?? null;
    if (notebook !== null) {
      return { kind: 'notebook', widget: notebook };
    }
    return widget === null ? null : { kind: 'console', widget };
  }

  private tell(): void {
    this.model?.attach();
    this.signal.emit();
  }
}
