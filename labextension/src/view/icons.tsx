/** Small pictures. They are decoration: each stands beside a text or on a control that has a label. */

import * as React from 'react';

import type { StudyState, TrialState } from '../protocol';

function Icon({ path, filled }: { path: string; filled?: boolean }): JSX.Element {
  return (
    <svg className={`jp-XAutoLM-icon${filled === true ? ' jp-mod-filled' : ''}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

export const PauseIcon = <Icon path="M5.5 3.5v9M10.5 3.5v9" />;
export const PlayIcon = <Icon path="M5 3.5l7.5 4.5L5 12.5z" filled />;
export const StopIcon = <Icon path="M4 4h8v8H4z" filled />;
export const RefreshIcon = <Icon path="M12.5 8A4.5 4.5 0 1 1 11 4.6M11.2 2v2.8H8.4" />;
export const CloseIcon = <Icon path="M4 4l8 8M12 4l-8 8" />;
export const BackIcon = <Icon path="M9.5 3.5L5 8l4.5 4.5" />;

/** A shape of its own for each state, so that colour is not needed to tell them apart. */
const SHAPES: Readonly<Record<TrialState, string>> = {
  queued: 'M8 4.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7',
  running: 'M5 3.8l7 4.2l-7 4.2z',
  paused: 'M6 4.5v7M10 4.5v7',
  complete: 'M3.8 8.3l3 3l5.6-6.2',
  failed: 'M4.5 4.5l7 7M11.5 4.5l-7 7'
};

export function TrialStateIcon({ state }: { state: TrialState }): JSX.Element {
  return (
    <span className={`jp-XAutoLM-state jp-mod-${state}`}>
      <Icon path={SHAPES[state]} filled={state === 'running'} />
    </span>
  );
}

const STUDY_SHAPES: Readonly<Record<StudyState, TrialState>> = {
  created: 'queued',
  running: 'running',
  paused: 'paused',
  interrupted: 'paused',
  finished: 'complete',
  stopped: 'paused',
  failed: 'failed'
};

export function StudyStateIcon({ state }: { state: StudyState }): JSX.Element {
  return <TrialStateIcon state={STUDY_SHAPES[state]} />;
}
