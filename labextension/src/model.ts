/** The state behind the panel for one kernel: snapshot and events in, one `changed` signal out. No DOM. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Connection } from './connection';
import type { IDraft } from './draft';
import { changed, needsPreview, startOf } from './draft';
import type { IKernel } from './kernel';
import type { IListener, Link } from './link';
import type { IDraftMemory } from './memory';
import { NO_MEMORY } from './memory';
import type { Asked, IPanelState, Tab } from './panelState';
import { initialState } from './panelState';
import type { Ack, IRequests, RequestType, Snapshot, StudyEvent, StudyInfo } from './protocol';
import { studyOf } from './protocol';
import { NONE, failed, loading, problemOf, ready, track, valueOf } from './remote';
import type { ISettings } from './settings';
import { applyEvent, isLive, viewOf } from './state';
import type { ITableView } from './table';

const STUDIES_LISTED = 50;
const TASKS_LISTED = 20;

export class Model implements IListener {
  private readonly connection: Connection;
  private readonly signal = new Signal<this, void>(this);
  private current: IPanelState;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private told = 0;
  /** Studies that the page has heard of, and whether they worked then. */
  private readonly met = new Map<string, boolean>();
  private disposed = false;

  constructor(
    kernel: IKernel,
    private readonly settings: () => ISettings,
    private readonly memory: IDraftMemory = NO_MEMORY
  ) {
    const kept = memory.load(kernel.id);
    this.current = { ...initialState(settings().budget), ...(kept === null ? {} : { draft: kept }) };
    this.connection = new Connection(kernel, this, () => this.settings().loadByItself);
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get state(): IPanelState {
    return this.current;
  }

  /** Look for the package in the kernel; done when the panel follows it. */
  attach(): void {
    this.connection.attach();
  }

  dispose(): void {
    this.disposed = true;
    this.connection.dispose();
    if (this.timer !== null) {
      clearTimeout(this.timer);
    }
    Signal.clearData(this);
  }

  // ---- what the connection tells ------------------------------------------------------------------------------------

  onLink(link: Link): void {
    this.patch({ link });
  }

  onLate(late: readonly RequestType[]): void {
    this.patch({ late });
  }

  onProblem(message: string): void {
    this.patch({ problem: { message, hint: '' } });
  }

  onForget(): void {
    const { draft, link } = this.current;
    this.met.clear();
    this.patch({ ...initialState(draft.budget), draft, link });
  }

  shownStudy(): string | null {
    return this.current.view.study?.id ?? null;
  }

  onSnapshot(snapshot: Snapshot | null, packageVersion: string): void {
    this.patch({ packageVersion, problem: null });
    if (snapshot !== null) {
      this.show(snapshot);
    }
  }

  onEvent(event: StudyEvent): void {
    const { view } = this.current;
    const study = studyOf(event);
    if (study === null || study === view.study?.id) {
      this.patchSoon({ view: applyEvent(view, event), ...this.settled(event) });
      if (event.type === 'trial' && event.trial.number === this.current.chosen) {
        void this.chooseTrial(event.trial.number);
      }
    } else if (event.type === 'study') {
      this.meet(event.study);
    }
  }

  /**
   * The kernel tells of a study that is not on the screen. One that is new to the page, or works again, takes the place
   * of a study at rest; afterwards a person's choice and what was put away stay as they are.
   */
  private meet(study: StudyInfo): void {
    const before = this.met.get(study.id);
    const comes = before === undefined || (!before && isLive(study));
    this.met.set(study.id, isLive(study));
    if (comes && !isLive(this.current.view.study)) {
      void this.connection.sync(study.id);
    }
    const { other } = this.current;
    if (comes || other?.id === study.id) {
      this.patchSoon({ other: isLive(study) ? study : null });
    }
  }

  /** What was asked for has happened once the state is another. */
  private settled(event: StudyEvent): Partial<IPanelState> {
    const before = this.current.view.study?.state;
    return event.type === 'study' && event.study.state !== before ? { asked: null } : {};
  }

  private show(snapshot: Snapshot): void {
    const { other, view } = this.current;
    const same = view.study?.id === snapshot.study.id;
    for (const seen of [view.study, snapshot.study]) {
      if (seen !== null) {
        this.met.set(seen.id, isLive(seen));
      }
    }
    const left = !same && view.study !== null && view.study.here && isLive(view.study) ? view.study : other;
    this.patch({
      view: viewOf(snapshot),
      other: left?.id === snapshot.study.id ? null : left,
      ...(same ? {} : { asked: null, chosen: null, detail: NONE, exported: NONE })
    });
  }

  // ---- the study ----------------------------------------------------------------------------------------------------

  load(): Promise<void> {
    return this.connection.load();
  }

  refresh(): Promise<void> {
    return this.connection.sync();
  }

  /** Put away what was told: the problem, and the note about another study. */
  dismiss(): void {
    this.patch({ problem: null, other: null });
  }

  pause(): Promise<void> {
    return this.steer('pause', study => this.ask('pause', { study }));
  }

  stop(): Promise<void> {
    return this.steer('stop', study => this.ask('stop', { study }));
  }

  /** Go on; a study that has spent its budget needs a new one. */
  resume(budget: string | null = null): Promise<void> {
    return this.steer('resume', study => this.ask('resume', { study, budget }));
  }

  stopTrial(number: number): Promise<void> {
    return this.steer(null, study => this.ask('stop_trial', { study, number }));
  }

  private async steer(asked: Asked | null, send: (study: string) => Promise<unknown>): Promise<void> {
    const study = this.shownStudy();
    if (study === null) {
      return;
    }
    this.patch({ asked, problem: null });
    try {
      await send(study);
    } catch (error) {
      this.patch({ asked: null, problem: problemOf(error) });
    }
  }

  // ---- the form -----------------------------------------------------------------------------------------------------

  setDraft(patch: Partial<IDraft>): void {
    const before = this.current.draft;
    const draft = changed(before, patch);
    this.patch({ draft, started: NONE });
    this.memory.save(this.connection.kernelId, draft);
    if (draft.data === '') {
      this.patch({ preview: NONE });
    } else if (needsPreview(before, draft)) {
      void this.fetchPreview();
    }
  }

  async fetchVariables(): Promise<void> {
    const answer = this.ask('variables', {}).then(ack => ack.variables);
    await track(this.current.variables, answer, variables => this.patch({ variables }));
    const { draft, variables } = this.current;
    const only = valueOf(variables)?.length === 1 ? valueOf(variables)?.[0] : undefined;
    if (only !== undefined && draft.source === 'variable' && draft.data === '') {
      this.setDraft({ data: only.name });
    }
  }

  async fetchPreview(): Promise<void> {
    const { data, source, text, label } = this.current.draft;
    const asked = this.current.draft;
    this.patch({ preview: loading(this.current.preview) });
    const preview = await this.ask('preview', { data, source, text, label }).then(ack => ready(ack.preview), failed);
    if (!needsPreview(asked, this.current.draft)) {
      this.patch({ preview });
    }
  }

  fetchPool(): Promise<void> {
    return track(this.current.pool, this.ask('models', {}), pool => this.patch({ pool }));
  }

  /** Start what the form says; resolves with whether it started. */
  async start(): Promise<boolean> {
    this.patch({ started: loading(this.current.started), problem: null });
    try {
      const { study } = await this.ask('start', startOf(this.current.draft));
      this.patch({ started: ready(study.id), tab: 'run' });
      if (this.shownStudy() !== study.id) {
        await this.connection.sync(study.id);
      }
      return true;
    } catch (error) {
      this.patch({ started: failed(error) });
      return false;
    }
  }

  /** Python that does what the form says; null when the kernel cannot write it. */
  async code(): Promise<string | null> {
    try {
      return (await this.ask('code', startOf(this.current.draft))).code;
    } catch (error) {
      this.patch({ started: failed(error) });
      return null;
    }
  }

  // ---- looking back -------------------------------------------------------------------------------------------------

  fetchStudies(): Promise<void> {
    const answer = this.ask('studies', { limit: STUDIES_LISTED }).then(ack => ack.studies);
    return track(this.current.studies, answer, studies => this.patch({ studies }));
  }

  fetchExperience(): Promise<void> {
    const answer = this.ask('experiences', { study: this.shownStudy(), limit: TASKS_LISTED });
    return track(this.current.experience, answer, experience => this.patch({ experience }));
  }

  /** Put an old study on the screen; resolves with whether it is there. */
  async openStudy(study: string): Promise<boolean> {
    try {
      this.show((await this.ask('open', { study })).snapshot);
      this.patch({ tab: 'run' });
      return true;
    } catch (error) {
      this.patch({ problem: problemOf(error) });
      return false;
    }
  }

  async chooseTrial(number: number | null): Promise<void> {
    const study = this.shownStudy();
    const before = number === this.current.chosen ? this.current.detail : NONE;
    this.patch({ chosen: number, detail: number === null ? NONE : loading<Ack<'trial'>>(before) });
    if (number !== null && study !== null) {
      const detail = await this.ask('trial', { study, number }).then(ready, failed);
      if (this.current.chosen === number) {
        this.patch({ detail });
      }
    }
  }

  async export(folder: string): Promise<void> {
    const study = this.shownStudy();
    if (study !== null) {
      const answer = this.ask('export', { study, folder }).then(ack => ack.folder);
      await track<string>(NONE, answer, exported => this.patch({ exported }));
    }
  }

  setTab(tab: Tab): void {
    this.patch({ tab });
  }

  setTable(patch: Partial<ITableView>): void {
    this.patch({ table: { ...this.current.table, ...patch } });
  }

  // ---- inside -------------------------------------------------------------------------------------------------------

  private ask<T extends RequestType>(type: T, fields: IRequests[T]): Promise<Ack<T>> {
    return this.connection.request(type, fields);
  }

  /** Change the state and say so at once. */
  private patch(patch: Partial<IPanelState>): void {
    this.current = { ...this.current, ...patch };
    this.tell();
  }

  /** Change the state and say so when the last word is old enough, so that no stream of events floods the page. */
  private patchSoon(patch: Partial<IPanelState>): void {
    this.current = { ...this.current, ...patch };
    if (this.timer === null && !this.disposed) {
      const wait = Math.max(0, this.told + this.settings().refreshMs - Date.now());
      this.timer = setTimeout(() => this.tell(), wait);
    }
  }

  private tell(): void {
    if (this.timer !== null) {
      clearTimeout(this.timer);
      this.timer = null;
    }
    if (!this.disposed) {
      this.told = Date.now();
      this.signal.emit();
    }
  }
}
