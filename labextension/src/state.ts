/** The picture of one study, and how snapshots and events change it. Pure data, no DOM. */

import type { Charts, Device, Progress, Snapshot, StudyEvent, StudyInfo, TrialRow } from './protocol';

/** Older trials leave the page's memory; the store keeps them all. */
export const MAX_TRIALS = 2000;

export interface IStudyView {
  readonly study: StudyInfo | null;
  /** By rising number. */
  readonly trials: readonly TrialRow[];
  readonly trialsTotal: number;
  /** Of the running trial; where several run, of the one with the lowest number. */
  readonly progress: Progress | null;
  /** Of the others that run, by rising number. */
  readonly beside: readonly Progress[];
  readonly charts: Charts | null;
  readonly device: Device | null;
}

export const EMPTY_VIEW: IStudyView = {
  study: null,
  trials: [],
  trialsTotal: 0,
  progress: null,
  beside: [],
  charts: null,
  device: null
};

export function viewOf(snapshot: Snapshot): IStudyView {
  const trials = [...snapshot.trials].sort((one, two) => one.number - two.number).slice(-MAX_TRIALS);
  return {
    study: snapshot.study,
    trials,
    trialsTotal: Math.max(snapshot.trials_total, trials.length),
    progress: snapshot.progress,
    beside: [],
    charts: snapshot.charts,
    device: snapshot.device
  };
}

/** Apply an event of the study in view. */
export function applyEvent(view: IStudyView, event: StudyEvent): IStudyView {
  switch (event.type) {
    case 'hello':
      return view;
    case 'study':
      return { ...view, study: event.study, trialsTotal: Math.max(view.trialsTotal, event.study.trials) };
    case 'trial':
      return withTrial(view, event.trial);
    case 'progress':
      return { ...view, ...inOrder([...othersOf(view, event.progress.number), event.progress]) };
    case 'charts':
      return { ...view, charts: event.charts };
    case 'device':
      return { ...view, device: event.device };
    case 'finished':
      return { ...view, progress: null, beside: [] };
  }
}

/** Progress of all trials that run, by rising number. */
export function runningOf(view: IStudyView): readonly Progress[] {
  return view.progress === null ? [] : [view.progress, ...view.beside];
}

function othersOf(view: IStudyView, number: number): readonly Progress[] {
  return runningOf(view).filter(progress => progress.number !== number);
}

function inOrder(running: readonly Progress[]): Pick<IStudyView, 'progress' | 'beside'> {
  const [progress = null, ...beside] = [...running].sort((one, two) => one.number - two.number);
  return { progress, beside };
}

function withTrial(view: IStudyView, trial: TrialRow): IStudyView {
  const index = lowerBound(view.trials, trial.number);
  const isNew = view.trials[index]?.number !== trial.number;
  const trials = [...view.trials];
  trials.splice(index, isNew ? 0 : 1, trial);
  return {
    ...view,
    trials: trials.length > MAX_TRIALS ? trials.slice(-MAX_TRIALS) : trials,
    trialsTotal: Math.max(view.trialsTotal, trials.length),
    ...inOrder(trial.state === 'running' ? runningOf(view) : othersOf(view, trial.number))
  };
}

/** Index of the first trial whose number is not below `number`. */
function lowerBound(trials: readonly TrialRow[], number: number): number {
  let low = 0;
  let high = trials.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((trials[middle]?.number ?? Infinity) < number) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Whether a loop works on the study, or will when resumed by a word. */
export function isLive(study: StudyInfo | null): boolean {
  return study !== null && (study.state === 'running' || study.state === 'paused');
}
